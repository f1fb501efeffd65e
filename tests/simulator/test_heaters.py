from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers_simulator import untimed
from mrdraw.simulator.heaters import AMBIENT, HOT_END, Heater


def hot_end(target: float, *, speed: float = 1.0) -> Heater:
    heater = Heater(HOT_END, speed, 0.0)
    heater.set_target(target, 0.0)
    return heater


def test_a_heater_warms_slowly_and_holds_its_target() -> None:
    heater = hot_end(200)
    assert heater.temperature(0.0) == AMBIENT
    assert AMBIENT < heater.temperature(5.0) < heater.temperature(10.0) < 200
    assert heater.temperature(3600.0) == 200
    assert (heater.power(5.0), 0 < heater.power(3600.0) < 127) == (127, True)


def test_a_heater_that_is_switched_off_cools_towards_the_room() -> None:
    heater = hot_end(200)
    heater.set_target(0, 1000.0)
    assert heater.temperature(1000.0) == 200
    assert 200 > heater.temperature(1030.0) > heater.temperature(1060.0) > AMBIENT
    assert heater.temperature(100_000.0) == pytest.approx(AMBIENT)
    assert heater.power(1030.0) == 0


def test_cooling_stops_at_a_lower_target() -> None:
    heater = hot_end(200)
    heater.set_target(100, 1000.0)
    assert heater.temperature(1001.0) > 100
    assert heater.temperature(5000.0) == 100


def test_speed_shortens_the_inertia() -> None:
    assert hot_end(200, speed=10).temperature(2.0) == pytest.approx(hot_end(200).temperature(20.0))
    assert hot_end(200, speed=0).temperature(0.0) == 200


@pytest.mark.parametrize(("wanted", "target"), [(-5.0, 0.0), (0.0, 0.0), (250.0, 250.0), (500.0, 285.0)])
def test_targets_are_cut_to_what_the_heater_may(wanted: float, target: float) -> None:
    assert hot_end(wanted).target == target


@untimed
@given(st.lists(st.tuples(st.floats(0, 300), st.floats(0, 600)), max_size=8))
def test_temperatures_stay_between_the_room_and_the_highest_target(steps: list[tuple[float, float]]) -> None:
    heater, now, highest = Heater(HOT_END, 1.0, 0.0), 0.0, AMBIENT
    for target, seconds in steps:
        heater.set_target(target, now)
        highest = max(highest, heater.target)
        now += seconds
        assert AMBIENT - 1e-9 <= heater.temperature(now) <= highest + 1e-9
