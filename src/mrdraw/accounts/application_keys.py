"""Application keys: each is one application's on one computer and acts as the user who granted it.

Invariants: only a key's SHA-256 is kept, so a key is shown once, to whoever it is made for. A user has one key for an
application on an address (`""`: made by hand): another grant takes the place of the one before, while the same
application on two computers has two keys, which is what lets both go on. A key ends with its user's access, in the
database itself (migration 0005), and what stands on it (sessions) ends with it. That it was used is written down at
most once in `WRITTEN_EVERY`, and nobody waits for that.
"""

from __future__ import annotations

import sqlite3
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from mrdraw.accounts.identity import Identity
from mrdraw.accounts.secrets import digest_of, new_key
from mrdraw.errors import InvalidValue, LimitExceeded, NoSuchKey, NoSuchUser
from mrdraw.store import Database

WRITTEN_EVERY = 60.0
"""s between two times that the last use of a key is written down."""
LONGEST_APP = 64
"""Characters of an application's name."""
MOST_KEYS = 100
"""Application keys of one user."""
LONGEST_LIFE = 3650
"""Days that a key may be limited to."""
_DAY = 24 * 3600.0
_ID_LENGTH = 16
_NOT_IN_NAMES = frozenset({"Cc", "Cs", "Zl", "Zp"})

_COLUMNS = "SELECT digest, user, app, address, created_at, used_at, expires_at FROM application_keys"
_FIND = f"{_COLUMNS} WHERE digest = ?"
_OF_USER = f"{_COLUMNS} WHERE user = ? ORDER BY created_at DESC"
_ALL = f"{_COLUMNS} ORDER BY user, created_at DESC"
_ADD = (
    "INSERT INTO application_keys (digest, user, app, address, created_at, used_at, expires_at) "
    "VALUES (?, ?, ?, ?, ?, NULL, ?)"
)
_MAY_COME_IN = "SELECT 1 FROM users WHERE name = ? AND active = 1"
_COUNT = "SELECT count(*) FROM application_keys WHERE user = ?"
_REPLACE = "DELETE FROM application_keys WHERE user = ? AND app = ? AND address = ?"
_USE = "UPDATE application_keys SET used_at = ? WHERE digest = ?"
_END = "DELETE FROM application_keys WHERE user = ? AND substr(digest, 1, ?) = ?"
_END_APP = "DELETE FROM application_keys WHERE user = ? AND app = ?"

_Row = tuple[str, str, str, str, float, float | None, float | None]


@dataclass(frozen=True, slots=True)
class ApplicationKey:
    """What is known of a key; times are Unix times."""

    digest: str
    user: str
    app: str
    address: str
    created_at: float
    used_at: float | None
    expires_at: float | None

    @property
    def id(self) -> str:
        """What people and clients call it by; it is no secret."""
        return self.digest[:_ID_LENGTH]

    def lives(self, now: float) -> bool:
        """Whether its time is not over."""
        return self.expires_at is None or now < self.expires_at


class ApplicationKeys:
    """The application keys in the database; `clock` gives the Unix time."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock
        self._noted: dict[str, float] = {}
        """When the use of a key was written down last, by its digest."""

    def find(self, digest: str) -> ApplicationKey | None:
        """The living key of this digest."""
        rows = self._database.read(_FIND, (digest,))
        found = ApplicationKey(*rows[0]) if rows else None
        return found if found is not None and found.lives(self._clock()) else None

    def of_user(self, user: str) -> list[ApplicationKey]:
        """The keys of a user, the newest first, those whose time is over too."""
        return _keys(self._database.read(_OF_USER, (user,)))

    def all(self) -> list[ApplicationKey]:
        """Everybody's keys."""
        return _keys(self._database.read(_ALL))

    def admits(self, identity: Identity) -> bool:
        """Whether an identity that was looked up before still holds; where a key is behind it, this is a use of it."""
        if identity.application is None:
            return True
        now = self._clock()
        if identity.ends_at is not None and now >= identity.ends_at:
            return False
        self._note_use(identity.fingerprint, now)
        return True

    async def grant(self, user: str, app: str, *, address: str = "", days: int | None = None) -> str:
        """A new key; one of this application on this address is gone. `days` limits its life.

        Raises `NoSuchUser` when nobody of this name may come in, `InvalidValue`, `LimitExceeded`.
        """
        name, key, now = checked_app(app), new_key(), self._clock()
        expires_at = None if days is None else now + _checked_days(days) * _DAY

        def write(connection: sqlite3.Connection) -> None:
            if not connection.execute(_MAY_COME_IN, (user,)).fetchone():
                raise NoSuchUser(f"There is no active user {user}: an application key acts as one.")
            connection.execute(_REPLACE, (user, name, address))
            if connection.execute(_COUNT, (user,)).fetchone()[0] >= MOST_KEYS:
                raise LimitExceeded(f"{user} has {MOST_KEYS} application keys. Revoke those that nobody uses.")
            connection.execute(_ADD, (digest_of(key), user, name, address, now, expires_at))

        await self._database.write(write)
        return key

    async def revoke(self, user: str, key_id: str) -> None:
        """End a key of a user. Raises `NoSuchKey`."""
        await self._end(_END, (user, _ID_LENGTH, key_id), f"{user} has no application key {key_id}.")

    async def revoke_app(self, user: str, app: str) -> None:
        """End all keys of an application of a user, upper and lower case alike. Raises `NoSuchKey`."""
        await self._end(_END_APP, (user, app), f"{user} has no key for the application {app}.")

    async def _end(self, statement: str, values: tuple[object, ...], missing: str) -> None:
        ended = await self._database.write(lambda connection: connection.execute(statement, values).rowcount)
        if not ended:
            raise NoSuchKey(missing)

    def _note_use(self, digest: str, now: float) -> None:
        if abs(now - self._noted.get(digest, 0.0)) < WRITTEN_EVERY:
            return
        if len(self._noted) >= 10 * MOST_KEYS:  # of keys that are long gone
            self._noted.clear()
        self._noted[digest] = now
        self._database.write_soon(lambda connection: connection.execute(_USE, (now, digest)))


def checked_app(name: str) -> str:
    """An application's name as it is kept. Raises `InvalidValue`."""
    app = name.strip()
    if not 1 <= len(app) <= LONGEST_APP or any(unicodedata.category(one) in _NOT_IN_NAMES for one in app):
        raise InvalidValue(f"app must be the application's name: 1 to {LONGEST_APP} characters on one line.")
    return app


def _checked_days(days: int) -> int:
    if not 1 <= days <= LONGEST_LIFE:
        raise InvalidValue(f"A key can be limited to 1 to {LONGEST_LIFE} days, not to {days}.")
    return days


def _keys(rows: list[_Row]) -> list[ApplicationKey]:
    return [ApplicationKey(*row) for row in rows]
