"""Whether an address is in a network that this computer is in itself.

Invariants: asked of the kernel's tables, so that no packet is sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

from mrdraw.server.outgoing import Ip

_PRIVATE = tuple(
    map(ip_network, (
        "127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "::1/128", "fc00::/7",
        "fe80::/10",
    ))
)  # fmt: skip
"""Networks that nobody in the internet has (RFC 1918, 4193, 3927, 4291)."""


def local_network_of(address: Ip, proc: Path = Path("/proc")) -> IPv4Network | IPv6Network | None:
    """The network of this computer, or the private one, that the address is in; none if it is far away."""
    mapped = getattr(address, "ipv4_mapped", None) or address
    for network in (*_own(proc), *_PRIVATE):
        if mapped.version == network.version and mapped in network:
            return network
    return None


def _own(proc: Path) -> Iterator[IPv4Network | IPv6Network]:
    """The networks that the interfaces of this computer are in."""
    for line in _lines(proc / "net" / "route")[1:]:
        fields = line.split()
        if len(fields) >= 8 and fields[2] == "00000000" and fields[7] != "00000000":
            parts = [int.from_bytes(bytes.fromhex(fields[place]), "little") for place in (1, 7)]
            yield IPv4Network((parts[0], parts[1].bit_count()))
    for line in _lines(proc / "net" / "if_inet6"):
        fields = line.split()
        if len(fields) >= 3:
            yield IPv6Network((int(fields[0], 16), int(fields[2], 16)), strict=False)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="ascii").splitlines()
    except OSError:
        return []
