"""Where a request comes in: who sent it to which address, and whether it may come that way at all.

Invariants: every request and every socket has its peer in its scope from here on, and its path begins where ours begin,
whether a proxy took its prefix off or not.
"""

from __future__ import annotations

from functools import partial
from http import HTTPStatus

from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from mrdraw.server.context import Services
from mrdraw.server.cross_origin import preflight
from mrdraw.server.errors import refusal
from mrdraw.server.exposure import REFUSAL, Exposure
from mrdraw.server.peer import PEER, Peers

_STOP = "/emergency-stop"
_POLICY_VIOLATION = 1008
_NOTICE = "exposure"


class Entrance:
    """Stands before the authentication."""

    def __init__(self, app: ASGIApp, services: Services) -> None:
        self._app = app
        self._settings = services.settings
        self._peers = Peers(services.settings)
        self._exposure = Exposure(partial(services.hub.notice, _NOTICE))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or answer who may not come that way."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        peer = scope[PEER] = self._peers.find(scope)
        if peer.prefix:
            scope["path"] = without_prefix(scope["path"], peer.prefix)
            if not scope["path"]:
                await RedirectResponse(f"{peer.base}/", HTTPStatus.PERMANENT_REDIRECT)(scope, receive, send)
                return
        settings = self._settings.current()
        if self._exposure.is_insecure(peer) and settings.server.refuse_insecure_public and not _is_stop(scope):
            await _refused(scope)(scope, receive, send)
        elif answer := preflight(scope, settings.api):
            await answer(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def without_prefix(path: str, prefix: str) -> str:
    """The path below the prefix of a proxy that passes it on; nothing for the prefix without the slash behind it."""
    whole = "/" + path.lstrip("/") if path.startswith("//") else path
    below = whole.removeprefix(prefix)
    return below if whole.startswith(prefix) and below[:1] in {"", "/"} else path


def _is_stop(scope: Scope) -> bool:
    """Whether a machine has to stop: it is stopped, whichever way that came."""
    path: str = scope["path"]
    return path.endswith(_STOP)


def _refused(scope: Scope) -> Response | WebSocketClose:
    """The answer; nothing that was announced is read."""
    if scope["type"] == "websocket":
        return WebSocketClose(_POLICY_VIOLATION)
    return refusal(HTTPStatus.FORBIDDEN, REFUSAL, {"connection": "close"})
