"""What the settings change in the dialect."""

from helpers_firmware import IDENTITY, Script, checksummed, events_of
from mrdraw.firmware import dialect as wire
from mrdraw.firmware.options import MarlinOptions


def shaken(options, *capabilities):
    """A script whose firmware has told who it is and what it can, and everything that was sent meanwhile."""
    script = Script(options).open()
    sent = script.sent()
    script.say("start", "ok")
    script.say("")
    for answer in ((IDENTITY, *capabilities, "ok"), ("ok",), ("ok",), ("ok",)):
        sent += script.sent()
        script.say(*answer)
    return script, sent


def commands(lines):
    return {line.split(" ", 1)[1].rpartition("*")[0] for line in lines}


def test_commands_that_the_settings_withhold():
    options = MarlinOptions(withheld_commands=frozenset({"M300", "M0"}), pausing_commands=frozenset({"M25"}))
    script = Script(options).ready()
    script.hand("M1")  # nothing withholds it any more
    script.hand("M300 S440")
    assert script.sent() == [checksummed(4, "M1")]
    assert [event.text for event in events_of(wire.Withheld, script.say("ok"))] == ["M300 S440"]
    script = Script(options).ready().begin("G1 X0", "M300 S440", "M0", "G1 X2")
    script.sent()
    events = events_of(wire.Withheld, script.say("ok"))
    assert [event.text for event in events] == ["M300 S440", "M0"]
    assert "settings" in events[0].reason
    assert script.sent() == [checksummed(5, "G1 X2")]


def test_capabilities_that_are_not_used():
    unused = MarlinOptions(unused_capabilities=frozenset({"AUTOREPORT_TEMP", "BUSY_PROTOCOL"}))
    told = ("Cap:AUTOREPORT_TEMP:1", "Cap:BUSY_PROTOCOL:1")
    assert {"M155 S1", "M113 S2"} <= commands(shaken(None, *told)[1])
    assert not {"M155 S1", "M113 S2"} & commands(shaken(unused, *told)[1])


def test_how_often_temperatures_are_reported():
    assert "M155 S4" in commands(shaken(MarlinOptions(autoreport_interval=4), "Cap:AUTOREPORT_TEMP:1")[1])


def test_a_firmware_that_is_not_treated_by_its_name():
    name = "FIRMWARE_NAME:Repetier_0.92 PROTOCOL_VERSION:1.0"
    for detection, dwells in ((True, True), (False, False)):
        script = Script(MarlinOptions(firmware_detection=detection)).ready()
        script.say(name)
        assert script.dialect._talk.hearing.quirks.dwells_behind_ok is dwells
