"""Refused lines and what the firmware asks for."""

from __future__ import annotations

import re

import pytest

from helpers_firmware import TEMPERATURES, FirmwareModel, Script, checksummed, events_of, run_job
from mrdraw.firmware import dialect as wire
from mrdraw.firmware.options import MarlinOptions

NUMBER = "Error:Line Number is not Last Line Number+1, Last Line: {}"
CHECKSUM = "Error:checksum mismatch, Last Line: {}"


def in_flight(count: int = 1, lines: int = 20) -> Script:
    """A job whose first lines (numbers 4, 5, …) are in flight."""
    script = Script(MarlinOptions(lines_in_flight=count)).ready().begin(*[f"G1 X{index}" for index in range(lines)])
    assert len(script.sent()) == count
    return script


def line(number: int) -> str:
    return checksummed(number, f"G1 X{number - 4}")


@pytest.mark.parametrize("request_line", ["Resend: 4", "Resend:4", "rs N4", "Resend:N4", "Resend:N:4", "resend: 4"])
@pytest.mark.parametrize("error", [CHECKSUM.format(3), "Error:Wrong checksum", "Error:Format error", ""])
def test_a_request_sends_the_line_again_once_its_ok_came(request_line, error):
    script = in_flight()
    events = script.say(error, request_line)
    assert events_of(wire.Resend, events) == [wire.Resend(4)]
    assert script.sent() == []
    events = script.say("ok")
    assert events_of(wire.JobLineAcknowledged, events) == []
    assert script.sent() == [line(4)]
    assert script.sent() == []
    assert events_of(wire.JobLineAcknowledged, script.say("ok")) == [wire.JobLineAcknowledged(0)]
    assert script.sent() == [line(5) if error else checksummed(5, "M105")]


def test_an_error_of_the_line_is_no_error_of_the_firmware():
    assert events_of(wire.FirmwareError, in_flight().say(CHECKSUM.format(3), "Resend: 4", "ok")) == []


def test_without_an_ok_the_line_goes_after_half_a_second():
    script = in_flight()
    script.say(CHECKSUM.format(3), "Resend: 4")
    script.wait(0.4)
    assert script.sent() == []
    script.wait(0.2)
    assert script.sent() == [line(4)]
    assert events_of(wire.JobLineAcknowledged, script.say("ok")) == [wire.JobLineAcknowledged(0)]


def test_another_line_shows_that_no_ok_comes():
    script = in_flight()
    script.say(CHECKSUM.format(3), "Resend: 4", "echo:busy: processing")
    assert script.sent() == [line(4)]


def test_several_lines_ahead_are_sent_again_one_by_one():
    script = in_flight(3)
    script.say(CHECKSUM.format(3), "Resend: 4", "ok")
    assert script.sent() == [line(4)], "one line for one request"
    for _ in range(2):  # the lines behind it are refused, too
        events = script.say(NUMBER.format(3), "Resend: 4", "ok")
        assert events_of(wire.Resend, events) == []
        assert script.sent() == []
    script.say("ok")
    assert script.sent()[:2] == [line(5), line(6)]


def test_a_request_for_the_line_that_comes_next_sends_nothing():
    script = in_flight()
    script.say(CHECKSUM.format(3), "Resend: 4", "ok")
    assert script.sent() == [line(4)]
    events = script.say("Resend: 5")
    assert script.sent() == []
    assert events_of(wire.Resend, events) == []
    script.say("ok")
    assert script.sent() == [line(5)], "and never another text under that number"


@pytest.mark.parametrize("count", [1, 2, 3, 7])
@pytest.mark.parametrize("stale", ["Resend: 5", NUMBER.format(4) + "\nResend: 5\nok"])
def test_a_stale_request_during_a_resend_makes_no_wrong_move(count, stale):
    script = in_flight(count)
    script.say(CHECKSUM.format(3), "Resend: 4", "ok")
    sent = script.sent()
    script.say(stale)
    for _ in range(14):
        sent += script.sent()
        script.wait(0.4)
        script.say("ok")
    texts = [found[1] for found in (re.fullmatch(r"N\d+ (G1 X\d+)\*\d+", text) for text in sent) if found]
    assert texts == [f"G1 X{index}" for index in range(len(texts))], "each line once, under its own number, in order"
    assert len(texts) > 3


def test_acknowledges_of_lines_that_wait_in_the_queue_are_not_those_of_a_line_sent_again():
    script = in_flight(3)
    script.say(CHECKSUM.format(5), "Resend: 6", "ok")  # 4 and 5 were taken and are not executed yet
    assert script.sent() == [line(6)]
    assert events_of(wire.JobLineAcknowledged, script.say("ok", "ok")) == []
    assert script.dialect.in_flight == 1
    assert events_of(wire.JobLineAcknowledged, script.say("ok")) == [wire.JobLineAcknowledged(2)]


def refused_behind_two() -> Script:
    """Line 6 is sent again, 7 and 8 were refused with it; 4 and 5 were taken and wait in the firmware's queue."""
    script = in_flight(5)
    script.say(CHECKSUM.format(5), "Resend: 6", "ok", *[NUMBER.format(5), "Resend: 6", "ok"] * 2)
    assert script.sent() == [line(6)]
    return script


def test_nor_when_the_firmware_was_asked_meanwhile_because_the_first_of_them_took_long():
    script = refused_behind_two()
    script.wait(2.6)
    assert script.sent() == [line(7)], "the question whether the firmware lives"
    assert events_of(wire.JobLineAcknowledged, script.say("ok", "ok")) == [], "those of 4 and 5"
    taken = events_of(wire.JobLineAcknowledged, script.say("ok", "ok"))
    assert taken == [wire.JobLineAcknowledged(2), wire.JobLineAcknowledged(3)]


def test_the_report_of_a_line_that_waited_in_the_queue_is_not_that_of_a_line_sent_again():
    script = Script(MarlinOptions(lines_in_flight=2)).ready()
    for _ in range(2):
        script.hand("M105")
    assert script.sent() == [checksummed(4, "M105"), checksummed(5, "M105")]
    script.say(CHECKSUM.format(4), "Resend: 5", "ok")
    assert script.sent() == [checksummed(5, "M105")]
    assert events_of(wire.CommandAcknowledged, script.say(f"ok {TEMPERATURES}")) == [], "that of line 4"
    assert len(events_of(wire.CommandAcknowledged, script.say(f"ok {TEMPERATURES}"))) == 1


def in_flight_where_lines_are_named() -> Script:
    """Two M105s (5 and 6) to firmware that names its lines, of which the second has to be sent again."""
    script = Script(MarlinOptions(lines_in_flight=2)).ready()
    script.hand("G1 X0")
    script.sent()
    script.say("ok N4 P15 B3")
    for _ in range(2):
        script.hand("M105")
    script.sent()
    script.say(CHECKSUM.format(5), "Resend: 6", "ok")
    assert script.sent() == [checksummed(6, "M105")]
    return script


def test_where_lines_are_named_the_late_answer_to_an_m105_is_not_that_of_a_later_one():
    script = in_flight_where_lines_are_named()
    assert events_of(wire.CommandAcknowledged, script.say(f"ok {TEMPERATURES}")) == [], "that of line 5"
    assert len(events_of(wire.CommandAcknowledged, script.say(f"ok {TEMPERATURES}"))) == 1


def test_where_lines_are_named_a_later_name_shows_that_the_late_answer_was_lost():
    script = in_flight_where_lines_are_named()
    script.say("ok N6 P15 B3")
    assert script.sent() == [checksummed(7, "M105")]
    script.say(f"ok {TEMPERATURES}")
    assert script.dialect.in_flight == 0


def test_lost_acknowledges_of_lines_that_waited_in_the_queue_cost_time_only():
    script = refused_behind_two()
    events, sent = script.say("ok"), []  # of 6; those of 4 and 5 were lost
    for _ in range(3):
        events += script.wait(2.1)
        sent += script.sent()
        events += script.say("ok")
    assert sent[:2] == [line(7), line(8)]
    assert events_of(wire.JobLineAcknowledged, events)[-1] == wire.JobLineAcknowledged(4)


def test_lines_that_are_passed_over_are_acknowledged_before_the_next_one():
    script = Script(MarlinOptions(lines_in_flight=3)).ready()
    script.hand("G1 X0")
    script.hand("M105")
    script.begin(*[f"G1 X{x}" for x in range(1, 9)])
    assert script.sent() == [checksummed(4, "G1 X0"), checksummed(5, "M105"), checksummed(6, "G1 X1")]
    script.say(NUMBER.format(3), "Resend: 4", "ok")  # because line 3 came twice; 4 to 6 are taken
    assert script.sent() == [checksummed(4, "G1 X0")]
    script.say("ok")
    script.say(NUMBER.format(6), "Resend: 7", "ok")
    assert script.sent() == [checksummed(7, "M105"), checksummed(8, "G1 X2"), checksummed(9, "G1 X3")]
    script.say(f"ok {TEMPERATURES}", "ok")
    assert script.dialect.in_flight == 3, "those of 5 and 6"
    script.say(f"ok {TEMPERATURES}")
    assert script.dialect.in_flight == 2


def test_a_silent_firmware_whose_queue_holds_a_long_command_is_waited_for():
    script = Script(MarlinOptions(lines_in_flight=3)).open()
    script.sent()
    script.say("ok")
    script.sent()
    script.say("FIRMWARE_NAME:Teacup", "ok")
    script.sent()
    script.say(f"ok {TEMPERATURES}")
    script.begin("G28", *[f"G1 X{x}" for x in range(1, 9)])
    assert len(script.sent()) == 3
    script.say(CHECKSUM.format(3), "Resend: 4", "ok")
    assert script.sent() == [checksummed(4, "G1 X1")]
    script.wait(29.0)
    assert script.sent() == []
    assert events_of(wire.JobLineAcknowledged, script.say("ok")) == []
    assert events_of(wire.JobLineAcknowledged, script.say("ok")) == [wire.JobLineAcknowledged(1)]


def test_a_late_acknowledge_of_several_lines_that_are_sent_again_is_that_of_the_oldest():
    script = in_flight(7)
    for _ in range(3):  # the flow becomes narrower
        script.say(CHECKSUM.format(3), "Resend: 4", "ok")
        assert script.sent() == [line(4)]
    script.say("ok")
    assert script.sent() == [line(5), line(6), line(7)]
    script.wait(2.6)
    assert script.sent() == [line(8)], "the question whether the firmware lives"
    assert events_of(wire.JobLineAcknowledged, script.say("ok")) == [wire.JobLineAcknowledged(1)]


def test_numbers_of_lines_that_were_taken_acknowledge_no_line_that_is_sent_again():
    script = in_flight(3)
    script.say(CHECKSUM.format(5), "Resend: 6", "ok")
    assert script.sent() == [line(6)]
    assert events_of(wire.JobLineAcknowledged, script.say("ok N4 P15 B2", "ok N5 P15 B3")) == []
    assert events_of(wire.JobLineAcknowledged, script.say("ok N6 P15 B3")) == [wire.JobLineAcknowledged(2)]


def test_the_acknowledge_of_a_line_that_lost_its_number_is_not_that_of_the_line_sent_again():
    script = in_flight(3)
    script.say(*[NUMBER.format(3), "Resend: 4", "ok"] * 2)  # 5 and 6 were refused, what became of 4 was queued
    assert script.sent() == [line(4)]
    assert events_of(wire.JobLineAcknowledged, script.say('echo:Unknown command: "|4 G1 X0"', "ok")) == []
    assert script.sent() == []
    assert events_of(wire.JobLineAcknowledged, script.say("ok")) == [wire.JobLineAcknowledged(0)]
    assert script.sent()[:2] == [line(5), line(6)]


@pytest.mark.parametrize("unknown", ["4 G1 X0", "n4 G1 X0", "\u00bc4 G1 X0", "", "X0"])
def test_a_line_that_lost_its_number_is_asked_for_at_once(unknown):
    script = in_flight()
    assert events_of(wire.JobLineAcknowledged, script.say(f'echo:Unknown command: "{unknown}"', "ok")) == []
    assert script.sent() == [checksummed(5, "M105")]
    script.say(NUMBER.format(3), "Resend: 4", "ok")
    assert script.sent() == [line(4)]
    assert events_of(wire.JobLineAcknowledged, script.say("ok")) == [wire.JobLineAcknowledged(0)]
    assert script.sent() == [checksummed(5, "M105")]
    assert script.dialect.tally.timeouts == 0


def test_behind_other_lines_it_is_asked_for_by_the_next_of_them():
    script = in_flight(3)
    assert events_of(wire.JobLineAcknowledged, script.say('echo:Unknown command: "4 G1 X0"', "ok")) == []
    assert script.sent() == []
    script.say(*[NUMBER.format(3), "Resend: 4", "ok"] * 2)
    assert script.sent() == [line(4)]
    assert events_of(wire.JobLineAcknowledged, script.say("ok")) == [wire.JobLineAcknowledged(0)]


@pytest.mark.parametrize(
    "unknown",
    ['"M900 K0.1"', '"M900"', '"m900 K0.1"', '"N4 M900 K0.1*31"(2)', '"N4 M900*31"', "M900 K0.1", "", '"M9'],
)
def test_an_unknown_command_that_was_sent_is_acknowledged(unknown):
    script = Script().ready().begin("M900 K0.1", "G1 X1")
    script.sent()
    events = script.say(f"echo:Unknown command: {unknown}", "ok")
    assert events_of(wire.JobLineAcknowledged, events) == [wire.JobLineAcknowledged(0)]


def test_an_unknown_command_that_waited_in_the_queue_is_no_strange_one():
    script = Script(MarlinOptions(lines_in_flight=3)).ready().begin("M900 K0.1", *[f"G1 X{x}" for x in range(1, 9)])
    assert len(script.sent()) == 3
    script.say(CHECKSUM.format(4), "Resend: 5", "ok")
    assert script.sent() == [line(5)]
    assert events_of(wire.JobLineAcknowledged, script.say('echo:Unknown command: "M900 K0.1"', "ok")) == []
    assert events_of(wire.JobLineAcknowledged, script.say("ok")) == [wire.JobLineAcknowledged(1)]


def test_a_strange_command_whose_acknowledge_was_lost_takes_no_other():
    script = in_flight()
    script.say('echo:Unknown command: "4 G1 X0"', "echo:busy: processing")
    assert events_of(wire.JobLineAcknowledged, script.say("ok")) == [wire.JobLineAcknowledged(0)]


def test_firmware_that_names_its_lines_does_not_name_one_that_lost_its_number():
    script = in_flight(1)
    script.say("ok N4 P15 B3")
    assert script.sent() == [line(5)]
    assert events_of(wire.JobLineAcknowledged, script.say("ok P15 B3")) == []
    assert script.sent() == [checksummed(6, "M105")]
    assert events_of(wire.JobLineAcknowledged, script.say("ok N5 P15 B3")) == [wire.JobLineAcknowledged(1)]


def test_a_line_that_was_taken_is_not_sent_again():
    script = in_flight()
    script.say("ok")
    assert script.sent() == [line(5)]
    events = script.say(NUMBER.format(5), "Resend: 6", "ok")
    assert events_of(wire.JobLineAcknowledged, events) == [wire.JobLineAcknowledged(1)]
    assert script.sent() == [line(6)]


def test_the_late_acknowledge_of_a_line_that_came_twice_is_not_that_of_the_next_one():
    script = in_flight()
    events = script.say(NUMBER.format(4), "Resend: 5", "ok")  # the first 4 waits to be executed
    assert events_of(wire.JobLineAcknowledged, events) == [wire.JobLineAcknowledged(0)]
    assert script.sent() == [line(5)]
    assert events_of(wire.JobLineAcknowledged, script.say("ok")) == []
    assert events_of(wire.JobLineAcknowledged, script.say("ok")) == [wire.JobLineAcknowledged(1)]


def test_a_doubled_line_does_not_double_all_that_follow():
    script = in_flight()
    script.say(CHECKSUM.format(3), "Resend: 4", "ok")
    assert script.sent() == [line(4)]
    script.say("ok")  # line 4 arrived twice
    assert script.sent() == [line(5)]
    events = script.say(NUMBER.format(4), "Resend: 5", "ok")
    assert events_of(wire.Resend, events) == []
    assert script.sent() == []
    script.say("ok")
    assert script.sent() == [line(6)]


@pytest.mark.parametrize(
    ("error", "request_line"),
    [
        (CHECKSUM.format(3), "Resend: 9"),
        (CHECKSUM.format(3), "Resenf: 4"),
        (CHECKSUM.format(3), "Resend: 5"),
        (CHECKSUM.format(3), ""),
        (CHECKSUM.format(73), "Resend: 4"),
        ("Error:checksum mismatch, Last Lioe: 3", "Resend: 4"),
        ("Error:checkstm mismatch, Last Line: 3", "Resend: 4"),
        ("Error:checksum mismatch, Last Line: 3\x0bResend: 4", ""),
        ("Error:checksum mismatch, LasResend: 4", ""),
    ],
)
def test_the_error_and_the_request_are_checked_against_each_other(error, request_line):
    script = in_flight()
    script.say(error, request_line, "ok")
    assert script.sent() == [line(4)]


def test_a_request_that_cannot_be_meant_is_left_to_the_clock():
    script = in_flight()
    assert events_of(wire.Resend, script.say("Resend: 400", "ok")) == []
    assert script.sent() == []
    script.wait(0.6)
    assert script.sent() == [checksummed(5, "M105")]
    script.say(NUMBER.format(3), "Resend: 4", "ok")
    assert script.sent() == [line(4)]


def test_an_error_without_request_acts_as_an_acknowledge():
    script = in_flight()
    script.say("Error:No Line Number with checksum, Last Line: 3")
    assert script.sent() == [line(5)]
    script.say(NUMBER.format(3), "Resend: 4", "ok")
    assert script.sent() == [line(4)]
    script.say("ok")
    assert script.sent() == [line(5)]


def test_the_same_line_again_and_again_is_the_end():
    script, events = in_flight(), []
    for _ in range(10):
        events += script.say(CHECKSUM.format(3), "Resend: 4", "ok")
        script.sent()
    assert len(events_of(wire.Resend, events)) == 10
    assert [event.reason for event in events_of(wire.Failed, events)] == ["resend_loop"]
    assert script.sent() == []
    assert script.dialect.next_deadline() is None


def test_progress_in_between_is_no_loop():
    script, events = in_flight(lines=300), []
    for number in range(4, 204):
        for _ in range(5):
            events += script.say(CHECKSUM.format(number - 1), f"Resend: {number}", "ok")
            assert script.sent() == [line(number)]
        events += script.say("ok")
        assert script.sent() == [line(number + 1)]
    assert len(events_of(wire.Resend, events)) == 1000
    assert events_of(wire.Failed, events) == []


def test_commands_by_hand_are_sent_again_like_lines_of_the_job():
    script = Script().ready()
    command = script.hand("M104 S200")
    assert script.sent() == [checksummed(4, "M104 S200")]
    assert events_of(wire.CommandAcknowledged, script.say(CHECKSUM.format(3), "Resend: 4", "ok")) == []
    assert script.sent() == [checksummed(4, "M104 S200")]
    assert events_of(wire.CommandAcknowledged, script.say("ok")) == [wire.CommandAcknowledged(command)]


def advance(script: Script, count: int) -> None:
    for _ in range(count):
        script.say("ok")
        assert len(script.sent()) == 1


def test_at_least_64_lines_can_be_sent_again_without_asking():
    script = in_flight(lines=200)
    advance(script, 70)
    script.supplying = False
    script.say(NUMBER.format(9), "Resend: 10", "ok")
    assert script.sent() == [line(10)]
    script.say("ok")
    assert script.sent() == [line(11)]


def test_older_lines_of_the_job_are_asked_for_again():
    script = in_flight(lines=1000)
    advance(script, 600)
    script.supplying = False
    script.say(NUMBER.format(99), "Resend: 100", "ok")
    assert script.sent() == []
    wanted = events_of(wire.LinesWanted, script.feed(b""))
    assert wanted == [wire.LinesWanted(96, 64)]
    script.dialect.supply(96, script.job[96:160])
    script.supplying = True
    sent: list[str] = []
    while len(sent) < 520:
        sent += script.sent()
        script.feed(b"")  # what was asked for meanwhile is supplied
        if script.dialect.in_flight:
            script.say("ok")
    assert sent[:505] == [line(number) for number in range(100, 605)]
    assert sent[505:507] == [checksummed(605, "M105"), checksummed(606, "G1 X601")], "then new lines"


def test_a_request_for_a_line_that_nobody_knows_is_the_end_after_a_while():
    script = Script().ready()
    for _ in range(400):
        script.hand("G1 X1")
        script.sent()
        script.say("ok")
    events = []
    for _ in range(12):
        script.hand("G1 X1")
        script.sent()
        events += script.say(NUMBER.format(4), "Resend: 5", "ok")
        script.wait(0.6)
        script.sent()
    assert [event.reason for event in events_of(wire.Failed, events)] == ["resend"]


def test_a_counter_that_ran_ahead_is_set_right():
    script = in_flight()
    events = script.say(NUMBER.format(89), "Resend: 90", "ok")
    assert events_of(wire.AcceptedByLuck, events) == [wire.AcceptedByLuck(89)]
    assert script.sent() == [checksummed(3, "M110 N3")]
    script.say("ok")
    assert script.sent() == [line(4)]
    script.say("ok")
    assert script.sent() == [line(5)]


def test_a_good_wire_needs_no_resend():
    job = [b"G1 X%d" % index for index in range(500)]
    outcome = run_job(FirmwareModel(), job)
    assert isinstance(outcome.end, wire.JobExhausted)
    assert events_of(wire.Resend, outcome.events) == []
    assert events_of(wire.LostAcknowledge, outcome.events) == []
    assert [event.index for event in events_of(wire.JobLineAcknowledged, outcome.events)] == list(range(500))
    assert [event.index for event in events_of(wire.JobLineSent, outcome.events)] == list(range(500))
