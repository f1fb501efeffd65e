"""The commands that heat, cool and blow.

Invariants: a wait for a heater says the temperatures once a second without ``ok`` and ends within `_CLOSE_ENOUGH` of
the target, or by M108; S waits for heating only, R for cooling, too. Sources: marlinfw.org/docs/gcode/M109.html,
M190.html, M191.html.
"""

from __future__ import annotations

from mrdraw.simulator.command_text import Command
from mrdraw.simulator.heaters import AMBIENT, Heater
from mrdraw.simulator.machine import Machine, Wait
from mrdraw.simulator.reports import temperature_report

_CLOSE_ENOUGH = 1.0
"""°C"""
_REPORT_SECONDS = 1.0
"""s between two reports while waiting"""


def set_hot_end(machine: Machine, command: Command) -> None:
    """M104."""
    _set(machine, _hot_end(machine, command), command.number("S"))


def set_bed(machine: Machine, command: Command) -> None:
    """M140."""
    _set(machine, machine.bed, command.number("S"))


def set_chamber(machine: Machine, command: Command) -> None:
    """M141."""
    _set(machine, machine.chamber, command.number("S"))


def wait_for_hot_end(machine: Machine, command: Command) -> Wait | None:
    """M109."""
    return _set_and_wait(machine, _hot_end(machine, command), command)


def wait_for_bed(machine: Machine, command: Command) -> Wait | None:
    """M190."""
    return _set_and_wait(machine, machine.bed, command)


def wait_for_chamber(machine: Machine, command: Command) -> Wait | None:
    """M191."""
    return _set_and_wait(machine, machine.chamber, command)


def report_temperatures(machine: Machine, _: Command) -> None:
    """M105: the answer stands on the line of the ``ok``."""
    machine.acknowledge_with = temperature_report(machine)


def set_report_interval(machine: Machine, command: Command) -> None:
    """M155 S: report temperatures every S s (at most 60), 0: never."""
    seconds = command.number("S")
    if seconds is None:
        return
    machine.report_seconds = min(max(int(seconds), 0), 60)
    machine.next_report = machine.now + machine.report_seconds if machine.report_seconds else None


def set_fan(machine: Machine, command: Command) -> None:
    """M106 P S: fan P at S of 255."""
    words = command.words()
    speed = words.get("S")
    machine.fans[int(words.get("P") or 0)] = 255 if speed is None else min(max(int(speed), 0), 255)


def stop_fan(machine: Machine, command: Command) -> None:
    """M107 P."""
    machine.fans[int(command.number("P") or 0)] = 0


def _hot_end(machine: Machine, command: Command) -> Heater | None:
    named = command.number("T")
    tool = machine.tool if named is None else int(named)
    if 0 <= tool < len(machine.hot_ends):
        return machine.hot_ends[tool]
    machine.say(f"echo:{command.code} Invalid extruder {tool}")
    return None


def _set(machine: Machine, heater: Heater | None, target: float | None) -> None:
    if heater is not None and target is not None:
        heater.set_target(target, machine.now)


def _set_and_wait(machine: Machine, heater: Heater | None, command: Command) -> Wait | None:
    words = command.words()
    wanted, also_cooling = words.get("S"), words.get("R")
    target = wanted if wanted is not None else also_cooling
    if heater is None or target is None:
        return None
    heater.set_target(target, machine.now)
    return _wait(machine, heater, cooling=wanted is None)


def _wait(machine: Machine, heater: Heater, *, cooling: bool) -> Wait:
    machine.interrupted = False
    next_report = machine.now + _REPORT_SECONDS
    while not machine.interrupted and _is_far(machine, heater, cooling=cooling):
        if machine.now >= next_report:
            machine.say(f" {temperature_report(machine)} W:?")
            next_report += _REPORT_SECONDS
        yield next_report


def _is_far(machine: Machine, heater: Heater, *, cooling: bool) -> bool:
    missing = max(heater.target, AMBIENT) - heater.temperature(machine.now)
    return missing > _CLOSE_ENOUGH or (cooling and -missing > _CLOSE_ENOUGH)
