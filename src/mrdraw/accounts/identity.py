"""Who sent a request.

Invariants: an identity is a value; it says what its owner may do at the moment it was looked up.
"""

from __future__ import annotations

import msgspec

from mrdraw.accounts.permissions import Permission

API_USER = "_api"
"""The name of whoever has the global key."""


class Identity(msgspec.Struct, frozen=True):
    """A known user, or the owner of the global key."""

    name: str
    groups: tuple[str, ...]
    permissions: frozenset[Permission]
    via: str
    """`apikey` or `session`."""
    fingerprint: str
    """Of what the identity stands on: a session that was opened for it ends when this changes."""
    proven_at: float | None = None
    """When its owner typed the password that its session stands on, Unix s; `None` where no password was typed."""

    @property
    def is_global(self) -> bool:
        """Whether it is the owner of the global key."""
        return self.name == API_USER

    def may(self, permission: Permission) -> bool:
        """Whether it has a permission; ADMIN implies all."""
        return permission in self.permissions or Permission.ADMIN in self.permissions
