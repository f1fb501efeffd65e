"""The audit log: who did what, from where, when, and whether it was done.

Invariants: nobody waits for an entry unless asked to; entries that come together are written in one transaction, in the
database's thread; one may go with what it tells of instead, in its transaction. What was written survives the end of
this process at once, and a power cut `SYNC_AFTER` later. An entry holds no key, no password and no value of a setting.
What strangers do has room of its own, so that a flood of it displaces nothing else.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from time import time

import msgspec

from mrdraw.accounts import audit_search
from mrdraw.accounts.audit_entry import Entry
from mrdraw.accounts.audit_search import Numbered, Search
from mrdraw.settings import Settings
from mrdraw.store import Database, Write

LOGGER = logging.getLogger(__name__)

SYNC_AFTER = 1.0
"""s after which what was written is on the disk."""
PRUNE_EVERY = 3600.0
"""s between two looks at what is too old."""
MOST, MOST_OF_STRANGERS = 200_000, 20_000
"""Entries that are kept: of all, and of clients that nobody knows."""
MOST_WAITING = 4096
"""Entries that wait for a disk that does not answer; what comes then is lost and logged."""
LONGEST = 1000
"""Characters of a text at most."""
FINGERPRINT = 12
"""Hexadecimal digits of a digest that are kept: enough to tell a user's keys apart."""
_DAY = 24 * 3600.0

_COLUMNS = "at, action, outcome, status, user, via, fingerprint, address, machine, subject, detail"
_ADD = f"INSERT INTO audit ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608  columns of our own
_TOO_OLD = "DELETE FROM audit WHERE at < ?"
_TOO_MANY = "DELETE FROM audit WHERE number <= (SELECT number FROM audit ORDER BY number DESC LIMIT 1 OFFSET ?)"
_TOO_MANY_OF_STRANGERS = (
    "DELETE FROM audit WHERE user IS NULL AND number <= "
    "(SELECT number FROM audit WHERE user IS NULL ORDER BY number DESC LIMIT 1 OFFSET ?)"
)


class _Batch:
    """Entries that are written together, and who waits for that."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.entries: list[Entry] = []
        self.written: asyncio.Future[None] = loop.create_future()


class AuditLog:
    """The log in the database; `clock` gives the unix time."""

    def __init__(self, database: Database, settings: Settings, clock: Callable[[], float] = time) -> None:
        self.clock = clock
        self._database = database
        self._settings = settings
        self._batch: _Batch | None = None
        self._is_writing = False
        self._syncing: asyncio.TimerHandle | None = None

    def page(self, search: Search, *, before: int | None, limit: int) -> list[Numbered]:
        """The newest entries that are looked for, those before a number, at most so many; it blocks."""
        return audit_search.page(self._database, self._recent(search), before=before, limit=limit)

    def _recent(self, search: Search) -> Search:
        """What is too old is not shown, although it may not be removed yet."""
        oldest = self.clock() - self.days * _DAY
        return msgspec.structs.replace(search, since=max(search.since or oldest, oldest))

    @property
    def days(self) -> int:
        """For how long entries are kept."""
        return self._settings.current().access_control.audit_days

    def add(self, entry: Entry) -> asyncio.Future[None]:
        """Have an entry written soon; the future is done when it is. Called on the loop."""
        loop = asyncio.get_running_loop()
        if self._batch is None:
            self._batch = _Batch(loop)
        if len(self._batch.entries) < MOST_WAITING:
            self._batch.entries.append(entry)
        else:
            LOGGER.error("the audit log cannot be written: %s by %s is lost", entry.action, entry.user)
        if not self._is_writing:
            self._is_writing = True
            loop.call_soon(self._write_batch)  # together with what else comes in this round
        return self._batch.written

    @contextmanager
    def adding(self, entry: Entry) -> Iterator[Write[None]]:
        """Have whoever writes what the entry tells of write the entry as well, by this, in the same transaction.

        Called on the loop; the block ends when the transaction has.
        """
        try:
            yield partial(_add_all, entries=[entry])
        finally:
            self._sync_soon(asyncio.get_running_loop())

    def add_now(self, entry: Entry) -> None:
        """Write an entry and wait for the disk: for the command line."""
        self._database.write_now(lambda connection: connection.execute(_ADD, _row(entry)))

    def close(self) -> None:
        """Write what waits; the loop has ended."""
        batch, self._batch = self._batch, None
        if batch is not None:
            self._database.write_now(partial(_add_all, entries=batch.entries))

    async def tend(self) -> None:
        """Remove what is too old, now and again, as long as the server runs."""
        while True:
            try:
                await self._database.write(self._prune)
            except sqlite3.Error as error:
                LOGGER.error("the audit log could not be pruned: %s", error)  # noqa: TRY400 - the text says it all
            await asyncio.sleep(PRUNE_EVERY)

    def _write_batch(self) -> None:
        batch, self._batch = self._batch, None
        if batch is None:
            self._is_writing = False
            return
        written = self._database.write_soon(partial(_add_all, entries=batch.entries), lasting=False)
        written.add_done_callback(lambda _: self._tell_written(batch))

    def _tell_written(self, batch: _Batch) -> None:
        """In the database's thread: let those go on who wait, if anybody is there any more."""
        with suppress(RuntimeError):  # the loop has ended
            batch.loop.call_soon_threadsafe(self._written, batch)

    def _written(self, batch: _Batch) -> None:
        if not batch.written.done():
            batch.written.set_result(None)
        self._sync_soon(batch.loop)
        self._write_batch()

    def _sync_soon(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._syncing is None:
            self._syncing = loop.call_later(SYNC_AFTER, self._sync)

    def _sync(self) -> None:
        self._syncing = None
        asyncio.get_running_loop().run_in_executor(None, self._database.sync)

    def _prune(self, connection: sqlite3.Connection) -> None:
        connection.execute(_TOO_OLD, (self.clock() - self.days * _DAY,))
        connection.execute(_TOO_MANY, (MOST,))
        connection.execute(_TOO_MANY_OF_STRANGERS, (MOST_OF_STRANGERS,))


def _add_all(connection: sqlite3.Connection, entries: list[Entry]) -> None:
    connection.executemany(_ADD, map(_row, entries))


def _row(entry: Entry) -> tuple[object, ...]:
    return tuple(_storable(value) for value in msgspec.structs.astuple(entry))


def _storable(value: object) -> object:
    """A text that the database takes, and not more of it than makes sense."""
    if not isinstance(value, str):
        return value
    text = value.encode("utf-8", "replace").decode()
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
