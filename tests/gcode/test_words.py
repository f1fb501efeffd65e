"""Reading one line of G-code."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mrdraw.gcode.words import command_of, letters, parse, strip


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        (b"G1 X1 Y2\n", b"G1 X1 Y2"),
        (b"  G28  \r\n", b"G28"),
        (b"G28 ; home all\n", b"G28"),
        (b";LAYER:1\n", b""),
        (b"\n", b""),
        (b"\xef\xbb\xbfG28\n", b"G28"),
        (b"G1\tX1\tY2", b"G1 X1 Y2"),
        (b"N12 G1 X1*33\n", b"G1 X1"),
        (b"n12G1 X1 *33\n", b"G1 X1"),
        (b"G1 X1*33\n", b"G1 X1"),
        (b"M117 2*3", b"M117 2*3"),
        (b"G1 X1 (fast)", b"G1 X1 (fast)"),
        (b"M117 Gr\xc3\xb6\xc3\x9fe ; size", b"M117 Gr\xc3\xb6\xc3\x9fe"),
    ],
)
def test_stripping(raw, line):
    assert strip(raw) == line


def test_stripping_parentheses():
    assert strip(b"G1 X1 (fast) Y2 (open", parentheses=True) == b"G1 X1  Y2"
    assert strip(b"(only this)", parentheses=True) == b""


@given(st.binary(max_size=60))
def test_stripping_twice_changes_nothing_but_a_second_number(raw):
    once = strip(raw)
    assert b";" not in once
    assert not once[:1].isspace()
    if once[:1] not in {b"N", b"n"} and b"*" not in once and not once.startswith(b"\xef"):
        assert strip(once) == once


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("G1 X1", "G1"),
        ("G0 X1", "G0"),
        ("G0", "G0"),
        ("M0 Press the knob", "M0"),
        ("g01 x1", "G1"),
        ("G00X1", "G0"),
        ("G1X10", "G1"),
        ("M104S200", "M104"),
        ("  M117 hello", "M117"),
        ("N5 G28", "G28"),
        ("N5G28*33", "G28"),
        ("G38.2 Z-5", "G38.2"),
        ("G92.1", "G92.1"),
        ("T0", "T0"),
        ("T12", "T12"),
        ("T?", "T?"),
        ("Tx", "Tx"),
        ("D3", "D3"),
        ("M 104 S2", "M104"),
        (b"M862.3 P1", "M862.3"),
        ("X10 Y10", ""),
        ("G", ""),
        ("", ""),
        ("; G1", ""),
        ("@pause", ""),
        ("hello", ""),
    ],
)
def test_commands(line, command):
    assert command_of(line) == command


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("G1 X1.5 Y-2 E.5 F1200", {"G": 1, "X": 1.5, "Y": -2, "E": 0.5, "F": 1200}),
        ("g1x+10y5.", {"G": 1, "X": 10, "Y": 5}),
        ("M104 S 200", {"M": 104, "S": 200}),
        ("G28 X Y", {"G": 28}),
        ('M862.3 P "MK4 S9" S1', {"M": 862.3, "S": 1}),
        ("G1 X1 X2", {"G": 1, "X": 1}),
        ("nonsense", {}),
        ("", {}),
    ],
)
def test_parsing(line, words):
    assert parse(line) == words


def test_letters():
    assert letters("G28 X Y0") == {"X", "Y"}
    assert letters("G28") == frozenset()
    assert letters("M84 E") == {"E"}


@given(st.text(max_size=80))
def test_no_text_makes_reading_fail(text):
    assert command_of(text) == command_of(text.encode("latin-1", "replace").decode("latin-1")) or not text.isascii()
    parse(text)
    letters(text)


@given(
    st.sampled_from("GMT"), st.integers(0, 999), st.dictionaries(st.sampled_from("XYZEFSPR"), st.integers(-999, 999))
)
def test_what_is_written_is_read(letter, number, words):
    line = " ".join([f"{letter}{number}", *(f"{name}{value}" for name, value in words.items())])
    assert command_of(line) == f"{letter}{number}"
    assert {name: value for name, value in parse(line).items() if name != letter} == words


_NUMBERS = st.from_regex(r"[-+]?(\d{1,4}\.?\d{0,3}|\.\d{1,3})", fullmatch=True)
_WORDS = st.tuples(st.sampled_from("XYZEFIJS"), _NUMBERS).map("".join)


@given(st.sampled_from(["G1", "G0", "G92", "g1", "M204"]), st.lists(_WORDS, max_size=6), st.sampled_from([" ", "  "]))
def test_plain_lines_have_the_same_words_as_any_others(command, words, blanks):
    line = blanks.join([command, *words])
    expected = {}
    for word in [command, *words]:
        expected.setdefault(word[0].upper(), float(word[1:]))
    assert parse(line) == expected
    assert parse(f"{line} ") == expected
    assert command_of(line) == command.upper()
