"""Numbers, checksums, and the lines that were sent."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mrdraw.firmware.numbered import HELLO, OVERHEAD, History, Sent, checksum, numbered


def test_the_hello():
    assert HELLO == b"N0 M110 N0*125\n"


def test_checksums():
    assert checksum(b"") == 0
    assert numbered(3, b"T0") == b"N3 T0*57\n"


@given(st.binary(max_size=90), st.integers(0, 9_999_999))
def test_the_checksum_cancels_the_line(text, number):
    line = numbered(number, text)
    body, _, given_checksum = line[:-1].rpartition(b"*")
    assert checksum(body) == int(given_checksum)
    assert len(line) - 1 <= len(text) + OVERHEAD


def sent(number, index=-1, job=None):
    return Sent(number, numbered(number, b"G1 X%d" % number), index=index, job=job)


def test_recent_lines_are_kept_whole():
    history = History(depth=64)
    lines = [sent(number) for number in range(1, 200)]
    for line in lines:
        history.add(line)
    assert history.line(199) is lines[198]
    assert history.line(136) is lines[135]
    assert history.line(135) is None
    assert history.line(200) is None
    assert history.first_of(None) == 136


def test_of_old_lines_of_the_job_the_index_is_known():
    job, history = object(), History(depth=8)
    number = 1
    for _ in range(3):  # the set-up
        history.add(sent(number))
        number += 1
    numbers = {}
    for index in range(10, 60):
        history.add(sent(number, index, job))
        numbers[index] = number
        number += 1
        if index % 7 == 0:  # by hand in between
            history.add(sent(number))
            number += 1
    assert all(history.index_of(numbers[index], job) == index for index in numbers)
    by_hand = numbers[14] + 1
    assert history.index_of(by_hand, job) is None
    assert history.line(by_hand).number == by_hand
    assert history.index_of(2, job) is None
    assert history.index_of(numbers[20], object()) is None
    assert history.first_of(job) == numbers[10]


def test_another_job_starts_another_map():
    first, second, history = object(), object(), History(depth=4)
    for number in range(1, 20):
        history.add(sent(number, number - 1, first))
    for number in range(20, 40):
        history.add(sent(number, number - 20, second))
    assert history.index_of(25, second) == 5
    assert history.index_of(5, first) is None
