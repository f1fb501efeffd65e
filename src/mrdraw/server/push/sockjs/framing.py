"""The frames of SockJS 0.3.

Invariants: what the server sends in a frame are JSON texts as they are, not JSON strings that hold JSON, which is what
OctoPrint's clients expect (contract, 6.1); what comes from a client is a JSON array of strings, or one string.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

OPEN = "o"
HEARTBEAT = "h"


class BrokenPayload(ValueError):
    """What a client sent is no frame; the text says why."""


def messages_frame(texts: Iterable[str]) -> str:
    """A frame with these JSON texts."""
    return f"a[{','.join(texts)}]"


def close_frame(code: int, reason: str) -> str:
    """A frame that ends the session."""
    return f"c{msgspec.json.encode([code, reason]).decode()}"


def is_close(frame: str) -> bool:
    """Whether nothing follows this frame."""
    return frame.startswith("c")


def texts_of(payload: str | bytes) -> list[str]:
    """The messages that a client sent; what is no text among them is left out. Raises `BrokenPayload`."""
    if not payload:
        raise BrokenPayload('The payload is empty; send an array of strings, as in ["{}"].')
    try:
        found = msgspec.json.decode(payload)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise BrokenPayload(f"The payload is no JSON: {error}.") from error
    sent = found if isinstance(found, list) else [found]
    return [text for text in sent if isinstance(text, str)]
