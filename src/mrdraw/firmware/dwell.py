"""The wait for a G4 that the firmware acknowledged before it was over.

Invariants: only lines are looked at, the time comes from outside; an emergency is not held up by this.

Sources: OctoPrint #1506, #1941: Repetier and Malyan firmware say ``ok`` to G4 at once and read nothing until it is
over; marlinfw.org/docs/gcode/G004.html: P is in ms, S in s and counts where both are given.
"""

from __future__ import annotations

from mrdraw.gcode.words import command_of, parse

_DWELL = "G4"


class Dwell:
    """When the machine reads on."""

    def __init__(self) -> None:
        self.until = 0.0
        """monotonic s; in the past while nothing is waited for"""

    def forget(self) -> None:
        """The firmware starts anew."""
        self.until = 0.0

    def note(self, line: bytes, now: float) -> None:
        """A line goes over the wire."""
        if command_of(line) == _DWELL:
            self.until = now + seconds(line.decode("latin-1"))


def seconds(line: str) -> float:
    """How long a G4 takes, s."""
    words = parse(line)
    return max(0.0, words["S"] if "S" in words else words.get("P", 0.0) / 1000)
