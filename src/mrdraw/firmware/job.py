"""The lines of the running job on their way to the wire.

Invariants: lines are supplied and taken in the order of their index, without gaps; what a line means for the dialect
(a pause, a line to withhold, a command that takes long) is found out when it is supplied, not when it is sent; lines
are asked for well before they are needed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from mrdraw.firmware.dialect import LocalMisuse
from mrdraw.firmware.fitting import fit
from mrdraw.firmware.lines import WITHHELD_FROM_JOB, harmless, room_of
from mrdraw.firmware.options import MarlinOptions
from mrdraw.gcode.words import command_of

LINES_AHEAD = 256
LOW_WATER = 128
"""When fewer lines are there, more are asked for."""

_MOVES = (b"G1 ", b"G0 ")


class Role(Enum):
    """What is special about a line."""

    PAUSE = "pause"
    WITHHELD = "withheld"
    LONG_RUNNING = "long running"
    TOOL = "tool"
    SPLIT = "split"
    """another line has to be sent before it: the line was too long"""


@dataclass(frozen=True, slots=True)
class Mark:
    """A special line."""

    role: Role
    command: str
    """of a split line: the line to be sent before it"""


class JobLines:
    """One job, from its first line to its last."""

    def __init__(self, total: int, first: int, options: MarlinOptions, *, parentheses: bool) -> None:
        self.total = total
        self.next_index = first
        """the line that is sent next"""
        self.acknowledged = first - 1
        self.held = False
        self.asking = True
        """a question has to be asked behind the last line, whose answer proves that the line was taken"""
        self.questions = 0
        self.asked_at = 0.0
        self.ends_at: float | None = None
        """when the end may be reported, after the question was acknowledged"""
        self.marks: dict[int, Mark] = {}
        self._options = options
        self._withheld = options.withheld_commands.union(WITHHELD_FROM_JOB)
        self._room = room_of(options.max_line_length)
        self._parentheses = parentheses
        self._lines: deque[bytes] = deque()
        self._asked = first
        self._again: dict[int, bytes] = {}
        self._asked_again: tuple[int, int] | None = None
        self._went_back = False
        """no lines came since `go_back`"""

    @property
    def supplied(self) -> int:
        """The index behind the last line that is here."""
        return self.next_index + len(self._lines)

    @property
    def done(self) -> bool:
        """All lines were sent or withheld."""
        return self.next_index >= self.total

    def wanted(self) -> tuple[int, int] | None:
        """The lines to ask for now, as first index and count."""
        if len(self._lines) >= LOW_WATER or self._asked >= self.total or self._asked > self.supplied:
            return None
        first = self._asked
        count = min(LINES_AHEAD - len(self._lines), self.total - first)
        self._asked = first + count
        return first, count

    def supply(self, first: int, lines: Sequence[bytes]) -> None:
        """Take lines from index `first` on. Raises `LocalMisuse` for a gap or lines behind the end."""
        if first + len(lines) > self.total:
            raise LocalMisuse(f"lines {first} to {first + len(lines) - 1} of a job of {self.total} lines were supplied")
        if self._asked_again is not None and first < self.next_index:
            self._supply_again(first, lines)
        known = self.supplied
        if first > known and self._went_back:
            return  # they were asked for before
        self._went_back = False
        if first > known:
            raise LocalMisuse(f"line {first} of the job was supplied, but line {known} comes next")
        for index, line in enumerate(lines[known - first :], start=known):
            text = harmless(line, parentheses=self._parentheses)
            if text[:3] not in _MOVES:
                self._mark(index, text)
            if len(text) > self._room:
                text = self._split(index, text)
            self._lines.append(text)
        self._asked = max(self._asked, self.supplied)

    @property
    def has_next(self) -> bool:
        """Whether the next line is here."""
        return bool(self._lines)

    def peek(self) -> bytes:
        """The next line, which has to be here."""
        return self._lines[0]

    def take(self) -> bytes:
        """The next line."""
        self.next_index += 1
        return self._lines.popleft()

    def _split(self, index: int, line: bytes) -> bytes:
        """The line as it fits, or its second part; the first one is marked."""
        *before, last = fit(line, self._room) or (line,)
        if before:
            self.marks[index] = Mark(Role.SPLIT, before[0].decode())
        return last

    def _mark(self, index: int, line: bytes) -> None:
        command = command_of(line)
        if command in self._options.pausing_commands:
            self.marks[index] = Mark(Role.PAUSE, command)
        elif not line or command in self._withheld or line[:1] == b"@":
            self.marks[index] = Mark(Role.WITHHELD, command)
        elif command in self._options.long_running_commands:
            self.marks[index] = Mark(Role.LONG_RUNNING, command)
        elif command[:1] == "T":
            self.marks[index] = Mark(Role.TOOL, command)

    def go_back(self, index: int) -> None:
        """Hold, and send from line `index` on once more when released."""
        self.held = self._went_back = True
        self.next_index = self._asked = index
        self.acknowledged = index - 1
        self.asking, self.questions, self.ends_at = True, 0, None
        self._lines.clear()
        self.marks.clear()

    # --- lines that were sent long ago --------------------------------------------------------------------------------

    def ask_again(self, index: int, count: int) -> tuple[int, int] | None:
        """The old lines to ask for so that line `index` can be sent again; `None` while they are on their way."""
        if self._asked_again is not None and self._asked_again[0] <= index < sum(self._asked_again):
            return None
        self._again.clear()
        self._asked_again = index, min(count, self.total - index)
        return self._asked_again

    def old_line(self, index: int) -> bytes | None:
        """A line that was asked for again, if it is here."""
        return self._again.get(index)

    def _supply_again(self, first: int, lines: Sequence[bytes]) -> None:
        for index, line in enumerate(lines, start=first):
            text = harmless(line, parentheses=self._parentheses)
            self._again[index] = (fit(text, self._room) or (text,))[-1]
