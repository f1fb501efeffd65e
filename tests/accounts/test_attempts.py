"""Who failed to log in too often has to wait."""

import asyncio
import contextlib

import pytest

from helpers_accounts import Clock
from mrdraw.accounts.attempts import AttemptLimiter
from mrdraw.errors import NotPermitted, TooManyAttempts
from mrdraw.store import Database

HERE, THERE = "192.0.2.1", "2001:db8::1"


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def database(tmp_path):
    with contextlib.closing(Database(tmp_path / "mrdraw.db")) as database:
        yield database


@pytest.fixture
def limiter(database, clock):
    return AttemptLimiter(database, clock)


def fail(limiter, times=1, address=HERE):
    """As many failed attempts at once as are let through; how many those were."""

    async def once():
        async with limiter.attempt(address):
            await asyncio.sleep(0)
            raise NotPermitted("wrong")

    async def run():
        return await asyncio.gather(*(once() for _ in range(times)), return_exceptions=True)

    return sum(isinstance(one, NotPermitted) for one in asyncio.run(run()))


def test_three_within_a_minute(limiter, clock):
    assert [fail(limiter) for _ in range(4)] == [1, 1, 1, 0]
    with pytest.raises(TooManyAttempts, match="Try again in 1 min"):
        limiter.check(HERE)
    clock.now += 61
    limiter.check(HERE)


def test_five_within_ten_minutes(limiter, clock):
    for _ in range(5):
        assert fail(limiter) == 1
        clock.now += 61
    with pytest.raises(TooManyAttempts, match="10 min"):
        limiter.check(HERE)
    clock.now += 600
    limiter.check(HERE)


def test_ten_within_an_hour(limiter, clock):
    for _ in range(10):
        assert fail(limiter) == 1
        clock.now += 200
    with pytest.raises(TooManyAttempts, match="60 min"):
        limiter.check(HERE)
    clock.now += 3600
    limiter.check(HERE)


def test_many_at_once_gain_nothing(limiter):
    assert fail(limiter, times=50) == 3
    assert fail(limiter, times=50) == 0


def test_another_address_is_another_matter(limiter):
    fail(limiter, times=3)
    assert fail(limiter, address=THERE) == 1


def test_a_restart_forgets_nothing(limiter, database, clock):
    fail(limiter, times=3)
    with pytest.raises(TooManyAttempts):
        AttemptLimiter(database, clock).check(HERE)


def test_success_and_other_errors_do_not_count(limiter):
    async def run():
        for _ in range(10):
            async with limiter.attempt(HERE):
                pass
            with contextlib.suppress(ValueError):
                async with limiter.attempt(HERE):
                    raise ValueError

    asyncio.run(run())
    limiter.check(HERE)


def test_a_clock_that_is_set_back_locks_nobody_out(limiter, clock):
    fail(limiter, times=3)
    clock.now -= 365 * 86400.0
    limiter.check(HERE)


def test_old_failures_are_swept(limiter, database, clock):
    fail(limiter, times=3)
    clock.now += 3601
    fail(limiter)
    assert database.read("SELECT count(*) FROM failed_logins") == [(1,)]
