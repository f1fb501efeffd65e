"""Each spelling of the protocol page, as a line of a transcript with the real dialect."""

from __future__ import annotations

import pytest

from helpers_firmware import IDENTITY, Script, checksummed, events_of
from helpers_transcript import play
from mrdraw.firmware import dialect as wire

READY = """
open>
host> N0 M110 N0
machine> ok
host> N1 M115
machine> ok
host> N2 M105
machine> ok T:20.0 /0.0
event> Temperatures
event> Ready()
"""

JOB = f"""{READY}
job> G1 X1 | G1 X2 | G1 X3
host> N3 G1 X1
machine> ok
event> JobLineAcknowledged(index=0)
host> N4 G1 X2
"""

# --- resends ----------------------------------------------------------------------------------------------------------

REQUESTS = (
    "Resend: 4", "Resend:4", "Resend:N4", "Resend: N4", "Resend:N:4", "Resend: N:4", "resend: 4", "RESEND:4",
    "rs 4", "rs N4", "RS N4",
)  # fmt: skip


@pytest.mark.parametrize("request_line", REQUESTS)
def test_a_request_in_each_spelling(request_line):
    play(f"""{JOB}
machine> {request_line}
event> Resend(number=4)
machine> ok
host> N4 G1 X2
machine> ok
event> JobLineAcknowledged(index=1)
host> N5 M105
machine> ok T:20.0 /0.0
event> Temperatures
host> N6 G1 X3
""")


@pytest.mark.parametrize(
    ("error", "request_line"),
    [
        ("Error:Line Number is not Last Line Number+1, Last Line: 3", "Resend: 4"),
        ("Error:checksum mismatch, Last Line: 3", "Resend: 4"),
        ("Error:No Checksum with line number, Last Line: 3", "Resend: 4"),
        ("Error:Wrong checksum", "Resend:4"),
        ("Error:expected line 4 got 139", "Resend:4"),
        ("Error:Format error", "Resend:4"),
    ],
)
def test_an_error_in_each_wording(error, request_line):
    play(f"""{JOB}
machine> {error}
machine> {request_line}
event> Resend(number=4)
machine> ok
host> N4 G1 X2
""")


@pytest.mark.parametrize("error", ["Error:checksum mismatch, Last Line: 3", "Error:expected line 4 got 139"])
def test_an_error_whose_request_was_lost(error):
    play(f"""{JOB}
machine> {error}
machine> ok
event> Resend(number=4)
host> N4 G1 X2
""")


def test_a_request_without_an_ok():
    play(f"""{JOB}
machine> Error:checksum mismatch, Last Line: 3
machine> Resend: 4
event> Resend(number=4)
wait> 0.4
wait> 0.2
host> N4 G1 X2
""")


# --- temperatures and positions ---------------------------------------------------------------------------------------

TEMPERATURES = {
    "marlin": ("T:201.1 /210.0 B:60.0 /60.0 @:127 B@:0", {"tool0": (201.1, 210.0), "bed": (60.0, 60.0)}, 0),
    "marlin, all sensors": (
        "T:201.1 /210.0 B:60.0 /60.0 T0:201.1 /210.0 T1:20.0 /0.0 C:40.0 /45.0 A:25.0 P:30.0 @:127 B@:0 @0:127 @1:0",
        {
            "bed": (60.0, 60.0), "tool0": (201.1, 210.0), "tool1": (20.0, 0.0), "chamber": (40.0, 45.0),
            "A": (25.0, None), "P": (30.0, None),
        },
        None,
    ),
    "marlin, raw values": ("T:20.0 /0.0 (1021.0) B:21.0 /0.0 (990.1)", {"tool0": (20.0, 0.0), "bed": (21.0, 0.0)}, 0),
    "marlin, waiting": ("T:201.5 /210.0 B:60.0 /60.0 @:127 W:?", {"tool0": (201.5, 210.0), "bed": (60.0, 60.0)}, 0),
    "marlin, waiting for seconds": ("T:209.9 /210.0 W:7", {"tool0": (209.9, 210.0)}, 0),
    "old marlin, waiting": ("T:201.5 E:0 W:?", {"tool0": (201.5, None)}, 0),
    "prusa": ("T:201.5 E:0 B:60.1", {"tool0": (201.5, None), "bed": (60.1, None)}, 0),
    "prusa, all sensors": (
        "T:22.0 /0.0 B:22.0 /0.0 T0:22.0 /0.0 @:0 B@:0 P:0.0 A:25.0",
        {"bed": (22.0, 0.0), "tool0": (22.0, 0.0), "P": (0.0, None), "A": (25.0, None)}, None,
    ),
    "repetier": ("T:22.36 /0 B:24.58 /0 B@:0 @:0", {"tool0": (22.36, 0.0), "bed": (24.58, 0.0)}, 0),
    "repetier, target of a tool": ("TargetExtr1:210", {"tool1": (None, 210.0)}, None),
    "repetier, target of the bed": ("TargetBed:60.5", {"bed": (None, 60.5)}, None),
    "teacup": ("T:21.5 B:20.2", {"tool0": (21.5, None), "bed": (20.2, None)}, 0),
    "smoothie": ("T:20.5 /0.0 @0 T1:21.0 /0.0 @0", {"tool0": (20.5, 0.0), "tool1": (21.0, 0.0)}, 0),
    "klipper": ("B:21.0 /0.0 T0:22.0 /0.0", {"bed": (21.0, 0.0), "tool0": (22.0, 0.0)}, None),
    "duet without a bed": ("T:20.0 /0.0 B:-273.1 /0.0", {"tool0": (20.0, 0.0), "bed": (-273.1, 0.0)}, 0),
    "bed alone": ("B:60.1 /60.0", {"bed": (60.1, 60.0)}, None),
    "no blanks": ("T:201/210 B:60/60", {"tool0": (201.0, 210.0), "bed": (60.0, 60.0)}, 0),
    "blanks anywhere": ("T : 201.5 / 210 B :60", {"tool0": (201.5, 210.0), "bed": (60.0, None)}, 0),
    "a word": ("T:20.0 /0.0 PINDA:25.5", {"tool0": (20.0, 0.0), "PINDA": (25.5, None)}, 0),
    "a sensor twice": ("T:201 T:50 B:60", {"tool0": (201.0, None), "bed": (60.0, None)}, 0),
}  # fmt: skip


@pytest.mark.parametrize(("line", "heaters", "tool"), TEMPERATURES.values(), ids=TEMPERATURES)
def test_temperatures_in_each_form(line, heaters, tool):
    play(f"""{READY}
machine> {line}
event> {wire.Temperatures(heaters, tool)!r}
""")


@pytest.mark.parametrize("line", ["ok T:20.0 /0.0", "okT:20.0 /0.0", "ok T:20.0", "T:20.0 /0.0 ok"])
def test_an_ok_with_temperatures_in_each_form(line):
    play(f"""{READY}
hand> M105
host> N3 M105
machine> {line}
event> Temperatures
event> CommandAcknowledged
""")


@pytest.mark.parametrize(
    "line", ["ok N4 P15 B3", "ok P15 B3", "ok 4", "ok // N4", "ok N4 P15 B3 T:1.0 /0.0", "ok P1 B3 T:1.0"]
)
def test_an_ok_with_something_behind_it(line):
    script = play(JOB)
    assert wire.JobLineAcknowledged(1) in script.say(line)
    assert script.sent() == [checksummed(5, "G1 X3")]


@pytest.mark.parametrize(
    ("line", "axes"),
    [
        (
            "X:0.00 Y:127.00 Z:145.00 E:0.00 Count X:0 Y:10160 Z:116000",
            {"x": 0.0, "y": 127.0, "z": 145.0, "e": 0.0},
        ),
        ("X:1.00 Y:2.00 Z:3.00 E:0.00 Count A:240 B:-80 Z:1200", {"x": 1.0, "y": 2.0, "z": 3.0, "e": 0.0}),
        (
            "X:1.00 Y:2.00 Z:3.00 A:4.00 B:5.00 E:0.00 Count X:0",
            {"x": 1.0, "y": 2.0, "z": 3.0, "a": 4.0, "b": 5.0, "e": 0.0},
        ),
        ("X:1.0 Y:2.0 Z:3.0 E0:4.0 E1:5.0", {"x": 1.0, "y": 2.0, "z": 3.0, "e0": 4.0, "e1": 5.0}),
        ("X: 1.5 Y: 2.5", {"x": 1.5, "y": 2.5}),
        ("X:1,Y:2,Z:3,E:0,F:300", {"x": 1.0, "y": 2.0, "z": 3.0, "e": 0.0, "f": 300.0}),
        ("C: X:1.00 Y:2.00 Z:3.00 E:0.00", {"x": 1.0, "y": 2.0, "z": 3.0, "e": 0.0}),
        ("C: X:1.0 Y:2.0 Z:3.0 A:4.0 B:5.0", {"x": 1.0, "y": 2.0, "z": 3.0, "a": 4.0, "b": 5.0}),
    ],
)
@pytest.mark.parametrize("behind_ok", [False, True])
def test_positions_in_each_form(line, axes, behind_ok):
    play(f"""{READY}
machine> {"ok " if behind_ok else ""}{line}
event> {wire.Position(axes)!r}
""")


# --- actions ----------------------------------------------------------------------------------------------------------

ACTIONS = (
    "start", "cancel", "pause", "resume", "paused", "resumed", "disconnect", "shutdown", "poweroff",
    "sd_inserted", "sd_ejected", "sd_updated", "ready", "not_ready", "out_of_filament", "filament_runout T1",
    "notification Layer 2 of 30", "prompt_begin Nozzle: clean?", "prompt_choice Yes", "prompt_button No",
    "prompt_show", "prompt_end",
)  # fmt: skip


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("prefix", ["//action:", "// action:"])
def test_each_action_with_both_spacings(prefix, action):
    name, _, parameters = action.partition(" ")
    play(f"""{READY}
machine> {prefix}{action}
event> {wire.ActionCommand(name, parameters)!r}
""")


# --- the end ----------------------------------------------------------------------------------------------------------

KILLS = (
    "Heating failed, system stopped! Heater_ID: 0",
    "Thermal Runaway, system stopped! Heater_ID: bed",
    "Thermal Malfunction, system stopped! Heater_ID: 1",
    "MAXTEMP triggered, system stopped! Heater_ID: 0",
    "MINTEMP triggered, system stopped! Heater_ID: bed",
    "Invalid extruder number !",
    "Watchdog barked, please turn the printer off and on again.",
    "KILL caused by KILL pin",
)


@pytest.mark.parametrize("text", KILLS)
def test_a_kill_is_told_once_with_both_its_lines(text):
    play(f"""{READY}
machine> Error:{text}
machine> Error:Printer halted. kill() called!
event> {wire.Halted(f"{text} Printer halted. kill() called!")!r}
machine> Error:Printer halted. kill() called!
""")


@pytest.mark.parametrize("text", KILLS)
def test_a_kill_without_a_second_line_is_told_soon(text):
    play(f"""{READY}
machine> Error:{text}
wait> 0.3
event> {wire.Halted(text)!r}
""")


# --- what a firmware can ----------------------------------------------------------------------------------------------

CAPABILITIES = (
    "EEPROM", "AUTOREPORT_POS", "AUTOREPORT_SD_STATUS", "HOST_ACTION_COMMANDS", "PROMPT_SUPPORT",
    "EMERGENCY_PARSER", "SDCARD", "MULTI_VOLUME", "SD_WRITE", "LONG_FILENAME", "EXTENDED_M20", "LFN_WRITE",
    "BINARY_FILE_TRANSFER", "BUILD_PERCENT", "PROGRESS", "SOFTWARE_POWER", "TOGGLE_LIGHTS", "CASE_LIGHT_BRIGHTNESS",
    "AUTOLEVEL", "LEVELING_DATA", "Z_PROBE", "RUNOUT", "THERMAL_PROTECTION", "CHAMBER_TEMPERATURE",
    "COOLER_TEMPERATURE", "ARCS", "MOTION_MODES", "BABYSTEPPING", "EP_BABYSTEP", "REPEAT", "VOLUMETRIC",
    "SERIAL_XON_XOFF", "MEATPACK", "PAREN_COMMENTS", "QUOTED_STRINGS", "CONFIG_EXPORT", "CUSTOM_FIRMWARE_UPLOAD",
    "PRINT_JOB",
)  # fmt: skip


@pytest.mark.parametrize("state", [0, 1])
def test_every_capability_is_heard(state):
    script = Script().open()
    script.sent()
    script.say("ok")
    heard = script.say(IDENTITY, *(f"Cap:{name}:{state}" for name in CAPABILITIES))
    assert events_of(wire.Capability, heard) == [wire.Capability(name, bool(state)) for name in CAPABILITIES]


@pytest.mark.parametrize(("capability", "asked"), [("AUTOREPORT_TEMP", "M155 S1"), ("BUSY_PROTOCOL", "M113 S2")])
def test_a_capability_is_used(capability, asked):
    play(f"""
open>
host> N0 M110 N0
machine> ok
host> N1 M115
machine> FIRMWARE_NAME:Some Board 1.0
event> FirmwareInfo
machine> Cap:{capability}:1
machine> ok
host> N2 {asked}
""")
