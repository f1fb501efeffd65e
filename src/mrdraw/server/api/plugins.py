"""Small APIs of bundled plugins that clients ask: announcements, tracking, health check, path view (contract, 9.2).

Invariants: nobody outside is asked or told of anything; what does not exist here is an empty list. A plugin that is
not answered anywhere is 404, as any path that leads nowhere.
"""

from __future__ import annotations

import asyncio
import shutil
from hashlib import sha1
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from mrdraw.accounts import Permission
from mrdraw.errors import InvalidValue, NoSuchFile
from mrdraw.server.context import command_body, require, services
from mrdraw.server.describing import (
    ANY,
    FLAG,
    LOOSE_FLAG,
    NOTHING,
    NUMBER,
    TEXT,
    About,
    by_name,
    commands,
    many,
    object_of,
    words,
)
from mrdraw.server.responses import json_response, no_content
from mrdraw.server.routing import Route
from mrdraw.server.values import mapping, text

_TRACK: dict[str, tuple[str, ...]] = {"track": ("event", "payload")}
_CHANNEL: dict[str, tuple[str, ...]] = {"read": ("until",), "toggle": ()}
_FULL, _ALMOST = 95.0, 85.0
"""% of a disk from which on that is an issue, or a warning."""
_LONGEST_MARK = 256


async def channels(_request: Request) -> Response:
    """`GET /plugin/announcements/channels`: no feed is read."""
    return json_response({"channels": []})


async def channel(request: Request) -> Response:
    """`POST /plugin/announcements/channels/<name>`."""
    raise NoSuchFile(f"There is no channel {request.path_params['name']!r}; MrDraw reads no announcements.")


async def track(request: Request) -> Response:
    """`POST /api/plugin/tracking`: taken, as clients send it on their own, and told to nobody."""
    _, body = await command_body(request, _TRACK)
    text(body["event"], "event")
    mapping(body["payload"], "payload")
    return no_content()


async def health(request: Request) -> Response:
    """`GET /api/plugin/health_check`."""
    return json_response({"health": await asyncio.to_thread(_health, services(request).library.folder)})


def _health(uploads: Path) -> dict[str, Any]:
    """How full the disk of the files is, in %."""
    usage = shutil.disk_usage(uploads)
    used = round(100 * usage.used / max(1, usage.used + usage.free), 1)
    result = "issue" if used >= _FULL else "warning" if used >= _ALMOST else "ok"
    told = sha1(f"uploads {result}".encode(), usedforsecurity=False).hexdigest()
    return {"filesystem_storage": {"result": result, "context": {"uploads": used}, "hash": told}}


async def skip_until(request: Request) -> Response:
    """`GET /plugin/gcodeviewer/skipuntilcheck/<origin>/<path>`: whether the file has the line that views begin at."""
    require(request, Permission.FILES_DOWNLOAD)
    known, path = services(request), request.path_params["path"]
    if request.path_params["origin"] != "local":
        raise NoSuchFile("Only stored files can be looked into; their origin is local.")
    settings = known.settings.current().plugins.get("gcodeviewer")
    mark = settings.get("skipUntilThis") if isinstance(settings, dict) else None
    known.library.file(path)
    if not isinstance(mark, str) or not mark:
        return json_response({"present": False})
    if len(mark) > _LONGEST_MARK:
        raise InvalidValue(f"plugins.gcodeviewer.skipUntilThis is longer than {_LONGEST_MARK} characters.")
    return json_response({"present": await asyncio.to_thread(_has_line, known.library.absolute(path), mark.encode())})


def _has_line(path: Path, mark: bytes) -> bool:
    """Whether a line of the file begins with this; the file is read in bounded pieces."""
    try:
        with path.open("rb") as file:
            begins = True
            while piece := file.readline(64 * 1024):
                if begins and piece.startswith(mark):
                    return True
                begins = piece.endswith(b"\n")
    except FileNotFoundError as error:
        raise NoSuchFile("The file is gone.") from error
    return False


_ABOUT_CHANNELS = About("List announcements", {200: object_of({"channels": many(ANY)})})
_ABOUT_CHANNEL = About(
    "Mark announcements as read", {}, body=commands(_CHANNEL, {"read": {"until": NUMBER}}), raises=(NoSuchFile,)
)
_ABOUT_TRACK = About(
    "Tell what is used", NOTHING, body=commands(_TRACK, {"track": {"event": TEXT, "payload": by_name(ANY)}})
)
_ABOUT_HEALTH = About(
    "Check the server's health",
    {
        200: object_of(
            {"health": by_name(object_of({"result": words("ok", "warning", "issue"), "context": ANY, "hash": TEXT}))}
        )
    },
    query={"refresh": LOOSE_FLAG},
)
_ABOUT_SKIP = About(
    "Look for the line that a view begins at", {200: object_of({"present": FLAG})}, raises=(NoSuchFile, InvalidValue)
)

_P = Permission
ROUTES = (
    Route("GET", "/plugin/announcements/channels", channels, _P.PLUGIN_ANNOUNCEMENTS_READ, about=_ABOUT_CHANNELS),
    Route("POST", "/plugin/announcements/channels/{name}", channel, _P.PLUGIN_ANNOUNCEMENTS_READ, about=_ABOUT_CHANNEL),
    Route("POST", "/api/plugin/tracking", track, None, about=_ABOUT_TRACK),
    Route("GET", "/api/plugin/health_check", health, _P.PLUGIN_HEALTH_CHECK_CHECK, about=_ABOUT_HEALTH),
    Route(
        "GET", "/plugin/gcodeviewer/skipuntilcheck/{origin}/{path:path}", skip_until, _P.GCODE_VIEWER, about=_ABOUT_SKIP
    ),
)
