"""What is done by hand, as G-code, and what the profile refuses (safety rules 3 and 4)."""

import pytest

from mrdraw.errors import InvalidValue, LimitExceeded
from mrdraw.link.messages import CustomBox, Profile, SafetySettings
from mrdraw.machine import manual
from mrdraw.machine.limits import Limits
from mrdraw.machine.manual import Posture

LIMITS = Limits(Profile())
SAFETY = SafetySettings()
HOMED = Posture(homed="xyz", position={"x": 10.0, "y": 20.0, "z": 5.0})


def _jog(axes, posture=HOMED, **how):
    options = {"absolute": False, "speed": None, "no_speed": False} | how
    return manual.jog(axes, posture=posture, limits=LIMITS, safety=SAFETY, **options)


def test_a_relative_jog_leaves_the_machine_absolute():
    assert _jog({"x": 10.0, "z": 0.1}) == ["G91", "G0 X10 Z0.1 F200", "G90"]


def test_a_jog_leaves_a_relative_machine_relative():
    relative = Posture(absolute=False, absolute_extrusion=False, homed="xyz", position=HOMED.position)
    assert _jog({"x": 1.0}, relative) == ["G91", "G0 X1 F6000"]
    assert _jog({"x": 1.0}, relative, absolute=True) == ["G90", "G0 X1 F6000", "G91"]


def test_a_jog_keeps_a_relative_extruder_relative():
    """G90 makes Marlin's extruder absolute as well."""
    mixed = Posture(absolute_extrusion=False, homed="xyz", position=HOMED.position)
    assert _jog({"x": 1.0}, mixed) == ["G91", "G0 X1 F6000", "G90", "M83"]


def test_a_speed_and_none():
    assert _jog({"y": 1.0}, speed=1234.0)[1] == "G0 Y1 F1234"
    assert _jog({"y": 1.0}, no_speed=True)[1] == "G0 Y1"


@pytest.mark.parametrize("axes", [{"x": 191.0}, {"x": -10.1}, {"z": 195.1}, {"y": float("nan")}, {"y": float("inf")}])
def test_out_of_the_volume(axes):
    with pytest.raises(LimitExceeded, match="volume"):
        _jog(axes)


def test_a_circular_volume():
    limits = Limits(Profile(form_factor="circular", origin_center=True))
    edge = Posture(homed="xyz", position={"x": 70.0, "y": 0.0, "z": 5.0})
    how = {"absolute": False, "speed": None, "no_speed": False, "safety": SAFETY}
    assert manual.jog({"y": 70.0}, posture=edge, limits=limits, **how)
    with pytest.raises(LimitExceeded, match="circular volume of 100 mm radius"):
        manual.jog({"y": 72.0}, posture=edge, limits=limits, **how)
    corner = Posture(homed="xyz", position={"x": 90.0, "y": 90.0, "z": 5.0})
    assert manual.jog({"z": 1.0}, posture=corner, limits=limits, **how), "only what moves can be wrong"


def test_a_custom_box_is_where_the_head_can_go():
    box = CustomBox(x_min=-20, x_max=210, y_min=0, y_max=200, z_min=0, z_max=200)
    limits = Limits(Profile(form_factor="circular", custom_box=box))
    how = {"absolute": True, "speed": None, "no_speed": False, "safety": SAFETY}
    assert manual.jog({"x": -20.0, "y": 200.0}, posture=HOMED, limits=limits, **how)
    with pytest.raises(LimitExceeded, match="-20 … 210"):
        manual.jog({"x": -20.5}, posture=HOMED, limits=limits, **how)


def test_an_unhomed_axis_goes_in_small_steps():
    assert _jog({"x": 10.0}, Posture())
    with pytest.raises(LimitExceeded, match="not homed"):
        _jog({"x": 10.1}, Posture())
    with pytest.raises(LimitExceeded):
        _jog({"x": float("nan")}, Posture())


@pytest.mark.parametrize("axes", [{}, {"e": 1.0}, {"w": 1.0}])
def test_axes_that_are_none(axes):
    with pytest.raises(InvalidValue):
        _jog(axes)


def test_home():
    assert manual.home("zx") == ["G28 X0 Z0"]
    for wrong in ("", "e", "xq"):
        with pytest.raises(InvalidValue):
            manual.home(wrong)


def test_extrude_restores_the_modes():
    assert manual.extrude(5.0, 9999.0, posture=Posture(), limits=LIMITS) == ["G91", "M83", "G1 E5 F300", "G90", "M82"]
    relative = Posture(absolute_extrusion=False)
    assert manual.extrude(-5.0, None, posture=relative, limits=LIMITS) == ["G91", "M83", "G1 E-5 F300", "G90", "M83"]
    with pytest.raises(LimitExceeded, match="500 mm"):
        manual.extrude(500.1, None, posture=Posture(), limits=LIMITS)


def test_the_end_of_a_job():
    ends = manual.end_of_job(HOMED, Limits(Profile(extruders=2, heated_chamber=True)), SAFETY)
    assert ends == [
        *("G91", "G0 Z5 F200", "G90"),
        *("M104 T0 S0", "M104 T1 S0", "M140 S0", "M141 S0", "M107", "M84"),
    ]


def test_the_end_of_a_job_does_not_lift_from_an_unknown_height():
    assert manual.end_of_job(Posture(), LIMITS, SAFETY) == ["M104 S0", "M140 S0", "M107", "M84"]


def test_the_end_of_a_job_does_not_lift_through_the_roof():
    high = Posture(homed="xyz", position={"x": 0.0, "y": 0.0, "z": 198.0})
    assert manual.lift(high, LIMITS, 5.0) == ["G91", "G0 Z2 F200", "G90"]
    top = Posture(homed="xyz", position={"x": 0.0, "y": 0.0, "z": 200.0})
    assert manual.lift(top, LIMITS, 5.0) == []


def test_a_pause_lifts_and_parks_and_comes_back():
    assert manual.park(HOMED, LIMITS, SAFETY) == ["G91", "G0 Z5 F200", "G90", "G90", "G0 X0 F6000"]
    assert manual.unpark(HOMED, LIMITS, SAFETY) == ["G90", "G0 X10 Y20 F6000", "G0 Z5 F200"]


def test_a_pause_of_an_unhomed_machine_does_not_move():
    assert manual.park(Posture(), LIMITS, SAFETY) == []
    assert manual.unpark(Posture(), LIMITS, SAFETY) == []


def test_targets_and_ceilings():
    assert manual.target("bed", 60.0, extruders=1) == "M140 S60"
    assert manual.target("tool1", 200.5, extruders=2) == "M104 T1 S200.5"
    for heater, target in (("tool0", 300.1), ("bed", 121.0), ("tool0", -1.0), ("bed", float("nan"))):
        with pytest.raises(LimitExceeded, match="limits 0"):
            LIMITS.check_target(heater, target)


@pytest.mark.parametrize("line", ["M104 S301", "m109 s400", "M140 S121", "M190R130", "M104 T0 S999"])
def test_a_line_above_a_ceiling(line):
    with pytest.raises(LimitExceeded, match="ceiling"):
        LIMITS.check_line(line)


@pytest.mark.parametrize("line", ["M104 S300", "M140 S0", "M106 S255", "G1 X1 S999", "M1000 S999"])
def test_a_line_that_is_no_matter(line):
    LIMITS.check_line(line)


def test_factors():
    assert manual.factor("feedrate", 120) == "M220 S120"
    assert manual.factor("flowrate", 95) == "M221 S95"
    for kind, percent in (("feedrate", 0), ("speed", 100)):
        with pytest.raises(InvalidValue):
            manual.factor(kind, percent)
