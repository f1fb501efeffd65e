"""Lines that are too long: shorter or in two parts, but with the same meaning."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from helpers_firmware import LINE_BUFFER, FirmwareModel, Script, checksummed, run_job
from mrdraw.firmware import dialect as wire
from mrdraw.firmware.fitting import fit, shorter
from mrdraw.firmware.lines import by_hand, check
from mrdraw.gcode.words import parse

ROOM = 82


@pytest.mark.parametrize(
    ("line", "short"),
    [
        (b"G1  X +001.500   Y-0.250 E2.000 F1800.", b"G1 X1.5 Y-0.25 E2 F1800"),
        (b"G01 X.5 Y000", b"G1 X0.5 Y0"),
        (b"G28 X Y", b"G28 X Y"),
        (b"G1 X100 Y10.0", b"G1 X100 Y10"),
        (b"M117   two  blanks 1.000", b"M117   two  blanks 1.000"),
        (b'M862.3 P "MK4"', b'M862.3 P "MK4"'),
        (b"G38.2 Z-10.0", b"G38.2 Z-10"),
    ],
)
def test_what_means_nothing_is_left_out(line, short):
    assert shorter(line) == short


def test_a_line_that_fits_is_left_as_it_is():
    assert fit(b"G1  X1.000", ROOM) == (b"G1  X1.000",)


def test_a_feed_rate_goes_before_the_move():
    move = b"G1 X%b Y%b Z%b" % ((b"1.1234567890123456789123",) * 3)
    assert fit(move + b" F1800.0", ROOM) == (b"G1 F1800", move)


@pytest.mark.parametrize("line", [b"M117 " + b"x" * 80, b"G1 X" + b"1" * 90, b"M104 S" + b"1" * 80 + b" F1"])
def test_what_cannot_be_written_shorter_is_refused(line):
    assert fit(line, ROOM) is None
    assert "line buffer" in check(line, 96)


digits = st.text("0123456789", max_size=9)
numbers = st.builds(
    "{}{}{}{}".format, st.sampled_from(["", "+", "-"]), st.integers(0, 9999), st.sampled_from([".", ".0"]), digits
)
words = st.tuples(st.sampled_from("XYZEFIJ"), st.sampled_from(["", " ", "  "]), numbers)


@settings(max_examples=50)
@given(st.sampled_from(["G0", "G1", "G2", "G01"]), st.lists(words, unique_by=lambda word: word[0], min_size=1))
def test_every_word_keeps_its_value(command, found):
    line = " ".join([command, *(f"{letter}{blank}{number}" for letter, blank, number in found)])
    room = max(len(line) * 2 // 3, 12)
    parts = fit(line.encode(), room)
    assume(parts is not None)
    assert all(len(part) <= room for part in parts)
    together: dict[str, float] = {}
    for part in parts:
        together |= parse(part.decode())
    assert together == parse(line)


@given(
    st.lists(st.binary(max_size=120).map(lambda raw: raw.replace(b"\n", b"").replace(b"\r", b"").strip()), max_size=9)
)
def test_what_passes_the_check_reaches_the_firmware_as_it_is_meant(lines):
    job = [line for line in lines if line and check(line, 96) is None]
    assume(job)
    firmware = FirmwareModel()
    outcome = run_job(firmware, job)
    assert isinstance(outcome.end, wire.JobExhausted)
    assert not [line for line in outcome.transcript if "Resend" in line], "the firmware misread something"
    assert all(len(raw) <= LINE_BUFFER and raw.count(b"*") == 1 for _, _, raw in firmware.accepted)


def test_a_split_line_is_sent_as_two_and_reported_as_one():
    move = "G1 X1.1234567890123456789123 Y1.1234567890123456789123 Z1.1234567890123456789123"
    script = Script().ready().begin(f"{move} F1800.000", "G1 X2")
    assert script.sent() == [checksummed(4, "G1 F1800")]
    assert not [event for event in script.say("ok") if isinstance(event, wire.JobLineAcknowledged)]
    assert script.sent() == [checksummed(5, move)]
    assert wire.JobLineAcknowledged(0) in script.say("ok")
    assert script.sent() == [checksummed(6, "G1 X2")]


def test_both_parts_can_be_sent_again_when_they_are_old():
    move = "G1 X1.1234567890123456789123 Y1.1234567890123456789123 Z1.1234567890123456789123"
    script = Script().ready().begin("G1 X0", f"{move} F1800.000", *(f"G1 X{index}" for index in range(400)))
    for _ in range(390):
        script.sent()
        script.say("ok")
    script.sent()
    script.say("Error:Line Number is not Last Line Number+1, Last Line: 4", "Resend: 5", "ok")
    assert script.sent() == [checksummed(5, "G1 F1800")]
    script.say("ok")
    assert script.sent() == [], "it is asked for first"
    script.say("")
    assert script.sent() == [checksummed(6, move)]


def test_a_command_by_hand_is_written_shorter():
    assert by_hand(f"G1 X{'0' * 80}1", 96) == b"G1 X1"
