"""From the open port to a firmware that takes commands."""

from __future__ import annotations

import pytest

from helpers_firmware import IDENTITY, TEMPERATURES, FirmwareModel, Script, checksummed, events_of, run_job
from mrdraw.firmware import dialect as wire


def test_the_hand_shake_only_asks():
    outcome = run_job(FirmwareModel(), [b"G28"])
    assert isinstance(outcome.end, wire.JobExhausted)
    texts = [text for number in sorted(outcome.sent) for text in outcome.sent[number]]
    assert texts == [b"M110 N0", b"M115", b"M113 S2", b"M105", b"G28", b"M114"]


def test_temperatures_are_reported_by_the_firmware_where_it_can():
    script = Script().open()
    assert script.sent() == ["N0 M110 N0*125"]
    script.say("ok")
    script.sent()
    script.say(IDENTITY, "Cap:AUTOREPORT_TEMP:1", "ok")
    assert script.sent() == [checksummed(2, "M155 S1")]
    script.say("ok")
    assert script.sent() == [checksummed(3, "M113 S2")]
    script.say("ok")
    assert script.sent() == [checksummed(4, "M105")]
    events = script.say(f"ok {TEMPERATURES}")
    assert wire.Ready() in events
    assert script.dialect.temperature_poll() == "M105", "no report came by itself yet"
    script.say(f" {TEMPERATURES}")
    assert script.dialect.temperature_poll() is None
    script.wait(20.0)
    assert script.dialect.temperature_poll() == "M105", "the reports stopped"


def test_who_the_firmware_is():
    script = Script().open()
    script.sent()
    script.say("ok")
    events = script.say(IDENTITY, "Cap:EEPROM:1", "Cap:VOLUMETRIC:0")
    assert events_of(wire.FirmwareInfo, events)[0].name == "Marlin 2.1.3 (Aug  1 2024 12:00:00)"
    assert events_of(wire.FirmwareInfo, events)[0].data["EXTRUDER_COUNT"] == "1"
    assert events_of(wire.Capability, events) == [wire.Capability("EEPROM", True), wire.Capability("VOLUMETRIC", False)]


def test_a_firmware_that_does_not_know_m115():
    script = Script().open()
    script.sent()
    script.say("ok")
    assert script.sent() == [checksummed(1, "M115")]
    script.say('echo:Unknown command: "M115"', "ok")
    assert script.sent() == [checksummed(2, "M105")]
    assert wire.Ready() in script.say("ok T:20.0 /0.0")


def test_firmware_that_names_the_hello_names_every_line():
    script = Script().open()
    script.sent()
    script.say("ok N0 P15 B3")
    assert script.sent() == [checksummed(1, "M115")]
    script.say("ok P15 B3")  # of a line that lost its number
    assert script.sent() == [checksummed(2, "M105")]
    assert script.dialect.in_flight == 2, "M115 was not acknowledged"
    script.say("Error:Line Number is not Last Line Number+1, Last Line: 0", "Resend: 1", "ok")
    assert script.sent() == [checksummed(1, "M115")]


def test_an_answer_behind_its_ok_still_counts():
    script = Script().open()
    script.sent()
    script.say("ok")
    script.sent()
    script.say("ok")
    assert script.sent() == [checksummed(2, "M105")]
    assert wire.Ready() in script.say("ok T:20.0 /0.0")
    script.say("FIRMWARE_NAME:Repetier_0.92 PROTOCOL_VERSION:1.0", "Cap:AUTOREPORT_TEMP:1")
    assert script.sent() == [checksummed(3, "M155 S1")]


def test_the_hello_is_repeated_until_somebody_answers():
    script = Script().open()
    assert script.sent() == ["N0 M110 N0*125"]
    script.wait(1.9)
    assert script.sent() == []
    script.wait(0.2)
    assert script.sent() == ["N0 M110 N0*125"]
    script.wait(2.1)
    assert script.sent() == ["N0 M110 N0*125"]


def test_acknowledges_of_repeated_hellos_are_not_taken_for_others():
    script = Script().open()
    script.sent()
    script.wait(2.1)
    script.sent()
    script.say("ok")
    assert script.sent() == []
    script.say("ok")
    assert script.sent() == []
    script.wait(0.4)
    assert script.sent() == [checksummed(1, "M115")]
    assert script.dialect.in_flight == 1


def test_a_board_that_boots_gets_a_new_hello():
    script = Script().open()
    script.sent()
    script.feed(b"\x00\x80\xfestart\r\n")
    assert script.sent() == ["N0 M110 N0*125"]
    assert events_of(wire.Reset, script.say("Marlin 2.1.3", "echo: Last Updated: x")) == []
    script.say("ok")
    assert script.sent() == [checksummed(1, "M115")]


def test_a_start_in_the_middle_of_the_set_up_begins_it_anew():
    script = Script().open()
    script.sent()
    script.say("ok")
    assert script.sent() == [checksummed(1, "M115")]
    assert events_of(wire.Reset, script.say("start")) == []
    assert script.sent() == ["N0 M110 N0*125"]


def test_a_damaged_hello_is_said_again():
    script = Script().open()
    script.sent()
    script.say("Error:checksum mismatch, Last Line: 17", "Resend: 18")
    assert script.sent() == []
    script.say("ok")
    assert script.sent() == ["N0 M110 N0*125"]


def test_a_damaged_hello_of_a_firmware_that_sends_no_ok_with_it():
    script = Script().open()
    script.sent()
    script.say("Error:checksum mismatch, Last Line: 17", "Resend: 18")
    script.wait(2.1)
    assert script.sent() == ["N0 M110 N0*125"]
    script.say("ok")
    script.wait(0.4)
    assert script.sent() == [checksummed(1, "M115")]


def test_nobody_answers():
    script = Script().open()
    events = []
    for _ in range(40):
        events += script.wait(1.0)
        script.sent()
    assert events_of(wire.Failed, events) == [wire.Failed("No firmware answered within 30 s.", "connection")]
    assert script.dialect.next_deadline() is None


def test_a_busy_firmware_is_waited_for():
    script = Script().open()
    for _ in range(60):
        assert events_of(wire.Failed, script.say("echo:busy: processing")) == []
        script.wait(1.0)
        script.sent()


@pytest.mark.parametrize("banner", ["start", "Marlin 2.1.3", "echo: Last Updated: 2024-08-01 | Author: x"])
def test_a_start_while_ready_is_a_reset(banner):
    script = Script().ready().begin("G28", "G1 X1")
    assert script.sent() == [checksummed(4, "G28")]
    script.hand("M104 S200")
    assert events_of(wire.Reset, script.say(banner)) == [wire.Reset()]
    assert script.dialect.in_flight == 0
    assert script.sent() == ["N0 M110 N0*125"]
    assert script.dialect.forget_queued() == []
    script.say("ok")
    assert script.sent() == [checksummed(1, "M115")]
    script.say("ok")
    script.sent()
    assert wire.Ready() in script.say("ok")
    assert script.sent() == [], "the job is forgotten"


def test_the_lines_of_a_start_are_one_reset():
    script = Script().ready()
    events = script.say("start", "Marlin 2.1.3", "echo: Last Updated: 2024-08-01", "echo:SD init fail")
    assert len(events_of(wire.Reset, events)) == 1


def test_a_reset_whose_start_was_damaged_is_found_out():
    script = Script().ready().begin(*[f"G1 X{index}" for index in range(9)])
    for _ in range(3):
        assert len(script.sent()) == 1
        script.say("ok")
    script.sent()
    events = script.say("stbrt", "Error:Line Number is not Last Line Number+1, Last Line: 0", "Resend: 1", "ok")
    assert events_of(wire.Reset, events) == [wire.Reset()]
    assert script.sent() == ["N0 M110 N0*125"]


def test_long_numberings_start_anew_with_a_job():
    script = Script().ready()
    window = script.dialect._talk.flow.window
    window.frontier = window.following = 1_000_001
    script.begin("G28", "G1 X1")
    assert script.sent() == ["N0 M110 N0*125"]
    script.say("ok")
    assert script.sent() == [checksummed(1, "G28")]
    assert events_of(wire.JobLineAcknowledged, script.say("ok")) == [wire.JobLineAcknowledged(0)]
