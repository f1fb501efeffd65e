"""What must not wait."""

from __future__ import annotations

import pytest

from helpers_firmware import Script, checksummed, events_of
from mrdraw.firmware import dialect as wire
from mrdraw.firmware.dialect import Priority, Queued


def shout(script: Script, text: str) -> list[str]:
    script.dialect.enqueue(Queued(text), Priority.EMERGENCY)
    return script.sent()


def test_m112_goes_at_once_without_and_with_a_number():
    script = Script().ready().begin("G28", "G1 X1")
    assert script.sent() == [checksummed(4, "G28")]
    assert shout(script, "M112") == ["M112", checksummed(5, "M112")]


def test_m112_goes_while_a_resend_is_waited_for():
    script = Script().ready().begin("G28", "G1 X1")
    script.sent()
    script.say("Error:checksum mismatch, Last Line: 3", "Resend: 4")
    assert shout(script, "M112")[0] == "M112"


def test_m112_goes_in_any_state():
    script = Script().open()
    assert shout(script, "M112")[0] == "M112"
    script.say("Error:Printer halted. kill() called!")
    assert shout(script, "M112")[0] == "M112"


def test_m112_typed_by_hand_is_an_emergency():
    script = Script().ready().begin("G28")
    script.sent()
    script.hand("M104 S0")
    script.hand("m112")
    assert script.sent() == ["M112", checksummed(5, "M112")]


def test_the_firmware_says_that_it_is_dead():
    script = Script().ready().begin("G28")
    script.sent()
    shout(script, "M112")
    assert len(events_of(wire.Halted, script.say("Error:Printer halted. kill() called!"))) == 1
    assert script.sent() == []


@pytest.mark.parametrize("text", ["M108", "M410"])
def test_with_an_emergency_parser_some_commands_need_no_number(text):
    script = Script().ready(emergency_parser=True).begin("M109 S200", "G1 X1")
    assert script.sent() == [checksummed(4, "M109 S200")]
    assert shout(script, text) == [text]
    script.say("ok")
    assert script.sent() == [], "the emergency is acknowledged, too"
    script.say("ok")
    assert script.sent() == [checksummed(5, "G1 X1")]


def test_without_it_they_are_numbered_and_do_not_wait_either():
    script = Script().ready().begin("M109 S200", "G1 X1")
    assert script.sent() == [checksummed(4, "M109 S200")]
    assert shout(script, "M108") == [checksummed(5, "M108")]
    assert script.dialect.in_flight == 2


def test_the_emergency_is_acknowledged_with_its_tag():
    script = Script().ready()
    command = Queued("M410", "stop")
    script.dialect.enqueue(command, Priority.EMERGENCY)
    script.sent()
    assert events_of(wire.CommandAcknowledged, script.say("ok")) == [wire.CommandAcknowledged(command)]
