"""How much may be in flight: chosen, bounded, made narrower by errors and wider by their absence."""

from __future__ import annotations

from collections import deque

import pytest

from helpers_firmware import Script, checksummed, events_of
from mrdraw.firmware import dialect as wire
from mrdraw.firmware.options import MarlinOptions

LONG = "G1 X123.456 Y123.456 E12.34567 F1800"
"""with number and checksum some 44 bytes"""

LONGER = "G1 X123.456 Y123.456 Z123.456 E12345.12345 F12345"
"""some 62 bytes"""


class Printer(Script):
    """A script that knows which lines the firmware has to answer."""

    def __init__(self, options: MarlinOptions | None = None) -> None:
        super().__init__(options)
        self.unanswered: deque[int] = deque()

    def sent(self) -> list[str]:
        lines = super().sent()
        self.unanswered += [int(line[1:].split(" ")[0]) for line in lines]
        return lines

    def take(self, lines: int) -> list[wire.Event]:
        """The firmware takes so many lines."""
        events: list[wire.Event] = []
        for _ in range(lines):
            self.sent()
            events += self.say(f"ok N{self.unanswered.popleft()} P15 B3")
        return events

    def refuse(self) -> list[wire.Event]:
        """The firmware wants the oldest line again."""
        self.sent()
        bad = self.unanswered[0]
        self.unanswered.clear()
        return self.say(f"Error:checksum mismatch, Last Line: {bad - 1}", f"Resend: {bad}", "ok")


def printing(options: MarlinOptions | None = None, *, line: str = "G1 X1", lines: int = 10_000) -> Printer:
    script = Printer(options)
    script.ready().begin(*[line] * lines)
    script.unanswered.clear()
    return script


def advanced(options: MarlinOptions | None = None, *, line: str = "G1 X1", queue: int = 3) -> Printer:
    """A firmware that says twice how large its queue is, with one line in flight."""
    script = printing(options, line=line)
    for number in (4, 5):
        assert len(script.sent()) == 1
        script.say(f"ok N{number} P15 B{queue}")
    script.unanswered.clear()
    return script


def changes(events: list[wire.Event]) -> list[int]:
    return [event.lines for event in events_of(wire.FlowChanged, events)]


def test_one_line_where_nothing_is_known():
    script = printing()
    assert len(script.sent()) == 1
    script.say("ok")
    assert len(script.sent()) == 1


def test_as_many_lines_as_the_queue_holds_but_one():
    script = advanced()
    assert len(script.sent()) == 3
    assert script.dialect.in_flight == 3


def test_the_choice_is_reported_with_its_reason():
    script = printing()
    script.sent()
    script.say("ok N4 P15 B3")
    script.sent()
    events = script.say("ok N5 P15 B3")
    assert events_of(wire.FlowChanged, events) == [wire.FlowChanged(3, "the firmware has room for 4 commands")]


def test_one_damaged_report_of_room_is_not_believed():
    script = printing()
    for number, room in ((4, 3), (5, 3), (6, 7)):
        script.sent()
        script.say(f"ok N{number} P15 B{room}")
    assert len(script.sent()) <= 3
    assert script.dialect.in_flight == 3


def test_the_oldest_line_in_flight_takes_no_room_in_the_receive_buffer():
    assert len(advanced(line=LONG).sent()) == 3


def test_lines_in_the_receive_buffer_leave_room_for_an_emergency_stop():
    script = advanced(line=LONGER)
    assert len(script.sent()) == 2, "the second and the third might fill 128 bytes"
    script.say("ok N6 P15 B1")
    assert len(script.sent()) == 2, "lines 7 and 8 have left the receive buffer for the queue"
    assert script.dialect.in_flight == 3


def test_bytes_against_a_known_receive_buffer():
    script = printing(MarlinOptions(rx_buffer=256), line=LONG)
    in_flight = [len(line) + 1 for line in script.sent()]
    assert 200 < sum(in_flight) <= 256 - len("M112\nN1234567 M112*123\n")
    script.say("ok")
    assert len(script.sent()) == 1


def test_a_number_that_a_person_set_is_kept():
    assert len(printing(MarlinOptions(lines_in_flight=2)).sent()) == 2
    assert len(advanced(MarlinOptions(lines_in_flight=1)).sent()) == 1
    assert len(printing(MarlinOptions(lines_in_flight=32)).sent()) < 32, "the receive buffer is too small for that"


def test_a_queue_that_is_smaller_than_the_number_that_was_set_counts():
    script = Script(MarlinOptions(lines_in_flight=8)).ready().begin(*["G1"] * 50)
    script.sent()
    script.say("ok N4 P15 B2", "ok N5 P15 B2", *(f"ok N{number} P15 B2" for number in range(6, 13)))
    assert len(script.sent()) == 2


@pytest.mark.parametrize("said", ["Error:RX BUF overflow, increase RX_BUFFER_SIZE: 12", "echo:RX BUF overflow"])
def test_an_overrun_makes_it_narrower(said):
    script = advanced()
    script.sent()
    assert changes(script.say(said)) == [1]
    assert changes(script.say(said)) == [], "it cannot become narrower than one line"


def test_many_resends_make_it_narrower():
    script = advanced()
    seen = []
    for _ in range(4):
        seen += changes(script.refuse() + script.take(5))
    assert seen == [1]


def test_rare_resends_change_nothing():
    script = advanced()
    for _ in range(8):
        assert changes(script.refuse() + script.take(100)) == []


def test_the_same_line_again_and_again_makes_it_narrower():
    script = advanced()
    seen = []
    for _ in range(3):
        script.sent()
        seen += changes(script.say("Error:checksum mismatch, Last Line: 5", "Resend: 6", "ok"))
    assert seen == [1]


def test_a_long_clean_run_makes_it_wider_again_line_by_line():
    script = advanced()
    script.sent()
    script.say("Error:RX BUF overflow, increase RX_BUFFER_SIZE: 12")
    assert changes(script.take(3_000)) == []
    assert changes(script.take(6_000)) == [2, 3]
    assert len(script.sent()) + script.dialect.in_flight >= 3


def test_a_firmware_that_starts_anew_has_to_say_it_again():
    script = advanced()
    script.sent()
    script.say("start")
    assert script.sent() == ["N0 M110 N0*125"]
    script.say("ok")
    script.wait(0.5)
    assert script.sent() == [checksummed(1, "M115")]
