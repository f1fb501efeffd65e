"""A dialect and the firmware model on a wire that damages the lines that it is told to, turn by turn.

What the firmware executed is judged by the job and by what went over the wire alone, not by what the dialect says.
"""

from __future__ import annotations

import functools
import operator
import random
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from helpers_firmware import COMMAND, FirmwareModel
from mrdraw.firmware import dialect as wire
from mrdraw.firmware.marlin import MarlinDialect
from mrdraw.firmware.options import MarlinOptions

_PASSED_OVER = (wire.Received, wire.JobLineSent)

PATIENCE = 20_000.0
"""s of the virtual clock in which a job without further faults has to end"""


class Damage(Enum):
    """What can happen to a line."""

    FLIP = "a flipped bit"
    DROP = "a lost line"
    DOUBLE = "a doubled line"
    DELAY = "a late line"
    CUT = "a line that was cut short"
    CUT_END = "a line that lost its end"
    DROP_BYTE = "a lost byte"
    RANDOM = "a byte that became another one"


DETECTED = (Damage.FLIP, Damage.DROP, Damage.DOUBLE, Damage.DELAY, Damage.CUT)
"""What the checksum or the number of a line always shows, as long as the line keeps its N and its end."""


@dataclass(frozen=True)
class Fault:
    """One fault: what, where in the line (a share of its length), and how."""

    damage: Damage
    place: float = 0.0
    bits: int = 1
    seconds: float = 0.0

    def on(self, line: bytes, *, free: bool) -> bytes:
        """The damaged line. Unless `free`, it keeps its first byte and its end."""
        first, last = (0, len(line)) if free else (1, len(line) - 1)
        place = first + int(self.place * (last - first))
        match self.damage:
            case Damage.DROP:
                return b""
            case Damage.DOUBLE:
                return line + line
            case Damage.CUT:
                return line[:place] + b"\n"
            case Damage.CUT_END:
                return line[:place]
            case Damage.DROP_BYTE:
                return line[:place] + line[place + 1 :]
            case Damage.FLIP | Damage.RANDOM:
                mask = self.bits if self.damage is Damage.RANDOM else 1 << self.bits % 8
                damaged = line[:place] + bytes([line[place] ^ mask]) + line[place + 1 :] if place < last else line
                return damaged if free or not {10, 13} & set(damaged[:-1]) else line
        return line


class Channel:
    """One direction: lines in, in order, those that are due out."""

    def __init__(self, noise: float, seed: int, kinds: Sequence[Damage], *, free: bool) -> None:
        """`noise` is the share of lines that is damaged in one of the `kinds` by chance."""
        self._noise, self._kinds, self._free = noise, kinds, free
        self._random = random.Random(seed)
        self._faults: dict[int, Fault] = {}
        self._count = 0
        self.damaged: Counter[Damage] = Counter()
        self._waiting: deque[tuple[float, bytes]] = deque()

    def plan(self, fault: Fault, after: int) -> None:
        """Damage the line that comes after so many others."""
        self._faults[self._count + after] = fault

    def mend(self) -> None:
        """No more faults."""
        self._faults.clear()
        self._noise = 0.0

    def put(self, data: bytes, now: float) -> None:
        for line in data.splitlines(keepends=True):
            fault = self._faults.pop(self._count, None) or self._by_chance()
            self._count += 1
            due = self._waiting[-1][0] if self._waiting else 0.0
            if fault is None:
                self._waiting.append((max(now, due), line))
            else:
                self.damaged[fault.damage] += 1
                self._waiting.append((max(now + fault.seconds, due), fault.on(line, free=self._free)))

    def _by_chance(self) -> Fault | None:
        chance = self._random
        if not self._noise or chance.random() >= self._noise:
            return None
        kind = chance.choice(self._kinds)
        late = chance.choice((0.01, 0.4, 3.0)) if kind is Damage.DELAY else 0.0
        return Fault(kind, chance.random() * 0.999, chance.randrange(1, 256), late)

    def take(self, now: float) -> bytes:
        data, waiting = b"", self._waiting
        while waiting and waiting[0][0] <= now:
            data += waiting.popleft()[1]
        return data

    def deadline(self) -> float | None:
        return self._waiting[0][0] if self._waiting else None


@dataclass(frozen=True)
class Noise:
    """What a wire does by chance: the share of damaged lines in each direction."""

    free: bool
    """any damage; else only what the firmware can see"""
    there: float = 0.0
    back: float = 0.0
    seed: int = 0


class World:
    """One job on one wire, on a virtual clock."""

    def __init__(self, firmware: FirmwareModel, job: Sequence[bytes], options: MarlinOptions, noise: Noise) -> None:
        self.firmware = firmware
        self.job = job
        self.dialect = MarlinDialect(options)
        kinds = tuple(Damage) if noise.free else DETECTED
        self.there = Channel(noise.there, noise.seed, kinds, free=noise.free)
        self.back = Channel(noise.back, noise.seed + 1, tuple(Damage), free=True)
        self.now = 0.0
        self.end: wire.Event | None = None
        self.most_in_flight = 0
        self.numbers: dict[bytes, set[int]] = {}
        """the numbers under which each text went over the wire"""
        self.acknowledged: list[bytes] = []
        """lines of the job and commands by hand"""
        self._transcript: list[tuple[float, str, bytes]] = []
        self._dialect_due: float | None = 0.0
        self._ahead: bytes | None = None
        self.in_advance = 0
        """lines that were certain before the acknowledge that they wait for was looked at"""
        firmware.boot()
        self.dialect.open(0.0)

    def turn(self) -> None:
        """Whatever is due now, and time until the next thing is."""
        firmware, now = self.firmware, self.now
        firmware.receive(self.there.take(now), now)
        self.back.put(firmware.output(), now)
        data, due = self.back.take(now), self._dialect_due
        if data or (due is not None and due <= now):
            self._hear(data)
        self._speak()
        self.dialect.prepare()
        self._dialect_due = self.dialect.next_deadline()
        moments = (firmware.deadline(), self.there.deadline(), self.back.deadline(), self._dialect_due)
        self.now = max(now + 0.0002, min([moment for moment in moments if moment is not None], default=0.0))

    def run(self, seconds: float) -> None:
        """So much time passes, or the job ends."""
        until = self.now + seconds
        while self.end is None and self.now < until:
            self.turn()

    def finish(self) -> None:
        """The wire is good from now on: the job ends, and the firmware finishes what it has."""
        self.there.mend()
        self.back.mend()
        self.dialect.release_job()
        self.run(PATIENCE)
        self.firmware.receive(self.there.take(self.now + PATIENCE), self.now)
        for _ in range(60):
            self.now += 100.0
            self.firmware.run(self.now)

    def by_hand(self, text: str) -> None:
        """Somebody types a command."""
        self.dialect.enqueue(wire.Queued(text), wire.Priority.HAND)

    def told(self) -> list[str]:
        """What went over the wire, and when."""
        return [f"{moment:9.3f} {way} {data!r}" for moment, way, data in self._transcript]

    def _hear(self, data: bytes) -> None:
        if data:
            self._transcript.append((self.now, "<", data))
        self._ahead = self.dialect.line_in_advance(data)
        for event in self.dialect.receive(data, self.now):
            if type(event) not in _PASSED_OVER:
                self._take(event)

    def _take(self, event: wire.Event) -> None:
        match event:
            case wire.JobLineAcknowledged():
                self.acknowledged.append(self.job[event.index])
            case wire.CommandAcknowledged():
                self.acknowledged.append(event.command.text.encode())
            case wire.Ready():
                self.dialect.begin_job(len(self.job))
            case wire.LinesWanted():
                self.dialect.supply(event.first, self.job[event.first : event.first + event.count])
            case wire.JobExhausted() | wire.Failed() | wire.Halted() | wire.Reset():
                self.end = self.end or event

    def _speak(self) -> None:
        ahead, self._ahead = self._ahead, None
        while (line := self.dialect.next_to_send(self.now)) is not None or ahead is not None:
            assert ahead in {None, line}, "another line came than the one that was certain"
            self.in_advance += ahead is not None
            ahead = None
            self._transcript.append((self.now, ">", line))
            number, text = line[1:].rpartition(b"*")[0].split(b" ", 1)
            self.numbers.setdefault(text, set()).add(int(number))
            self.there.put(line, self.now)
            self.most_in_flight = max(self.most_in_flight, self.dialect.in_flight)


# --- the judgement ----------------------------------------------------------------------------------------------------


def is_checked(raw: bytes) -> bool:
    """Whether a line as the firmware read it has a number and the checksum that belongs to it."""
    body, star, given = raw.rpartition(b"*")
    return bool(star) and given.isdigit() and functools.reduce(operator.xor, body, 0) == int(given)


def judge(world: World, counts: Counter[str], *, free: bool) -> None:
    """Say whether what was executed is the job, and count what the firmware took although it was damaged."""
    assert isinstance(world.end, wire.JobExhausted | wire.Failed | wire.Reset), world.end
    counts["runs"] += 1
    for damage, count in (world.there.damaged + world.back.damaged).items():
        counts[f"times {damage.value}"] += count
    counts[f"ended with {type(world.end).__name__}"] += 1
    accidents = [one for one in world.firmware.accepted if one[0] not in world.numbers.get(one[1], ())]
    for number, _, raw in accidents:
        counts["damaged lines taken without a number" if number is None else "damaged lines taken by luck"] += 1
        assert number is None or is_checked(raw)
    assert free or not accidents, accidents
    if any(b"M110" in raw for _, _, raw in accidents):
        return  # the firmware's counter was set by a damaged line: nobody can tell what it skips or repeats
    replaced = {number for number, _, _ in accidents}
    place = {text: index for index, text in enumerate(world.job)}
    exact = [place[text] for number, text, _ in world.firmware.accepted if text in place and number is not None]
    assert exact == sorted(set(exact)), "executed twice, or in another order"
    complete = isinstance(world.end, wire.JobExhausted)
    missing = set(range(len(world.job) if complete else max(exact, default=-1) + 1)) - set(exact)
    for index in missing:
        assert world.numbers[world.job[index]] & replaced, f"line {index} of the job was skipped"
    by_hand = Counter(
        text for number, text, _ in world.firmware.accepted if text.startswith(b"M106") and number is not None
    )
    assert not by_hand or max(by_hand.values()) == 1, "a command by hand was executed twice"
    if not world.back.damaged:
        lost = set(world.acknowledged) - {text for _, text, _ in world.firmware.accepted}
        unexplained = {text for text in lost if not world.numbers[text] & replaced}
        assert len(unexplained) <= _acknowledges_too_many(world, accidents), f"acknowledged, not executed: {lost}"


def _acknowledges_too_many(world: World, accidents: Sequence[tuple[int | None, bytes, bytes]]) -> int:
    """How many acknowledges nobody could tell from that of a line in flight.

    A line whose N became an M, a G or a T (``M43 M106 S1``) is executed as a command without a number. The plain
    ``ok`` for it looks like any other, so each such line lets one line count as taken too early; if the board is reset
    before the numbers show it, that line was acknowledged and not executed. What the firmware calls unknown is told by
    that, and where an ``ok`` names its line (ADVANCED_OK) one without a name is: those excuse nothing.
    """
    if world.firmware.advanced_ok:
        return 0
    return sum(number is None and COMMAND.match(text.decode("latin-1")) is not None for number, text, _ in accidents)
