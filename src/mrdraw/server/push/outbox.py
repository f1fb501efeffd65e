"""Messages that wait for a client, in their order.

Invariants: never more than `MOST` messages and `LARGEST` characters, and one message.
"""

from __future__ import annotations

from collections import deque

MOST = 500
LARGEST = 1024 * 1024


class Outbox:
    """What one client has yet to get."""

    def __init__(self) -> None:
        self._texts: deque[str] = deque()
        self._size = 0

    def put(self, text: str) -> bool:
        """Append a message, if there is room."""
        if len(self._texts) >= MOST or self._size >= LARGEST:
            return False
        self._texts.append(text)
        self._size += len(text)
        return True

    def take(self) -> str | None:
        """The oldest message."""
        if not self._texts:
            return None
        text = self._texts.popleft()
        self._size -= len(text)
        return text

    def clear(self) -> None:
        """Forget them all."""
        self._texts.clear()
        self._size = 0
