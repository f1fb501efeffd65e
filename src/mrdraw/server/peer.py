"""How a client reaches the server: the one rule about proxies (contract, section 1).

Only a proxy that the settings trust may say where a request comes from and what it was sent to; what anybody else says
of that is not read. uvicorn's own reading of these headers is off (`web.py`).

Invariants: what a proxy says counts only where it makes sense (a path, a host, a scheme, an address); the client is the
last hop that is no proxy of ours, and further hops are hearsay. It is found once for a request, and kept for those that
are sent alike: nothing here costs a request more than a look at its headers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from starlette.types import Scope

from mrdraw.settings import Settings
from mrdraw.settings.kinds import HOST_AND_PORT, URL_PREFIX
from mrdraw.settings.reverse_proxy import ReverseProxyTree, trusted_networks

PEER = "mrdraw.peer"
"""Where in the scope the peer stands."""

Ip = IPv4Address | IPv6Address

_HOST = (b"host",)
_FORWARDED_HOST = (b"x-forwarded-host",)
_FORWARDED_SCHEME = (b"x-forwarded-proto", b"x-scheme")
_FORWARDED_PREFIX = (b"x-script-name", b"x-forwarded-prefix")
_FORWARDED_FOR = b"x-forwarded-for"
_READ = frozenset((*_HOST, *_FORWARDED_HOST, *_FORWARDED_SCHEME, *_FORWARDED_PREFIX, _FORWARDED_FOR))

_SCHEMES = {"http": "http", "ws": "http", "https": "https", "wss": "https"}
_PORTS = {"http": "80", "https": "443"}
_NO_HOST = "localhost"
_MOST_KEPT = 1024
_LONGEST_KEPT = 1024
"""Peers that are kept, and bytes of the headers of each."""

_is_host = re.compile(HOST_AND_PORT).match
_is_prefix = re.compile(URL_PREFIX).match


@dataclass(frozen=True, slots=True)
class Peer:
    """How one client reaches the server."""

    scheme: str
    """`http` or `https`, WebSockets as well."""
    host: str
    """As the client wrote it, with the port where it is not the scheme's own: `printer.example:8443`."""
    prefix: str
    """The path under which a proxy has us: `/mrdraw`, or nothing."""
    address: str
    """The client's address."""
    from_proxy: bool
    """Whether the request came from a proxy that is believed."""
    is_global: bool
    """Whether the client's address is one of the internet."""
    named_hosts: tuple[str, ...]
    """The hosts, without ports, that the request names: the one that came with it and the one that a proxy says. A rule
    about hosts has to hold for each, as a page may send a proxy's headers from a browser on this computer."""

    @property
    def base(self) -> str:
        """What the addresses begin with that the client uses: `https://printer.example/mrdraw`."""
        return f"{self.scheme}://{self.host}{self.prefix}"

    @property
    def port(self) -> str:
        """The port that the client connects to."""
        port = self.host.rpartition("]")[2].partition(":")[2]
        return port or _PORTS[self.scheme]

    def cookie_suffix(self, base: str = "") -> str:
        """What ends the names of cookies, so that two servers on one host get along; `base` is a machine's path."""
        path = f"{self.prefix}{base}"
        return f"_P{self.port}_R{path.replace('/', '|')}" if path else f"_P{self.port}"


def peer_of(scope: Scope) -> Peer:
    """How the client of this request reaches the server."""
    found: Peer = scope[PEER]
    return found


class Peers:
    """Finds the peer of each request, by the settings of now."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._rule = PeerRule(settings.current().server.reverse_proxy)

    def find(self, scope: Scope) -> Peer:
        """Who sent this request, and what to."""
        tree = self._settings.current().server.reverse_proxy
        if tree is not self._rule.tree:
            self._rule = PeerRule(tree)
        return self._rule.find(scope)


class PeerRule:
    """The rule for one state of the settings."""

    def __init__(self, tree: ReverseProxyTree) -> None:
        self.tree = tree
        self._networks = trusted_networks(tree)
        self._kept: dict[tuple[Any, ...], Peer] = {}

    def find(self, scope: Scope) -> Peer:
        """Who sent this request, and what to."""
        said = tuple([header for header in scope["headers"] if header[0] in _READ])
        alike = (scope.get("client") or ("",))[0], scope["scheme"], said
        return self._kept.get(alike) or self._keep(alike, self._made(*alike))

    def _keep(self, alike: tuple[Any, ...], made: Peer) -> Peer:
        if sum(len(value) for _, value in alike[2]) <= _LONGEST_KEPT:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            self._kept[alike] = made
        return made

    def _made(self, sender: str, scheme: str, said: Iterable[tuple[bytes, bytes]]) -> Peer:
        headers = _joined(said)
        address = _address(sender)
        trusted = address is not None and self._trusts(address)
        told, fallback = (headers, self.tree) if trusted else ({}, ReverseProxyTree())
        client = self._client(address, told.get(_FORWARDED_FOR, ""))
        own = _first(headers, _HOST, _host)
        forwarded = _first(told, _FORWARDED_HOST, _host) or fallback.host_fallback
        prefix = _first(told, _FORWARDED_PREFIX, _prefix)
        return Peer(
            scheme=_first(told, _FORWARDED_SCHEME, _scheme) or fallback.scheme_fallback or _SCHEMES[scheme],
            host=forwarded or own or _NO_HOST,
            prefix=(fallback.prefix_fallback or "").rstrip("/") if prefix is None else prefix,
            address=str(client or ""),
            from_proxy=trusted,
            is_global=client is not None and client.is_global,
            named_hosts=tuple(_without_port(host) for host in (own or "", forwarded) if host is not None),
        )

    def _trusts(self, address: Ip) -> bool:
        return any(address.version == network.version and address in network for network in self._networks)

    def _client(self, sender: Ip | None, forwarded_for: str) -> Ip | None:
        """The last hop that is no proxy of ours, or the first one of all if they all are."""
        hop = sender
        for text in reversed(forwarded_for.split(",")):
            before = _address(text) if hop is not None and self._trusts(hop) else None
            if before is None:
                break
            hop = before
        return hop


def _joined(said: Iterable[tuple[bytes, bytes]]) -> dict[bytes, str]:
    """The headers; one that came several times is one list (RFC 9110, 5.3)."""
    found: dict[bytes, str] = {}
    for name, value in said:
        text = value.decode("latin-1")
        found[name] = f"{found[name]},{text}" if name in found else text
    return found


def _first(headers: Mapping[bytes, str], names: Iterable[bytes], read: Callable[[str], str | None]) -> str | None:
    """What the first item of the first of these headers says that makes sense."""
    items = (headers.get(name, "").partition(",")[0].strip() for name in names)
    return next((found for item in items if item and (found := read(item)) is not None), None)


def _host(text: str) -> str | None:
    return text if _is_host(text) else None


def _scheme(text: str) -> str | None:
    return _SCHEMES.get(text.lower())


def _prefix(text: str) -> str | None:
    return text.rstrip("/") if _is_prefix(text) else None


def _without_port(host: str) -> str:
    """The name or the address alone, `::1` of `[::1]:5000`."""
    return host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]


def _address(text: str) -> Ip | None:
    """An address of a hop, with or without its port; the fourth version of IP as itself, not inside the sixth."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
