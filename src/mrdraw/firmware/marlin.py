"""The dialect of Marlin and its relatives: numbered lines, acknowledges, resends.

Invariants: every line but emergencies goes over the wire with number and checksum; what is sent next depends on the
numbers alone, never on how many acknowledges came, so a lost, doubled or damaged acknowledge costs time but neither
loses a line nor makes the firmware execute one twice; nothing that heats or moves is sent that was not given.

What is known of the firmware, and from where, stands in docs/protocol/marlin.md.
"""

from __future__ import annotations

from collections.abc import Sequence

from mrdraw.firmware.conversation import COUNTING, Conversation, Phase
from mrdraw.firmware.dialect import Event, LocalMisuse, Priority, Queued
from mrdraw.firmware.flow import TEMPERATURES
from mrdraw.firmware.job import JobLines
from mrdraw.firmware.lines import by_hand, check
from mrdraw.firmware.options import MarlinOptions
from mrdraw.firmware.outbox import EMERGENCY_STOP
from mrdraw.firmware.tally import Tally
from mrdraw.gcode.words import command_of

_PLAIN_OKS = frozenset({b"ok\n", b"ok\r\n"})

_RENUMBER_ABOVE = 1_000_000
"""A job that begins above this number gets a numbering of its own, so that numbers stay short."""


class MarlinDialect:
    """The `Dialect` of one Marlin on one wire."""

    def __init__(self, options: MarlinOptions | None = None) -> None:
        self._options = options or MarlinOptions()
        self._talk = Conversation(self._options)
        self._ahead: bytes | None = None
        """what follows a plain ``ok``, as long as nothing else is told or asked"""

    def open(self, now: float) -> None:
        """The port was opened: start the hand-shake."""
        self._ahead = None
        self._talk.clocks.now = now
        self._talk.start()

    def receive(self, data: bytes, now: float) -> list[Event]:
        """Take what came from the wire (nothing: time has passed) and say what it means."""
        talk, self._ahead = self._talk, None
        talk.clocks.now = now
        if talk.outbox.sent_events:
            talk.events += talk.outbox.sent_events
            talk.outbox.sent_events.clear()
        if not (data and talk.take(data)):  # an acknowledge makes nothing overdue
            talk.check_time()
        return self._settled()

    def next_to_send(self, now: float) -> bytes | None:
        """The next bytes to write, or `None` when there is nothing to send or the firmware has no room."""
        talk, self._ahead = self._talk, None
        talk.clocks.now = now
        if talk.outbox.urgent:
            return talk.outbox.urgent.popleft()
        if talk.refusals.open:
            return None
        if talk.phase in COUNTING:
            if talk.renumber_wanted:
                talk.start_numbering_anew()
                return talk.hello.say(now) if talk.phase is Phase.HELLO else None
            return talk.outbox.next_line(ready=talk.phase is Phase.READY)
        return talk.hello.say(now) if talk.phase is Phase.HELLO and talk.hello.due else None

    def prepare(self) -> None:
        """Nothing has to be sent now: get ready what comes next."""
        self._ahead = self._talk.line_in_advance()

    def line_in_advance(self, data: bytes) -> bytes | None:
        """What `next_to_send` gives first once `data` was received, if that is certain already.

        Whoever writes it at once still has to `receive` and to ask what is to be sent.
        """
        return self._ahead if data in _PLAIN_OKS else None

    def next_deadline(self) -> float | None:
        """When ``receive(b"", now)`` has to be called at the latest, or `None`."""
        if self._talk.events:
            return self._talk.clocks.now
        return min((due for due in self._talk.deadlines() if due is not None), default=None)

    def enqueue(self, command: Queued, priority: Priority) -> None:
        """Queue a command. Priority ``EMERGENCY`` is sent by the next ``next_to_send`` whatever is in flight.

        Raises `LineTooLong`, `ValueError` for control characters, and `LocalMisuse` for priority ``JOB``.
        """
        self._ahead = None
        if priority is Priority.JOB:
            raise LocalMisuse("lines of a job are supplied, not queued")
        line = by_hand(command.text, self._options.max_line_length, parentheses=self._parentheses)
        if command_of(line) == EMERGENCY_STOP:
            line = EMERGENCY_STOP.encode()  # the emergency parser reads capitals only
            self._talk.refusals.drop()
        elif priority is Priority.HAND:
            self._talk.outbox.add(command, line)
            return
        self._talk.outbox.add_urgently(command, line, numbers_hold=self._talk.phase in COUNTING)

    def forget_queued(self) -> list[Queued]:
        """Drop the commands queued by hand that were not sent yet, and say which they were."""
        self._ahead = None
        return self._talk.outbox.forget_queued()

    def check_line(self, line: bytes) -> str | None:
        """Why the firmware could not take this line of a job (stripped of comments), or `None` if it can."""
        return check(line, self._options.max_line_length)

    def begin_job(self, total: int, first: int = 0) -> None:
        """Run lines `first` … `total − 1` of a job; asks for them with `LinesWanted`."""
        self._ahead = None
        self._talk.outbox.job = JobLines(total, first, self._options, parentheses=self._parentheses)
        self._talk.flow.tally.clear()
        self._talk.renumber_wanted = self._talk.flow.window.frontier > _RENUMBER_ABOVE
        self._talk.settle()

    def supply(self, first: int, lines: Sequence[bytes]) -> None:
        """Give lines of the job, stripped of comments and line ends, from index `first` on.

        Raises `LocalMisuse` for lines that do not follow those that are there.
        """
        self._ahead = None
        if self._talk.outbox.job is not None:
            self._talk.outbox.job.supply(first, lines)

    def hold_job(self) -> None:
        """Send no more lines of the job (those in flight are still acknowledged and resent)."""
        self._ahead = None
        if self._talk.outbox.job is not None:
            self._talk.outbox.job.held = True

    def release_job(self) -> None:
        """Go on with the held job."""
        self._ahead = None
        if self._talk.outbox.job is not None:
            self._talk.outbox.job.held = False
            self._talk.interruption.forget()
            self._talk.settle()

    def end_job(self) -> None:
        """Forget the job; what is in flight is still acknowledged."""
        self._ahead = None
        self._talk.outbox.job = None

    @property
    def tally(self) -> Tally:
        """What was counted since the job began."""
        return self._talk.flow.tally

    @property
    def in_flight(self) -> int:
        """How many lines were sent and not acknowledged."""
        return len(self._talk.flow.window.pending)

    def acknowledge_by_hand(self, now: float) -> list[Event]:
        """Act as if the firmware had acknowledged the oldest line."""
        self._ahead = None
        self._talk.clocks.now = now
        if self._talk.phase in COUNTING and not self._talk.refusals.open and self._talk.flow.window.pending:
            self._talk.flow.take_oldest()
        else:
            self._talk.take_ok("")
        return self._settled()

    def temperature_poll(self) -> str | None:
        """The command that asks for temperatures, or `None` where the firmware reports by itself."""
        reported = self._talk.hearing.reported_at
        patience = 3 * self._options.autoreport_interval
        by_itself = reported is not None and self._talk.clocks.now - reported <= patience
        return None if by_itself or self._talk.outbox.asks_temperatures else TEMPERATURES.decode()

    def _settled(self) -> list[Event]:
        talk = self._talk
        talk.settle()
        events, talk.events = talk.events, []
        return events

    @property
    def _parentheses(self) -> bool:
        """Whether the firmware takes ``( … )`` for a comment."""
        return self._talk.hearing.capabilities.get("PAREN_COMMENTS", False)
