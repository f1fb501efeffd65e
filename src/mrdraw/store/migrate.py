"""Migrations: the numbered `.sql` files that bring a database to the release's shape.

Invariants: each runs once, in order, all of them in one transaction; of several processes one migrates; a database
with contents is backed up before; one of a newer release is refused and left as it is.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from mrdraw.errors import DatabaseTooNew


@dataclass(frozen=True, slots=True, order=True)
class Migration:
    """One numbered file."""

    number: int
    script: str


def migrations() -> list[Migration]:
    """All migrations of this release, in order."""
    folder = resources.files("mrdraw.store.migrations")
    scripts = [entry for entry in folder.iterdir() if entry.name.endswith(".sql")]
    return sorted(Migration(int(entry.name.split("_", 1)[0]), entry.read_text(encoding="utf-8")) for entry in scripts)


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the database to the shape of this release. Raises `DatabaseTooNew`."""
    known = migrations()
    newest = known[-1].number
    if _version(connection) == newest:
        return
    connection.execute("BEGIN IMMEDIATE")  # only one process migrates; the others find it done
    try:
        _migrate_locked(connection, path, known, newest)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _migrate_locked(connection: sqlite3.Connection, path: Path, known: list[Migration], newest: int) -> None:
    version = _version(connection)
    if version > newest:
        raise DatabaseTooNew(
            f"{path} was written by a newer release (version {version}, this one knows {newest}). "
            f"Install that release again, or restore the backup {_backup(path, version)} in its place."
        )
    if 0 < version < newest:
        _back_up(path, _backup(path, newest))
    for migration in known:
        if migration.number > version:
            for statement in statements(migration.script):
                connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {newest}")


def statements(script: str) -> list[str]:
    """The statements of a script, each ending its line; `executescript` would end the transaction."""
    found, pending = [], ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            found.append(pending)
            pending = ""
    if pending.strip():
        found.append(pending)  # SQLite says what is missing
    return found


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def _backup(path: Path, version: int) -> Path:
    return path.with_name(f"{path.name}.before-{version}")


def _back_up(path: Path, backup: Path) -> None:
    """Copy the database, whole or not at all; readable for its owner only."""
    partial = backup.with_name(f"{backup.name}.partial")
    partial.unlink(missing_ok=True)
    os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(partial)) as target:
        source.backup(target)
    partial.replace(backup)
