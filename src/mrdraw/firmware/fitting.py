"""Lines that are too long for the firmware's buffer: written shorter, or in two parts, with the same meaning.

Invariants: pure functions; a line that fits is left as it is; every word keeps its letter and its value; a blank
stays between two words, because some firmware reads ``X1E5`` as a number with an exponent; texts are never touched.

Sources: Marlin, parser.cpp (zeros and blanks mean nothing; an F holds for the moves that follow it).
"""

from __future__ import annotations

import re

from mrdraw.gcode.words import TEXT_COMMANDS, command_of

_NUMBER = rb"[-+]?(?:\d++(?:\.\d*+)?|\.\d++)"
_WORDS = re.compile(rb"(?:[A-Za-z](?:\s*+%b)?\s*+)++" % _NUMBER)
"""Nothing in it is tried twice: a line may be as long as its file."""
_PARTS = re.compile(rb"([A-Za-z])\s*([-+]?)(\d*)(\.?\d*)")
_FEED_RATE = re.compile(rb" F[0-9.]+")
_MOVES = frozenset({"G0", "G1", "G2", "G3"})


def fit(line: bytes, room: int) -> tuple[bytes, ...] | None:
    """The line as one or two lines of at most `room` bytes, to be sent in this order; `None` where that cannot be."""
    if len(line) <= room:
        return (line,)
    short = shorter(line)
    if len(short) <= room:
        return (short,)
    parts = _without_feed_rate(short)
    return parts if parts is not None and max(map(len, parts)) <= room else None


def shorter(line: bytes) -> bytes:
    """The line without superfluous blanks, zeros and plus signs."""
    if command_of(line) in TEXT_COMMANDS or not _WORDS.fullmatch(line):
        return line
    command, *words = (_shorter_word(*parts) for parts in _PARTS.findall(line))
    return b" ".join([command, *words])


def _shorter_word(letter: bytes, sign: bytes, whole: bytes, fraction: bytes) -> bytes:
    if not whole and not fraction:
        return letter
    minus = sign if sign == b"-" else b""
    return letter + minus + (whole.lstrip(b"0") or b"0") + fraction.rstrip(b"0").rstrip(b".")


def _without_feed_rate(line: bytes) -> tuple[bytes, bytes] | None:
    """A move as its feed rate alone, which the firmware keeps, and the rest."""
    command = command_of(line)
    found = _FEED_RATE.search(line)
    if command not in _MOVES or found is None:
        return None
    return command.encode() + found[0], line[: found.start()] + line[found.end() :]
