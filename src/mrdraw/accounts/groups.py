"""The groups (contract, section 3), as a table.

Invariants: ADMIN implies all others, so `admins` may do everything; `guests` is listed for compatibility, is empty and
stays so; nobody can be put into it.
"""

from __future__ import annotations

from dataclasses import dataclass

from mrdraw.accounts.permissions import ADMINS, DANGEROUS, GUESTS, READONLY, USERS, Permission, held_by, need_of
from mrdraw.errors import InvalidValue


@dataclass(frozen=True, slots=True)
class Group:
    """A group of users."""

    key: str
    name: str
    description: str
    permissions: frozenset[Permission]
    assignable: bool
    """Whether a user can be put into it."""


GROUPS = {
    ADMINS: Group(ADMINS, "Admins", "May do everything.", frozenset(Permission), assignable=True),
    USERS: Group(USERS, "Operator", "May work with the machine.", held_by(USERS), assignable=True),
    READONLY: Group(READONLY, "Read-only Access", "May look.", held_by(READONLY), assignable=True),
    GUESTS: Group(GUESTS, "Guests", "Everybody who is not logged in; may do nothing.", frozenset(), assignable=False),
}
"""The groups by key."""


def group_records() -> list[dict[str, object]]:
    """All groups as clients get them (contract, 4.9)."""
    return [group_record(group) for group in GROUPS.values()]


def group_record(group: Group) -> dict[str, object]:
    """A group as clients get it."""
    return {
        "key": group.key,
        "name": group.name,
        "description": group.description,
        "permissions": sorted(group.permissions),
        "subgroups": [],
        "needs": {"role": sorted(map(need_of, group.permissions)), "group": [group.key]},
        "default": group.key == USERS,
        "removable": False,
        "changeable": False,
        "toggleable": group.assignable,
        "dangerous": bool(group.permissions & DANGEROUS),
    }


def check_group(key: str) -> str:
    """The key of a group that a user can be in. Raises `InvalidValue`."""
    group = GROUPS.get(key)
    if group is None or not group.assignable:
        accepted = ", ".join(group.key for group in GROUPS.values() if group.assignable)
        raise InvalidValue(f"There is no group {key!r} for users; groups are {accepted}.")
    return key


def permissions_of(groups: tuple[str, ...]) -> frozenset[Permission]:
    """What the members of these groups may do."""
    return frozenset().union(*(GROUPS[key].permissions for key in groups if key in GROUPS))
