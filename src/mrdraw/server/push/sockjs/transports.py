"""The ways over HTTP in which a receiver gets its frames.

Invariants: an answer of a streaming transport ends after `STREAMED` bytes, so that no browser piles it up, and one of
a polling transport after its first frame; the client then comes again.
"""

from __future__ import annotations

from dataclasses import dataclass

STREAMED = 128 * 1024
"""bytes of a streamed answer."""


@dataclass(frozen=True)
class Transport:
    """One way to receive."""

    name: str
    method: str
    content_type: str
    prelude: bytes = b""
    """What the answer begins with, so that browsers hand out what follows as it comes."""
    before: bytes = b""
    after: bytes = b"\n"
    limit: int = 0
    """bytes after which the answer ends."""


_SCRIPT = "application/javascript; charset=UTF-8"
TRANSPORTS = (
    Transport("xhr", "POST", _SCRIPT),
    Transport("xhr_streaming", "POST", _SCRIPT, prelude=b"h" * 2048 + b"\n", limit=STREAMED),
    Transport(
        "eventsource", "GET", "text/event-stream; charset=UTF-8",
        prelude=b"\r\n", before=b"data: ", after=b"\r\n\r\n", limit=STREAMED,
    ),
)  # fmt: skip


class Receiver:
    """One answer: its bytes, and whether it is at its end."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._left = transport.limit
        self.is_full = False

    @property
    def prelude(self) -> bytes:
        """The first bytes."""
        return self._transport.prelude

    def wrapped(self, frame: str) -> bytes:
        """The bytes of a frame, and note that they are sent."""
        data = self._transport.before + frame.encode() + self._transport.after
        self._left -= len(data)
        self.is_full = self._left <= 0
        return data
