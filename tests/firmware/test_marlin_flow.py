"""Acknowledges, and the order in which lines go."""

from __future__ import annotations

import pytest

from helpers_firmware import TEMPERATURES, Script, checksummed, events_of
from mrdraw.firmware import dialect as wire
from mrdraw.firmware.options import MarlinOptions


@pytest.mark.parametrize(
    "ok", ["ok", "OK", "oj", "nk", "k", "ok P15 B3", "ok 4", "ok N4 P15 B3", "ok X:1.0 Y:2.0", "ok T:20.0 /0.0"]
)
def test_each_acknowledge_releases_one_line(ok):
    script = Script().ready().begin("G1 X1", "G1 X2", "G1 X3")
    assert script.sent() == [checksummed(4, "G1 X1")]
    assert script.dialect.in_flight == 1
    events = script.say(ok)
    if "T:" in ok:
        assert events_of(wire.JobLineAcknowledged, events) == [], "this answers an M105"
    else:
        assert events_of(wire.JobLineAcknowledged, events) == [wire.JobLineAcknowledged(0)]
        assert script.sent() == [checksummed(5, "G1 X2")]
        assert script.sent() == []


@pytest.mark.parametrize("noise", ["", "wait", "echo:cold extrusion prevented", TEMPERATURES, "words"])
def test_other_lines_release_nothing(noise):
    script = Script().ready().begin("G1 X1", "G1 X2")
    script.sent()
    script.say(noise)
    assert script.sent() == []


def test_lines_come_in_pieces():
    script = Script().ready().begin("G1 X1", "G1 X2", "G1 X3")
    script.sent()
    script.feed(b"o")
    assert script.sent() == []
    script.feed(b"k")
    assert script.sent() == []
    script.feed(b"\r\n")
    assert script.sent() == [checksummed(5, "G1 X2")]
    script.feed(b"o")
    script.feed(b"k\nok\n")
    assert script.sent() == [checksummed(6, "G1 X3")]


@pytest.mark.parametrize("end", [b"\x0b", b"\x08", b"*", b""])
def test_an_ok_whose_newline_was_damaged_or_lost(end):
    script = Script().ready().begin("G1 X1", "G1 X2")
    script.sent()
    script.feed(b"ok" + end)
    script.wait(0.3)
    assert script.sent() == [checksummed(5, "G1 X2")]


def test_what_is_received_is_reported():
    script = Script().ready()
    assert events_of(wire.Received, script.feed("ok\necho: Grüße\n".encode())) == [
        wire.Received("ok"),
        wire.Received("echo: Grüße"),
    ]


def test_an_acknowledge_too_many_does_no_harm():
    script = Script().ready().begin("G1 X1", "G1 X2", "G1 X3")
    script.sent()
    script.say("ok", "ok", "ok")
    assert script.sent() == [checksummed(5, "G1 X2")]
    assert script.sent() == []


def test_a_numbered_acknowledge_counts_for_its_line_only():
    script = Script(MarlinOptions(lines_in_flight=1)).ready().begin("G1 X1", "G1 X2", "G1 X3")
    script.sent()
    script.say("ok N4 P15 B3", "ok N4 P15 B3")
    assert script.sent() == [checksummed(5, "G1 X2")]
    script.say("ok N4 P15 B3")
    assert script.sent() == [], "line 5 was not acknowledged"
    script.say("ok N5 P15 B3")
    assert script.sent() == [checksummed(6, "G1 X3")]


def test_commands_by_hand_go_before_the_job():
    script = Script().ready().begin("G1 X1", "G1 X2")
    assert script.sent() == [checksummed(4, "G1 X1")]
    command = script.hand("M106 S127 ; fan", tag="fan")
    assert script.sent() == []
    script.say("ok")
    assert script.sent() == [checksummed(5, "M106 S127")]
    assert events_of(wire.CommandAcknowledged, script.say("ok")) == [wire.CommandAcknowledged(command)]
    assert script.sent() == [checksummed(6, "G1 X2")]


def test_several_lines_in_flight():
    script = Script(MarlinOptions(lines_in_flight=3)).ready().begin(*[f"G1 X{index}" for index in range(9)])
    assert script.sent() == [checksummed(4 + index, f"G1 X{index}") for index in range(3)]
    assert script.dialect.in_flight == 3
    assert events_of(wire.JobLineAcknowledged, script.say("ok", "ok")) == [
        wire.JobLineAcknowledged(0),
        wire.JobLineAcknowledged(1),
    ]
    assert script.sent() == [checksummed(7, "G1 X3"), checksummed(8, "G1 X4")]


def asked_and_silent() -> Script:
    """An M105 and two lines are in flight, an `ok` too many came, and a second M105 asks what that was."""
    script = Script(MarlinOptions(lines_in_flight=3)).ready()
    script.hand("M105")
    script.begin("G1 X0", "G1 X1", "G1 X2")
    assert script.sent() == [checksummed(4, "M105"), checksummed(5, "G1 X0"), checksummed(6, "G1 X1")]
    script.say("ok")
    script.wait(2.6)
    assert script.sent() == [checksummed(7, "M105")]
    return script


def test_silence_behind_an_acknowledge_too_many_acknowledges_nothing():
    script = asked_and_silent()
    assert events_of(wire.JobLineAcknowledged, script.wait(20.0)) == []
    assert script.dialect.in_flight >= 4


def test_a_firmware_that_ceases_to_answer_with_temperatures_is_believed():
    script = asked_and_silent()
    events = script.say("ok") + script.wait(2.6)
    assert events_of(wire.JobLineAcknowledged, events) == [wire.JobLineAcknowledged(0), wire.JobLineAcknowledged(1)]


def test_queued_commands_can_be_forgotten():
    script = Script().ready()
    first, second = script.hand("M104 S0"), script.hand("M140 S0")
    script.sent()
    assert script.dialect.forget_queued() == [second]
    assert events_of(wire.CommandAcknowledged, script.say("ok")) == [wire.CommandAcknowledged(first)]
    assert script.sent() == []


@pytest.mark.parametrize("text", ["M0 Press the knob", "m1", "M110 N5", "; nothing but a comment"])
def test_what_is_withheld_by_hand_is_acknowledged_in_its_turn(text):
    script = Script().ready()
    before, withheld, after = script.hand("G28"), script.hand(text), script.hand("G90")
    assert script.sent() == [checksummed(4, "G28")]
    events = script.say("ok")
    assert events_of(wire.CommandAcknowledged, events) == [
        wire.CommandAcknowledged(before),
        wire.CommandAcknowledged(withheld),
    ]
    assert events_of(wire.Withheld, events)[0].text == text
    assert script.sent() == [checksummed(5, "G90")]
    assert events_of(wire.CommandAcknowledged, script.say("ok")) == [wire.CommandAcknowledged(after)]


def test_lines_of_a_job_cannot_be_queued():
    with pytest.raises(wire.LocalMisuse):
        Script().ready().dialect.enqueue(wire.Queued("G28"), wire.Priority.JOB)


def test_acknowledging_by_hand():
    script = Script().ready().begin("G1 X1", "G1 X2")
    script.sent()
    events = script.dialect.acknowledge_by_hand(script.now)
    assert wire.JobLineAcknowledged(0) in events
    assert script.sent() == [checksummed(5, "G1 X2")]
    script.dialect.acknowledge_by_hand(script.now)
    script.dialect.acknowledge_by_hand(script.now)


def test_what_the_machine_reports():
    script = Script().ready()
    events = script.say(
        "T:201.0 /210.0 B:60.0 /60.0 @:0",
        "X:1.00 Y:2.00 Z:3.00 E:4.00 Count X:80 Y:160 Z:1200",
        "// action:notification Layer 2",
        "echo:busy: paused for user",
        "Error:volume.init failed",
    )
    assert [event for event in events if not isinstance(event, wire.Received)] == [
        wire.Temperatures({"tool0": (201.0, 210.0), "bed": (60.0, 60.0)}, 0),
        wire.Position({"x": 1.0, "y": 2.0, "z": 3.0, "e": 4.0}),
        wire.ActionCommand("notification", "Layer 2"),
        wire.Busy("paused for user"),
        wire.FirmwareError("volume.init failed"),
    ]


def test_a_lonely_temperature_belongs_to_the_tool_that_was_selected():
    script = Script().ready().begin("T1", "G1 X1")
    script.sent()
    script.say("ok")
    assert events_of(wire.Temperatures, script.say("T:200.0 /200.0"))[0].heaters == {"tool1": (200.0, 200.0)}


def test_temperatures_are_not_asked_for_twice():
    script = Script().ready()
    assert script.dialect.temperature_poll() == "M105"
    script.hand("M105")
    assert script.dialect.temperature_poll() is None
    script.sent()
    assert script.dialect.temperature_poll() is None
    script.say(f"ok {TEMPERATURES}")
    assert script.dialect.temperature_poll() == "M105"


# --- the end of the firmware ------------------------------------------------------------------------------------------


def test_an_error_of_the_kill_family_is_joined_with_the_next_line():
    script = Script().ready()
    assert events_of(wire.Halted, script.say("Error:Heating failed, system stopped! Heater_ID: 0")) == []
    events = script.say("Error:Printer halted. kill() called!", "Error:Printer halted. kill() called!")
    assert events_of(wire.Halted, events) == [
        wire.Halted("Heating failed, system stopped! Heater_ID: 0 Printer halted. kill() called!")
    ]
    assert events_of(wire.FirmwareError, events) == []


def test_an_error_of_old_firmware_in_two_lines():
    events = Script().ready().say("Error:0", ": Extruder switched off. MAXTEMP triggered !")
    assert events_of(wire.Halted, events) == [wire.Halted("0 Extruder switched off. MAXTEMP triggered !")]


@pytest.mark.parametrize("text", ["Error:Printer halted. kill() called!", "!! Shutdown", "fatal:dead"])
def test_what_is_final_is_reported_at_once(text):
    script = Script().ready().begin("G28")
    script.sent()
    assert len(events_of(wire.Halted, script.say(text))) == 1
    assert script.dialect.in_flight == 0
    script.hand("M105")
    assert script.sent() == []


def test_a_first_line_without_a_second_is_reported_soon():
    script = Script().ready()
    script.say("Error:Thermal Runaway, system stopped! Heater_ID: bed")
    assert events_of(wire.Halted, script.wait(0.3)) == [wire.Halted("Thermal Runaway, system stopped! Heater_ID: bed")]


def test_a_halted_firmware_that_is_reset_shakes_hands_again():
    script = Script().ready()
    script.say("Error:Printer halted. kill() called!")
    assert events_of(wire.Reset, script.say("start")) == [wire.Reset()]
    assert script.sent() == ["N0 M110 N0*125"]
