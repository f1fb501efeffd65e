"""API keys: the global one and those of users.

Invariants: a key is looked up by its digest and kept encrypted, so that it can be shown; an owner has one key or none,
and what stood on the key before (sessions) ends with it; a global key in `config.yaml` is the only global key; one that
was revoked stays off until a person makes a new one.
"""

from __future__ import annotations

import sqlite3
from time import time

from mrdraw.accounts.secrets import SecretKey, digest_of, new_key
from mrdraw.accounts.users import require_user
from mrdraw.settings import Settings
from mrdraw.store import Database

GLOBAL = ""
"""The owner of the global key."""

_OWNER = "SELECT owner FROM api_keys WHERE digest = ?"
_SHOWN = "SELECT encrypted FROM api_keys WHERE owner = ?"
_ALL_SHOWN = "SELECT owner, encrypted FROM api_keys"
_DIGEST = "SELECT digest FROM api_keys WHERE owner = ?"
_ADD = "INSERT INTO api_keys (owner, digest, encrypted, created_at) VALUES (?, ?, ?, ?)"
_END_SESSIONS = "DELETE FROM sessions WHERE fingerprint IN (SELECT digest FROM api_keys WHERE owner = ?)"
_REMOVE = "DELETE FROM api_keys WHERE owner = ?"
_IS_OFF = "SELECT 1 FROM meta WHERE key = 'global_key_revoked'"
_SWITCH_OFF = "INSERT OR REPLACE INTO meta (key, value) VALUES ('global_key_revoked', '1')"
_SWITCH_ON = "DELETE FROM meta WHERE key = 'global_key_revoked'"


class Keys:
    """The keys in the database and the one in the settings."""

    def __init__(self, database: Database, settings: Settings, secret: SecretKey) -> None:
        self._database = database
        self._settings = settings
        self._secret = secret

    def owner_of(self, key: str) -> str | None:
        """Whose key this is; `GLOBAL`, a user's name, or nobody's."""
        digest, configured = digest_of(key), self._configured()
        if configured and digest_of(configured) == digest:
            return GLOBAL
        rows = self._database.read(_OWNER, (digest,))
        owner: str | None = rows[0][0] if rows else None
        return None if owner == GLOBAL and configured else owner

    def shown(self, owner: str) -> str | None:
        """The key of an owner; none as well when the key file is not the one it was stored with."""
        if owner == GLOBAL and (configured := self._configured()):
            return configured
        rows = self._database.read(_SHOWN, (owner,))
        return self._secret.decrypt(rows[0][0]) if rows else None

    def all_shown(self) -> dict[str, str | None]:
        """The keys in the database by their owners."""
        return {owner: self._secret.decrypt(encrypted) for owner, encrypted in self._database.read(_ALL_SHOWN)}

    def digest(self, owner: str) -> str | None:
        """The digest of an owner's key."""
        if owner == GLOBAL and (configured := self._configured()):
            return digest_of(configured)
        rows = self._database.read(_DIGEST, (owner,))
        return rows[0][0] if rows else None

    def renew_of_user(self, name: str) -> str:
        """Make a user's key; the one before is gone. Raises `NoSuchUser`."""
        key = new_key()

        def write(connection: sqlite3.Connection) -> None:
            require_user(connection, name)
            self._replace(connection, name, key)

        self._database.write_now(write)
        return key

    def revoke_of_user(self, name: str) -> None:
        """Take a user's key away. Raises `NoSuchUser`."""

        def write(connection: sqlite3.Connection) -> None:
            require_user(connection, name)
            remove_key(connection, name)

        self._database.write_now(write)

    def ensure_global(self) -> None:
        """Make a global key where there never was one."""

        def write(connection: sqlite3.Connection) -> None:
            if not connection.execute(_DIGEST, (GLOBAL,)).fetchone() and not connection.execute(_IS_OFF).fetchone():
                self._replace(connection, GLOBAL, new_key())

        if self.digest(GLOBAL) is None:
            self._database.write_now(write)

    def renew_global(self) -> str:
        """Make the global key anew; one in the settings is taken out, so that one source holds."""
        key = new_key()

        def write(connection: sqlite3.Connection) -> None:
            self._replace(connection, GLOBAL, key)
            connection.execute(_SWITCH_ON)

        self._forget_configured()
        self._database.write_now(write)
        return key

    def revoke_global(self) -> None:
        """Switch the global key off, in the settings too."""

        def write(connection: sqlite3.Connection) -> None:
            remove_key(connection, GLOBAL)
            connection.execute(_SWITCH_OFF)

        self._database.write_now(write)
        self._forget_configured()

    def _replace(self, connection: sqlite3.Connection, owner: str, key: str) -> None:
        remove_key(connection, owner)
        connection.execute(_ADD, (owner, digest_of(key), self._secret.encrypt(key), time()))

    def _configured(self) -> str | None:
        return self._settings.current().api.key or None

    def _forget_configured(self) -> None:
        if self._configured():
            self._settings.update({"api": {"key": None}})


def remove_key(connection: sqlite3.Connection, owner: str) -> None:
    """Take an owner's key and its sessions away."""
    connection.execute(_END_SESSIONS, (owner,))
    connection.execute(_REMOVE, (owner,))
