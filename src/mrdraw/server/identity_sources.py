"""Who sends a request that has neither key nor session: Basic authentication, or a proxy that says so (contract, 2.1).

Invariants: both are off unless the settings switch them on. A proxy's word counts only when the peer is one of the
trusted proxies, whoever else sends the header, and so does a Basic name whose password nobody checks here; a header
that comes twice says nothing. A password that was wrong counts as a failed log-in of its address.
"""

from __future__ import annotations

import asyncio
from base64 import b64decode

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import Scope

from mrdraw.accounts import Identity
from mrdraw.server.context import Services, client_address, comes_from_proxy
from mrdraw.settings.sections import AccessControlTree

_LONGEST = 1024
"""Characters of a name and a password."""
_BASIC, _REMOTE_USER = "authheader", "remote_user"
"""What clients are told of how somebody logged in."""


class IdentitySources:
    """Looks where the settings allow it, in the contract's order."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def find(self, scope: Scope, headers: Headers) -> Identity | None:
        """Who sends the request."""
        tree = self._services.settings.current().access_control
        found = await self._by_basic(scope, headers, tree) if tree.trust_basic_authentication else None
        if found is None and tree.trust_remote_user and comes_from_proxy(scope):
            found = await self._by_header(scope, tree)
        return found

    async def _by_basic(self, scope: Scope, headers: Headers, tree: AccessControlTree) -> Identity | None:
        name, password = _basic(headers)
        if not name:
            return None
        accounts = self._services.accounts
        if tree.check_basic_authentication_password:
            return await accounts.identify_password(name, password, client_address(HTTPConnection(scope)))
        return accounts.vouched_for(name, _BASIC) if comes_from_proxy(scope) else None

    async def _by_header(self, scope: Scope, tree: AccessControlTree) -> Identity | None:
        name = _named(scope, tree.remote_user_header)
        if name is None:
            return None
        accounts = self._services.accounts
        found = accounts.vouched_for(name, _REMOTE_USER)
        if found is None and tree.add_remote_users and not accounts.claim.is_open():
            found = await asyncio.to_thread(accounts.vouched_for, name, _REMOTE_USER, add=True)
        return found


def _basic(headers: Headers) -> tuple[str, str]:
    """The name and the password of Basic authentication (RFC 7617); no name where there is none."""
    kind, _, value = headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return "", ""
    try:
        name, _, password = b64decode(value.strip(), validate=True).decode().partition(":")
    except ValueError:
        return "", ""
    return (name, password) if len(name) + len(password) <= _LONGEST else ("", "")


def _named(scope: Scope, header: str) -> str | None:
    """Whom the header names that a proxy sets: under exactly this name, once."""
    wanted = header.lower().encode()
    values = [value for name, value in scope["headers"] if name == wanted]
    try:
        name = values[0].decode().strip() if len(values) == 1 else ""
    except UnicodeDecodeError:
        return None
    return name if 0 < len(name) <= _LONGEST else None
