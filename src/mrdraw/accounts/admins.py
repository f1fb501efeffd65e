"""Whether anybody is an admin: has ADMIN on all machines, by whatever group or permission, and may come in."""

from __future__ import annotations

from mrdraw.accounts.grants import rights_of
from mrdraw.accounts.permissions import Permission
from mrdraw.accounts.rows import SELECT_USERS, Query, groups_in, user_of

_ACTIVE = f"""{SELECT_USERS} WHERE active = 1 ORDER BY groups LIKE '%"admins"%' DESC"""
"""Whoever is most likely one comes first."""


def has_admin(query: Query) -> bool:
    """Whether an active user is an admin."""
    groups = groups_in(query)
    users = map(user_of, query(_ACTIVE))
    return any(Permission.ADMIN in rights_of(user.grants, groups).everywhere for user in users)
