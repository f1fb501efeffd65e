"""Users: the table of them, and what may be a name.

Invariants: names keep their case and are compared with it; what ends a user's access (removal, deactivation, another
password) ends the user's sessions in the same transaction; a change that would leave no active admin can be refused
in it as well.
"""

from __future__ import annotations

import json
import sqlite3
import unicodedata
from collections.abc import Callable, Mapping
from time import time

from mrdraw.accounts.admins import has_admin
from mrdraw.accounts.claim import settle_claim
from mrdraw.accounts.grants import Grants
from mrdraw.accounts.identity import API_USER, PAGE_USER
from mrdraw.accounts.permissions import ADMINS, USERS
from mrdraw.accounts.rows import SELECT_USERS, User, grants_in_columns, groups_in, user_of, users_in, write_grants
from mrdraw.errors import InvalidValue, LastAdmin, NoClaim, NoSuchUser, TooLarge, UserExists
from mrdraw.store import Database

_ONE = f"{SELECT_USERS} WHERE name = ?"
_EXISTS = "SELECT 1 FROM users WHERE name = ?"
_NAMES = "SELECT name FROM users ORDER BY name LIMIT 20"
_ADD = (
    "INSERT INTO users (name, password_hash, groups, permissions, scopes, active, created_at)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_SET_PASSWORD = "UPDATE users SET password_hash = ? WHERE name = ?"  # noqa: S105 - a statement
_SET_ACTIVE = "UPDATE users SET active = ? WHERE name = ?"
_SETTINGS = "SELECT settings FROM users WHERE name = ?"
_SET_SETTINGS = "UPDATE users SET settings = ? WHERE name = ?"
_REMOVE = "DELETE FROM users WHERE name = ?"
_END_SESSIONS = "DELETE FROM sessions WHERE user = ?"

_TURNS = "".join(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A))))
"""Characters that turn the direction of writing: with them a name looks like another."""
_RESERVED = frozenset(":/\\" + _TURNS)
"""What is no name in an address."""
_NOT_IN_NAMES = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Control characters, halves of characters, line and paragraph separators."""
_LONGEST_NAME = 128
_MOST_SETTINGS = 256 * 1024
"""Characters of a user's settings."""


class Users:
    """The users in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[User]:
        """All users, by name."""
        return list(users_in(self._database.read))

    def find(self, name: str) -> User | None:
        """A user, if there is one of this name."""
        if not _is_storable(name):
            return None
        rows = self._database.read(_ONE, (name,))
        return user_of(rows[0]) if rows else None

    def get(self, name: str) -> User:
        """A user. Raises `NoSuchUser`."""
        user = self.find(name)
        if user is None:
            raise _no_such_user(name, [row[0] for row in self._database.read(_NAMES)])
        return user

    def check_new(self, name: str) -> None:
        """Whether a user of this name could be added. Raises `InvalidValue`, `UserExists`."""
        if not name or name != name.strip() or name in {API_USER, PAGE_USER} or len(name) > _LONGEST_NAME:
            raise InvalidValue(
                f"{name[:_LONGEST_NAME]!r} cannot be a user's name: it has 1 to {_LONGEST_NAME} characters, no blanks "
                f"around it, and is neither {API_USER} nor {PAGE_USER}."
            )
        if not name.strip("."):
            raise InvalidValue(f"{name!r} cannot be a user's name: browsers take it for a step in a path.")
        if any(one in _RESERVED or unicodedata.category(one) in _NOT_IN_NAMES for one in name):
            raise InvalidValue(
                f"{name!r} cannot be a user's name: it has no colon, slash, control character or turn of the writing "
                "direction."
            )
        if self.find(name) is not None:
            raise UserExists(f"There is a user {name} already.")

    def add(
        self,
        name: str,
        password_hash: str,
        grants: Grants | None,
        *,
        active: bool = True,
        also: Callable[[sqlite3.Connection], object] | None = None,
    ) -> None:
        """Add a user whose name was checked, without `grants` to the groups of new users; `also` in one transaction.

        Raises `InvalidValue`, `UserExists`.
        """

        def write(connection: sqlite3.Connection) -> None:
            groups = groups_in(connection.execute)
            given = Grants(groups.defaults()) if grants is None else grants.check(groups)
            _add(connection, name, password_hash, given, active=active)
            if also is not None:
                also(connection)

        self._database.write_now(write)

    def add_first_admin(self, name: str, password_hash: str) -> None:
        """Add the admin of the first run. Raises `NoClaim` when there is one already, `UserExists`."""

        def write(connection: sqlite3.Connection) -> None:
            if has_admin(connection.execute):
                raise NoClaim("There is an admin already.")
            _add(connection, name, password_hash, Grants((ADMINS, USERS)), active=True)

        self._database.write_now(write)

    def set_password_hash(self, name: str, password_hash: str) -> None:
        """Change a password. Raises `NoSuchUser`."""
        self._database.write_now(lambda connection: _change(connection, name, _SET_PASSWORD, (password_hash, name)))

    def set_active(self, name: str, *, active: bool) -> None:
        """Let a user in, or keep the user out. Raises `NoSuchUser`."""
        self.change(name, lambda grants: grants, active=active, keep_admin=False)

    def change(self, name: str, changed: Callable[[Grants], Grants], *, active: bool | None, keep_admin: bool) -> None:
        """Change what was given to a user, and whether the user may come in (`None` leaves that as it is).

        Raises `NoSuchUser`, `InvalidValue`; with `keep_admin` `LastAdmin`.
        """

        def write(connection: sqlite3.Connection) -> None:
            had_admin = has_admin(connection.execute)
            require_user(connection, name)
            before = user_of(connection.execute(_ONE, (name,)).fetchone()).grants
            if (after := changed(before)) != before:
                write_grants(connection, name, after.check(groups_in(connection.execute)))
            if active is not None:
                _change(connection, name, _SET_ACTIVE, (int(active), name))
            if keep_admin and had_admin:
                require_admin(connection, name)
            settle_claim(connection)

        self._database.write_now(write)

    def merge_settings(self, name: str, changes: Mapping[str, object]) -> None:
        """Put members into what clients keep with a user. Raises `NoSuchUser`, `TooLarge`."""

        def write(connection: sqlite3.Connection) -> None:
            require_user(connection, name)
            (kept,) = connection.execute(_SETTINGS, (name,)).fetchone()
            merged = json.dumps({**json.loads(kept), **changes})
            if len(merged) > _MOST_SETTINGS:
                raise TooLarge(f"The settings of a user have {_MOST_SETTINGS} characters at most; nothing was changed.")
            connection.execute(_SET_SETTINGS, (merged, name))

        self._database.write_now(write)


def remove_user(connection: sqlite3.Connection, name: str, *, keep_admin: bool) -> None:
    """Remove a user and the user's sessions. Raises `NoSuchUser`; with `keep_admin` `LastAdmin`."""
    had_admin = has_admin(connection.execute)
    _change(connection, name, _REMOVE, (name,))
    if keep_admin and had_admin:
        require_admin(connection, name)


def require_admin(connection: sqlite3.Connection, name: str) -> None:
    """Raises `LastAdmin` when nobody is an active admin after a change of the user `name`."""
    if not has_admin(connection.execute):
        raise LastAdmin(f"{name} is the last active admin. Make somebody else an admin first; nothing was changed.")


def require_user(connection: sqlite3.Connection, name: str) -> None:
    """Raises `NoSuchUser` when there is none of this name."""
    if not _is_storable(name) or not connection.execute(_EXISTS, (name,)).fetchone():
        raise _no_such_user(name, [row[0] for row in connection.execute(_NAMES)])


def _add(connection: sqlite3.Connection, name: str, password_hash: str, grants: Grants, *, active: bool) -> None:
    if connection.execute(_EXISTS, (name,)).fetchone():
        raise UserExists(f"There is a user {name} already.")
    connection.execute(_ADD, (name, password_hash, *grants_in_columns(grants), int(active), time()))
    settle_claim(connection)


def _change(connection: sqlite3.Connection, name: str, statement: str, values: tuple[object, ...]) -> None:
    require_user(connection, name)
    connection.execute(statement, values)
    connection.execute(_END_SESSIONS, (name,))


def _is_storable(name: str) -> bool:
    """Whether the database can be asked for it; halves of characters are no text."""
    return not any(unicodedata.category(one) == "Cs" for one in name)


def _no_such_user(name: str, known: list[str]) -> NoSuchUser:
    return NoSuchUser(f"There is no user {name}. Users: {', '.join(known) or 'none yet'}.")
