"""What a line must be so that the firmware reads it as it was meant, and what is withheld from the firmware.

Invariants: pure functions over tables; a line that comes out of here is printable, without line end, and fits into
the firmware's buffer with the longest number it can get.

Sources: Marlin, queue.cpp and parser.cpp (the line buffer is MAX_CMD_SIZE bytes; ``;`` starts a comment, ``\\``
escapes, ``*`` starts the checksum); marlinfw.org/docs/gcode/M117.html and M118.html (free text).
"""

from __future__ import annotations

from collections.abc import Mapping

from mrdraw.firmware.dialect import LineTooLong
from mrdraw.firmware.fitting import fit, shorter
from mrdraw.firmware.numbered import OVERHEAD
from mrdraw.gcode.words import TEXT_COMMANDS, command_of, strip

_ESCAPE, _STAR = ord("\\"), ord("*")
_PRINTABLE = bytes(range(0x20, 0x7F)) + bytes(range(0x80, 0x100))
_MAYBE_REFUSED = {b"M", b"m"}
_BRACKETS = bytes.maketrans(b"()", b"[]")
_HARMLESS = bytes.maketrans(b"*\\", b" /")

WITHHELD_FROM_JOB = {
    "M110": "the lines are numbered by the host, another numbering would break the connection",
    "M28": "it would store the rest of the job on the machine's card instead of running it",
    "M29": "nothing is being stored on the machine's card",
}
"""Commands of a job that are not sent, and why."""

WITHHELD_BY_HAND = {"M110": WITHHELD_FROM_JOB["M110"]}
"""Commands typed by hand that are not sent, and why."""

_BY_SETTINGS = "the settings say that it is not sent (serial.blockedCommands, serial.ignoredCommands)"
_REASONS = dict.fromkeys(("M0", "M1"), "it would stop the firmware until somebody presses its knob")


def reason_withheld(command: str, table: Mapping[str, str], withheld: frozenset[str]) -> str | None:
    """Why a command is not sent, by one of the tables or by the settings; `None` if it is sent."""
    if command in table:
        return table[command]
    return _REASONS.get(command, _BY_SETTINGS) if command in withheld else None


_REFUSED_IN_JOB = {"M112": "M112 in a file would stop the machine in an emergency"}


def room_of(max_line_length: int) -> int:
    """The bytes of a text that fit into a line buffer of so many bytes, behind the longest number it can get."""
    return max_line_length - 1 - OVERHEAD


def check(line: bytes, max_line_length: int) -> str | None:
    """Why the firmware could not take this line of a job, or `None` if it can."""
    room = room_of(max_line_length)
    if len(line) > room and fit(line, room) is None:
        return f"it has {len(line)} bytes, but the firmware's line buffer has room for {room}: {_shown(line)}"
    if odd := line.translate(None, _PRINTABLE):
        return f"it holds the control character 0x{odd[0]:02X}, which the firmware would misread: {_shown(line)}"
    if b";" in line:
        return f"it holds a comment, from which on the firmware would not read it: {_shown(line)}"
    return _check_command(line)


def _check_command(line: bytes) -> str | None:
    plain = line.isascii() and _STAR not in line and _ESCAPE not in line
    if plain and line[:1] not in _MAYBE_REFUSED:
        return None
    command = command_of(line)
    if command in _REFUSED_IN_JOB:
        return _REFUSED_IN_JOB[command]
    if plain or command in TEXT_COMMANDS:
        return None
    if not line.isascii():
        return f"it holds a character that is not ASCII, which the firmware would misread: {_shown(line)}"
    return f"it holds * or \\, with which the firmware cannot check the line: {_shown(line)}"


def _shown(line: bytes) -> str:
    text = line.decode("utf-8", "backslashreplace")
    return text if len(text) <= 60 else f"{text[:60]}…"


def harmless(line: bytes, *, parentheses: bool = False) -> bytes:
    """The line without what would break the firmware's check: ``*`` and ``\\`` in a text are replaced.

    With `parentheses` the firmware takes ``( … )`` for a comment and drops it before it checks the line.
    """
    if parentheses and b"(" in line:
        is_text = command_of(line) in TEXT_COMMANDS
        line = line.translate(_BRACKETS) if is_text else strip(line, parentheses=True)
    return line.translate(_HARMLESS) if b"*" in line or b"\\" in line else line


def by_hand(text: str, max_line_length: int, *, parentheses: bool = False) -> bytes:
    """The bytes of a command typed by hand; empty for a mere comment.

    Raises `LineTooLong`, and `ValueError` for line ends and control characters.
    """
    raw = text.strip().encode()
    if raw.translate(None, _PRINTABLE + b"\t"):
        raise ValueError(f"A command is one line without control characters, not {text!r}.")
    line = harmless(strip(raw), parentheses=parentheses)
    room = room_of(max_line_length)
    if len(line) > room:
        line = shorter(line)
    if len(line) > room:
        raise LineTooLong(f"The command has {len(line)} bytes, but the firmware's line buffer has room for {room}.")
    return line
