"""M108, M112 and M410, with the emergency parser and without."""

from __future__ import annotations

import pytest

from helpers_simulator import Bench, numbered
from mrdraw.simulator.emergency import EmergencyParser

HALTED = "Error:Printer halted. kill() called!"


@pytest.mark.parametrize(
    ("chunks", "codes"),
    [
        ([b"M112\n"], ["M112"]),
        ([b"M1", b"12\n"], ["M112"]),
        ([b"M112"], []),
        ([b"N12 M410*33\n"], ["M410"]),
        ([b"N12M108*33\r\n"], ["M108"]),
        ([b"  M108 \nG1\nM112\n"], ["M108", "M112"]),
        ([b"M1120\n"], []),
        ([b"M117 M112\n"], []),
        ([b"; M112\n"], []),
        ([b"G1 X" + b"1" * 500, b"M112\n"], []),
    ],
)
def test_the_parser_sees_commands_at_the_start_of_lines(chunks: list[bytes], codes: list[str]) -> None:
    parser = EmergencyParser()
    assert [code for chunk in chunks for code in parser.scan(chunk)] == codes


def blocked_bench(**options: object) -> Bench:
    """A firmware that waits for heat, with a full queue and a full receive buffer."""
    bench = Bench(keepalive_seconds=0.0, **options)
    bench.send("M109 S250\n" + "M117 filler\n" * 30)
    assert (bench.simulator.queued, bench.simulator.unread) == (4, 128)
    return bench


def test_with_the_parser_m112_acts_at_once() -> None:
    bench = blocked_bench(emergency_parser=True)
    assert bench.send("M112") == [HALTED]
    assert bench.wait(1000) == []
    assert bench.send("M105") == []
    assert all(heater.target == 0 for heater in bench.simulator.machine.heaters())


def test_without_the_parser_m112_waits_for_a_slot_of_the_queue() -> None:
    bench = Bench(keepalive_seconds=0.0)
    bench.send("G4 S10\n" + "G4 S10\n" * 3)
    assert bench.send("M112") == []
    assert bench.wait(9.9) == []
    assert bench.wait(0.2) == ["ok", HALTED]


def test_without_the_parser_a_numbered_m112_waits_for_its_turn() -> None:
    bench = Bench(keepalive_seconds=0.0)
    bench.send("G4 S10\nG4 S10")
    assert bench.send(numbered(1, "M112")) == []
    assert bench.wait(20) == ["ok", "ok", HALTED]
    assert bench.send("M105") == []


def test_a_halted_firmware_lives_again_after_a_reset() -> None:
    bench = blocked_bench(emergency_parser=True)
    bench.send("M112")
    bench.simulator.reset(bench.now)
    assert bench.read()[0] == "start"
    assert bench.send("M105")[0].startswith("ok T:")


def test_m108_ends_a_wait_for_heat() -> None:
    bench = blocked_bench(emergency_parser=True)
    assert bench.send("M108")[0] == "ok"
    assert bench.simulator.machine.hot_ends[0].target == 250


def test_without_the_parser_an_unnumbered_m108_acts_when_it_gets_a_slot() -> None:
    bench = Bench(keepalive_seconds=0.0)
    bench.send("M109 S250")
    assert bench.send("M108") == ["ok", "ok"]


def test_m410_stops_where_the_machine_stands() -> None:
    bench = Bench(emergency_parser=True)
    bench.send("G1 X100 F600")
    bench.wait(5)
    assert bench.send("M410") == ["ok"]
    assert bench.send("M114")[0].startswith("X:50.00 ")


def test_m410_stops_a_move_that_waited_for_the_planner_too() -> None:
    bench = Bench(emergency_parser=True, keepalive_seconds=0.0)
    bench.send("\n".join(f"G1 X{100 * number} F600" for number in range(1, 17)))
    bench.wait(1)
    assert bench.send("M410") == ["ok", "ok"]
    assert bench.send("M114")[0].startswith("X:10.00 ")
    bench.send("G1 X30")
    bench.wait(2)
    assert bench.send("M114")[0] == "X:30.00 Y:0.00 Z:0.00 E:0.00 Count X:2400 Y:0 Z:0"
