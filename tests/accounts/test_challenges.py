"""Challenges: good once, soon, for one purpose."""

import pytest

from helpers_accounts import Clock
from mrdraw.accounts.challenges import LIFETIME, Challenges


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def challenges(clock):
    return Challenges(clock)


def test_each_is_good_once(challenges):
    first, carried = challenges.issue("sign in")
    second, _ = challenges.issue("sign in")
    assert first != second
    assert challenges.take(carried, "sign in") == first
    assert challenges.take(carried, "sign in") is None


def test_not_for_another_purpose(challenges):
    _, carried = challenges.issue("sign in")
    assert challenges.take(carried, "make") is None


def test_it_ends_and_what_was_taken_is_forgotten_no_sooner(challenges, clock):
    _, carried = challenges.issue("sign in")
    clock.now += LIFETIME + 1
    assert challenges.take(carried, "sign in") is None
    early, carried = challenges.issue("sign in")
    assert challenges.take(carried, "sign in") == early
    clock.now += LIFETIME
    assert challenges.take(carried, "sign in") is None


def test_it_does_not_outlive_the_process(challenges, clock):
    _, carried = challenges.issue("sign in")
    assert Challenges(clock).take(carried, "sign in") is None


def test_nobody_makes_or_prolongs_one(challenges):
    _, carried = challenges.issue("sign in")
    value, ends, signature = carried.split(".")
    forged = [
        "", "..", "a.b.c", carried + ".", f"{value}.{float(ends) + 1:.0f}.{signature}", f"{value}.nan.{signature}",
        f"{'00' * 32}.{ends}.{signature}", f"{value}.{ends}.", f"zz.{ends}.{signature}", f"{value}.{ends}.é",
    ]  # fmt: skip
    assert [challenges.take(one, "sign in") for one in forged] == [None] * len(forged)
    assert challenges.take(carried, "sign in")
