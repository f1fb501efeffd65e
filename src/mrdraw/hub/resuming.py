"""Resuming an interrupted job: what is known, what a person has to confirm, and the lines that are sent before it.

Invariants: pure functions of what the machine host offers and what the settings say; X and Y are homed only where that
moves nothing else (cartesian, CoreXY), where the coordinates are those of the end stops, and where the head can be
lifted before; everywhere else a person jogs the head and confirms where it stands.
Lengths in mm, temperatures in °C, speeds in mm/min.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from mrdraw.errors import InvalidValue
from mrdraw.link.messages import Place, ResumeOffer
from mrdraw.settings.profiles import ProfileTree

HOME_XY, HOME_ALL, STANDING = "xy", "all", "none"
"""How the machine finds its place again: homing X and Y, homing everything, or as a person confirms it."""

LIFT = 5.0
"""mm that the head is lifted before it travels."""
_LEAST_LIFT = 1.0
_SOFT = 180.0
"""°C at which plastic lets go of a nozzle, as Marlin's power-loss recovery has it."""
_AXES = "xyz"
_HOMES_XY = frozenset({"cartesian", "corexy", "coreyx"})
_HOMES_UPWARDS = frozenset({"delta"})


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person chose and confirmed; `standing` is where the head stands now, as far as it is asked for."""

    layer: int | None = None
    """The number of a layer; `None` for the place of the interruption."""
    homing: str | None = None
    """`None` takes the first of the ways that are possible."""
    standing: dict[str, float] = field(default_factory=dict)
    prime: float = 0.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How a job goes on from one place."""

    place: Place
    homings: tuple[str, ...]
    homing: str
    axes: tuple[str, ...]
    """The axes whose place a person has to confirm."""
    standing: dict[str, float]
    """Where they stand: as confirmed, else as it is likely."""
    lift: float
    overlap: int
    """Lines that are executed a second time at most."""


def kinematics_of(profile: ProfileTree, told: str) -> str:
    """How the axes hang together: what the profile says, else what the firmware told; nothing where neither does."""
    return profile.kinematics or told


def plan(offer: ResumeOffer, profile: ProfileTree, told: str, choice: Choice) -> Plan:
    """How the job goes on as it was chosen. Raises `InvalidValue` for a choice that does not exist."""
    place = _place(offer, choice.layer)
    likely = {"z": offer.heights[0]} if offer.heights else {}
    standing = {**{axis: place.position[axis] for axis in "xy" if axis in place.position}, **likely, **choice.standing}
    lift = _lift(place, standing, profile)
    homings = _homings(offer, place, kinematics_of(profile, told), lift)
    homing = choice.homing if choice.homing is not None else homings[0]
    if homing not in homings:
        raise InvalidValue(f"homing is {homing!r}; possible on this machine are: {', '.join(homings)}.")
    axes = tuple(axis for axis in _asked(homing) if axis in place.position or (axis == "z" and axis in likely))
    return Plan(
        place=place,
        homings=homings,
        homing=homing,
        axes=axes,
        standing={axis: standing[axis] for axis in axes if axis in standing},
        lift=lift,
        overlap=max(0, offer.possible - place.index),
    )


def confirmed(made: Plan, choice: Choice) -> None:
    """See that everything that is asked for was confirmed. Raises `InvalidValue`."""
    missing = [axis for axis in made.axes if axis not in choice.standing]
    if missing:
        raise InvalidValue(
            f"Where the head stands has to be confirmed for {', '.join(missing).upper()}: "
            f"position needs {', '.join(missing)} in mm."
        )


def variables(made: Plan, choice: Choice, profile: ProfileTree) -> dict[str, object]:
    """What the script can use, under the name `resume`."""
    place = made.place
    tools = {name: value for name, value in place.targets.items() if name.startswith("tool") and value}
    several = profile.extruders > 1
    own = tools.get(f"tool{place.tool}", 0.0)
    z = place.position.get("z")
    high = max([height for height in (z, made.standing.get("z")) if height is not None], default=None)
    return {
        "from": "interruption" if choice.layer is None else "layer",
        "layer": place.layer,
        "line": place.line,
        "position": {axis: _number(value) for axis, value in place.position.items()},
        "targets": {"bed": None, "chamber": None, **{name: _number(value) for name, value in place.targets.items()}},
        "fans": place.fans,
        "tool": place.tool,
        "several_tools": several,
        "tool_word": f" T{place.tool}" if several else "",
        "soften": _number(min(own, _SOFT)) if own else None,
        "heat": _heat(tools, several=several),
        "homing": made.homing,
        "standing": {axis: _number(value) for axis, value in made.standing.items()},
        "standing_words": _words(made.standing),
        "lift": _number(made.lift) if made.lift else None,
        "travel_z": None if z is None or high is None else _number(high + made.lift),
        "place_words": _words({axis: value for axis, value in place.position.items() if axis in "xy"}),
        "place_z": None if z is None else _number(z),
        "prime": _number(choice.prime) if choice.prime else None,
        "speed_xy": _number(min(profile.speed_x, profile.speed_y)),
        "speed_z": _number(profile.speed_z),
        "speed_e": _number(profile.speed_e),
        "modes": list(place.modes),
        "tuning": list(place.tuning),
    }


def _place(offer: ResumeOffer, layer: int | None) -> Place:
    if layer is None:
        return offer.interruption
    for place in offer.layers:
        if place.layer == layer:
            return place
    numbers = [place.layer for place in offer.layers]
    known = f"they are {min(numbers)} to {max(numbers)}" if numbers else "there is none"
    raise InvalidValue(f"Layer {layer} is none of those from which the job can go on; {known}.")


def _lift(place: Place, standing: dict[str, float], profile: ProfileTree) -> float:
    """How far the head can be lifted, mm."""
    heights = [position["z"] for position in (place.position, standing) if "z" in position]
    room = profile.height - max(heights) if heights else 0.0
    return min(LIFT, room) if room >= _LEAST_LIFT else 0.0


def _homings(offer: ResumeOffer, place: Place, kinematics: str, lift: float) -> tuple[str, ...]:
    """The ways to find the place again, the best first."""
    set_by_hand = offer.homed is not None and any(axis in place.position and axis not in offer.homed for axis in "xy")
    if set_by_hand:
        return (STANDING,)
    if kinematics in _HOMES_XY and lift:
        return (HOME_XY, STANDING)
    return (STANDING, HOME_ALL) if kinematics in _HOMES_UPWARDS else (STANDING,)


def _asked(homing: str) -> str:
    """The axes whose place has to be confirmed."""
    return {HOME_XY: "z", HOME_ALL: "", STANDING: _AXES}[homing]


def _heat(tools: dict[str, float], *, several: bool) -> list[str]:
    """Heat the hot ends, all at once, and wait for each."""
    words = []
    for name, value in tools.items():
        tool = f" T{name.removeprefix('tool')}" if several else ""
        words.append(f"{tool} S{_number(value)}")
    return [*(f"M104{word}" for word in words), *(f"M109{word}" for word in words)]


def _words(position: dict[str, float]) -> str:
    return "".join(f" {axis.upper()}{_number(value)}" for axis, value in position.items() if axis in _AXES)


def _number(value: float) -> str:
    """A number as firmware reads it."""
    text = f"{value:.4f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
