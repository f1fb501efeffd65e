"""The shortest way of an acknowledge: the answer to a plain line of a job that runs well, as nearly all of them are.

Invariants: what is done here is what `Flow.take_oldest` does in the same case and nothing else (a test holds one
against the other on damaged wires); whatever is doubtful, asked for again, slow or not of the job is not taken here.
A line is named in advance only where the acknowledge of the one in flight can lead to no other.
"""

from __future__ import annotations

from collections.abc import Callable

from mrdraw.firmware.dialect import Event, JobLineAcknowledged
from mrdraw.firmware.flow import Flow
from mrdraw.firmware.numbered import Sent
from mrdraw.firmware.outbox import Outbox
from mrdraw.firmware.refusals import Refusals


class SmoothFlow:
    """Takes acknowledges of a job that runs well."""

    def __init__(self, flow: Flow, refusals: Refusals, outbox: Outbox, emit: Callable[[Event], None]) -> None:
        self._flow = flow
        self._refusals = refusals
        self._outbox = outbox
        self._emit = emit

    def take(self) -> bool:
        """A plain ``ok`` came while the firmware was ready; whether it was taken for the oldest line in flight."""
        sent = self._plain_line()
        if sent is not None:
            self._take(sent)
        return sent is not None

    def take_numbered(self, number: int, planner_free: int, queue_free: int) -> bool:
        """The same for an ``ok`` that named its line and told how much room there is."""
        sent = self._plain_line()
        if sent is None or sent.number != number:
            return False
        self._flow.note_room(number, planner_free, queue_free)
        self._take(sent)
        return True

    def line_in_advance(self) -> bytes | None:
        """The line that a plain ``ok`` for the only one in flight will bring, where that is certain."""
        flow, text = self._flow, self._outbox.plain_line()
        if text is None or flow.probe_due or flow.window.going_back or self._plain_line() is None:
            return None
        return flow.window.number_in_advance(text)

    def _plain_line(self) -> Sent | None:
        """The oldest line in flight, if it and everything around it is plain."""
        flow, job = self._flow, self._outbox.job
        pending = flow.window.pending
        if job is None or not pending or flow.disturbed or self._refusals.concerned:
            return None
        sent = pending[0]
        special = sent.job is not job or sent.index <= job.acknowledged or sent.long_running or sent.final
        return None if special else sent

    def _take(self, sent: Sent) -> None:
        flow, job = self._flow, self._outbox.job
        flow.window.take_oldest()
        flow.clocks.start()
        flow.allowance.taken()
        if job is not None:
            job.acknowledged = sent.index
            self._emit(JobLineAcknowledged(sent.index))
