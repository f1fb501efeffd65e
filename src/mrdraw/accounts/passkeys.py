"""Passkeys of users: kept, listed, renamed, taken away, and used to log in.

Invariants: a passkey proves two factors by itself (that one has it, and the PIN or finger that it asked for); one whose
counter does not grow may have been copied and is refused; what a passkey opened ends with it; authenticators know a
user by a random handle. What reads an answer takes milliseconds and runs in a thread.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from secrets import token_urlsafe

from mrdraw.accounts.challenges import Challenges
from mrdraw.accounts.secrets import digest_of
from mrdraw.accounts.users import require_user
from mrdraw.accounts.webauthn import (
    Answer,
    Json,
    Site,
    answer_of,
    check_answer,
    creation_options,
    new_credential,
    request_options,
)
from mrdraw.errors import InvalidValue, NoSuchPasskey, NotPermitted
from mrdraw.store import Database

LOGGER = logging.getLogger(__name__)

MOST = 20
"""Passkeys of one user."""
LONGEST_NAME = 64
_HANDLE_BYTES = 32
_SIGN_IN = "sign in"

_COLUMNS = "SELECT id, user, handle, site, name, credential, sign_count, created_at, used_at FROM passkeys"
_OF_USER = f"{_COLUMNS} WHERE user = ? ORDER BY created_at, id"
_FIND = f"{_COLUMNS} WHERE id = ?"
_IDS = "SELECT id FROM passkeys WHERE user = ?"
_ADD = (
    "INSERT INTO passkeys (id, user, handle, site, name, credential, sign_count, created_at) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
_EXISTS = "SELECT 1 FROM passkeys WHERE id = ?"
_COUNT = "SELECT count(*) FROM passkeys WHERE user = ?"
_USE = (
    "UPDATE passkeys SET sign_count = ?1, used_at = ?2 WHERE id = ?3 AND (sign_count < ?1 OR sign_count = 0 AND ?1 = 0)"
)
_RENAME = "UPDATE passkeys SET name = ? WHERE id = ? AND user = ?"
_REMOVE = "DELETE FROM passkeys WHERE id = ? AND user = ?"
_END_SESSIONS = "DELETE FROM sessions WHERE fingerprint = ?"

_UNKNOWN = "This passkey is not known here: it was removed, or belongs to another host."
_NO_CHALLENGE = "The request of the passkey has ended, or was answered already. Try once more."


@dataclass(frozen=True, slots=True)
class Passkey:
    """A row of the table; times are Unix times."""

    id: str
    user: str
    handle: str
    site: str
    name: str
    credential: bytes
    sign_count: int
    created_at: float
    used_at: float | None = None


@dataclass(frozen=True, slots=True)
class Maker:
    """Who makes a passkey: the user, the token of the session, and the site that it is for."""

    user: str
    session: str
    site: Site


class Passkeys:
    """The passkeys in the database; `clock` gives the Unix time."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock
        self._challenges = Challenges(clock)

    def of_user(self, user: str) -> list[Passkey]:
        """A user's passkeys, the oldest first."""
        return [Passkey(*row) for row in self._database.read(_OF_USER, (user,))]

    def fingerprints(self, user: str) -> set[str]:
        """What sessions stand on that a user's passkeys opened."""
        return {fingerprint_of(one) for (one,) in self._database.read(_IDS, (user,))}

    # --- making one ------------------------------------------------------------------------------------------------

    async def begin(self, maker: Maker) -> tuple[Json, str]:
        """What the browser is asked to make, and what it carries meanwhile. Raises `InvalidValue`."""
        held = self.of_user(maker.user)
        _require_room(len(held))
        handle = held[0].handle if held else token_urlsafe(_HANDLE_BYTES)
        challenge, carried = self._challenges.issue(_making(maker, handle))
        known = [one.credential for one in held if one.site == maker.site.host]
        options = await asyncio.to_thread(creation_options, maker.site, handle, maker.user, challenge, known)
        return options, f"{handle}.{carried}"

    async def add(self, maker: Maker, carried: str, name: str, response: Json) -> Passkey:
        """Keep a passkey that was made. Raises `InvalidValue`, `NoSuchUser`."""
        check_name(name)
        handle, _, rest = carried.partition(".")
        challenge = self._challenges.take(rest, _making(maker, handle))
        if challenge is None:
            raise InvalidValue(_NO_CHALLENGE)
        made = await asyncio.to_thread(new_credential, maker.site, challenge, response)
        passkey = Passkey(
            id=made.id,
            user=maker.user,
            handle=handle,
            site=maker.site.host,
            name=name,
            credential=made.data,
            sign_count=made.sign_count,
            created_at=self._clock(),
        )
        await self._database.write(lambda connection: _add(connection, passkey))
        return passkey

    # --- logging in ------------------------------------------------------------------------------------------------

    async def challenge(self, site: Site) -> tuple[Json, str]:
        """What the browser is asked to sign, and what it carries meanwhile."""
        challenge, carried = self._challenges.issue(_SIGN_IN)
        return await asyncio.to_thread(request_options, site, challenge), carried

    async def check(self, site: Site, carried: str, response: Json) -> Passkey:
        """The passkey that signed; this is a use of it. Raises `InvalidValue`, `NotPermitted`."""
        challenge = self._challenges.take(carried, _SIGN_IN)
        if challenge is None:
            raise NotPermitted(_NO_CHALLENGE)
        answer = await asyncio.to_thread(answer_of, response)
        found = self._found(site, answer)
        await asyncio.to_thread(check_answer, site, challenge, answer, found.credential)
        values = (answer.sign_count, self._clock(), found.id)
        if not await self._database.write(lambda connection: connection.execute(_USE, values).rowcount):
            LOGGER.warning("a passkey of %s was refused: its counter did not grow, it may have been copied", found.user)
            raise NotPermitted("The passkey was refused: its counter did not grow, so there may be a copy of it.")
        return found

    def _found(self, site: Site, answer: Answer) -> Passkey:
        """The passkey that an answer says it is of. Raises `NotPermitted`."""
        rows = self._database.read(_FIND, (answer.id,))
        found = Passkey(*rows[0]) if rows else None
        if found is None or found.site != site.host or found.handle != answer.handle:
            raise NotPermitted(_UNKNOWN)
        return found

    # --- changing them ---------------------------------------------------------------------------------------------

    async def rename(self, user: str, passkey: str, name: str) -> None:
        """Give a passkey another name. Raises `InvalidValue`, `NoSuchPasskey`."""
        check_name(name)
        if not await self._database.write(
            lambda connection: connection.execute(_RENAME, (name, passkey, user)).rowcount
        ):
            raise _no_such_passkey()

    async def remove(self, user: str, passkey: str) -> None:
        """Take a passkey and its sessions away. Raises `NoSuchPasskey`."""
        if not await self._database.write(lambda connection: _remove(connection, user, passkey)):
            raise _no_such_passkey()

    async def remove_all(self, user: str) -> int:
        """Take all of a user's passkeys away; how many there were. Raises `NoSuchUser`."""
        return await self._database.write(lambda connection: _remove_all(connection, user))

    def remove_all_now(self, user: str) -> int:
        """The same for the command line."""
        return self._database.write_now(lambda connection: _remove_all(connection, user))


def fingerprint_of(passkey: str) -> str:
    """What a session stands on that the passkey of this id opened."""
    return digest_of(f"passkey\0{passkey}")


def check_name(name: str) -> None:
    """Whether a passkey may be called so. Raises `InvalidValue`."""
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        raise InvalidValue(f"The name of a passkey has 1 to {LONGEST_NAME} characters in one line.")


def _require_room(held: int) -> None:
    if held >= MOST:
        raise InvalidValue(f"A user has {MOST} passkeys at most. Remove one that is not needed any more.")


def _making(maker: Maker, handle: str) -> str:
    """The purpose of a challenge to make a passkey: for this user, in this session, under this handle."""
    return f"make\0{maker.user}\0{digest_of(maker.session)}\0{handle}"


def _add(connection: sqlite3.Connection, one: Passkey) -> None:
    require_user(connection, one.user)
    _require_room(connection.execute(_COUNT, (one.user,)).fetchone()[0])
    if connection.execute(_EXISTS, (one.id,)).fetchone():
        raise InvalidValue("This passkey is kept here already.")
    values = (one.id, one.user, one.handle, one.site, one.name, one.credential, one.sign_count, one.created_at)
    connection.execute(_ADD, values)


def _remove(connection: sqlite3.Connection, user: str, passkey: str) -> int:
    removed = connection.execute(_REMOVE, (passkey, user)).rowcount
    if removed:
        connection.execute(_END_SESSIONS, (fingerprint_of(passkey),))
    return removed


def _remove_all(connection: sqlite3.Connection, user: str) -> int:
    require_user(connection, user)
    return sum(_remove(connection, user, one) for (one,) in connection.execute(_IDS, (user,)).fetchall())


def _no_such_passkey() -> NoSuchPasskey:
    return NoSuchPasskey("There is no passkey of this id. It may have been removed in the meantime.")
