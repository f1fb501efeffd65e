"""What the database knows of the stored files.

Invariants: a row's hash counts only while size and time of the file are those of the row; what a person said of a
file (display name, user data) stays when the file is touched by other hands.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

import msgspec

from mrdraw.store import Database

_COLUMNS = "path, size, modified_ns, sha1, display, user, userdata, uploaded_at"
_ALL = f"SELECT {_COLUMNS} FROM files"  # noqa: S608  columns of our own
_ONE = f"{_ALL} WHERE path = ?"
_SAVE = f"INSERT OR REPLACE INTO files ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
_BELOW = "WHERE path = ?1 OR substr(path, 1, length(?1) + 1) = ?1 || '/'"
_ELSEWHERE = "?2 || substr(path, length(?1) + 1)"
_FORGET = f"DELETE FROM files {_BELOW}"  # noqa: S608
_MOVE = f"UPDATE files SET path = {_ELSEWHERE} {_BELOW}"  # noqa: S608
_COPY = f"INSERT INTO files ({_COLUMNS}) SELECT {_COLUMNS.replace('path', _ELSEWHERE)} FROM files {_BELOW}"  # noqa: S608


class FileRecord(msgspec.Struct, frozen=True, array_like=True):
    """A row: `size` in bytes, `modified_ns` in unix ns, `userdata` as JSON, `uploaded_at` in unix s."""

    path: str
    size: int
    modified_ns: int
    sha1: str | None = None
    display: str | None = None
    user: str | None = None
    userdata: str | None = None
    uploaded_at: float | None = None

    def hash_of(self, size: int, modified_ns: int) -> str | None:
        """The SHA-1 of the content, if the file is still the one that was hashed."""
        return self.sha1 if (self.size, self.modified_ns) == (size, modified_ns) else None

    def what_was_said(self) -> object:
        """The user data as a value."""
        return None if self.userdata is None else msgspec.json.decode(self.userdata)


def all_records(database: Database) -> Mapping[str, FileRecord]:
    """All rows by path."""
    return {row[0]: FileRecord(*row) for row in database.read(_ALL, ())}


def record_of(database: Database, path: str) -> FileRecord | None:
    """The row of a path."""
    rows = database.read(_ONE, (path,))
    return FileRecord(*rows[0]) if rows else None


def save(connection: sqlite3.Connection, record: FileRecord) -> FileRecord:
    """Write the row of an upload; the answer is that row.

    User data stays when the content is the same (contract, section 5.4).
    """
    record = _with_kept_userdata(connection, record)
    put(connection, record)
    return record


def put(connection: sqlite3.Connection, record: FileRecord) -> None:
    """Write a row as it is."""
    connection.execute(_SAVE, msgspec.structs.astuple(record))


def row_of(connection: sqlite3.Connection, path: str) -> FileRecord | None:
    """The row of a path, inside a transaction."""
    row = connection.execute(_ONE, (path,)).fetchone()
    return FileRecord(*row) if row else None


def _with_kept_userdata(connection: sqlite3.Connection, record: FileRecord) -> FileRecord:
    known = row_of(connection, record.path)
    if known is None or known.userdata is None or known.sha1 != record.sha1:
        return record
    return msgspec.structs.replace(record, userdata=known.userdata)


def move(connection: sqlite3.Connection, source: str, target: str) -> None:
    """Have the row of a path, and those of everything below it, under another path."""
    forget(connection, target)
    connection.execute(_MOVE, (source, target))


def copy(connection: sqlite3.Connection, source: str, target: str) -> None:
    """Have the row of a path, and those of everything below it, under another path as well."""
    forget(connection, target)
    connection.execute(_COPY, (source, target))


def forget(connection: sqlite3.Connection, path: str) -> None:
    """Delete the row of a path and those of everything below it."""
    connection.execute(_FORGET, (path,))
