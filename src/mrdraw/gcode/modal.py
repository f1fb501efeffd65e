"""The modal state that a program leaves a machine in: modes, place, tool, targets.

Invariants: fed with the lines that the firmware took, in their order; what was never said is not guessed (an axis that
was not homed has a place only relative to itself); one pass, no look-ahead. Meanings are Marlin's.
"""

from __future__ import annotations

from collections.abc import Callable

from mrdraw.gcode.words import command_of, parse

_AXES = ("X", "Y", "Z")
_MOVES = frozenset({"G0", "G1", "G2", "G3"})
_INCH = 25.4
_HEATERS = {"M104": "tool", "M109": "tool", "M140": "bed", "M190": "bed", "M141": "chamber", "M191": "chamber"}


class ModalState:
    """What is known of a machine after the lines it took; mm, mm/min, °C."""

    def __init__(self) -> None:
        self.absolute = True
        self.absolute_extrusion = True
        self.inches = False
        self.feedrate: float | None = None
        self.tool = 0
        self.position: dict[str, float] = {}
        self.homed_axes = ""
        self.targets: dict[str, float] = {}
        self.fan: float | None = None
        self._table: dict[str, Callable[[str], None]] = {
            "G20": lambda _: setattr(self, "inches", True),
            "G21": lambda _: setattr(self, "inches", False),
            "G28": self._home,
            "G90": lambda _: self._set_modes(absolute=True),
            "G91": lambda _: self._set_modes(absolute=False),
            "G92": self._set_position,
            "M82": lambda _: setattr(self, "absolute_extrusion", True),
            "M83": lambda _: setattr(self, "absolute_extrusion", False),
            "M18": self._release,
            "M84": self._release,
            "M106": lambda line: setattr(self, "fan", parse(line).get("S", 255.0)),
            "M107": lambda _: setattr(self, "fan", 0.0),
            **dict.fromkeys(_MOVES, self._move),
            **dict.fromkeys(_HEATERS, self._heat),
        }

    def feed(self, line: str) -> None:
        """The firmware took this line."""
        command = command_of(line)
        handler = self._table.get(command)
        if handler is not None:
            handler(line)
        elif command.startswith("T"):
            self.tool = int(float(command[1:]))

    def preview(self, line: str) -> tuple[float, dict[str, float]]:
        """What a move would do: how far it extrudes, and where homed axes would go; mm."""
        words = parse(line)
        place, extruded = {}, 0.0
        for axis in _AXES:
            if axis in words:
                name, value = axis.lower(), words[axis] * self._unit
                known = self.position.get(name, 0.0)
                if self.absolute or name in self.homed_axes:
                    place[name] = value if self.absolute else known + value
        if "E" in words:
            value = words["E"] * self._unit
            extruded = value - self.position.get("e", 0.0) if self._extrudes_absolutely else value
        return extruded, place

    def target_of(self, line: str) -> tuple[str, float] | None:
        """The heater that a line sets, and its target; `None` when it sets none."""
        kind = _HEATERS.get(command_of(line)) if line[:1] in {"M", "m"} else None
        if kind is None:
            return None
        words = parse(line)
        target = words.get("S", words.get("R"))
        if target is None:
            return None
        return (f"tool{int(words.get('T', self.tool))}" if kind == "tool" else kind), target

    def restore_lines(self) -> list[str]:
        """The lines that restore modes, extruder place and feed rate."""
        lines = ["G90" if self.absolute else "G91", "M82" if self.absolute_extrusion else "M83"]
        if "e" in self.position and self._extrudes_absolutely:
            lines.append(f"G92 E{self.position['e']:.5f}".rstrip("0").rstrip("."))
        if self.feedrate is not None:
            lines.append(f"G1 F{self.feedrate:g}")
        return lines

    @property
    def _unit(self) -> float:
        return _INCH if self.inches else 1.0

    @property
    def _extrudes_absolutely(self) -> bool:
        return self.absolute_extrusion

    def _set_modes(self, *, absolute: bool) -> None:
        """G90 and G91 set the extruder's mode as well (Marlin)."""
        self.absolute = self.absolute_extrusion = absolute

    def _move(self, line: str) -> None:
        words = parse(line)
        unit, position = self._unit, self.position
        for axis in _AXES:
            if axis in words:
                name = axis.lower()
                known = 0.0 if self.absolute else position.get(name, 0.0)
                position[name] = known + words[axis] * unit
        if "E" in words:
            known = 0.0 if self.absolute_extrusion else position.get("e", 0.0)
            position["e"] = known + words["E"] * unit
        if "F" in words:
            self.feedrate = words["F"] * unit

    def _set_position(self, line: str) -> None:
        words = parse(line)
        for letter in (*_AXES, "E"):
            if letter in words:
                self.position[letter.lower()] = words[letter] * self._unit

    def _home(self, line: str) -> None:
        named = [axis.lower() for axis in _AXES if axis in line.upper()] or ["x", "y", "z"]
        self.homed_axes = "".join(axis for axis in "xyz" if axis in named or axis in self.homed_axes)
        for axis in named:
            self.position[axis] = 0.0

    def _release(self, line: str) -> None:
        if not parse(line).get("S"):
            self.homed_axes = ""

    def _heat(self, line: str) -> None:
        heated = self.target_of(line)
        if heated is not None:
            self.targets[heated[0]] = heated[1]
