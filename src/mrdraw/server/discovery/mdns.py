"""mDNS, by the library zeroconf: services at some addresses, told and taken back.

Invariants: the library is loaded when the first service is told, in a thread; a name that another one in the network
has gets a number behind it; what is told is taken back before something else is told.
"""

from __future__ import annotations

import asyncio
import importlib
import ipaddress
from typing import TYPE_CHECKING

from mrdraw.server.discovery.announcement import Announcement
from mrdraw.server.discovery.instances import label

if TYPE_CHECKING:
    from zeroconf.asyncio import AsyncZeroconf


class Mdns:
    """The services that are told at the moment."""

    name = "mDNS"

    def __init__(self) -> None:
        self._zeroconf: AsyncZeroconf | None = None

    async def tell(self, wanted: Announcement) -> None:
        """Tell of these services, and of nothing else any more. Raises `OSError`."""
        await self.close()
        if not wanted.at:
            return
        library = await asyncio.to_thread(importlib.import_module, "zeroconf.asyncio")
        addresses = sorted(one.host for one in wanted.at)
        packed = [ipaddress.ip_address(address).packed for address in addresses]
        self._zeroconf = zeroconf = library.AsyncZeroconf(interfaces=addresses)
        told = []
        for one in wanted.services():
            kind = f"{one.kind}.local."
            info = library.AsyncServiceInfo(
                kind, f"{label(one.title)}.{kind}", port=one.port, addresses=packed, properties=dict(one.text),
                server=f"{wanted.host}.",
            )  # fmt: skip
            told.append(await zeroconf.async_register_service(info, allow_name_change=True))
        await asyncio.gather(*told)

    async def close(self) -> None:
        """Take everything back; what was cancelled in the middle of that is finished by the next call."""
        if self._zeroconf is not None:
            await self._zeroconf.async_close()
            self._zeroconf = None
