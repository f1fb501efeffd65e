"""The interrupted job: what is known of it, from where it can go on, and going on when a person confirms it.

Invariants: nothing is sent before a person confirmed, each time (safety rule 1); what the confirmed script does keeps
to the profile's limits (safety rule 4); the job stays on offer until its first line was sent again or a person put it
away, so that a script that fails or is cancelled loses nothing.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from mrdraw.errors import InvalidValue, JobFailed, NotOperational, WrongState
from mrdraw.link.messages import Interrupted, Job, ResumeInterrupted, ResumeOffer
from mrdraw.machine import recovery, resume_offer
from mrdraw.machine.journal import Record

if TYPE_CHECKING:
    from mrdraw.machine.machine import Machine
    from mrdraw.machine.runner import JobRunner


@dataclass(frozen=True, slots=True)
class Restart:
    """How a person confirmed that a job goes on."""

    first: int
    """The line of the job that is sent first."""
    reached: int
    """Lines of the job that may have been executed already."""
    script: tuple[str, ...]
    """What is sent before it."""


class Resuming:
    """The interrupted job of one machine."""

    def __init__(self, machine: Machine, runner: JobRunner, jobs: Path) -> None:
        self.interrupted: Interrupted | None = None
        self._machine = machine
        self._runner = runner
        self._jobs = jobs
        self._offer: ResumeOffer | None = None
        self._search: asyncio.Task[None] | None = None

    def remember(self, interrupted: Interrupted, record: Record) -> None:
        """A job was interrupted: find out from where it can go on."""
        self.interrupted = interrupted
        self._offer = None
        self._search = asyncio.create_task(self._find_places(interrupted.job.id, record))

    def job_interrupted(self, job: Job, record: Record, reason: str) -> None:
        """The running job cannot go on; one that was not begun again keeps the offer that it had."""
        if self.interrupted is None:
            self.remember(recovery.interrupted(job, record, reason), record)

    def forget(self) -> None:
        """There is no interrupted job any more."""
        self.interrupted = self._offer = None
        self._machine.outlet.offer(None)
        self._machine.changed()

    def confirm(self, command: ResumeInterrupted) -> None:
        """Go on as a person confirmed it.

        Raises `WrongState`, `NotOperational`, `InvalidValue` and `LimitExceeded`; nothing was sent then.
        """
        machine, interrupted = self._machine, self.interrupted
        if machine.has_job:
            raise WrongState("A job is running. Cancel it, or wait for its end.")
        if interrupted is None or interrupted.job.id != command.job_id:
            raise WrongState("This job is not interrupted any more.")
        if not machine.operational:
            raise NotOperational("The machine is not operational. Connect it first.")
        offer = self._check_place(command.index)
        self._check_lines(command.lines)
        self._runner.begin_again(interrupted, Restart(command.index, offer.possible, command.lines))

    def _check_place(self, index: int) -> ResumeOffer:
        offer = self._offer
        if offer is None:
            raise WrongState("It is still being found out from where the job can go on. Try again in a few seconds.")
        if index not in {place.index for place in (offer.interruption, *offer.layers)}:
            raise InvalidValue(f"Line {index} of the job is none of the places from which it can go on.")
        return offer

    def _check_lines(self, lines: tuple[str, ...]) -> None:
        """Refuse a script that does what the profile does not allow, or that cannot be sent."""
        machine = self._machine
        machine.limits.check_script(lines, machine.modal)
        for line in lines:
            if machine.driver is not None and (reason := machine.driver.dialect.check_line(line.encode())):
                raise InvalidValue(f"The script's line {line} cannot be sent: {reason}.")

    def _wanted(self, job_id: str) -> bool:
        return self.interrupted is not None and self.interrupted.job.id == job_id

    async def _find_places(self, job_id: str, record: Record) -> None:
        try:
            offer = await asyncio.to_thread(
                resume_offer.make, self._jobs / job_id, record, wanted=lambda: self._wanted(job_id)
            )
        except (JobFailed, OSError) as error:
            self._machine.log(f"Error: The interrupted job cannot be resumed: {error}")
            return
        if offer is not None and self.interrupted is not None and self._wanted(job_id):
            self._offer = offer
            self.interrupted = msgspec.structs.replace(self.interrupted, executed=offer.executed)
            self._machine.outlet.offer(offer)
            self._machine.changed()
