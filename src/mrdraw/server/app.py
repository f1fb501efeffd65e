"""The ASGI application: authentication, the table of routes, headers, errors.

Invariants: what reaches an endpoint has the permission that its route states; whatever goes wrong there is answered in
JSON; no state of its own.
"""

from __future__ import annotations

from types import SimpleNamespace

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from mrdraw.errors import MrDrawError
from mrdraw.server import downloads, liveness, log_downloads, page
from mrdraw.server.access_requests import AccessRequests
from mrdraw.server.api import (
    access,
    account,
    application_keys,
    audit,
    bed,
    camera,
    connection,
    description,
    discovery,
    emergency,
    file_commands,
    files,
    groups,
    interrupted,
    job,
    jobs,
    languages,
    login_methods,
    logs,
    machines,
    passkeys,
    plugin_manager,
    plugins,
    printer,
    printhead,
    probes,
    profiles,
    prompts,
    second_factor,
    settings,
    settings_templates,
    sign_on,
    slicing,
    software_update,
    system,
    system_info,
    timelapse,
    tool,
    typed,
    uploads,
    users,
    version,
    wizard,
)
from mrdraw.server.auditing import Auditing
from mrdraw.server.auth import Authentication
from mrdraw.server.context import ROUTE, Services, claimed, identity, machine, redirection, require
from mrdraw.server.cross_origin import VARY, origin_headers
from mrdraw.server.entrance import Entrance
from mrdraw.server.errors import error_response, refusal
from mrdraw.server.push import routes as push
from mrdraw.server.push.audience import Audience
from mrdraw.server.push.polling import PolledSessions
from mrdraw.server.push.socket import push_socket
from mrdraw.server.routing import Route, RouteTable
from mrdraw.server.sign_on.flow import Flow
from mrdraw.server.turns import Turns
from mrdraw.settings import Settings

MODULES = (
    access,
    version,
    connection,
    files,
    file_commands,
    uploads,
    job,
    printer,
    printhead,
    profiles,
    tool,
    bed,
    typed,
    emergency,
    interrupted,
    downloads,
    groups,
    users,
    second_factor,
    passkeys,
    wizard,
    settings,
    settings_templates,
    machines,
    jobs,
    description,
    liveness,
    page,
    languages,
    logs,
    log_downloads,
    slicing,
    probes,
    system,
    system_info,
    discovery,
    camera,
    timelapse,
    plugin_manager,
    software_update,
    plugins,
    prompts,
    login_methods,
    sign_on,
    application_keys,
    account,
    audit,
)

_COMMON = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-robots-tag", b"noindex, nofollow, noimageindex"),
    (b"referrer-policy", b"same-origin"),
    (b"content-security-policy", b"default-src 'none'; sandbox"),
]
"""The policy is for what is no part of the page, which says its own: whatever it holds, it never runs in our origin."""
_FRAMES = (b"x-frame-options", b"sameorigin")
_FRESH = (b"cache-control", b"max-age=0")
_NEVER = [
    (b"cache-control", b"no-store, no-cache, must-revalidate, max-age=0"),
    (b"pragma", b"no-cache"),
    (b"expires", b"-1"),
]


def all_routes() -> tuple[Route, ...]:
    """Every route that is served."""
    return tuple(route for module in (*MODULES, push) for route in module.ROUTES)


class Application:
    """Answers requests."""

    def __init__(self, services: Services) -> None:
        routes = all_routes()
        self.state = SimpleNamespace(
            services=services,
            audience=Audience(services),
            polled=PolledSessions(),
            requests=AccessRequests(services.hub.bus),
            description=description.Description(routes),
            sign_on=Flow(services.settings, services.accounts),
        )
        self._table = RouteTable(routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request or serve one socket."""
        scope["app"] = self
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "websocket":
            await self._serve_socket(scope, receive, send)
        else:
            request = Request(scope, receive)
            response = await self._answer(request)
            await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        try:
            return await self._dispatch(request)
        except Exception as error:  # noqa: BLE001 - the boundary: every error is answered, unknown ones are logged
            return error_response(error)

    async def _dispatch(self, request: Request) -> Response:
        scope = request.scope
        path, method = scope["path"], scope["method"]
        if "//" in path:
            clean = "/".join(["", *(part for part in path.split("/") if part)])
            return redirection(request, clean, 308)
        machine(request)  # whatever is asked of an unknown machine, it is named as such
        found = self._table.find(path)
        if found is None:
            return refusal(404, f"There is nothing at {path}.")
        if method == "OPTIONS":
            allow = {"allow": ", ".join(sorted({*found.methods, "OPTIONS"}))}
            return Response(None, 200, allow, "text/plain")
        route = found.methods.get(method)
        if route is None:
            allowed = ", ".join(sorted(found.methods))
            return refusal(405, f"{method} is not allowed here; use {allowed}.", {"allow": allowed})
        scope[ROUTE], scope["path_params"] = route, found.parameters
        if claimed(request):
            pass  # this route is one of the first run's; it sees to the rest
        elif route.permission is not None:
            require(request, route.permission, *route.instead, on_any=route.on_any)
        elif not route.open:
            identity(request)
        return await route.endpoint(request)

    async def _serve_socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        websocket = WebSocket(scope, receive, send)
        try:
            machine(websocket)
        except MrDrawError:
            await websocket.close(1008)
            return
        await push_socket(websocket)


class CommonHeaders:
    """Adds what every answer carries."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; answers get their headers on the way out."""
        await self._app(scope, receive, self._adding(scope, send) if scope["type"] == "http" else send)

    def _adding(self, scope: Scope, send: Send) -> Send:
        tree = self._settings.current()
        added = list(_COMMON) if tree.server.allow_framing else [*_COMMON, _FRAMES]
        added += origin_headers(scope, tree.api)
        reading = scope["method"] in {"GET", "HEAD"}

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message["headers"]
                present = {name for name, _ in headers}
                if b"cache-control" not in present:
                    headers.extend([_FRESH] if reading else _NEVER)
                headers.extend(one for one in added if one[0] not in present or one is VARY)
            await send(message)

        return send_with_headers


async def _lifespan(receive: Receive, send: Send) -> None:
    """Nothing is begun or ended here: `server.run` does that before and after listening."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        else:
            await send({"type": "lifespan.shutdown.complete"})
            return


def create_app(services: Services) -> ASGIApp:
    """The application, behind its entrance, its authentication and what writes down who did what; in turns."""
    answering = Auditing(Authentication(Application(services), services), services)
    return Turns(CommonHeaders(Entrance(answering, services), services.settings))
