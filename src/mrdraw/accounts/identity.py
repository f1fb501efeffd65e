"""Who sent a request.

Invariants: an identity is a value; it says what its owner may do at the moment it was looked up; whoever does not say
for which machine asks for all machines.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from mrdraw.accounts.permissions import Permission

API_USER = "_api"
"""The name of whoever has the global key."""
PAGE_USER = "_page"
"""The name of whoever is at the page while access control is off."""


class Identity(msgspec.Struct, frozen=True):
    """A known user, or the owner of the global key."""

    name: str
    groups: tuple[str, ...]
    permissions: frozenset[Permission]
    """Those that hold on every machine."""
    via: str
    """`apikey` or `session`; `authheader` (Basic authentication) or `remote_user` (a proxy says so)."""
    fingerprint: str
    """Of what the identity stands on: a session that was opened for it ends when this changes."""
    proven_at: float | None = None
    """When its owner typed the password that its session stands on, Unix s; `None` where no password was typed."""

    on_machines: Mapping[str, frozenset[Permission]] = {}
    """What holds on some machines only, beside `permissions`, by their ids."""
    application: str | None = None
    """The application whose key it stands on, if it is one."""
    ends_at: float | None = None
    """When it ends by itself, Unix s."""

    @property
    def is_global(self) -> bool:
        """Whether it is the owner of the global key."""
        return self.name == API_USER

    def may(self, permission: Permission, machine_id: str | None = None) -> bool:
        """Whether it has a permission on this machine, or on every one; ADMIN implies all."""
        if permission in self.permissions or Permission.ADMIN in self.permissions:
            return True
        return machine_id is not None and permission in self.on_machines.get(machine_id, ())

    def may_somewhere(self, permission: Permission) -> bool:
        """Whether it has a permission on any machine."""
        return self.may(permission) or any(permission in held for held in self.on_machines.values())

    def permissions_on(self, machine_id: str) -> frozenset[Permission]:
        """All that it may do with this machine."""
        return self.permissions | self.on_machines.get(machine_id, frozenset())
