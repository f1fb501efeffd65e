"""One line of G-code: what remains of it without comments, which command it is, and its words.

Invariants: pure functions without state; nothing here raises, text that is not G-code gives empty answers; letters
are answered in upper case and numbers without leading zeros (``g01`` is ``G1``).

Sources: reprap.org/wiki/G-code (fields, comments, checksum); Marlin, parser.cpp and queue.cpp (behaviour).
"""

from __future__ import annotations

import re

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_PARENTHESES = re.compile(rb"\([^)]*(?:\)|$)")
_NUMBER_IN_FRONT = re.compile(rb"N\d+[ \t]*", re.IGNORECASE)
_CHECKSUM_AT_END = re.compile(rb"[ \t]*\*[ \t]*\d{1,3}$")

_COMMAND = re.compile(r"\s*(?:N-?\d+\s*)?([GMTD])\s*(?:0+(?=\d))?(\d+(?:\.[1-9]\d*)?|[?xc]?)", re.IGNORECASE)
_WORD = re.compile(r"([A-Z])\s*([-+]?(?:\d+\.?\d*|\.\d+))", re.IGNORECASE)
_PLAIN = re.compile(r"[A-Z]\d+(?: [A-Z][-+]?(?:\d+\.?\d*|\.\d+))*")
"""A line as slicers write it, which needs no closer look."""
_LETTER = re.compile(r"[A-Z]", re.IGNORECASE)
_QUOTED = re.compile(r'"[^"]*"?')

_MOVES = {"G0 ": "G0", "G1 ": "G1"}
"""How nearly all lines of a job begin."""

TEXT_COMMANDS = frozenset({"M16", "M23", "M28", "M30", "M32", "M33", "M0", "M1", "M117", "M118", "M928"})
"""Commands whose argument is text, not words (marlinfw.org/docs/gcode)."""


def strip(line: bytes, *, parentheses: bool = False) -> bytes:
    """The line without comment, line end, blanks around it, line number and checksum; tabs become blanks.

    A comment is what follows ``;``, and with `parentheses` what stands in ``( … )``, too.
    """
    if b";" in line:
        line = line[: line.index(b";")]
    if parentheses and b"(" in line:
        line = _PARENTHESES.sub(b"", line)
    line = line.strip()
    if b"\t" in line:
        line = line.replace(b"\t", b" ")
    if line.startswith(_BYTE_ORDER_MARK):
        line = line[len(_BYTE_ORDER_MARK) :].lstrip()
    if line[:1] in {b"N", b"n"}:
        return _CHECKSUM_AT_END.sub(b"", _NUMBER_IN_FRONT.sub(b"", line, count=1))
    if b"*" in line and command_of(line) not in TEXT_COMMANDS:
        return _CHECKSUM_AT_END.sub(b"", line)
    return line


def command_of(line: bytes | str) -> str:
    """The command of a line (``G1``, ``M104``, ``T0``, ``G38.2``, ``T?``), or ``""`` when there is none."""
    text = line.decode("latin-1") if isinstance(line, bytes) else line
    if (move := _MOVES.get(text[:3])) is not None:
        return move
    found = _COMMAND.match(text)
    if found is None:
        return ""
    letter, number = found[1].upper(), found[2]
    return f"{letter}{number}" if number[:1].isdigit() or letter == "T" else ""


def parse(line: str) -> dict[str, float]:
    """The words of a line that carry a number, the command's own included; of two equal letters the first counts."""
    if _PLAIN.fullmatch(line):
        parts = line.split(" ")
        words = {part[0]: float(part[1:]) for part in parts}
        if len(words) == len(parts):
            return words
    words = {}
    for letter, number in _WORD.findall(_QUOTED.sub("", line)):
        words.setdefault(letter.upper(), float(number))
    return words


def letters(line: str) -> frozenset[str]:
    """The letters of a line's words behind the command, with or without a number (``G28 X Y``)."""
    found = _COMMAND.match(line)
    return frozenset(_LETTER.findall(line[found.end() if found else 0 :].upper()))
