"""How an interrupted job goes on: what is asked of the person, what is homed, and the script's lines."""

import msgspec
import pytest

from mrdraw.errors import InvalidValue, JobFailed
from mrdraw.hub import resume_script
from mrdraw.hub.resume_words import unknown, warnings
from mrdraw.hub.resuming import Choice, confirmed, plan, variables
from mrdraw.hub.scripts import render
from mrdraw.link.messages import Place, ResumeOffer
from mrdraw.settings import ProfileTree

PLACE = Place(
    index=500, line=520, layer=7, height=1.4, position={"x": 50.0, "y": 60.5, "z": 1.4, "e": 12.5}, feed_rate=1800.0,
    targets={"bed": 60.0, "tool0": 210.0}, fans={0: 127.0},
    modes=("G90", "M82", "G92 E12.5", "G1 F1800", "M106 S127"), tuning=("M204 P800", "M220 S110"),
)  # fmt: skip
LAYER = msgspec.structs.replace(PLACE, index=400, line=415, layer=6, height=1.2, position={**PLACE.position, "z": 1.2})
OFFER = ResumeOffer(
    job_id="j", total=1000, executed=500, acknowledged=520, possible=530, exact=True, interruption=PLACE,
    layers=(LAYER,), heights=(1.4,), homed="xyz",
)  # fmt: skip
PROFILE = ProfileTree()
CARTESIAN = "cartesian"


def lines(offer=OFFER, choice=None, profile=PROFILE, told=CARTESIAN, template=resume_script.DEFAULT):
    chosen = choice or Choice(standing={"z": 1.4})
    made = plan(offer, profile, told, chosen)
    texts = {resume_script.NAME: template}
    return list(render(texts, resume_script.NAME, {"resume": variables(made, chosen, profile)}))


def changed(**fields):
    return msgspec.structs.replace(OFFER, **fields)


def with_place(**fields):
    return changed(interruption=msgspec.structs.replace(PLACE, **fields))


def test_the_standard_sequence():
    assert lines() == [
        "M140 S60", "M190 S60", "M109 S180", "G21", "G92 Z1.4", "G91", "G0 Z5 F200", "G28 X0 Y0",
        "M104 S210", "M109 S210", "G90", "G0 Z6.4 F200", "G0 X50 Y60.5 F6000", "G0 Z1.4 F200",
        "M204 P800", "M220 S110", "G90", "M82", "G92 E12.5", "G1 F1800", "M106 S127",
    ]  # fmt: skip


def test_z_is_never_homed_onto_the_part():
    for told in ("cartesian", "corexy", "", "scara"):
        made = lines(told=told, choice=Choice(standing={"x": 1.0, "y": 2.0, "z": 1.4}))
        assert [line for line in made if line.startswith("G28")] in ([], ["G28 X0 Y0"])


def test_nothing_is_extruded_unless_it_is_asked_for():
    assert not [line for line in lines() if line.startswith("G1 E")]
    primed = lines(choice=Choice(standing={"z": 1.4}, prime=3.0))
    assert primed[primed.index("M83") + 1] == "G1 E3 F300"
    assert primed.index("G1 E3 F300") < primed.index("G92 E12.5")


@pytest.mark.parametrize(
    ("told", "profile", "homings", "asked"),
    [
        ("cartesian", "", ("xy", "none"), ("z",)),
        ("corexy", "", ("xy", "none"), ("z",)),
        ("", "corexy", ("xy", "none"), ("z",)),
        ("cartesian", "delta", ("none", "all"), ("x", "y", "z")),
        ("delta", "", ("none", "all"), ("x", "y", "z")),
        ("", "", ("none",), ("x", "y", "z")),
        ("scara", "", ("none",), ("x", "y", "z")),
    ],
)
def test_homing_by_kinematics(told, profile, homings, asked):
    made = plan(OFFER, ProfileTree(kinematics=profile), told, Choice())
    assert (made.homings, made.axes) == (homings, asked)


def test_a_delta_homes_upwards_if_a_person_wants_it():
    made = lines(told="delta", choice=Choice(homing="all"))
    assert "G28" in made
    assert not [line for line in made if line.startswith("G92 Z")]


def test_coordinates_that_were_set_by_hand_are_not_found_by_homing():
    assert plan(changed(homed=""), PROFILE, CARTESIAN, Choice()).homings == ("none",)
    assert plan(changed(homed="xy"), PROFILE, CARTESIAN, Choice()).homings == ("xy", "none")


def test_no_homing_where_the_head_cannot_be_lifted():
    high = {**PLACE.position, "z": 199.5}
    made = plan(msgspec.structs.replace(with_place(position=high), heights=(199.5,)), PROFILE, CARTESIAN, Choice())
    assert (made.homings, made.lift) == (("none",), 0.0)
    low = {**PLACE.position, "z": 197.0}
    assert (
        plan(msgspec.structs.replace(with_place(position=low), heights=(197.0,)), PROFILE, CARTESIAN, Choice()).lift
        == 3
    )


def test_where_the_head_stands_as_a_person_confirms_it():
    made = lines(told="", choice=Choice(standing={"x": 10.0, "y": 20.0, "z": 3.0}))
    assert "G92 X10 Y20 Z3" in made
    assert "G0 Z8 F200" in made, "above both heights"


def test_a_pen_without_heights():
    place = Place(index=5, line=6, position={"x": 1.0, "y": 2.0}, modes=("G90",))
    offer = changed(interruption=place, layers=(), heights=(), homed="xy")
    made = plan(offer, PROFILE, CARTESIAN, Choice())
    assert (made.homings, made.axes, made.standing) == (("none",), ("x", "y"), {"x": 1.0, "y": 2.0})
    assert lines(offer, Choice(standing=made.standing)) == ["G21", "G92 X1 Y2", "G90", "G0 X1 Y2 F6000", "G90"]


def test_several_tools():
    made = lines(with_place(tool=1, targets={"tool0": 150.0, "tool1": 200.0}), profile=ProfileTree(extruders=2))
    assert made[:1] == ["M109 T1 S180"]
    assert made[made.index("M104 T0 S150") :][:5] == [
        "M104 T0 S150", "M104 T1 S200", "M109 T0 S150", "M109 T1 S200", "T1",
    ]  # fmt: skip


def test_a_layer():
    made = plan(OFFER, PROFILE, CARTESIAN, Choice(layer=6))
    assert (made.place, made.overlap) == (LAYER, 130)
    assert plan(OFFER, PROFILE, CARTESIAN, Choice()).overlap == 30
    with pytest.raises(InvalidValue, match="they are 6 to 6"):
        plan(OFFER, PROFILE, CARTESIAN, Choice(layer=9))
    with pytest.raises(InvalidValue, match="there is none"):
        plan(changed(layers=()), PROFILE, CARTESIAN, Choice(layer=9))


def test_what_has_to_be_confirmed():
    made = plan(OFFER, PROFILE, CARTESIAN, Choice())
    assert made.standing == {"z": 1.4}, "what is likely"
    with pytest.raises(InvalidValue, match="Z"):
        confirmed(made, Choice())
    confirmed(made, Choice(standing={"z": 1.0}))
    with pytest.raises(InvalidValue, match="possible on this machine are: xy, none"):
        plan(OFFER, PROFILE, CARTESIAN, Choice(homing="all"))


def test_a_script_of_ones_own():
    own = "M117 {{ resume.layer }} {{ resume.position.z }}\n{% if resume.targets.chamber %}M141{% endif %}"
    assert lines(template=own) == ["M117 7 1.4"]
    with pytest.raises(JobFailed, match=resume_script.NAME):
        lines(template="{{ resume.nothing.at.all }}")


def keys(offer=OFFER, profile=PROFILE, told=CARTESIAN, choice=None):
    made = plan(offer, profile, told, choice or Choice())
    return [key for key, _ in unknown(offer, made, profile, told)], [key for key, _ in warnings(made)]


def test_what_is_unknown_is_said():
    assert keys()[0] == ["by-hand"]
    offer = msgspec.structs.replace(with_place(targets={}), exact=False, heights=(1.4, 1.6), homed=None)
    assert keys(offer, told="")[0] == ["by-hand", "power", "height", "bed", "tool", "kinematics", "homed"]
    assert keys(with_place(position={"x": 1.0}))[0] == ["by-hand", "position"]


def test_what_can_go_wrong_is_said():
    assert keys()[1] == ["parts", "lifted", "homing"]
    assert keys(choice=Choice(layer=6))[1] == ["parts", "lower", "lifted", "homing"]
    assert keys(told="delta", choice=Choice(homing="all"))[1] == ["parts"]
