"""Applications that wait for a key: who may decide, how long they may wait, how often they may ask."""

import asyncio

import pytest

from helpers_fleet import until
from mrdraw.errors import NoSuchRequest, NotPermitted, TooManyAttempts
from mrdraw.events import AccessRequested, AccessRequestEnded
from mrdraw.hub.bus import EventBus
from mrdraw.server import access_requests
from mrdraw.server.access_requests import LONGEST, MOST_WAITING, POLLED_WITHIN, AccessRequests
from mrdraw.server.rates import MOST_ADDRESSES, Rates

ADDRESS = "10.0.0.5"


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


class Waiting:
    """Requests, the clock of them, and what was told."""

    def __init__(self):
        self.clock = Clock()
        self.told = []
        bus = EventBus()
        bus.subscribe(lambda _, event: self.told.append(event))
        self.requests = AccessRequests(bus, self.clock)

    def ask(self, user=None, address=ADDRESS):
        return self.requests.ask("Cura", user, address)


def waiting(scenario):
    """Run a scenario in a loop."""

    async def main():
        scenario(Waiting())

    asyncio.run(main())


def test_a_grant_is_fetched_once():
    def scenario(made):
        asked = made.ask()
        assert made.told == [AccessRequested(app="Cura", user=None, address=ADDRESS, token=asked.user_token)]
        assert made.requests.poll(asked.app_token) is None
        made.requests.decide(asked.user_token, "ann", granted=True)
        assert made.told[1:] == [AccessRequestEnded(user=None, token=asked.user_token)]
        assert made.requests.undecided() == []
        assert made.requests.poll(asked.app_token) == (asked, "ann")
        with pytest.raises(NoSuchRequest):
            made.requests.poll(asked.app_token)

    waiting(scenario)


def test_a_denial_ends_it():
    def scenario(made):
        asked = made.ask()
        made.requests.decide(asked.user_token, "ann", granted=False)
        for call in (made.requests.poll, made.requests.find):
            with pytest.raises(NoSuchRequest):
                call(asked.app_token)
        with pytest.raises(NoSuchRequest):
            made.requests.decide(asked.user_token, "ann", granted=True)
        assert [type(event) for event in made.told] == [AccessRequested, AccessRequestEnded]

    waiting(scenario)


def test_neither_token_does_what_the_other_is_for():
    def scenario(made):
        asked = made.ask()
        with pytest.raises(NoSuchRequest):
            made.requests.decide(asked.app_token, "ann", granted=True)
        with pytest.raises(NoSuchRequest):
            made.requests.poll(asked.user_token)

    waiting(scenario)


def test_only_the_user_who_is_named_decides():
    def scenario(made):
        asked = made.ask(user="ann")
        with pytest.raises(NotPermitted, match="ann's to decide"):
            made.requests.decide(asked.user_token, "boss", granted=True)
        made.requests.decide(asked.user_token, "ann", granted=True)
        assert made.requests.poll(asked.app_token) == (asked, "ann")

    waiting(scenario)


@pytest.mark.parametrize("granted", [False, True])
def test_one_that_is_not_looked_for_is_dropped(granted):
    def scenario(made):
        asked = made.ask()
        made.clock.now += POLLED_WITHIN
        assert made.requests.poll(asked.app_token) is None
        if granted:
            made.requests.decide(asked.user_token, "ann", granted=True)
        made.clock.now += POLLED_WITHIN + 0.1
        with pytest.raises(NoSuchRequest):
            made.requests.poll(asked.app_token)
        assert made.requests.undecided() == []
        assert [type(event) for event in made.told] == [AccessRequested, AccessRequestEnded]

    waiting(scenario)


def test_it_does_not_wait_for_ever():
    def scenario(made):
        asked = made.ask()
        for _ in range(int(LONGEST / POLLED_WITHIN)):
            made.clock.now += POLLED_WITHIN
            assert made.requests.poll(asked.app_token) is None
        made.clock.now += 1
        with pytest.raises(NoSuchRequest):
            made.requests.poll(asked.app_token)

    waiting(scenario)


def test_that_one_was_dropped_is_told_without_being_asked(monkeypatch):
    monkeypatch.setattr(access_requests, "_LOOK_EVERY", 0.01)

    async def main():
        made = Waiting()
        made.ask()
        made.clock.now += POLLED_WITHIN + 0.1
        await until(lambda: len(made.told) == 2)
        assert isinstance(made.told[1], AccessRequestEnded)

    asyncio.run(main())


def test_not_everybody_can_wait_at_once():
    def scenario(made):
        for number in range(MOST_WAITING):
            made.ask(address=f"10.0.0.{number}")
        with pytest.raises(TooManyAttempts):
            made.ask(address="10.0.1.1")
        made.clock.now += POLLED_WITHIN + 0.1
        made.requests.undecided()
        made.ask(address="10.0.1.1")

    waiting(scenario)


# --- how often --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("pause", "borne", "again_after"), [(1, 3, 60), (25, 5, 600), (130, 10, 3600)])
def test_an_address_that_asks_too_often_waits(pause, borne, again_after):
    clock = Clock()
    rates, begun = Rates(clock), clock.now
    for _ in range(borne):
        rates.take(ADDRESS)
        clock.now += pause
    with pytest.raises(TooManyAttempts):
        rates.take(ADDRESS)
    rates.take("10.0.0.6")
    clock.now = begun + again_after
    rates.take(ADDRESS)


def test_a_crowd_of_addresses_is_no_way_around():
    clock = Clock()
    rates = Rates(clock)
    for number in range(MOST_ADDRESSES):
        rates.take(str(number))
    with pytest.raises(TooManyAttempts):
        rates.take("one more")
    clock.now += 3600
    rates.take("one more")
    assert len(rates._times) == 1
