"""Which command does what: the table of the simulated firmware.

Invariants: a handler returns a `Wait` when the command takes time, else `None`; every command is acknowledged once,
unknown ones, too; commands that the simulated machine has no use for are taken without effect.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from mrdraw.simulator import heating, motion, reports
from mrdraw.simulator.command_text import Command
from mrdraw.simulator.machine import Machine, Wait
from mrdraw.simulator.options import MarlinOptions

Handler: TypeAlias = Callable[[Machine, Command], Wait | None]


def run(machine: Machine, command: Command) -> Wait | None:
    """Start a command that the firmware has; the result is a wait when it takes time."""
    handler = _HANDLERS.get(command.code)
    if handler is not None:
        return handler(machine, command)
    return motion.select_tool(machine, command) if command.code.startswith("T") else None


def is_known(options: MarlinOptions, code: str) -> bool:
    """Whether the firmware has this command."""
    built_in = _ONLY_WITH.get(code)
    if built_in is not None:
        return built_in(options)
    return code in _HANDLERS or code in _WITHOUT_EFFECT or code.startswith("T")


def _pause(machine: Machine, command: Command) -> Wait:
    """M0 and M1: wait for the user, or S s or P ms."""
    words = command.words()
    seconds = (words.get("P") or 0) / 1000 + (words.get("S") or 0)
    yield from machine.finish_moves()
    yield from machine.pause_for_user(seconds or None)


def _change_filament(machine: Machine, _: Command) -> Wait:
    yield from machine.finish_moves()
    yield from machine.pause_for_user()


def _interrupt(machine: Machine, _: Command) -> None:
    machine.interrupt()


def _halt(machine: Machine, _: Command) -> None:
    machine.halt()


def _set_line_number(machine: Machine, command: Command) -> None:
    """M110 N sets the number of the last line; without N it is reported (since Marlin 2.1.3)."""
    number = command.number("N")
    if number is None:
        machine.say(f"Line: {machine.line_number}")
    else:
        machine.line_number = int(number)


def _set_keepalive(machine: Machine, command: Command) -> None:
    seconds = command.number("S")
    if seconds is None:
        machine.say(f"echo:M113 S{machine.keepalive_seconds:g}")
    else:
        machine.keepalive_seconds = min(max(int(seconds), 0), 60)


def _report_position(machine: Machine, _: Command) -> None:
    machine.say(reports.position_report(machine))


def _report_firmware(machine: Machine, _: Command) -> None:
    for line in reports.firmware_info(machine.options):
        machine.say(line)


def _echo(machine: Machine, command: Command) -> None:
    """M118 [A1] [E1] text."""
    text, prefix = command.arguments, ""
    for option, its_prefix in (("A1", "// "), ("E1", "echo:")):
        if text.startswith(option):
            text, prefix = text[len(option) :].lstrip(), prefix or its_prefix
    machine.say(prefix + text)


def _settings(machine: Machine, command: Command) -> None:
    said = {
        "M500": ["echo:Settings Stored (658 bytes; crc 12345)"],
        "M501": ["echo:V89 stored settings retrieved (658 bytes; crc 12345)"],
        "M502": ["echo:Hardcoded Default Settings Loaded"],
    }
    for line in said.get(command.code) or reports.settings():
        machine.say(line)


_HANDLERS: dict[str, Handler] = {
    "G0": motion.move,
    "G1": motion.move,
    "G2": motion.arc,
    "G3": motion.arc,
    "G4": motion.dwell,
    "G28": motion.home,
    "G29": motion.level_bed,
    "G90": motion.absolute,
    "G91": motion.relative,
    "G92": motion.set_position,
    "M0": _pause,
    "M1": _pause,
    "M17": motion.finish_moves,
    "M18": motion.finish_moves,
    "M82": motion.absolute_extruder,
    "M83": motion.relative_extruder,
    "M84": motion.finish_moves,
    "M104": heating.set_hot_end,
    "M105": heating.report_temperatures,
    "M106": heating.set_fan,
    "M107": heating.stop_fan,
    "M108": _interrupt,
    "M109": heating.wait_for_hot_end,
    "M110": _set_line_number,
    "M112": _halt,
    "M113": _set_keepalive,
    "M114": _report_position,
    "M115": _report_firmware,
    "M118": _echo,
    "M140": heating.set_bed,
    "M141": heating.set_chamber,
    "M155": heating.set_report_interval,
    "M190": heating.wait_for_bed,
    "M191": heating.wait_for_chamber,
    "M220": motion.set_feed_percent,
    "M221": motion.set_flow_percent,
    "M400": motion.finish_moves,
    "M410": motion.quick_stop,
    "M500": _settings,
    "M501": _settings,
    "M502": _settings,
    "M503": _settings,
    "M600": _change_filament,
}

_ONLY_WITH: dict[str, Callable[[MarlinOptions], bool]] = {
    "M140": lambda options: options.bed,
    "M141": lambda options: options.chamber,
    "M155": lambda options: options.autoreport_temperature,
    "M190": lambda options: options.bed,
    "M191": lambda options: options.chamber,
}
"""Commands that are missing from a firmware that was built without something."""

_WITHOUT_EFFECT = frozenset({
    "G10", "G11", "G12", "G17", "G21", "G27", "G30", "G60", "G61",
    "M31", "M42", "M73", "M75", "M76", "M77", "M80", "M81", "M85", "M86", "M87", "M92",
    "M111", "M117", "M119", "M120", "M121", "M145", "M150",
    "M200", "M201", "M203", "M204", "M205", "M206", "M207", "M208", "M209", "M211", "M217", "M218", "M226", "M280",
    "M300", "M301", "M302", "M304", "M355", "M412", "M420", "M425", "M428", "M486",
    "M603", "M851", "M862", "M900", "M906", "M907", "M913", "M914", "M993", "M999",
})  # fmt: skip
