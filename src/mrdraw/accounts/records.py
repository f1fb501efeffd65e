"""Users as clients read them (contract, 2.4 and 4.9).

Invariants: `permissions` are those given to the user directly, which nobody has; what a user may do by groups stands in
`needs`. A key stands only where the caller asked for it.
"""

from __future__ import annotations

from datetime import UTC, datetime

from mrdraw.accounts.groups import permissions_of
from mrdraw.accounts.permissions import ADMINS, need_of
from mrdraw.accounts.users import User

Record = dict[str, object]


def user_record(user: User, key: str | None) -> Record:
    """The record of a user."""
    admin = ADMINS in user.groups
    return {
        "name": user.name,
        "active": user.active,
        "permissions": [],
        "groups": list(user.groups),
        "needs": {"role": sorted(map(need_of, permissions_of(user.groups))), "group": list(user.groups)},
        "apikey": key,
        "settings": dict(user.settings),
        "admin": admin,
        "user": True,
        "roles": ["user", "admin"] if admin else ["user"],
    }


def login_record(user: User, session: str, mechanism: str, seen_at: float | None) -> Record:
    """What a log-in is answered with; `seen_at` is when the password was typed, if it was."""
    return {
        **user_record(user, None),
        "session": session,
        "_is_external_client": False,
        "_login_mechanism": mechanism,
        "_credentials_seen": False if seen_at is None else datetime.fromtimestamp(seen_at, UTC).isoformat(),
    }
