"""The two clocks: nothing received, nothing acknowledged."""

from __future__ import annotations

import pytest

from helpers_firmware import IDENTITY, TEMPERATURES, FirmwareModel, Script, checksummed, events_of, run_job
from mrdraw.firmware import dialect as wire
from mrdraw.firmware.options import MarlinOptions


def with_keepalive(*job: str) -> Script:
    """A firmware that took M113, and a job whose first line (number 4) is in flight."""
    script = Script().ready().begin(*job)
    assert len(script.sent()) == 1
    return script


def without_keepalive(*job: str) -> Script:
    """A firmware that does not know M113; the first line has number 3."""
    script = Script().open()
    script.sent()
    script.say("ok")
    script.sent()
    script.say("FIRMWARE_NAME:Teacup", "ok")
    script.sent()
    script.say(f"ok {TEMPERATURES}")
    script.begin(*job)
    assert len(script.sent()) == 1
    return script


def test_a_lost_acknowledge_is_found_out_by_a_numbered_question():
    script = with_keepalive("G1 X1", "G1 X2")
    script.wait(2.0)
    assert script.sent() == []
    script.wait(1.0)
    assert script.sent() == [checksummed(5, "M105")]
    events = script.say(f"ok {TEMPERATURES}")
    assert wire.JobLineAcknowledged(0) in events
    assert wire.LostAcknowledge() in events
    assert script.sent() == [checksummed(6, "G1 X2")]


def test_a_lost_line_is_found_out_by_the_same_question():
    script = with_keepalive("G1 X1", "G1 X2")
    script.wait(3.0)
    assert script.sent() == [checksummed(5, "M105")]
    script.say("Error:Line Number is not Last Line Number+1, Last Line: 3", "Resend: 4", "ok")
    assert script.sent() == [checksummed(4, "G1 X1")]
    script.say("ok")
    assert script.sent() == [checksummed(5, "M105")]
    script.say(f"ok {TEMPERATURES}")
    assert script.sent() == [checksummed(6, "M105")], "is there an acknowledge too many?"
    script.say(f"ok {TEMPERATURES}")
    assert script.sent() == [checksummed(7, "G1 X2")]


def test_a_late_acknowledge_and_the_answer_count_once_each():
    script = with_keepalive("G1 X1", "G1 X2", "G1 X3")
    script.wait(3.0)
    assert script.sent() == [checksummed(5, "M105")]
    script.say("ok")
    assert script.sent() == []
    script.say(f"ok {TEMPERATURES}")
    assert script.sent() == [checksummed(6, "G1 X2")]
    assert script.sent() == []


def asked_behind_a_question() -> Script:
    """An M105 (number 5) and a line behind it are in flight, and a second M105 (7), as nothing was acknowledged."""
    script = Script(MarlinOptions(lines_in_flight=3)).ready()
    script.hand("G1 X0")
    script.hand("M105")
    script.begin("G1 X1", "G1 X2", "G1 X3")
    assert script.sent() == [checksummed(4, "G1 X0"), checksummed(5, "M105"), checksummed(6, "G1 X1")]
    script.say("ok")
    assert script.sent() == [checksummed(7, "G1 X2")]
    script.wait(2.6)
    assert script.sent() == [checksummed(8, "M105")]
    return script


def test_a_late_answer_is_that_of_the_first_question():
    script = asked_behind_a_question()
    assert events_of(wire.JobLineAcknowledged, script.say(f"ok {TEMPERATURES}")) == []
    assert events_of(wire.JobLineAcknowledged, script.say("ok")) == [wire.JobLineAcknowledged(0)]
    assert wire.JobLineAcknowledged(1) in script.say("ok", f"ok {TEMPERATURES}")


def test_an_answer_to_the_second_question_only_is_found_out_by_a_third():
    script = asked_behind_a_question()
    script.say(f"ok {TEMPERATURES}")  # that of line 8; those of 5 to 7 were lost
    script.wait(0.6)
    assert checksummed(9, "M105") in script.sent()
    events = script.say(f"ok {TEMPERATURES}")
    assert events_of(wire.JobLineAcknowledged, events) == [wire.JobLineAcknowledged(0), wire.JobLineAcknowledged(1)]
    assert script.dialect.in_flight == 0


def test_a_lost_answer_to_a_lonely_question_is_found_out():
    script = Script().ready()
    script.hand("M105")
    assert script.sent() == [checksummed(4, "M105")]
    script.wait(2.6)
    assert script.sent() == [checksummed(5, "M105")]
    script.say(f"ok {TEMPERATURES}")
    script.wait(0.6)
    assert script.dialect.in_flight == 0


def test_temperatures_that_come_by_themselves_break_the_silence_only():
    script = with_keepalive("G1 X1", "G1 X2")
    for _ in range(3):
        script.wait(0.9)
        script.say(f" {TEMPERATURES}")
    assert script.sent() == [checksummed(5, "M105")]


def test_a_busy_firmware_is_not_probed():
    script = with_keepalive("G28", "G1 X2")
    for _ in range(100):
        script.wait(2.0)
        assert script.sent() == []
        events = script.say("echo:busy: processing")
        assert wire.Busy("processing") in events


def test_a_lost_acknowledge_after_homing_costs_less_than_three_seconds():
    script = with_keepalive("G28", "G1 X2")
    for _ in range(5):
        script.wait(2.0)
        script.say("echo:busy: processing")
    script.wait(2.9)
    assert script.sent() == [checksummed(5, "M105")]


def test_a_long_command_of_a_firmware_that_never_says_busy_is_waited_for():
    script = without_keepalive("G28", "G1 X2")
    script.wait(29.0)
    assert script.sent() == []
    script.wait(2.0)
    assert script.sent() == [checksummed(4, "M105")]
    script.say("ok", f"ok {TEMPERATURES}")
    assert script.sent() == [checksummed(5, "G1 X2")]


def test_the_first_busy_message_teaches_that_the_firmware_says_it():
    script = without_keepalive("G28", "G1 X2")
    script.wait(2.0)
    script.say("echo:busy: processing")
    script.wait(2.9)
    assert script.sent() == [checksummed(4, "M105")]


def test_a_firmware_that_knows_m113_says_when_it_is_busy():
    script = with_keepalive("G28", "G1 X2")
    script.wait(2.9)
    assert script.sent() == [checksummed(5, "M105")]


def test_m113_unknown():
    script = Script().open()
    script.sent()
    script.say("ok")
    script.sent()
    script.say(IDENTITY, "ok")
    assert script.sent() == [checksummed(2, "M113 S2")]
    script.say('echo:Unknown command: "M113 S2"', "ok")
    script.sent()
    script.say(f"ok {TEMPERATURES}")
    script.begin("G28")
    script.sent()
    script.wait(20.0)
    assert script.sent() == []


def test_a_dead_wire_is_given_up_after_several_questions():
    script = with_keepalive("G1 X1", "G1 X2")
    events, questions = [], 0
    for _ in range(40):
        events += script.wait(1.0)
        questions += len(script.sent())
    assert [event.reason for event in events_of(wire.Failed, events)] == ["timeout"]
    assert 3 <= questions <= 8
    assert script.dialect.next_deadline() is None


def test_a_firmware_that_only_reports_temperatures_is_given_up_too():
    script = with_keepalive("G1 X1", "G1 X2")
    events = []
    for _ in range(40):
        events += script.wait(1.0) + script.say(f" {TEMPERATURES}")
        script.sent()
    assert [event.reason for event in events_of(wire.Failed, events)] == ["timeout"]


def test_a_slow_firmware_without_busy_messages_is_not_given_up_quickly():
    script = without_keepalive("M109 S200", "G1 X2")
    events = []
    for _ in range(140):
        events += script.wait(1.0)
        script.sent()
    assert events_of(wire.Failed, events) == []
    for _ in range(20):
        events += script.wait(1.0)
    assert [event.reason for event in events_of(wire.Failed, events)] == ["timeout"]


@pytest.mark.parametrize("what", ["paused for user", "paused for input"])
def test_a_firmware_that_waits_for_a_person_is_never_given_up(what):
    script = with_keepalive("M600", "G1 X2")
    script.say(f"echo:busy: {what}")
    events, questions = [], 0
    for _ in range(3600):
        events += script.wait(1.0)
        questions += len(script.sent())
    assert events_of(wire.Failed, events) == []
    assert questions <= 8
    script.say("ok", *[f"ok {TEMPERATURES}"] * questions)
    assert script.sent() == [checksummed(5 + questions, "G1 X2")]


def test_nothing_in_flight_needs_no_clock():
    script = Script().ready()
    assert script.dialect.next_deadline() is None
    assert script.wait(1000.0) == []


def test_a_quiet_firmware_that_used_to_report_is_asked():
    script = Script().ready(autoreport=True)
    script.say(f" {TEMPERATURES}")
    script.wait(29.0)
    assert script.sent() == []
    script.wait(2.0)
    assert script.sent() == [checksummed(5, "M105")]
    events = []
    for _ in range(60):
        events += script.wait(1.0)
        script.sent()
    assert [event.reason for event in events_of(wire.Failed, events)] == ["timeout"]


def test_an_idle_firmware_shows_that_something_was_lost():
    script = with_keepalive("G1 X1", "G1 X2")
    script.say("wait")
    script.wait(0.6)
    assert script.sent() == [checksummed(5, "M105")]


@pytest.mark.parametrize("silent_m105", [False, True])
@pytest.mark.parametrize("keepalive", [False, True])
def test_slow_commands_are_executed_once(silent_m105, keepalive):
    firmware = FirmwareModel(slow_commands={"G28": 45.0, "G29": 100.0}, keepalive=keepalive, silent_m105=silent_m105)
    outcome = run_job(firmware, [b"G28", b"G29", b"G1 X1"])
    assert isinstance(outcome.end, wire.JobExhausted)
    assert [text for _, text in firmware.executed if text.startswith("G")] == ["G28", "G29", "G1 X1"]


@pytest.mark.parametrize("lines_in_flight", [1, 3])
def test_a_pause_of_twelve_hours_by_the_firmware_costs_the_time_only(lines_in_flight):
    night = 12 * 3600.0
    firmware = FirmwareModel(slow_commands={"M600": night}, busy_with="paused for user")
    job = [b"G1 X1", b"G1 X2", b"M600", *(b"G1 X%d" % index for index in range(3, 20))]
    options = MarlinOptions(lines_in_flight=lines_in_flight)
    outcome = run_job(firmware, job, options=options, limit=night + 100)
    assert isinstance(outcome.end, wire.JobExhausted)
    assert night < outcome.seconds < night + 10
    assert [text for _, text in firmware.executed if text[0] == "G" or text == "M600"] == [
        line.decode() for line in job
    ]
    assert sum(texts == {b"M105"} for texts in outcome.sent.values()) <= 10, "questions that nobody can answer"
