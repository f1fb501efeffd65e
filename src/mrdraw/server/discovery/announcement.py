"""Everything that the network is told at a time, and how that follows from the settings and the machines.

Invariants: it is a value; two that are equal need not be told twice. The unique id of a machine is the same here, in
the settings and in the description.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from mrdraw.hub import Hub
from mrdraw.server.api.version import API_VERSION, COMPATIBLE_VERSION
from mrdraw.server.discovery.addresses import Reachable
from mrdraw.server.discovery.instances import Instance, label, name_of, path_of, text_record, title_of
from mrdraw.server.discovery.ssdp import Device
from mrdraw.server.listening import url
from mrdraw.settings import SettingsTree

DESCRIPTION = "plugin/discovery/discovery.xml"
OCTOPRINT = "_octoprint._tcp"
PAGES = {"http": "_http._tcp", "https": "_https._tcp"}
_VERSIONS = {"version": COMPATIBLE_VERSION, "api": API_VERSION}


@dataclass(frozen=True, slots=True)
class Service:
    """A service of mDNS: of which kind (`_http._tcp`), what it is called, its port, its TXT record."""

    kind: str
    title: str
    port: int
    text: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Announcement:
    """All that is told at a time; nothing, unless somebody can reach it."""

    scheme: str = "http"
    host: str = ""
    port: int = 0
    at: frozenset[Reachable] = frozenset()
    instances: tuple[Instance, ...] = ()
    extra: tuple[Service, ...] = ()

    def devices(self, host: str) -> list[Device]:
        """The root devices of SSDP as they are reached at one address."""
        base = url(self.scheme, host, self.port)
        return [Device(one.unique_id, f"{base}{one.path}{DESCRIPTION}") for one in self.instances]

    def services(self) -> Iterator[Service]:
        """The services of mDNS."""
        for one in self.instances:
            yield Service(OCTOPRINT, one.title, self.port, text_record(one, _VERSIONS))
            yield Service(PAGES[self.scheme], one.title, self.port, (("path", one.path),))
        yield from self.extra


async def announcement(hub: Hub, tree: SettingsTree, at: frozenset[Reachable], port: int, scheme: str) -> Announcement:
    """What is to be told of a server that others reach at these addresses."""
    options = tree.discovery
    return Announcement(
        scheme=scheme,
        host=options.public_host or f"{label(computer_name())}.local",
        port=options.public_port or port,
        at=at,
        instances=tuple([await instance_of(hub, tree, machine_id) for machine_id in sorted(hub.machines)]),
        extra=tuple(_further(options.zero_conf, port)),
    )


async def instance_of(hub: Hub, tree: SettingsTree, machine_id: str) -> Instance:
    """A machine as the network sees it. Raises `NoSuchMachine` when it went meanwhile."""
    options, is_default = tree.discovery, machine_id == tree.default_machine
    return Instance(
        title=title_of(name_of(tree, machine_id), computer_name()),
        path=path_of(tree, machine_id),
        unique_id=options.upnp_uuid if is_default and options.upnp_uuid else await hub.unique_id(machine_id),
        model=options.model.name or "",
        vendor=options.model.vendor or "",
    )


def computer_name() -> str:
    """The name of this computer, without a domain."""
    return socket.gethostname().partition(".")[0] or "localhost"


def _further(services: Iterable[Mapping[str, object]], port: int) -> Iterator[Service]:
    """The further services that the settings name; what makes no sense is left out."""
    for one in services:
        kind, name, texts, own = (one.get(member) for member in ("service", "name", "txtRecord", "port"))
        if not isinstance(kind, str) or not kind.endswith(("._tcp", "._udp")):
            continue
        record = texts if isinstance(texts, dict) else {}
        yield Service(
            kind,
            name if isinstance(name, str) and name else title_of("", computer_name()),
            own if isinstance(own, int) and 0 < own < 65536 else port,
            tuple((str(key), str(value)) for key, value in record.items()),
        )
