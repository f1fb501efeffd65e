"""Sessions: a token that stands for a log-in.

Invariants: only the token's digest is kept; a session ends when it is not used for its time, and survives the server.
The token of a key's session is derived, so that asking again gives the living one and none pile up; a new session gets
a new token.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from secrets import token_hex

from mrdraw.accounts.identity import Identity
from mrdraw.accounts.secrets import SecretKey, digest_of, new_key
from mrdraw.store import Database

IDLE = 24 * 3600.0
"""s without use after which a session ends. OctoPrint drops its own after 15 min, but sends the page back to the
log-in only when the cookie ends; a page left open over night is the common case."""
REMEMBERED = 90 * 24 * 3600.0
"""s without use after which a session ends that was to be remembered (contract, 2.3)."""
WRITTEN_EVERY = 60.0
"""s between two times that the last use is written down."""

_COLUMNS = "SELECT digest, user, fingerprint, remember, created_at, used_at, salt FROM sessions"
_FIND = f"{_COLUMNS} WHERE digest = ?"
_OF_KEY = f"{_COLUMNS} WHERE user = ? AND fingerprint = ? AND salt IS NOT NULL ORDER BY used_at DESC LIMIT 1"
_ADD = (
    "INSERT INTO sessions (digest, user, fingerprint, remember, created_at, used_at, salt) VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_USE = "UPDATE sessions SET used_at = ? WHERE digest = ?"
_CLEAN = "DELETE FROM sessions WHERE used_at < ? - CASE remember WHEN 1 THEN ? ELSE ? END"
_END = "DELETE FROM sessions WHERE digest = ?"


@dataclass(frozen=True, slots=True)
class Session:
    """A session; `fingerprint` is of what it stands on: the password's hash, or the key. Times are Unix times."""

    digest: str
    user: str
    fingerprint: str
    remember: bool
    created_at: float
    used_at: float
    salt: str | None

    def lives(self, now: float) -> bool:
        """Whether it was used lately enough."""
        return now - self.used_at <= (REMEMBERED if self.remember else IDLE)


class Sessions:
    """The sessions in the database."""

    def __init__(self, database: Database, secret: SecretKey, clock: Callable[[], float]) -> None:
        self._database = database
        self._secret = secret
        self._clock = clock

    async def open(self, identity: Identity, *, remember: bool) -> str:
        """A session for this identity; for a key the one that lives."""
        if identity.via != "apikey":
            return await self._begin(identity, new_key(), None, remember=remember)
        living = self._of_key(identity)
        if living is not None:
            token, session = living
            self.use(session)
            return token
        salt = token_hex()
        return await self._begin(identity, self._derived(identity, salt), salt, remember=remember)

    def find(self, token: str) -> Session | None:
        """The living session of this token."""
        rows = self._database.read(_FIND, (digest_of(token),))
        return self._living(rows)

    def use(self, session: Session) -> Session | None:
        """The session as it is after this use; none when it has ended. Written down now and then."""
        now = self._clock()
        if not session.lives(now):
            return None
        if abs(now - session.used_at) < WRITTEN_EVERY:
            return session
        self._database.write_soon(lambda connection: connection.execute(_USE, (now, session.digest)))
        return replace(session, used_at=now)

    async def close(self, token: str) -> None:
        """End a session."""
        await self._database.write(lambda connection: connection.execute(_END, (digest_of(token),)))

    async def _begin(self, identity: Identity, token: str, salt: str | None, *, remember: bool) -> str:
        now = self._clock()
        values = (digest_of(token), identity.name, identity.fingerprint, int(remember), now, now, salt)

        def write(connection: sqlite3.Connection) -> None:
            connection.execute(_CLEAN, (now, REMEMBERED, IDLE))
            connection.execute(_ADD, values)

        await self._database.write(write)
        return token

    def _of_key(self, identity: Identity) -> tuple[str, Session] | None:
        """The living session of a key and its token, unless it was made with another key file."""
        session = self._living(self._database.read(_OF_KEY, (identity.name, identity.fingerprint)))
        if session is None or session.salt is None:
            return None
        token = self._derived(identity, session.salt)
        return (token, session) if digest_of(token) == session.digest else None

    def _derived(self, identity: Identity, salt: str) -> str:
        return self._secret.derive("session", f"{identity.fingerprint}\0{salt}")

    def _living(self, rows: list[tuple[str, str, str, int, float, float, str | None]]) -> Session | None:
        if not rows:
            return None
        digest, user, fingerprint, remember, created_at, used_at, salt = rows[0]
        session = Session(digest, user, fingerprint, bool(remember), created_at, used_at, salt)
        return session if session.lives(self._clock()) else None
