"""The page: its frame at `/`, its assets, its icons. All open, as it has to be there before anybody can log in.

Invariants: the frame is never kept by a browser and carries what the page has to know before it has a key; it may load
nothing from elsewhere; a name that holds a hash of the content is kept for good. Without a built page the API works.
"""

from __future__ import annotations

from html import escape

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from mrdraw import __version__
from mrdraw.errors import NoSuchFile
from mrdraw.server.conditional import not_modified, validators
from mrdraw.server.context import absolute_url, services
from mrdraw.server.describing import CONDITIONAL, About, Content
from mrdraw.server.file_answers import RANGE_ERRORS, FileAnswer
from mrdraw.server.page_files import PageFile, accepted_encodings
from mrdraw.server.peer import peer_of
from mrdraw.server.routing import Route

FRAME = "index.html"
STATE_PLACE = b"<!--mrdraw-state-->"
"""The place in the frame that what the page has to know is put into."""
ASSETS = "/assets/"
TOP_LEVEL = ("favicon.svg", "favicon.ico", "manifest.webmanifest")
"""The names beside the frame that are served, and the icons."""
ICON = ("/icon-", ".png")
LOGIN = ("/login", "/login/")
"""Where clients send a browser to log in."""
_PATHS = frozenset({"/", *LOGIN, *(f"/{name}" for name in TOP_LEVEL)})

_FOR_GOOD = "public, max-age=31536000, immutable"
_EACH_TIME = "no-cache"
_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self' {socket}; worker-src 'self'; font-src 'self'; object-src 'none'; base-uri 'none'; "
    "form-action 'self'"
)
"""Styles may stand in the page because Vuetify writes its theme there; pictures may be data because the QR code of a
key is. Not every browser takes `'self'` for the sockets of the same host."""
_SOCKETS = {"http": "ws", "https": "wss"}
_OWN_FRAMES = "; frame-ancestors 'self'"

_NOT_BUILT = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{name}</title></head>
<body><h1>{name}</h1>
<p>The server runs, but the page was not built. Build it with <code>make run</code>, or with
<code>npm ci &amp;&amp; npm run build</code> in the folder <code>ui</code>, and load this again.</p>
<p>The API works without it: <code>curl -H 'X-Api-Key: KEY' http://HOST/api/version</code></p>
</body></html>
"""


def is_page_path(path: str) -> bool:
    """Whether a path is one of the page's."""
    is_icon = path.startswith(ICON[0]) and path.endswith(ICON[1]) and "/" not in path[1:]
    return path in _PATHS or path.startswith(ASSETS) or is_icon


async def frame(request: Request) -> Response:
    """`GET /`."""
    headers = {"cache-control": "no-store", "content-security-policy": _policy(request)}
    found = await services(request).page.find(FRAME)
    if found is None or found.content is None:
        name = escape(services(request).settings.current().appearance.name or "MrDraw")
        return Response(_NOT_BUILT.format(name=name), 503, headers, "text/html")
    return Response(found.content.replace(STATE_PLACE, _state(request)), 200, headers, found.content_type)


async def login(request: Request) -> Response:
    """`GET /login/`: the page asks for name and password. Where to go afterwards is not taken from outside."""
    return RedirectResponse(f"{absolute_url(request, '/')}#/sign-in", 302, {"cache-control": "no-store"})


async def asset(request: Request) -> Response:
    """`GET /assets/<path>`: a name that holds a hash of the content."""
    return await _file(request, f"assets/{request.path_params['path']}", _FOR_GOOD)


async def top_level(request: Request) -> Response:
    """`GET /favicon.svg` and what else stands beside the frame."""
    return await _file(request, request.scope["path"].removeprefix("/"), _EACH_TIME)


async def _file(request: Request, name: str, cache: str) -> Response:
    encodings = accepted_encodings(request.headers.get("accept-encoding", ""))
    found = await services(request).page.find(name, encodings)
    if found is None:
        raise NoSuchFile(f"There is nothing at {request.scope['path']}.")
    headers = {
        **validators(found.tag, found.stat.st_mtime), "cache-control": cache, "vary": "accept-encoding",
        "content-security-policy": _policy(request),
    }  # fmt: skip
    known = not_modified(request, headers, found.stat.st_mtime)
    return known if known is not None else _sent(found, headers)


def _sent(found: PageFile, headers: dict[str, str]) -> Response:
    if found.encoding is not None:
        headers["content-encoding"] = found.encoding
    if found.content is None:
        return FileAnswer(found.path, headers=headers, media_type=found.content_type, stat_result=found.stat)
    return Response(found.content, 200, headers, found.content_type)


def _policy(request: Request) -> str:
    """What the page may load, and who may show it in a frame."""
    peer = peer_of(request.scope)
    policy = _POLICY.format(socket=f"{_SOCKETS[peer.scheme]}://{peer.host}")
    return policy if services(request).settings.current().server.allow_framing else policy + _OWN_FRAMES


def _state(request: Request) -> bytes:
    """What the page has to know before it has a key; nothing in it can end the script element."""
    known = services(request)
    state = {
        "firstRun": known.accounts.claim.is_open(),
        "accessControl": not known.accounts.open_page.is_off(),
        "name": known.settings.current().appearance.name,
        "version": __version__,
    }
    encoded = msgspec.json.encode(state).replace(b"<", b"\\u003c")
    return b'<script type="application/json" id="mrdraw-state">' + encoded + b"</script>"


_ABOUT_FRAME = About("The page", {200: Content(("text/html",)), 503: Content(("text/html",))})
_ABOUT_LOGIN = About("The place to log in", {302: None})
_ANY_FILE = Content(("*/*",))
_ABOUT_FILE = About(
    "A part of the page", {200: _ANY_FILE, 206: _ANY_FILE, **CONDITIONAL}, raises=(NoSuchFile, *RANGE_ERRORS)
)

ROUTES = (
    Route("GET", "/", frame, None, open=True, about=_ABOUT_FRAME),
    *(Route("GET", path, login, None, open=True, about=_ABOUT_LOGIN) for path in LOGIN),
    Route("GET", f"{ASSETS}{{path:path}}", asset, None, open=True, about=_ABOUT_FILE),
    *(Route("GET", f"/{name}", top_level, None, open=True, about=_ABOUT_FILE) for name in TOP_LEVEL),
    Route("GET", f"{ICON[0]}{{size}}{ICON[1]}", top_level, None, open=True, about=_ABOUT_FILE),
)
