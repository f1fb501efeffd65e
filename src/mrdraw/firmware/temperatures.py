"""Temperatures and positions in the forms in which firmware reports them.

Invariants: pure functions; a sensor seen earlier in a line is not overwritten; what is no number is left out.

Sources: marlinfw.org/docs/gcode/M105.html and M114.html; reprap.org/wiki/G-code (M105 replies); Smoothieware and
Prusa forms as listed in docs/protocol/marlin.md.
"""

from __future__ import annotations

import re

_TOKEN = re.compile(r"(?<![A-Za-z0-9_@])([A-Za-z][A-Za-z0-9_]*)\s*:\s*(-?\d+(?:\.\d*)?)(?:\s*/\s*(-?\d+(?:\.\d*)?))?")
_HEATER_TOKEN = re.compile(r"(?:^|\s)(?:T\d*|B)\s*:\s*-?\d")
_AXIS = re.compile(r"([A-Z]\d?)\s*:\s*(-?\d+(?:\.\d*)?)")
_POSITION = re.compile(r"(?:C:\s*)?X\s*:")
_TARGET = re.compile(r"Target(?:Extr(\d+)|Bed)\s*:\s*(-?\d+(?:\.\d*)?)")
_NOT_SENSORS = frozenset({"W", "E", "X", "Y", "Z"})
"""The countdown of a wait, the extruder that M109 waits for, and axes."""

_NAMES = {"B": "bed", "C": "chamber"}
_ACTIVE_TOOL = "T"

Heaters = dict[str, tuple[float | None, float | None]]


def has_temperatures(text: str) -> bool:
    """Whether a line (without its ``ok``) reports temperatures."""
    return _HEATER_TOKEN.search(text) is not None and _POSITION.match(text) is None


def parse_temperatures(text: str, active_tool: int = 0) -> tuple[Heaters, int | None] | None:
    """Heaters by name with actual and target in °C, and the tool of a plain ``T``; `None` if it is no report.

    `active_tool` is the tool that a ``T`` without number means where no ``T0`` … says otherwise.
    """
    if not has_temperatures(text):
        return None
    raw: dict[str, tuple[float, float | None]] = {}
    for name, actual, target in _TOKEN.findall(text):
        key = name.upper() if len(name) <= 3 else name
        if key not in _NOT_SENSORS and key not in raw:
            raw[key] = (float(actual), float(target) if target else None)
    if _ACTIVE_TOOL not in raw and "A" in raw and not any(_is_tool(name) for name in raw):
        return None  # axes A and B of a machine, not a bed
    return _named(raw, active_tool)


def _is_tool(name: str) -> bool:
    return name[:1] == "T" and name[1:].isdigit()


def _named(raw: dict[str, tuple[float, float | None]], active_tool: int) -> tuple[Heaters, int | None]:
    heaters: Heaters = {}
    tool: int | None = None
    plain = raw.pop(_ACTIVE_TOOL, None)
    numbers = [int(name[1:]) for name in raw if _is_tool(name)]
    if plain is not None and 0 not in numbers:
        # Smoothieware names its tools T and T1; elsewhere a lonely T is the active tool.
        tool = 0 if numbers else active_tool
        heaters[f"tool{tool}"] = plain
    for name, reading in raw.items():
        heaters.setdefault(f"tool{int(name[1:])}" if _is_tool(name) else _NAMES.get(name, name), reading)
    return heaters, tool


def parse_target(text: str) -> Heaters | None:
    """The target that Repetier firmware reports by itself (``TargetExtr0:210``, ``TargetBed:60``), or `None`."""
    found = _TARGET.match(text)
    return {f"tool{found[1]}" if found[1] else "bed": (None, float(found[2]))} if found else None


def parse_position(text: str) -> dict[str, float] | None:
    """The answer to M114 (without its ``ok``) as mm by axis, or `None` if it is not one."""
    if _POSITION.match(text) is None:
        return None
    axes: dict[str, float] = {}
    for axis, value in _AXIS.findall(text.split("Count", 1)[0]):
        axes.setdefault(axis.lower(), float(value))
    return axes if "y" in axes else None
