"""What a firmware says of itself: the answer to M115, capabilities, and the lines of a start.

Invariants: pure functions; values keep their blanks and colons, because lines are split at keys.

Sources: marlinfw.org/docs/gcode/M115.html (keys, ``Cap:`` and ``area:`` lines); the form without FIRMWARE_NAME is that
of Malyan boards, as listed in docs/protocol/marlin.md.
"""

from __future__ import annotations

import re

_KEY = re.compile(r"(?:^|\s|(?=FIRMWARE_NAME:))([A-Z][A-Z0-9_]*):")
"""The name is found behind the rest of another line, too, whose end was lost."""
_CAPABILITY = re.compile(r"^(?:echo:)?\s*Cap:\s*([A-Z0-9_]+)\s*:\s*([01])", re.IGNORECASE)
_BANNER = re.compile(
    r"^(?:echo:\s?)?Marlin [\w.\-]+\s*$|^echo: ?Last Updated: |^(?:echo:)?\s*(?:PowerUp|Brown out Reset)$"
)
_AREA = re.compile(r"^(?:echo:)?\s*area:\{full:\{min:\{([^{}]{1,100})\},max:\{([^{}]{1,100})\}\}")
_PLACE = re.compile(r"([xyz]):\s*(-?\d{1,7}(?:\.\d{1,6})?)(?![\d.])", re.ASCII)
_MALYAN = re.compile(r"^NAME[:.]\s*Malyan\b")


def parse_firmware(text: str) -> tuple[str, dict[str, str]] | None:
    """The firmware's name and all keys of the answer to M115 (without its ``ok``), or `None` if it is not one."""
    if "FIRMWARE_NAME:" not in text:
        if _MALYAN.match(text) is None:
            return None
        text = text.replace("NAME.", "NAME:", 1)
    data: dict[str, str] = {}
    keys = list(_KEY.finditer(text))
    ends = [key.start() for key in keys[1:]] + [len(text)]
    for key, end in zip(keys, ends, strict=False):
        data[key[1]] = text[key.end() : end].strip()
    return data.get("FIRMWARE_NAME") or data.get("NAME", ""), data


def parse_capability(text: str) -> tuple[str, bool] | None:
    """Name and state of a ``Cap:`` line, or `None`."""
    found = _CAPABILITY.match(text)
    return (found[1].upper(), found[2] == "1") if found else None


def parse_area(text: str) -> dict[str, tuple[float, float]] | None:
    """The full travel of each axis in mm, as M115 reports it (Marlin, M115_GEOMETRY_REPORT), or `None`."""
    found = _AREA.match(text)
    if found is None:
        return None
    least, most = (dict(_PLACE.findall(side)) for side in found.groups())
    area = {axis: (float(least[axis]), float(most[axis])) for axis in "xyz" if axis in least and axis in most}
    return area if area and all(low < high for low, high in area.values()) else None


def is_start(text: str) -> bool:
    """Whether a line is the one that a firmware sends when it starts."""
    return text == "start"


def is_banner(text: str) -> bool:
    """Whether a line belongs to those that Marlin sends behind ``start``, and never else."""
    return _BANNER.match(text) is not None
