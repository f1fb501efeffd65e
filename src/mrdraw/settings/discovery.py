"""`plugins.discovery`: how a server makes itself known in its network (contract, section 11).

Invariants: names are those of OctoPrint's plugin, `enabled` is ours; user name and password are never shown.
"""

from __future__ import annotations

import msgspec

from mrdraw.settings.kinds import Port, Section

DISCOVERY = "discovery"
SECRET_MEMBERS = ("httpUsername", "httpPassword")
"""Members that are written and never read by a client."""


class ModelTree(Section, frozen=True):
    """What the machine is said to be."""

    name: str | None = None
    description: str | None = None
    number: str | None = None
    url: str | None = None
    serial: str | None = None
    vendor: str | None = None
    vendor_url: str | None = None


class DiscoveryTree(Section, frozen=True):
    """What is announced, and where; `None` means: as it is found."""

    enabled: bool = True
    """Whether anything is announced at all."""
    public_host: str | None = None
    public_port: Port | None = None
    path_prefix: str | None = None
    http_username: str | None = None
    http_password: str | None = None
    upnp_uuid: str | None = None
    """The default machine's unique id, where one was brought along; otherwise the one in the database counts."""
    zero_conf: tuple[dict[str, object], ...] = ()
    """Further services to announce."""
    model: ModelTree = ModelTree()
    addresses: tuple[str, ...] | None = None
    ignored_addresses: tuple[str, ...] | None = None
    interfaces: tuple[str, ...] | None = None
    ignored_interfaces: tuple[str, ...] | None = None


def discovery_of(plugins: dict[str, object]) -> DiscoveryTree:
    """The settings among those of the plugins, which were validated."""
    return msgspec.convert(plugins.get(DISCOVERY) or {}, DiscoveryTree)
