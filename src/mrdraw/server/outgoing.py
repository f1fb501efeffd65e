"""Which addresses the server talks to when somebody names one, and where exactly it connects.

Invariants: a name is looked up once, everything that it stands for is checked, and what was checked is what is
connected to; addresses of one link, of clouds' metadata, of groups and of nobody are refused, also where they are
wrapped into another kind of address. A webcam on this computer or in the local network is what people mean; that is
allowed.
"""

from __future__ import annotations

import asyncio
import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from mrdraw.errors import InvalidValue

Ip = IPv4Address | IPv6Address

_LONGEST_NAME = 253
_NAT64 = ip_network("64:ff9b::/96")
"""IPv4 addresses as IPv6 ones (RFC 6052)."""
_METADATA = frozenset(map(ip_address, ("169.254.169.254", "100.100.100.200", "192.0.0.192", "fd00:ec2::254")))
"""Where clouds tell a computer its secrets: most of them, Alibaba, Oracle, Amazon over IPv6."""


async def resolve(name: str) -> list[Ip]:
    """The addresses of a name, all of them checked; none if nobody knows it. Raises `InvalidValue`."""
    addresses = await look_up(name)
    for address in addresses:
        if (reason := refusal_of(address)) is not None:
            raise InvalidValue(f"{name[:_LONGEST_NAME]} is {address}, {reason}; that is not connected to.")
    return addresses


async def look_up(name: str) -> list[Ip]:
    """The addresses of a name, whatever they are; none if nobody knows it."""
    host = name.strip("[]")
    try:
        return [ip_address(host)]
    except ValueError:
        pass
    if not 0 < len(host) <= _LONGEST_NAME or not host.isprintable() or "%" in host:
        return []
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return list(dict.fromkeys(ip_address(str(place[0]).partition("%")[0]) for *_, place in found))


def refusal_of(address: Ip) -> str | None:
    """Why this address is not connected to, if it is not."""
    if address in _METADATA:
        return "where a cloud tells its computers their secrets"
    inner = _wrapped(address)
    if inner is not None:
        return refusal_of(inner)
    if address.is_link_local or (isinstance(address, IPv6Address) and (address.is_site_local or address.scope_id)):
        return "an address that only counts on one link"
    if address.is_multicast:
        return "the address of a group"
    if address.is_unspecified or (isinstance(address, IPv4Address) and address in ip_network("0.0.0.0/8")):
        return "nobody's address"
    if address.is_reserved and not address.is_loopback:
        return "a reserved address"
    return None


def _wrapped(address: Ip) -> IPv4Address | None:
    """The IPv4 address that an IPv6 address leads to."""
    if isinstance(address, IPv4Address):
        return None
    if address in _NAT64 or (int(address) >> 32 == 0 and int(address) > 1):
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)
