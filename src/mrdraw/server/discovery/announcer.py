"""Announces the machines for as long as the server can be reached, and keeps what is told true.

Invariants: nothing is told while the server listens on the loopback only, as before the claim, or while the setting
says so; a change of the settings, of the machines or of this computer's addresses is told within seconds; what fails
is written down once and tried again. On the way out everything is taken back, in a bounded time.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from mrdraw import __version__
from mrdraw.hub import Hub
from mrdraw.server.discovery.addresses import Reachable, chosen
from mrdraw.server.discovery.announcement import Announcement, announcement
from mrdraw.server.discovery.mdns import Mdns
from mrdraw.server.discovery.ssdp import PORT
from mrdraw.server.discovery.ssdp_sockets import SsdpSockets
from mrdraw.settings import Settings

LOGGER = logging.getLogger(__name__)

LOOK_EVERY = 5.0
"""s between two looks at whether what is told is still true."""
_LAST_WORDS = 2.0
"""s to take everything back."""
_NAME = f"Linux UPnP/1.1 MrDraw/{__version__}"


class Channel(Protocol):
    """A way to tell others."""

    name: str

    async def tell(self, wanted: Announcement) -> None:
        """Tell this and nothing else any more. Raises `OSError`."""

    async def close(self) -> None:
        """Take everything back."""


class _Complaints:
    """Writes down what is wrong once, until it is something else or over."""

    def __init__(self) -> None:
        self._last = ""

    def about(self, what: str, error: Exception) -> None:
        """Something failed and is tried again."""
        text = f"{what}: nothing can be announced, which is tried again: {error}"
        if text != self._last:
            self._last = text
            LOGGER.warning("%s", text)

    def over(self) -> None:
        """It went well."""
        self._last = ""


class _Kept:
    """A channel, and what it was told last."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._told: Announcement | None = Announcement()
        self._complaints = _Complaints()

    async def follow(self, wanted: Announcement) -> None:
        """Tell what is new; what fails is tried again the next time."""
        if wanted == self._told:
            return
        self._told = None
        try:
            await self._channel.tell(wanted)
        except Exception as error:  # noqa: BLE001 - the boundary: the server lives on without being found
            self._complaints.about(self._channel.name, error)
        else:
            self._told = wanted
            self._complaints.over()
            titles = ", ".join(one.title for one in wanted.instances)
            LOGGER.info("%s: %s", self._channel.name, f"announced: {titles}" if titles else "nothing is announced")

    async def close(self) -> None:
        """Take everything back, in a bounded time."""
        try:
            async with asyncio.timeout(_LAST_WORDS):
                await self._channel.close()
        except Exception as error:  # noqa: BLE001 - the boundary: the server ends all the same
            LOGGER.warning("%s: what was announced could not be taken back: %r", self._channel.name, error)


class Announcer:
    """Announces until it is cancelled."""

    def __init__(
        self,
        settings: Settings,
        hub: Hub,
        reach: Callable[[], frozenset[Reachable]],
        *,
        port: int,
        scheme: str,
        ssdp_port: int = PORT,
    ) -> None:
        """`reach` says by which addresses others reach the server now; another SSDP port is for tests."""
        self._settings = settings
        self._hub = hub
        self._port = port
        self._scheme = scheme
        self._reach = reach
        self._channels = (_Kept(SsdpSockets(_NAME, ssdp_port)), _Kept(Mdns()))
        self._complaints = _Complaints()

    async def run(self) -> None:
        """Announce, and look again and again."""
        try:
            while True:
                await self._follow()
                await asyncio.sleep(LOOK_EVERY)
        finally:
            await asyncio.gather(*(channel.close() for channel in self._channels))

    async def _follow(self) -> None:
        try:
            wanted = await self._wanted()
        except Exception as error:  # noqa: BLE001 - the boundary: the server lives on without being found
            self._complaints.about("discovery", error)
            return
        self._complaints.over()
        for channel in self._channels:
            await channel.follow(wanted)

    async def _wanted(self) -> Announcement:
        """What is to be told now: nothing, as long as nobody could reach it."""
        tree = self._settings.current()
        at = chosen(self._reach(), tree.discovery) if tree.discovery.enabled else frozenset()
        return await announcement(self._hub, tree, at, self._port, self._scheme) if at else Announcement()
