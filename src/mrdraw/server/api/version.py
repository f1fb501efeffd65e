"""`/api/version` and `/api/server`: what answers here (contract, 5.1 and 16).

Invariants: clients take the server's version apart at its dots, and look for "OctoPrint" at the beginning of the text.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from mrdraw import __version__
from mrdraw.accounts import Permission
from mrdraw.errors import InvalidValue
from mrdraw.server.api_version import QUERY, wants_version_2
from mrdraw.server.describing import TEXT, About, maybe, object_of
from mrdraw.server.responses import json_response
from mrdraw.server.routing import Route

COMPATIBLE_VERSION = "1.11.8"
"""The release of OctoPrint whose API is spoken."""

API_VERSION = "0.1"


async def version(request: Request) -> Response:
    """`GET /api/version`."""
    record = {
        "api": API_VERSION,
        "server": COMPATIBLE_VERSION,
        "text": f"OctoPrint {COMPATIBLE_VERSION} (MrDraw {__version__})",
        "mrdraw": __version__,
    }
    if wants_version_2(request):
        del record["api"]
    return json_response(record)


async def server(_request: Request) -> Response:
    """`GET /api/server`."""
    return json_response({"version": COMPATIBLE_VERSION, "safemode": None})


ROUTES = (
    Route(
        "GET",
        "/api/version",
        version,
        Permission.STATUS,
        on_any=True,
        about=About(
            "Which versions of the API and of MrDraw answer here",
            {200: object_of({"api?": TEXT, "server": TEXT, "text": TEXT, "mrdraw": TEXT})},
            query=QUERY,
            raises=(InvalidValue,),
        ),
    ),
    Route(
        "GET",
        "/api/server",
        server,
        Permission.STATUS,
        on_any=True,
        about=About("The version of the server", {200: object_of({"version": TEXT, "safemode": maybe(TEXT)})}),
    ),
)
