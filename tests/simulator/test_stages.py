from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers_simulator import untimed
from mrdraw.simulator.stages import BaudLine, Chain, DelayLine, Stage, earliest


def test_a_delay_line_gives_everything_on_after_its_time() -> None:
    line = DelayLine(0.5)
    line.put(b"a", 1.0)
    line.put(b"b", 1.25)
    line.put(b"", 1.3)
    assert (line.take(1.49), line.next_deadline()) == (b"", 1.5)
    assert (line.take(1.5), line.next_deadline()) == (b"a", 1.75)
    assert (line.take(9.0), line.next_deadline()) == (b"b", None)


def test_a_baud_line_carries_ten_bits_for_a_byte() -> None:
    line = BaudLine(1000)
    line.put(b"0123456789", 5.0)
    assert line.take(5.0) == b""
    assert line.take(5.055) == b"01234"
    line.put(b"ab", 5.055)
    assert line.take(5.1) == b"56789"
    assert line.take(5.12) == b"ab"
    line.put(b"c", 7.0)
    assert line.take(7.005) == b""
    assert line.take(7.01) == b"c"


def test_a_baud_line_wakes_at_the_end_of_a_line() -> None:
    line = BaudLine(1000)
    line.put(b"ok\nT:21", 0.0)
    assert line.next_deadline() == pytest.approx(0.03, abs=1e-3)
    assert line.take(line.next_deadline() or 0.0) == b"ok\n"
    assert line.next_deadline() == pytest.approx(0.07, abs=1e-3)


@untimed
@given(st.lists(st.tuples(st.binary(max_size=50), st.floats(0, 1))), st.sampled_from([300, 9600, 115200, 250000]))
def test_a_baud_line_loses_nothing_and_names_times_that_bring_something(
    steps: list[tuple[bytes, float]], baud_rate: int
) -> None:
    line, now, out = BaudLine(baud_rate), 1000.0, b""
    for data, seconds in steps:
        line.put(data, now)
        now += seconds
        out += line.take(now)
    for _ in range(10_000):
        due = line.next_deadline()
        if due is None:
            break
        now = max(now, due)
        taken = line.take(now)
        assert taken
        out += taken
    assert out == b"".join(data for data, _ in steps)


def test_a_chain_leads_through_all_stages() -> None:
    chain = Chain([DelayLine(1.0), BaudLine(1000)])
    chain.put(b"abc\n", 0.0)
    assert chain.next_deadline() == 1.0
    assert chain.take(1.0) == b""
    assert chain.next_deadline() == pytest.approx(1.04, abs=1e-3)
    assert chain.take(1.05) == b"abc\n"
    assert chain.next_deadline() is None


@pytest.mark.parametrize("stages", [[], [DelayLine(0.0)]])
def test_a_chain_without_delay_passes_bytes_at_once(stages: list[Stage]) -> None:
    chain = Chain(stages)
    chain.put(b"abc", 2.0)
    assert chain.take(2.0) == b"abc"


def test_the_earliest_of_several_times() -> None:
    assert earliest(None, 3.0, 2.0) == 2.0
    assert earliest(None, None) is None
