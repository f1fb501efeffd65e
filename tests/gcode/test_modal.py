"""What lines of G-code lead to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mrdraw.gcode.modal import ModalState


def after(*lines: str, **options: bool) -> ModalState:
    state = ModalState(**options)
    for line in lines:
        state.feed(line)
    return state


def test_the_beginning():
    state = ModalState()
    assert (state.absolute, state.absolute_extrusion, state.inches, state.tool) == (True, True, False, 0)
    assert state.position == {}
    assert state.homed_axes == ""
    assert state.feed_rate is None


def test_moves():
    state = after("G28", "G1 X10 Y20 Z0.3 E5 F1800", "G0 X15")
    assert state.position == {"x": 15.0, "y": 20.0, "z": 0.3, "e": 5.0}
    assert state.feed_rate == 1800.0
    assert after("G91", "G1 X5").position == {}, "nobody knows where it is"
    assert after("G1 X5", "G91", "G1 X2.5 Y1").position == {"x": 7.5}


def test_extrusion_has_its_own_mode():
    assert after("G92 E0", "M83", "G1 E2", "G1 E3").position["e"] == 5.0
    assert after("G92 E0", "G1 E2", "G1 E3").position["e"] == 3.0
    assert after("G92 E0", "M83", "G1 E2", "M82", "G1 E3").position["e"] == 3.0


def test_g90_undoes_m83_in_marlin():
    assert after("M83", "G90").absolute_extrusion is True
    assert after("G91").absolute_extrusion is False
    assert after("G90", "M83").absolute_extrusion is False
    assert after("M83", "G90", g90_influences_extruder=False).absolute_extrusion is False


def test_inches():
    state = after("G20", "G1 X1 F10")
    assert state.position == {"x": 25.4}
    assert state.feed_rate == 254.0
    state.feed("G21")
    state.feed("G1 X1")
    assert state.position == {"x": 1.0}


def test_homing():
    assert after("G28").homed_axes == "xyz"
    assert after("G28").position == {"x": 0.0, "y": 0.0, "z": 0.0}
    assert after("G28 Z").homed_axes == "z"
    assert after("G28 Y0 X0").homed_axes == "xy"


def test_what_makes_a_place_uncertain():
    assert after("G28", "M84").homed_axes == ""
    assert after("G28", "M18 X").homed_axes == "yz"
    assert after("G28", "M84 E").homed_axes == "xyz"
    assert after("G28", "M84 S60").homed_axes == "xyz"
    assert after("G28", "G92 Z5").homed_axes == "xy"
    assert after("G28", "G92 E0 Z0").homed_axes == "xyz"
    assert "z" not in after("G28", "G29").position


def test_targets_and_fans():
    state = after("M104 S200", "M140 S60", "M109 T1 R210", "T1", "M104 S190", "M141 S40", "M106 S127", "M106 P1 S255")
    assert state.targets == {"tool0": 200.0, "bed": 60.0, "tool1": 190.0, "chamber": 40.0}
    assert state.fans == {0: 127.0, 1: 255.0}
    assert state.tool == 1
    state.feed("M107")
    assert state.fans[0] == 0.0
    assert after("M106").fans == {0: 255.0}


@pytest.mark.parametrize(
    ("line", "heated"),
    [
        ("M104 S200", ("tool0", 200.0)),
        ("m109 s200", ("tool0", 200.0)),
        ("N5 M104 S200", ("tool0", 200.0)),
        ("M104 T3 S0", ("tool3", 0.0)),
        ("M190 R50", ("bed", 50.0)),
        ("M191 S30", ("chamber", 30.0)),
        ("M104", None),
        ("M105", None),
        ("M117 S200", None),
        ("G1 S200", None),
        ("", None),
    ],
)
def test_target_of(line, heated):
    assert ModalState().target_of(line) == heated


def test_preview_changes_nothing():
    state = after("G28", "G1 X10 E4")
    assert state.preview("G1 X20 E6") == (2.0, {"x": 20.0, "e": 6.0})
    assert state.preview("G0 F100") == (0.0, {})
    assert state.position["x"] == 10.0
    state.feed("M83")
    assert state.preview("G1 E6")[0] == 6.0


def test_unknown_lines_change_nothing():
    state = after("G28", "M117 G1 X50", "M862.3 P1", "words", "", "T?", "G53")
    assert state.position == {"x": 0.0, "y": 0.0, "z": 0.0}
    assert state.tool == 0


def test_the_lines_that_restore_neither_move_nor_heat():
    state = after("G21", "G28", "M104 S200", "M83", "G1 X5 Z3 E1 F1500", "M106 S100", "T1")
    assert state.restore_lines() == ["G21", "G90", "M83", "G1 F1500", "M106 S100"]
    assert after("G92 E7.5").restore_lines() == ["G90", "M82", "G92 E7.5"]
    assert after("G91", "M107").restore_lines() == ["G91", "M83", "M107"]


modes = st.lists(
    st.sampled_from(
        ["G90", "G91", "M82", "M83", "G20", "G21", "G1 F900", "G1 E3 F1200", "G92 E2", "G1 X5", "M106 S9", "M107"]
    )
)


@given(modes, modes)
def test_restoring_brings_the_modes_back(before, between):
    state = after("G21", "G1 F600", "M106 S1", "G92 E0", *before)
    restore = state.restore_lines()
    other = after("G21", "G1 F600", "M106 S1", "G92 E0", *before, *between)
    for line in restore:
        other.feed(line)
    assert (other.absolute, other.absolute_extrusion, other.inches) == (
        state.absolute,
        state.absolute_extrusion,
        state.inches,
    )
    assert other.feed_rate == pytest.approx(state.feed_rate)
    assert other.fans == state.fans
    if state.absolute_extrusion:
        assert other.position["e"] == pytest.approx(state.position["e"], abs=1e-3)


@given(st.lists(st.text(max_size=40), max_size=20))
def test_no_line_makes_following_fail(lines):
    after(*lines).restore_lines()


def test_factors_and_the_settings_of_the_firmware():
    state = after("M204 P800 T1000", "M205 X8", "M204 T1200", "M900 K0.05", "M220 S120", "M221 S95", "M201")
    assert state.tuning_lines() == ["M204 P800 T1200", "M205 X8", "M900 K0.05", "M220 S120", "M221 S95"]
    assert after("M204 P800", "M204 S500").tuning_lines() == ["M204 S500"], "S sets printing and travelling"
    assert after("M221 T1 S90").tuning_lines() == ["M221 T1 S90"]
    assert after().tuning_lines() == []


def test_layers_begin_where_something_is_drawn():
    state = after("G28", "M83", "G1 Z5", "G1 E2", "G1 Z0.2", "G0 X10", "G1 X20 E1")
    assert (state.layer, state.layer_height, state.draws) == (1, 0.2, True)
    for line in ("G1 Z1", "G0 X30", "G1 Z0.2", "G1 X40 E1", "G1 X41 E-0.5"):
        state.feed(line)
    assert (state.layer, state.draws) == (1, False)
    state.feed("G1 X50 Z0.4 E1")
    assert (state.layer, state.layer_height) == (2, 0.4)


def test_a_copy_goes_its_own_way():
    state = after("G28", "G1 X5 E1", "M104 S200", "M204 P500", "M221 S90", "M106 S10")
    twin = state.copy()
    for line in ("G1 X6", "M104 S0", "M204 P600", "M221 S80", "M107", "M84", "G91", "G20"):
        twin.feed(line)
    assert (state.position["x"], state.targets, state.fans, state.homed_axes) == (
        5.0,
        {"tool0": 200.0},
        {0: 10.0},
        "xyz",
    )
    assert state.tuning_lines() == ["M204 P500", "M221 S90"]
    assert (state.absolute, state.inches) == (True, False)
    assert (twin.position["x"], twin.absolute) == (6.0, False)


_numbers = st.one_of(
    st.floats(-500, 500).map("{:.3f}".format), st.integers(-9, 300).map(str), st.sampled_from([".5", "+2.", "-0"])
)
_plain_moves = st.builds(
    lambda command, *words: " ".join([command, *(word for word in words if word)]),
    st.sampled_from(["G0", "G1"]),
    *(st.one_of(st.just(""), _numbers.map(letter.__add__)) for letter in "XYEF"),
)
_others = st.sampled_from(
    ["G90", "G91", "M82", "M83", "G20", "G21", "G28", "G92 E0", "G1 Z0.4", "G1 Z5 E1", "G1 X1 E1 X2", "G1X5", "g1 x3"]
)


@given(st.lists(st.one_of(_plain_moves, _plain_moves, _others), max_size=40))
def test_plain_moves_are_followed_as_any_line(lines):
    shortly, at_length = ModalState(), ModalState()
    for line in lines:
        at_length.feed(line)
        if not shortly.feed_move(line.encode()):
            shortly.feed(line)
        known, same = vars(shortly) | {"_handlers": None}, vars(at_length) | {"_handlers": None}
        assert known == same
        assert list(shortly.position) == list(at_length.position)


def test_most_lines_of_a_job_are_plain_moves():
    state = ModalState()
    assert state.feed_move(b"G1 X1.5 Y-2 E.3 F1800")
    assert state.position == {"x": 1.5, "y": -2.0, "e": 0.3}
    assert not state.feed_move(b"G1 Z2")
    assert not state.feed_move(b"G2 X1 Y1 I5")
