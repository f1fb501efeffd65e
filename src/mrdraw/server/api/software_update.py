"""`/plugin/softwareupdate/…`: which release runs here (contract, 9.2).

Invariants: MrDraw asks nobody about newer releases and installs none; the answers name its own version as current and
say that updating is not supported from here.
"""

from __future__ import annotations

import asyncio
import platform
import shutil
import time
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from mrdraw import __version__
from mrdraw.accounts import Permission
from mrdraw.errors import NotSupported
from mrdraw.server.context import services
from mrdraw.server.describing import ANY, COUNT, FLAG, LOOSE_FLAG, NUMBER, TEXT, About, by_name, many, object_of, words
from mrdraw.server.responses import json_response
from mrdraw.server.routing import Route

_TARGET = "octoprint"
"""The id under which clients look for the server itself."""
_ENOUGH = 150 * 1024**2
"""bytes that an update may need."""
_HOW = (
    "MrDraw does not update itself. Use what it was installed with: pip, the container's image, or the package manager."
)


async def check(request: Request) -> Response:
    """`GET /plugin/softwareupdate/check`: only of what is asked for, if something is."""
    asked = {name for names in request.query_params.getlist("targets") for name in names.split(",") if name}
    free = (await asyncio.to_thread(shutil.disk_usage, services(request).library.folder)).free
    return json_response(
        {
            "status": "current",
            "information": {_TARGET: _information()} if not asked or _TARGET in asked else {},
            "timestamp": int(time.time()),
            "environment": {
                "supported": False,
                "versions": [{"name": "Python", "current": platform.python_version(), "minimum": "3.11"}],
            },
            "storage": {"sufficient": free >= _ENOUGH, "free": free},
        }
    )


def _information() -> dict[str, Any]:
    named = {"name": f"MrDraw {__version__}", "value": __version__}
    return {
        "displayName": "MrDraw", "displayVersion": __version__, "updateAvailable": False, "updatePossible": False,
        "compatible": True, "disabled": False, "online": False, "error": None, "releaseNotes": None,
        "information": {"local": named, "remote": {**named, "release_notes": None}, "needs_online": False},
    }  # fmt: skip


async def refuse(_request: Request) -> Response:
    """Whatever would update, or set how."""
    raise NotSupported(_HOW)


async def log(_request: Request) -> Response:
    """`GET /plugin/softwareupdate/updatelog`."""
    return json_response({"updatelog": []})


_ABOUT_CHECK = About(
    "Look for updates",
    {200: object_of({
        "status": words("current"),
        "information": by_name(object_of({"displayName": TEXT, "displayVersion": TEXT, "updateAvailable": FLAG})),
        "timestamp": COUNT,
        "environment": object_of({"supported": FLAG, "versions": many(ANY)}),
        "storage": object_of({"sufficient": FLAG, "free": NUMBER}),
    })},
    query={"targets": TEXT, "force": LOOSE_FLAG},
)  # fmt: skip
_ABOUT_UPDATE = About("Update", {}, raises=(NotSupported,))
_ABOUT_LOG = About("List updates that were made", {200: object_of({"updatelog": many(ANY)})})

_P = Permission
_HERE = "/plugin/softwareupdate"
ROUTES = (
    Route("GET", f"{_HERE}/check", check, _P.PLUGIN_SOFTWAREUPDATE_CHECK, about=_ABOUT_CHECK),
    Route("POST", f"{_HERE}/update", refuse, _P.PLUGIN_SOFTWAREUPDATE_UPDATE, about=_ABOUT_UPDATE),
    Route("POST", f"{_HERE}/update/queued", refuse, _P.PLUGIN_SOFTWAREUPDATE_UPDATE, about=_ABOUT_UPDATE),
    Route("POST", f"{_HERE}/configure", refuse, _P.PLUGIN_SOFTWAREUPDATE_CONFIGURE, about=_ABOUT_UPDATE),
    Route("GET", f"{_HERE}/updatelog", log, _P.ADMIN, about=_ABOUT_LOG),
)
