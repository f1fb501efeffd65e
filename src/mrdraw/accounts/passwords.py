"""Passwords: hashed, never kept.

Invariants: argon2id with 19 MiB, 2 passes and 1 lane (OWASP, password storage); at most two are computed at a time, so
that a flood of log-ins costs little memory; a user who does not exist costs the same time as one who does.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING

from mrdraw.accounts.secrets import new_key
from mrdraw.errors import InvalidValue

if TYPE_CHECKING:
    from argon2 import PasswordHasher

MEMORY = 19 * 1024
"""KiB."""
PASSES = 2
LANES = 1
_AT_A_TIME = 2


class Passwords:
    """Hashing and checking passwords."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_AT_A_TIME, thread_name_prefix="password")

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown()

    def hash(self, password: str) -> str:
        """The hash that is kept. Raises `InvalidValue`."""
        if not password:
            raise InvalidValue("A password cannot be empty.")
        try:
            password.encode()
        except UnicodeEncodeError as error:
            raise InvalidValue("A password is text; this one holds bytes that are none.") from error
        return self._threads.submit(self._hash, password).result()

    async def check(self, kept: str | None, password: str) -> bool:
        """Whether the password is right; never so for a user who does not exist (`None`)."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._check, kept, password)

    def _hash(self, password: str) -> str:
        return self._hasher.hash(password)

    def _check(self, kept: str | None, password: str) -> bool:
        from argon2.exceptions import InvalidHashError, VerificationError  # noqa: PLC0415 - slow to load

        nobody = self._nobody  # made before any check, so that the first one costs the same as well
        try:
            self._hasher.verify(kept or nobody, password)
        except (VerificationError, InvalidHashError, UnicodeEncodeError):
            return False
        return kept is not None

    @cached_property
    def _hasher(self) -> PasswordHasher:
        from argon2 import PasswordHasher, Type  # noqa: PLC0415 - slow to load

        return PasswordHasher(time_cost=PASSES, memory_cost=MEMORY, parallelism=LANES, type=Type.ID)

    @cached_property
    def _nobody(self) -> str:
        """The hash that those are checked against who do not exist."""
        return self._hasher.hash(new_key())
