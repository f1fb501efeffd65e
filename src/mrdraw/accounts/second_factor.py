"""The second factor of users: an authenticator app, and recovery codes for the day on which it is lost.

Invariants: nothing is asked for before a code of the app was typed once; a code, whichever its kind, is taken once,
looked up and used up in one transaction; the secret is shown once and kept encrypted.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from mrdraw.accounts.recovery import LEFT, remove_codes, replace_codes, use_code
from mrdraw.accounts.secrets import SecretKey, digest_of
from mrdraw.accounts.totp import enrolment_uri, new_secret, step_of
from mrdraw.accounts.users import require_user
from mrdraw.errors import InvalidValue, SecondFactorOn, SecondFactorWanted, WrongSecondFactor
from mrdraw.store import Database

LOGGER = logging.getLogger(__name__)

TOTP, RECOVERY = "totp", "recovery"

_FIND = "SELECT secret, confirmed_at, last_step FROM second_factors WHERE user = ?"
_SINCE = "SELECT confirmed_at FROM second_factors WHERE user = ? AND confirmed_at IS NOT NULL"
_BEGIN = "INSERT OR REPLACE INTO second_factors (user, secret) VALUES (?, ?)"
_CONFIRM = "UPDATE second_factors SET confirmed_at = ?, last_step = ? WHERE user = ?"
_STEP = "UPDATE second_factors SET last_step = ? WHERE user = ?"
_REMOVE = "DELETE FROM second_factors WHERE user = ?"
_END_OTHER_SESSIONS = "DELETE FROM sessions WHERE user = ? AND salt IS NULL AND digest != ?"


@dataclass(frozen=True, slots=True)
class Tokens:
    """What somebody typed as the second factor; empty where nothing was."""

    totp: str = ""
    recovery: str = ""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an authenticator app is given, this once."""

    secret: str
    uri: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How a user's second factor stands; since when it is on, in unix seconds."""

    since: float | None
    recovery_codes: int
    """Those that were not used yet."""


@dataclass(frozen=True, slots=True)
class _App:
    secret: str | None
    """None when the key file is another one than that which it was stored with."""
    confirmed_at: float | None
    last_step: int


class SecondFactors:
    """The second factors in the database; `clock` gives the Unix time."""

    def __init__(self, database: Database, secret: SecretKey, clock: Callable[[], float]) -> None:
        self._database = database
        self._secret = secret
        self._clock = clock

    def standing(self, user: str) -> Standing:
        """How a user's second factor stands."""
        rows = self._database.read(_SINCE, (user,))
        if not rows:
            return Standing(None, 0)
        return Standing(rows[0][0], self._database.read(LEFT, (user,))[0][0])

    def kinds(self, user: str) -> tuple[str, ...]:
        """What the user may prove oneself with beside the password; nothing where none is asked for."""
        standing = self.standing(user)
        if standing.since is None:
            return ()
        return (TOTP, RECOVERY) if standing.recovery_codes else (TOTP,)

    async def begin(self, user: str, host: str) -> Enrolment:
        """Make a secret, which counts when it is confirmed. Raises `SecondFactorOn`, `NoSuchUser`."""
        secret = new_secret()

        def write(connection: sqlite3.Connection) -> None:
            require_user(connection, user)
            self._require_off(connection, user)
            connection.execute(_BEGIN, (user, self._secret.encrypt(secret)))

        await self._database.write(write)
        return Enrolment(secret, enrolment_uri(secret, user, host))

    async def confirm(self, user: str, code: str, session: str) -> tuple[str, ...]:
        """Switch the second factor on; the recovery codes. Raises `SecondFactorOn`, `InvalidValue`.

        The user's other sessions were opened without it and end; `session` is the token of the one that stays.
        """

        def write(connection: sqlite3.Connection) -> tuple[str, ...]:
            app = self._require_off(connection, user)
            if app is None:
                raise InvalidValue("There is no secret that could be confirmed. Begin anew.")
            step = self._step(app, code)
            if step is None:
                raise InvalidValue(f"The code is wrong; nothing was switched on. {self._advice()}")
            connection.execute(_CONFIRM, (self._clock(), step, user))
            connection.execute(_END_OTHER_SESSIONS, (user, digest_of(session)))
            return replace_codes(connection, user)

        return await self._database.write(write)

    async def renew_recovery_codes(self, user: str) -> tuple[str, ...]:
        """New recovery codes in the place of the old ones. Raises `InvalidValue` where there is no second factor."""

        def write(connection: sqlite3.Connection) -> tuple[str, ...]:
            if not connection.execute(_SINCE, (user,)).fetchone():
                raise InvalidValue("Recovery codes belong to a second factor, and none is on.")
            return replace_codes(connection, user)

        return await self._database.write(write)

    async def remove(self, user: str) -> bool:
        """Take a user's second factor away; whether there was one. Raises `NoSuchUser`."""
        return await self._database.write(lambda connection: _remove(connection, user))

    def remove_now(self, user: str) -> bool:
        """The same for the command line."""
        return self._database.write_now(lambda connection: _remove(connection, user))

    async def check(self, user: str, tokens: Tokens) -> None:
        """Let through who needs no second factor, or proves it. Raises `SecondFactorWanted`, `WrongSecondFactor`."""
        kinds = self.kinds(user)
        if not kinds:
            return
        if not tokens.totp.strip() and not tokens.recovery.strip():
            raise SecondFactorWanted("A second factor is needed: the code of your authenticator app.", kinds)
        if not await self._database.write(lambda connection: self._take(connection, user, tokens)):
            raise WrongSecondFactor(f"The code is wrong or was used before. {self._advice()}")

    def _take(self, connection: sqlite3.Connection, user: str, tokens: Tokens) -> bool:
        """Whether one of the tokens is right; it is used up."""
        app = self._app(connection.execute(_FIND, (user,)).fetchall())
        if app is None:
            return False
        if app.secret is None:
            LOGGER.error("the second factor of %s cannot be read: the key file is another one", user)
        step = self._step(app, tokens.totp)
        if step is not None:
            connection.execute(_STEP, (step, user))
            return True
        return bool(tokens.recovery) and use_code(connection, user, tokens.recovery, self._clock())

    def _step(self, app: _App, code: str) -> int | None:
        return None if app.secret is None else step_of(app.secret, code, self._clock(), app.last_step)

    def _require_off(self, connection: sqlite3.Connection, user: str) -> _App | None:
        """The app that waits for its first code. Raises `SecondFactorOn`."""
        app = self._app(connection.execute(_FIND, (user,)).fetchall())
        if app is not None and app.confirmed_at is not None:
            raise SecondFactorOn("A second factor is on already. Switch it off before another one is set up.")
        return app

    def _app(self, rows: list[tuple[bytes, float | None, int]]) -> _App | None:
        for secret, confirmed_at, last_step in rows:
            return _App(self._secret.decrypt(secret), confirmed_at, last_step)
        return None

    def _advice(self) -> str:
        """What to look at when a code that was typed well is refused."""
        now = datetime.fromtimestamp(self._clock(), UTC)
        return f"Codes hold for 30 s and by the clock, which here says {now:%H:%M:%S} UTC."


def _remove(connection: sqlite3.Connection, user: str) -> bool:
    require_user(connection, user)
    remove_codes(connection, user)
    return connection.execute(_REMOVE, (user,)).rowcount == 1
