from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers_simulator import untimed
from mrdraw.errors import InvalidValue
from mrdraw.simulator.faults import HOLD_SECONDS, NO_FAULTS, FaultKind, FaultPlan, FaultyChannel

LINES = [f"N{number} G1 X{number}*33\n".encode() for number in range(1000)]


def carried(plan: FaultPlan, lines: list[bytes], seed: int = 1) -> tuple[list[bytes], FaultyChannel]:
    """What comes out for each line."""
    channel = FaultyChannel(plan, seed)
    result = []
    for line in lines:
        channel.put(line, 0.0)
        result.append(channel.take(0.0))
    return result, channel


def parts(data: bytes, sizes: Iterator[int]) -> Iterator[bytes]:
    while data:
        size = next(sizes)
        yield data[:size]
        data = data[size:]


@untimed
@given(st.binary(max_size=300))
def test_a_good_wire_changes_nothing(data: bytes) -> None:
    channel = FaultyChannel(NO_FAULTS)
    channel.put(data, 1.0)
    assert channel.take(1.0) == data


def test_the_same_seed_gives_the_same_faults() -> None:
    plan = FaultPlan(flip=0.1, drop_byte=0.1, drop_line=0.1, duplicate=0.1, lose_ok_every=3)
    first, _ = carried(plan, LINES, seed=7)
    again, _ = carried(plan, LINES, seed=7)
    other, _ = carried(plan, LINES, seed=8)
    assert first == again
    assert first != other


@untimed
@given(st.lists(st.integers(1, 60), min_size=1), st.integers())
def test_the_parts_in_which_bytes_arrive_do_not_matter(sizes: list[int], seed: int) -> None:
    plan = FaultPlan(flip=0.3, drop_byte=0.3, drop_line=0.1, duplicate=0.2)
    lines = LINES[:20]
    whole, _ = carried(plan, lines, seed)
    channel = FaultyChannel(plan, seed)
    for part in parts(b"".join(lines), iter(sizes + [7] * 200)):
        channel.put(part, 0.0)
    assert channel.take(0.0) == b"".join(whole)


def test_flips_change_one_bit_of_the_share_of_lines() -> None:
    result, channel = carried(FaultPlan(flip=0.1), LINES)
    damaged = [(good, bad) for good, bad in zip(LINES, result, strict=True) if good != bad]
    assert 60 < len(damaged) < 140
    assert channel.counts == {FaultKind.FLIPPED: len(damaged)}
    for good, bad in damaged:
        assert sum((a ^ b).bit_count() for a, b in zip(good, bad, strict=True)) == 1


def test_bytes_and_lines_are_dropped() -> None:
    result, channel = carried(FaultPlan(drop_byte=0.1, drop_line=0.1), LINES)
    lost = [good for good, bad in zip(LINES, result, strict=True) if not bad]
    shorter = [good for good, bad in zip(LINES, result, strict=True) if len(bad) == len(good) - 1]
    assert len(lost) == channel.counts[FaultKind.LINE_DROPPED] > 50
    assert len(shorter) > 50


def test_lines_are_duplicated() -> None:
    result, channel = carried(FaultPlan(duplicate=0.1), LINES)
    assert all(bad in {good, good + good} for good, bad in zip(LINES, result, strict=True))
    assert len(b"".join(result).splitlines()) == 1000 + channel.counts[FaultKind.DUPLICATED]


def test_a_delayed_line_holds_up_what_follows() -> None:
    channel = FaultyChannel(FaultPlan(delay=1.0, delay_seconds=2.0))
    channel.put(b"first\n", 0.0)
    channel.put(b"second\n", 1.0)
    assert channel.take(1.9) == b""
    assert channel.next_deadline() == 2.0
    assert channel.take(2.0) == b"first\n"
    assert channel.take(3.0) == b"second\n"
    assert channel.next_deadline() is None


def test_each_nth_ok_and_chosen_ones_are_lost() -> None:
    lines = [b"ok\n", b"T:1\n", b"ok T:1\n", b"ok P1\n", b"echo:ok\n", b"ok\n", b"ok\n"]
    every, _ = carried(FaultPlan(lose_ok_every=2), lines)
    assert every == [b"ok\n", b"T:1\n", b"", b"ok P1\n", b"echo:ok\n", b"", b"ok\n"]
    chosen, channel = carried(FaultPlan(lose_ok_at=(1, 5)), lines)
    assert chosen == [b"", b"T:1\n", b"ok T:1\n", b"ok P1\n", b"echo:ok\n", b"ok\n", b""]
    assert channel.counts[FaultKind.OK_LOST] == 2


@pytest.mark.parametrize(("seconds", "after"), [(5.0, b"d\n"), (None, b"")])
def test_silence_swallows_what_is_sent(seconds: float | None, after: bytes) -> None:
    channel = FaultyChannel(FaultPlan(silence_at=2, silence_seconds=seconds))
    channel.put(b"a\nb\n", 0.0)
    channel.put(b"c\n", 4.9)
    channel.put(b"d\n", 5.1)
    assert channel.take(10.0) == b"a\n" + after


def test_an_unfinished_line_is_not_held_for_ever() -> None:
    channel = FaultyChannel(FaultPlan(flip=1.0))
    channel.put(b"?", 1.0)
    assert channel.take(1.0) == b""
    assert channel.next_deadline() == 1.0 + HOLD_SECONDS
    assert channel.take(1.0 + HOLD_SECONDS) == b"?"
    assert channel.next_deadline() is None


@pytest.mark.parametrize("wrong", [{"flip": 1.1}, {"drop_line": -0.1}, {"delay_seconds": -1.0}, {"lose_ok_every": -1}])
def test_plans_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InvalidValue):
        FaultPlan(**wrong)  # type: ignore[arg-type]
