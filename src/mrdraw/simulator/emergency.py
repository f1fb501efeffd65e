"""The emergency parser: commands that are seen as their bytes arrive, whatever waits in front of them.

Invariants: a command counts when its line ends, and only if it stands at the start of the line, alone or after a line
number; nothing is taken from the stream, so the command comes to its turn in the queue once more.
Source: marlinfw.org/docs/configuration, EMERGENCY_PARSER.
"""

from __future__ import annotations

import re

CODES = frozenset({"M108", "M112", "M410"})

_LINE = re.compile(rb"[ ]*(?:N[-+]?\d+[ ]*)?(M108|M112|M410)(?!\d)")
_LONGEST_START = 64
"""bytes of an unfinished line that are kept"""


class EmergencyParser:
    """Looks for emergency commands in a stream."""

    def __init__(self) -> None:
        self._start = b""

    def scan(self, data: bytes) -> list[str]:
        """Take bytes as they arrive and return the commands that they complete."""
        *lines, last = (self._start + data).replace(b"\r", b"\n").split(b"\n")
        self._start = last[:_LONGEST_START]
        return [found[1].decode() for line in lines if b"M" in line and (found := _LINE.match(line))]

    def reset(self) -> None:
        """Forget the unfinished line."""
        self._start = b""
