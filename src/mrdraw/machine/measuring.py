"""Measuring the wire of the running job, and telling servers what is known by now.

Invariants: measured is from the job's first line to its end; servers hear of it about once a second, never for each
line; the last job's diagnosis is kept until the next one begins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mrdraw.link.diagnosis import WireDiagnosis
from mrdraw.link.messages import MachineState, WireReport
from mrdraw.machine.diagnosis import WireRecorder

if TYPE_CHECKING:
    from mrdraw.machine.machine import Machine


class Measuring:
    """The measurement of one machine's wire."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._job = ""
        self._recorder: WireRecorder | None = None

    def begin(self, job: str) -> None:
        """The job's lines begin to flow."""
        machine = self._machine
        if machine.driver is not None:
            self._job = job
            self._recorder = machine.driver.record(machine.baudrate)

    def beat(self, now: float) -> None:
        """Several times a second."""
        recorder = self._recorder
        if recorder is None:
            return
        if self._machine.state is not MachineState.PRINTING:
            recorder.pause()
        elif recorder.beat(now):
            self._tell(recorder.diagnosis(), running=True)

    def end(self, job: str) -> WireDiagnosis | None:
        """The job is over: what is known of its wire, or `None` when none of its lines flowed."""
        recorder, self._recorder = self._recorder, None
        if recorder is None or job != self._job:
            return None
        if self._machine.driver is not None:
            self._machine.driver.recorder = None
        diagnosis = recorder.close()
        self._tell(diagnosis, running=False)
        return diagnosis

    def _tell(self, diagnosis: WireDiagnosis, *, running: bool) -> None:
        self._machine.outlet.measured(WireReport(job=self._job, diagnosis=diagnosis, running=running))
