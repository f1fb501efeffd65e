"""The file that is selected on a machine: remembered across restarts.

Invariants: a machine has one selected file or none; what is written down is the path, everything else is looked up
when it is needed.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mrdraw.store import Database

_LOAD = "SELECT machine, path FROM selections"
_SAVE = "INSERT INTO selections (machine, path) VALUES (?, ?) ON CONFLICT (machine) DO UPDATE SET path = excluded.path"
_FORGET = "DELETE FROM selections WHERE machine = ?"


class Selections:
    """The selected files in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def load(self) -> dict[str, str]:
        """The path of the selected file of each machine that has one."""
        return {row[0]: row[1] for row in self._database.read(_LOAD, ())}

    async def save(self, machine_id: str, path: str | None) -> None:
        """Write a machine's selection down; `None` for none."""

        def write(connection: sqlite3.Connection) -> None:
            if path is None:
                connection.execute(_FORGET, (machine_id,))
            else:
                connection.execute(_SAVE, (machine_id, path))

        await self._database.write(write)
