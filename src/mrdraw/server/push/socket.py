"""The raw WebSocket of the push channel, and what clients ask before they open it (contract, 6.1).

Invariants: the handshake needs no key; a page of another origin is refused unless that is allowed in the settings; a
socket ends when the client goes, is stuck, or lost its identity, and leaves nothing behind.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from urllib.parse import urlsplit

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketDisconnect

from mrdraw.events import ClientClosed, ClientOpened
from mrdraw.server.context import absolute_url, machine, services
from mrdraw.server.push.client import PushClient
from mrdraw.server.push.payloads import connected_message
from mrdraw.server.responses import json_response
from mrdraw.server.routing import Route

LOGGER = logging.getLogger(__name__)

WEBSOCKET_PATH = "/sockjs/websocket"

_POLICY_VIOLATION = 1008
_CLOSING_TIME = 2.0
"""s that a client has to agree to a close."""


async def info(_request: Request) -> Response:
    """`GET /sockjs/info`: what the server can do; asked first by clients that know several transports."""
    return json_response(
        {
            "websocket": True,
            "cookie_needed": False,
            "origins": ["*:*"],
            "entropy": secrets.randbits(32),
        }
    )


async def push_socket(websocket: WebSocket) -> None:
    """The socket of one client."""
    known = services(websocket)
    if not known.settings.current().api.allow_cross_origin and not same_origin(websocket):
        await websocket.close(_POLICY_VIOLATION)
        return
    one, bus = machine(websocket), known.hub.bus
    await websocket.accept()
    address = websocket.client.host if websocket.client else ""
    client = PushClient(one, known.accounts, bus, address=address, send=websocket.send_text)
    undo = (one.view.subscribe(client.machine_changed), bus.subscribe(client.happened))
    bus.publish(None, ClientOpened(remoteAddress=address))
    try:
        with contextlib.suppress(WebSocketDisconnect):
            await websocket.send_text(msgspec.json.encode(connected_message(known)).decode())
            await _serve(websocket, client)
    finally:
        for unsubscribe in undo:
            unsubscribe()
        bus.publish(None, ClientClosed(remoteAddress=address))


async def _serve(websocket: WebSocket, client: PushClient) -> None:
    """Hear and tell until one of both ends."""
    hearing, telling = asyncio.create_task(_hear(websocket, client)), asyncio.create_task(client.run())
    try:
        await asyncio.wait((hearing, telling), return_when=asyncio.FIRST_COMPLETED)
    finally:
        gone = hearing.done()
        for task in (hearing, telling):
            task.cancel()
        for ending in await asyncio.gather(hearing, telling, return_exceptions=True):
            if isinstance(ending, Exception) and not isinstance(ending, WebSocketDisconnect):
                LOGGER.error("a push socket failed: %s", ending, exc_info=ending)
    if not gone:
        with contextlib.suppress(TimeoutError, RuntimeError, WebSocketDisconnect):
            async with asyncio.timeout(_CLOSING_TIME):
                await websocket.close(_POLICY_VIOLATION)


async def _hear(websocket: WebSocket, client: PushClient) -> None:
    with contextlib.suppress(WebSocketDisconnect):
        while True:
            message = await websocket.receive()
            if message["type"] == "websocket.disconnect":
                return
            text = message.get("text")
            if text is not None:
                client.hear(text)


def same_origin(websocket: WebSocket) -> bool:
    """Whether the page that opens the socket came from here; what is no browser sends no origin."""
    origin = websocket.headers.get("origin")
    if origin is None:
        return True
    return urlsplit(origin).netloc.lower() == urlsplit(absolute_url(websocket, "/")).netloc.lower()


ROUTES = (Route("GET", "/sockjs/info", info, None, open=True),)
