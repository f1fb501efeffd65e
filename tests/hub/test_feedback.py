"""What the firmware says is told to the custom controls that ask for it."""

import regex

from mrdraw.events import RegisteredMessageReceived
from mrdraw.hub import feedback as feedback_module
from mrdraw.hub.feedback import Feedback, filled, key_of
from mrdraw.settings import Control

PLACE = r"X:([-+0-9.]+) Y:([-+0-9.]+)"
POSITION = Control(name="Position", command="M114", regex=PLACE, template="at {0}/{1}")
LINE = "X:1.00 Y:-2.50 Z:0.00 E:0.00 Count X:80 Y:-200"


def test_a_match_is_told_with_the_texts_of_all_templates():
    other = Control(name="Column", regex=PLACE, template="{{{0}}}")
    (told,) = Feedback().told(["ok", LINE], [Control(children=(POSITION,)), other])
    assert told == RegisteredMessageReceived(
        key=key_of(PLACE),
        matched="X:1.00 Y:-2.50",
        outputs={key_of("at {0}/{1}"): "at 1.00/-2.50", key_of("{{{0}}}"): "{1.00}"},
    )


def test_the_keys_are_those_that_clients_compute():
    assert key_of(PLACE) == "608c41524cdae3f41af04de69688cc9b"
    assert key_of("at {0}/{1}") == "568619ef74498f0d488788d93a2a33e6"


def test_controls_that_changed_are_followed():
    feedback = Feedback()
    assert not list(feedback.told([LINE], []))
    assert len(list(feedback.told([LINE], [POSITION]))) == 1
    assert not list(feedback.told([LINE], [Control(regex="Z:(9)", template="{0}")]))


def test_a_template_only_takes_groups():
    match = regex.search(r"T:(?P<now>\d+)(?P<never>!)?", "T:21")
    assert filled("{now}{never} {0} {7} {0!r} {0:>999999999} {now.__class__}", match) == (
        "21 21 {7} {0!r} {0:>999999999} {now.__class__}"
    )


def test_an_expression_that_takes_too_long_is_given_up(caplog):
    slow = Control(regex=r"(a|aa)+$", template="{0}")
    feedback, controls = Feedback(), [slow, POSITION]
    lines = ["a" * 400 + "b", LINE]
    assert [told.key for told in feedback.told(lines, controls)] == [key_of(PLACE)]
    assert "takes too long" in caplog.text
    caplog.clear()
    assert [told.key for told in feedback.told(lines, controls)] == [key_of(PLACE)]
    assert not caplog.text


def test_all_of_them_are_bounded_together(caplog, monkeypatch):
    monkeypatch.setattr(feedback_module, "TOGETHER", 0.0)
    assert not list(Feedback().told([LINE], [POSITION]))
    assert "takes too long" in caplog.text
