"""Pausing a job and resuming it.

Invariants: a pause waits until everything before it was executed, then lifts and parks as far as the place is known;
a resume goes back to that place and restores the modes; when nobody resumes, the hot end cools and the bed stays
(safety rule 3). When the firmware paused by itself nothing is sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mrdraw import events
from mrdraw.errors import WrongState
from mrdraw.link.messages import MachineState
from mrdraw.machine import manual

if TYPE_CHECKING:
    from mrdraw.machine.machine import Machine
    from mrdraw.machine.runner import JobRunner

_WAIT_FOR_MOVES = "M400"


class Pausing:
    """The pauses of one machine's jobs."""

    def __init__(self, machine: Machine, runner: JobRunner) -> None:
        self._machine = machine
        self._runner = runner
        self._posture = manual.Posture()
        self._restore: list[str] = []
        self._cooled: dict[str, float] = {}

    def forget(self) -> None:
        """Another job begins."""
        self._posture, self._restore, self._cooled = manual.Posture(), [], {}

    def pause(self) -> None:
        """Pause the job. Raises `WrongState` when none lives; nothing happens when it is paused."""
        machine = self._machine
        if not machine.has_job:
            raise WrongState("There is no job to pause.")
        if machine.state is not MachineState.PRINTING or machine.driver is None:
            return
        machine.driver.dialect.hold_job()
        self._runner.clock.stop()
        machine.enter(MachineState.PAUSING)
        machine.send([_WAIT_FOR_MOVES], then=self._stands_still)

    def by_file(self, text: str) -> None:
        """The job itself wants a pause (M0, M1, …): the dialect holds it already."""
        self._machine.log(f"The job asks for a pause: {text}")
        self._machine.publish(events.Waiting())
        self.pause()

    def by_firmware(self) -> None:
        """The firmware paused by itself: only the state changes, nothing is sent."""
        machine = self._machine
        if machine.state is MachineState.PRINTING and machine.driver is not None:
            machine.driver.dialect.hold_job()
            self._runner.clock.stop()
            self.forget()
            machine.enter(MachineState.PAUSING)
            self._paused()

    def resume(self) -> None:
        """Resume the job. Raises `WrongState` when none lives; nothing happens when it runs."""
        machine, job = self._machine, self._runner.job
        if not machine.has_job or job is None:
            raise WrongState("There is no job to resume.")
        if machine.state is not MachineState.PAUSED:
            return
        machine.enter(MachineState.RESUMING)
        lines = self._reheat()
        lines += job.scripts.before_print_resumed
        lines += manual.unpark(self._posture, machine.limits, machine.settings.safety)
        lines += self._restore
        self._runner.after(lines, self._resumed)

    def resumed_by_firmware(self) -> None:
        """The firmware resumed by itself: only the state changes."""
        if self._machine.state is MachineState.PAUSED:
            self._machine.enter(MachineState.RESUMING)
            self._resumed()

    def cool_down(self) -> None:
        """Nobody resumed: the hot ends go off, the bed stays."""
        machine = self._machine
        hot = {
            name: heater.target for name, heater in machine.heaters.items() if name.startswith("tool") and heater.target
        }
        if hot:
            self._cooled = hot
            machine.log("Nobody decided: the hot end cools down, the bed stays warm")
            machine.send(manual.heaters_off(machine.settings.profile, keep_bed=True))

    def _stands_still(self) -> None:
        machine, job = self._machine, self._runner.job
        if machine.state is not MachineState.PAUSING or job is None:
            return
        self._runner.follow()
        self._posture = machine.posture
        self._restore = machine.modal.restore_lines()
        park = manual.park(self._posture, machine.limits, machine.settings.safety)
        self._runner.after([*job.scripts.after_print_paused, *park], self._paused)

    def _paused(self) -> None:
        if self._machine.state is MachineState.PAUSING:
            self._runner.tell_paused(self._posture)
            self._machine.enter(MachineState.PAUSED)

    def _reheat(self) -> list[str]:
        """The targets that a pause took away, and a wait for each."""
        extruders = self._machine.settings.profile.extruders
        cooled, self._cooled = self._cooled, {}
        return [
            manual.target(heater, target, extruders=extruders).replace("M104", "M109", 1)
            for heater, target in cooled.items()
        ]

    def _resumed(self) -> None:
        machine = self._machine
        if machine.state is not MachineState.RESUMING or machine.driver is None:
            return
        self._runner.clock.start()
        self._runner.tell_resumed()
        machine.enter(MachineState.PRINTING)
        machine.driver.dialect.release_job()
        machine.driver.tick()
