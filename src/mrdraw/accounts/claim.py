"""The claim code of the first run: who can read it on the terminal may make the first admin (contract, section 0).

Invariants: there is a code as long as no active user is an admin, and none afterwards; it is kept encrypted; each try
is compared and counted in one transaction, so that many at once gain nothing; `FAILURES` wrong ones, counted across
restarts, make a new code.
"""

from __future__ import annotations

import logging
import sqlite3
from hmac import compare_digest
from secrets import choice

from mrdraw.accounts.admins import has_admin
from mrdraw.accounts.secrets import SecretKey
from mrdraw.store import Database

LOGGER = logging.getLogger(__name__)

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""32 characters, so 5 bits each; none that is easily taken for another."""
GROUPS, GROUP_LENGTH = 3, 4
FAILURES = 5
"""Wrong tries after which there is another code."""

_SEPARATORS = str.maketrans("", "", " \t-_")
_GET = "SELECT value FROM meta WHERE key = ?"
_SET = "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)"
_FORGET = "DELETE FROM meta WHERE key IN ('claim_code', 'claim_failures')"


class Claim:
    """The claim code of a base folder."""

    def __init__(self, database: Database, secret: SecretKey) -> None:
        self._database = database
        self._secret = secret

    def is_open(self) -> bool:
        """Whether this is the first run: no active user is an admin."""
        return not has_admin(self._database.read)

    def code(self) -> str | None:
        """The code, as XXXX-XXXX-XXXX, made when there is none yet; `None` when there is an admin. It blocks."""
        return self._database.write_now(self._ensured) if self.is_open() else None

    async def matches(self, given: str) -> bool:
        """Whether this is the code; a wrong one counts, an empty one does not."""
        if not _plain(given) or not self.is_open():
            return False
        right, renewed = await self._database.write(lambda connection: self._try(connection, given))
        if renewed is not None:
            LOGGER.warning("%d wrong claim codes were tried. The new claim code is %s", FAILURES, renewed)
        return right

    def _ensured(self, connection: sqlite3.Connection) -> str | None:
        if has_admin(connection.execute):
            return None
        return self._stored(connection) or self._renewed(connection)

    def _try(self, connection: sqlite3.Connection, given: str) -> tuple[bool, str | None]:
        """Whether the code is right, and the new code if this was one wrong try too many."""
        code = self._ensured(connection)
        if code is None:
            return False, None
        if compare_digest(_plain(given), _plain(code)):
            return True, None
        failures = _failures(connection) + 1
        if failures >= FAILURES:
            return False, self._renewed(connection)
        connection.execute(_SET, ("claim_failures", str(failures)))
        return False, None

    def _stored(self, connection: sqlite3.Connection) -> str | None:
        """The code, unless it was stored with another key file."""
        row = connection.execute(_GET, ("claim_code",)).fetchone()
        return self._secret.decrypt(bytes.fromhex(row[0])) if row else None

    def _renewed(self, connection: sqlite3.Connection) -> str:
        code = new_code()
        connection.execute(_FORGET)
        connection.execute(_SET, ("claim_code", self._secret.encrypt(code).hex()))
        return code


def new_code() -> str:
    """A code of 60 random bits."""
    return "-".join("".join(choice(ALPHABET) for _ in range(GROUP_LENGTH)) for _ in range(GROUPS))


def settle_claim(connection: sqlite3.Connection) -> None:
    """Forget the code if there is an admin now: called wherever a user may have become one."""
    if has_admin(connection.execute):
        connection.execute(_FORGET)


def _failures(connection: sqlite3.Connection) -> int:
    row = connection.execute(_GET, ("claim_failures",)).fetchone()
    return int(row[0]) if row else 0


def _plain(code: str) -> bytes:
    """A code without what people add or leave out when they type it."""
    return code.upper().translate(_SEPARATORS).encode("utf-8", "replace")
