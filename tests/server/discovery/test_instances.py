"""What an instance is called, and at which addresses it is told."""

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mrdraw.server.discovery.addresses import Reachable, chosen, reachable
from mrdraw.server.discovery.instances import Instance, label, path_of, text_record, title_of
from mrdraw.server.listening import resolve
from mrdraw.settings.build import build
from mrdraw.settings.discovery import DiscoveryTree

ETHERNET = Reachable("10.9.0.1", "10.9.0.0/24", "eth0")
WIRELESS = Reachable("10.8.0.1", "10.8.0.0/24", "wlan0")


def test_titles():
    assert title_of("Prusa", "workshop") == 'OctoPrint instance "Prusa"'
    assert title_of("", "workshop") == "OctoPrint instance on workshop"


@given(st.text())
def test_a_label_is_one_that_the_dns_takes(title):
    made = label(title)
    assert len(made.encode()) <= 63
    assert "." not in made
    assert made.isprintable()


def test_what_is_not_known_is_not_told():
    told = text_record(Instance("t", "/", "id", model="Mk4"), {"version": "1.11.8"})
    assert dict(told) == {"path": "/", "version": "1.11.8", "uuid": "id", "model": "Mk4"}


@pytest.mark.parametrize(
    ("prefix", "default", "other"),
    [
        (None, "/", "/machines/left/"),
        ("/", "/", "/machines/left/"),
        ("octo", "/octo/", "/octo/machines/left/"),
        ("/a/b/", "/a/b/", "/a/b/machines/left/"),
    ],
)
def test_paths_end_with_a_slash_and_hold_the_prefix_of_the_proxy(prefix, default, other):
    tree = build({"plugins": {"discovery": {"pathPrefix": prefix}}, "machines": {"left": {}}})
    assert (path_of(tree, "default"), path_of(tree, "left")) == (default, other)


def test_nobody_reaches_the_loopback():
    for host in ("127.0.0.1", "::1", "localhost", "127.0.0.2"):
        assert reachable(resolve(host, 5000)) == frozenset()


def test_on_all_addresses_those_are_told_that_others_reach():
    told = reachable(resolve("0.0.0.0", 5000))
    assert not [one for one in told if one.host.startswith("127.") or ":" in one.host]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for one in told:
            probe.connect((one.host, 9))  # it is one of ours: the kernel knows the way
        assert all(one.is_near(one.host) for one in told)


def test_the_settings_choose():
    both = frozenset({ETHERNET, WIRELESS})
    assert chosen(both, DiscoveryTree()) == both
    assert chosen(both, DiscoveryTree(interfaces=("eth0",))) == {ETHERNET}
    assert chosen(both, DiscoveryTree(ignored_interfaces=("eth0",))) == {WIRELESS}
    assert chosen(both, DiscoveryTree(addresses=("10.8.0.1", "10.7.0.1"))) == {WIRELESS}
    assert chosen(both, DiscoveryTree(ignored_addresses=("10.8.0.1",))) == {ETHERNET}
    assert not ETHERNET.is_near("10.8.0.1")
