"""The WebSockets of the push channel: the raw one, and SockJS's (contract, 6.1).

Invariants: the handshake needs no key; a page of another origin is refused unless that is allowed in the settings; a
socket ends when the client goes, is stuck, or may not be here any more, and leaves nothing behind.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections.abc import Callable
from time import monotonic

from starlette.websockets import WebSocket, WebSocketDisconnect

from mrdraw.server.context import client_address, machine
from mrdraw.server.push.channels import Channel, FramedChannel, RawChannel
from mrdraw.server.push.client import PushClient
from mrdraw.server.push.origin import audience, is_welcome
from mrdraw.server.push.sockjs.framing import BrokenPayload

LOGGER = logging.getLogger(__name__)

_SOCKETS: tuple[tuple[re.Pattern[str], Callable[[WebSocket], Channel]], ...] = (
    (re.compile(r"/sockjs/websocket"), RawChannel),
    (re.compile(r"/sockjs/[^/.]+/[^/.]+/websocket"), FramedChannel),
)
"""The paths that are WebSockets, all of them open, and what they carry."""

_POLICY_VIOLATION = 1008
_CLOSING_TIME = 2.0
"""s that a client has to agree to a close."""


def channel_of(path: str) -> Callable[[WebSocket], Channel] | None:
    """What the WebSocket at this path carries; `None` where there is none."""
    return next((channel for pattern, channel in _SOCKETS if pattern.fullmatch(path)), None)


async def push_socket(websocket: WebSocket) -> None:
    """The socket of one client."""
    make_channel = channel_of(websocket.scope["path"])
    if make_channel is None or not is_welcome(websocket):
        await websocket.close(_POLICY_VIOLATION)
        return
    one, everybody = machine(websocket), audience(websocket)
    await websocket.accept()
    channel = make_channel(websocket)
    client = everybody.join(one, client_address(websocket), channel.send)
    try:
        with contextlib.suppress(WebSocketDisconnect):
            await channel.send(everybody.connected())
            await _serve(websocket, client, channel)
    finally:
        everybody.leave(client)


async def _serve(websocket: WebSocket, client: PushClient, channel: Channel) -> None:
    """Hear and tell until one of both ends."""
    hearing, telling = asyncio.create_task(_hear(websocket, client, channel)), asyncio.create_task(client.run())
    try:
        await _until_one_ends(hearing, telling, channel)
    finally:
        gone = hearing.done() and not hearing.cancelled() and hearing.exception() is None and hearing.result()
        for task in (hearing, telling):
            task.cancel()
        for ending in await asyncio.gather(hearing, telling, return_exceptions=True):
            if isinstance(ending, Exception) and not isinstance(ending, WebSocketDisconnect):
                LOGGER.error("a push socket failed: %s", ending, exc_info=ending)
    if not gone:
        with contextlib.suppress(TimeoutError, RuntimeError, WebSocketDisconnect):
            async with asyncio.timeout(_CLOSING_TIME):
                await channel.finish()


async def _until_one_ends(hearing: asyncio.Task[bool], telling: asyncio.Task[None], channel: Channel) -> None:
    while True:
        pause = None if channel.deadline is None else max(0.0, channel.deadline - monotonic())
        done, _ = await asyncio.wait((hearing, telling), timeout=pause, return_when=asyncio.FIRST_COMPLETED)
        if done:
            return
        await channel.keep_alive()


async def _hear(websocket: WebSocket, client: PushClient, channel: Channel) -> bool:
    """Take what the client says until it goes or says what is no frame; whether it went."""
    with contextlib.suppress(WebSocketDisconnect, BrokenPayload):
        while True:
            message = await websocket.receive()
            if message["type"] == "websocket.disconnect":
                return True
            for text in channel.heard(message.get("text") or ""):
                client.hear(text)
    return False
