"""What was given to a user, on which machines, and what the user may do by it.

Invariants: what is given holds on all machines unless it names some; what concerns the whole installation is had by a
grant for all machines or not at all; what machines share is had by any grant.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import msgspec

from mrdraw.accounts.groups import EVERYTHING, Groups
from mrdraw.accounts.permissions import OF_THE_COMPUTER, SHARED, Permission
from mrdraw.errors import InvalidValue

_MOST_MACHINES = 256


class Scopes(msgspec.Struct, frozen=True, omit_defaults=True):
    """The machines that memberships and permissions are limited to, by their keys; what is not named is not limited."""

    groups: Mapping[str, tuple[str, ...]] = {}
    permissions: Mapping[str, tuple[str, ...]] = {}

    def record(self) -> dict[str, object]:
        """As clients get it."""
        return {
            "groups": {key: list(machines) for key, machines in self.groups.items()},
            "permissions": {key: list(machines) for key, machines in self.permissions.items()},
        }


EVERYWHERE = Scopes()


@dataclass(frozen=True, slots=True)
class Grants:
    """What was given to a user."""

    groups: tuple[str, ...] = ()
    permissions: tuple[Permission, ...] = ()
    """Those given directly."""
    scopes: Scopes = EVERYWHERE

    def changed(
        self, groups: Sequence[str] | None, permissions: Sequence[Permission] | None, scopes: Scopes | None
    ) -> Grants:
        """What is held after a change; `None` leaves it as it is. A scope stays with what stays: a client that knows of
        no scopes widens nothing."""
        after = replace(
            self,
            groups=self.groups if groups is None else tuple(groups),
            permissions=self.permissions if permissions is None else tuple(permissions),
        )
        if scopes is not None:
            return replace(after, scopes=scopes)
        kept = Scopes(_only(self.scopes.groups, after.groups), _only(self.scopes.permissions, after.permissions))
        return replace(after, scopes=kept)

    def without_group(self, key: str) -> Grants:
        """What is held when a group is gone."""
        return self.changed([one for one in self.groups if one != key], None, None)

    def check(self, groups: Groups) -> Grants:
        """The same, each once. Raises `InvalidValue` for a group that nobody can be in, a scope that means nothing."""
        _check_scopes(self.scopes.groups, self.groups, "groups")
        _check_scopes(self.scopes.permissions, self.permissions, "permissions")
        for key in self.scopes.permissions:
            if key in OF_THE_COMPUTER:
                raise InvalidValue(f"{key} concerns the whole installation: it cannot be limited to some machines.")
        return Grants(groups.check_assignable(self.groups), tuple(dict.fromkeys(self.permissions)), self.scopes)


@dataclass(frozen=True, slots=True)
class Rights:
    """What somebody may do."""

    everywhere: frozenset[Permission] = frozenset()
    on_machines: Mapping[str, frozenset[Permission]] = field(default_factory=dict)
    """What holds on some machines only, beside the rest."""

    def anywhere(self) -> frozenset[Permission]:
        """All that holds on any machine."""
        return self.everywhere.union(*self.on_machines.values())


def rights_of(grants: Grants, groups: Groups) -> Rights:
    """What follows from what was given."""
    scopes = grants.scopes
    everywhere = groups.permissions_of(key for key in grants.groups if key not in scopes.groups)
    everywhere |= {permission for permission in grants.permissions if permission not in scopes.permissions}
    limited: dict[str, frozenset[Permission]] = {}
    for key in grants.groups:
        for machine in scopes.groups.get(key, ()):
            limited[machine] = limited.get(machine, frozenset()) | groups.permissions_of((key,))
    for permission in grants.permissions:
        for machine in scopes.permissions.get(permission, ()):
            limited[machine] = limited.get(machine, frozenset()) | {permission}
    everywhere |= SHARED.intersection(frozenset[Permission]().union(*limited.values()))
    if Permission.ADMIN in everywhere:
        return Rights(EVERYTHING)
    further = {machine: held - everywhere - OF_THE_COMPUTER for machine, held in limited.items()}
    return Rights(everywhere, {machine: held for machine, held in further.items() if held})


def _only(scopes: Mapping[str, tuple[str, ...]], keys: Collection[str]) -> dict[str, tuple[str, ...]]:
    return {key: machines for key, machines in scopes.items() if key in keys}


def _check_scopes(scopes: Mapping[str, tuple[str, ...]], held: Collection[str], name: str) -> None:
    for key, machines in scopes.items():
        if key not in held:
            raise InvalidValue(f"machines.{name}.{key[:64]} limits what the user does not have: {key[:64]!r}.")
        if not 1 <= len(machines) <= _MOST_MACHINES:
            raise InvalidValue(
                f"machines.{name}.{key} names 1 to {_MOST_MACHINES} machines; leave it out for all machines."
            )
