"""The words of a line of G-code: what is left without comments, which command it is, which numbers it carries.

Invariants: pure functions on text, no state; what cannot be read as a number is no number; case does not matter.
"""

from __future__ import annotations

import re

_COMMAND = re.compile(r"\s*([GMTgmt])\s*(\d+(?:\.\d+)?)")
_WORD = re.compile(r"([A-Za-z])\s*([+-]?(?:\d+\.?\d*|\.\d+))")
_TEXT_COMMANDS = frozenset({"M117", "M118", "M28", "M23", "M30", "M32", "M33", "M928"})
"""Commands whose argument is text and no words (MarlinDocumentation)."""


def strip(line: bytes) -> bytes:
    """The line without comment, line end and surrounding blanks; a comment begins with `;`."""
    return line.split(b";", 1)[0].strip()


def command_of(line: str | bytes) -> str:
    """The command, as in "G1", "M104" or "T0"; an empty string when the line holds none."""
    text = line if isinstance(line, str) else line.decode("latin-1")
    match = _COMMAND.match(text)
    if match is None:
        return ""
    number = match[2].lstrip("0") or "0"
    return f"{match[1].upper()}{'0' + number if number.startswith('.') else number}"


def parse(line: str | bytes) -> dict[str, float]:
    """The words behind the command, by upper-case letter; text arguments are no words."""
    text = line if isinstance(line, str) else line.decode("latin-1")
    match = _COMMAND.match(text)
    if match is not None and command_of(text) in _TEXT_COMMANDS:
        return {}
    return {word[1].upper(): float(word[2]) for word in _WORD.finditer(text, match.end() if match else 0)}
