"""Who tried to log in and failed too often.

Invariants: counted per address and per account (or whatever else is told apart), over three windows; remembered across
restarts; tries that are still under way count as failed, so that many at once gain nothing. A clock that was set back
locks nobody out. What is looked at is the next try alone: nobody who is in is put out.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from ipaddress import IPv6Address, ip_address
from time import time

from mrdraw.accounts.secrets import digest_of
from mrdraw.errors import NotPermitted, TooManyAttempts
from mrdraw.store import Database

LIMITS = ((60, 3), (600, 5), (3600, 10))
"""(s, failures within them) that are borne (contract, 2.4)."""
ACCOUNT_LIMITS = ((60, 10), (600, 20), (3600, 40))
"""Those of an account, whatever the addresses: so many that one address does not lock out an account's owner."""
_ACCOUNT = "account:"
_FACTOR = "factor:"
_NETWORK = 64
"""bits of an IPv6 address that tell customers of a provider apart."""

_COUNT = "SELECT count(*) FROM failed_logins WHERE counted = ? AND at > ? AND at <= ?"
_ADD = "INSERT INTO failed_logins (counted, at) VALUES (?, ?)"
_CLEAN = "DELETE FROM failed_logins WHERE at <= ? OR at > ?"


def account_of(name: str) -> str:
    """What tries at an account are counted by, whether there is such a user or not; the name is not kept."""
    return _ACCOUNT + digest_of(name)


def factor_of(name: str) -> str:
    """What tries at the second factor of an account are counted by: few, as whoever comes so far has the password."""
    return _FACTOR + digest_of(name)


def network_of(address: str) -> str:
    """What tries from an address are counted by: of IPv6 the network, for a client may choose the rest."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return f"{IPv6Address(int(parsed) >> _NETWORK << _NETWORK)}/{_NETWORK}"


class AttemptLimiter:
    """The failed attempts to log in; `clock` gives the Unix time."""

    def __init__(self, database: Database, clock: Callable[[], float] = time) -> None:
        self._database = database
        self._clock = clock
        self._under_way: Counter[str] = Counter()

    @asynccontextmanager
    async def attempt(self, *counted: str) -> AsyncIterator[None]:
        """One try by an address, at an account; `NotPermitted` inside is a failed one.

        Raises `TooManyAttempts` when any of these has to wait.
        """
        keys = tuple(map(network_of, counted))
        self.check(*keys)
        self._under_way.update(keys)
        try:
            yield
        except NotPermitted:
            await self.failed(*keys)
            raise
        finally:
            self._under_way.subtract(keys)
            self._under_way += Counter()  # without those that count nothing any more

    def check(self, *counted: str) -> None:
        """Raises `TooManyAttempts` when any of these has to wait."""
        now = self._clock()
        for key in map(network_of, counted):
            for seconds, most in ACCOUNT_LIMITS if key.startswith(_ACCOUNT) else LIMITS:
                (failures,) = self._database.read(_COUNT, (key, now - seconds, now))[0]
                if failures + self._under_way[key] >= most:
                    raise TooManyAttempts(f"Too many failed attempts to log in. Try again in {seconds // 60} min.")

    async def failed(self, *counted: str) -> None:
        """An attempt failed."""
        now = self._clock()
        rows = [(network_of(key), now) for key in counted]

        def write(connection: sqlite3.Connection) -> None:
            connection.execute(_CLEAN, (now - LIMITS[-1][0], now))
            connection.executemany(_ADD, rows)

        await self._database.write(write)
