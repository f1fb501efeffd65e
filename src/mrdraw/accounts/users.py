"""Users: the table of them, and what may be a name.

Invariants: names keep their case and are compared with it; what ends a user's access (removal, deactivation, another
password) ends the user's sessions in the same transaction.
"""

from __future__ import annotations

import json
import sqlite3
import unicodedata
from dataclasses import dataclass
from time import time

from mrdraw.accounts.groups import check_group
from mrdraw.accounts.identity import API_USER
from mrdraw.errors import InvalidValue, NoSuchUser, UserExists
from mrdraw.store import Database

_COLUMNS = "SELECT name, password_hash, groups, active FROM users"
_ALL = f"{_COLUMNS} ORDER BY name"
_ONE = f"{_COLUMNS} WHERE name = ?"
_EXISTS = "SELECT 1 FROM users WHERE name = ?"
_NAMES = "SELECT name FROM users ORDER BY name LIMIT 20"
_ADD = "INSERT INTO users (name, password_hash, groups, active, created_at) VALUES (?, ?, ?, 1, ?)"
_SET_PASSWORD = "UPDATE users SET password_hash = ? WHERE name = ?"  # noqa: S105 - a statement
_SET_ACTIVE = "UPDATE users SET active = ? WHERE name = ?"
_REMOVE = "DELETE FROM users WHERE name = ?"
_END_SESSIONS = "DELETE FROM sessions WHERE user = ?"

_RESERVED = frozenset(":/\\")
_NOT_IN_NAMES = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Control characters, halves of characters, line and paragraph separators."""
_LONGEST_NAME = 128


@dataclass(frozen=True, slots=True)
class User:
    """A row of the table."""

    name: str
    password_hash: str
    groups: tuple[str, ...]
    active: bool


class Users:
    """The users in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[User]:
        """All users, by name."""
        return [_user(row) for row in self._database.read(_ALL)]

    def find(self, name: str) -> User | None:
        """A user, if there is one of this name."""
        if not _is_storable(name):
            return None
        rows = self._database.read(_ONE, (name,))
        return _user(rows[0]) if rows else None

    def get(self, name: str) -> User:
        """A user. Raises `NoSuchUser`."""
        user = self.find(name)
        if user is None:
            raise _no_such_user(name, [row[0] for row in self._database.read(_NAMES)])
        return user

    def check_new(self, name: str) -> None:
        """Whether a user of this name could be added. Raises `InvalidValue`, `UserExists`."""
        if not name or name != name.strip() or name == API_USER or len(name) > _LONGEST_NAME:
            raise InvalidValue(
                f"{name[:_LONGEST_NAME]!r} cannot be a user's name: it has 1 to {_LONGEST_NAME} characters, no blanks "
                f"around it, and is not {API_USER}."
            )
        if any(one in _RESERVED or unicodedata.category(one) in _NOT_IN_NAMES for one in name):
            raise InvalidValue(f"{name!r} cannot be a user's name: it has no colon, slash or control character.")
        if self.find(name) is not None:
            raise UserExists(f"There is a user {name} already.")

    def add(self, name: str, password_hash: str, groups: tuple[str, ...]) -> None:
        """Add a user whose name was checked. Raises `InvalidValue`, `UserExists`."""
        values = (name, password_hash, json.dumps([check_group(group) for group in groups]), time())

        def write(connection: sqlite3.Connection) -> None:
            if connection.execute(_EXISTS, (name,)).fetchone():
                raise UserExists(f"There is a user {name} already.")
            connection.execute(_ADD, values)

        self._database.write_now(write)

    def set_password_hash(self, name: str, password_hash: str) -> None:
        """Change a password. Raises `NoSuchUser`."""
        self._database.write_now(lambda connection: _change(connection, name, _SET_PASSWORD, (password_hash, name)))

    def set_active(self, name: str, *, active: bool) -> None:
        """Let a user in, or keep the user out. Raises `NoSuchUser`."""
        self._database.write_now(lambda connection: _change(connection, name, _SET_ACTIVE, (int(active), name)))


def remove_user(connection: sqlite3.Connection, name: str) -> None:
    """Remove a user and the user's sessions. Raises `NoSuchUser`."""
    _change(connection, name, _REMOVE, (name,))


def require_user(connection: sqlite3.Connection, name: str) -> None:
    """Raises `NoSuchUser` when there is none of this name."""
    if not _is_storable(name) or not connection.execute(_EXISTS, (name,)).fetchone():
        raise _no_such_user(name, [row[0] for row in connection.execute(_NAMES)])


def _change(connection: sqlite3.Connection, name: str, statement: str, values: tuple[object, ...]) -> None:
    require_user(connection, name)
    connection.execute(statement, values)
    connection.execute(_END_SESSIONS, (name,))


def _user(row: tuple[str, str, str, int]) -> User:
    return User(row[0], row[1], tuple(json.loads(row[2])), bool(row[3]))


def _is_storable(name: str) -> bool:
    """Whether the database can be asked for it; halves of characters are no text."""
    return not any(unicodedata.category(one) == "Cs" for one in name)


def _no_such_user(name: str, known: list[str]) -> NoSuchUser:
    return NoSuchUser(f"There is no user {name}. Users: {', '.join(known) or 'none yet'}.")
