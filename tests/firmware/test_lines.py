"""Which lines a firmware can take."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mrdraw.firmware.dialect import LineTooLong
from mrdraw.firmware.lines import by_hand, check, harmless
from mrdraw.firmware.numbered import numbered


@pytest.mark.parametrize(
    "line",
    [
        b"G28",
        b"G1 X1.5 Y-2 E.5 F1200",
        b"M117 Gr\xc3\xb6\xc3\x9fe: 5 mm",
        b"M117 *** first layer ***",
        b"M117 a\\b",
        b"M0 Change the pen",
        b"T?",
        b'M862.3 P "MK4"',
        b"G1 X" + b"1" * 78,
    ],
)
def test_good_lines(line):
    assert check(line, 96) is None


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"M112", "emergency"),
        (b"G1 X" + b"1" * 79, "83 bytes, but the firmware's line buffer has room for 82"),
        (b"G1 X1\x08", "0x08"),
        (b"M117 bell\x07", "0x07"),
        (b"G1 X1\xc2\xb0", "not ASCII"),
        (b"G1 X1*5 Y2", "* or \\"),
        (b"G1 X1;2", "comment"),
        (b"G1 X1\\", "* or \\"),
    ],
)
def test_bad_lines(line, reason):
    assert reason in check(line, 96)


@given(st.text(alphabet=st.characters(max_codepoint=0x2FF), max_size=100))
def test_a_good_line_fits_and_ends_where_it_should(text):
    line = text.strip().encode()
    if line and check(line, 96) is None:
        wire = numbered(9_999_999, harmless(line))
        assert len(wire) - 1 <= 95
        assert wire.count(b"*") == 1
        assert wire.count(b"\n") == 1
        assert b"\\" not in wire


def test_texts_are_made_harmless():
    assert harmless(b"M117 *1\\2*") == b"M117  1/2 "
    assert harmless(b"M117 (hot)", parentheses=True) == b"M117 [hot]"
    assert harmless(b"G1 X1 (fast) Y2", parentheses=True) == b"G1 X1  Y2"
    assert harmless(b"G1 X1 (fast)") == b"G1 X1 (fast)"


def test_commands_by_hand():
    assert by_hand(" G28 ; home ", 96) == b"G28"
    assert by_hand("; only this", 96) == b""
    assert by_hand("N5 G28*22", 96) == b"G28"
    assert by_hand("M117 Größe", 96) == "M117 Größe".encode()


@pytest.mark.parametrize("text", ["G28\nG1 X1", "G28\rM112", "M117 \x1b[0m"])
def test_control_characters_by_hand_are_refused(text):
    with pytest.raises(ValueError, match="without control characters"):
        by_hand(text, 96)


def test_long_commands_by_hand_are_refused():
    with pytest.raises(LineTooLong, match="room for 82"):
        by_hand("M117 " + "x" * 78, 96)
