"""By what failed tries to prove oneself are counted.

Invariants: whoever is in is counted by the session or key alone: no failures of others, from the same address or at the
same account, keep the owner of a living session or key from typing the password.
"""

from __future__ import annotations

from starlette.requests import Request

from mrdraw.accounts import account_of
from mrdraw.accounts.secrets import digest_of
from mrdraw.server.context import client_address, optional_identity
from mrdraw.server.cookies import session_of


def counted_by(request: Request, name: str) -> tuple[str, ...]:
    """What is counted when this request tries to prove to be the user `name`."""
    who = optional_identity(request)
    if who is None or who.name != name:
        return client_address(request), account_of(name)
    if who.via == "session":
        return (f"session:{digest_of(session_of(request.scope, request.headers) or '')}",)
    return (f"key:{who.fingerprint}",)
