"""The addresses of this computer by which others can reach the server.

Invariants: none of them is the loopback; of a server that listens on one address it is that one alone. Only the fourth
version of IP is announced over SSDP, as its group is one of that version; mDNS tells the others as well.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from mrdraw.server.listening import Address, is_loopback
from mrdraw.settings.discovery import DiscoveryTree


@dataclass(frozen=True, slots=True, order=True)
class Reachable:
    """One address, and the network that it is in (`192.168.1.5`, `192.168.1.0/24`, `eth0`)."""

    host: str
    network: str
    interface: str

    @property
    def is_version_4(self) -> bool:
        """Whether it is an address of the fourth version of IP."""
        return ":" not in self.host

    def is_near(self, host: str) -> bool:
        """Whether another address lies in the same network."""
        return ipaddress.ip_address(host) in ipaddress.ip_network(self.network)


def reachable(listened: Address) -> frozenset[Reachable]:
    """By which addresses others reach a server that listens there."""
    if listened.is_loopback:
        return frozenset()
    own = _own_addresses()
    if not listened.is_any:
        return frozenset(one for one in own if one.host == listened.resolved[0])
    versions = {4} if ":" not in str(listened.resolved[0]) else {4, 6}
    return frozenset(one for one in own if (4 if one.is_version_4 else 6) in versions)


def chosen(found: frozenset[Reachable], options: DiscoveryTree) -> frozenset[Reachable]:
    """Those that the settings want to be told."""

    def is_chosen(one: Reachable) -> bool:
        wanted = options.addresses is None or one.host in options.addresses
        wanted = wanted and (options.interfaces is None or one.interface in options.interfaces)
        refused = one.host in (options.ignored_addresses or ()) or one.interface in (options.ignored_interfaces or ())
        return wanted and not refused

    return frozenset(filter(is_chosen, found))


def _own_addresses() -> Iterable[Reachable]:
    """All of this computer that are not its loopback; those that hold on one link only are left out."""
    import ifaddr  # noqa: PLC0415 - only a server that is announced needs it

    for adapter in ifaddr.get_adapters():
        for ip in adapter.ips:
            host = ip.ip if isinstance(ip.ip, str) else ip.ip[0]
            address = ipaddress.ip_address(host)
            if not is_loopback(host) and not (address.version == 6 and address.is_link_local):
                network = ipaddress.ip_network(f"{host}/{ip.network_prefix}", strict=False)
                yield Reachable(host, str(network), adapter.nice_name)
