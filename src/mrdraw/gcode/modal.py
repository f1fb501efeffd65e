"""What a machine is told, kept up line by line: modes, position, tool, targets, fans, factors, layers.

Invariants: only what lines say is known, no machine is asked; positions are in mm whatever units the lines use; an
axis is *homed* from its G28 until something makes its place in the volume uncertain; a *layer* begins with the first
line that draws (extrudes while X or Y move) at another height; unknown commands change nothing.

Sources: marlinfw.org/docs/gcode (G28, G90 to G92, M82, M83, M104 to M109, M140, M190, M141, M191, M201 to M205, M220,
M221, M900). In Marlin 2 G90 and G91 set the extruder's mode, too (Marlin, gcode.h, ``set_relative_mode``).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from copy import copy

from mrdraw.gcode.words import command_of, letters, parse

MM_PER_INCH = 25.4
AXES = "xyz"
_AXIS_OF = {letter.upper(): letter for letter in "xyze"}

_HEATER_COMMANDS = {
    "M104": "tool", "M109": "tool", "M140": "bed", "M190": "bed", "M141": "chamber", "M191": "chamber",
}  # fmt: skip
_MAYBE_HEATER = ("M1", "m1")

_TUNING_COMMANDS = ("M201", "M203", "M204", "M205", "M900")
"""Accelerations, top speeds, jerk and linear advance: what files set of the firmware's own settings."""
_NUMBER = rb"([-+]?(?:\d+\.?\d*|\.\d+))"
_MOVE = re.compile(rb"G[01](?: X%b)?(?: Y%b)?(?: E%b)?(?: F%b)?" % (_NUMBER, _NUMBER, _NUMBER, _NUMBER))
"""A move at the same height, as slicers write nearly all lines of a job."""

_SAME_LAYER = 0.03
"""mm; heights closer than this belong to one layer."""


class ModalState:
    """The state that lines of G-code lead to."""

    def __init__(self, *, g90_influences_extruder: bool = True) -> None:
        self.absolute = True
        self.absolute_extrusion = True
        self.inches = False
        self.feed_rate: float | None = None
        """mm/min of the last F"""
        self.tool = 0
        self.position: dict[str, float] = {}
        """mm by axis (`x`, `y`, `z`, `e`), where known"""
        self.targets: dict[str, float] = {}
        """°C by heater (`tool0`, `bed`, `chamber`)"""
        self.fans: dict[int, float] = {}
        """0 to 255 by fan"""
        self.speed_factor: float | None = None
        """% of M220"""
        self.flow_factors: dict[int, float] = {}
        """% of M221 by tool"""
        self.layer = 0
        """How many layers have begun"""
        self.layer_height: float | None = None
        """mm at which the last layer began"""
        self.draws = False
        """Whether the last move drew"""
        self._tuning: dict[str, dict[str, float]] = {}
        self._g90_influences_extruder = g90_influences_extruder
        self._units_set = False
        self._homed: set[str] = set()
        self._handlers = self._table()

    @property
    def homed_axes(self) -> str:
        """The homed axes, in order: ``xyz``, ``z``, or nothing."""
        return "".join(axis for axis in AXES if axis in self._homed)

    def copy(self) -> ModalState:
        """A state of its own that says the same."""
        twin = copy(self)
        twin.position, twin.targets, twin.fans = dict(self.position), dict(self.targets), dict(self.fans)
        twin.flow_factors = dict(self.flow_factors)
        twin._tuning = {command: dict(words) for command, words in self._tuning.items()}
        twin._homed = set(self._homed)
        twin._handlers = twin._table()
        return twin

    # --- feeding ----------------------------------------------------------------------------------------------------

    def feed(self, line: str) -> str:
        """Take a line that the firmware took; the command that it was."""
        command = command_of(line)
        handler = self._handlers.get(command)
        if handler is not None:
            handler(line)
        elif command[:1] == "T" and command[1:].isdigit():
            self.tool = int(command[1:])
        return command

    def feed_move(self, line: bytes) -> bool:
        """Take a plain move at the same height exactly as `feed` would, in a quarter of the time; whether it is one."""
        found = _MOVE.fullmatch(line)
        if found is None or self.inches or not self.absolute:
            return False
        x, y, e, f = found.groups()
        position = self.position
        if x is not None:
            position["x"] = float(x)
        if y is not None:
            position["y"] = float(y)
        if f is not None:
            self.feed_rate = float(f)
        self.draws = e is not None and self._push(float(e)) > 0 and not (x is None and y is None)
        if self.draws:
            self._note_layer(position.get("z"))
        return True

    def _push(self, value: float) -> float:
        """The extruder goes to (by) so many mm; mm of filament that this pushes."""
        before = self.position.get("e")
        if self.absolute_extrusion:
            self.position["e"] = value
            return value - (before or 0.0)
        if before is not None:
            self.position["e"] = before + value
        return value

    def _table(self) -> dict[str, Callable[[str], None]]:
        move, lost, released = self._move, self._lose_position, self._release_motors
        table: dict[str, Callable[[str], None]] = dict.fromkeys(("G0", "G1", "G2", "G3", "G5"), move)
        table |= dict.fromkeys(("G27", "G29", "G30", "G33", "G34", "G38.2", "G38.3", "G61", "M125"), lost)
        table |= dict.fromkeys(("M18", "M84"), released)
        table |= dict.fromkeys(_HEATER_COMMANDS, self._heat)
        table |= dict.fromkeys(_TUNING_COMMANDS, self._tune)
        return table | {
            "G20": lambda _: self._set_units(inches=True),
            "G21": lambda _: self._set_units(inches=False),
            "G28": self._home,
            "G90": lambda _: self._set_mode(absolute=True),
            "G91": lambda _: self._set_mode(absolute=False),
            "G92": self._set_position,
            "M82": lambda _: self._set_extrusion(absolute=True),
            "M83": lambda _: self._set_extrusion(absolute=False),
            "M106": self._set_fan,
            "M107": self._stop_fan,
            "M220": self._set_speed_factor,
            "M221": self._set_flow_factor,
        }

    def _set_units(self, *, inches: bool) -> None:
        self.inches, self._units_set = inches, True

    def _set_mode(self, *, absolute: bool) -> None:
        self.absolute = absolute
        if self._g90_influences_extruder:
            self.absolute_extrusion = absolute

    def _set_extrusion(self, *, absolute: bool) -> None:
        self.absolute_extrusion = absolute

    @property
    def _scale(self) -> float:
        return MM_PER_INCH if self.inches else 1.0

    def _move(self, line: str) -> None:
        words = parse(line)
        if "F" in words:
            self.feed_rate = words["F"] * self._scale
        end = self._end_of_move(words)
        self.draws = "E" in words and ("X" in words or "Y" in words) and self._pushed(words) > 0
        self.position.update(end)
        if self.draws:
            self._note_layer(self.position.get("z"))

    def _pushed(self, words: dict[str, float]) -> float:
        """mm of filament that a move with these words pushes."""
        pushed = words.get("E", 0.0) * self._scale
        if self.absolute_extrusion and "E" in words:
            pushed -= self.position.get("e", 0.0)
        return pushed

    def _note_layer(self, height: float | None) -> None:
        before = self.layer_height
        if height is not None and (before is None or abs(height - before) > _SAME_LAYER):
            self.layer, self.layer_height = self.layer + 1, height

    def _end_of_move(self, words: dict[str, float]) -> dict[str, float]:
        """Where a move with these words ends, for the axes where that is known."""
        end, scale, position = {}, self._scale, self.position
        for letter, value in words.items():
            axis = _AXIS_OF.get(letter)
            if axis is None:
                continue
            if self.absolute_extrusion if axis == "e" else self.absolute:
                end[axis] = value * scale
            elif axis in position:
                end[axis] = position[axis] + value * scale
        return end

    def _home(self, line: str) -> None:
        named = {axis for axis in AXES if axis.upper() in letters(line)}
        for axis in named or set(AXES):
            self.position[axis] = 0.0
            self._homed.add(axis)

    def _set_position(self, line: str) -> None:
        words = parse(line)
        for axis in "xyze":
            value = words.get(axis.upper())
            if value is None:
                continue
            value *= self._scale
            if value != self.position.get(axis):
                self._homed.discard(axis)
            self.position[axis] = value

    def _lose_position(self, _: str) -> None:
        for axis in AXES:
            self.position.pop(axis, None)

    def _release_motors(self, line: str) -> None:
        named = letters(line)
        if "S" in named:  # only the idle time
            return
        axes = {axis for axis in AXES if axis.upper() in named}
        if axes or "E" not in named:
            self._homed -= axes or set(AXES)

    def _heat(self, line: str) -> None:
        heated = self.target_of(line)
        if heated is not None:
            self.targets[heated[0]] = heated[1]

    def _set_fan(self, line: str) -> None:
        words = parse(line)
        self.fans[int(words.get("P", 0))] = words.get("S", 255.0)

    def _stop_fan(self, line: str) -> None:
        self.fans[int(parse(line).get("P", 0))] = 0.0

    def _set_speed_factor(self, line: str) -> None:
        factor = parse(line).get("S")
        if factor is not None:
            self.speed_factor = factor

    def _set_flow_factor(self, line: str) -> None:
        words = parse(line)
        if "S" in words:
            self.flow_factors[int(words.get("T", self.tool))] = words["S"]

    def _tune(self, line: str) -> None:
        command = command_of(line)
        words = {letter: value for letter, value in parse(line).items() if letter != "M"}
        known = self._tuning.setdefault(command, {})
        if "S" in words and command == "M204":  # sets printing and travelling
            known.clear()
        known.update(words)

    # --- asking -----------------------------------------------------------------------------------------------------

    def target_of(self, line: str) -> tuple[str, float] | None:
        """The heater (`tool0`, `bed`, `chamber`) that a line sets and its target in °C, or `None`."""
        if line[:2] not in _MAYBE_HEATER and line.lstrip()[:1] not in {"N", "n"}:
            return None
        kind = _HEATER_COMMANDS.get(command_of(line))
        if kind is None:
            return None
        words = parse(line)
        target = words.get("S", words.get("R"))
        if target is None:
            return None
        return (f"tool{int(words.get('T', self.tool))}" if kind == "tool" else kind), target

    def preview(self, line: str) -> tuple[float, dict[str, float]]:
        """What a G0 or G1 would do: filament pushed in mm, and where it ends (axes where that is known)."""
        words = parse(line)
        return self._pushed(words), self._end_of_move(words)

    def tuning_lines(self) -> list[str]:
        """The lines that bring another state back to these factors and settings of the firmware."""
        lines = [
            " ".join([command, *(f"{letter}{_number(value)}" for letter, value in words.items())])
            for command, words in self._tuning.items()
            if words
        ]
        if self.speed_factor is not None:
            lines.append(f"M220 S{_number(self.speed_factor)}")
        several = len(self.flow_factors) > 1 or any(self.flow_factors)
        for tool, factor in self.flow_factors.items():
            lines.append(f"M221{f' T{tool}' if several else ''} S{_number(factor)}")
        return lines

    def restore_lines(self) -> list[str]:
        """The lines that bring another state back to these modes; they neither move nor heat.

        The modes come in the order in which Marlin's G90 does not undo M83.
        """
        lines = ["G20" if self.inches else "G21"] if self._units_set else []
        lines.append("G90" if self.absolute else "G91")
        lines.append("M82" if self.absolute_extrusion else "M83")
        if self.absolute_extrusion and "e" in self.position:
            lines.append(f"G92 E{_number(self.position['e'] / self._scale)}")
        if self.feed_rate is not None:
            lines.append(f"G1 F{_number(self.feed_rate / self._scale)}")
        for fan, speed in self.fans.items():
            which = f" P{fan}" if fan else ""
            lines.append(f"M106{which} S{_number(speed)}" if speed else f"M107{which}")
        return lines


def _number(value: float) -> str:
    """A number as firmware reads it: five digits behind the point, no exponent, no needless zeros."""
    return f"{value:.5f}".rstrip("0").rstrip(".")
