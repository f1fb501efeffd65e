"""A machine that interrupts its work by itself, and asks for lines of long ago."""

from __future__ import annotations

import pytest

from helpers_firmware import Script, checksummed, events_of
from mrdraw.firmware import dialect as wire

PRUSA = "FIRMWARE_NAME:Prusa-Firmware 3.13.2 based on Marlin PROTOCOL_VERSION:1.0 EXTRUDER_COUNT:1"
FIRST = 4
"""The number of the job's first line."""


def printing(taken: int, *, lines: int = 1000) -> Script:
    """A Prusa that took so many lines of a job, with one more in flight."""
    script = Script().open()
    assert len(script.sent()) == 1
    script.say("ok")
    script.sent()
    script.say(PRUSA, "ok")
    script.sent()
    script.say("ok")
    script.sent()
    assert wire.Ready() in script.say("ok T:20.0 /0.0")
    script.begin(*[f"G1 X{index}" for index in range(lines)])
    for _ in range(taken):
        assert len(script.sent()) == 1
        script.say("ok")
    assert script.sent() == [line(taken)]
    return script


def line(index: int) -> str:
    return checksummed(FIRST + index, f"G1 X{index}")


def refuse(script: Script, number: int) -> list[wire.Event]:
    return script.say(
        f"Error:Line Number is not Last Line Number+1, Last Line: {number - 1}", f"Resend: {number}", "ok"
    )


def test_lines_of_a_moment_ago_are_sent_again_at_once():
    script = printing(taken=40)
    events = script.say("fsensor_checkpoint_print", f"Resend: {FIRST + 32}", "ok")
    assert events_of(wire.Interrupted, events) == []
    assert script.sent() == [line(32)]


def test_a_line_of_long_ago_waits_for_a_person():
    script = printing(taken=600)
    script.supplying = False
    events = refuse(script, FIRST + 96)
    assert [event.reason for event in events_of(wire.Interrupted, events)] == ["regress"]
    assert events_of(wire.LinesWanted, events) == [wire.LinesWanted(96, 256)]
    assert events_of(wire.Resend, events) == []
    following = FIRST + 601
    assert script.sent() == [checksummed(following - 1, f"M110 N{following - 1}")]
    script.say("ok")
    script.hand("M105")
    assert script.sent() == [checksummed(following, "M105")]
    script.say("ok T:200.0 /200.0")

    script.dialect.supply(700, script.job[700:800])  # asked for before, late
    script.dialect.supply(96, script.job[96:352])
    assert script.sent() == [], "the job is held"
    script.dialect.release_job()
    assert script.sent() == [checksummed(following + 1, "G1 X96")]
    assert wire.JobLineAcknowledged(96) in script.say("ok")
    assert script.sent() == [checksummed(following + 2, "G1 X97")]
    with pytest.raises(wire.LocalMisuse):
        script.dialect.supply(700, script.job[700:800])


def test_an_old_request_that_stands_alone_is_made_sure_of_first():
    """One damaged digit must not lead back to another place of the job."""
    script = printing(taken=600)
    assert events_of(wire.Interrupted, script.say(f"Resend: {FIRST + 96}", "ok")) == []
    assert script.sent() == []
    script.wait(0.6)
    assert script.sent() == [checksummed(FIRST + 601, "M105")], "the answer says the number twice"
    assert events_of(wire.Interrupted, refuse(script, FIRST + 96)) != []


def test_after_a_crash_the_job_goes_on_where_the_firmware_wants_it_even_when_nothing_is_in_flight():
    script = printing(taken=30)
    crash = script.say('echo:enqueing "CRASH_DETECTEDXY"', "CRASH_DETECTED", "ok")
    assert [event.reason for event in events_of(wire.Interrupted, crash)] == ["crash"]
    assert script.sent() == []
    script.say(f"Resend: {FIRST + 12}", "ok")
    script.sent()
    following = FIRST + 31
    if script.dialect.in_flight:
        refuse(script, FIRST + 12)
        script.sent()
        following += 1
    script.say("ok")
    script.dialect.release_job()
    script.feed(b"")
    assert script.sent() == [checksummed(following, "G1 X12")]


def test_a_released_job_is_held_again_by_the_next_crash():
    script = printing(taken=5)
    script.say("CRASH_DETECTED", "ok")
    script.dialect.release_job()
    assert script.sent() == [line(6)]
    assert [event.reason for event in events_of(wire.Interrupted, script.say("CRASH_DETECTED", "ok"))] == ["crash"]
    assert script.sent() == []


def test_a_crash_without_a_job_is_told():
    script = printing(taken=1, lines=2)
    script.say("ok")
    script.dialect.end_job()
    assert [event.reason for event in events_of(wire.Interrupted, script.say("CRASH_DETECTED"))] == ["crash"]


@pytest.mark.parametrize("text", ["CRASH_DETECTED", "INT4"])
def test_another_firmware_means_something_else_by_that(text):
    script = Script().ready().begin("G1 X1", "G1 X2")
    script.sent()
    assert events_of(wire.Interrupted, script.say(text, "ok")) == []
    assert script.sent() == [checksummed(5, "G1 X2")]
