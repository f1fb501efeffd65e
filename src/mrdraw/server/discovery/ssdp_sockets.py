"""SSDP on sockets: hears searches of the group, answers them, tells every half minute who is here.

Invariants: one socket hears, bound to the group's address, so that nothing that was sent to this computer alone is
heard; each address has a socket of its own that sends. Only searches from the same network are answered, after a
random part of the time that they allow, and never more than a bounded number at once: nobody is flooded through us.
"""

from __future__ import annotations

import asyncio
import logging
import random
import socket
import struct
from contextlib import suppress

from mrdraw.server.discovery.addresses import Reachable
from mrdraw.server.discovery.announcement import Announcement
from mrdraw.server.discovery.ssdp import (
    GROUP,
    NOTIFY_EVERY,
    PORT,
    Notice,
    Search,
    answers,
    notices,
    parse_search,
)

LOGGER = logging.getLogger(__name__)

_HOPS = 2
"""Routers that a notice may pass (UPnP DA 1.1)."""
_MOST_WAITING = 32
"""Searches that are answered at the same time; those above are not."""


class SsdpSockets(asyncio.DatagramProtocol):
    """Tells and answers of one announcement at a time."""

    name = "SSDP"

    def __init__(self, server: str, port: int = PORT) -> None:
        """`server` is how the server calls itself; another port than the usual one is for tests."""
        self._server = server
        self._port = port
        self._told = Announcement()
        self._senders: dict[Reachable, socket.socket] = {}
        self._hearing: asyncio.DatagramTransport | None = None
        self._notifying: asyncio.Task[None] | None = None
        self._waiting: set[asyncio.Task[None]] = set()

    async def tell(self, wanted: Announcement) -> None:
        """Tell of these devices, and of nothing else any more. Raises `OSError`."""
        await self.close()
        at = sorted(one for one in wanted.at if one.is_version_4)
        if not at:
            return
        self._told = wanted
        for one in at:
            self._senders[one] = _sender(one.host)
        hearing = _hearer([one.host for one in at], self._port)
        self._hearing, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, sock=hearing)
        self._notifying = asyncio.create_task(self._notify_on_and_on())

    async def close(self) -> None:
        """Say good-bye, and hear nothing any more."""
        notifying, self._notifying = self._notifying, None
        if notifying is not None:
            notifying.cancel()
            await asyncio.wait([notifying])
            self._notify(Notice.GONE)
        for task in self._waiting:
            task.cancel()
        if self._hearing is not None:
            self._hearing.close()
        while self._senders:
            self._senders.popitem()[1].close()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Take what somebody said to the group."""
        search = parse_search(data)
        near = next((one for one in self._senders if one.is_near(addr[0])), None)
        if search is None or near is None or len(self._waiting) >= _MOST_WAITING:
            return
        task = asyncio.create_task(self._answer_later(search, near, addr))
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    def error_received(self, exc: Exception) -> None:
        """Somebody who was answered is gone."""
        LOGGER.debug("SSDP: %s", exc)

    async def _answer_later(self, search: Search, near: Reachable, to: tuple[str, int]) -> None:
        """Answer within the time that the search allows, earlier rather than later."""
        await asyncio.sleep(random.uniform(0, search.within / 2))  # noqa: S311 - it spreads answers, no more
        for device in self._told.devices(near.host):
            for datagram in answers(search, device, self._server):
                self._send(near, datagram, to)

    async def _notify_on_and_on(self) -> None:
        while True:
            self._notify(Notice.ALIVE)
            await asyncio.sleep(NOTIFY_EVERY)

    def _notify(self, kind: Notice) -> None:
        for one in self._senders:
            for device in self._told.devices(one.host):
                for datagram in notices(device, kind, self._server):
                    self._send(one, datagram, (GROUP, self._port))

    def _send(self, at: Reachable, datagram: bytes, to: tuple[str, int]) -> None:
        """Send, or lose it: the network may be gone, and everything is said again."""
        sender = self._senders.get(at)
        if sender is not None:
            with suppress(OSError):
                sender.sendto(datagram, to)


def _sender(host: str) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setblocking(False)
    try:
        made.bind((host, 0))
        made.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(host))
        made.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, struct.pack("B", _HOPS))
    except OSError:
        made.close()
        raise
    return made


def _hearer(hosts: list[str], port: int) -> socket.socket:
    """Hears the group at these addresses, beside others of this computer that do."""
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setblocking(False)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((GROUP, port))
        for host in hosts:
            membership = socket.inet_aton(GROUP) + socket.inet_aton(host)
            made.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
    except OSError:
        made.close()
        raise
    return made
