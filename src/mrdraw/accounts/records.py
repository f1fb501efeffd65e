"""Users as clients read them (contract, 2.4 and 4.9).

Invariants: `permissions` are those given to the user directly; what a user may do by all that was given stands in
`needs`: anywhere in the list of users, on one machine for whoever logs in there. A key stands only where the caller may
see it; where it was left out, that is said.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import cast

from mrdraw.accounts.grants import rights_of
from mrdraw.accounts.groups import Groups
from mrdraw.accounts.permissions import Permission, need_of
from mrdraw.accounts.rows import User

Record = dict[str, object]


def user_record(user: User, groups: Groups, key: str | None, *, shown: bool) -> Record:
    """The record of a user; the key only if it is to be `shown`."""
    rights = rights_of(user.grants, groups)
    admin = Permission.ADMIN in rights.everywhere
    hidden = {} if shown else {"apikeyHidden": True}
    return {
        "name": user.name,
        "active": user.active,
        "permissions": list(user.grants.permissions),
        "groups": list(user.grants.groups),
        "machines": user.grants.scopes.record(),
        "needs": {
            "role": sorted(map(need_of, rights.anywhere())),
            "group": groups.reached_from(user.grants.groups),
        },
        "apikey": key if shown else None,
        **hidden,
        "settings": dict(user.settings),
        "admin": admin,
        "user": True,
        "roles": ["user", "admin"] if admin else ["user"],
    }


def login_record(
    record: Record, permissions: Iterable[Permission], session: str, mechanism: str, seen_at: float | None
) -> Record:
    """What a log-in is answered with: the user's record, and what the user may do there.

    `seen_at` is when the password was typed, if it was; Unix s.
    """
    needs = {**cast("Record", record["needs"]), "role": sorted(map(need_of, permissions))}
    return {
        **record,
        "needs": needs,
        "session": session,
        "_is_external_client": False,
        "_login_mechanism": mechanism,
        "_credentials_seen": False if seen_at is None else datetime.fromtimestamp(seen_at, UTC).isoformat(),
    }
