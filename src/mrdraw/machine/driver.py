"""The driver: a dialect on a wire. What comes in goes to the dialect, what it wants to send is written at once.

Invariants: between an acknowledge and the next line stands nothing but the dialect, and not even that where the line
was certain before the acknowledge came; events are handled after the next line was written; there is one timer, and it
never fires later than the dialect's deadline; nothing here waits.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from time import monotonic

from mrdraw.firmware.dialect import (
    Dialect,
    Event,
    Failed,
    JobLineAcknowledged,
    JobLineSent,
    Priority,
    Queued,
    Received,
)
from mrdraw.machine.diagnosis import WireRecorder
from mrdraw.machine.outlet import TerminalLine
from mrdraw.machine.transport import Transport, WireProtocol

_BEAT = 0.1
"""s; so often at most the deadline is asked for while lines flow, for each of them moves it on."""


class Driver:
    """Couples one dialect with one open wire."""

    def __init__(
        self,
        dialect: Dialect,
        *,
        handle: Callable[[Event], None],
        lost: Callable[[Exception | None], None],
        log: Callable[[TerminalLine], None],
    ) -> None:
        """`handle` takes the dialect's events, `lost` hears that the wire broke, `log` takes lines of the terminal."""
        self.dialect = dialect
        self.protocol = WireProtocol(self._received, self._lost)
        self.handle = handle
        """Who takes the events."""
        self._report_lost = lost
        self._log = log
        self._loop = asyncio.get_running_loop()
        self._transport: Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._awaited: asyncio.Future[None] | None = None
        self.transmitted = 0
        """Lines written so far."""
        self.transmitted_bytes = 0
        self.recorder: WireRecorder | None = None
        """What is measured while a job runs."""

    def open(self, transport: Transport) -> None:
        """The wire is open: begin the hand-shake."""
        self._transport = transport
        self.dialect.open(monotonic())
        self.pump()

    def close(self, *, at_once: bool = False) -> None:
        """Close the wire; its loss is not reported."""
        self._report_lost = _nobody
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._transport is not None:
            transport, self._transport = self._transport, None
            (transport.abort if at_once else transport.close)()

    @property
    def transport(self) -> Transport | None:
        """The open wire."""
        return self._transport

    def enqueue(self, lines: Sequence[str], priority: Priority = Priority.HAND, tag: object = None) -> None:
        """Queue commands; the last one carries the tag."""
        for number, line in enumerate(lines, start=1):
            self.dialect.enqueue(Queued(line, tag if number == len(lines) else None), priority)
        self.pump()

    def shout(self, lines: Sequence[str]) -> None:
        """Write lines past the dialect: the last words on a wire that is about to be closed."""
        if self._transport is not None:
            for line in lines:
                data = f"{line}\n".encode()
                self._transport.write(data)
                self._log(data)

    def pump(self, *, late: bool = False) -> None:
        """Write whatever may be written now; call it after telling the dialect anything.

        `late` lines should have been there before: whoever waits for them waits for us.
        """
        now = monotonic()
        self._send(now)
        self._record(now, late=late)
        self._rest(now)

    def record(self, baudrate: int | None) -> WireRecorder:
        """Measure from here on."""
        self.recorder = WireRecorder(
            self.dialect.tally,
            baudrate,
            transmitted=self.transmitted,
            transmitted_bytes=self.transmitted_bytes,
            in_flight=self.dialect.in_flight,
        )
        return self.recorder

    async def quiet_moment(self, patience: float) -> None:
        """Wait until a line was written, at most `patience` s: what takes its time delays no line then."""
        self._awaited = self._loop.create_future()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._awaited, patience)

    def acknowledge_by_hand(self) -> None:
        """Act as if the firmware had acknowledged."""
        for event in self.dialect.acknowledge_by_hand(monotonic()):
            self.handle(event)
        self.pump()

    def tick(self) -> None:
        """Let time pass in the dialect."""
        self._received(b"")

    def _received(self, data: bytes) -> None:
        now = monotonic()
        ahead = self._write_in_advance(data)
        events = self.dialect.receive(data, now)
        self._send(now, ahead)
        self._record(now, len(data))
        if events and self._hand_on(events):
            self._send(monotonic())
            self._record(now)
        self._rest(now)

    def _write_in_advance(self, data: bytes) -> bytes:
        """Write what certainly follows `data` before anything else is done; what was written."""
        ahead = self.dialect.line_in_advance(data)
        if ahead is None or self._transport is None:
            return b""
        self._transport.write(ahead)
        return ahead

    def _rest(self, now: float) -> None:
        """All is done for now."""
        self.dialect.prepare()
        self._arm(now)

    def _hand_on(self, events: Sequence[Event]) -> bool:
        """Pass the events on, of each routine kind the newest; whether the dialect may have more to send now."""
        sent = acknowledged = None
        news = False
        for event in events:
            kind = type(event)
            if kind is Received:
                self._log(event)  # type: ignore[arg-type] # that is its kind
            elif kind is JobLineAcknowledged:
                acknowledged = event
            elif kind is JobLineSent:
                sent = event
            else:
                self._hand_on_routine(sent, acknowledged)
                sent = acknowledged = None
                news = True
                self.handle(event)
        self._hand_on_routine(sent, acknowledged)
        return news

    def _hand_on_routine(self, sent: Event | None, acknowledged: Event | None) -> None:
        """These hold for all lines before, too, and give the dialect nothing to send."""
        if sent is not None:
            self.handle(sent)
        if acknowledged is not None:
            self.handle(acknowledged)

    def _record(self, now: float, heard: int = 0, *, late: bool = False) -> None:
        if self.recorder is not None:
            self.recorder.turn(now, heard, self.transmitted, self.transmitted_bytes, self.dialect.in_flight, late=late)

    def _send(self, now: float, ahead: bytes = b"") -> None:
        """Write what may be written; of it `ahead` was written already."""
        transport = self._transport
        if transport is None:
            return
        next_to_send = self.dialect.next_to_send
        line = next_to_send(now)
        if line is None and not ahead:
            return
        lines = []
        while line is not None:
            lines.append(line)
            line = next_to_send(now)
        data = b"".join(lines)
        if not data.startswith(ahead):
            self.handle(Failed(f"{ahead!r} was written too early: a mistake of MrDraw, please report it.", "advance"))
            return
        if len(data) > len(ahead):
            transport.write(data[len(ahead) :])
        self.transmitted += len(lines)
        self.transmitted_bytes += len(data)
        for line in lines:
            self._log(line)
        if self._awaited is not None:
            awaited, self._awaited = self._awaited, None
            if not awaited.done():
                awaited.set_result(None)

    def _arm(self, now: float) -> None:
        """Keep a timer that fires at the deadline or earlier; an early one is only armed again."""
        if self._timer is not None and self._timer.when() <= now + _BEAT:
            return
        deadline = self.dialect.next_deadline()
        if deadline is None or self._transport is None:
            return
        if self._timer is not None:
            self._timer.cancel()
        when = min(max(deadline, now), now + _BEAT)
        self._timer = self._loop.call_at(when, self._fire)
        if self.recorder is not None:
            self.recorder.expect(when)

    def _fire(self) -> None:
        self._timer = None
        now = monotonic()
        if self.recorder is not None:
            self.recorder.seen(now)
        deadline = self.dialect.next_deadline()
        if deadline is not None and deadline <= now:
            self._received(b"")
        else:
            self._arm(now)

    def _lost(self, error: Exception | None) -> None:
        self._transport = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._report_lost(error)


def _nobody(error: Exception | None) -> None:
    """Take the loss of a wire that was closed on purpose."""
