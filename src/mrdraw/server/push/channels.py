"""What a WebSocket carries: bare messages, or SockJS frames (contract, 6.1).

Invariants: a channel sends messages in their order; it knows nothing of what they say.
"""

from __future__ import annotations

from time import monotonic
from typing import Protocol

from starlette.websockets import WebSocket

from mrdraw.server.push.sockjs.framing import texts_of
from mrdraw.server.push.sockjs.session import Session

_GOING_AWAY = 1001
_NORMAL = 1000


class Channel(Protocol):
    """How messages travel over a WebSocket."""

    async def send(self, text: str) -> None:
        """Send a message; waits while the socket takes nothing."""

    def heard(self, payload: str) -> list[str]:
        """The messages in what a client sent. Raises `BrokenPayload`."""

    @property
    def deadline(self) -> float | None:
        """When `keep_alive` is to be called (monotonic s)."""

    async def keep_alive(self) -> None:
        """Give a sign of life, if it is time."""

    async def finish(self) -> None:
        """End it; the client is told."""


class RawChannel:
    """One JSON object in each frame of the WebSocket."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket

    async def send(self, text: str) -> None:
        """Send a message."""
        await self._websocket.send_text(text)

    def heard(self, payload: str) -> list[str]:
        """The payload is the message."""
        return [payload]

    @property
    def deadline(self) -> float | None:
        """Never."""
        return None

    async def keep_alive(self) -> None:
        """There is none: the WebSocket's own pings do."""

    async def finish(self) -> None:
        """Close."""
        await self._websocket.close(_GOING_AWAY)


class FramedChannel:
    """A SockJS session with one receiver, which is the WebSocket."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket
        self._session = Session(monotonic())
        self._session.attach(monotonic())

    async def send(self, text: str) -> None:
        """Send a message."""
        self._session.put(text)
        await self.keep_alive()

    def heard(self, payload: str) -> list[str]:
        """The messages in an array, or the only one. An empty payload is none."""
        return texts_of(payload) if payload else []

    @property
    def deadline(self) -> float | None:
        """When the next heartbeat is due."""
        return self._session.deadline

    async def keep_alive(self) -> None:
        """Send what is to be sent."""
        while (frame := self._session.next_frame(monotonic())) is not None:
            await self._websocket.send_text(frame)

    async def finish(self) -> None:
        """Say so, then close."""
        self._session.close()
        frame = self._session.next_frame(monotonic())
        if frame is not None:
            await self._websocket.send_text(frame)
        await self._websocket.close(_NORMAL)
