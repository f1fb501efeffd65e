"""Users, keys and sessions: who somebody is, and changing that.

Invariants: what is looked up for each request is answered from memory, and the memory is dropped as soon as anybody
wrote to the database or to the settings; an inactive user is nobody; a session lives as long as what it stands on (the
password, the key) does.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from hmac import compare_digest
from pathlib import Path
from time import time

from mrdraw.accounts.attempts import AttemptLimiter
from mrdraw.accounts.identity import API_USER, Identity
from mrdraw.accounts.permissions import ADMINS, USERS, check_group, need_of, permissions_of
from mrdraw.accounts.secrets import Passwords, SecretKey, digest_of, new_key
from mrdraw.accounts.sessions import Sessions
from mrdraw.errors import InvalidValue, NoSuchUser, NotPermitted, UserExists
from mrdraw.settings import Settings
from mrdraw.store import Database

_GLOBAL = ""
"""The owner of the global key in the table of keys."""
_REVOKED = "global_key_revoked"

_USERS = "SELECT name, password_hash, groups, active FROM users ORDER BY name"
_USER = "SELECT name, password_hash, groups, active FROM users WHERE name = ?"
_KEY_OWNER = "SELECT owner FROM api_keys WHERE digest = ?"
_KEY_OF = "SELECT encrypted FROM api_keys WHERE owner = ?"
_SET_KEY = (
    "INSERT INTO api_keys (owner, digest, encrypted, created_at) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (owner) DO UPDATE SET digest = excluded.digest, encrypted = excluded.encrypted, "
    "created_at = excluded.created_at"
)
_SET_META = "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"


@dataclass(frozen=True, slots=True)
class _User:
    name: str
    password_hash: str
    groups: tuple[str, ...]
    active: bool


class Accounts:
    """The accounts of one base folder."""

    def __init__(self, database: Database, settings: Settings, basedir: Path) -> None:
        self._database = database
        self._settings = settings
        self._secret = SecretKey(basedir)
        self._passwords = Passwords()
        self._known_keys: dict[str, Identity | None] = {}
        self._known_sessions: dict[str, Identity | None] = {}
        self._known_at: tuple[object, ...] = ()
        self.attempts = AttemptLimiter(database)
        self.sessions = Sessions(database, self._secret)

    def close(self) -> None:
        """End the threads that hash passwords."""
        self._passwords.close()

    # --- who somebody is -------------------------------------------------------------------------------------------

    def identify_key(self, key: str) -> Identity | None:
        """The owner of an API key, or `None`."""
        self._forget_if_changed()
        if key not in self._known_keys:
            if len(self._known_keys) > _MOST_KNOWN:
                self._known_keys.clear()
            self._known_keys[key] = self._look_up_key(key)
        return self._known_keys[key]

    def identify_session(self, token: str) -> Identity | None:
        """The user of a living session, or `None`."""
        self._forget_if_changed()
        if token not in self._known_sessions:
            if len(self._known_sessions) > _MOST_KNOWN:
                self._known_sessions.clear()
            self._known_sessions[token] = self._look_up_session(token)
        identity = self._known_sessions[token]
        return identity if identity is not None and self.sessions.touch(token) else None

    async def login(self, name: str, password: str) -> Identity:
        """The user who logs in. Raises `NotPermitted`."""
        user = self._find(name)
        right = await self._passwords.check(user.password_hash if user else None, password)
        if user is None or not right or not user.active:
            raise NotPermitted("The user name or the password is wrong.")
        return _identity(user, via="session", fingerprint=digest_of(user.password_hash))

    async def open_session(self, identity: Identity, *, remember: bool = False) -> str:
        """A session for an identity; an API key has one and the same as long as it lives."""
        return await self.sessions.open(identity, remember=remember)

    async def close_session(self, token: str) -> None:
        """End a session."""
        await self.sessions.close(token)

    def new_csrf_token(self) -> str:
        """A token that a page shows it got from here."""
        token = new_key()
        return f"{token}.{self._secret.derive('csrf', token)}"

    def is_csrf_token(self, token: str) -> bool:
        """Whether the token was made here."""
        value, _, signature = token.partition(".")
        return compare_digest(signature, self._secret.derive("csrf", value))

    def _forget_if_changed(self) -> None:
        state = (self._database.data_version(), self._settings.current())
        if state != self._known_at:
            self._known_at = state
            self._known_keys.clear()
            self._known_sessions.clear()

    def _look_up_key(self, key: str) -> Identity | None:
        digest = digest_of(key)
        configured = self._settings.current().api.key
        if configured and digest_of(configured) == digest:
            return _global_identity(digest, via="apikey")
        rows = self._database.read(_KEY_OWNER, (digest,))
        if not rows:
            return None
        owner = rows[0][0]
        if owner == _GLOBAL:
            return None if configured else _global_identity(digest, via="apikey")
        user = self._find(owner)
        return _identity(user, via="apikey", fingerprint=digest) if user is not None and user.active else None

    def _look_up_session(self, token: str) -> Identity | None:
        found = self.sessions.find(token)
        if found is None:
            return None
        name, fingerprint = found
        if name == API_USER:
            key = self.global_key()
            alive = key is not None and digest_of(key) == fingerprint
            return _global_identity(fingerprint, via="session") if alive else None
        user = self._find(name)
        if user is None or not user.active or fingerprint not in self._fingerprints(user):
            return None
        return _identity(user, via="session", fingerprint=fingerprint)

    def _fingerprints(self, user: _User) -> list[str]:
        """What a session of this user may stand on: the password, the user's key."""
        key = self.user_key(user.name)
        return [digest_of(user.password_hash), *([digest_of(key)] if key else [])]

    # --- users -----------------------------------------------------------------------------------------------------

    def users(self) -> list[dict[str, object]]:
        """The records of all users."""
        return [_record(_user(row), self.user_key(row[0])) for row in self._database.read(_USERS)]

    def user_record(self, name: str) -> dict[str, object]:
        """The record of a user (contract, 4.9). Raises `NoSuchUser`."""
        if name == API_USER:
            return _record(_User(API_USER, "", (ADMINS, USERS), active=True), None)
        return _record(self._user(name), self.user_key(name))

    def login_record(self, identity: Identity, session: str, mechanism: str) -> dict[str, object]:
        """What a log-in is answered with."""
        record = self.user_record(identity.name)
        record["permissions"] = sorted(identity.permissions)
        record["apikey"] = None
        return {
            **record,
            "session": session,
            "_is_external_client": False,
            "_login_mechanism": mechanism,
            "_credentials_seen": False,
        }

    def add_user(self, name: str, password: str, groups: tuple[str, ...]) -> None:
        """Add a user. Raises `InvalidValue`, `UserExists`."""
        _check_name(name)
        _check_password(password)
        checked = [check_group(group) for group in groups]
        hashed = self._passwords.hash(password)

        def write(connection: sqlite3.Connection) -> None:
            try:
                connection.execute(
                    "INSERT INTO users (name, password_hash, groups, active, created_at) VALUES (?, ?, ?, 1, ?)",
                    (name, hashed, json.dumps(checked), time()),
                )
            except sqlite3.IntegrityError:
                raise UserExists(f"There is a user {name} already.") from None

        self._database.write_now(write)

    def remove_user(self, name: str) -> None:
        """Remove a user, the user's key and sessions. Raises `NoSuchUser`."""
        self._user(name)

        def write(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM users WHERE name = ?", (name,))
            connection.execute("DELETE FROM api_keys WHERE owner = ?", (name,))
            connection.execute("DELETE FROM sessions WHERE user = ?", (name,))

        self._database.write_now(write)

    def set_password(self, name: str, password: str) -> None:
        """Change a password; the sessions that stand on the old one end. Raises `NoSuchUser`, `InvalidValue`."""
        _check_password(password)
        self._user(name)
        hashed = self._passwords.hash(password)
        self._database.write_now(
            lambda connection: connection.execute("UPDATE users SET password_hash = ? WHERE name = ?", (hashed, name))
        )

    def set_active(self, name: str, *, active: bool) -> None:
        """Let a user in, or keep the user out. Raises `NoSuchUser`."""
        self._user(name)
        self._database.write_now(
            lambda connection: connection.execute("UPDATE users SET active = ? WHERE name = ?", (int(active), name))
        )

    def _find(self, name: str) -> _User | None:
        rows = self._database.read(_USER, (name,))
        return _user(rows[0]) if rows else None

    def _user(self, name: str) -> _User:
        user = self._find(name)
        if user is None:
            known = ", ".join(row[0] for row in self._database.read(_USERS)) or "none yet"
            raise NoSuchUser(f"There is no user {name}. Users: {known}.")
        return user

    # --- keys ------------------------------------------------------------------------------------------------------

    def user_key(self, name: str) -> str | None:
        """A user's own key."""
        return self._shown_key(name)

    def new_user_key(self, name: str) -> str:
        """Make a user's key; the one before is gone. Raises `NoSuchUser`."""
        self._user(name)
        return self._set_key(name)

    def revoke_user_key(self, name: str) -> None:
        """Take a user's key away. Raises `NoSuchUser`."""
        self._user(name)
        self._revoke(name)

    def global_key(self) -> str | None:
        """The global key: the one in the settings, else the one in the database."""
        return self._settings.current().api.key or self._shown_key(_GLOBAL)

    def ensure_global_key(self) -> None:
        """Make a global key at the first start; one that was revoked stays so."""
        revoked = self._database.read("SELECT 1 FROM meta WHERE key = ?", (_REVOKED,))
        if self.global_key() is None and not revoked:
            self._set_key(_GLOBAL)

    def new_global_key(self) -> str:
        """Make the global key anew; one in the settings is taken out, so that one source counts."""
        self._forget_configured_key()
        return self._set_key(_GLOBAL)

    def revoke_global_key(self) -> None:
        """Switch the global key off."""
        self._forget_configured_key()
        self._revoke(_GLOBAL)
        self._database.write_now(lambda connection: connection.execute(_SET_META, (_REVOKED, "1")))

    def _forget_configured_key(self) -> None:
        if self._settings.current().api.key:
            self._settings.update({"api": {"key": None}})

    def _shown_key(self, owner: str) -> str | None:
        rows = self._database.read(_KEY_OF, (owner,))
        return self._secret.decrypt(rows[0][0]) if rows else None

    def _set_key(self, owner: str) -> str:
        key = new_key()
        values = (owner, digest_of(key), self._secret.encrypt(key), time())
        self._database.write_now(lambda connection: connection.execute(_SET_KEY, values))
        return key

    def _revoke(self, owner: str) -> None:
        self._database.write_now(
            lambda connection: connection.execute("DELETE FROM api_keys WHERE owner = ?", (owner,))
        )


_MOST_KNOWN = 1024
"""Keys, right and wrong ones, that are remembered."""


def _user(row: tuple[str, str, str, int]) -> _User:
    return _User(row[0], row[1], tuple(json.loads(row[2])), bool(row[3]))


def _identity(user: _User, *, via: str, fingerprint: str) -> Identity:
    return Identity(user.name, user.groups, permissions_of(user.groups), via, fingerprint)


def _global_identity(fingerprint: str, *, via: str) -> Identity:
    groups = (ADMINS, USERS)
    return Identity(API_USER, groups, permissions_of(groups), via, fingerprint)


def _record(user: _User, key: str | None) -> dict[str, object]:
    permissions = permissions_of(user.groups)
    admin = ADMINS in user.groups
    return {
        "name": user.name,
        "active": user.active,
        "permissions": [],
        "groups": list(user.groups),
        "needs": {"role": sorted(need_of(permission) for permission in permissions), "group": list(user.groups)},
        "apikey": key,
        "settings": {},
        "admin": admin,
        "user": True,
        "roles": ["user", "admin"] if admin else ["user"],
    }


def _check_name(name: str) -> None:
    if not name or name != name.strip() or name == API_USER:
        raise InvalidValue(f"A user name is not empty and has no blanks around it, unlike {name!r}.")
    if any(character in ":/\\" or ord(character) < 32 for character in name):
        raise InvalidValue(f"A user name has no colon, slash or control character, unlike {name!r}.")


def _check_password(password: str) -> None:
    if not password:
        raise InvalidValue("A password cannot be empty.")
