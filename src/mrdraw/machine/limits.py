"""What the machine's profile allows: heater ceilings, the volume, the length of an extrusion by hand.

Invariants: what is refused is refused before it is queued, with a text that names the limit; nothing here knows the
state of a job. The commands that set targets are Marlin's M104/M109, M140/M190 and M141/M191 with S or R in °C.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from mrdraw.errors import InvalidValue, LimitExceeded
from mrdraw.gcode.modal import ModalState
from mrdraw.gcode.words import command_of, parse
from mrdraw.link.messages import Profile

_TOOL, _BED, _CHAMBER = "tool", "bed", "chamber"

HEATER_COMMANDS = {"M104": _TOOL, "M109": _TOOL, "M140": _BED, "M190": _BED, "M141": _CHAMBER, "M191": _CHAMBER}
"""The kind of heater each command sets."""

MOVE_COMMANDS = frozenset({"G0", "G1", "G2", "G3", "G5", "G28", "G29", "G30", "G33", "G34", "G38.2", "G92", "M600"})
"""What moves the machine or its coordinates: during a job it needs `force`."""

_HEATER_KINDS = (_TOOL, _BED, _CHAMBER)
_AXES = "xyz"


class Limits:
    """The limits of one profile."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self._ceilings = {
            _TOOL: profile.max_tool_temperature,
            _BED: profile.max_bed_temperature,
            _CHAMBER: profile.max_chamber_temperature,
        }

    def ceiling(self, heater: str) -> float:
        """The ceiling of a heater (`tool0`, `bed`, …) in °C; an unknown one has that of a tool."""
        kind = heater.rstrip("0123456789")
        return self._ceilings.get(kind, self.profile.max_tool_temperature)

    def check_heater(self, heater: str) -> None:
        """Refuse a heater that the profile does not have. Raises `InvalidValue`."""
        profile = self.profile
        known = [f"tool{number}" for number in range(profile.extruders)]
        known += ["bed"] * profile.heated_bed + ["chamber"] * profile.heated_chamber
        if heater not in known:
            raise InvalidValue(f"There is no heater {heater}; this machine has {', '.join(known)}.")

    def check_target(self, heater: str, target: float) -> None:
        """Refuse a target outside 0 … ceiling. Raises `LimitExceeded`."""
        ceiling = self.ceiling(heater)
        if not math.isfinite(target) or not 0 <= target <= ceiling:
            raise LimitExceeded(
                f"The target {target:g} °C for {heater} is outside the profile's limits 0 … {ceiling:g} °C."
            )

    def check_extrusion(self, amount: float) -> None:
        """Refuse an extrusion that is too long. Raises `LimitExceeded`."""
        limit = self.profile.max_extrusion
        if not math.isfinite(amount) or abs(amount) > limit:
            raise LimitExceeded(f"An extrusion of {amount:g} mm exceeds the profile's limit of {limit:g} mm.")

    def range_of(self, axis: str) -> tuple[float, float]:
        """The travel of an axis in mm."""
        profile, box = self.profile, self.profile.custom_box
        if box is not None:
            return {"x": (box.x_min, box.x_max), "y": (box.y_min, box.y_max), "z": (box.z_min, box.z_max)}[axis]
        length = {"x": profile.width, "y": profile.depth, "z": profile.height}[axis]
        if profile.origin_center and axis != "z":
            return -length / 2, length / 2
        return 0.0, length

    def check_position(self, position: Mapping[str, float], moved: str = _AXES) -> None:
        """Refuse a position outside the volume; only what has `moved` can be wrong. Raises `LimitExceeded`."""
        for axis, value in position.items():
            low, high = self.range_of(axis)
            if axis in moved and (not math.isfinite(value) or not low <= value <= high):
                raise LimitExceeded(
                    f"{axis.upper()} {value:g} mm is outside the profile's volume, {low:g} … {high:g} mm."
                )
        if "x" in moved or "y" in moved:
            self._check_circle(position)

    def _check_circle(self, position: Mapping[str, float]) -> None:
        profile = self.profile
        if profile.form_factor != "circular" or profile.custom_box is not None or not {"x", "y"} <= position.keys():
            return
        distance, radius = math.hypot(position["x"], position["y"]), profile.width / 2
        if distance > radius:
            raise LimitExceeded(
                f"X {position['x']:g}, Y {position['y']:g} mm is {distance:g} mm from the middle of a circular volume "
                f"of {radius:g} mm radius. A custom box in the profile says if the head may go there."
            )

    def check_script(self, lines: Sequence[str], modal: ModalState) -> None:
        """Refuse a script that heats above a ceiling, leaves the volume or extrudes too much at a time.

        `modal` is the state in which it begins. Raises `LimitExceeded`, naming the line.
        """
        state = modal.copy()
        for line in lines:
            try:
                self.check_line(line)
                if command_of(line) in {"G0", "G1"}:
                    pushed, end = state.preview(line)
                    self.check_extrusion(pushed)
                    self.check_position({axis: place for axis, place in end.items() if axis in _AXES})
            except LimitExceeded as error:
                raise LimitExceeded(f"The script's line {line} is refused: {error}") from error
            state.feed(line)

    def check_line(self, line: bytes | str) -> None:
        """Refuse a line that sets a target above a ceiling. Raises `LimitExceeded`."""
        text = line.decode("latin-1") if isinstance(line, bytes) else line
        if text[:2] not in {"M1", "m1"}:  # every command that sets a target begins so
            return
        kind = HEATER_COMMANDS.get(command_of(text))
        if kind is None:
            return
        words = parse(text)
        for letter in ("S", "R"):
            target = words.get(letter)
            if target is not None and target > self._ceilings[kind]:
                ceiling = self._ceilings[kind]
                raise LimitExceeded(
                    f"{text} sets {target:g} °C, above the profile's ceiling of {ceiling:g} °C for the {kind}."
                )
