"""Numbered lines: the checksum, the lines that were sent, and which wire number carries which line of the job.

Invariants: a number once given to a line keeps its bytes for ever (until the numbering starts anew), so a resend is
always the same bytes; numbers are given without gaps; the newest `depth` lines are kept whole, of older lines of the
job the index is known.

Source: reprap.org/wiki/G-code ("N: Line number", "*: Checksum"): XOR of all bytes before ``*``, decimal, 0 to 255.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from functools import reduce
from operator import xor

from msgspec import Struct

from mrdraw.firmware.dialect import Queued

MAX_DIGITS = 7
"""digits of a line number; the numbering starts anew long before they do not suffice"""

OVERHEAD = 1 + MAX_DIGITS + 1 + len("*255")
"""bytes that number and checksum add at most: ``N1234567 …*255``"""

UNNUMBERED = -1

_FOLDED = 128
"""bytes that are folded at most, 2^7"""


def checksum(data: bytes) -> int:
    """The XOR of all bytes, 0 to 255. A line is folded upon itself: a third of the time of going along it."""
    if len(data) > _FOLDED:
        return reduce(xor, data)
    folded = int.from_bytes(data)
    folded ^= folded >> 512
    folded ^= folded >> 256
    folded ^= folded >> 128
    folded ^= folded >> 64
    folded ^= folded >> 32
    folded ^= folded >> 16
    return (folded ^ folded >> 8) & 0xFF


def numbered(number: int, text: bytes) -> bytes:
    """The line as it goes over the wire: ``N<number> <text>*<checksum>`` and a newline."""
    body = b"N%d %b" % (number, text)
    return b"%b*%d\n" % (body, checksum(body))


HELLO = numbered(0, b"M110 N0")
"""The line that starts the numbering: the next one is number 1."""


class Sent(Struct, eq=False):
    """A line that was sent: its number, its bytes, and where it came from."""

    number: int
    wire: bytes
    index: int = -1
    """index in the job, −1 for other lines"""
    job: object = None
    command: Queued | None = None
    reports: bool = False
    """an M105: its acknowledge carries temperatures, which tells it from others"""
    long_running: bool = False
    final: bool = False
    """the M114 behind the last line of a job"""
    reported: bool = False
    """its acknowledge was reported"""

    def begins_with(self, word: bytes) -> bool:
        """Whether its text does, in capitals or not."""
        text = self.wire if self.number == UNNUMBERED else self.wire.partition(b" ")[2]
        return text.upper().startswith(word.upper())


class History:
    """The lines that were sent since the numbering started."""

    def __init__(self, depth: int = 256) -> None:
        self._lines: deque[Sent] = deque(maxlen=depth)
        self._runs: list[tuple[int, int]] = []
        self._others: dict[int, Sent] = {}
        self._job: object = None

    def clear(self) -> None:
        """The numbering starts anew."""
        self._lines.clear()
        self._runs.clear()
        self._others.clear()
        self._job = None

    def add(self, sent: Sent) -> None:
        """A line was sent for the first time; its number follows that of the last one."""
        self._lines.append(sent)
        if sent.index < 0:
            if self._job is not None:
                self._others[sent.number] = sent
        elif sent.job is not self._job:
            self._job = sent.job
            self._others.clear()
            self._runs = [(sent.number, sent.index)]
        elif sent.index - self._runs[-1][1] != sent.number - self._runs[-1][0]:
            self._runs.append((sent.number, sent.index))

    def first_of(self, job: object) -> int | None:
        """The oldest number that can be sent again, with the help of `job` or without."""
        if not self._lines:
            return None
        first = self._lines[0].number
        return min(first, self._runs[0][0]) if job is not None and job is self._job else first

    def line(self, number: int) -> Sent | None:
        """The line with this number, if it is kept."""
        if not self._lines or not self._lines[0].number <= number <= self._lines[-1].number:
            return self._others.get(number)
        return self._lines[number - self._lines[0].number]

    def index_of(self, number: int, job: object) -> int | None:
        """The index in `job` of the line that had this number, if it was one of the job's."""
        place = bisect_right(self._runs, (number, 1 << 62)) - 1
        if place < 0 or job is not self._job or number in self._others:
            return None
        first_number, first_index = self._runs[place]
        if place + 1 < len(self._runs) and number >= self._runs[place + 1][0]:
            return None
        return first_index + number - first_number
