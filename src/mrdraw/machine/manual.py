"""What a person does by hand, as G-code: jog, home, targets, extrude, factors; and the lines that end a job safely.

Invariants: pure functions; the machine is left in the modes (absolute or relative) that it was in; the lines are those
of the contract, section 5.7; a job ends as safety rule 3 says.
"""

from __future__ import annotations

from dataclasses import dataclass

from mrdraw.errors import InvalidValue, LimitExceeded
from mrdraw.link.messages import Profile, SafetySettings
from mrdraw.machine.limits import Limits

_TARGET_COMMANDS = {"bed": "M140", "chamber": "M141"}
_FACTOR_COMMANDS = {"feedrate": "M220", "flowrate": "M221"}


@dataclass(frozen=True, slots=True)
class Posture:
    """The modes and the place that a machine is known to be in; mm."""

    absolute: bool = True
    absolute_extrusion: bool = True
    homed: str = ""
    position: dict[str, float] | None = None

    def known(self, axis: str) -> float | None:
        """Where a homed axis stands, or `None`."""
        return (self.position or {}).get(axis) if axis in self.homed else None


def number(value: float) -> str:
    """A number as firmware reads it: no exponent, no needless zeros."""
    return f"{value:.4f}".rstrip("0").rstrip(".")


def _moved(moves: list[str], *, absolute: bool, posture: Posture) -> list[str]:
    """Moves in a mode, and the mode of before."""
    return ["G90" if absolute else "G91", *moves, *_modes(posture, absolute=absolute)]


def _modes(posture: Posture, *, absolute: bool) -> list[str]:
    """Back to the modes of before; G90 and G91 set the extruder's mode as well (Marlin)."""
    lines = []
    if posture.absolute is not absolute:
        lines.append("G90" if posture.absolute else "G91")
    if posture.absolute_extrusion is not posture.absolute:
        lines.append("M82" if posture.absolute_extrusion else "M83")
    return lines


def jog(
    axes: dict[str, float], *, absolute: bool, speed: float | None, no_speed: bool, posture: Posture, limits: Limits,
    safety: SafetySettings,
) -> list[str]:  # fmt: skip
    """Move axes by or to mm. Raises `InvalidValue`, and `LimitExceeded` outside the volume or far on unhomed axes."""
    if not axes:
        raise InvalidValue("A jog names at least one of the axes x, y, z.")
    _check_jog(axes, absolute=absolute, posture=posture, limits=limits, safety=safety)
    words = [f"{axis.upper()}{number(value)}" for axis, value in axes.items()]
    if not no_speed:
        words.append(f"F{number(speed if speed is not None else _slowest(axes, limits.profile))}")
    return _moved([f"G0 {' '.join(words)}"], absolute=absolute, posture=posture)


def _slowest(axes: dict[str, float], profile: Profile) -> float:
    speeds = {"x": profile.speed_x, "y": profile.speed_y, "z": profile.speed_z}
    return min(speeds[axis] for axis in axes)


def _check_jog(
    axes: dict[str, float], *, absolute: bool, posture: Posture, limits: Limits, safety: SafetySettings
) -> None:
    ends = {axis: place for axis in "xyz" if (place := posture.known(axis)) is not None}
    for axis, value in axes.items():
        if axis not in ("x", "y", "z"):
            raise InvalidValue(f"There is no axis {axis}; use x, y or z.")
        place = posture.known(axis)
        if absolute or place is not None:
            ends[axis] = value if absolute else value + (place or 0.0)
        elif not abs(value) <= safety.unhomed_jog:
            raise LimitExceeded(
                f"{axis.upper()} was not homed: it moves at most {safety.unhomed_jog:g} mm at a time. Home it first."
            )
    limits.check_position(ends, "".join(axes))


def home(axes: str) -> list[str]:
    """Home axes. Raises `InvalidValue`."""
    wanted = axes.lower()
    if not wanted or set(wanted) - set("xyz"):
        raise InvalidValue(f"Axes to home are x, y and z, not {axes!r}.")
    return [f"G28 {' '.join(f'{axis.upper()}0' for axis in 'xyz' if axis in wanted)}"]


def target(heater: str, value: float, *, extruders: int) -> str:
    """Set a heater's target, °C."""
    if heater in _TARGET_COMMANDS:
        return f"{_TARGET_COMMANDS[heater]} S{number(value)}"
    tool = f" T{heater.removeprefix('tool')}" if extruders > 1 else ""
    return f"M104{tool} S{number(value)}"


def extrude(amount: float, speed: float | None, *, posture: Posture, limits: Limits) -> list[str]:
    """Push filament, mm at mm/min. Raises `LimitExceeded`."""
    limits.check_extrusion(amount)
    rate = min(speed or limits.profile.speed_e, limits.profile.speed_e)
    restore = ["G90"] if posture.absolute else []
    restore.append("M82" if posture.absolute_extrusion else "M83")
    return ["G91", "M83", f"G1 E{number(amount)} F{number(rate)}", *restore]


def factor(kind: str, percent: int) -> str:
    """Set the feed rate or flow factor, %. Raises `InvalidValue`."""
    if kind not in _FACTOR_COMMANDS:
        raise InvalidValue(f"A factor is one of {', '.join(_FACTOR_COMMANDS)}, not {kind!r}.")
    if percent < 1:
        raise InvalidValue(f"A factor is at least 1 %, not {percent}.")
    return f"{_FACTOR_COMMANDS[kind]} S{percent}"


def heaters_off(profile: Profile, *, keep_bed: bool = False) -> list[str]:
    """Switch heaters off: every tool, and unless it is kept warm the bed, and the chamber."""
    tools = [target(f"tool{tool}", 0, extruders=profile.extruders) for tool in range(profile.extruders)]
    if keep_bed:
        return tools
    return tools + ["M140 S0"] * profile.heated_bed + ["M141 S0"] * profile.heated_chamber


def lift(posture: Posture, limits: Limits, height: float) -> list[str]:
    """Lift by `height` mm, no higher than the machine is; nothing when the height is not known."""
    place = posture.known("z")
    if place is None:
        return []
    by = min(height, limits.range_of("z")[1] - place)
    if by <= 0:
        return []
    return _moved([f"G0 Z{number(by)} F{number(limits.profile.speed_z)}"], absolute=False, posture=posture)


def park(posture: Posture, limits: Limits, safety: SafetySettings) -> list[str]:
    """Lift and move out of the way for a pause; nothing that is not known to be safe."""
    lines = lift(posture, limits, safety.pause_lift)
    places = {"x": safety.park_x, "y": safety.park_y}
    words = [
        f"{axis.upper()}{number(place)}"
        for axis, place in places.items()
        if place is not None and posture.known(axis) is not None
    ]
    if not lines or not words:
        return lines
    move = f"G0 {' '.join(words)} F{number(min(limits.profile.speed_x, limits.profile.speed_y))}"
    return lines + _moved([move], absolute=True, posture=posture)


def unpark(posture: Posture, limits: Limits, safety: SafetySettings) -> list[str]:
    """Back to where the pause began: above it first, then down."""
    if not park(posture, limits, safety):
        return []
    xy = [f"{axis.upper()}{number(place)}" for axis in "xy" if (place := posture.known(axis)) is not None]
    moves = [f"G0 {' '.join(xy)} F{number(min(limits.profile.speed_x, limits.profile.speed_y))}"] if xy else []
    height = posture.known("z")
    if height is not None:
        moves.append(f"G0 Z{number(height)} F{number(limits.profile.speed_z)}")
    return _moved(moves, absolute=True, posture=posture)


def end_of_job(posture: Posture, limits: Limits, safety: SafetySettings) -> list[str]:
    """How a cancelled or failed job ends: lift if the height is known, heaters and part fan off, motors released."""
    return [*lift(posture, limits, safety.end_lift), *heaters_off(limits.profile), "M107", "M84"]
