"""Sessions: a token that stands for a log-in.

Invariants: only the token's digest is kept; a session ends when it is not used for its time, and survives the server.
What people tell it by is the place and the browser where it was begun, and an id that is no secret.
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
from mrdraw.errors import NoSuchSession
from mrdraw.store import Database

REMEMBERED = 90 * 24 * 3600.0
"""s without use after which a session ends that was to be remembered (contract, 2.3)."""
WRITTEN_EVERY = 60.0
"""s between two times that the last use is written down."""

_ID_LENGTH = 16
_LONGEST_AGENT = 256

_COLUMNS = (
    "SELECT digest, user, fingerprint, remember, created_at, used_at, salt, address, agent, proven_at FROM sessions"
)
_FIND = f"{_COLUMNS} WHERE digest = ?"
_OF_USER = f"{_COLUMNS} WHERE user = ? ORDER BY used_at DESC"
_OF_KEY = f"{_COLUMNS} WHERE user = ? AND fingerprint = ? AND salt IS NOT NULL"
_ADD = (
    "INSERT INTO sessions (digest, user, fingerprint, remember, created_at, used_at, salt, address, agent, proven_at) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_USE = "UPDATE sessions SET used_at = ? WHERE digest = ?"
_PROVE = "UPDATE sessions SET proven_at = ? WHERE digest = ? AND salt IS NULL"
_CLEAN = "DELETE FROM sessions WHERE used_at < ? - CASE remember WHEN 1 THEN ? ELSE ? END"
_END = "DELETE FROM sessions WHERE digest = ?"
_END_OF_USER = "DELETE FROM sessions WHERE user = ? AND substr(digest, 1, ?) = ?"
_END_OTHERS = "DELETE FROM sessions WHERE user = ? AND digest <> ?"

_Row = tuple[str, str, str, int, float, float, str | None, str, str, float | None]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a session is begun: the address of the client, and what its browser says of itself."""

    address: str = ""
    agent: str = ""


_SOMEWHERE = Origin()


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
    origin: Origin
    proven_at: float | None
    """When the password was typed last; a session that stands on a key knows of none."""

    @property
    def id(self) -> str:
        """What people and clients call it by; it is no secret."""
        return self.digest[:_ID_LENGTH]

    def lives(self, now: float, idle: float) -> bool:
        """Whether it was used lately enough; `idle` are the s that one lives without use which is not remembered."""
        return now - self.used_at <= (REMEMBERED if self.remember else idle)


class Sessions:
    """The sessions in the database."""

    def __init__(
        self, database: Database, secret: SecretKey, clock: Callable[[], float], idle: Callable[[], float]
    ) -> None:
        """`clock` gives the Unix time, `idle` the s without use after which a session ends."""
        self._idle = idle
        self._database = database
        self._secret = secret
        self._clock = clock

    async def open(self, identity: Identity, *, remember: bool, origin: Origin = _SOMEWHERE) -> str:
        """A session for this identity; for a key, or what else comes with each request, the one that lives."""
        if identity.via != "session":
            return await self._open_of_key(identity, origin)
        token = new_key()

        def write(connection: sqlite3.Connection) -> None:
            self._begin(connection, identity, token, None, origin, remember=remember)

        await self._database.write(write)
        return token

    def find(self, token: str) -> Session | None:
        """The living session of this token."""
        rows = self._database.read(_FIND, (digest_of(token),))
        session = _session(rows[0]) if rows else None
        return session if session is not None and session.lives(self._clock(), self._idle()) else None

    def use(self, session: Session) -> Session | None:
        """The session as it is after this use; none when it has ended. Written down now and then."""
        now = self._clock()
        if not session.lives(now, self._idle()):
            return None
        if abs(now - session.used_at) < WRITTEN_EVERY:
            return session
        self._database.write_soon(lambda connection: connection.execute(_USE, (now, session.digest)))
        return replace(session, used_at=now)

    async def prove(self, token: str, at: float | None = None) -> None:
        """The session's user showed who that is: typed the password just now, or did so at a provider then."""
        values = (self._clock() if at is None else at, digest_of(token))
        await self._database.write(lambda connection: connection.execute(_PROVE, values))

    async def close(self, token: str) -> None:
        """End a session."""
        await self._database.write(lambda connection: connection.execute(_END, (digest_of(token),)))

    def of_user(self, user: str) -> list[Session]:
        """The living sessions of a user, the one that was used last first."""
        now, idle = self._clock(), self._idle()
        found = map(_session, self._database.read(_OF_USER, (user,)))
        return [session for session in found if session.lives(now, idle)]

    async def end(self, user: str, session_id: str) -> None:
        """End a session of a user. Raises `NoSuchSession`."""
        values = (user, _ID_LENGTH, session_id)
        if not await self._database.write(lambda connection: connection.execute(_END_OF_USER, values).rowcount):
            raise NoSuchSession(f"{user} has no session {session_id}; it may have ended meanwhile.")

    async def end_others(self, user: str, token: str = "") -> None:
        """End all sessions of a user but the one of this token."""
        values = (user, digest_of(token))
        await self._database.write(lambda connection: connection.execute(_END_OTHERS, values))

    async def _open_of_key(self, identity: Identity, origin: Origin) -> str:
        whose = (identity.name, identity.fingerprint)
        living = self._of_key(identity, self._database.read(_OF_KEY, whose))
        if living is not None:
            token, session = living
            self.use(session)
            return token
        salt = token_hex()

        def write(connection: sqlite3.Connection) -> str:
            meanwhile = self._of_key(identity, connection.execute(_OF_KEY, whose).fetchall())
            token = meanwhile[0] if meanwhile else self._derived(identity, salt)
            if meanwhile is None:
                self._begin(connection, identity, token, salt, origin, remember=False)
            return token

        return await self._database.write(write)

    def _begin(
        self,
        connection: sqlite3.Connection,
        identity: Identity,
        token: str,
        salt: str | None,
        origin: Origin,
        *,
        remember: bool,
    ) -> None:
        now, where = self._clock(), (origin.address, origin.agent[:_LONGEST_AGENT])
        proven_at = now if salt is None else None
        values = (
            digest_of(token),
            identity.name,
            identity.fingerprint,
            int(remember),
            now,
            now,
            salt,
            *where,
            proven_at,
        )
        connection.execute(_CLEAN, (now, REMEMBERED, self._idle()))
        connection.execute(_ADD, values)

    def _of_key(self, identity: Identity, rows: list[_Row]) -> tuple[str, Session] | None:
        """The living session of a key and its token; one that was made with another key file has none."""
        for session in map(_session, rows):
            token = self._derived(identity, session.salt or "")
            if digest_of(token) == session.digest and session.lives(self._clock(), self._idle()):
                return token, session
        return None

    def _derived(self, identity: Identity, salt: str) -> str:
        return self._secret.derive("session", f"{identity.fingerprint}\0{salt}")


def _session(row: _Row) -> Session:
    digest, user, fingerprint, remember, created_at, used_at, salt, address, agent, proven_at = row
    origin = Origin(address, agent)
    return Session(digest, user, fingerprint, bool(remember), created_at, used_at, salt, origin, proven_at)
