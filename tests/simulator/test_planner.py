from __future__ import annotations

import pytest

from mrdraw.simulator.planner import Planner, Position

HERE: Position = (0.0, 0.0, 0.0, 0.0)
THERE: Position = (10.0, 20.0, 0.0, 4.0)


def planner_with(moves: int, *, speed: float = 1.0) -> Planner:
    planner = Planner(16, speed, 0.001)
    for _ in range(moves):
        planner.add(2.0, HERE, THERE, 0.0)
    return planner


def test_one_place_of_the_ring_stays_free() -> None:
    assert Planner(16, 1.0, 0.001).free(0.0) == 15
    assert planner_with(15).free(0.0) == 0


def test_moves_are_executed_one_after_the_other() -> None:
    planner = planner_with(15)
    assert planner.room_at(0.0) == 2.0
    assert planner.free(1.99) == 0
    assert planner.free(2.0) == 1
    assert planner.free(5.0) == 2
    assert planner.empty_at(5.0) == 30.0
    assert planner.free(30.0) == 15
    assert planner.empty_at(31.0) == 31.0


def test_speed_shortens_moves_but_not_below_the_minimum() -> None:
    assert planner_with(1, speed=10.0).empty_at(0.0) == pytest.approx(0.2)
    planner = Planner(16, 1.0, 0.5)
    planner.add(0.0, HERE, THERE, 0.0)
    assert planner.empty_at(0.0) == 0.5


def test_at_speed_nought_no_block_is_kept() -> None:
    planner = planner_with(100, speed=0.0)
    assert (planner.free(0.0), planner.moves, planner.moving_position(0.0)) == (15, 100, None)


def test_the_position_is_between_the_ends_of_the_running_move() -> None:
    planner = planner_with(1)
    assert planner.moving_position(0.5) == pytest.approx((2.5, 5.0, 0.0, 1.0))
    assert planner.moving_position(2.0) is None


def test_a_stop_says_where_the_machine_stands() -> None:
    planner = planner_with(5)
    assert planner.stop(1.0) == pytest.approx((5.0, 10.0, 0.0, 2.0))
    assert planner.free(1.0) == 15
    assert planner.stop(1.0) is None


@pytest.mark.parametrize(
    ("came_at", "drained", "underruns"),
    [(1.9, False, 0), (2.0, False, 0), (2.1, False, 1), (2.1, True, 0), (60.0, False, 0)],
)
def test_a_gap_while_moves_keep_coming_is_an_underrun(came_at: float, drained: bool, underruns: int) -> None:
    planner = planner_with(1)
    if drained:
        planner.drained()
    planner.add(2.0, THERE, HERE, came_at)
    assert planner.underruns == underruns
