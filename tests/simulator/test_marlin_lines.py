"""The line protocol: numbers, checksums, resends, old behaviours."""

from __future__ import annotations

import pytest

from helpers_simulator import Bench, numbered

OUT_OF_ORDER = "Error:Line Number is not Last Line Number+1, Last Line: "
MISMATCH = "Error:checksum mismatch, Last Line: "
NO_CHECKSUM = "Error:No Checksum with line number, Last Line: "


def long_line(size: int) -> bytes:
    """Line 71 with `size` bytes before its end."""
    lines = (numbered(71, "M117 " + "x" * count) for count in range(100))
    return next(line for line in lines if len(line) == size + 1)


def bench_at_line(number: int, **options: object) -> Bench:
    bench = Bench(speed=0.0, **options)
    assert bench.send(numbered(0, f"M110 N{number}")) == ["ok"]
    bench.simulator.executed.clear()
    return bench


def test_after_a_reset_the_firmware_says_start_and_what_it_is() -> None:
    banner = Bench().banner
    assert banner[0] == "start"
    assert banner[1].startswith("Marlin 2.1")


def test_every_command_is_acknowledged_once() -> None:
    bench = bench_at_line(0)
    assert bench.send_numbered(1, "G21", "G90", "G1 X1 F3000") == ["ok"] * 3
    assert bench.send("M82") == ["ok"]
    assert bench.simulator.executed == ["G21", "G90", "G1 X1 F3000", "M82"]


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (numbered(72, "G1 X1"), OUT_OF_ORDER),
        (numbered(70, "G1 X1"), OUT_OF_ORDER),
        (numbered(71, "G1 X1").replace(b"X1", b"X2"), MISMATCH),
        (b"N71 G1 X1\n", NO_CHECKSUM),
        (b"N71 G1 X1 ; comment*33\n", NO_CHECKSUM),
        (numbered(71, "M117 " + "x" * 90), NO_CHECKSUM),
        (long_line(96), MISMATCH),
    ],
)
def test_a_bad_line_is_asked_for_again_and_not_executed(line: bytes, error: str) -> None:
    bench = bench_at_line(70)
    assert bench.send(line) == [f"{error}70", "Resend: 71", "ok"]
    assert bench.simulator.executed == []
    assert bench.send(numbered(71, "G1 X1")) == ["ok"]
    assert bench.simulator.executed == ["G1 X1"]


def test_the_longest_line_that_fits_is_taken() -> None:
    bench = bench_at_line(70)
    assert bench.send(long_line(95)) == ["ok"]
    assert len(bench.simulator.executed[0]) > 80


def test_what_was_not_read_yet_is_thrown_away_with_a_bad_line() -> None:
    bench = bench_at_line(5)
    bad = numbered(6, "G1 X1").replace(b"X1", b"X9")
    assert bench.send(bad + numbered(7, "G1 X2") + b"N8 G1") == [f"{MISMATCH}5", "Resend: 6", "ok"]
    assert bench.simulator.statistics.bytes_flushed == len(numbered(7, "G1 X2") + b"N8 G1")
    assert bench.send_numbered(6, "G1 X1", "G1 X2") == ["ok", "ok"]
    assert bench.simulator.executed == ["G1 X1", "G1 X2"]


def test_each_line_that_arrives_after_a_bad_one_asks_for_the_same_line() -> None:
    bench = bench_at_line(5)
    assert bench.send(numbered(6, "G1 X1").replace(b"X1", b"X9"))[1] == "Resend: 6"
    assert bench.send(numbered(7, "G1 X2")) == [f"{OUT_OF_ORDER}5", "Resend: 6", "ok"]
    assert bench.send(numbered(8, "G1 X3")) == [f"{OUT_OF_ORDER}5", "Resend: 6", "ok"]


def test_a_numbered_line_that_lost_its_first_letter_is_executed() -> None:
    bench = bench_at_line(5)
    assert bench.send(b"G1 X77*12\n") == ["ok"]
    assert bench.simulator.executed == ["G1 X77"]


def test_lines_without_number_are_accepted_between_numbered_ones() -> None:
    bench = bench_at_line(5)
    assert bench.send(numbered(6, "G1 X1") + b"M117 hello\n" + numbered(7, "G1 X2")) == ["ok"] * 3


@pytest.mark.parametrize("data", [b"\n", b"\r\n", b"; only a comment\n", b"   \n"])
def test_empty_lines_are_not_acknowledged(data: bytes) -> None:
    assert bench_at_line(0).send(data) == []


def test_m110_sets_the_counter_and_tells_it() -> None:
    bench = bench_at_line(1297)
    assert bench.send("M110") == ["Line: 1297", "ok"]
    assert bench.send("M110 N5") == ["ok"]
    assert bench.send(numbered(6, "G1 X1")) == ["ok"]
    assert bench.simulator.statistics.last_line_number == 6


def test_m110_takes_effect_a_second_time_when_it_is_executed() -> None:
    bench = Bench(speed=1.0)
    bench.send("G4 S5")
    bench.send(numbered(0, "M110 N0") + numbered(1, "G1 X1"))
    assert bench.wait(6)[-2:] == ["ok", "ok"]
    assert bench.send(numbered(2, "G1 X2"))[0] == f"{OUT_OF_ORDER}0"


def test_unknown_commands_are_named_and_acknowledged() -> None:
    bench = Bench()
    assert bench.send("M9999 S1") == ['echo:Unknown command: "M9999 S1"', "ok"]
    assert bench.send("23.4*55") == ['echo:Unknown command: "23.4"', "ok"]
    assert bench.simulator.statistics.unknown_commands == 2


def test_some_firmware_leaves_out_the_ok_after_a_resend() -> None:
    assert bench_at_line(5, ok_after_resend=False).send(b"N6 G28\n") == [f"{NO_CHECKSUM}5", "Resend: 6"]


def test_old_firmware_refuses_a_checksum_without_number_and_asks_for_nothing() -> None:
    bench = bench_at_line(5, number_required_with_checksum=True)
    assert bench.send(b"G1 X1*99\n") == ["Error:No Line Number with checksum, Last Line: 5"]
    assert bench.simulator.executed == []
    assert bench.send(numbered(7, "G1 X2"))[1:] == ["Resend: 6", "ok"]


def test_the_errors_are_counted_by_kind() -> None:
    bench = bench_at_line(5)
    for line in (numbered(9, "G1"), b"N6 G1\n", b"N6 G1*1\n", b"N6 G1*2\n"):
        bench.send(line)
    statistics = bench.simulator.statistics
    assert (statistics.line_number_errors, statistics.missing_checksum_errors, statistics.checksum_errors) == (1, 1, 2)


def test_a_reset_forgets_the_counter_and_says_start() -> None:
    bench = bench_at_line(500)
    bench.send("G4 S30")
    bench.simulator.reset(bench.now)
    assert bench.read()[0] == "start"
    assert bench.send(numbered(1, "G1 X1")) == ["ok"]
    assert bench.simulator.statistics.resets == 1


def test_a_reset_switches_the_heaters_off_but_they_stay_hot() -> None:
    bench = Bench(heater_speed=1.0)
    bench.send("M104 S200")
    bench.wait(1000)
    bench.simulator.reset(bench.now)
    bench.read()
    assert bench.send("M105")[0].startswith("ok T:200.00 /0.00 ")
    bench.wait(10_000)
    assert bench.send("M105")[0].startswith("ok T:21.00 /0.00 ")


def test_the_firmware_resets_itself_in_place_of_a_line() -> None:
    bench = Bench(speed=0.0, reset_at_lines=(3,))
    assert [bench.send(code)[0] for code in ("G90", "G91", "G92", "G90")] == ["ok", "ok", "start", "ok"]
    assert bench.simulator.executed == ["G90", "G91", "G90"]


def test_what_arrives_while_the_firmware_boots_is_lost() -> None:
    bench = Bench(boot_seconds=2.0)
    assert bench.banner == []
    assert bench.send("M105") == []
    assert bench.wait(2)[0] == "start"
    assert bench.send("M105")[0].startswith("ok T:")


def test_idle_firmware_says_wait_where_that_is_built_in() -> None:
    bench = Bench(speed=1.0, wait_seconds=1.0)
    assert bench.wait(2.5) == ["wait", "wait"]
    assert bench.send("G4 S3") == []
    assert "wait" not in bench.wait(3.0)
    assert bench.wait(1.0) == ["wait"]
