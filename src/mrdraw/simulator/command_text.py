"""One command, taken apart: code and words.

Invariants: letters are upper case as Marlin wants them; a number may have leading zeros (``G01`` is ``G1``); what
cannot be read has the code ``""`` and is an unknown command.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_CODE = re.compile(r"([GMT])\s*(-?\d+)(?:\.\d+)?")
_WORD = re.compile(r"([A-Z])\s*([-+]?(?:\d+\.?\d*|\.\d+))?")


@dataclass(frozen=True, slots=True)
class Command:
    """A command as it is executed."""

    text: str
    """as it came, without number and checksum"""
    code: str
    """``G1``, ``M104``, ``T0``; ``""`` for what is none"""
    arguments: str
    """what follows the code"""

    def words(self) -> dict[str, float | None]:
        """The words by letter; `None` for a letter without a number. The first of equal letters counts."""
        found = _WORD.findall(self.arguments)
        return {letter: float(value) if value else None for letter, value in reversed(found)}

    def number(self, letter: str) -> float | None:
        """The number of one word, `None` when there is none."""
        return self.words().get(letter)


def parse_command(text: str) -> Command:
    """Take a command apart."""
    found = _CODE.match(text)
    if found is None:
        return Command(text, "", text)
    return Command(text, f"{found[1]}{int(found[2])}", text[found.end() :].strip())
