"""How long a G4 takes, for firmware that acknowledges it before it is over.

Invariants: a pure function of the line.

Sources: OctoPrint #1506, #1941: Repetier and Malyan firmware say ``ok`` to G4 at once and read nothing until it is
over; marlinfw.org/docs/gcode/G004.html: P is in ms, S in s and counts where both are given.
"""

from __future__ import annotations

from mrdraw.gcode.words import parse

DWELL = "G4"


def seconds(line: str) -> float:
    """How long a G4 takes, s."""
    words = parse(line)
    return max(0.0, words["S"] if "S" in words else words.get("P", 0.0) / 1000)
