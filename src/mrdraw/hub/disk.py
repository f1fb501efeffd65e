"""How full the disk of the stored files is, for people to be warned in time (`server.diskspace`).

Invariants: nothing is refused because of it, as in OctoPrint; an upload that finds no space fails by itself. The disk
is asked in a thread, for it may lie in the network.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mrdraw.library import Library
    from mrdraw.settings import Settings
    from mrdraw.settings.computer import DiskspaceTree

LOGGER = logging.getLogger(__name__)

LOOK_EVERY = 30.0
"""s between two looks at the disk."""
SOON = 0.25
"""s in which changes are gathered, to be followed by one look."""
_MEGABYTE = 10**6


def disk_notice(free: int, limits: DiskspaceTree) -> str | None:
    """What people should know with `free` bytes left. It stays the same while the free bytes cross no limit."""
    if free < limits.critical:
        return (
            f"The disk with the files is almost full: less than {_megabytes(limits.critical)} are free. Uploads and "
            "new jobs can fail at any time. Delete what is not needed."
        )
    if free < limits.warning:
        return (
            f"The disk with the files fills up: less than {_megabytes(limits.warning)} are free. Delete what is not "
            "needed."
        )
    return None


def _megabytes(size: int) -> str:
    return f"{size / _MEGABYTE:.0f} MB"


class DiskWatch:
    """Looks at the disk again and again."""

    def __init__(self, settings: Settings, library: Library, tell: Callable[[str | None], None]) -> None:
        """`tell` is called with what people should know now."""
        self._settings = settings
        self._library = library
        self._tell = tell
        self._failed = False
        self._is_due = False

    async def run(self) -> None:
        """Look until it is cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_EVERY)

    async def look_soon(self) -> None:
        """Look `SOON`, once for all that ask meanwhile."""
        if self._is_due:
            return
        self._is_due = True
        await asyncio.sleep(SOON)
        self._is_due = False
        await self.look()

    async def look(self) -> None:
        """Look once. A disk that cannot be asked warns nobody; the log says so once."""
        try:
            free, _ = await asyncio.to_thread(self._library.free_space)
        except OSError as error:
            if not self._failed:
                LOGGER.warning("how full the disk of the files is cannot be found out: %s", error)
            self._failed = True
            return
        self._failed = False
        self._tell(disk_notice(free, self._settings.current().server.diskspace))
