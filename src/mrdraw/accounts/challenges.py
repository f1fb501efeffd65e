"""Challenges: what a passkey signs, so that a signature is good once, soon, and in one browser.

Invariants: a challenge is carried by the browser that asked for it and kept by nobody here, so that asking for many
crowds none out; one that was taken is remembered until it would have ended by itself; none outlives the process.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from secrets import token_bytes

LIFETIME = 300.0
"""s in which a person has found the authenticator."""
_LENGTH = 32
_PARTS = 3


class Challenges:
    """Makes challenges and takes them back; `clock` gives the Unix time."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._key = token_bytes(_LENGTH)
        self._taken: dict[bytes, float] = {}

    def issue(self, purpose: str) -> tuple[bytes, str]:
        """A challenge, and what the browser carries until it is answered; `purpose` says what for and for whom."""
        challenge, ends = token_bytes(_LENGTH), f"{self._clock() + LIFETIME:.0f}"
        return challenge, f"{challenge.hex()}.{ends}.{self._sign(challenge, ends, purpose)}"

    def take(self, carried: str, purpose: str) -> bytes | None:
        """The challenge that a browser carries, this once; `None` when it is not ours, was taken, or has ended."""
        parts = carried.split(".")
        if len(parts) != _PARTS or not carried.isascii():
            return None
        try:
            challenge = bytes.fromhex(parts[0])
        except ValueError:
            return None
        if not hmac.compare_digest(parts[2], self._sign(challenge, parts[1], purpose)):
            return None
        return challenge if self._take(challenge, float(parts[1])) else None

    def _take(self, challenge: bytes, ends: float) -> bool:
        now = self._clock()
        self._taken = {one: until for one, until in self._taken.items() if until >= now}
        if challenge in self._taken or not now <= ends <= now + LIFETIME + 1:
            return False
        self._taken[challenge] = ends
        return True

    def _sign(self, challenge: bytes, ends: str, purpose: str) -> str:
        signed = f"{challenge.hex()}\0{ends}\0{purpose}".encode("utf-8", "surrogatepass")
        return hmac.new(self._key, signed, hashlib.sha256).hexdigest()
