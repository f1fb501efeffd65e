"""Which addresses are connected to, and which networks are near."""

import asyncio
import socket
from ipaddress import ip_address

import pytest

from mrdraw.errors import InvalidValue
from mrdraw.server.networks import local_network_of
from mrdraw.server.outgoing import look_up, refusal_of, resolve

REFUSED = [
    "169.254.1.1", "169.254.169.254", "fe80::1", "100.100.100.200", "192.0.0.192", "fd00:ec2::254", "fec0::1",
    "0.0.0.0", "0.1.2.3", "::", "224.0.0.251", "239.255.255.250", "ff02::fb", "240.0.0.1", "255.255.255.255",
    "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1", "::169.254.169.254", "fe80::1%3",
    "2001:0:a9fe:a9fe::5601:5601", "::ffff:0.0.0.0", "::ffff:224.0.0.1",
]  # fmt: skip
TAKEN = [
    "127.0.0.1", "::1", "10.1.2.3", "192.168.0.9", "172.16.5.5", "8.8.8.8", "2001:4860:4860::8888", "fd12::1",
    "::ffff:127.0.0.1", "100.64.0.1", "64:ff9b::808:808",
]  # fmt: skip


@pytest.mark.parametrize("address", REFUSED)
def test_what_is_not_connected_to(address):
    assert refusal_of(ip_address(address))
    with pytest.raises(InvalidValue, match="not connected to"):
        asyncio.run(resolve(f"[{address}]" if ":" in address else address))


@pytest.mark.parametrize("address", TAKEN)
def test_what_people_mean(address):
    assert refusal_of(ip_address(address)) is None
    assert asyncio.run(resolve(address)) == [ip_address(address)]


@pytest.mark.parametrize("name", ["0", "0x7f.1", "2130706433", "127.1"])
def test_other_spellings_are_read_before_they_are_checked(name):
    for address in asyncio.run(look_up(name)):
        assert (refusal_of(address) is None) is address.is_loopback


@pytest.mark.parametrize("name", ["", "no such name.invalid", "a" * 300, "x\0y", "%eth0", "a..b", "\u202e"])
def test_names_that_nobody_has(name):
    assert asyncio.run(resolve(name)) == []


def test_one_bad_address_among_good_ones_is_enough(monkeypatch):
    async def scenario():
        async def getaddrinfo(*_, **__):
            return [
                (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in ("10.0.0.1", "169.254.1.1")
            ]

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
        with pytest.raises(InvalidValue, match="one link"):
            await resolve("rebinding.example")

    asyncio.run(scenario())


ROUTE = """\
Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t0102A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
"""
IF_INET6 = "20010db8000100000000000000000007 02 40 00 80 eth0\n"


def test_networks_of_this_computer(tmp_path):
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "route").write_text(ROUTE)
    (tmp_path / "net" / "if_inet6").write_text(IF_INET6)
    near = {
        "192.0.2.77": "192.0.2.0/24", "2001:db8:1::99": "2001:db8:1::/64", "10.9.9.9": "10.0.0.0/8",
        "127.0.0.1": "127.0.0.0/8", "::ffff:192.168.1.1": "192.168.0.0/16", "fe80::5": "fe80::/10",
    }  # fmt: skip
    for address, network in near.items():
        assert str(local_network_of(ip_address(address), tmp_path)) == network
    for far in ("8.8.8.8", "192.0.3.1", "2001:db8:2::1", "100.64.0.3"):
        assert local_network_of(ip_address(far), tmp_path) is None


def test_a_computer_that_does_not_tell_its_networks(tmp_path):
    assert local_network_of(ip_address("192.0.2.77"), tmp_path) is None
