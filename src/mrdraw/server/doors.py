"""Which addresses are open when: the network only after the claim.

Invariants: as long as nobody is an active admin the server is reached from this computer only, whatever address is
wanted; as soon as somebody is, the wanted one is opened beside, without a restart; an address that cannot be had then
is tried again and told once. A network that was opened stays open until the server stops.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable

from mrdraw.errors import MrDrawError
from mrdraw.server.discovery.addresses import Reachable, reachable
from mrdraw.server.listening import LOOPBACK, Address, bind, check_own, listen_beside, resolve
from mrdraw.server.web import WebServer

LOGGER = logging.getLogger(__name__)

LOOK_EVERY = 1.0
"""s between two looks at whether there is an admin now."""


class Doors:
    """The first address that is listened on, and the one that follows."""

    def __init__(self, wanted: Address, *, is_unclaimed: Callable[[], bool], expose_unclaimed: bool = False) -> None:
        """`is_unclaimed` says whether nobody is an active admin. Raises `MrDrawError` when `wanted` is not ours."""
        self.wanted = wanted
        self._is_unclaimed = is_unclaimed
        self.held_back = not (expose_unclaimed or wanted.is_loopback) and is_unclaimed()
        """Whether only this computer is let in for now."""
        self.first = resolve(LOOPBACK, wanted.port) if self.held_back else wanted
        if self.held_back:
            check_own(wanted)

    def bind(self) -> socket.socket:
        """The first address, bound. Raises `PortTaken`, `MrDrawError`."""
        return bind(self.first)

    def reachable(self) -> frozenset[Reachable]:
        """By which addresses others reach the server now: none, as long as only this computer is let in."""
        return frozenset() if self.held_back else reachable(self.wanted)

    async def open(self, server: WebServer, first: socket.socket, opened: Callable[[], None]) -> None:
        """Wait for the first admin and open the wanted address; then call `opened`. Without need it does nothing."""
        if not self.held_back:
            return
        await self._claimed()
        with await self._listening(first) as listening:
            await server.add(listening)
            self.held_back = False
            opened()
            await asyncio.Event().wait()  # the socket is closed when this is cancelled

    async def _claimed(self) -> None:
        """Wait for an admin; another process may make it."""
        while True:
            try:
                if not self._is_unclaimed():
                    return
            except Exception:
                LOGGER.exception("whether there is an admin cannot be told, and is asked again")
            await asyncio.sleep(LOOK_EVERY)

    async def _listening(self, first: socket.socket) -> socket.socket:
        told = ""
        while True:
            try:
                return listen_beside(self.wanted, first)
            except MrDrawError as error:
                if str(error) != told:
                    told = str(error)
                    LOGGER.warning("the network cannot be opened yet and is tried again: %s", told)
                await asyncio.sleep(LOOK_EVERY)
