"""Back-pressure: planner, command queue, receive buffer, and the figures of ADVANCED_OK."""

from __future__ import annotations

from helpers_simulator import Bench, numbered


def one_second_moves(first: int, count: int) -> list[str]:
    return [f"G1 X{10 * (first + index)} F600" for index in range(count)]


def test_moves_are_acknowledged_when_they_enter_the_planner() -> None:
    bench = Bench()
    assert bench.send_numbered(1, *one_second_moves(1, 15)) == ["ok"] * 15
    assert bench.send_numbered(16, *one_second_moves(16, 1)) == []
    assert bench.wait(0.9) == []
    assert bench.wait(0.2) == ["ok"]


def test_a_full_planner_makes_the_queue_wait_and_then_the_buffer() -> None:
    bench = Bench()
    bench.send_numbered(1, *one_second_moves(1, 15))
    for number in range(16, 20):
        assert bench.send_numbered(number, *one_second_moves(number, 1)) == []
    assert (bench.simulator.queued, bench.simulator.unread) == (4, 0)
    waiting = numbered(20, "G1 X200 F600") + numbered(21, "G1 X210 F600")
    assert bench.send(waiting) == []
    assert bench.simulator.unread == len(waiting)
    assert bench.wait(1.0) == ["ok"]
    assert bench.simulator.unread == len(waiting) // 2
    assert bench.wait(100) == ["ok"] * 5
    assert bench.simulator.executed == one_second_moves(1, 21)


def test_what_does_not_fit_into_the_buffer_is_lost() -> None:
    bench = Bench()
    bench.send("G4 S10")
    bench.send("G90\nG90\nG90")
    lines = b"".join(numbered(number, "G1 X1") for number in range(1, 20))
    bench.send(lines)
    assert bench.simulator.unread == 128
    assert bench.simulator.statistics.bytes_lost == len(lines) - 128
    kept = lines[:128].count(b"\n")
    assert bench.wait(10)[-4 - kept :] == ["ok"] * (4 + kept)
    assert bench.simulator.statistics.last_line_number == kept
    assert bench.send(b"\n" + numbered(20, "G1 X1"))[-2:] == [f"Resend: {kept + 1}", "ok"]


def test_a_bigger_buffer_holds_more() -> None:
    bench = Bench(rx_buffer_size=1024)
    bench.send("G4 S10\nG90\nG90\nG90")
    bench.send(b"x" * 2000)
    assert bench.simulator.unread == 1024


def test_the_figures_of_advanced_ok_are_true() -> None:
    bench = Bench(advanced_ok=True)
    assert bench.send("G90") == ["ok P15 B3"]
    assert bench.send_numbered(1, *one_second_moves(1, 1)) == ["ok N1 P14 B3"]
    assert bench.send_numbered(2, *one_second_moves(2, 5)) == [
        *("ok N2 P13 B0", "ok N3 P12 B0", "ok N4 P11 B1", "ok N5 P10 B2", "ok N6 P9 B3")
    ]
    assert bench.wait(2.0) == []
    assert bench.send("G90") == ["ok P11 B3"]


def test_the_figures_show_a_queue_that_was_full() -> None:
    bench = Bench(advanced_ok=True)
    bench.send_numbered(1, *one_second_moves(1, 15))
    bench.send_numbered(16, *one_second_moves(16, 4))
    assert bench.wait(1.0) == ["ok N16 P0 B0"]
    assert bench.wait(1.0) == ["ok N17 P0 B1"]
    assert bench.wait(2.0) == ["ok N18 P0 B2", "ok N19 P0 B3"]


def test_temperatures_stand_on_the_ok_line_in_place_of_the_figures() -> None:
    answer = Bench(advanced_ok=True).send("M105")
    assert answer == ["ok T:21.00 /0.00 B:21.00 /0.00 @:0 B@:0"]


def test_an_underrun_is_counted() -> None:
    bench = Bench()
    bench.send("G1 X10 F600")
    bench.wait(1.5)
    bench.send("G1 X20")
    assert bench.simulator.statistics.underruns == 1
    bench.send("M400")
    bench.wait(1.5)
    bench.send("G1 X30")
    assert bench.simulator.statistics.underruns == 1


def test_at_speed_nought_moves_take_no_time() -> None:
    bench = Bench(speed=0.0)
    moves = one_second_moves(1, 100)
    assert bench.send_numbered(1, *moves) == ["ok"] * 100
    assert bench.simulator.executed == moves
    assert bench.simulator.statistics.moves == 100


def test_a_higher_speed_shortens_moves() -> None:
    bench = Bench(speed=10.0)
    bench.send_numbered(1, *one_second_moves(1, 16))
    assert bench.wait(0.05) == []
    assert bench.wait(0.06) == ["ok"]


def test_how_often_time_is_told_changes_nothing() -> None:
    coarse, fine = Bench(), Bench()
    for bench in (coarse, fine):
        bench.send("M155 S1\nG28\nM109 S60\nG1 X5")
    said = [line for _ in range(1000) for line in fine.wait(0.05)]
    assert coarse.wait(1000 * 0.05) == said
    assert said.count("ok") == 3


def test_the_deadline_names_what_happens_next() -> None:
    bench = Bench()
    assert bench.simulator.next_deadline() is None
    bench.send("M155 S5")
    assert bench.simulator.next_deadline() == bench.now + 5
    bench.send("G4 S1")
    assert bench.simulator.next_deadline() == bench.now + 1


def test_a_command_is_reported_with_the_time_at_which_its_line_came() -> None:
    from mrdraw.simulator.marlin import MarlinSimulator

    heard: list[tuple[str, float]] = []
    simulator = MarlinSimulator(None, 0.0, lambda text, arrived: heard.append((text, arrived)))
    for number, time in enumerate([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]):
        simulator.receive(f"G4 S{number + 10}\n".encode(), time)
    simulator.advance(1000.0)
    assert heard == [(f"G4 S{number + 10}", number + 1.0) for number in range(6)]
