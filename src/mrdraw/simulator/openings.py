"""Hears when somebody opens a file, a pseudo-terminal's slave for example.

Invariants: Linux only (inotify, by way of ctypes as the standard library has no binding); openings from before the
watch are not counted; several openings in a short time may be one. Source: man 7 inotify.
"""

from __future__ import annotations

import ctypes
import os
from typing import Self

from mrdraw.errors import WireError

_IN_OPEN = 0x20


class OpeningWatch:
    """Watches one file; `descriptor` becomes readable when it was opened."""

    def __init__(self, path: str) -> None:
        library = ctypes.CDLL(None, use_errno=True)
        self.descriptor = _checked(library.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))
        try:
            _checked(library.inotify_add_watch(self.descriptor, os.fsencode(path), _IN_OPEN))
        except WireError:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def take(self) -> bool:
        """Whether the file was opened since the last call."""
        try:
            return bool(os.read(self.descriptor, 65536))
        except BlockingIOError:
            return False

    def close(self) -> None:
        """Stop watching."""
        os.close(self.descriptor)


def _checked(result: int) -> int:
    if result < 0:
        raise WireError(f"Openings of the port cannot be watched: {os.strerror(ctypes.get_errno())}")
    return result
