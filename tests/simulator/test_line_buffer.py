from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers_simulator import untimed
from mrdraw.simulator.line_buffer import LineAssembler, ReceiveBuffer


def lines_of(*chunks: bytes, paren_comments: bool = False) -> list[bytes]:
    buffer = ReceiveBuffer(100_000, LineAssembler(96, paren_comments=paren_comments))
    lines = []
    for chunk in chunks:
        buffer.add(chunk, 0.0)
        while (received := buffer.take_line()) is not None:
            lines.append(received[0])
    return lines


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"G28\n", [b"G28"]),
        (b"G28\r\nG1 X1\rG1 X2\n", [b"G28", b"G1 X1", b"G1 X2"]),
        (b"\n\r\n  \n", []),
        (b"G28 ; home\n", [b"G28 "]),
        (b"; nothing\nG1\n", [b"G1"]),
        (b"M117 a\\;b\n", [b"M117 a;b"]),
        (b"G1 X12\x083\n", [b"G1 X13"]),
        (b"\x08\x08G1\n", [b"G1"]),
        (b"G1 (fast) X1\n", [b"G1 (fast) X1"]),
        (b"x" * 95 + b"\n", [b"x" * 95]),
        (b"x" * 96 + b"\nG1\n", [b"x" * 95, b"G1"]),
        (b"x" * 90 + b";" + b"c" * 500 + b"\n", [b"x" * 90]),
        (b"x" * 96 + b"\x08\x08\x08\n", [b"x" * 95]),
        (b"no end", []),
    ],
)
def test_lines_are_cut_from_the_stream_as_the_firmware_does(data: bytes, lines: list[bytes]) -> None:
    assert lines_of(data) == lines


def test_parentheses_are_comments_where_that_is_built_in() -> None:
    assert lines_of(b"G1 (fast; \\) X1\n(open\nG2\n", paren_comments=True) == [b"G1  X1", b"G2"]


@untimed
@given(st.lists(st.binary(max_size=200)))
def test_the_parts_in_which_bytes_arrive_do_not_matter(chunks: list[bytes]) -> None:
    assert lines_of(*chunks) == lines_of(b"".join(chunks))


@untimed
@given(st.binary(max_size=500))
def test_no_line_is_longer_than_the_command_buffer(data: bytes) -> None:
    assert all(0 < len(line) <= 95 for line in lines_of(data + b"\n"))


def test_a_line_has_the_time_at_which_its_end_arrived() -> None:
    buffer = ReceiveBuffer(1000, LineAssembler(96))
    buffer.add(b"G1\nG", 1.0)
    buffer.add(b"2\nG3\n", 2.0)
    assert [buffer.take_line() for _ in range(4)] == [(b"G1", 1.0), (b"G2", 2.0), (b"G3", 2.0), None]


def test_what_does_not_fit_is_lost_and_times_stay_right() -> None:
    buffer = ReceiveBuffer(8, LineAssembler(96))
    buffer.add(b"G1\nG2\n", 1.0)
    buffer.add(b"G3\nG4\n", 2.0)
    assert buffer.lose_excess() == 4
    assert len(buffer) == 8
    buffer.add(b"4\nG5\n", 3.0)
    assert buffer.lose_excess() == 5
    assert [buffer.take_line() for _ in range(3)] == [(b"G1", 1.0), (b"G2", 1.0), None]
    buffer.add(b"6\n", 4.0)
    assert buffer.take_line() == (b"G36", 4.0)


@untimed
@given(st.lists(st.tuples(st.binary(min_size=1, max_size=40), st.booleans()), max_size=30))
def test_accounting_survives_any_mix_of_loss_reading_and_flushing(steps: list[tuple[bytes, bool]]) -> None:
    buffer = ReceiveBuffer(32, LineAssembler(96))
    for time, (data, flush) in enumerate(steps):
        buffer.add(data, float(time))
        buffer.lose_excess()
        assert len(buffer) <= 32
        if flush:
            buffer.flush()
        elif time % 3 == 0:
            received = buffer.take_line()
            assert received is None or received[1] <= time
