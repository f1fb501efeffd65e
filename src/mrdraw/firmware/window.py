"""The window of numbered lines in flight: what was taken, what has to be sent again, what comes next.

Invariants: `base` ≤ `cursor` ≤ `lines.next_number`; lines below `base` count as taken, those from `base` to `cursor − 1`
are in flight, lines from `cursor` on have yet to be sent (again). The firmware takes a numbered line only in its turn,
so that a line that was wrongly counted as taken shows itself by the next request, and none is executed twice.
"""

from __future__ import annotations

from enum import Enum

from mrdraw.firmware.numbered import Sent, SentLines

MAX_REGRESS = 64
"""How far behind the last acknowledged line a request may lie. A mistaken acknowledge costs a line or two; more than
this means that the firmware was reset or recovered from a crash (Prusa-Firmware #3503), and to repeat old moves would
be wrong."""


class Verdict(Enum):
    """What a request for a line means."""

    RESEND = "resend"
    TAKEN = "taken"
    """It is the line that comes next anyway: everything was taken."""
    IGNORED = "ignored"
    REGRESS = "regress"
    AHEAD = "ahead"


class Window:
    """The lines in flight."""

    def __init__(self) -> None:
        self.lines = SentLines()
        self.base = 1
        self.cursor = 1
        self._reported = 1
        self._duplicates: tuple[int, int] = (0, 0)

    @property
    def in_flight(self) -> int:
        """How many lines were sent and not taken yet."""
        return self.cursor - self.base

    @property
    def resending(self) -> bool:
        """Whether lines have to be sent again before new ones."""
        return self.cursor < self.lines.next_number

    def oldest(self) -> Sent | None:
        """The oldest line in flight."""
        return self.lines.get(self.base) if self.in_flight else None

    def flying(self) -> list[Sent]:
        """All lines in flight, oldest first."""
        found = (self.lines.get(number) for number in range(self.base, self.cursor))
        return [sent for sent in found if sent is not None]

    def send(self) -> Sent | None:
        """The line that goes out now; the cursor moves on."""
        sent = self.lines.get(self.cursor)
        if sent is not None:
            self.cursor += 1
        return sent

    def take(self, below: int) -> list[Sent]:
        """All lines with numbers under `below` were taken; those that this was not said of before."""
        taken = [self.lines.get(number) for number in range(max(self._reported, self.base), below)]
        self.base = max(self.base, below)
        self.cursor = max(self.cursor, self.base)
        self._reported = max(self._reported, self.base)
        return [sent for sent in taken if sent is not None]

    def judge(self, number: int, last: int | None) -> Verdict:
        """What a request for line `number` means; `last` is what the firmware called its last line, if it did."""
        confirmed = last is not None and last + 1 == number
        if number == self.cursor or (confirmed and self.cursor < number <= self.lines.next_number):
            return Verdict.TAKEN
        if number > self.lines.next_number:
            return Verdict.AHEAD if confirmed else Verdict.IGNORED
        if number > self.cursor or number < 1:
            return Verdict.IGNORED
        if number < self.base - MAX_REGRESS:
            return Verdict.REGRESS if confirmed else Verdict.IGNORED
        return Verdict.IGNORED if self._is_duplicate(number) else Verdict.RESEND

    def rewind(self, number: int) -> list[Sent]:
        """Line `number` has to be sent again, and all after it; the lines that this proves taken.

        Each line that was in flight behind it will be refused as well (Marlin PR 24972 calls what follows a resend
        death loop): as many further requests for the same line are ignored.
        """
        behind = max(0, self.cursor - number - 1)
        self._duplicates = (number, behind)
        taken = self.take(number) if number > self.base else []
        self.base = min(self.base, number)
        self.cursor = number
        return taken

    def _is_duplicate(self, number: int) -> bool:
        asked, remaining = self._duplicates
        if asked != number or remaining <= 0:
            return False
        self._duplicates = (asked, remaining - 1)
        return True
