r"""From bytes to reply lines, and what kind of reply a line is.

Invariants: a line ends at CR or LF; NUL, XON and XOFF bytes vanish; bytes that are not UTF-8 are read as latin-1;
nothing here has state but the line that is not complete yet. One flipped bit in ``ok`` still makes an acknowledge:
no firmware says a word of two letters that is one bit away, and the line number protects if it were not one.

Sources: reprap.org/wiki/G-code ("Replies from the RepRap machine"); MarlinFirmware/Marlin queue.cpp and language.h;
repetier/Repetier-Firmware Commands.cpp (behaviour and texts).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

LONGEST_LINE = 4096
"""bytes; what is longer without a line end is noise (a wrong baud rate) and is cut here"""

_DROPPED = b"\x00\x11\x13"


def _one_bit_away(word: bytes) -> set[bytes]:
    return {
        word[:place] + bytes([word[place] ^ (1 << bit)]) + word[place + 1 :]
        for place in range(len(word))
        for bit in range(8)
    }


_DAMAGED_OKS = frozenset(
    damaged.decode("latin-1") for damaged in _one_bit_away(b"ok") | _one_bit_away(b"OK") | {b"o", b"k"}
)
_DAMAGED_NEWLINES = frozenset(b"\n"[0] ^ (1 << bit) for bit in range(8))
_REPORT_GLUED_TO_OK = r"[TBCXN]\d*\s*:|N\d"
_REPLY_GLUED_TO_OK = r"ok|Resend|Error:|echo:|//|start$"
_OK = re.compile(rf"[oO][kK](?=$|[^a-zA-Z]|{_REPORT_GLUED_TO_OK}|{_REPLY_GLUED_TO_OK})")
_LOST_NEWLINE = re.compile(rf"[oO][kK](?={_REPLY_GLUED_TO_OK})")
_OK_BEHIND_REPORT = re.compile(r"^([TBC]\d*\s*:.*\S)\s+ok$")
_GLUED_OK = re.compile(r"^(?:File deleted|Deletion failed|Done saving file)\b.*ok$", re.IGNORECASE)
_ADVANCED = re.compile(r"(?:N(\d{1,9}) )?P(\d{1,4}) B(\d{1,4})(?!\S)", re.ASCII)
_ADVANCED_LINE = re.compile(rb"ok N(\d{1,9}) P(\d{1,4}) B(\d{1,4})")
_RESEND = re.compile(r"(?:^|\W)(?:resend|rs)\b\s*:?\s*N?\s*:?\s*(\d+)", re.IGNORECASE)
_RESEND_GLUED = re.compile(r"Resend:\s*(\d+)")
_LAST_LINE = re.compile(r"last line\s*:\s*(\d+)", re.IGNORECASE)
_EXPECTED_LINE = re.compile(r"expected line (\d+) got", re.IGNORECASE)
_BUSY = re.compile(r"^(?:echo:)?\s*busy:\s*(.+)$", re.IGNORECASE)
_ACTION = re.compile(r"^//\s*action:\s*(\S+)\s*(.*)$", re.IGNORECASE)
_ERROR = re.compile(r"^(?:error:|!!|fatal:)\s*(.*)$", re.IGNORECASE)
_UNKNOWN_COMMAND = re.compile(r'unknown command:\s*"?([A-Z]\d+)', re.IGNORECASE)
_QUOTED_UNKNOWN = re.compile(r'unknown command:\s*"\s*(?:(?-i:N)\d+\s*)?([^\s*"]*).*"(?:\(\d\))?$', re.IGNORECASE)
_INVALID_TOOL = re.compile(r"^(?:echo:\s*|error:\s*)?(?:T(\d+)\s+Invalid\b|Invalid extruder\s*$)", re.IGNORECASE)
_FATAL = re.compile(
    r"printer halted|kill\(\) called|heating failed|thermal runaway|thermal malfunction|m(?:ax|in)temp triggered"
    r"|extruder switched off|invalid extruder number|watchdog barked|kill caused",
    re.IGNORECASE,
)
_FINAL = re.compile(r"printer halted|kill\(\) called|^!!|^fatal:", re.IGNORECASE)
_REFUSALS = (
    ("no line number with checksum", "no_number"),
    ("no checksum with line number", "no_checksum"),
    ("checksum", "checksum"),
    ("line number", "number"),
    ("expected line", "number"),
    ("format error", "checksum"),
)


class LineSplitter:
    """Cuts what comes from the wire into lines."""

    __slots__ = ("partial", "since")

    def __init__(self) -> None:
        self.partial = b""
        """what came behind the last line end"""
        self.since = 0.0
        """when the last of it came"""

    def feed(self, data: bytes, now: float) -> list[bytes]:
        """Take bytes; the lines that are complete now."""
        data = self.partial + data if self.partial else data
        if b"\r" in data:
            data = data.replace(b"\r", b"\n")
        *lines, partial = data.split(b"\n")
        if len(partial) > LONGEST_LINE or (len(partial) == 3 and is_ok_without_end(partial)):
            lines.append(partial)
            partial = b""
        self.partial, self.since = partial, now
        return lines

    def flush(self) -> bytes:
        """Take what is there as a line: its end was lost."""
        partial, self.partial = self.partial, b""
        return partial


def is_ok_without_end(partial: bytes) -> bool:
    """Whether bytes are an acknowledge whose line end is missing or damaged by one bit."""
    return partial == b"ok" or (len(partial) == 3 and partial[:2] == b"ok" and partial[2] in _DAMAGED_NEWLINES)


def decode(line: bytes) -> str:
    """A line as text, without noise and blanks around it."""
    line = line.translate(None, _DROPPED)
    try:
        return line.decode().strip()
    except UnicodeDecodeError:
        return line.decode("latin-1").strip()


def without_noise(text: str) -> str:
    """The text behind bytes that are no printable ASCII (a board that starts sends such noise)."""
    place = 0
    while place < len(text) and not " " <= text[place] <= "~":
        place += 1
    return text[place:].lstrip()


def is_noisy(line: bytes) -> bool:
    """Whether a line has bytes in it, or in front of it, that no firmware writes."""
    text = decode(line)
    return b"\0" in line or without_noise(text) != text


# --- acknowledges ---------------------------------------------------------------------------------------------------


def acknowledge(text: str) -> str | None:
    """What follows the ``ok`` of an acknowledge (often nothing), or `None` if the line is not one."""
    if _OK.match(text):
        return text[2:].strip() if len(text) > 2 else ""
    if text[:2] in _DAMAGED_OKS and (len(text) <= 2 or text[2] == " "):
        return text[2:].strip()
    if _GLUED_OK.match(text):
        return ""
    if text[-3:] == " ok" and (report := _OK_BEHIND_REPORT.match(text)) is not None:
        return report[1]
    return None


def behind_lost_newline(text: str) -> str | None:
    """The next reply on the line of an ``ok`` whose newline was lost or damaged into another byte, or `None`."""
    if len(text) > 3 and text[:2] == "ok" and ord(text[2]) in _DAMAGED_NEWLINES:
        return text[3:]
    return text[2:] if _LOST_NEWLINE.match(text) else None


def echoed_number(payload: str) -> int | None:
    """The line number in ``ok N10 P15 B3`` (ADVANCED_OK) or ``ok 884`` (Repetier), or `None`."""
    first = payload.split(None, 1)[0] if payload else ""
    digits = first[1:] if first[:1] == "N" else first if first == payload else ""
    return int(digits) if digits.isdecimal() and digits.isascii() else None


def advanced_line(line: bytes) -> tuple[int, int, int] | None:
    """The line's number, the free blocks and the free places, if ``ok N10 P15 B3`` is all that stands there."""
    found = _ADVANCED_LINE.fullmatch(line)
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def advanced(payload: str) -> tuple[int | None, int, int] | None:
    """What ``ok N10 P15 B3`` (ADVANCED_OK) says, or `None`.

    The line's number (lines without one have none), the free blocks of the planner, the free places of the queue.
    """
    found = _ADVANCED.match(payload)
    if found is None:
        return None
    number, planner, queue = found.groups()
    return (None if number is None else int(number)), int(planner), int(queue)


# --- refusals -------------------------------------------------------------------------------------------------------


class RefusalKind(Enum):
    """Why a firmware refused a line."""

    NUMBER = "number"
    """not the number that it waited for"""
    CHECKSUM = "checksum"
    """the checksum was wrong; the number was the right one"""
    NO_CHECKSUM = "no_checksum"
    """the checksum was missing; the number was the right one"""
    NO_NUMBER = "no_number"
    """a checksum without a number; old Marlin and Sprinter ask for nothing again after that"""


RIGHT_NUMBER = frozenset({RefusalKind.CHECKSUM, RefusalKind.NO_CHECKSUM})
"""Firmware checks the number first: these are said of the line that it waited for."""


@dataclass(frozen=True, slots=True)
class RefusalText:
    """An error line that belongs to a resend: the kind, and the last number that the firmware took if it is legible."""

    kind: RefusalKind
    last: int | None


def refusal(text: str) -> RefusalText | None:
    """What an error line says about a refused line, or `None` if it is about something else."""
    lower = text.lower()
    if "line" not in lower and "checksum" not in lower and "format error" not in lower:
        return None
    last = _LAST_LINE.search(text)
    if last is None and not lower.startswith(("error", "echo:error")):
        return None
    for words, kind in _REFUSALS:
        if words in lower:
            return RefusalText(RefusalKind(kind), _last_number(text))
    return RefusalText(RefusalKind.NUMBER, int(last[1])) if last else None


def _last_number(text: str) -> int | None:
    if (last := _LAST_LINE.search(text)) is not None:
        return int(last[1])
    expected = _EXPECTED_LINE.search(text)
    return int(expected[1]) - 1 if expected else None


def resend_request(text: str, *, anywhere: bool = False) -> int | None:
    """The number that the firmware asks for again, or `None`. Usually the request stands at the start of a line."""
    found = (_RESEND.search(text) if anywhere else _RESEND.match(text)) or _RESEND_GLUED.search(text)
    return int(found[1]) if found else None


# --- everything else ------------------------------------------------------------------------------------------------


def busy(text: str) -> str | None:
    """Why the firmware is busy, or `None`."""
    found = _BUSY.match(text)
    return found[1].strip().lower() if found else None


def action(text: str) -> tuple[str, str] | None:
    """Name and parameters of an action command, or `None`."""
    found = _ACTION.match(text)
    return (found[1].lower(), found[2].strip()) if found else None


def error(text: str) -> str | None:
    """The text of an error line, or `None`."""
    found = _ERROR.match(text)
    return found[1].strip() or text if found else None


def is_fatal(text: str) -> bool:
    """Whether an error line means that the firmware is dead until it is reset."""
    return _FATAL.search(text) is not None or _FINAL.search(text) is not None


def is_final(text: str) -> bool:
    """Whether a fatal error needs no second line to be understood."""
    return _FINAL.search(text) is not None


def invalid_tool(text: str, selected: int) -> int | None:
    """The tool that the firmware says it does not have (`selected`, where it names none), or `None`."""
    found = _INVALID_TOOL.match(text)
    if found is None:
        return None
    return int(found[1]) if found[1] else selected


def is_overrun(text: str) -> bool:
    """Whether a line says that the receive buffer was overrun (RX_BUFFER_MONITOR)."""
    return "RX BUF overflow" in text


def unknown_command(text: str) -> str | None:
    """The command that the firmware does not know, or `None`."""
    found = _UNKNOWN_COMMAND.search(text)
    return found[1].upper() if found else None


def unknown_word(text: str) -> str | None:
    """The first word of what the firmware does not know, where it quotes that, or `None`.

    Old Marlin quotes the whole line, newer ones what follows the number. What stands behind a small ``n`` was no
    number to the firmware: all lines begin with a capital.
    """
    found = _QUOTED_UNKNOWN.search(text)
    return found[1] if found else None
