"""The database: SQLite in WAL mode, one writer thread, reads on a connection of their own.

Invariants: writes run one after the other, each in a transaction that is taken or left as a whole and is on the disk
when it is acknowledged (`synchronous=FULL`); several processes may use the file at once; a migration runs once, after
a backup; a database of a newer release is refused.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from mrdraw.errors import DatabaseTooNew

BUSY_TIMEOUT = 10.0
"""s that a write waits for another process."""

_Result = TypeVar("_Result")


class Database:
    """An open database."""

    def __init__(self, path: Path) -> None:
        """Open the database, making or migrating it. Raises `DatabaseTooNew`."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="database")
        self._writing = self._connect()
        path.chmod(0o600)
        _migrate(self._writing, path)
        self._reading = self._connect()
        self._written = 0

    def close(self) -> None:
        """Close the database after the writes that were begun."""
        self._writer.shutdown()
        self._reading.close()
        self._writing.close()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        return connection

    def read(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query; quick enough for the loop."""
        return self._reading.execute(sql, parameters).fetchall()

    async def write(self, function: Callable[[sqlite3.Connection], _Result]) -> _Result:
        """Run `function` in a transaction, in the writer's thread."""
        return await asyncio.get_running_loop().run_in_executor(self._writer, self._transact, function)

    def write_now(self, function: Callable[[sqlite3.Connection], _Result]) -> _Result:
        """Run `function` in a transaction and wait for it: for the command line and the start."""
        return self._writer.submit(self._transact, function).result()

    def data_version(self) -> int:
        """A number that is another one once anybody, in this process or another, has written."""
        (version,) = self._reading.execute("PRAGMA data_version").fetchone()
        return int(version)

    def _transact(self, function: Callable[[sqlite3.Connection], _Result]) -> _Result:
        self._writing.execute("BEGIN IMMEDIATE")
        try:
            result = function(self._writing)
        except BaseException:
            self._writing.execute("ROLLBACK")
            raise
        self._writing.execute("COMMIT")
        return result


def _migrations() -> list[tuple[int, str]]:
    folder = resources.files("mrdraw.store.migrations")
    found = [entry for entry in folder.iterdir() if entry.name.endswith(".sql")]
    return sorted((int(entry.name.split("_", 1)[0]), entry.read_text(encoding="utf-8")) for entry in found)


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the database to the release's version. Raises `DatabaseTooNew`."""
    migrations = _migrations()
    newest = migrations[-1][0]
    if _version(connection) == newest:
        return
    connection.execute("BEGIN IMMEDIATE")  # only one process migrates; the others find it done
    try:
        version = _version(connection)
        if version > newest:
            raise DatabaseTooNew(
                f"{path} was written by a newer release (version {version}, this one knows {newest}). "
                "Install that release again, or restore the backup that lies beside it."
            )
        if 0 < version < newest:
            _back_up(path, version)
        for number, statements in migrations:
            if number > version:
                for statement in _statements(statements):
                    connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {newest}")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _statements(script: str) -> list[str]:
    """The statements of a script; `executescript` would end the transaction."""
    statements, pending = [], ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            statements.append(pending)
            pending = ""
    return statements


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def _back_up(path: Path, version: int) -> None:
    source = sqlite3.connect(path)
    target = sqlite3.connect(path.with_name(f"{path.name}.before-{version + 1}"))
    with source, target:
        source.backup(target)
    source.close()
    target.close()
