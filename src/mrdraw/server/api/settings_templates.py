"""`GET /api/settings/templates`: the parts of the page, by OctoPrint's kinds of parts (contract, 5.9).

Invariants: what is named here is there.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from mrdraw.accounts import Permission
from mrdraw.server.describing import LOOSE_FLAG, TEXT, About, many, object_of
from mrdraw.server.responses import json_response
from mrdraw.server.routing import Route

_ORDER: dict[str, list[dict[str, str]]] = {
    "navbar": [],
    "sidebar": [],
    "tab": [{"id": "machine", "name": "Machine"}, {"id": "files", "name": "Files"}],
    "settings": [
        {"id": "machine", "name": "Machine"},
        {"id": "api", "name": "API"},
        {"id": "access", "name": "Access control"},
    ],
    "usersettings": [{"id": "password", "name": "Change password"}],
    "wizard": [],
    "about": [{"id": "about", "name": "About"}],
    "generic": [],
}


async def read(_: Request) -> Response:
    """`GET /api/settings/templates`; there is nothing to refresh."""
    return json_response({"order": _ORDER})


_PART = object_of({"id": TEXT, "name": TEXT, "plugin_id?": TEXT, "plugin_name?": TEXT})
_ABOUT = About(
    "The parts of the page",
    {200: object_of({"order": object_of(dict.fromkeys(_ORDER, many(_PART)))})},
    query={"refresh": LOOSE_FLAG},
)

ROUTES = (Route("GET", "/api/settings/templates", read, Permission.SETTINGS, about=_ABOUT),)
