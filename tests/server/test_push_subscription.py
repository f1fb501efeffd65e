"""What push clients subscribe to."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mrdraw.events import Dwelling, Home, NotificationsCleared, PromptClosed
from mrdraw.server.push.subscription import Subscription, parse_subscription

LINES = ["Send: M105", "Recv: ok T:20", "Recv: echo:busy"]


def test_without_a_subscription_everything_flows():
    everything = Subscription()
    assert everything.kind == (True, True, False)
    assert everything.state
    assert everything.wants_event(Home())
    assert everything.wants_event(PromptClosed())
    assert everything.logs.select(LINES) == LINES


@pytest.mark.parametrize("value", [None, True, 5, "state", []])
def test_no_subscription(value):
    assert parse_subscription(value) is None


def test_what_is_not_mentioned_is_off():
    nothing = parse_subscription({})
    assert not nothing.state
    assert not nothing.wants_event(Home())
    assert not nothing.wants_event(PromptClosed())
    only_state = parse_subscription({"state": True})
    assert only_state.state
    assert only_state.kind == Subscription().kind
    logs = parse_subscription({"state": {"logs": True}})
    assert logs.logs.select(LINES) == LINES
    assert logs.messages.select(LINES) == []


def test_the_machines_details_only_for_who_asks_for_them():
    for state in (True, {"logs": True}, {"logs": True, "machine": "yes"}, {"logs": True, "machine": False}):
        assert not parse_subscription({"state": state}).machine
    wanted = parse_subscription({"state": {"logs": True, "messages": False, "machine": True}})
    assert wanted.machine
    assert wanted.kind == (True, False, True)


def test_events_by_name():
    some = parse_subscription({"events": ["Home", 5, "Alert"]})
    assert some.wants_event(Home())
    assert not some.wants_event(Dwelling())
    assert parse_subscription({"events": True}).wants_event(Dwelling())
    assert not parse_subscription({"events": 7}).wants_event(Home())


def test_plugins_by_name():
    some = parse_subscription({"plugins": ["action_command_prompt", 5]})
    assert some.wants_event(PromptClosed())
    assert not some.wants_event(NotificationsCleared())
    assert not some.wants_event(Home())
    assert parse_subscription({"plugins": True}).wants_event(NotificationsCleared())


@pytest.mark.parametrize(
    ("pattern", "found"),
    [("^Recv", LINES[1:]), ("Recv:.*T:", [LINES[1]]), (r"T:\d+", [LINES[1]]), ("[y+*]", [LINES[2]]), ("x", [])],
)
def test_patterns(pattern, found):
    subscription = parse_subscription({"state": {"logs": pattern, "messages": False}})
    assert subscription.kind is None
    assert subscription.logs.select(LINES) == found


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("(?i)^RECV: (ok|wait)", [LINES[1]]),
        (r"^(?:\w+: )+echo", [LINES[2]]),
        ("(?P<letter>c).*(?P=letter)", [LINES[2]]),
        (r"M\d{3}$", [LINES[0]]),
    ],
)
def test_patterns_that_could_be_costly_and_are_not(pattern, found):
    assert parse_subscription({"state": {"logs": pattern}}).logs.select(LINES) == found


@pytest.mark.parametrize("pattern", ["(", "[", "a" * 500, "(?:a?){9999}", "(?:(?:(?:x{99}){99}){99}){99}", "a{5000,}"])
def test_patterns_that_are_none_or_too_large_filter_nothing(pattern):
    assert parse_subscription({"state": {"logs": pattern}}).logs.select(LINES) == LINES


@pytest.mark.parametrize("pattern", ["(a+)+$", "(?:(a|aa)+)+$"])
def test_a_pattern_that_takes_too_long_is_given_up_for_good(pattern):
    wanted = parse_subscription({"state": {"logs": pattern}})
    assert wanted.kind is None
    nasty = ["a" * 199 + "b"] * 300
    began = process_time()
    assert wanted.logs.select(nasty) == nasty
    assert process_time() - began < 2.0  # without a bound it is years
    assert wanted.kind == (True, False, False)
    assert wanted.logs.select(LINES) == LINES


@given(st.text(max_size=30))
def test_any_pattern_is_harmless(pattern):
    subscription = parse_subscription({"state": {"logs": pattern, "messages": pattern}, "events": [pattern]})
    assert set(subscription.logs.select(["a" * 5000, *LINES])) <= {"a" * 5000, *LINES}
