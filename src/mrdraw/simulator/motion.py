"""The commands that move.

Invariants: every move goes through the planner; an arc is one block as long as the arc; positions are in mm, feed
rates in mm/min. Sources: marlinfw.org/docs/gcode.
"""

from __future__ import annotations

import math

from mrdraw.simulator.command_text import Command
from mrdraw.simulator.machine import AXES, Machine, Wait
from mrdraw.simulator.planner import Position
from mrdraw.simulator.reports import position_report

_HOMING_SECONDS = 3.0
"""s for each axis"""
_PROBE_SECONDS = 2.0
"""s for each point"""
_PROBE_POINTS = 3
"""in each direction"""

Words = dict[str, float | None]


def move(machine: Machine, command: Command) -> Wait | None:
    """G0 and G1."""
    words = command.words()
    _take_feed_rate(machine, words)
    target = _target(machine, words)
    return machine.move_to(target, _length(machine.position, target))


def arc(machine: Machine, command: Command) -> Wait | None:
    """G2 and G3 with I and J, or with R."""
    words = command.words()
    _take_feed_rate(machine, words)
    target = _target(machine, words)
    centre = _centre(machine.position, target, words, clockwise=command.code == "G2")
    if centre is None:
        machine.say("echo:G2/G3 bad parameters")
        return None
    flat = _arc_length(machine.position, target, centre, clockwise=command.code == "G2")
    return machine.move_to(target, math.hypot(flat, target[2] - machine.position[2]))


def dwell(machine: Machine, command: Command) -> Wait:
    """G4: wait for the moves, then S s or P ms."""
    words = command.words()
    yield from machine.finish_moves()
    yield from machine.pass_time((words.get("P") or 0) / 1000 + (words.get("S") or 0))


def home(machine: Machine, command: Command) -> Wait:
    """G28: the axes that are named, or all."""
    yield from machine.finish_moves()
    named = [axis for axis in "XYZ" if axis in command.words()] or list("XYZ")
    yield from machine.pass_time(_HOMING_SECONDS * len(named))
    machine.position = _replaced(machine.position, dict.fromkeys(named, 0.0))
    machine.say(position_report(machine))


def level_bed(machine: Machine, _: Command) -> Wait:
    """G29: probe a flat bed."""
    yield from machine.finish_moves()
    yield from machine.pass_time(_PROBE_SECONDS * _PROBE_POINTS**2)
    machine.say("Bilinear Leveling Grid:")
    machine.say("  ".join(["   ", *(f"{column:>6}" for column in range(_PROBE_POINTS))]))
    for row in range(_PROBE_POINTS):
        machine.say("  ".join([f" {row} ", *["+0.000"] * _PROBE_POINTS]))


def set_position(machine: Machine, command: Command) -> None:
    """G92: call the present position by other numbers; without a word all are 0."""
    named = {axis: value for axis, value in command.words().items() if axis in AXES and value is not None}
    machine.position = _replaced(machine.position, named or dict.fromkeys(AXES, 0.0))


def absolute(machine: Machine, _: Command) -> None:
    """G90."""
    machine.relative = machine.relative_extruder = False


def relative(machine: Machine, _: Command) -> None:
    """G91."""
    machine.relative = machine.relative_extruder = True


def absolute_extruder(machine: Machine, _: Command) -> None:
    """M82."""
    machine.relative_extruder = False


def relative_extruder(machine: Machine, _: Command) -> None:
    """M83."""
    machine.relative_extruder = True


def finish_moves(machine: Machine, _: Command) -> Wait:
    """M400 and the commands that wait for the moves and do nothing more here (M17, M18, M84)."""
    return machine.finish_moves()


def quick_stop(machine: Machine, _: Command) -> None:
    """M410 in its turn."""
    machine.quick_stop()


def set_feed_percent(machine: Machine, command: Command) -> None:
    """M220 S: feed rates in percent; without S it is reported."""
    percent = command.number("S")
    if percent is None:
        machine.say(f"FR:{machine.feed_percent}%")
    else:
        machine.feed_percent = int(min(max(percent, 10), 999))


def set_flow_percent(machine: Machine, command: Command) -> None:
    """M221 S T: flow in percent; without S it is reported."""
    words = command.words()
    named = words.get("T")
    tool = machine.tool if named is None else int(named)
    percent = words.get("S")
    if not 0 <= tool < len(machine.flow_percents):
        machine.say(f"echo:M221 Invalid extruder {tool}")
    elif percent is None:
        machine.say(f"echo:E{tool} Flow: {machine.flow_percents[tool]}%")
    else:
        machine.flow_percents[tool] = int(min(max(percent, 10), 999))


def select_tool(machine: Machine, command: Command) -> Wait | None:
    """T<n>."""
    tool = int(command.code[1:])
    if not 0 <= tool < machine.options.tools:
        machine.say(f"echo:T{tool} Invalid extruder")
        return None
    return _change_tool(machine, tool)


def _change_tool(machine: Machine, tool: int) -> Wait:
    yield from machine.finish_moves()
    machine.tool = tool
    machine.say(f"echo:Active Extruder: {tool}")


def _take_feed_rate(machine: Machine, words: Words) -> None:
    feed_rate = words.get("F")
    if feed_rate is not None and feed_rate > 0:
        machine.feed_rate = feed_rate


def _target(machine: Machine, words: Words) -> Position:
    target = list(machine.position)
    for index, axis in enumerate(AXES):
        value = words.get(axis)
        if value is not None:
            is_relative = machine.relative_extruder if axis == "E" else machine.relative
            target[index] = target[index] + value if is_relative else value
    return target[0], target[1], target[2], target[3]


def _replaced(position: Position, values: dict[str, float]) -> Position:
    x, y, z, e = (values.get(axis, old) for axis, old in zip(AXES, position, strict=True))
    return x, y, z, e


def _length(origin: Position, target: Position) -> float:
    """The way in space, or that of the extruder when nothing else moves, mm."""
    return math.dist(origin[:3], target[:3]) or abs(target[3] - origin[3])


def _centre(origin: Position, target: Position, words: Words, *, clockwise: bool) -> tuple[float, float] | None:
    if (radius := words.get("R")) is not None:
        return _centre_by_radius(origin, target, radius, clockwise=clockwise)
    i, j = words.get("I") or 0.0, words.get("J") or 0.0
    return (origin[0] + i, origin[1] + j) if i or j else None


def _centre_by_radius(
    origin: Position, target: Position, radius: float, *, clockwise: bool
) -> tuple[float, float] | None:
    dx, dy = target[0] - origin[0], target[1] - origin[1]
    chord = math.hypot(dx, dy)
    if chord == 0 or radius == 0:
        return None
    height = math.sqrt(max(radius**2 - chord**2 / 4, 0.0)) * (-1 if clockwise != (radius < 0) else 1)
    return origin[0] + dx / 2 - height * dy / chord, origin[1] + dy / 2 + height * dx / chord


def _arc_length(origin: Position, target: Position, centre: tuple[float, float], *, clockwise: bool) -> float:
    start = math.atan2(origin[1] - centre[1], origin[0] - centre[0])
    end = math.atan2(target[1] - centre[1], target[0] - centre[0])
    turn = (start - end if clockwise else end - start) % math.tau
    return (turn or math.tau) * math.hypot(origin[0] - centre[0], origin[1] - centre[1])
