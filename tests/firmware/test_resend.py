"""Which line is meant by a request, damaged or not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mrdraw.firmware.resend import Position, Refusal, Verdict, judge

IN_FLIGHT_70 = Position(oldest_pending=70, following=71, frontier=71, acknowledged=69, oldest_known=1)


@pytest.mark.parametrize(
    ("last", "requested", "verdict", "number"),
    [
        (69, 70, Verdict.OBEY, 70),
        (None, 70, Verdict.OBEY, 70),
        (69, None, Verdict.OBEY, 70),
        (70, 71, Verdict.NOTHING_LOST, 71),
        # one of the two is damaged
        (69, 78, Verdict.OBEY, 70),
        (69, 30, Verdict.OBEY, 70),
        (61, 70, Verdict.OBEY, 70),
        (69, 71, Verdict.OBEY, 70),
        # both are, or the only one is
        (29, 78, Verdict.IGNORE, 78),
        (None, 170, Verdict.IGNORE, 170),
        (None, 7, Verdict.IGNORE, 7),
        # both agree
        (65, 66, Verdict.OBEY, 66),
        (0, 1, Verdict.RESET, 1),
        (89, 90, Verdict.AHEAD, 90),
        (None, None, Verdict.IGNORE, 0),
    ],
)
def test_verdicts(last, requested, verdict, number):
    refusal = Refusal(0.0, last=last, requested=requested)
    assert judge(refusal, IN_FLIGHT_70) == (verdict, number)


def test_a_long_number_that_lost_its_first_digit_is_not_believed():
    position = Position(oldest_pending=134497, following=134498, frontier=134498, acknowledged=134496, oldest_known=1)
    assert judge(Refusal(0.0, last=134496, requested=34497), position) == (Verdict.OBEY, 134497)
    assert judge(Refusal(0.0, requested=34497), position)[0] is Verdict.IGNORE


@pytest.mark.parametrize(("last", "requested"), [(None, 1), (0, None), (30, 1)])
def test_the_first_line_of_all_is_not_sent_again_early_in_a_job_unless_both_say_so(last, requested):
    position = Position(oldest_pending=9, following=11, frontier=33, acknowledged=8, oldest_known=1)
    assert judge(Refusal(0.0, last=last, requested=requested), position)[0] is Verdict.IGNORE
    assert judge(Refusal(0.0, last=0, requested=1), position)[0] is Verdict.RESET


def test_an_old_line_is_sent_again_when_both_say_so_and_it_is_known():
    position = Position(oldest_pending=900, following=901, frontier=901, acknowledged=899, oldest_known=50)
    assert judge(Refusal(0.0, last=99, requested=100), position) == (Verdict.OBEY, 100)
    assert judge(Refusal(0.0, last=19, requested=20), position) == (Verdict.IGNORE, 20)


def test_lines_that_were_taken_before_they_were_sent_again_are_passed():
    position = Position(oldest_pending=70, following=71, frontier=75, acknowledged=69, oldest_known=1)
    assert judge(Refusal(0.0, last=72, requested=73), position) == (Verdict.NOTHING_LOST, 73)


@given(
    st.none() | st.integers(0, 200), st.none() | st.integers(0, 200),
    st.integers(1, 100), st.integers(0, 5), st.integers(0, 5),
)  # fmt: skip
def test_what_is_obeyed_was_sent(last, requested, oldest, in_flight, ahead):
    following = oldest + in_flight
    position = Position(oldest, following, following + ahead, oldest - 1, 1)
    verdict, number = judge(Refusal(0.0, last=last, requested=requested), position)
    if verdict is Verdict.OBEY:
        assert 1 <= number < following
    if verdict is Verdict.NOTHING_LOST:
        assert following <= number <= position.frontier
