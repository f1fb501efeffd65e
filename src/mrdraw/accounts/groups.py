"""Groups of users: the built-in ones, and what follows from groups in groups (contract, section 3).

Invariants: ADMIN implies all others; `guests` is listed for compatibility, is empty and stays so, and nobody can be put
into it; a group reaches each of its subgroups once, whatever they hold. Nothing here knows of the database.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from mrdraw.accounts.permissions import ADMINS, DANGEROUS, GUESTS, READONLY, USERS, Permission, held_by, need_of
from mrdraw.errors import InvalidValue, NoSuchGroup

EVERYTHING = frozenset(Permission)
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\Z")
_LONGEST_TEXT = 256


@dataclass(frozen=True, slots=True)
class Group:
    """A group of users."""

    key: str
    name: str
    description: str
    permissions: frozenset[Permission]
    """Its own, without those of its subgroups."""
    subgroups: tuple[str, ...] = ()
    default: bool = False
    """Whether new users are put into it."""

    @property
    def assignable(self) -> bool:
        """Whether a user can be put into it."""
        return self.key != GUESTS

    @property
    def changeable(self) -> bool:
        """Whether its permissions and subgroups can be changed."""
        return self.key == USERS or self.removable

    @property
    def removable(self) -> bool:
        """Whether people made it."""
        return self.key not in BUILT_IN


BUILT_IN: Mapping[str, Group] = MappingProxyType({
    ADMINS: Group(ADMINS, "Admins", "May do everything.", EVERYTHING),
    USERS: Group(USERS, "Operator", "May work with the machine.", held_by(USERS), default=True),
    READONLY: Group(READONLY, "Read-only Access", "May look.", held_by(READONLY)),
    GUESTS: Group(GUESTS, "Guests", "Everybody who is not logged in; may do nothing.", frozenset()),
})  # fmt: skip
"""The groups that there always are, as they are at first."""


class Groups:
    """The groups that there are at one moment."""

    def __init__(self, stored: Iterable[Group] = ()) -> None:
        """`stored` are those of people's own and the changed ones; one that cannot be changed stays as it is."""
        changed = {group.key: group for group in stored if group.changeable}
        self._by_key = {**BUILT_IN, **changed}

    def __iter__(self) -> Iterator[Group]:
        return iter(self._by_key.values())

    def get(self, key: str) -> Group:
        """The group of this key. Raises `NoSuchGroup`."""
        if key not in self._by_key:
            raise NoSuchGroup(f"There is no group {key[:64]!r}. Groups are: {', '.join(self._by_key)}.")
        return self._by_key[key]

    def reached_directly(self, key: str) -> tuple[str, ...]:
        """The groups that are in a group; none in one that is gone."""
        return self._by_key[key].subgroups if key in self._by_key else ()

    def reached_from(self, keys: Iterable[str]) -> list[str]:
        """These groups and all that are in them, each once."""
        found: dict[str, None] = {}
        waiting = list(keys)[::-1]
        while waiting:
            key = waiting.pop()
            if key in self._by_key and key not in found:
                found[key] = None
                waiting.extend(reversed(self._by_key[key].subgroups))
        return list(found)

    def permissions_of(self, keys: Iterable[str]) -> frozenset[Permission]:
        """What the members of these groups may do."""
        held = frozenset[Permission]().union(*(self._by_key[key].permissions for key in self.reached_from(keys)))
        return EVERYTHING if Permission.ADMIN in held else held

    def defaults(self) -> tuple[str, ...]:
        """The groups of new users."""
        return tuple(group.key for group in self if group.default)

    def check_assignable(self, keys: Iterable[str]) -> tuple[str, ...]:
        """Groups that users and groups can be in, each once. Raises `InvalidValue`."""
        for key in keys:
            if key not in self._by_key or not self._by_key[key].assignable:
                accepted = ", ".join(group.key for group in self if group.assignable)
                raise InvalidValue(f"There is no group {key[:64]!r} for users; groups are {accepted}.")
        return tuple(dict.fromkeys(keys))

    def check_new_key(self, key: str) -> None:
        """Whether a group could have this key. Raises `InvalidValue`."""
        if not _KEY.match(key):
            raise InvalidValue(
                f"{key[:64]!r} cannot be a group's key: it has 1 to 64 ASCII letters, digits, dots, hyphens and "
                "underscores, and begins with a letter or a digit."
            )

    def has_key(self, key: str) -> bool:
        """Whether there is a group of this key, or of one that people would take for it."""
        return key.lower() in {known.lower() for known in self._by_key}

    def check_no_cycle(self, group: Group) -> None:
        """Whether this group, added or changed, would be in itself. Raises `InvalidValue`, naming the way round."""
        changed = Groups([*self, group])
        ways = [[key] for key in reversed(group.subgroups)]
        seen: set[str] = set()
        while ways:
            way = ways.pop()
            if way[-1] == group.key:
                raise InvalidValue(f"A group cannot be in itself: {' in '.join([*reversed(way), group.key])}.")
            if way[-1] not in seen:
                seen.add(way[-1])
                ways.extend([*way, key] for key in changed.reached_directly(way[-1]))

    def record(self, group: Group) -> dict[str, object]:
        """A group as clients get it (contract, 4.9)."""
        effective = self.permissions_of((group.key,))
        return {
            "key": group.key,
            "name": group.name,
            "description": group.description,
            "permissions": sorted(group.permissions),
            "subgroups": list(group.subgroups),
            "needs": {"role": sorted(map(need_of, effective)), "group": self.reached_from((group.key,))},
            "default": group.default,
            "removable": group.removable,
            "changeable": group.changeable,
            "toggleable": group.assignable,
            "dangerous": bool(effective & DANGEROUS),
        }


def check_text(value: str, member: str, *, may_be_empty: bool) -> str:
    """A name or description. Raises `InvalidValue`."""
    if len(value) > _LONGEST_TEXT or not value.isprintable() or not (may_be_empty or value.strip()):
        least = 0 if may_be_empty else 1
        raise InvalidValue(f"{member} has {least} to {_LONGEST_TEXT} characters, and none that cannot be seen.")
    return value


def check_permissions(keys: Iterable[str]) -> tuple[Permission, ...]:
    """Permissions by their keys, each once. Raises `InvalidValue`."""
    found: dict[Permission, None] = {}
    for key in keys:
        if key not in Permission.__members__:
            raise InvalidValue(f"There is no permission {key[:64]!r}; GET /api/access/permissions lists them.")
        found[Permission(key)] = None
    return tuple(found)
