"""Conversations with a dialect in tests: scripted by hand, or with a firmware model on a virtual clock.

The model is written from docs/protocol/marlin.md alone and shares nothing with the dialect: it is what the dialect is
tested against.
"""

from __future__ import annotations

import functools
import operator
import random
import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from mrdraw.firmware import dialect as wire
from mrdraw.firmware.marlin import MarlinDialect
from mrdraw.firmware.options import MarlinOptions

IDENTITY = "FIRMWARE_NAME:Marlin 2.1.3 (Aug  1 2024 12:00:00) SOURCE_CODE_URL:x PROTOCOL_VERSION:1.0 EXTRUDER_COUNT:1"
TEMPERATURES = "T:21.00 /0.00 B:21.00 /0.00 @:0 B@:0"

LINE_BUFFER = 95

COMMAND = re.compile(r"[GMT]\d")
"""How a command begins that is not answered as unknown."""

_NUMBER, _NUMBERED = re.compile(r"N(-?\d+)"), re.compile(r"^N-?\d+\s*")


def checksummed(number: int, text: str) -> str:
    body = f"N{number} {text}"
    return f"{body}*{functools.reduce(operator.xor, body.encode())}"


class Script:
    """A dialect, and a firmware whose lines the test writes itself."""

    def __init__(self, options: MarlinOptions | None = None) -> None:
        self.dialect = MarlinDialect(options)
        self.now = 100.0
        self.job: list[bytes] = []
        self.supplying = True

    def open(self) -> Script:
        self.dialect.open(self.now)
        return self

    def ready(self, *, autoreport: bool = False, emergency_parser: bool = False) -> Script:
        """Shake hands; the next number is 4 (5 with `autoreport`)."""
        self.open()
        assert self.sent() == ["N0 M110 N0*125"]
        self.say("start", "Marlin 2.1.3")
        assert self.sent() == ["N0 M110 N0*125"]
        self.say("ok")
        self.say("")
        assert self.sent() == [checksummed(1, "M115")]
        self.say(
            IDENTITY, f"Cap:AUTOREPORT_TEMP:{int(autoreport)}", f"Cap:EMERGENCY_PARSER:{int(emergency_parser)}", "ok"
        )
        for _ in range(1 + autoreport):
            assert len(self.sent()) == 1
            self.say("ok")
        assert [line.split()[1] for line in self.sent()] == [checksummed(3 + autoreport, "M105").split()[1]]
        assert wire.Ready() in self.say(f"ok {TEMPERATURES}")
        return self

    def say(self, *lines: str) -> list[wire.Event]:
        """Lines of the firmware arrive."""
        return self.feed("".join(f"{line}\n" for line in lines).encode())

    def feed(self, data: bytes) -> list[wire.Event]:
        self.now += 0.001
        return self._events(self.dialect.receive(data, self.now))

    def wait(self, seconds: float) -> list[wire.Event]:
        """Time passes; the dialect is called when it wants to be, and at the end."""
        end, events = self.now + seconds, []
        while (due := self.dialect.next_deadline()) is not None and due <= end:
            self.now = max(self.now, due) + 1e-6
            events += self._events(self.dialect.receive(b"", self.now))
            if self.dialect.next_deadline() == due:
                break
        self.now = max(self.now, end)
        return events + self._events(self.dialect.receive(b"", self.now))

    def _events(self, events: list[wire.Event]) -> list[wire.Event]:
        for event in events:
            if isinstance(event, wire.LinesWanted) and self.job and self.supplying:
                self.dialect.supply(event.first, self.job[event.first : event.first + event.count])
        return events

    def sent(self) -> list[str]:
        """What the dialect writes now."""
        lines = []
        while (data := self.dialect.next_to_send(self.now)) is not None:
            assert data.endswith(b"\n")
            lines.append(data.decode().removesuffix("\n"))
        return lines

    def hand(self, text: str, tag: object = None) -> wire.Queued:
        command = wire.Queued(text, tag)
        self.dialect.enqueue(command, wire.Priority.HAND)
        return command

    def begin(self, *lines: str, first: int = 0) -> Script:
        """Begin a job of these lines."""
        self.job = [line.encode() for line in lines]
        self.dialect.begin_job(len(self.job), first)
        self.feed(b"")
        return self


def events_of(kind: type[wire.Event], events: Sequence[wire.Event]) -> list[wire.Event]:
    return [event for event in events if isinstance(event, kind)]


# --- the firmware model -----------------------------------------------------------------------------------------------


@dataclass
class FirmwareModel:
    """A Marlin in a page: receive buffer, number and checksum, queue of commands, resend."""

    ok_after_resend: bool = True
    advanced_ok: bool = False
    command_seconds: float = 0.0005
    slow_commands: dict[str, float] = field(default_factory=dict)
    keepalive: bool = True
    busy_with: str = "processing"
    silent_m105: bool = False
    """M105 is acknowledged by a plain `ok`, and its temperatures come on a line of their own"""
    slots: int = 4
    rx_buffer: int = 128
    """bytes; what overruns it is lost"""

    last: int = 0
    executed: list[tuple[int | None, str]] = field(default_factory=list)
    """the number of a line, if it had one, and its text"""
    accepted: list[tuple[int | None, bytes, bytes]] = field(default_factory=list)
    """the same as they were taken, with the line as it was read"""
    said: list[str] = field(default_factory=list)
    unread: bytes = b""
    line: bytes = b""
    """what was read of a line"""
    queue: deque[tuple[int | None, str]] = field(default_factory=deque)
    busy_until: float | None = None
    next_busy: float | None = None

    def boot(self) -> None:
        self.last = 0
        self.unread = self.line = b""
        self.queue.clear()
        self.busy_until = self.next_busy = None
        self.said += ["start", "Marlin 2.1.3", "echo: Last Updated: 2024-08-01"]

    def receive(self, data: bytes, now: float) -> None:
        for line in data.replace(b"\r", b"\n").splitlines(keepends=True):
            self.unread = (self.unread + line)[: self.rx_buffer]
            self._read()
        self.run(now)

    def run(self, now: float) -> None:
        while True:
            if self.unread:
                self._read()
            if self.busy_until is None and self.queue:
                self._start(now)
            if self.busy_until is None or self.busy_until > now:
                break
            self._finish()
        if self.next_busy is not None and self.next_busy <= now:
            self.said.append(f"echo:busy: {self.busy_with}")
            self.next_busy = now + 2.0

    def deadline(self) -> float | None:
        if self.busy_until is None or self.next_busy is None:
            return self.busy_until or self.next_busy
        return min(self.busy_until, self.next_busy)

    def output(self) -> bytes:
        if not self.said:
            return b""
        data = "".join(f"{line}\n" for line in self.said).encode("latin-1")
        self.said.clear()
        return data

    def _read(self) -> None:
        while len(self.queue) < self.slots and self.unread:
            head, newline, self.unread = self.unread.partition(b"\n")
            self.line = (self.line + head)[:LINE_BUFFER]
            if newline:
                raw, self.line = self.line, b""
                if line := raw.decode("latin-1").split(";")[0].lstrip(" "):
                    self._check(line)

    def _check(self, line: str) -> None:
        body, star, given = line.rpartition("*")
        if not line.startswith("N"):
            self._accept(None, (body if star else line).strip(), line)
            return
        sets_counter = "M110" in line
        digits = _NUMBER.findall(body if star else line)
        number = int(digits[-1 if sets_counter else 0]) if digits else 0
        if number != self.last + 1 and not sets_counter:
            self._refuse("Line Number is not Last Line Number+1")
        elif not star:
            self._refuse("No Checksum with line number")
        elif not given.isdecimal() or int(given) != functools.reduce(operator.xor, body.encode("latin-1")):
            self._refuse("checksum mismatch")
        else:
            self.last = number
            self._accept(number, _NUMBERED.sub("", body), line)

    def _accept(self, number: int | None, text: str, line: str) -> None:
        self.queue.append((number, text))
        self.accepted.append((number, text.encode("latin-1"), line.encode("latin-1")))

    def _refuse(self, why: str) -> None:
        self.unread = self.line = b""
        self.said += [f"Error:{why}, Last Line: {self.last}", f"Resend: {self.last + 1}"]
        if self.ok_after_resend:
            self.said.append("ok")

    def _start(self, now: float) -> None:
        number, text = self.queue[0]
        self.executed.append((number, text))
        seconds = self.slow_commands.get(text.split(" ")[0], self.command_seconds)
        self.busy_until = now + seconds
        self.next_busy = now + 2.0 if self.keepalive and seconds > 2 else None

    def _finish(self) -> None:
        self.busy_until = self.next_busy = None
        number, text = self.queue.popleft()
        extra = ""
        if text == "M115":
            self.said += [IDENTITY, "Cap:AUTOREPORT_TEMP:0", "Cap:EMERGENCY_PARSER:0"]
        elif text == "M114":
            self.said.append("X:0.00 Y:0.00 Z:0.00 E:0.00 Count X:0 Y:0 Z:0")
        elif text == "M105" and self.silent_m105:
            self.said.append(TEMPERATURES)
        elif text == "M105":
            extra = f" {TEMPERATURES}"
        elif COMMAND.match(text) is None or (text == "M113 S2" and not self.keepalive):
            self.said.append(f'echo:Unknown command: "{text}"')
        if self.advanced_ok and not extra:
            extra = f"{'' if number is None else f' N{number}'} P15 B{self.slots - len(self.queue) - 1}"
        self.said.append(f"ok{extra}")


@dataclass(frozen=True)
class Faults:
    """Shares of all lines that are damaged in a way, 0 to 1."""

    flip: float = 0.0
    drop_byte: float = 0.0
    drop_line: float = 0.0
    duplicate: float = 0.0
    truncate: float = 0.0
    delay: float = 0.0
    seconds: float = 0.0
    """how long a delayed line waits"""


GOOD = Faults()


class FaultyWire:
    """One direction: lines in, damaged lines out, in order."""

    def __init__(self, faults: Faults, seed: int) -> None:
        self._faults = faults
        self._random = random.Random(seed)
        self._waiting: deque[tuple[float, bytes]] = deque()
        self.damaged: list[bytes] = []

    def put(self, data: bytes, now: float) -> None:
        for line in data.splitlines(keepends=True):
            out, late = self._damage(line)
            if out != line:
                self.damaged.append(line)
            due = max(now + late, self._waiting[-1][0] if self._waiting else 0.0)
            self._waiting.append((due, out))

    def take(self, now: float) -> bytes:
        data = b""
        while self._waiting and self._waiting[0][0] <= now:
            data += self._waiting.popleft()[1]
        return data

    def deadline(self) -> float | None:
        return self._waiting[0][0] if self._waiting else None

    def _hits(self, share: float) -> bool:
        return share > 0 and self._random.random() < share

    def _damage(self, line: bytes) -> tuple[bytes, float]:
        faults = self._faults
        if self._hits(faults.drop_line):
            return b"", 0.0
        if self._hits(faults.flip):
            place, bit = self._random.randrange(len(line)), 1 << self._random.randrange(8)
            line = line[:place] + bytes([line[place] ^ bit]) + line[place + 1 :]
        if self._hits(faults.drop_byte):
            place = self._random.randrange(len(line))
            line = line[:place] + line[place + 1 :]
        if self._hits(faults.truncate):
            line = line[: self._random.randrange(len(line) + 1)]
        if self._hits(faults.duplicate):
            line += line
        return line, faults.seconds if self._hits(faults.delay) else 0.0


@dataclass
class Outcome:
    """How a job on a faulty wire ended."""

    end: wire.Event | None
    seconds: float
    events: list[wire.Event]
    acknowledged: int
    sent: dict[int, set[bytes]]
    """what went over the wire under each number, since the last hand-shake"""
    transcript: list[str]


class Rehearsal:
    """A job on a faulty wire, on a virtual clock."""

    def __init__(self, firmware: FirmwareModel, job: Sequence[bytes], options: MarlinOptions | None) -> None:
        self.firmware = firmware
        self.job = job
        self.dialect = MarlinDialect(options)
        self.now = self.began = 0.0
        self.end: wire.Event | None = None
        self.acknowledged = -1
        self.events: list[wire.Event] = []
        self.sent: dict[int, set[bytes]] = {}
        self.transcript: list[str] = []

    def run(self, there: FaultyWire, back: FaultyWire, limit: float) -> Outcome:
        self.firmware.boot()
        self.dialect.open(0.0)
        while self.end is None and self.now < limit:
            self.firmware.receive(there.take(self.now), self.now)
            back.put(self.firmware.output(), self.now)
            self._hear(back.take(self.now))
            self._speak(there)
            due = [part.deadline() for part in (self.firmware, there, back)] + [self.dialect.next_deadline()]
            self.now = max(self.now + 0.0002, min((moment for moment in due if moment is not None), default=0.0))
        seconds = self.now - self.began
        self._drain(there)
        return Outcome(self.end, seconds, self.events, self.acknowledged, self.sent, self.transcript)

    def _hear(self, data: bytes) -> None:
        if data:
            self.transcript.append(f"{self.now:9.3f} < {data!r}")
        for event in self.dialect.receive(data, self.now):
            match event:
                case wire.Ready():
                    self.began = self.now
                    self.dialect.begin_job(len(self.job))
                case wire.LinesWanted():
                    self.dialect.supply(event.first, self.job[event.first : event.first + event.count])
                case wire.JobPauseWanted():
                    self.dialect.release_job()  # a person goes on at once
                case wire.JobLineAcknowledged():
                    assert event.index > self.acknowledged
                    self.acknowledged = event.index
                case wire.JobExhausted() | wire.Failed() | wire.Halted() | wire.Reset():
                    self.end = event
            if not isinstance(event, wire.Received):
                self.events.append(event)

    def _speak(self, there: FaultyWire) -> None:
        while (line := self.dialect.next_to_send(self.now)) is not None:
            self.transcript.append(f"{self.now:9.3f} > {line!r}")
            number, text = line[1:].rpartition(b"*")[0].split(b" ", 1)
            if text == b"M110 N0":
                self.sent.clear()  # a hand-shake: the numbering starts anew
            self.sent.setdefault(int(number), set()).add(text)
            there.put(line, self.now)

    def _drain(self, there: FaultyWire) -> None:
        """Let the firmware finish what it has."""
        self.firmware.receive(there.take(self.now + 60), self.now)
        for _ in range(50):
            self.now += 10.0
            self.firmware.run(self.now)


def run_job(
    firmware: FirmwareModel,
    job: Sequence[bytes],
    *,
    to_firmware: Faults = GOOD,
    to_host: Faults = GOOD,
    seed: int = 0,
    options: MarlinOptions | None = None,
    limit: float = 3_000.0,
) -> Outcome:
    """Run a job to its end."""
    wires = FaultyWire(to_firmware, seed), FaultyWire(to_host, seed + 1)
    return Rehearsal(firmware, job, options).run(*wires, limit)
