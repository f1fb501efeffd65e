"""`/plugin/logging` and `/api/logs`: the logs and how much is written to them (contract, 5.16 and 9.2).

Invariants: everything is answered in place, by either address: libraries make a GET of a DELETE that is redirected.
"""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from mrdraw.accounts import Permission
from mrdraw.accounts.audit_entry import Action
from mrdraw.errors import NoSuchFile, SettingsUnreadable
from mrdraw.server.auditing import note
from mrdraw.server.context import absolute_url, json_body, services
from mrdraw.server.describing import COUNT, FLAG, NOTHING, TEXT, About, Body, by_name, many, object_of, said, words
from mrdraw.server.log_downloads import ABOUT_ONE, download
from mrdraw.server.log_files import LogFile, LogFiles
from mrdraw.server.log_levels import LEVELS, known_loggers, levels_of, set_levels
from mrdraw.server.responses import json_response, no_content
from mrdraw.server.routing import Route
from mrdraw.settings import Settings

_BASE = "/plugin/logging"
_SWITCHED_OFF = {"enabled": False}


async def overview(request: Request) -> Response:
    """`GET /plugin/logging/`."""
    record = {
        "logs": await asyncio.to_thread(_listed, request),
        "setup": _setup(services(request).settings),
        "serial_log": _SWITCHED_OFF,
        "plugintimings_log": _SWITCHED_OFF,
    }
    return json_response(record)


async def list_all(request: Request) -> Response:
    """`GET /plugin/logging/logs` and `/api/logs`."""
    return json_response(await asyncio.to_thread(_listed, request))


async def remove(request: Request) -> Response:
    """`DELETE /plugin/logging/logs/<name>` and `/api/logs/<name>`; a log that is being written is emptied."""
    await asyncio.to_thread(LogFiles(services(request).settings.basedir).remove, request.path_params["name"])
    return no_content()


async def setup(request: Request) -> Response:
    """`GET /plugin/logging/setup`."""
    return json_response(_setup(services(request).settings))


async def levels(request: Request) -> Response:
    """`GET /plugin/logging/setup/levels`."""
    return json_response(levels_of(services(request).settings))


async def change_levels(request: Request) -> Response:
    """`PUT /plugin/logging/setup/levels`: these and no others."""
    settings = services(request).settings
    note(request, detail="levels of the logs")
    await asyncio.to_thread(set_levels, settings, await json_body(request))
    return json_response(levels_of(settings))


def _listed(request: Request) -> dict[str, Any]:
    logs = LogFiles(services(request).settings.basedir)
    free, total = logs.space()
    return {"files": [_record(request, log) for log in logs.all()], "free": free, "total": total}


def _record(request: Request, log: LogFile) -> dict[str, Any]:
    addresses = {
        "resource": absolute_url(request, f"{_BASE}/logs/{log.name}"),
        "download": absolute_url(request, f"/downloads/logs/{log.name}"),
    }
    return {"name": log.name, "date": int(log.modified), "size": log.size, "refs": addresses}


def _setup(settings: Settings) -> dict[str, Any]:
    return {"loggers": known_loggers(), "levels": levels_of(settings)}


_LOG = object_of({
    "name": TEXT, "date": said(COUNT, "unix s"), "size": said(COUNT, "bytes"),
    "refs": object_of({"resource": TEXT, "download": TEXT}),
})  # fmt: skip
_LOGS = object_of({"files": many(_LOG), "free": said(COUNT, "bytes"), "total": said(COUNT, "bytes")})
_LEVELS = by_name(words(*LEVELS))
_SETUP = object_of({"loggers": many(TEXT), "levels": _LEVELS})
_SWITCH = object_of({"enabled": FLAG})
_OVERVIEW = {"logs": _LOGS, "setup": _SETUP, "serial_log": _SWITCH, "plugintimings_log": _SWITCH}
_ABOUT_OVERVIEW = About("The logs, and how much is written to them", {200: object_of(_OVERVIEW)})
_ABOUT_ALL = About("The logs", {200: _LOGS})
_ABOUT_REMOVING = About("Delete a log; one that is being written is emptied", NOTHING, raises=(NoSuchFile,))
_ABOUT_SETUP = About("The loggers, and how much each of them says", {200: _SETUP})
_ABOUT_LEVELS = About("How much loggers say, where that was set", {200: _LEVELS})
_ABOUT_CHANGING = About(
    "Set how much loggers say; what is not named says the usual",
    {200: _LEVELS},
    body=Body(_LEVELS),
    raises=(SettingsUnreadable,),
)

ROUTES = (
    Route("GET", f"{_BASE}/", overview, Permission.PLUGIN_LOGGING_MANAGE, about=_ABOUT_OVERVIEW),
    Route("GET", f"{_BASE}/logs", list_all, Permission.PLUGIN_LOGGING_MANAGE, about=_ABOUT_ALL),
    Route("GET", f"{_BASE}/logs/{{name}}", download, Permission.PLUGIN_LOGGING_MANAGE, about=ABOUT_ONE),
    Route(
        "DELETE",
        f"{_BASE}/logs/{{name}}",
        remove,
        Permission.PLUGIN_LOGGING_MANAGE,
        about=_ABOUT_REMOVING,
        audit=Action.LOG_DELETED,
    ),
    Route("GET", "/api/logs", list_all, Permission.PLUGIN_LOGGING_MANAGE, about=_ABOUT_ALL),
    Route("GET", "/api/logs/{name}", download, Permission.PLUGIN_LOGGING_MANAGE, about=ABOUT_ONE),
    Route(
        "DELETE",
        "/api/logs/{name}",
        remove,
        Permission.PLUGIN_LOGGING_MANAGE,
        about=_ABOUT_REMOVING,
        audit=Action.LOG_DELETED,
    ),
    Route("GET", f"{_BASE}/setup", setup, Permission.PLUGIN_LOGGING_MANAGE, about=_ABOUT_SETUP),
    Route("GET", f"{_BASE}/setup/levels", levels, Permission.PLUGIN_LOGGING_MANAGE, about=_ABOUT_LEVELS),
    Route(
        "PUT",
        f"{_BASE}/setup/levels",
        change_levels,
        Permission.PLUGIN_LOGGING_MANAGE,
        about=_ABOUT_CHANGING,
        audit=Action.SETTINGS,
    ),
)
