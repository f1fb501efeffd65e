"""`server.reverseProxy`: which proxies are believed, and what they do not say themselves (contract, section 1).

Invariants: names are those of OctoPrint; a network that is trusted is written as what it is, without bits of a host,
and is never everybody. Set in the file only, for who is believed may say that a request comes from anybody.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network, ip_network

from mrdraw.errors import InvalidValue
from mrdraw.settings.kinds import HostAndPort, Scheme, Section, UrlPrefix

Network = IPv4Network | IPv6Network

_LOOPBACK = ("127.0.0.0/8", "::1/128")
_RIGHT = "right is an address or a network, as '192.168.1.5' or '10.0.0.0/8'"


class ReverseProxyTree(Section, frozen=True):
    """The proxies before the server."""

    trusted_proxies: tuple[str, ...] = ()
    """Addresses and networks."""
    trust_localhost_proxies: bool = True
    """Whether the loopback is trusted as well."""
    trusted_downstream: tuple[str, ...] | None = None
    """The name of older files: all that is trusted, the loopback only if it is named."""
    prefix_fallback: UrlPrefix | None = None
    scheme_fallback: Scheme | None = None
    host_fallback: HostAndPort | None = None
    """What counts for requests of trusted proxies that do not say it."""


def trusted_networks(tree: ReverseProxyTree) -> tuple[Network, ...]:
    """The networks of the proxies that are believed. Raises `ValueError` where one is none."""
    loopback = _LOOPBACK if tree.trust_localhost_proxies and tree.trusted_downstream is None else ()
    return tuple(map(ip_network, (*loopback, *(text for _, text in _written(tree)))))


def check_networks(tree: ReverseProxyTree, place: str) -> None:
    """Raises `InvalidValue` for what is no network, or is everybody."""
    for member, text in _written(tree):
        if (wrong := _wrong(text)) is not None:
            raise InvalidValue(f"{place}.{member}: {text[:60]!r} is not accepted{wrong}.")


def _written(tree: ReverseProxyTree) -> Iterator[tuple[str, str]]:
    for member, texts in (
        ("trustedProxies", tree.trusted_proxies),
        ("trustedDownstream", tree.trusted_downstream or ()),
    ):
        for number, text in enumerate(texts):
            yield f"{member}[{number}]", text


def _wrong(text: str) -> str | None:
    """Why this is no network that can be trusted, if it is none."""
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        return f"; {_RIGHT}"
    if network.prefixlen == 0:
        return ", for that is everybody; name the proxies"
    if "/" in text and str(network.network_address) != text.partition("/")[0]:
        return f"; right is the whole network {network} or the address {text.partition('/')[0]} alone"
    return None
