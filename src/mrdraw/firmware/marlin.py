"""The Marlin dialect: numbered lines, acknowledges, requests for lines, and what to do when one of them is lost.

Invariants: no clock, no socket, no thread. Every line but an emergency carries a number once the counter was set, so
that the firmware itself refuses what is damaged, missing or repeated; an acknowledge that was counted wrongly shows
itself by the firmware's next request. When an acknowledge is missing the next numbered line is sent beyond the window
as a probe (`M105` if nothing else waits): its answer says whether the line before it was taken.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from enum import Enum

from mrdraw.firmware import dialect as shape
from mrdraw.firmware.clocks import Clocks
from mrdraw.firmware.dialect import Event, LineTooLong, LocalMisuse, Priority, Queued
from mrdraw.firmware.numbered import HELLO, Sent, frame
from mrdraw.firmware.options import MarlinOptions
from mrdraw.firmware.reading import LineReader
from mrdraw.firmware.replies import (
    BOOT,
    DAMAGED,
    KILLED,
    NOT_NUMBERED,
    error_of,
    is_acknowledge,
    is_banner,
    last_line_of,
    message_of,
    resend_of,
)
from mrdraw.firmware.supply import PAUSING, REFUSED, WITHHELD, JobSupply
from mrdraw.firmware.window import Verdict, Window
from mrdraw.gcode.words import command_of

POLL = "M105"
_PROBE = POLL.encode()
_EMERGENCY = "M112"
_EARLY = frozenset({"M108", "M410", "M876", "M524"})
"""What firmware with EMERGENCY_PARSER takes from the byte stream at once (MarlinDocumentation, EMERGENCY_PARSER)."""
_HIGHEST_NUMBER = 99_999_999
"""The longest number that a line of a job is expected to carry."""
_PROBES_BEYOND = 2
"""Lines that may be in flight beyond the window as probes; 128 bytes of RX buffer hold them."""


class Phase(Enum):
    """How far the conversation is."""

    CLOSED = "closed"
    GREETING = "greeting"
    ASKING = "asking"
    READY = "ready"
    DEAD = "dead"


class MarlinDialect:
    """A conversation with Marlin or a relative."""

    def __init__(self, options: MarlinOptions | None = None) -> None:
        self.options = options or MarlinOptions()
        self._phase = Phase.CLOSED
        self._reader = LineReader()
        self._capabilities: dict[str, bool] = {}
        self._events: list[Event] = []
        self._urgent: deque[bytes] = deque()
        self._by_hand: deque[Queued] = deque()
        self._supply: JobSupply | None = None
        self._held = False
        self._forget_flight(0.0)

    def _forget_flight(self, now: float) -> None:
        self._window = Window()
        self._clocks = Clocks(self.options, now)
        self._setup: deque[str] = deque()
        self._asked_capabilities = False
        self._hello_due = True
        self._swallow = 0
        """Acknowledges that belong to requests for lines: they release the line and take none."""
        self._error_last: int | None = None
        self._error_open = False
        self._kill_text: str | None = None

    # --- the conversation ------------------------------------------------------------------------------------------

    def open(self, now: float) -> None:
        """The port was opened: say hello."""
        self._phase = Phase.GREETING
        self._reader = LineReader()
        self._capabilities = {}
        self._by_hand.clear()
        self._urgent.clear()
        self._supply = None
        self._forget_flight(now)

    def receive(self, data: bytes, now: float) -> list[Event]:
        """Take what came from the wire (nothing: time has passed) and say what it means."""
        events = self._events = []
        if data:
            self._clocks.heard(now)
            for line in self._reader.feed(data):
                self._line(line, now)
        self._time_passed(now)
        if self._supply is not None and not self._held and (wanted := self._supply.wanted()) is not None:
            events.append(wanted)
        return events

    def next_deadline(self) -> float | None:
        """When time has to be let pass at the latest."""
        if self._phase in {Phase.CLOSED, Phase.DEAD}:
            return None
        if self._phase is Phase.GREETING:
            return self._clocks.next_hello()
        return self._clocks.next_deadline(waiting=self._window.in_flight > 0, swallowing=self._swallow > 0,
                                          long_running=self._long_running())  # fmt: skip

    @property
    def in_flight(self) -> int:
        """How many lines were sent and not acknowledged."""
        return self._window.in_flight

    # --- what goes out ---------------------------------------------------------------------------------------------

    def next_to_send(self, now: float) -> bytes | None:
        """The next bytes to write, or `None`."""
        if self._urgent:
            return self._urgent.popleft()
        if self._phase is Phase.GREETING:
            if not self._hello_due:
                return None
            self._hello_due = False
            self._clocks.said_hello(now)
            return b"\n" + HELLO
        if self._phase in {Phase.CLOSED, Phase.DEAD} or self._swallow:
            return None
        return self._next_line(now)

    def _next_line(self, now: float) -> bytes | None:
        window = self._window
        probing = self._clocks.probe_due and window.in_flight > 0
        if window.in_flight >= self.options.max_in_flight and not probing:
            return None
        if not window.resending and not self._number_a_line(probing=probing):
            return None
        first_time = window.cursor == window.lines.next_number - 1
        sent = window.send()
        if sent is None:
            self._fail("The firmware asks for a line that is not remembered any more.", "resend")
            return None
        self._clocks.sent(now, alone=window.in_flight == 1, probe=probing)
        if first_time and sent.job_index >= 0:
            self._newly_sent = sent.job_index
        return frame(sent.number, sent.text)

    _newly_sent = -1

    def _number_a_line(self, *, probing: bool) -> bool:
        """Give the next waiting line a number; whether there was one."""
        lines = self._window.lines
        if self._setup:
            lines.add(self._setup.popleft().encode()).internal = True
        elif probing:
            lines.add(_PROBE).internal = True
        elif self._phase is Phase.ASKING:
            return False
        elif self._by_hand:
            command = self._by_hand.popleft()
            sent = lines.add(command.text.encode("latin-1", "replace"))
            sent.command = command
            sent.long_running = command_of(command.text) in self.options.long_running_commands
        elif not self._number_job_line():
            return False
        return True

    def _number_job_line(self) -> bool:
        supply = self._supply
        if supply is None or self._held or not supply.ready:
            return False
        text = supply.peek()
        if text[:1] in b"GM":
            command = command_of(text)
            if command in PAUSING or command in WITHHELD:
                return False  # consumed when it is the oldest: see _consume_host_lines
            long_running = command in self.options.long_running_commands
        else:
            long_running = False
        index, text = supply.take()
        sent = self._window.lines.add(text)
        sent.job_index, sent.long_running = index, long_running
        return True

    # --- what comes in ---------------------------------------------------------------------------------------------

    def _line(self, line: str, now: float) -> None:
        self._events.append(shape.Received(line))
        if line == "ok":
            self._acknowledge(line, now)
        elif line == BOOT or is_banner(line):
            self._booted(now)
        elif is_acknowledge(line):
            self._acknowledge(line, now)
            self._report(line[2:].strip(), now)
        elif (number := resend_of(line)) is not None:
            self._requested(number, now)
        elif (error := error_of(line)) is not None or self._kill_text is not None:
            self._error(error if error is not None else line, now)
        elif line == "wait":
            self._idle(now)
        else:
            self._report(line, now)

    def _report(self, line: str, now: float) -> None:
        event = message_of(line)
        if event is None:
            return
        if isinstance(event, shape.Busy):
            self._clocks.busy(now, event.what)
        elif isinstance(event, shape.Capability):
            self._capabilities[event.name] = event.enabled
        self._events.append(event)

    def _booted(self, now: float) -> None:
        if self._phase is Phase.READY:
            self._events.append(shape.Reset())
            self._by_hand.clear()
            self._supply = None
        if self._phase in {Phase.READY, Phase.ASKING, Phase.GREETING}:
            self._phase = Phase.GREETING
            self._forget_flight(now)

    def _idle(self, now: float) -> None:
        """The firmware says that it has nothing to do: what is in flight did not arrive, or its `ok` did not."""
        if self._window.in_flight and not self._swallow:
            self._clocks.suspect(now)

    # --- acknowledges ----------------------------------------------------------------------------------------------

    def _acknowledge(self, line: str, now: float) -> None:
        if self._phase is Phase.GREETING:
            self._greeted(now)
        elif self._error_open:
            self._error_open = False
            self._refused_silently(now)
        elif self._swallow:
            self._swallow -= 1
            self._clocks.released(now)
        elif self._window.in_flight:
            self._take(self._taken_by(line), now)

    def _taken_by(self, line: str) -> int:
        """The first number that an acknowledge does not speak of."""
        window = self._window
        if line[3:4] == "N" and (digits := line[4:].split(" ", 1)[0]).isdigit():
            number = int(digits)
            if window.base <= number < window.cursor:
                return number + 1
        if "T:" in line or "B:" in line:
            for sent in window.flying():
                if sent.text[:4] == _PROBE:
                    return sent.number + 1
        return window.base + 1

    def _take(self, below: int, now: float) -> None:
        if below > self._window.base + 1:
            self._events.append(shape.LostAcknowledge())
        self._clocks.answered(now)
        self._tell_taken(self._window.take(below))

    def _tell_taken(self, lines: list[Sent]) -> None:
        events = self._events
        for sent in lines:
            if sent.job_index >= 0:
                if sent.job_index == self._newly_sent:
                    events.append(shape.JobLineSent(sent.job_index))
                events.append(shape.JobLineAcknowledged(sent.job_index))
            elif sent.command is not None:
                events.append(shape.CommandAcknowledged(sent.command))

    def acknowledge_by_hand(self, now: float) -> list[Event]:
        """Act as if the firmware had acknowledged the oldest line."""
        events = self._events = []
        self._swallow, self._error_open = 0, False
        if self._phase is Phase.GREETING:
            self._greeted(now)
        elif self._window.in_flight:
            self._take(self._window.base + 1, now)
        return events

    # --- requests for lines ----------------------------------------------------------------------------------------

    def _error(self, text: str, now: float) -> None:
        lowered = text.lower()
        if self._kill_text is not None:
            text, self._kill_text = f"{self._kill_text} {text}", None
            self._halt(text)
        elif NOT_NUMBERED in lowered:
            self._acknowledge("ok", now)
        elif any(words in lowered for words in DAMAGED):
            self._error_last, self._error_open = last_line_of(text), True
        elif KILLED.search(text):
            self._halt(text)
        else:
            self._events.append(shape.FirmwareError(text))

    def _halt(self, text: str) -> None:
        self._phase = Phase.DEAD
        self._events.append(shape.Halted(text))

    def _refused_silently(self, now: float) -> None:
        """An error and an `ok`, and the request between them was lost on the wire."""
        last = self._error_last
        window = self._window
        plausible = last is not None and window.base - 1 <= last < window.lines.next_number
        self._resend(last + 1 if plausible and last is not None else window.base, last, now, acknowledged=True)

    def _requested(self, number: int, now: float) -> None:
        last, self._error_last, self._error_open = self._error_last, None, False
        if self._phase is Phase.GREETING:
            self._hello_due = True
        elif self._phase in {Phase.ASKING, Phase.READY}:
            self._resend(self._more_plausible(number, last), last, now)

    def _more_plausible(self, number: int, last: int | None) -> int:
        """Of a request and the error before it, one may be damaged (OctoPrint #4671): the one that can be true."""
        if last is None or last + 1 == number:
            return number
        window = self._window
        return last + 1 if window.base <= last + 1 <= window.lines.next_number else number

    def _resend(self, number: int, last: int | None, now: float, *, acknowledged: bool = False) -> None:
        window = self._window
        verdict = window.judge(number, last)
        self._events.append(shape.Resend(number))
        if not acknowledged:
            self._swallow += 1
        self._clocks.asked_again(now)
        if verdict is Verdict.TAKEN:
            self._tell_taken(window.take(number))
        elif verdict is Verdict.RESEND:
            self._again(number)
        elif verdict is Verdict.AHEAD:
            self._correct_counter(number)
        elif verdict is Verdict.REGRESS:
            self._fail(
                f"The firmware asks for line {number}, which it took long ago (now at {window.base}): "
                "it was reset, or recovered from a crash.",
                "resend",
            )

    def _again(self, number: int) -> None:
        window = self._window
        self._tell_taken(window.rewind(number))
        sent = window.lines.get(number)
        if sent is None:
            return
        sent.asked_again += 1
        if sent.asked_again >= self.options.max_consecutive_resends:
            text = sent.text.decode("latin-1")
            self._fail(
                f"The firmware asked for line {number} ({text!r}) {sent.asked_again} times and never took it.",
                "resend_loop",
            )

    def _correct_counter(self, number: int) -> None:
        """The firmware took a damaged line under another number: set its counter to what it really has."""
        window = self._window
        self._events.append(shape.AcceptedByLuck(number - 1))
        window.cursor = window.base
        before = window.base - 1
        self._urgent.append(frame(before, b"M110 N%d" % before))
        self._swallow += 1

    def _fail(self, text: str, reason: str) -> None:
        self._phase = Phase.DEAD
        self._events.append(shape.Failed(text, reason))

    # --- the hand-shake --------------------------------------------------------------------------------------------

    def _greeted(self, now: float) -> None:
        """The counter is set: ask what the firmware is."""
        self._phase = Phase.ASKING
        self._setup.append("M115")
        self._clocks.answered(now)

    def _ask_more(self) -> None:
        """M115 was answered: what its answer allows is asked next, then the machine is ready."""
        if not self._asked_capabilities:
            self._asked_capabilities = True
            self._setup.append("M113 S2")
            if self._capabilities.get("AUTOREPORT_TEMP"):
                self._setup.append(f"M155 S{self.options.report_interval}")
            self._setup.append(POLL)
            return
        self._phase = Phase.READY
        self._events.append(shape.Ready())

    # --- time ------------------------------------------------------------------------------------------------------

    def _long_running(self) -> bool:
        return any(sent.long_running for sent in self._window.flying())

    def _time_passed(self, now: float) -> None:
        if self._phase is Phase.GREETING:
            self._hello_due = self._hello_due or self._clocks.hello_again(now)
            if self._clocks.greeting_failed(now):
                self._fail("The firmware did not answer. Is the baud rate right, and is the machine on?", "connection")
            return
        if self._phase not in {Phase.ASKING, Phase.READY}:
            return
        if self._swallow and self._clocks.resend_waited(now):
            self._swallow = 0
        window = self._window
        self._consume_host_lines()
        if not window.in_flight and not window.resending and not self._setup and self._phase is Phase.ASKING:
            self._ask_more()
        self._clocks.check(now, waiting=window.in_flight > 0, swallowing=self._swallow > 0,
                           long_running=self._long_running(),
                           may_probe=window.in_flight < self.options.max_in_flight + _PROBES_BEYOND)  # fmt: skip
        if self._clocks.given_up:
            self._fail("The firmware did not answer any more.", "timeout")
        self._notice_end()

    def _consume_host_lines(self) -> None:
        """Lines of the job that are the host's to do, as soon as all before them were taken."""
        supply = self._supply
        while supply is not None and not self._held and supply.ready:
            command = command_of(supply.peek())
            if command not in PAUSING and command not in WITHHELD:
                return
            if self._window.in_flight or self._window.resending:
                return
            index, text = supply.take()
            self._events.append(shape.JobLineAcknowledged(index))
            if command in PAUSING:
                self._held = True
                self._events.append(shape.JobPauseWanted(index, text.decode("latin-1")))

    def _notice_end(self) -> None:
        supply = self._supply
        if supply is not None and supply.exhausted and not self._window.in_flight and not self._window.resending:
            if self._held:
                return
            self._supply = None
            self._events.append(shape.JobExhausted())

    def temperature_poll(self) -> str | None:
        """The command that asks for temperatures, or `None` where the firmware reports by itself."""
        if self._phase is not Phase.READY or self._capabilities.get("AUTOREPORT_TEMP"):
            return None
        return POLL

    # --- queues ----------------------------------------------------------------------------------------------------

    def enqueue(self, command: Queued, priority: Priority) -> None:
        """Queue a command. Raises `LineTooLong`, and `LocalMisuse` for priority ``JOB``."""
        if priority is Priority.JOB:
            raise LocalMisuse("lines of the job are supplied, not queued")
        name = command_of(command.text)
        if priority is Priority.EMERGENCY:
            self._shout(command, name)
            return
        if (reason := self._unfit(command.text.encode("latin-1", "replace"))) is not None:
            raise LineTooLong(f"{command.text!r} cannot be sent: {reason}")
        self._by_hand.append(command)

    def _shout(self, command: Queued, name: str) -> None:
        text = command.text.encode("latin-1", "replace")
        early = name == _EMERGENCY or (name in _EARLY and self._capabilities.get("EMERGENCY_PARSER"))
        if not early:
            self._by_hand.appendleft(command)
            return
        self._urgent.append(text + b"\n")
        if name == _EMERGENCY:
            self._urgent.append(frame(self._window.cursor, text))

    def forget_queued(self) -> list[Queued]:
        """Drop the commands queued by hand that were not sent yet."""
        dropped = list(self._by_hand)
        self._by_hand.clear()
        return dropped

    def check_line(self, line: bytes) -> str | None:
        """Why the firmware could not take this line of a job, or `None`."""
        if line[:1] in b"Mm" and (refused := REFUSED.get(command_of(line))) is not None:
            return refused
        return self._unfit(line)

    def _unfit(self, line: bytes) -> str | None:
        room = self.options.max_line_length - 1
        # N, the number, a blank, the star and three digits of the checksum stand around the line
        if len(line) + len(str(_HIGHEST_NUMBER)) + 6 > room:
            longest = room - len(str(_HIGHEST_NUMBER)) - 6
            return f"it has {len(line)} bytes, and the firmware takes {longest} once the line is numbered"
        if not line.isascii() or any(byte < 32 or byte == 127 for byte in line):
            return "it holds characters that the firmware would misread; plain ASCII text is accepted"
        if b"*" in line:
            return "it holds a '*', which the firmware would take for the beginning of the checksum"
        return None

    # --- the job ---------------------------------------------------------------------------------------------------

    def begin_job(self, total: int, first: int = 0) -> None:
        """Run lines `first` … `total − 1` of a job."""
        self._supply = JobSupply(total, first)
        self._held = False
        self._newly_sent = -1

    def supply(self, first: int, lines: Sequence[bytes]) -> None:
        """Give lines of the job."""
        if self._supply is not None:
            self._supply.add(first, lines)

    def hold_job(self) -> None:
        """Send no more lines of the job."""
        self._held = True

    def release_job(self) -> None:
        """Go on with the held job."""
        self._held = False

    def end_job(self) -> None:
        """Forget the job."""
        self._supply = None
        self._held = False
