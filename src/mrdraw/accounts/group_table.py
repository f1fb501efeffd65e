"""The groups in the database: those of people's own, and what was changed of the built-in group `users`.

Invariants: a group is in itself neither directly nor through others; the groups of now are answered from memory until
somebody writes to the database; a change that would leave no active admin is refused in the same transaction.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec

from mrdraw.accounts.admins import has_admin
from mrdraw.accounts.groups import Group, Groups, check_permissions, check_text
from mrdraw.accounts.rows import groups_in, users_in, write_grants
from mrdraw.errors import GroupExists, InvalidValue, LastAdmin, NotPermitted
from mrdraw.store import Database

_PUT = (
    "INSERT OR REPLACE INTO groups (key, name, description, permissions, subgroups, is_default)"
    " VALUES (?, ?, ?, ?, ?, ?)"
)
_REMOVE = "DELETE FROM groups WHERE key = ?"
_MOST_GROUPS = 256


class GroupChange(msgspec.Struct, frozen=True):
    """What is to be another of a group; `None` leaves it as it is."""

    permissions: Sequence[str] | None = None
    subgroups: Sequence[str] | None = None
    default: bool | None = None
    description: str | None = None
    name: str | None = None


class GroupTable:
    """The groups of one base folder."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._now = Groups()
        self._known_at: object = None

    def now(self) -> Groups:
        """The groups of now."""
        version = self._database.data_version()
        if version != self._known_at:
            self._now, self._known_at = groups_in(self._database.read), version
        return self._now

    def records(self) -> list[dict[str, object]]:
        """All groups as clients get them (contract, 4.9)."""
        groups = self.now()
        return [groups.record(group) for group in groups]

    def record(self, key: str) -> dict[str, object]:
        """A group as clients get it. Raises `NoSuchGroup`."""
        groups = self.now()
        return groups.record(groups.get(key))

    def add(self, key: str, change: GroupChange) -> None:
        """Add a group of people's own; blocks. Raises `InvalidValue`, `GroupExists`."""

        def write(connection: sqlite3.Connection) -> None:
            groups = groups_in(connection.execute)
            groups.check_new_key(key)
            if groups.has_key(key):
                raise GroupExists(f"There is a group {key} already, or one that differs in upper and lower case only.")
            if len(list(groups)) >= _MOST_GROUPS:
                raise InvalidValue(f"There are {_MOST_GROUPS} groups, which is the most.")
            self._put(connection, groups, Group(key, key, "", frozenset()), change)

        self._database.write_now(write)

    def change(self, key: str, change: GroupChange) -> None:
        """Change a group; blocks. Raises `NoSuchGroup`, `NotPermitted`, `InvalidValue`, `LastAdmin`."""

        def write(connection: sqlite3.Connection) -> None:
            groups = groups_in(connection.execute)
            group = groups.get(key)
            if not group.changeable:
                raise NotPermitted(f"The group {key} cannot be changed.")
            had_admin = has_admin(connection.execute)
            self._put(connection, groups, group, change)
            _keep_admin(connection, key, had_admin=had_admin)

        self._database.write_now(write)

    def remove(self, key: str) -> None:
        """Remove a group, from users and other groups too; blocks. Raises as `change` does."""

        def write(connection: sqlite3.Connection) -> None:
            groups = groups_in(connection.execute)
            if not groups.get(key).removable:
                raise NotPermitted(f"The group {key} cannot be removed.")
            had_admin = has_admin(connection.execute)
            connection.execute(_REMOVE, (key,))
            for group in groups:
                if key in group.subgroups:
                    _store(connection, replace(group, subgroups=tuple(one for one in group.subgroups if one != key)))
            for user in users_in(connection.execute):
                if key in user.grants.groups:
                    write_grants(connection, user.name, user.grants.without_group(key))
            _keep_admin(connection, key, had_admin=had_admin)

        self._database.write_now(write)

    @staticmethod
    def _put(connection: sqlite3.Connection, groups: Groups, group: Group, change: GroupChange) -> None:
        changed = _changed(group, change)
        groups.check_assignable(changed.subgroups)
        groups.check_no_cycle(changed)
        _store(connection, changed)


def _changed(group: Group, change: GroupChange) -> Group:
    """A group after a change, with its own permissions and texts checked. Raises `InvalidValue`."""
    given: dict[str, Any] = {
        "permissions": None if change.permissions is None else frozenset(check_permissions(change.permissions)),
        "subgroups": None if change.subgroups is None else tuple(dict.fromkeys(change.subgroups)),
        "default": change.default,
        "description": _text(change.description, "description", may_be_empty=True),
        "name": _text(change.name, "name", may_be_empty=False) if group.removable else None,
    }
    return replace(group, **{member: value for member, value in given.items() if value is not None})


def _text(value: str | None, member: str, *, may_be_empty: bool) -> str | None:
    return None if value is None else check_text(value, member, may_be_empty=may_be_empty)


def _store(connection: sqlite3.Connection, group: Group) -> None:
    permissions = json.dumps(sorted(group.permissions))
    subgroups = json.dumps(group.subgroups)
    values = (group.key, group.name, group.description, permissions, subgroups, int(group.default))
    connection.execute(_PUT, values)


def _keep_admin(connection: sqlite3.Connection, key: str, *, had_admin: bool) -> None:
    if had_admin and not has_admin(connection.execute):
        raise LastAdmin(f"By the group {key} somebody is the last active admin; nothing was changed.")
