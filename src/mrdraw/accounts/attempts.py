"""Who tried to log in and failed too often.

Invariants: counted per address, over three windows; remembered across restarts.
"""

from __future__ import annotations

import sqlite3
from time import time

from mrdraw.errors import TooManyAttempts
from mrdraw.store import Database

LIMITS = ((60, 3), (600, 5), (3600, 10))
"""(s, failures within them) that are borne (contract, 2.4)."""

_COUNT = "SELECT count(*) FROM failed_logins WHERE address = ? AND at > ?"
_ADD = "INSERT INTO failed_logins (address, at) VALUES (?, ?)"
_CLEAN = "DELETE FROM failed_logins WHERE at <= ?"


class AttemptLimiter:
    """The failed attempts to log in."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def check(self, address: str) -> None:
        """Raises `TooManyAttempts` when this address has to wait."""
        now = time()
        for seconds, most in LIMITS:
            (count,) = self._database.read(_COUNT, (address, now - seconds))[0]
            if count >= most:
                raise TooManyAttempts(f"Too many failed attempts to log in. Try again in {seconds // 60} min.")

    async def failed(self, address: str) -> None:
        """An attempt failed."""
        now = time()

        def write(connection: sqlite3.Connection) -> None:
            connection.execute(_CLEAN, (now - LIMITS[-1][0],))
            connection.execute(_ADD, (address, now))

        await self._database.write(write)
