"""What the commands do and say."""

from __future__ import annotations

import pytest

from helpers_simulator import Bench


def test_firmware_information_agrees_with_the_options() -> None:
    bench = Bench(emergency_parser=True, autoreport_temperature=False, chamber=True, tools=3, machine_type="Box Mk2")
    name, *capabilities, last = bench.send("M115")
    assert name.startswith("FIRMWARE_NAME:Marlin 2.1")
    assert "MACHINE_TYPE:Box Mk2 " in name
    assert "EXTRUDER_COUNT:3 " in name
    assert {"Cap:EMERGENCY_PARSER:1", "Cap:AUTOREPORT_TEMP:0", "Cap:CHAMBER_TEMPERATURE:1"} <= set(capabilities)
    assert last == "ok"


@pytest.mark.parametrize("code", ["M141 S50", "M191 S50"])
def test_a_chamber_that_is_not_there_has_no_commands(code: str) -> None:
    assert Bench().send(code)[0] == f'echo:Unknown command: "{code}"'
    assert Bench(chamber=True, speed=0.0).send(code) == ["ok"]


def test_without_autoreport_m155_is_unknown() -> None:
    assert "Unknown command" in Bench(autoreport_temperature=False).send("M155 S1")[0]


def test_temperatures_of_several_tools() -> None:
    bench = Bench(tools=2, chamber=True, speed=0.0)
    bench.send("M104 T1 S200\nM140 S60\nM141 S40\nT1")
    assert bench.send("M105") == [
        "ok T:200.00 /200.00 B:60.00 /60.00 C:40.00 /40.00 T0:21.00 /0.00 T1:200.00 /200.00 @:60 B@:42 C@:35 @0:0 @1:60"
    ]


def test_tools_that_are_not_there_are_refused() -> None:
    bench = Bench(tools=2)
    assert bench.send("T2") == ["echo:T2 Invalid extruder", "ok"]
    assert bench.send("M104 T5 S200") == ["echo:M104 Invalid extruder 5", "ok"]
    assert bench.send("T1") == ["echo:Active Extruder: 1", "ok"]


def test_a_wait_for_heat_reports_each_second_and_acknowledges_at_the_end() -> None:
    bench = Bench(keepalive_seconds=0.0)
    assert bench.send("M109 S100") == []
    said = bench.wait(200)
    assert said[-1] == "ok"
    assert said[0].startswith(" T:")
    assert said[0].endswith(" W:?")
    assert len(said) > 10
    assert "ok" not in said[:-1]
    assert bench.send("M105")[0].startswith("ok T:100.00 /100.00")


def test_s_waits_for_heating_only_and_r_for_cooling_too() -> None:
    bench = Bench(keepalive_seconds=0.0)
    bench.send("M190 S60")
    bench.wait(600)
    assert bench.send("M190 S40") == ["ok"]
    assert bench.send("M190 R30") == []
    assert bench.wait(2000)[-1] == "ok"


def test_busy_lines_come_while_a_command_takes_long() -> None:
    bench = Bench()
    assert bench.send("G4 S5") == []
    assert bench.wait(1.9) == []
    assert bench.wait(0.2) == ["echo:busy: processing"]
    assert bench.wait(2.5) == ["echo:busy: processing"]
    assert bench.wait(1.0) == ["ok"]
    assert bench.wait(100) == []


def test_m113_sets_and_tells_the_interval_of_busy_lines() -> None:
    bench = Bench()
    assert bench.send("M113") == ["echo:M113 S2", "ok"]
    assert bench.send("M113 S1") == ["ok"]
    bench.send("G4 S3.5")
    assert bench.wait(4) == ["echo:busy: processing"] * 3 + ["ok"]
    bench.send("M113 S0")
    bench.send("G4 S30")
    assert bench.wait(30) == ["ok"]


def test_a_move_that_waits_for_the_planner_is_busy_too() -> None:
    bench = Bench()
    bench.send("\n".join(f"G1 X{100 * number} F600" for number in range(1, 17)))
    assert bench.wait(9.9) == ["echo:busy: processing"] * 4
    assert bench.wait(0.2)[-1] == "ok"


def test_temperatures_are_reported_by_themselves() -> None:
    bench = Bench()
    assert bench.send("M155 S2") == ["ok"]
    said = bench.wait(6.5)
    assert said == [" T:21.00 /0.00 B:21.00 /0.00 @:0 B@:0"] * 3
    bench.send("M155 S0")
    assert bench.wait(100) == []


def test_positions_are_those_of_the_plan_and_the_count_follows() -> None:
    bench = Bench()
    bench.send("G1 X20 Y10 E2 F600")
    assert bench.send("M114") == ["X:20.00 Y:10.00 Z:0.00 E:2.00 Count X:0 Y:0 Z:0", "ok"]
    bench.wait(100)
    assert bench.send("M114")[0] == "X:20.00 Y:10.00 Z:0.00 E:2.00 Count X:1600 Y:800 Z:0"


@pytest.mark.parametrize(
    ("commands", "position"),
    [
        ("G91\nG1 X5\nG1 X5 Z1", "X:10.00 Y:0.00 Z:1.00 E:0.00"),
        ("G91\nG90\nG1 X5\nG1 X6", "X:6.00 Y:0.00 Z:0.00 E:0.00"),
        ("M83\nG1 E1\nG1 E1.5", "X:0.00 Y:0.00 Z:0.00 E:2.50"),
        ("M83\nM82\nG1 E1\nG1 E1.5", "X:0.00 Y:0.00 Z:0.00 E:1.50"),
        ("G1 X5 E3\nG92 E0", "X:5.00 Y:0.00 Z:0.00 E:0.00"),
        ("G1 X5 E3\nG92", "X:0.00 Y:0.00 Z:0.00 E:0.00"),
        ("G1 X5 Y6 Z7\nG28 X Y", "X:0.00 Y:0.00 Z:7.00 E:0.00"),
        ("G1 X5 Y6 Z7\nG28", "X:0.00 Y:0.00 Z:0.00 E:0.00"),
        ("G01X-1.5Y+.5", "X:-1.50 Y:0.50 Z:0.00 E:0.00"),
        ("G2 X10 Y0 I5 J0", "X:10.00 Y:0.00 Z:0.00 E:0.00"),
        ("G3 X10 Y10 R-10 Z2", "X:10.00 Y:10.00 Z:2.00 E:0.00"),
    ],
)
def test_where_commands_lead(commands: str, position: str) -> None:
    bench = Bench(speed=0.0)
    bench.send(commands)
    assert bench.send("M114")[0].startswith(position)


@pytest.mark.parametrize(
    ("command", "seconds"),
    [
        ("G1 X100 F6000", 1.0),
        ("G1 X30 Y40 F600", 5.0),
        ("G1 E10 F60", 10.0),
        ("G2 X20 I10 F600", 3.14159),
        ("G3 X20 I10 F600", 3.14159),
        ("G2 I10 F600", 6.28318),
        ("G2 X10 Y10 R10 F600", 1.5708),
        ("G2 X10 Y10 R-10 F600", 4.71239),
        ("G28 X", 3.0),
        ("G28", 9.0),
        ("G29", 18.0),
        ("G4 P1500", 1.5),
        ("G4 S2", 2.0),
    ],
)
def test_how_long_commands_take(command: str, seconds: float) -> None:
    bench = Bench(keepalive_seconds=0.0)
    bench.send(f"{command}\nM400")
    bench.wait(seconds - 0.01)
    assert bench.simulator.queued > 0
    bench.wait(0.02)
    assert bench.simulator.queued == 0


def test_the_feed_rate_factor_stretches_moves() -> None:
    bench = Bench(keepalive_seconds=0.0)
    assert bench.send("M220") == ["FR:100%", "ok"]
    bench.send("M220 S50\nG1 X10 F600\nM400")
    assert bench.wait(1.9) == []
    assert bench.wait(0.2) == ["ok"]


def test_flow_is_kept_by_tool() -> None:
    bench = Bench(tools=2)
    bench.send("M221 T1 S95")
    assert bench.send("M221 T1") == ["echo:E1 Flow: 95%", "ok"]
    assert bench.send("M221") == ["echo:E0 Flow: 100%", "ok"]
    assert bench.send("M221 T7 S50") == ["echo:M221 Invalid extruder 7", "ok"]


def test_fans_are_set_and_stopped() -> None:
    bench = Bench()
    bench.send("M106\nM106 P1 S300\nM106 P2 S51")
    assert bench.simulator.machine.fans == {0: 255, 1: 255, 2: 51}
    bench.send("M107\nM107 P1")
    assert bench.simulator.machine.fans == {0: 0, 1: 0, 2: 51}


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("M118 hello", "hello"),
        ("M118 A1 action:pause", "// action:pause"),
        ("M118 E1 hello", "echo:hello"),
        ("M500", "echo:Settings Stored (658 bytes; crc 12345)"),
        ("M501", "echo:V89 stored settings retrieved (658 bytes; crc 12345)"),
        ("M502", "echo:Hardcoded Default Settings Loaded"),
    ],
)
def test_what_commands_say(command: str, said: str) -> None:
    assert Bench().send(command) == [said, "ok"]


@pytest.mark.parametrize("command", ["M17", "M18", "M84", "M80", "M81", "M85 S60", "M117 hello", "M73 P5", "M204 S1"])
def test_commands_without_visible_effect_are_acknowledged(command: str) -> None:
    assert Bench().send(command) == ["ok"]


def test_settings_are_listed() -> None:
    said = Bench().send("M503")
    assert said[-1] == "ok"
    assert any("M92 X80.00" in line for line in said)


@pytest.mark.parametrize("command", ["M600", "M0", "M1"])
def test_a_pause_for_the_user_lasts_until_m108(command: str) -> None:
    bench = Bench(emergency_parser=True)
    assert bench.send(command) == []
    assert bench.wait(5) == ["echo:busy: paused for user"] * 2
    assert bench.send("M108") == ["ok", "ok"]
    bench.send("G4 S3")
    assert bench.wait(2.5) == ["echo:busy: processing"]


def test_m0_may_end_by_itself() -> None:
    bench = Bench(keepalive_seconds=0.0)
    bench.send("M0 S5")
    assert bench.wait(4.9) == []
    assert bench.wait(0.2) == ["ok"]
