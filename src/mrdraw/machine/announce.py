"""The events of a job, told in the order that clients expect (contract, section 7).

Invariants: nothing is decided here; each function tells one thing that has happened.
"""

from __future__ import annotations

from time import time
from typing import TYPE_CHECKING, TypedDict

from mrdraw import events
from mrdraw.link.messages import Job, JobEnded, JobOutcome

if TYPE_CHECKING:
    from mrdraw.machine.machine import Machine


class _About(TypedDict):
    name: str
    path: str
    origin: str
    size: int
    owner: str | None
    user: str | None


class Where(TypedDict):
    """How far a job came: mm by axis, bytes of the file, %."""

    position: dict[str, float] | None
    fileposition: int | None
    progress: int | None


class Announcer:
    """Tells of jobs."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._started_at: float | None = None

    def started(self, job: Job) -> None:
        """The job begins (again)."""
        self._started_at = time()
        self._machine.publish(events.PrintStarted(**_about(job)))
        self._mark("print", "Start")

    def paused(self, job: Job, where: Where) -> None:
        """The job is paused."""
        self._machine.publish(events.PrintPaused(**_about(job), **where))
        self._mark("pause", "Pause")

    def resumed(self, job: Job) -> None:
        """The job goes on."""
        self._machine.publish(events.PrintResumed(**_about(job)))
        self._mark("resume", "Resume")

    def done(self, job: Job, seconds: float) -> None:
        """The job ran to its end."""
        self._mark("done", "Done")
        self._machine.publish(events.PrintDone(**_about(job), time=seconds))
        self._ended(job, JobOutcome.DONE, seconds)

    def cancelling(self, job: Job) -> None:
        """The job is being cancelled."""
        self._machine.publish(events.PrintCancelling(**_about(job)))

    def cancelled(self, job: Job, seconds: float, where: Where) -> None:
        """The job was cancelled."""
        self._machine.publish(events.PrintCancelled(**_about(job), time=seconds, **where))
        self._mark("cancel", "Cancel")
        self._machine.publish(events.PrintFailed(**_about(job), time=seconds, reason="cancelled", **where))
        self._ended(job, JobOutcome.CANCELLED, seconds)

    def failed(self, job: Job, seconds: float, error: str, where: Where) -> None:
        """The job could not go on, or not even begin."""
        self._machine.publish(events.PrintFailed(**_about(job), time=seconds, reason="error", error=error, **where))
        self._ended(job, JobOutcome.FAILED, seconds, error)

    def _ended(self, job: Job, outcome: JobOutcome, seconds: float, reason: str = "") -> None:
        """What the history keeps."""
        self._machine.outlet.job_ended(
            JobEnded(
                id=job.id,
                file=job.file,
                outcome=outcome,
                ended_at=time(),
                started_at=self._started_at,
                reason=reason,
                print_time=seconds,
                wire=self._machine.measuring.end(job.id),
            )
        )
        self._started_at = None

    def _mark(self, kind: str, label: str) -> None:
        self._machine.publish(events.ChartMarked(type=kind, label=label, time=time()))


def _about(job: Job) -> _About:
    file = job.file
    return _About(name=file.name, path=file.path, origin=file.origin, size=file.size, owner=file.owner, user=file.user)
