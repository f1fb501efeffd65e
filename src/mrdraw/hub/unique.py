"""The unique id of each machine, by which clients in the network know it again (`discovery.upnpUuid`).

Invariants: it is made once, for all processes, and kept in the database for good.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING
from uuid import uuid4

if TYPE_CHECKING:
    from mrdraw.store import Database

_NAME = "upnp_uuid:"
_GET = "SELECT value FROM meta WHERE key = ?"
_ADD = "INSERT OR IGNORE INTO meta (key, value) VALUES (?, ?)"


class UniqueIds:
    """The unique ids in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, machine_id: str) -> str:
        """The machine's unique id."""
        key = (f"{_NAME}{machine_id}",)
        rows = self._database.read(_GET, key)
        if rows:
            return str(rows[0][0])

        def write(connection: sqlite3.Connection) -> str:
            connection.execute(_ADD, (*key, str(uuid4())))
            (found,) = connection.execute(_GET, key).fetchone()
            return str(found)

        return await self._database.write(write)
