"""Numbered lines: `N<n> <command>*<checksum>`, and the memory of what was sent under which number.

Invariants: numbers grow by one from the last `M110 N0`; the last `REMEMBERED` lines can be sent again exactly as they
were. The checksum is the XOR of all bytes before the `*`, in decimal (Marlin queue.cpp; RepRap wiki, "Checking").
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from functools import reduce
from operator import xor

from mrdraw.firmware.dialect import Queued

REMEMBERED = 512
"""Lines that are kept; many times more than can be in flight or be asked for again."""

HELLO = b"N0 M110 N0*125\n"
"""Sets the counter: the next line is 1."""


@dataclass(slots=True)
class Sent:
    """A line with its number: its text, and whose it is."""

    number: int
    text: bytes
    job_index: int = -1
    command: Queued | None = None
    long_running: bool = False
    internal: bool = False
    """The dialect's own: nobody else hears of it."""
    asked_again: int = 0


def checksum(data: bytes) -> int:
    """The XOR of all bytes."""
    return reduce(xor, data, 0)


def frame(number: int, text: bytes) -> bytes:
    """The bytes of a numbered line."""
    numbered = b"N%d %b" % (number, text)
    return b"%b*%d\n" % (numbered, checksum(numbered))


class SentLines:
    """What was sent since the counter was set."""

    def __init__(self) -> None:
        self._lines: deque[Sent] = deque()
        self.next_number = 1

    def add(self, text: bytes) -> Sent:
        """Give a line the next number."""
        sent = Sent(self.next_number, text)
        self.next_number += 1
        self._lines.append(sent)
        if len(self._lines) > REMEMBERED:
            self._lines.popleft()
        return sent

    def get(self, number: int) -> Sent | None:
        """The line of this number, if it is remembered."""
        place = number - (self.next_number - len(self._lines))
        return self._lines[place] if 0 <= place < len(self._lines) else None
