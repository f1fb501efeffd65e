"""What the firmware says of itself and its machine, in the form of Marlin 2.1.

Invariants: nothing here changes the machine. Sources: the protocol page of the manual (``Cap:`` lines, temperature
and position reports), marlinfw.org/docs/gcode/M115.html, M105.html, M114.html.
"""

from __future__ import annotations

from mrdraw.simulator.heaters import Heater
from mrdraw.simulator.machine import Machine
from mrdraw.simulator.options import MarlinOptions

VERSION = "2.1.3"
_BUILD_DATE = "Aug  1 2024 12:00:00"
_UUID = "00000000-0000-4000-8000-000000000000"
_STEPS_PER_MM = (80, 80, 400)


def banner(options: MarlinOptions) -> list[str]:
    """What is said after a reset."""
    return [
        "start",
        f"Marlin {VERSION}",
        "echo: Last Updated: 2024-08-01 | Author: (simulated)",
        f"echo: Compiled: {_BUILD_DATE}",
        f"echo: Free Memory: 4096  PlannerBufferBytes: {options.planner_blocks * 79}",
        "echo:Hardcoded Default Settings Loaded",
        *settings(),
    ]


def settings() -> list[str]:
    """The settings as M503 lists them, in short."""
    return [
        "echo:; Linear Units:",
        "echo:  G21 ; (mm)",
        "echo:; Steps per unit:",
        f"echo:  M92 X{_STEPS_PER_MM[0]}.00 Y{_STEPS_PER_MM[1]}.00 Z{_STEPS_PER_MM[2]}.00 E93.00",
        "echo:; Maximum feedrates (units/s):",
        "echo:  M203 X300.00 Y300.00 Z5.00 E25.00",
    ]


def firmware_info(options: MarlinOptions) -> list[str]:
    """The answer to M115."""
    return [
        f"FIRMWARE_NAME:Marlin {VERSION} ({_BUILD_DATE}) SOURCE_CODE_URL:github.com/MarlinFirmware/Marlin "
        f"PROTOCOL_VERSION:1.0 MACHINE_TYPE:{options.machine_type} KINEMATICS:Cartesian "
        f"EXTRUDER_COUNT:{options.tools} UUID:{_UUID}",
        *(f"Cap:{name}:{int(enabled)}" for name, enabled in capabilities(options).items()),
    ]


def capabilities(options: MarlinOptions) -> dict[str, bool]:
    """The capabilities of M115 by name."""
    return {
        "SERIAL_XON_XOFF": False,
        "BINARY_FILE_TRANSFER": False,
        "EEPROM": True,
        "VOLUMETRIC": False,
        "AUTOREPORT_POS": False,
        "AUTOREPORT_TEMP": options.autoreport_temperature,
        "PROGRESS": False,
        "PRINT_JOB": True,
        "AUTOLEVEL": True,
        "RUNOUT": False,
        "Z_PROBE": True,
        "LEVELING_DATA": False,
        "BUILD_PERCENT": True,
        "SOFTWARE_POWER": True,
        "TOGGLE_LIGHTS": False,
        "CASE_LIGHT_BRIGHTNESS": False,
        "EMERGENCY_PARSER": options.emergency_parser,
        "HOST_ACTION_COMMANDS": False,
        "PROMPT_SUPPORT": False,
        "SDCARD": False,
        "MULTI_VOLUME": False,
        "AUTOREPORT_SD_STATUS": False,
        "LONG_FILENAME": False,
        "THERMAL_PROTECTION": True,
        "MOTION_MODES": False,
        "ARCS": True,
        "BABYSTEPPING": False,
        "CHAMBER_TEMPERATURE": options.chamber,
        "COOLER_TEMPERATURE": False,
        "MEATPACK": False,
    }


def temperature_report(machine: Machine) -> str:
    """Temperatures, targets (°C) and powers of all heaters: ``T:21.00 /0.00 B:21.00 /0.00 @:0 B@:0``."""
    now = machine.now
    named = _named_heaters(machine)
    temperatures = [f"{name}:{heater.temperature(now):.2f} /{heater.target:.2f}" for name, heater in named]
    return " ".join([*temperatures, *(f"{_power_name(name)}:{heater.power(now)}" for name, heater in named)])


def _named_heaters(machine: Machine) -> list[tuple[str, Heater]]:
    named = [("T", machine.hot_ends[machine.tool])]
    if machine.bed is not None:
        named.append(("B", machine.bed))
    if machine.chamber is not None:
        named.append(("C", machine.chamber))
    if len(machine.hot_ends) > 1:
        named += [(f"T{number}", heater) for number, heater in enumerate(machine.hot_ends)]
    return named


def _power_name(name: str) -> str:
    return f"@{name[1:]}" if name.startswith("T") else f"{name}@"


def position_report(machine: Machine) -> str:
    """The answer to M114: where the last planned move ends (mm), then where the motors are (steps)."""
    x, y, z, e = machine.position
    steps = [round(mm * factor) for mm, factor in zip(machine.actual_position()[:3], _STEPS_PER_MM, strict=True)]
    return f"X:{x:.2f} Y:{y:.2f} Z:{z:.2f} E:{e:.2f} Count X:{steps[0]} Y:{steps[1]} Z:{steps[2]}"
