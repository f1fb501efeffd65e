"""Access control off: who may be at the page without a password (contract, section 0).

Invariants: a client is let in by its address, which has to be in a listed network, and only where every name that it
used for this server is one that no foreign site can have: an IP address, `localhost`, `*.local`, or listed. So a page
whose own name was pointed at this computer (DNS rebinding) stays outside. A proxy that does not say for whom it asks
speaks for nobody. Whatever comes with a key is judged by the key.
"""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from mrdraw.server.context import Services, client_address
from mrdraw.server.peer import peer_of
from mrdraw.settings.sections import AccessControlTree

_PROXIED = frozenset({"via", "forwarded", "x-real-ip", "x-forwarded-host", "x-forwarded-proto", "x-scheme"})
_FOR = "x-forwarded-for"
_KEYS = frozenset({"x-api-key", "authorization"})


def is_admitted(connection: HTTPConnection, services: Services) -> bool:
    """Whether access control is off for this client."""
    if not services.accounts.open_page.is_off():
        return False
    tree = services.settings.current().access_control
    named = peer_of(connection.scope).named_hosts
    return _is_near(connection, tree) and bool(named) and all(is_own_name(name, tree.local_hosts) for name in named)


def comes_from_our_page(connection: HTTPConnection) -> bool:
    """Whether nothing says that a key or another site's page asks."""
    headers = connection.headers
    if any(name in headers for name in _KEYS) or "apikey" in connection.query_params:
        return False
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc.lower() == peer_of(connection.scope).host.lower()


def is_own_name(name: str, listed: tuple[str, ...]) -> bool:
    """Whether a name, without its port, is one that no foreign site can have."""
    host = name.strip().lower().rstrip(".")
    if host == "localhost" or host.endswith(".local") or host in {one.lower().rstrip(".") for one in listed}:
        return True
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _is_near(connection: HTTPConnection, tree: AccessControlTree) -> bool:
    """Whether the client's address is in one of the listed networks."""
    headers = connection.headers
    if _FOR not in headers and any(name in headers for name in _PROXIED):
        return False
    try:
        address = ip_address(client_address(connection))
    except ValueError:
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    networks = (ip_network(one, strict=False) for one in tree.local_networks)
    return any(address.version == network.version and address in network for network in networks)
