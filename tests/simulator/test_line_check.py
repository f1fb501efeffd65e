from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers_simulator import numbered, untimed
from mrdraw.simulator.line_check import Line, LineFault, check_line, checksum


def signed(text: str) -> bytes:
    return text.encode() + b"*" + str(checksum(text.encode())).encode()


@pytest.mark.parametrize(
    ("line", "last", "result"),
    [
        (b"G28", 5, Line(None, "G28")),
        (b"  G28 ", 5, Line(None, "G28")),
        (b"N0 M110 N0*125", 77, Line(0, "M110 N0")),
        (signed("N6 G1 X1"), 5, Line(6, "G1 X1")),
        (signed("N6G1X1"), 5, Line(6, "G1X1")),
        (signed("N6 G1 X1 "), 5, Line(6, "G1 X1")),
        (signed("N6 M117 2*3=6"), 5, Line(6, "M117 2*3=6")),
        (signed("N0 M110 N-1"), 5, Line(-1, "M110 N-1")),
        (signed("N0 G28"), -1, Line(0, "G28")),
        (signed("N6 M110"), 900, Line(6, "M110")),
        (signed("N1 M110 N41"), 900, Line(41, "M110 N41")),
        (signed("N1 M1100 N41"), 900, Line(41, "M1100 N41")),
        (b"N0 M110 N0*124", 5, LineFault.CHECKSUM),
        (b"N0 M110 N0", 5, LineFault.NO_CHECKSUM),
        (signed("N7 G1"), 5, LineFault.LINE_NUMBER),
        (signed("N5 G1"), 5, LineFault.LINE_NUMBER),
        (signed("N G1"), 5, LineFault.LINE_NUMBER),
        (signed("Nx G1"), 5, LineFault.LINE_NUMBER),
        (b"N7 G1", 5, LineFault.LINE_NUMBER),
        (b"N7 G1*0", 5, LineFault.LINE_NUMBER),
        (b"N6 G1", 5, LineFault.NO_CHECKSUM),
        (b"N6 G1*0", 5, LineFault.CHECKSUM),
        (b"N6 G1*", 5, LineFault.CHECKSUM),
        (b"N6 G1*x", 5, LineFault.CHECKSUM),
        (signed("N6 G1") + b" rest", 5, Line(6, "G1")),
        (signed("N6 G1") + b"0", 5, LineFault.CHECKSUM),
        (signed("G1 X1"), 5, Line(None, "G1 X1")),
        (b"M117 2*3=6", 5, Line(None, "M117 2*3=6")),
    ],
)
def test_a_line_is_accepted_or_refused_as_the_protocol_says(line: bytes, last: int, result: Line | LineFault) -> None:
    assert check_line(line, last) == result


def test_old_firmware_wants_a_number_where_there_is_a_checksum() -> None:
    assert check_line(signed("G1 X1"), 5, number_required=True) is LineFault.NO_LINE_NUMBER
    assert check_line(b"G1 X1", 5, number_required=True) == Line(None, "G1 X1")


@untimed
@given(st.integers(min_value=0, max_value=10**6), st.integers(min_value=0), st.integers(min_value=0, max_value=7))
def test_one_flipped_bit_before_the_asterisk_is_never_taken_for_the_line(number: int, place: int, bit: int) -> None:
    good = numbered(number + 1, "G1 X12.5 Y7.25 E0.1").rstrip()
    place %= good.index(b"*")
    bad = good[:place] + bytes([good[place] ^ (1 << bit)]) + good[place + 1 :]
    result = check_line(bad, number)
    assert isinstance(result, LineFault) or result.number is None


@untimed
@given(st.binary(max_size=100), st.integers())
def test_any_bytes_are_judged(line: bytes, last: int) -> None:
    assert isinstance(check_line(line, last), Line | LineFault)
