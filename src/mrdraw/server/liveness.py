"""`/online.txt` and `/online.gif`: whether the server answers, for supervisors and for pages of other hosts; and
`/robots.txt`: that search engines have nothing to look for here.

Invariant: they say nothing else and need no key. The picture exists because a page may load a picture from another
host, but not a text.
"""

from __future__ import annotations

from base64 import b64decode

from starlette.requests import Request
from starlette.responses import Response

from mrdraw.server.describing import About, Content
from mrdraw.server.routing import Route

_PICTURE = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
"""A GIF of one transparent pixel."""
_NOW = {"cache-control": "no-store"}


async def text(_request: Request) -> Response:
    """`GET /online.txt`."""
    return Response(b"online\n", 200, _NOW, "text/plain")


async def picture(_request: Request) -> Response:
    """`GET /online.gif`."""
    return Response(_PICTURE, 200, _NOW, "image/gif")


async def robots(_request: Request) -> Response:
    """`GET /robots.txt`."""
    return Response(b"User-agent: *\nDisallow: /\n", 200, {"cache-control": "no-cache"}, "text/plain")


_ABOUT_ROBOTS = About("What search engines may read", {200: Content(("text/plain",))})
_ABOUT_TEXT = About("Whether the server answers", {200: Content(("text/plain",))})
_ABOUT_PICTURE = About("The same for pages of other hosts", {200: Content(("image/gif",))})

ROUTES = (
    Route("GET", "/online.txt", text, None, open=True, about=_ABOUT_TEXT),
    Route("GET", "/online.gif", picture, None, open=True, about=_ABOUT_PICTURE),
    Route("GET", "/robots.txt", robots, None, open=True, about=_ABOUT_ROBOTS),
)
