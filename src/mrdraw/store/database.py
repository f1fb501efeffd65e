"""The database: SQLite in WAL mode, one writer thread, reads on a connection of their own.

Invariants: writes run one after the other, each in a transaction that is taken or left as a whole and is on the disk
when it is acknowledged (`synchronous=FULL`), unless it was not to be `lasting`; several processes may use the file at
once; the file is its owner's only.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from threading import Lock
from time import monotonic, sleep
from typing import Any, TypeVar

from mrdraw.errors import DatabaseUnusable
from mrdraw.store.migrate import migrate

LOGGER = logging.getLogger(__name__)

BUSY_TIMEOUT = 10.0
"""s that a write waits for another process."""
_TRY_AGAIN = 0.02
_WAITING, _NOT_WAITING = "PRAGMA synchronous = FULL", "PRAGMA synchronous = NORMAL"
"""Whether a transaction waits for the disk; one that does not is whole or missing after a power cut all the same."""
LOOK_EVERY = 0.01
"""s after which SQLite is asked for the writes of other processes, should its log's time not show them."""
STAT_EVERY = 0.001
"""s between two looks at the log: in a crowd of requests a look at each is a tenth of their time."""

_Result = TypeVar("_Result")
Write = Callable[[sqlite3.Connection], _Result]
"""What runs inside a transaction; it raises to leave everything as it was."""


class Database:
    """An open database."""

    def __init__(self, path: Path) -> None:
        """Open the database, making or migrating it. Raises `DatabaseTooNew`, `DatabaseUnusable`."""
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with told_as_unusable(path):
            _make_private(path)
            self._writing = _connect(path)
            try:
                migrate(self._writing, path)
                self._reading = _connect(path)
            except BaseException:
                self._writing.close()
                raise
        self._reads = Lock()
        self._writes = 0
        self._is_waiting = True
        self._log = path.with_name(f"{path.name}-wal")
        self._seen = (-1, 0, 0)
        self._looked_at = self._stat_at = 0.0
        self._version = 0
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="database")

    def close(self) -> None:
        """Close the database after the writes that were begun."""
        self._writer.shutdown()
        with self._reads:
            self._reading.close()
        self._writing.close()

    def read(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query; quick enough for the loop."""
        with self._reads:
            return self._reading.execute(sql, parameters).fetchall()

    def search(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query that may take long, on a connection of its own: for threads."""
        with closing(_connect(self.path)) as connection:
            return connection.execute(sql, parameters).fetchall()

    async def write(
        self, function: Write[_Result], *, lasting: bool = True, then: Callable[[], None] | None = None
    ) -> _Result:
        """Run `function` in a transaction, and `then` when it is taken, in the writer's thread.

        One that is not `lasting` is on the disk with the next one that is, or with `sync`.
        """
        transact = partial(self._transact, function, lasting=lasting, then=then)
        return await asyncio.wrap_future(self._writer.submit(transact))

    def sync(self) -> None:
        """Have all writes on the disk."""
        with suppress(FileNotFoundError):  # all of it is in the database itself
            descriptor = os.open(self._log, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def write_now(self, function: Write[_Result]) -> _Result:
        """Run `function` in a transaction and wait for it: for the command line and the start."""
        return self._writer.submit(self._transact, function).result()

    def write_soon(
        self, function: Write[object], *, lasting: bool = True, then: Callable[[], None] | None = None
    ) -> Future[object]:
        """Have `function` run in a transaction, and `then` when it is taken; nobody waits, a failure is logged.

        What was begun here is done even if the loop ends meanwhile.
        """
        written = self._writer.submit(self._transact, function, lasting=lasting, then=then)
        written.add_done_callback(_log_failure)
        return written

    def data_version(self) -> tuple[int, int]:
        """Another value once anybody has written: in this process at once, in another within `STAT_EVERY`.

        Cheap enough for each request: SQLite is asked when something was written here, when the write-ahead log was
        touched, and every `LOOK_EVERY`; the log is looked at once in `STAT_EVERY`.
        """
        now = monotonic()
        if self._writes == self._seen[0] and now - self._stat_at < STAT_EVERY:
            return self._writes, self._version
        self._stat_at, seen = now, self._signature()
        if seen != self._seen or now - self._looked_at >= LOOK_EVERY:
            self._seen, self._looked_at = seen, now
            with self._reads:
                (self._version,) = self._reading.execute("PRAGMA data_version").fetchone()
        return seen[0], self._version

    def _signature(self) -> tuple[int, int, int]:
        """Writes of this process; time (ns) and size of the write-ahead log."""
        try:
            log = self._log.stat()
        except OSError:
            return self._writes, 0, 0
        return self._writes, log.st_mtime_ns, log.st_size

    def _transact(
        self, function: Write[_Result], *, lasting: bool = True, then: Callable[[], None] | None = None
    ) -> _Result:
        self._wait_for_disk(lasting)
        self._writing.execute("BEGIN IMMEDIATE")
        try:
            result = function(self._writing)
            self._writing.execute("COMMIT")
            self._writes += 1
        except BaseException:
            if self._writing.in_transaction:  # a full disk may have ended it already
                self._writing.execute("ROLLBACK")
            raise
        if then is not None:
            then()
        return result

    def _wait_for_disk(self, waiting: bool) -> None:
        if waiting is not self._is_waiting:
            self._writing.execute(_WAITING if waiting else _NOT_WAITING)
            self._is_waiting = waiting


@contextmanager
def told_as_unusable(path: Path) -> Iterator[None]:
    """Raise what SQLite says of this database as `DatabaseUnusable`."""
    try:
        yield
    except sqlite3.Error as error:
        raise DatabaseUnusable(f"The database {path} cannot be used: {error}. {_advice(error)}") from error


def _advice(error: sqlite3.Error) -> str:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF  # the reason without its details
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return "Another program is writing to it; try again."
    if code in {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}:
        return "Restore a backup in its place, or move it away and begin anew."
    return "It needs a local disk with space left, in a folder that this user may write to."


def _make_private(path: Path) -> None:
    """Make the file before SQLite does, so that nobody else can ever read it or the files beside it."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    if path.stat().st_mode & 0o077:
        path.chmod(0o600)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False)
    try:
        _use_wal(connection)
        connection.execute(_WAITING)
        connection.execute("PRAGMA foreign_keys = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch to WAL; SQLite does not wait by itself when two processes do that at once."""
    until = monotonic() + BUSY_TIMEOUT
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or monotonic() > until:
                raise
            sleep(_TRY_AGAIN)
        else:
            return


def _log_failure(done: Future[object]) -> None:
    if (error := done.exception()) is not None:
        LOGGER.error("a write to the database failed: %s", error)
