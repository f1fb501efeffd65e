r"""The check of one line: number and checksum.

Invariants: nothing here changes state; the order of the tests is the firmware's (number, then checksum); the
checksum is the XOR of every byte before the last ``*``, in decimal; a line that contains ``M110`` may carry any
number, and its last ``N`` counts.

Sources: MarlinFirmware/Marlin, queue.cpp and language.h; reprap.org/wiki/G-code, "Replies from the RepRap machine".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from functools import reduce
from operator import xor

_INTEGER = re.compile(rb"[ \t]*([-+]?\d+)")
_NUMBERED = re.compile(rb"N[-+\d]\d*[ \t]*")
_CHECKSUM_AT_END = re.compile(rb"\*[ \t]*\d*[ \t]*$")


class LineFault(Enum):
    """Why a line is refused, with the text after ``Error:``; the last line's number follows it."""

    LINE_NUMBER = "Line Number is not Last Line Number+1, Last Line: "
    CHECKSUM = "checksum mismatch, Last Line: "
    NO_CHECKSUM = "No Checksum with line number, Last Line: "
    NO_LINE_NUMBER = "No Line Number with checksum, Last Line: "


@dataclass(frozen=True, slots=True)
class Line:
    """An accepted line: its number, if it has one, and the command without number and checksum."""

    number: int | None
    text: str


def checksum(data: bytes) -> int:
    """The XOR of all bytes, 0 to 255."""
    return reduce(xor, data, 0)


def check_line(line: bytes, last_number: int, *, number_required: bool = False) -> Line | LineFault:
    """Accept or refuse a line that follows line `last_number`."""
    line = line.lstrip(b" ")
    star = line.rfind(b"*")
    if not line.startswith(b"N"):
        if star >= 0 and number_required:
            return LineFault.NO_LINE_NUMBER
        return Line(None, _text(_CHECKSUM_AT_END.sub(b"", line)))
    sets_counter = b"M110" in line
    number = _number(line, star) if sets_counter else _integer(line[1:])
    if number != last_number + 1 and not sets_counter:
        return LineFault.LINE_NUMBER
    if star < 0:
        return LineFault.NO_CHECKSUM
    if _integer(line[star + 1 :]) != checksum(line[:star]):
        return LineFault.CHECKSUM
    return Line(number, _text(_NUMBERED.sub(b"", line[:star], count=1)))


def _number(line: bytes, star: int) -> int:
    end = star if star >= 0 else len(line)
    return _integer(line[line.rfind(b"N", 0, end) + 1 : end])


def _integer(data: bytes) -> int:
    """The integer at the start, 0 where there is none (as C's ``strtol``)."""
    found = _INTEGER.match(data)
    return int(found[1]) if found else 0


def _text(data: bytes) -> str:
    return data.strip(b" \t").decode("utf-8", "surrogateescape")
