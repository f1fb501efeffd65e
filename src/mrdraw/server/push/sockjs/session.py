"""One SockJS session: what goes to the client, in which frame and when.

Invariants: `o` comes first and once; messages come in order, each once; at most one receiver is attached, another one
is refused; after the end every receiver is told of it and gets nothing else; what is not fetched yet is bounded by
`ROOM` and one message. Time is passed in (monotonic s).
"""

from __future__ import annotations

from mrdraw.server.push.sockjs.framing import HEARTBEAT, OPEN, close_frame, messages_frame

HEARTBEAT_EVERY = 25.0
"""s between two heartbeats to the same receiver."""
LINGER = 5.0
"""s that a session lives without a receiver."""
ROOM = 64 * 1024
"""Characters of messages that may wait for a receiver."""

GO_AWAY = (3000, "Go away!")
TAKEN = close_frame(2010, "Another connection still open")


class Session:
    """A session from its first receiver to `LINGER` s after its last."""

    def __init__(self, now: float) -> None:
        self._opened = False
        self._waiting: list[str] = []
        self._size = 0
        self._end: str | None = None
        self._attached = False
        self._due = now + LINGER
        """When the next heartbeat is to be sent, or when the session is over if nobody is attached."""

    # --- the server's side -----------------------------------------------------------------------------------------

    @property
    def has_room(self) -> bool:
        """Whether another message may be put."""
        return self._size < ROOM

    def put(self, text: str) -> None:
        """Have a message sent: a JSON text. After the end it is lost."""
        if self._end is None:
            self._waiting.append(text)
            self._size += len(text)

    def close(self, code: int = GO_AWAY[0], reason: str = GO_AWAY[1]) -> None:
        """End the session; what waits is still sent."""
        if self._end is None:
            self._end = close_frame(code, reason)

    # --- the receivers' side ---------------------------------------------------------------------------------------

    def attach(self, now: float) -> bool:
        """A receiver comes; false when there is one, and the new one is to be told `TAKEN`."""
        if self._attached:
            return False
        self._attached = True
        self._due = now + HEARTBEAT_EVERY
        return True

    def detach(self, now: float) -> None:
        """The receiver went."""
        if self._attached:
            self._attached = False
            self._due = now + LINGER

    def next_frame(self, now: float) -> str | None:
        """The next frame for the receiver, if there is one."""
        if not self._attached:
            return None
        if not self._opened:
            self._opened = True
            return OPEN
        if self._waiting:
            frame = messages_frame(self._waiting)
            self._waiting, self._size = [], 0
            return frame
        if self._end is not None:
            return self._end
        return self._heartbeat(now)

    def _heartbeat(self, now: float) -> str | None:
        if now < self._due:
            return None
        self._due = now + HEARTBEAT_EVERY
        return HEARTBEAT

    # --- time ------------------------------------------------------------------------------------------------------

    @property
    def deadline(self) -> float:
        """When to look again if nothing happens: for a heartbeat, or because the session may be over."""
        return self._due

    def is_over(self, now: float) -> bool:
        """Whether nobody has come for so long that the session is forgotten."""
        return not self._attached and now >= self._due
