"""The page's user while access control is off: an Operator without a password (contract, section 0).

Invariants: there is one only while access control is off and some active user is an admin; it holds nothing that is
dangerous and makes no keys, whatever the group of operators holds; its session is known to this process alone and to
no database. Who may have it is not asked here but where a request comes in.
"""

from __future__ import annotations

from collections.abc import Callable
from hmac import compare_digest

from mrdraw.accounts.grants import Grants
from mrdraw.accounts.groups import Groups
from mrdraw.accounts.identity import PAGE_USER, Identity
from mrdraw.accounts.permissions import DANGEROUS, USERS, Permission
from mrdraw.accounts.rows import User
from mrdraw.accounts.secrets import digest_of, new_key
from mrdraw.settings import Settings

VIA = "access control off"
_NEVER = DANGEROUS | {
    permission
    for permission in Permission
    if permission.value.startswith(("PLUGIN_APPKEYS_", "PLUGIN_PLUGINMANAGER_", "PLUGIN_BACKUP_", "PLUGIN_LOGGING_"))
}
"""What the admin's password is asked for: settings, system, keys."""


class OpenPage:
    """The session of whoever is at the page."""

    def __init__(self, settings: Settings, groups: Callable[[], Groups], is_first_run: Callable[[], bool]) -> None:
        self._settings = settings
        self._groups = groups
        self._is_first_run = is_first_run
        self._token = new_key()

    def is_off(self) -> bool:
        """Whether access control is off; in the first run it is on, whatever is set."""
        return not self._settings.current().access_control.enabled and not self._is_first_run()

    def token(self) -> str:
        """The session that the page is given."""
        return self._token

    def is_token(self, token: str) -> bool:
        """Whether this is that session."""
        return compare_digest(token.encode("utf-8", "replace"), self._token.encode())

    def identity(self) -> Identity | None:
        """Who is at the page; nobody while access control is on."""
        if not self.is_off():
            return None
        held = self._groups().permissions_of((USERS,)) - _NEVER
        return Identity(PAGE_USER, (USERS,), held, VIA, digest_of(self._token))

    def user(self) -> User:
        """The same as the user that clients read."""
        return User(PAGE_USER, "", Grants((USERS,)), active=True)
