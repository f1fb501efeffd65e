"""Users and groups as they lie in the database, read alike by a transaction and by everybody else.

Invariants: what a later version wrote and this one does not know (a permission) gives nobody anything.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from mrdraw.accounts.grants import Grants, Scopes
from mrdraw.accounts.groups import Group, Groups
from mrdraw.accounts.permissions import Permission

Query = Callable[[str], Iterable[tuple[Any, ...]]]
"""Runs a statement and gives its rows: a connection's `execute`, or the database's `read`."""

SELECT_USERS = "SELECT name, password_hash, groups, permissions, scopes, active, settings FROM users"
"""The beginning of a statement whose rows are for `user_of`."""
_USERS = f"{SELECT_USERS} ORDER BY name"
_GROUPS = "SELECT key, name, description, permissions, subgroups, is_default FROM groups ORDER BY key"
_SET_GRANTS = "UPDATE users SET groups = ?, permissions = ?, scopes = ? WHERE name = ?"


@dataclass(frozen=True, slots=True)
class User:
    """A row of the table of users."""

    name: str
    password_hash: str
    grants: Grants
    active: bool
    settings: Mapping[str, object] = field(default_factory=dict)
    """What clients keep with the user."""


def groups_in(query: Query) -> Groups:
    """All groups."""
    return Groups(_group(row) for row in query(_GROUPS))


def users_in(query: Query) -> Iterator[User]:
    """All users, by name."""
    return map(user_of, list(query(_USERS)))


def user_of(row: tuple[Any, ...]) -> User:
    """A user of its row."""
    name, password_hash, groups, permissions, scopes, active, settings = row
    grants = Grants(tuple(json.loads(groups)), _permissions(permissions), msgspec.json.decode(scopes, type=Scopes))
    return User(name, password_hash, grants, bool(active), json.loads(settings))


def grants_in_columns(grants: Grants) -> tuple[str, str, str]:
    """What was given to a user, as it is stored."""
    return json.dumps(grants.groups), json.dumps(grants.permissions), msgspec.json.encode(grants.scopes).decode()


def write_grants(connection: sqlite3.Connection, name: str, grants: Grants) -> None:
    """Store what was given to a user."""
    connection.execute(_SET_GRANTS, (*grants_in_columns(grants), name))


def _group(row: tuple[Any, ...]) -> Group:
    key, name, description, permissions, subgroups, default = row
    return Group(
        key, name, description, frozenset(_permissions(permissions)), tuple(json.loads(subgroups)), bool(default)
    )


def _permissions(stored: str) -> tuple[Permission, ...]:
    return tuple(Permission(key) for key in json.loads(stored) if key in Permission.__members__)
