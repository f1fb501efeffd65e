"""Secrets: the key file of a base folder, and keys that can be shown again.

Invariants: the key file is made once, whole or not at all, for its owner only; of two processes that make it at once
both use the same. Backups leave it out.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from pathlib import Path
from secrets import token_bytes, token_hex, token_urlsafe

from mrdraw.errors import MrDrawError

KEY_FILE = "secret.key"
_LENGTH = 32
_NONCE_LENGTH = 12
_PRIVATE = 0o600


def new_key() -> str:
    """A new API key or session token: 32 random bytes, URL-safe."""
    return token_urlsafe(32)


def digest_of(key: str) -> str:
    """What a key is looked up by: its SHA-256 in hexadecimal."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


class SecretKey:
    """The key file."""

    def __init__(self, basedir: Path) -> None:
        """Read the key file, making it at the first start. Raises `MrDrawError` when it is damaged."""
        path = basedir / KEY_FILE
        if not path.exists():
            _make(path)
        if path.stat().st_mode & 0o077:
            path.chmod(_PRIVATE)
        self._key = path.read_bytes()
        if len(self._key) != _LENGTH:
            raise MrDrawError(f"The key file {path} is damaged. Restore it, or remove it and make new API keys.")

    def encrypt(self, text: str) -> bytes:
        """Text that can be had again with the key file: a nonce, then AES-256-GCM."""
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
        return hmac.new(self._key, f"{purpose}\0{text}".encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{token_hex(8)}.partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _PRIVATE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(token_bytes(_LENGTH))
        file.flush()
        os.fsync(descriptor)
    try:
        os.link(partial, path)  # fails where the other process was first
    except FileExistsError:
        return
    finally:
        partial.unlink()
