"""The lines of a job: asked for, supplied, withheld, paused, ended."""

from __future__ import annotations

import pytest

from helpers_firmware import Script, checksummed, events_of
from mrdraw.firmware import dialect as wire

POSITION = "X:0.00 Y:0.00 Z:0.00 E:0.00 Count X:0 Y:0 Z:0"


def run_through(script: Script) -> tuple[list[str], list[wire.Event]]:
    """Acknowledge everything until nothing is sent any more."""
    sent, events = [], []
    while lines := script.sent():
        sent += [line.split(" ", 1)[1].rpartition("*")[0] for line in lines]
        events += script.say(*([POSITION] if sent[-1] == "M114" else []), "ok")
    return sent, events


def test_a_job_from_its_first_line_to_its_last():
    script = Script().ready().begin("G28", "G1 X1", "G1 X2")
    sent, events = run_through(script)
    assert sent == ["G28", "G1 X1", "G1 X2", "M114"]
    assert events_of(wire.JobLineAcknowledged, events) == [wire.JobLineAcknowledged(index) for index in range(3)]
    assert events_of(wire.JobLineSent, events) == [wire.JobLineSent(index) for index in range(3)]
    assert events[-1] == wire.JobExhausted()


def test_a_job_can_begin_in_its_middle():
    script = Script().ready().begin("G28", "G1 X1", "G1 X2", first=1)
    sent, events = run_through(script)
    assert sent == ["G1 X1", "G1 X2", "M114"]
    assert events_of(wire.JobLineAcknowledged, events)[0] == wire.JobLineAcknowledged(1)


def test_the_end_is_not_believed_without_the_answer_to_a_question():
    script = Script().ready().begin("G1 X1")
    assert script.sent() == [checksummed(4, "G1 X1")]
    events = script.say("ok")
    assert script.sent() == [checksummed(5, "M114")]
    events += script.say("ok")
    assert events_of(wire.JobExhausted, events) == []
    script.say("Error:Line Number is not Last Line Number+1, Last Line: 3", "Resend: 4", "ok")
    assert script.sent() == [checksummed(4, "G1 X1")], "the last line had been lost after all"
    script.say("ok")
    assert script.sent() == [checksummed(5, "M114")]
    assert wire.JobExhausted() in script.say(POSITION, "ok")


def test_a_firmware_that_does_not_answer_the_question_is_asked_a_few_times():
    script = Script().ready().begin("G1 X1")
    script.sent()
    script.say("ok")
    asked, events = 0, []
    for _ in range(10):
        asked += len(script.sent())
        events += script.say("ok") + script.wait(0.6)
    assert asked == 3
    assert events_of(wire.JobExhausted, events) == [wire.JobExhausted()]


def test_lines_are_asked_for_well_ahead_and_never_twice():
    script = Script().ready()
    script.supplying = False
    script.job = [b"G1 X%d" % index for index in range(2000)]
    script.dialect.begin_job(2000)
    events, known = script.feed(b""), 0
    for sent in range(2000):
        for event in events_of(wire.LinesWanted, events):
            assert event.first == known
            assert sent == 0 or known - sent >= 64, "a reserve is left while more are fetched"
            known += event.count
            script.dialect.supply(event.first, script.job[event.first : known])
        assert script.sent() == [checksummed(4 + sent, f"G1 X{sent}")]
        events = script.say("ok")
    assert known == 2000


def test_lines_may_come_later_and_in_parts():
    script = Script().ready()
    script.supplying = False
    script.begin(*[f"G1 X{index}" for index in range(10)])
    assert script.sent() == []
    script.dialect.supply(0, script.job[:1])
    assert script.sent() == [checksummed(4, "G1 X0")]
    script.say("ok")
    assert script.sent() == []
    script.dialect.supply(1, script.job[1:10])
    assert script.sent() == [checksummed(5, "G1 X1")]


def test_lines_supplied_twice_are_taken_once():
    script = Script().ready()
    script.supplying = False
    script.begin("G1 X0", "G1 X1", "G1 X2")
    script.dialect.supply(0, script.job[:2])
    script.dialect.supply(0, script.job)
    assert run_through(script)[0] == ["G1 X0", "G1 X1", "G1 X2", "M114"]


@pytest.mark.parametrize(("first", "lines"), [(1, [b"G1 X1"]), (0, [b"G1"] * 4)])
def test_lines_that_do_not_fit_are_our_own_mistake(first, lines):
    script = Script().ready()
    script.supplying = False
    script.begin("G1 X0", "G1 X1", "G1 X2")
    with pytest.raises(wire.LocalMisuse):
        script.dialect.supply(first, lines)


def test_a_held_job_sends_nothing_until_it_is_released():
    script = Script().ready().begin("G1 X0", "G1 X1", "G1 X2")
    script.sent()
    script.dialect.hold_job()
    assert wire.JobLineAcknowledged(0) in script.say("ok")
    assert script.sent() == []
    script.hand("M400")
    assert script.sent() == [checksummed(5, "M400")], "by hand goes on"
    script.say("ok")
    script.dialect.release_job()
    assert script.sent() == [checksummed(6, "G1 X1")]


def test_a_held_job_still_sends_again_what_was_in_flight():
    script = Script().ready().begin("G1 X0", "G1 X1")
    script.sent()
    script.dialect.hold_job()
    script.say("Error:checksum mismatch, Last Line: 3", "Resend: 4", "ok")
    assert script.sent() == [checksummed(4, "G1 X0")]


def test_a_job_that_is_held_at_its_end_ends_when_it_is_released():
    script = Script().ready().begin("G1 X0")
    script.sent()
    script.say("ok")
    script.sent()
    script.dialect.hold_job()
    assert events_of(wire.JobExhausted, script.say(POSITION, "ok") + script.wait(5)) == []
    script.dialect.release_job()
    assert events_of(wire.JobExhausted, script.wait(1)) == [wire.JobExhausted()]


def test_an_ended_job_is_forgotten():
    script = Script().ready().begin("G1 X0", "G1 X1")
    script.sent()
    script.dialect.end_job()
    assert script.dialect.in_flight == 1
    assert events_of(wire.JobLineAcknowledged, script.say("ok")) == []
    assert script.sent() == []
    script.begin("G1 X5")
    assert script.sent() == [checksummed(5, "G1 X5")]


def test_lines_of_the_last_job_are_not_counted_for_the_next():
    script = Script().ready().begin("G1 X0", "G1 X1")
    script.sent()
    script.dialect.end_job()
    script.begin("G1 X5", "G1 X6")
    assert events_of(wire.JobLineAcknowledged, script.say("ok")) == []
    script.sent()
    assert events_of(wire.JobLineAcknowledged, script.say("ok")) == [wire.JobLineAcknowledged(0)]


@pytest.mark.parametrize("text", ["M0", "M0 Change the pen", "M1", "M25", "m0"])
def test_a_pause_in_the_job_is_for_the_host(text):
    script = Script().ready().begin("G1 X0", text, "G1 X2")
    assert script.sent() == [checksummed(4, "G1 X0")]
    events = script.say("ok")
    assert events_of(wire.JobPauseWanted, events) == [wire.JobPauseWanted(1, text)]
    assert events.index(wire.JobLineAcknowledged(0)) < events.index(wire.JobPauseWanted(1, text))
    assert script.sent() == []
    script.dialect.release_job()
    assert script.sent() == [checksummed(5, "G1 X2")]


def test_a_pause_at_the_very_beginning_and_end():
    script = Script().ready()
    script.supplying = False
    script.begin("M0", "G1 X0", "M0")
    script.dialect.supply(0, script.job)
    assert script.sent() == []
    assert events_of(wire.JobPauseWanted, script.wait(0.1)) == [wire.JobPauseWanted(0, "M0")]
    script.dialect.release_job()
    assert script.sent() == [checksummed(4, "G1 X0")]
    assert events_of(wire.JobPauseWanted, script.say("ok")) == [wire.JobPauseWanted(2, "M0")]
    script.dialect.release_job()
    assert script.sent() == [checksummed(5, "M114")]
    assert wire.JobExhausted() in script.say(POSITION, "ok")


@pytest.mark.parametrize("text", ["M110 N0", "M28 file.gco", "M29", "@pause"])
def test_what_must_not_reach_the_firmware_is_withheld(text):
    script = Script().ready().begin("G1 X0", text, "G1 X2")
    script.sent()
    events = script.say("ok")
    withheld = events_of(wire.Withheld, events)
    assert [event.text for event in withheld] == [text]
    assert withheld[0].reason
    assert events_of(wire.JobLineAcknowledged, events) == [wire.JobLineAcknowledged(0), wire.JobLineAcknowledged(1)]
    assert script.sent() == [checksummed(5, "G1 X2")]


def test_texts_are_made_harmless_on_their_way():
    script = Script().ready().begin("M117 *** a\\b ***")
    assert script.sent() == [checksummed(4, "M117     a/b    ")]


def test_check_line():
    dialect = Script().ready().dialect
    assert dialect.check_line(b"G1 X1") is None
    assert "emergency" in dialect.check_line(b"M112")
