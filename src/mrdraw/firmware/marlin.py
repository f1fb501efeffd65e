"""The dialect of Marlin and its relatives: numbered lines, acknowledges, resends.

Invariants: every line but emergencies goes over the wire with number and checksum; what is sent next depends on the
numbers alone, never on how many acknowledges came, so a lost, doubled or damaged acknowledge costs time but neither
loses a line nor makes the firmware execute one twice; nothing that heats or moves is sent that was not given.

What is known of the firmware, and from where, stands in docs/protocol/marlin.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from mrdraw.firmware import replies
from mrdraw.firmware.clocks import Clocks
from mrdraw.firmware.dialect import (
    Busy,
    Event,
    Failed,
    LocalMisuse,
    Priority,
    Queued,
    Ready,
    Received,
    Reset,
)
from mrdraw.firmware.flow import TEMPERATURES, Flow, Outcomes
from mrdraw.firmware.handshake import Hello, SetUp
from mrdraw.firmware.hearing import Hearing
from mrdraw.firmware.identity import is_banner, is_start
from mrdraw.firmware.job import JobLines
from mrdraw.firmware.lines import by_hand, check
from mrdraw.firmware.numbered import HELLO, Sent, numbered
from mrdraw.firmware.options import MarlinOptions
from mrdraw.firmware.outbox import EMERGENCY_STOP, Outbox
from mrdraw.firmware.refusals import Refusals
from mrdraw.gcode.words import command_of

_RECEIVED_OK = Received("ok")
_IDENTIFY, _KEEPALIVE = b" M115*", b" M113 "

_OK_WITHOUT_END = 0.25
_LINE_WITHOUT_END = 1.0
"""s after which an unfinished line is read as it is"""

_RENUMBER_ABOVE = 1_000_000
"""A job that begins above this number gets a numbering of its own, so that numbers stay short."""


class Phase(Enum):
    """Where the conversation is."""

    CLOSED = "closed"
    HELLO = "hello"
    SETUP = "set-up"
    READY = "ready"
    HALTED = "halted"
    FAILED = "failed"


_COUNTING = frozenset({Phase.SETUP, Phase.READY})
_STARTING = frozenset({Phase.HELLO, Phase.SETUP})
_OVER = frozenset({Phase.CLOSED, Phase.FAILED})


class MarlinDialect:
    """A conversation with one firmware."""

    def __init__(self, options: MarlinOptions | None = None) -> None:
        self._options = options or MarlinOptions()
        self._phase = Phase.CLOSED
        self._phase_after_hello = Phase.SETUP
        self._events: list[Event] = []
        self._splitter = replies.LineSplitter()
        self._clocks = Clocks(self._options)
        self._hearing = Hearing(self._emit)
        outcomes = Outcomes(self._emit, self._taken, self._give_up, self._reset, self._renumber)
        self._flow = Flow(self._options, self._clocks, outcomes)
        self._refusals = Refusals(self._options, self._flow, outcomes)
        self._outbox = Outbox(self._options, self._flow, self._hearing, self._emit)
        self._set_up = SetUp(self._options)
        self._hello = Hello(HELLO, 0.0, self._options.hello_interval)
        self._renumber_wanted = False
        self._keepalive_refused = False

    # --- the driver's side --------------------------------------------------------------------------------------------

    def open(self, now: float) -> None:
        """The port was opened: start the hand-shake."""
        self._clocks.now = now
        self._start_hand_shake()

    def receive(self, data: bytes, now: float) -> list[Event]:
        """Take what came from the wire (nothing: time has passed) and say what it means."""
        clocks = self._clocks
        clocks.now = now
        if self._outbox.sent_events:
            self._events += self._outbox.sent_events
            self._outbox.sent_events.clear()
        if data:
            clocks.heard = now
            if data == b"ok\n" and not self._splitter.partial:
                self._events.append(_RECEIVED_OK)
                self._take_ok("")
            else:
                for raw in self._splitter.feed(data, now):
                    self._take_raw(raw)
        self._check_time()
        self._settle()
        events, self._events = self._events, []
        return events

    def next_to_send(self, now: float) -> bytes | None:
        """The next bytes to write, or `None` when there is nothing to send or the firmware has no room."""
        self._clocks.now = now
        if self._outbox.urgent:
            return self._outbox.urgent.popleft()
        if self._phase in _COUNTING:
            if self._refusals.open:
                return None
            if self._renumber_wanted:
                self._start_numbering_anew()
                return self._hello.say(now) if self._phase is Phase.HELLO else None
            return self._outbox.next_line(ready=self._phase is Phase.READY)
        if self._phase is Phase.HELLO and self._hello.due and not self._refusals.open:
            return self._hello.say(now)
        return None

    def next_deadline(self) -> float | None:
        """When ``receive(b"", now)`` has to be called at the latest, or `None`."""
        if self._events:
            return self._clocks.now
        return min((due for due in self._deadlines() if due is not None), default=None)

    def enqueue(self, command: Queued, priority: Priority) -> None:
        """Queue a command. Priority ``EMERGENCY`` is sent by the next ``next_to_send`` whatever is in flight.

        Raises `LineTooLong`, `ValueError` for control characters, and `LocalMisuse` for priority ``JOB``.
        """
        if priority is Priority.JOB:
            raise LocalMisuse("lines of a job are supplied, not queued")
        line = by_hand(command.text, self._options.max_line_length, parentheses=self._parentheses)
        if priority is Priority.HAND and command_of(line) != EMERGENCY_STOP:
            self._outbox.add(command, line)
            return
        self._refusals.drop()
        self._outbox.add_urgently(command, line, numbers_hold=self._phase in _COUNTING)

    def forget_queued(self) -> list[Queued]:
        """Drop the commands queued by hand that were not sent yet, and say which they were."""
        return self._outbox.forget_queued()

    def check_line(self, line: bytes) -> str | None:
        """Why the firmware could not take this line of a job (stripped of comments), or `None` if it can."""
        return check(line, self._options.max_line_length)

    def begin_job(self, total: int, first: int = 0) -> None:
        """Run lines `first` … `total − 1` of a job; asks for them with `LinesWanted`."""
        self._outbox.job = JobLines(total, first, self._options, parentheses=self._parentheses)
        self._renumber_wanted = self._flow.window.frontier > _RENUMBER_ABOVE
        self._settle()

    def supply(self, first: int, lines: Sequence[bytes]) -> None:
        """Give lines of the job, stripped of comments and line ends, from index `first` on.

        Raises `LocalMisuse` for lines that do not follow those that are there.
        """
        if self._outbox.job is not None:
            self._outbox.job.supply(first, lines)

    def hold_job(self) -> None:
        """Send no more lines of the job (those in flight are still acknowledged and resent)."""
        if self._outbox.job is not None:
            self._outbox.job.held = True

    def release_job(self) -> None:
        """Go on with the held job."""
        if self._outbox.job is not None:
            self._outbox.job.held = False
            self._settle()

    def end_job(self) -> None:
        """Forget the job; what is in flight is still acknowledged."""
        self._outbox.job = None

    @property
    def in_flight(self) -> int:
        """How many lines were sent and not acknowledged."""
        return len(self._flow.window.pending)

    def acknowledge_by_hand(self, now: float) -> list[Event]:
        """Act as if the firmware had acknowledged the oldest line."""
        self._clocks.now = now
        if self._phase in _COUNTING and not self._refusals.open and self._flow.window.pending:
            self._flow.take_oldest()
        else:
            self._take_ok("")
        self._settle()
        events, self._events = self._events, []
        return events

    def temperature_poll(self) -> str | None:
        """The command that asks for temperatures, or `None` where the firmware reports by itself."""
        reported = self._hearing.reported_at
        patience = 3 * self._options.autoreport_interval
        by_itself = reported is not None and self._clocks.now - reported <= patience
        return None if by_itself or self._outbox.asks_temperatures else TEMPERATURES.decode()

    @property
    def _parentheses(self) -> bool:
        """Whether the firmware takes ``( … )`` for a comment."""
        return self._hearing.capabilities.get("PAREN_COMMENTS", False)

    # --- hand-shake ---------------------------------------------------------------------------------------------------

    def _start_hand_shake(self) -> None:
        for part in (self._flow, self._refusals):
            part.clear()
        for other in (self._hearing, self._outbox, self._set_up):
            other.forget()
        self._clocks.forget()
        self._keepalive_refused = self._renumber_wanted = False
        self._begin_hello(HELLO, then=Phase.SETUP)

    def _begin_hello(self, line: bytes, *, then: Phase) -> None:
        self._phase, self._phase_after_hello = Phase.HELLO, then
        self._hello = Hello(line, self._clocks.now, self._options.hello_interval)

    def _hello_done(self) -> None:
        self._clocks.start()
        self._phase = self._phase_after_hello
        if self._phase is Phase.SETUP and self._flow.window.frontier == 1:
            self._outbox.internal.append(b"M115")

    def _renumber(self, following: int) -> None:
        """Tell the firmware which number comes next, and go on as before."""
        if self._phase in _COUNTING:
            before = following - 1
            self._begin_hello(numbered(before, b"M110 N%d" % before), then=self._phase)
            if self._refusals.open:
                self._refusals.drop()
                self._hello.refused()

    def _start_numbering_anew(self) -> None:
        window = self._flow.window
        if not window.pending and not window.going_back:
            self._renumber_wanted = False
            self._flow.clear()
            self._refusals.clear()
            self._renumber(1)

    def _reset(self) -> None:
        """The firmware started anew."""
        established = Phase.READY in {self._phase, self._phase_after_hello} or self._phase is Phase.HALTED
        self._phase_after_hello = Phase.SETUP
        if established:
            self._outbox.job = None
            self._outbox.forget_queued()
            self._emit(Reset())
        self._start_hand_shake()

    # --- reading ------------------------------------------------------------------------------------------------------

    def _emit(self, event: Event) -> None:
        self._events.append(event)

    def _take_raw(self, raw: bytes) -> None:
        text = replies.decode(raw)
        if text:
            self._emit(Received(text))
            self._take(replies.without_noise(text))

    def _take(self, text: str) -> None:
        payload = replies.acknowledge(text)
        if payload is not None:
            rest = replies.behind_lost_newline(text)
            self._take_ok(payload if rest is None else "")
            if rest:
                self._take(rest)
        elif self._phase not in _COUNTING or not self._refusals.hear(text, self._outbox.job):
            if self._phase is Phase.HELLO and replies.resend_request(text) is not None:
                self._hello.refused()
            self._take_report(text)

    def _take_ok(self, payload: str) -> None:
        self._hearing.settle_error()
        if self._phase is Phase.HELLO:
            if self._hello.answered(self._clocks.now):
                self._hello_done()
            return
        has_report = ":" in payload
        if has_report:
            self._hearing.take_payload(payload, self._clocks.now)
        if self._phase in _COUNTING and not self._refusals.take_ok(self._outbox.job, has_report=has_report):
            self._flow.acknowledge(payload)

    def _take_report(self, text: str) -> None:
        if is_start(text) or (self._phase not in _STARTING and is_banner(text)):
            if self._phase not in _OVER:
                self._reset()
        elif (what := replies.busy(text)) is not None:
            self._clocks.busy(what)
            self._emit(Busy(what))
        elif text == "wait":
            self._flow.idle()
        else:
            self._keepalive_refused |= replies.unknown_command(text) == "M113"
            self._hearing.take(text, self._clocks.now)

    def _taken(self, sent: Sent) -> None:
        """A line was taken by the firmware."""
        if self._flow.narrow_until == -1 and self._refusals.taken(sent.number) and self._flow.can_synchronise:
            self._outbox.synchronise()
        if sent.command is None and sent.job is None:
            self._taken_of_set_up(sent)
        self._outbox.taken(sent)

    def _taken_of_set_up(self, sent: Sent) -> None:
        if _IDENTIFY in sent.wire and not sent.reported:
            sent.reported = True
            self._outbox.internal += [*self._set_up.lines(self._hearing), TEMPERATURES]
        elif _KEEPALIVE in sent.wire and not self._keepalive_refused:
            self._clocks.keepalive = True

    # --- time ---------------------------------------------------------------------------------------------------------

    def _deadlines(self) -> list[float | None]:
        due = [self._hearing.error_due(), self._refusals.deadline()]
        if self._splitter.partial:
            due.append(self._partial_due())
        if self._phase is Phase.HELLO:
            due.append(self._hello.deadline())
        elif self._phase in _COUNTING:
            due += [self._flow.deadline(), self._silence_due(), self._outbox.job_ends_at()]
        return due

    def _partial_due(self) -> float:
        short = replies.is_ok_without_end(self._splitter.partial)
        return self._splitter.since + (_OK_WITHOUT_END if short else _LINE_WITHOUT_END)

    def _silence_due(self) -> float | None:
        """When a firmware that used to report by itself has been quiet for too long with nothing in flight."""
        if self._flow.window.pending or self._hearing.reported_at is None:
            return None
        return self._clocks.heard + self._options.timeout_communication

    def _check_time(self) -> None:
        now = self._clocks.now
        if self._splitter.partial and now >= self._partial_due():
            self._take_raw(self._splitter.flush())
        error_due = self._hearing.error_due()
        if error_due is not None and now >= error_due:
            self._hearing.settle_error()
        if self._hearing.halted and self._phase not in _OVER:
            self._stop(Phase.HALTED)
        if self._phase is Phase.HELLO:
            self._check_hello()
        elif self._phase in _COUNTING:
            self._refusals.check(self._outbox.job)
            self._flow.check()
            silence_due = self._silence_due()
            if silence_due is not None and now >= silence_due:
                self._flow.probe()

    def _check_hello(self) -> None:
        now, hello = self._clocks.now, self._hello
        if hello.settled(now):
            self._hello_done()
        elif now - max(hello.since, self._clocks.progress) > 3 * self._options.timeout_connection:
            self._give_up(f"No firmware answered within {3 * self._options.timeout_connection:g} s.", "connection")
        elif now >= hello.deadline():
            hello.due = True

    def _give_up(self, text: str, reason: str) -> None:
        self._stop(Phase.FAILED)
        self._emit(Failed(text, reason))

    def _stop(self, phase: Phase) -> None:
        self._phase = phase
        self._flow.window.pending.clear()
        self._flow.probe_due = False
        self._refusals.clear()

    def _settle(self) -> None:
        """Report and ask for what is due now that something was acknowledged, supplied or released."""
        outbox = self._outbox
        if self._phase is Phase.SETUP:
            self._settle_set_up()
        if self._hearing.learned and self._phase in _COUNTING:
            self._hearing.learned = False
            outbox.internal += self._set_up.lines(self._hearing)
        if self._phase is Phase.READY:
            outbox.settle_hand()
        if outbox.job is not None:
            outbox.settle_job(ready=self._phase is Phase.READY)

    def _settle_set_up(self) -> None:
        if not self._outbox.internal and not self._flow.window.pending and not self._flow.window.going_back:
            self._phase = Phase.READY
            self._emit(Ready())
