"""Where a job can be begun again, and what was certainly executed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mrdraw.gcode.replay import KEPT_LAYERS, Replay

SETUP = ["G28", "G92 E0", "M82"]


def replayed(lines: list[str], **options: int) -> Replay:
    replay = Replay(**options)
    for line in lines:
        replay.feed(line)
    return replay


def moves(count: int, *, step: float = 1.0, begin: float = 0.0) -> list[str]:
    return [f"G1 X{begin + step * (number + 1):g}" for number in range(count)]


def test_what_a_planner_may_hold_is_not_executed():
    assert replayed(SETUP + moves(40), queue=0).executed == 3 + 40 - 16
    assert replayed(SETUP + moves(40), queue=4).executed == 3 + 40 - 16 - 4
    assert replayed(SETUP + moves(40), queue=0, blocks=4).executed == 3 + 40 - 4
    assert replayed(SETUP + moves(3), queue=0).executed == 1, "behind the G28, which waits"
    assert replayed([]).executed == 0


def test_only_moves_take_room_in_a_planner():
    lines = [line for move in moves(40) for line in (move, "M106 S100", "G1 F3000", "G92 E0")]
    assert replayed(SETUP + lines, queue=0).executed == 3 + 4 * (40 - 16)


def test_moves_too_short_for_a_block_become_part_of_the_next():
    assert replayed(SETUP + moves(400, step=0.01), queue=0).executed <= 3 + 400 - 160


@pytest.mark.parametrize("waiting", ["G4 P10", "M400", "G28 X", "M0", "M600"])
def test_a_command_that_waits_for_the_planner(waiting):
    lines = [*SETUP, *moves(10), waiting]
    assert replayed([*lines, *moves(5, begin=10)], queue=0).executed == len(lines)


def test_a_place_set_by_a_line_is_no_move():
    lines = [*SETUP, *moves(20), *["G92 E5", "G1 F100", "G92 E0", "G1 F200"] * 10]
    assert replayed(lines, queue=0).executed == 3 + 4


def test_what_came_before_a_resume_is_executed():
    assert replayed(SETUP + moves(40), first=40, queue=0).executed == 40
    assert replayed(SETUP + moves(17), first=40, queue=0).executed == 20, "never more than was fed"


@given(st.lists(st.sampled_from(["G1 X1", "G1 X2", "G1 X2.01", "G4 P1", "M106", "G91", "G90", "G1 E1", "G92 E0"])))
def test_executed_only_grows_and_never_passes_what_was_fed(lines):
    replay, before = Replay(), 0
    for line in lines:
        replay.feed(line)
        assert before <= replay.executed <= replay.next_index
        before = replay.executed


# --- layers ---------------------------------------------------------------------------------------------------------

LAYERS = [
    *SETUP,                                              # 0-2
    "G1 Z0.2 F300", "G1 X10 Y10", "G1 X20 E1", "G1 Y20 E2",  # 3-6
    "G1 X19 E1.5 F900", "G0 Z1", "G0 X30", "G0 Z0.2", "G1 E2", "G1 X40 E3", # 7-12: a wipe, a hop, the same layer
    "M106 S100", "G1 E2.5", "G0 Z0.4", "G0 X10 Y10", "G1 E3", "G1 X20 E4", "G1 X30 E5",  # 13-19
]  # fmt: skip


def test_a_layer_begins_behind_what_was_drawn_before_it():
    first, second = replayed(LAYERS).layers
    assert (first.number, first.height, first.mark.index) == (1, 0.2, 0)
    assert (second.number, second.height, second.mark.index) == (2, 0.4, 13)
    assert second.mark.state.position == {"x": 40.0, "y": 20.0, "z": 0.2, "e": 3.0}
    assert second.mark.state.fans == {}


def test_a_state_of_before_is_not_changed_by_what_follows():
    replay = replayed(LAYERS)
    replay.feed("G1 X100 Y100 E6")
    replay.feed("M104 S200")
    assert replay.layers[-1].mark.state.position["x"] == 40.0
    assert replay.layers[-1].mark.state.targets == {}


def test_the_nearest_place():
    replay = replayed(LAYERS)
    assert replay.nearest(2).index == 0
    assert replay.nearest(8).index == 7, "where the path ended"
    assert replay.nearest(10_000).index == 13


def test_relative_extrusion_and_layers():
    lines = ["G28", "M83", "G1 Z0.3", "G1 X1 E0.1", "G1 X2 E0.1", "G1 X3 E-0.1", "G1 Z0.6", "G1 X4 E0.2"]
    assert [layer.mark.index for layer in replayed(lines).layers] == [0, 5]


def test_what_is_remembered_is_bounded():
    lines = [line for number in range(500) for line in (f"G1 Z{number / 5:g}", f"G1 X1 E{number + 1}", "G0 X0")]
    layers = replayed([*SETUP, *lines]).layers
    assert len(layers) == KEPT_LAYERS
    assert layers[-1].number == 500


def test_lines_before_the_first_one():
    replay = Replay()
    replay.prepare("M140 S60")
    replay.feed("G1 X1")
    assert replay.nearest(0).state.targets == {"bed": 60.0}
    assert replay.next_index == 1
