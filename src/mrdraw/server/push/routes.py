"""The routes of the push channel: what clients ask first, and SockJS without WebSockets (contract, 6.1).

Invariants: they need no key, and a key or a cookie on them means nothing, as identity comes from `auth` only; a page of
another origin is refused unless that is allowed in the settings.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from functools import partial
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from mrdraw.errors import InvalidValue, NoSuchSession, NotPermitted, TooLarge, TooManySessions
from mrdraw.server.context import client_address, limited_body, machine
from mrdraw.server.describing import COUNT, FLAG, NOTHING, TEXT, About, Body, Content, many, object_of
from mrdraw.server.push.origin import audience, is_welcome
from mrdraw.server.push.polling import PolledSession, PolledSessions
from mrdraw.server.push.sockjs.framing import BrokenPayload, is_close, texts_of
from mrdraw.server.push.sockjs.session import TAKEN
from mrdraw.server.push.sockjs.transports import TRANSPORTS, Receiver, Transport
from mrdraw.server.responses import json_response, no_content
from mrdraw.server.routing import Route

_BASE = "/sockjs/{server}/{session}"
_NEVER_KEPT = {
    "cache-control": "no-store, no-cache, no-transform, must-revalidate, max-age=0",
    "x-accel-buffering": "no",  # a proxy is to hand on what comes as it comes
}


async def greeting(_request: Request) -> Response:
    """`GET /sockjs`: what a person sees who looks there."""
    return PlainTextResponse("Welcome to SockJS!\n")


async def info(_request: Request) -> Response:
    """`GET /sockjs/info`: what the server can do; asked first by clients that know several transports."""
    known = {"websocket": True, "cookie_needed": False, "origins": ["*:*"], "entropy": secrets.randbits(32)}
    return json_response(known, headers={**_NEVER_KEPT, "access-control-allow-origin": "*"})


async def receive(transport: Transport, request: Request) -> Response:
    """`/sockjs/<server>/<session>/xhr`, `…/xhr_streaming`, `…/eventsource`: frames, as soon as there are any."""
    _refuse_foreign(request)
    name, address = _name(request), client_address(request)
    if name is None:
        raise _unknown(request)
    sessions, found = _sessions(request), _sessions(request).find(name)
    if found is not None:
        session = found[0]
        if session.address != address:
            raise _unknown(request)
        return Frames(transport, session)
    if request.method == "HEAD":
        return Response(None, HTTPStatus.OK, _NEVER_KEPT, transport.content_type)
    if sessions.is_full:
        raise TooManySessions("Too many push sessions are open. Try again soon.")
    return Frames(transport, sessions.open(name, audience(request), machine(request), address))


async def xhr_send(request: Request) -> Response:
    """`POST /sockjs/<server>/<session>/xhr_send`: messages of the client, an array of strings."""
    _refuse_foreign(request)
    found = _sessions(request).find(_name(request))
    if found is None or found[0].address != client_address(request):
        raise _unknown(request)
    try:
        texts = texts_of(await limited_body(request))
    except BrokenPayload as error:
        raise InvalidValue(str(error)) from error
    for text in texts:
        found[1].hear(text)
    return no_content()


class Frames(Response):
    """An answer that is written as frames come."""

    def __init__(self, transport: Transport, session: PolledSession) -> None:
        super().__init__(None, HTTPStatus.OK, _NEVER_KEPT, transport.content_type)
        del self.headers["content-length"]
        self._receiver = Receiver(transport)
        self._session = session

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Write frames until the answer is full, the session ended or the client went."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        if scope["method"] != "HEAD":
            await self._write(send, self._receiver.prelude)
            await self._answer(receive, send)
        await send({"type": "http.response.body", "body": b""})

    async def _answer(self, receive: Receive, send: Send) -> None:
        if not self._session.attach():
            await self._write(send, self._receiver.wrapped(TAKEN))
            return
        leaving = asyncio.create_task(_until_gone(receive))
        leaving.add_done_callback(lambda _: self._session.nudge())
        try:
            await self._follow(send, leaving)
        finally:
            self._session.detach()
            leaving.cancel()

    async def _follow(self, send: Send, leaving: asyncio.Task[None]) -> None:
        """Write what there is, wait for more."""
        while not (self._receiver.is_full or leaving.done()):
            frame = self._session.next_frame()
            if frame is None:
                await self._session.wait()
                continue
            await self._write(send, self._receiver.wrapped(frame))
            if is_close(frame):
                return

    @staticmethod
    async def _write(send: Send, data: bytes) -> None:
        if data:
            await send({"type": "http.response.body", "body": data, "more_body": True})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _name(request: Request) -> tuple[str, str] | None:
    """What a session is remembered by; `None` for a path that names none."""
    server, session = (request.path_params[part] for part in ("server", "session"))
    return None if "." in server + session else (machine(request).id, session)


def _sessions(request: Request) -> PolledSessions:
    known: PolledSessions = request.app.state.polled
    return known


def _unknown(request: Request) -> NoSuchSession:
    return NoSuchSession(f"There is no push session at {request.scope['path']}.")


def _refuse_foreign(request: Request) -> None:
    """Raises `NotPermitted`."""
    if not is_welcome(request):
        raise NotPermitted("A page of another origin may not listen here unless api.allowCrossOrigin is set.")


_ERRORS = (NotPermitted, NoSuchSession)


def _receiving(transport: Transport) -> Route:
    about = About(
        "Hear frames of a push session, which begins with the first request",
        {200: Content((transport.content_type.partition(";")[0],))},
        raises=(*_ERRORS, TooManySessions),
    )
    endpoint: Callable[[Request], object] = partial(receive, transport)
    return Route(transport.method, f"{_BASE}/{transport.name}", endpoint, None, open=True, about=about)  # type: ignore[arg-type]


_ABOUT_GREETING = About("A greeting", {200: Content(("text/plain",))})
_ABOUT_INFO = About(
    "What the push channel can do",
    {200: object_of({"websocket": FLAG, "cookie_needed": FLAG, "origins": many(TEXT), "entropy": COUNT})},
)
_ABOUT_SENDING = About(
    "Tell something over a push session",
    NOTHING,
    body=Body(many(TEXT), errors=(InvalidValue, TooLarge)),
    raises=_ERRORS,
)

ROUTES = (
    Route("GET", "/sockjs", greeting, None, open=True, about=_ABOUT_GREETING),
    Route("GET", "/sockjs/", greeting, None, open=True, about=_ABOUT_GREETING),
    Route("GET", "/sockjs/info", info, None, open=True, about=_ABOUT_INFO),
    *(_receiving(transport) for transport in TRANSPORTS),
    Route("POST", f"{_BASE}/xhr_send", xhr_send, None, open=True, about=_ABOUT_SENDING),
)
