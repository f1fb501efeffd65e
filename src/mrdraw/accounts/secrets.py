"""Secrets: the key file, keys that can be shown again, and passwords that cannot.

Invariants: the key file is made once, for its owner only, and never leaves the base folder with a backup; passwords
are kept as argon2id (19 MiB, 2 passes, 1 lane; OWASP password storage) and at most two are computed at a time.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from secrets import token_bytes, token_urlsafe
from typing import TYPE_CHECKING

from mrdraw.errors import MrDrawError

if TYPE_CHECKING:
    from argon2 import PasswordHasher

KEY_FILE = "secret.key"
_KEY_LENGTH = 32
_NONCE_LENGTH = 12
_KEY_BYTES = 32
_MEMORY = 19 * 1024
"""KiB."""
_AT_A_TIME = 2


def new_key() -> str:
    """A new API key or session token: 32 random bytes, URL-safe."""
    return token_urlsafe(_KEY_BYTES)


def digest_of(key: str) -> str:
    """What a key is looked up by."""
    return hashlib.sha256(key.encode()).hexdigest()


class SecretKey:
    """The key file of a base folder."""

    def __init__(self, basedir: Path) -> None:
        """Read the key file, making it at the first start. Raises `MrDrawError` when it is damaged."""
        path = basedir / KEY_FILE
        if not path.exists():
            _make_key_file(path)
        self._key = path.read_bytes()
        if len(self._key) != _KEY_LENGTH:
            raise MrDrawError(f"The key file {path} is damaged. Restore it, or remove it and make new API keys.")

    def encrypt(self, text: str) -> bytes:
        """Text that can be had again with the key file."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - slow to load

        nonce = token_bytes(_NONCE_LENGTH)
        return nonce + AESGCM(self._key).encrypt(nonce, text.encode(), None)

    def decrypt(self, data: bytes) -> str | None:
        """The text again, or `None` when it was encrypted with another key file."""
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

        try:
            return AESGCM(self._key).decrypt(data[:_NONCE_LENGTH], data[_NONCE_LENGTH:], None).decode()
        except (InvalidTag, ValueError):
            return None

    def derive(self, purpose: str, text: str) -> str:
        """A token that only this key file gives for this text."""
        return hmac.new(self._key, f"{purpose}\0{text}".encode(), hashlib.sha256).hexdigest()


def _make_key_file(path: Path) -> None:
    """Make the key file whole or not at all; of two processes one wins and both use its key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(token_bytes(_KEY_LENGTH))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(partial, path)
    except FileExistsError:
        return
    finally:
        partial.unlink()


class Passwords:
    """Hashing and checking passwords."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_AT_A_TIME, thread_name_prefix="password")
        self._known_hasher: PasswordHasher | None = None
        self._nobody = ""

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown()

    def hash(self, password: str) -> str:
        """The hash that is kept."""
        return self._hasher().hash(password)

    async def check(self, kept: str | None, password: str) -> bool:
        """Whether the password is right; for a user who does not exist it takes as long."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._check, kept, password)

    def _check(self, kept: str | None, password: str) -> bool:
        from argon2.exceptions import InvalidHashError, VerificationError  # noqa: PLC0415 - slow to load

        hasher = self._hasher()
        self._nobody = self._nobody or hasher.hash(new_key())
        try:
            hasher.verify(kept or self._nobody, password)
        except (VerificationError, InvalidHashError):
            return False
        return kept is not None

    def _hasher(self) -> PasswordHasher:
        if self._known_hasher is None:
            from argon2 import PasswordHasher, Type  # noqa: PLC0415 - slow to load

            self._known_hasher = PasswordHasher(time_cost=2, memory_cost=_MEMORY, parallelism=1, type=Type.ID)
        return self._known_hasher
