"""Recovery codes: what lets a user in whose authenticator is lost.

Invariants: shown once, kept as digests only (80 random bits need no slow hash); each is taken once; making new ones
ends the old ones.
"""

from __future__ import annotations

import sqlite3
from base64 import b32encode
from secrets import token_bytes

from mrdraw.accounts.secrets import digest_of

CODES = 10
_BYTES = 10
_GROUP = 4
"""Characters between two dashes."""

_CLEAR = "DELETE FROM recovery_codes WHERE user = ?"
_ADD = "INSERT INTO recovery_codes (user, digest) VALUES (?, ?)"
_USE = "UPDATE recovery_codes SET used_at = ? WHERE user = ? AND digest = ? AND used_at IS NULL"
LEFT = "SELECT count(*) FROM recovery_codes WHERE user = ? AND used_at IS NULL"


def replace_codes(connection: sqlite3.Connection, user: str) -> tuple[str, ...]:
    """New codes in the place of all old ones, as they are shown this once."""
    codes = tuple(_new_code() for _ in range(CODES))
    remove_codes(connection, user)
    connection.executemany(_ADD, [(user, _digest(user, code)) for code in codes])
    return codes


def remove_codes(connection: sqlite3.Connection, user: str) -> None:
    """Take a user's codes away."""
    connection.execute(_CLEAR, (user,))


def use_code(connection: sqlite3.Connection, user: str, code: str, now: float) -> bool:
    """Whether this is a code of the user's that was not used before; it is used now (unix seconds)."""
    return connection.execute(_USE, (now, user, _digest(user, code))).rowcount == 1


def _new_code() -> str:
    letters = b32encode(token_bytes(_BYTES)).decode().lower()
    return "-".join(letters[at : at + _GROUP] for at in range(0, len(letters), _GROUP))


def _digest(user: str, code: str) -> str:
    """The digest of a code however it was typed: in any case, with or without dashes and blanks."""
    typed = "".join(code.replace("-", "").split()).lower()
    return digest_of(f"recovery\0{user}\0{typed}")
