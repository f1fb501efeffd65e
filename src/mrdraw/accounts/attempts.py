"""Who tried to log in and failed too often.

Invariants: counted per address, over three windows; remembered across restarts; tries that are still under way count as
failed, so that many at once gain nothing. A clock that was set back locks nobody out.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import time

from mrdraw.errors import NotPermitted, TooManyAttempts
from mrdraw.store import Database

LIMITS = ((60, 3), (600, 5), (3600, 10))
"""(s, failures within them) that are borne (contract, 2.4)."""

_COUNT = "SELECT count(*) FROM failed_logins WHERE address = ? AND at > ? AND at <= ?"
_ADD = "INSERT INTO failed_logins (address, at) VALUES (?, ?)"
_CLEAN = "DELETE FROM failed_logins WHERE at <= ? OR at > ?"


class AttemptLimiter:
    """The failed attempts to log in; `clock` gives the Unix time."""

    def __init__(self, database: Database, clock: Callable[[], float] = time) -> None:
        self._database = database
        self._clock = clock
        self._under_way: Counter[str] = Counter()

    @asynccontextmanager
    async def attempt(self, address: str) -> AsyncIterator[None]:
        """One try; `NotPermitted` inside is a failed one. Raises `TooManyAttempts` when this address has to wait."""
        self.check(address)
        self._under_way[address] += 1
        try:
            yield
        except NotPermitted:
            await self.failed(address)
            raise
        finally:
            self._under_way[address] -= 1
            if not self._under_way[address]:
                del self._under_way[address]

    def check(self, address: str) -> None:
        """Raises `TooManyAttempts` when this address has to wait."""
        now = self._clock()
        for seconds, most in LIMITS:
            (failures,) = self._database.read(_COUNT, (address, now - seconds, now))[0]
            if failures + self._under_way[address] >= most:
                raise TooManyAttempts(f"Too many failed attempts to log in. Try again in {seconds // 60} min.")

    async def failed(self, address: str) -> None:
        """An attempt failed."""
        now = self._clock()

        def write(connection: sqlite3.Connection) -> None:
            connection.execute(_CLEAN, (now - LIMITS[-1][0], now))
            connection.execute(_ADD, (address, now))

        await self._database.write(write)
