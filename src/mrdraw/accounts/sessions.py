"""Sessions: a token that stands for a log-in.

Invariants: only the token's hash is kept; a session ends by itself when it is not used; it survives the server. The
session of an API key is derived from the key, so that asking again gives the same one and none pile up.
"""

from __future__ import annotations

import sqlite3
from time import time

from mrdraw.accounts.identity import Identity
from mrdraw.accounts.secrets import SecretKey, digest_of, new_key
from mrdraw.store import Database

IDLE = 24 * 3600.0
"""s without use after which a session ends."""
REMEMBERED = 90 * 24 * 3600.0
"""s without use after which a session ends that was to be remembered."""
_TOUCH_EVERY = 60.0

_FIND = "SELECT user, fingerprint, remember, used_at FROM sessions WHERE digest = ?"
_OPEN = (
    "INSERT INTO sessions (digest, user, fingerprint, remember, created_at, used_at) VALUES (?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (digest) DO UPDATE SET used_at = excluded.used_at"
)
_CLEAN = "DELETE FROM sessions WHERE used_at < ? - CASE remember WHEN 1 THEN ? ELSE ? END"


class Sessions:
    """The sessions in the database."""

    def __init__(self, database: Database, secret: SecretKey) -> None:
        self._database = database
        self._secret = secret
        self._used: dict[str, float] = {}

    async def open(self, identity: Identity, *, remember: bool) -> str:
        """A session for this identity."""
        token = self._secret.derive("session", identity.fingerprint) if identity.via == "apikey" else new_key()
        if self.find(token) is not None:
            return token
        now = time()
        values = (digest_of(token), identity.name, identity.fingerprint, int(remember), now, now)

        def write(connection: sqlite3.Connection) -> None:
            connection.execute(_CLEAN, (now, REMEMBERED, IDLE))
            connection.execute(_OPEN, values)

        await self._database.write(write)
        self._used[token] = now
        return token

    def find(self, token: str) -> tuple[str, str] | None:
        """The user of a living session, and what it stands on."""
        rows = self._database.read(_FIND, (digest_of(token),))
        if not rows:
            return None
        name, fingerprint, remember, used_at = rows[0]
        if time() - used_at > (REMEMBERED if remember else IDLE):
            return None
        self._used.setdefault(token, used_at)
        return name, fingerprint

    def touch(self, token: str) -> bool:
        """The session is used; whether it still lives. Written down at most once a minute."""
        now = time()
        used_at = self._used.get(token)
        if used_at is not None and now - used_at > _TOUCH_EVERY:
            if self.find(token) is None:
                del self._used[token]
                return False
            self._used[token] = now
            self._database.write_now(
                lambda connection: connection.execute(
                    "UPDATE sessions SET used_at = ? WHERE digest = ?", (now, digest_of(token))
                )
            )
        return True

    async def close(self, token: str) -> None:
        """End a session."""
        self._used.pop(token, None)
        await self._database.write(
            lambda connection: connection.execute("DELETE FROM sessions WHERE digest = ?", (digest_of(token),))
        )
