"""The lines of the job on their way into the dialect: asked for ahead, handed out in order.

Invariants: lines are asked for long before they are needed and never twice at a time; what the host has to do itself
(pauses) and what must not reach the wire is told apart here, by tables.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from mrdraw.firmware.dialect import LinesWanted, LocalMisuse

WINDOW = 128
LOW_WATER = 64

PAUSING = frozenset({"M0", "M1", "M25"})
"""They stop the firmware until somebody turns a knob at it; the host pauses instead (OctoPrint blocks them too)."""

WITHHELD = {
    "M110": "it would set the line counter that the host keeps",
    "M28": "it would write the job to the card instead of executing it",
    "M29": "it ends a write to the card that the job did not begin",
}
"""Commands of a file that are not sent, and why."""

REFUSED = {"M112": "M112 is the emergency stop; a job that holds it would stop the machine"}
"""Commands that make a job unfit."""


class JobSupply:
    """The supply of one job."""

    def __init__(self, total: int, first: int) -> None:
        self.total = total
        self.next_index = first
        self._asked = first
        self._lines: deque[bytes] = deque()

    @property
    def ready(self) -> bool:
        """Whether a line is there."""
        return bool(self._lines)

    @property
    def exhausted(self) -> bool:
        """Whether all lines were handed out."""
        return self.next_index >= self.total

    def peek(self) -> bytes:
        """The next line."""
        return self._lines[0]

    def take(self) -> tuple[int, bytes]:
        """The next line and its index."""
        self.next_index += 1
        return self.next_index - 1, self._lines.popleft()

    def wanted(self) -> LinesWanted | None:
        """What to ask for now, if anything."""
        if (
            len(self._lines) > LOW_WATER
            or self._asked > self.next_index + len(self._lines)
            or self._asked >= self.total
        ):
            return None
        first = self._asked
        self._asked = min(self.total, self.next_index + len(self._lines) + WINDOW)
        return LinesWanted(first, self._asked - first)

    def add(self, first: int, lines: Sequence[bytes]) -> None:
        """Lines arrived. Raises `LocalMisuse` when they are not the next ones."""
        expected = self.next_index + len(self._lines)
        if first != expected:
            raise LocalMisuse(f"line {expected} of the job was expected, not {first}")
        self._lines.extend(lines)
