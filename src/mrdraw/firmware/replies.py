"""What the firmware says, as tables: which kind of line it is and what it carries.

Invariants: pure functions on one line of text; nothing is known here of what was sent. Spellings are those of Marlin,
Repetier, Sprinter and their relatives (docs/protocol/marlin.md names the sources).
"""

from __future__ import annotations

import re

from mrdraw.firmware.dialect import ActionCommand, Busy, Capability, Event, FirmwareInfo, Position, Temperatures

_RESEND = re.compile(r"(?:resend|rs)\s*:?\s*(?:n\s*:?\s*)?(\d+)", re.IGNORECASE)
_LAST_LINE = re.compile(r"last line:\s*(\d+)", re.IGNORECASE)
_EXPECTED_LINE = re.compile(r"expected line (\d+)", re.IGNORECASE)
_SENSOR = re.compile(r"\b([A-Za-z]\w*):\s*([+-]?\d+(?:\.\d+)?)(?:\s*/\s*([+-]?\d+(?:\.\d+)?))?")
_AXIS = re.compile(r"\b([XYZE]):\s*([+-]?\d+(?:\.\d+)?)")
_ACTION = re.compile(r"//\s*action:\s*(\S+)\s*(.*)", re.IGNORECASE)
_BUSY = re.compile(r"(?:echo:)?\s*busy:\s*(.+)", re.IGNORECASE)
_CAPABILITY = re.compile(r"Cap:\s*([A-Z0-9_]+)\s*:\s*([01])", re.IGNORECASE)
_KEY = re.compile(r"([A-Z][A-Z0-9_]*):")
_TOOL = re.compile(r"T(\d+)$")

DAMAGED = ("line number is not last line number", "checksum mismatch", "no checksum with line number", "wrong checksum",
           "expected line", "format error")  # fmt: skip
"""Errors that the firmware follows with a request for a line."""

NOT_NUMBERED = "no line number with checksum"
"""The error that old firmware does not follow with a request: as good as an acknowledge."""

KILLED = re.compile(
    r"printer halted|kill\(\) called|heating failed|thermal runaway|thermal malfunction|maxtemp triggered|"
    r"mintemp triggered|watchdog barked|kill caused|stopped due to errors",
    re.IGNORECASE,
)
"""The words of a firmware that is dead until it is reset."""

FATAL_PREFIXES = ("!!", "fatal:")
"""Klipper, RepRapFirmware; Repetier."""

BOOT = "start"

_BANNER = re.compile(r"(?:echo:)?\s*(?:Marlin|Repetier|Sprinter|Prusa-Firmware|Smoothie)[ _]?v?\d", re.IGNORECASE)


def is_banner(line: str) -> bool:
    """Whether the line is one that firmware says only when it starts."""
    return _BANNER.match(line) is not None


def is_acknowledge(line: str) -> bool:
    """Whether the line begins with `ok`."""
    return line[:2] in {"ok", "OK", "Ok"} and (len(line) == 2 or not line[2].isalpha() or line[2] in "TXBNPC")


def resend_of(line: str) -> int | None:
    """The number that a line asks for, or `None`."""
    match = _RESEND.match(line)
    return int(match[1]) if match else None


def last_line_of(line: str) -> int | None:
    """The number of the last line that the firmware took, as an error says it, or `None`."""
    match = _LAST_LINE.search(line)
    if match:
        return int(match[1])
    match = _EXPECTED_LINE.search(line)
    return int(match[1]) - 1 if match else None


def error_of(line: str) -> str | None:
    """The text of an error line, or `None`."""
    if line[:6].lower() == "error:":
        return line[6:].strip()
    for prefix in FATAL_PREFIXES:
        if line.lower().startswith(prefix):
            return line[len(prefix) :].strip()
    return None


def temperatures_of(line: str) -> Temperatures | None:
    """A temperature report, with or without `ok` before it.

    `T` is the active tool; where `T0` stands as well it says the same again. Smoothie names the first tool `T` beside
    `T1`. A line with `A:` and `B:` but no `T:` is something else.
    """
    readings: dict[str, tuple[float | None, float | None]] = {}
    for match in _SENSOR.finditer(line):
        name = match[1].upper()
        if name not in readings and name not in {"X", "Y", "Z", "E", "COUNT"}:
            readings[name] = (float(match[2]), float(match[3]) if match[3] else None)
    if not any(name == "T" or _TOOL.match(name) for name in readings) and ("B" not in readings or "A" in readings):
        return None
    heaters: dict[str, tuple[float | None, float | None]] = {}
    for name, reading in readings.items():
        shown = _heater(name, several="T0" in readings)
        if shown is not None:
            heaters.setdefault(shown, reading)
    return Temperatures(heaters)


def _heater(name: str, *, several: bool) -> str | None:
    if name == "T":
        return None if several else "tool0"
    if match := _TOOL.match(name):
        return f"tool{match[1]}"
    return {"B": "bed", "C": "chamber"}.get(name)


def position_of(line: str) -> Position | None:
    """A position report (`X:… Y:… Z:… E:… Count …`), or `None`."""
    axes = {match[1].lower(): float(match[2]) for match in _AXIS.finditer(line.split("Count", 1)[0])}
    return Position(axes) if {"x", "y", "z"} <= axes.keys() else None


def firmware_of(line: str) -> FirmwareInfo | None:
    """The first line of an answer to M115, or `None`; keys are split at the next key, values may hold anything."""
    start = line.find("FIRMWARE_NAME:")
    if start < 0:
        return None
    keys = list(_KEY.finditer(line, start))
    ends = [key.start() for key in keys[1:]] + [len(line)]
    data = {key[1]: line[key.end() : end].strip() for key, end in zip(keys, ends, strict=True)}
    return FirmwareInfo(data["FIRMWARE_NAME"], data)


def message_of(line: str) -> Event | None:
    """Busy lines, capabilities, action commands and reports; `None` for a line that is only shown."""
    if match := _BUSY.match(line):
        return Busy(match[1].strip())
    if match := _CAPABILITY.match(line):
        return Capability(match[1].upper(), match[2] == "1")
    if match := _ACTION.match(line):
        return ActionCommand(match[1], match[2].strip())
    if line.startswith("echo:"):
        return None
    return firmware_of(line) or position_of(line) or temperatures_of(line)
