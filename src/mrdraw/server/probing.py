"""Looking at what is on the disk, and knocking at ports.

Invariants: nothing is made outside the base folder, wherever links lead; nothing is read, and a port of UDP is told no
more than a line break; who calls bounds the time. `os.path` is asked, which says no to paths that make no sense.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress

KINDS: dict[str, Callable[[str], bool]] = {
    "file": os.path.isfile,
    "dir": os.path.isdir,
}
ACCESS = {"r": os.R_OK, "w": os.W_OK, "x": os.X_OK}
_UDP_PATIENCE = 0.5
"""s that a computer gets to say that nobody listens on a port of UDP."""


def look_at(base: str, path: str, kind: str | None, access: list[str], *, make: bool) -> dict[str, bool]:
    """What there is; a relative path counts from the base folder. Blocks for the disk."""
    full = os.path.join(base, path) if path and "\0" not in path else ""  # noqa: PTH118
    exists, is_link = os.path.exists(full), os.path.islink(full)  # noqa: PTH110, PTH114
    if make and full and not exists and not is_link and _is_inside(full, base):
        with suppress(OSError, ValueError):
            os.makedirs(full, exist_ok=True)  # noqa: PTH103
        exists = os.path.exists(full)  # noqa: PTH110
    return {
        "exists": exists,
        "typeok": exists and (kind is None or KINDS[kind](full)),
        "broken_symlink": is_link and not exists,
        "access": exists and all(os.access(full, ACCESS[way]) for way in access),
    }


def _is_inside(path: str, base: str) -> bool:
    """Whether a path lies in the base folder, wherever the links on its way lead."""
    home = os.path.realpath(base)
    return os.path.commonpath([os.path.realpath(path), home]) == home


async def listens_on_tcp(address: str, port: int) -> bool:
    """Whether somebody listens there. Raises `OSError` if not."""
    _, writer = await asyncio.open_connection(address, port)
    writer.transport.abort()
    return True


async def listens_on_udp(address: str, port: int) -> bool:
    """Whether nobody said that there is nobody; more cannot be known."""
    loop = asyncio.get_running_loop()
    refused: asyncio.Future[None] = loop.create_future()
    transport, _ = await loop.create_datagram_endpoint(lambda: _Refusals(refused), remote_addr=(address, port))
    try:
        transport.sendto(b"\n")
        done, _ = await asyncio.wait([refused], timeout=_UDP_PATIENCE)
        return not done
    finally:
        refused.cancel()
        transport.close()


class _Refusals(asyncio.DatagramProtocol):
    """Hears that nobody listens."""

    def __init__(self, refused: asyncio.Future[None]) -> None:
        self._refused = refused

    def error_received(self, _error: Exception) -> None:
        """The other computer says that nobody listens there."""
        if not self._refused.done():
            self._refused.set_result(None)
