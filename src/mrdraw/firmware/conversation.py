"""The conversation with a firmware: its phases, what a line of the firmware means in each, and what time does.

Invariants: there is one phase at a time; a reset leads back to the hello from everywhere; what happened is collected
in `events` until the dialect hands it out.
"""

from __future__ import annotations

from enum import Enum

from mrdraw.firmware import replies
from mrdraw.firmware.clocks import Clocks
from mrdraw.firmware.dialect import Busy, Event, Failed, NoiseHeard, Ready, Received, Reset
from mrdraw.firmware.flow import TEMPERATURES, Flow, Outcomes
from mrdraw.firmware.handshake import Hello, SetUp
from mrdraw.firmware.hearing import Hearing
from mrdraw.firmware.identity import is_banner, is_start
from mrdraw.firmware.interruption import Interruption
from mrdraw.firmware.numbered import HELLO, Sent, numbered
from mrdraw.firmware.options import MarlinOptions
from mrdraw.firmware.outbox import Outbox
from mrdraw.firmware.refusals import Refusals
from mrdraw.firmware.smooth import SmoothFlow

_RECEIVED_OK = Received("ok")
_IDENTIFY, _KEEPALIVE = b" M115*", b" M113 "

_OK_WITHOUT_END = 0.25
_LINE_WITHOUT_END = 1.0
"""s after which an unfinished line is read as it is"""


class Phase(Enum):
    """Where the conversation is."""

    CLOSED = "closed"
    HELLO = "hello"
    SETUP = "set-up"
    READY = "ready"
    HALTED = "halted"
    FAILED = "failed"


COUNTING = (Phase.SETUP, Phase.READY)
"""The firmware and the dialect count lines together."""

_STARTING = (Phase.HELLO, Phase.SETUP)
_OVER = (Phase.CLOSED, Phase.FAILED)


class Conversation:
    """All that is said and heard on one wire."""

    def __init__(self, options: MarlinOptions) -> None:
        self._options = options
        self.phase = Phase.CLOSED
        self._phase_after_hello = Phase.SETUP
        self.events: list[Event] = []
        self._splitter = replies.LineSplitter()
        self.clocks = Clocks(self._options)
        self.hearing = Hearing(self._emit, self._options)
        outcomes = Outcomes(self._emit, self._taken, self._give_up, self._reset, self._renumber)
        self.flow = Flow(self._options, self.clocks, outcomes)
        self.outbox = Outbox(self._options, self.flow, self.hearing, self._emit)
        self.interruption = Interruption(self.flow, self.hearing, self.outbox, self._emit, self._renumber)
        self.refusals = Refusals(self._options, self.flow, outcomes, self.interruption)
        self._smooth = SmoothFlow(self.flow, self.refusals, self.outbox, self._emit)
        self._set_up = SetUp(self._options)
        self.hello = Hello(HELLO, 0.0, self._options.hello_interval)
        self.renumber_wanted = False
        """the numbering is to start anew before the next line"""
        self._keepalive_refused = False
        self._noise_reported = False

    # --- hand-shake ---------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin (again) with the hello; nothing that was known of the firmware counts any more."""
        for part in (self.flow, self.refusals):
            part.clear()
        for other in (self.hearing, self.outbox, self._set_up, self.flow.allowance):
            other.forget()
        self.clocks.forget()
        self.interruption.forget()
        self._keepalive_refused = self.renumber_wanted = False
        self._begin_hello(HELLO, then=Phase.SETUP)

    def _begin_hello(self, line: bytes, *, then: Phase) -> None:
        self.phase, self._phase_after_hello = Phase.HELLO, then
        self.hello = Hello(line, self.clocks.now, self._options.hello_interval)

    def _hello_done(self) -> None:
        self.clocks.start()
        self.phase = self._phase_after_hello
        if self.phase is Phase.SETUP and self.flow.window.frontier == 1:
            self.outbox.internal.append(b"M115")

    def _renumber(self, following: int) -> None:
        """Tell the firmware which number comes next, and go on as before."""
        if self.phase in COUNTING:
            before = following - 1
            self._begin_hello(numbered(before, b"M110 N%d" % before), then=self.phase)
            if self.refusals.open:
                self.refusals.drop()
                self.hello.refused()

    def start_numbering_anew(self) -> None:
        """Start the numbering at 1 again, once nothing is in flight."""
        window = self.flow.window
        if not window.pending and not window.going_back:
            self.renumber_wanted = False
            self.flow.clear()
            self.refusals.clear()
            self._renumber(1)

    def _reset(self) -> None:
        """The firmware started anew."""
        established = Phase.READY in {self.phase, self._phase_after_hello} or self.phase is Phase.HALTED
        self._phase_after_hello = Phase.SETUP
        if established:
            self.outbox.job = None
            self.outbox.forget_queued()
            self._emit(Reset())
        self.start()

    # --- reading ------------------------------------------------------------------------------------------------------

    def _emit(self, event: Event) -> None:
        self.events.append(event)

    def take(self, data: bytes) -> bool:
        """Bytes arrived; the result says that they were acknowledges and nothing else."""
        self.clocks.heard = self.clocks.now
        routine = True
        for raw in self._splitter.feed(data, self.clocks.now):
            if raw == b"ok":
                self.events.append(_RECEIVED_OK)
                self._take_plain()
            elif raw and not self._take_advanced(raw):
                self._take_raw(raw)
                routine = False
        return routine

    def line_in_advance(self) -> bytes | None:
        """The line that goes out if the next thing that comes is a plain ``ok``, where that is certain.

        Only with one line in flight: with several nobody waits for it.
        """
        if len(self.flow.window.pending) != 1 or self.phase is not Phase.READY:
            return None
        disturbed = self.refusals.open or self.renumber_wanted or self._splitter.partial
        return None if disturbed or self.hearing.error_due() is not None else self._smooth.line_in_advance()

    def _take_plain(self) -> None:
        if self.phase is Phase.READY:
            self.hearing.settle_error()
            if self._smooth.take():
                return
        self.take_ok("")

    def _take_advanced(self, raw: bytes) -> bool:
        """Take ``ok N10 P15 B3``, as nearly all lines of some firmware are; the result says whether it is one."""
        if self.phase is not Phase.READY or self.refusals.open:
            return False
        said = replies.advanced_line(raw)
        if said is None:
            return False
        self.events.append(Received(raw.decode()))
        self.hearing.settle_error()
        if not self._smooth.take_numbered(*said):
            self.flow.acknowledge_line(*said)
        return True

    def _take_raw(self, raw: bytes) -> None:
        text = replies.decode(raw)
        if self.phase is Phase.HELLO and not self._noise_reported and replies.is_noisy(raw):
            self._noise_reported = True
            self._emit(NoiseHeard())
        if text:
            self._emit(Received(text))
            self._take_text(replies.without_noise(text))

    def _take_text(self, text: str) -> None:
        payload = replies.acknowledge(text)
        if payload is not None:
            rest = replies.behind_lost_newline(text)
            self.take_ok(payload if rest is None else "")
            if rest:
                self._take_text(rest)
        elif not self.hearing.quirks.is_noise(text):
            self.flow.hear(replies.unknown_word(text) if self.phase in COUNTING else None)
            self._take_reply(text)

    def _take_reply(self, text: str) -> None:
        if self.phase not in COUNTING or not self.refusals.hear(text, self.outbox.job):
            if self.phase is Phase.HELLO and replies.resend_request(text) is not None:
                self.hello.refused()
            self._take_report(text)

    def take_ok(self, payload: str) -> None:
        """An acknowledge came, with what followed it on its line."""
        self.hearing.settle_error()
        if self.phase is Phase.HELLO:
            self.flow.hear_hello(payload)
            if self.hello.answered(self.clocks.now):
                self._hello_done()
            return
        has_report = ":" in payload
        if has_report:
            self.hearing.take_payload(payload, self.clocks.now)
        if self.phase in COUNTING and not self.refusals.take_ok(self.outbox.job, has_report=has_report):
            self.flow.acknowledge(payload)

    def _take_report(self, text: str) -> None:
        if is_start(text) or (self.phase not in _STARTING and is_banner(text)):
            if self.phase not in _OVER:
                self._reset()
        elif (what := replies.busy(text)) is not None:
            self.clocks.busy(what)
            self.flow.tally.explained_waits += 1
            self._emit(Busy(what))
        elif text == "wait":
            self.flow.idle()
        elif not self.interruption.hear(text):
            if replies.is_overrun(text):
                self.flow.allowance.overflowed()
            self._keepalive_refused |= replies.unknown_command(text) == "M113"
            self.hearing.take(text, self.clocks.now)

    def _taken(self, sent: Sent) -> None:
        """A line was taken by the firmware."""
        if self.flow.narrow_until == -1 and self.refusals.taken(sent.number) and self.flow.can_synchronise:
            self.outbox.synchronise()
        if sent.command is None and sent.job is None:
            self._taken_of_set_up(sent)
        self.outbox.taken(sent)

    def _taken_of_set_up(self, sent: Sent) -> None:
        if _IDENTIFY in sent.wire and not sent.reported:
            sent.reported = True
            self.outbox.internal += [*self._set_up.lines(self.hearing), TEMPERATURES]
        elif _KEEPALIVE in sent.wire and not self._keepalive_refused:
            self.clocks.keepalive = True

    # --- time ---------------------------------------------------------------------------------------------------------

    def deadlines(self) -> list[float | None]:
        """When `check_time` has to be called."""
        due = [self.hearing.error_due(), self.refusals.deadline()]
        if self._splitter.partial:
            due.append(self._partial_due())
        if self.outbox.dwells_until > self.clocks.now:
            due.append(self.outbox.dwells_until)
        if self.phase is Phase.HELLO:
            due.append(self.hello.deadline())
        elif self.phase in COUNTING:
            due += [self.flow.deadline(), self._silence_due(), self.outbox.job_ends_at()]
        return due

    def _partial_due(self) -> float:
        short = replies.is_ok_without_end(self._splitter.partial)
        return self._splitter.since + (_OK_WITHOUT_END if short else _LINE_WITHOUT_END)

    def _silence_due(self) -> float | None:
        """When a firmware that used to report by itself has been quiet for too long with nothing in flight."""
        if self.flow.window.pending or self.hearing.reported_at is None or self.flow.probe_due:
            return None
        return self.clocks.heard + self._options.timeout_communication

    def check_time(self) -> None:
        """Time has passed."""
        now = self.clocks.now
        if self._splitter.partial and now >= self._partial_due():
            self._take_raw(self._splitter.flush())
        error_due = self.hearing.error_due()
        if error_due is not None and now >= error_due:
            self.hearing.settle_error()
        if self.hearing.halted and self.phase not in _OVER:
            self._stop(Phase.HALTED)
        if self.phase is Phase.HELLO:
            self._check_hello()
        elif self.phase in COUNTING:
            self.refusals.check(self.outbox.job)
            self.flow.check()
            silence_due = self._silence_due()
            if silence_due is not None and now >= silence_due:
                self.flow.probe()

    def _check_hello(self) -> None:
        now, hello = self.clocks.now, self.hello
        if hello.settled(now):
            self._hello_done()
        elif now - max(hello.since, self.clocks.progress) > 3 * self._options.timeout_connection:
            self._give_up(f"No firmware answered within {3 * self._options.timeout_connection:g} s.", "connection")
        elif now >= hello.deadline():
            hello.due = True

    def _give_up(self, text: str, reason: str) -> None:
        self._stop(Phase.FAILED)
        self._emit(Failed(text, reason))

    def _stop(self, phase: Phase) -> None:
        self.phase = phase
        self.flow.window.pending.clear()
        self.flow.probe_due = False
        self.refusals.clear()

    def settle(self) -> None:
        """Report and ask for what is due now that something was acknowledged, supplied or released."""
        outbox = self.outbox
        if self.phase is Phase.SETUP:
            self._settle_set_up()
        if self.hearing.learned and self.phase in COUNTING:
            self.hearing.learned = False
            outbox.internal += self._set_up.lines(self.hearing)
        if self.phase is Phase.READY:
            outbox.settle_hand()
        if outbox.job is not None:
            outbox.settle_job(ready=self.phase is Phase.READY)

    def _settle_set_up(self) -> None:
        if not self.outbox.internal and not self.flow.window.pending and not self.flow.window.going_back:
            self.phase = Phase.READY
            self._emit(Ready())
