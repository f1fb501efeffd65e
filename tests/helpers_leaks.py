"""Keys in logs: every key that a test run makes is remembered, and every log that it leaves is searched for them."""

from __future__ import annotations

import logging
import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path

from mrdraw.accounts import secrets
from mrdraw.errors import MrDrawError

LOGS = ("*.log", "*.log.*", "output.txt")
"""What servers, machine hosts and their terminals leave in a base folder."""
CLIENTS = ("httpx", "httpcore", "websockets.client", "urllib3")
"""Loggers of what tests ask with: they tell addresses with all that stands in them."""
SHORTEST = 20
"""Characters of what is taken for a key: shorter ones are words of tests."""
_WORD = re.compile(rf"[A-Za-z0-9_-]{{{SHORTEST},}}")


class Keys:
    """The keys, sessions and tokens that were made in this process."""

    def __init__(self):
        self.known = set()

    def __enter__(self):
        self._made, self._derived = secrets.token_urlsafe, secrets.SecretKey.derive
        secrets.token_urlsafe = lambda length: self._noted(self._made(length))
        secrets.SecretKey.derive = lambda key, purpose, text: self._noted(self._derived(key, purpose, text))
        return self

    def __exit__(self, *_):
        secrets.token_urlsafe, secrets.SecretKey.derive = self._made, self._derived

    def _noted(self, key):
        self.known.add(key)
        return key


class Heard(logging.Handler):
    """What was logged in this process, as far as it looks like a key."""

    def __init__(self):
        super().__init__()
        self.words = set()

    def emit(self, record):
        if record.name.startswith(CLIENTS):
            return
        with suppress(TypeError, ValueError):
            self.words.update(_WORD.findall(record.getMessage()))


def leaked(folder: Path, known: Iterable[str]) -> list[str]:
    """Where a known key, or one that a base folder under this one holds, stands in a log."""
    keys = set(known)
    for secret in folder.rglob(secrets.KEY_FILE):
        keys |= set(keys_of(secret.parent))
    logs = {log for pattern in LOGS for log in folder.rglob(pattern) if log.is_file()}
    return [str(log) for log in sorted(logs) if keys & set(_WORD.findall(log.read_text("utf-8", "replace")))]


def keys_of(basedir: Path) -> Iterator[str]:
    """The API keys of a base folder, which it keeps encrypted."""
    database = basedir / "mrdraw.db"
    with suppress(sqlite3.Error, MrDrawError, OSError):
        key = secrets.SecretKey(basedir)
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            for (encrypted,) in connection.execute("SELECT encrypted FROM api_keys"):
                if (shown := key.decrypt(encrypted)) is not None and len(shown) >= SHORTEST:
                    yield shown
