"""`/api/timelapse` and its downloads (contract, 5.14 and section 10): there are none yet, and the answers say so.

Invariants: nothing is promised: the list is empty, the configuration is off, and switching it on is refused. What does
not exist is 404; in OctoPrint removing it is a success.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha1
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from mrdraw.accounts import Permission
from mrdraw.errors import InvalidValue, NoSuchFile, NotSupported, TooLarge, WrongContentType
from mrdraw.server.conditional import not_modified
from mrdraw.server.context import is_json, json_body, limited_body, redirection
from mrdraw.server.describing import (
    ANY,
    CONDITIONAL,
    FLAG,
    JSON,
    LOOSE_FLAG,
    TEXT,
    URLENCODED,
    About,
    Body,
    commands,
    many,
    object_of,
    words,
)
from mrdraw.server.responses import json_response
from mrdraw.server.routing import Route
from mrdraw.server.values import is_true, one_of, whole_number

KINDS = ("off", "timed", "zchange")
_COMMANDS: dict[str, tuple[str, ...]] = {"render": ()}
_LEAST = {"fps": 1, "interval": 1, "postRoll": 0}
"""Frames a second, s, s."""
_NO_TIME = float("inf")


async def read(request: Request) -> Response:
    """`GET /api/timelapse`."""
    response = _answer(request)
    if is_true(request.query_params.get("force")):
        return response
    return not_modified(request, {"etag": response.headers["etag"]}, _NO_TIME) or response


async def configure(request: Request) -> Response:
    """`POST /api/timelapse`: only "off" can be had."""
    values = await _values(request)
    _check_numbers(values)
    kind = one_of(values["type"], KINDS, "type") if "type" in values else "off"
    if kind != "off":
        raise NotSupported("MrDraw takes no timelapses yet; the only type that can be set is off.")
    return _answer(request)


async def one(request: Request) -> Response:
    """`GET /api/timelapse/<name>`."""
    return redirection(request, f"/downloads/timelapse/{request.path_params['name']}", 302)


async def missing(request: Request) -> Response:
    """Whatever names a timelapse: there is none."""
    raise NoSuchFile(f"There is no timelapse {request.path_params['name']!r}; MrDraw takes none yet.")


async def archive(request: Request) -> Response:
    """`GET` and `POST /downloads/timelapses`: nothing that could be packed."""
    if request.method != "POST" and not request.query_params.getlist("files"):
        raise InvalidValue("Nothing is named: the member files, once or several times, says what is wanted.")
    raise NoSuchFile("There are no timelapses; MrDraw takes none yet.")


def _check_numbers(values: Mapping[str, Any]) -> None:
    """Raises `InvalidValue` for a number that could not be set either."""
    for name, least in _LEAST.items():
        if name in values and whole_number(values[name], name) < least:
            raise InvalidValue(f"{name} is {values[name]}; accepted are whole numbers from {least}.")


def _answer(request: Request) -> Response:
    record: dict[str, Any] = {"config": {"type": "off"}, "enabled": False, "files": []}
    if is_true(request.query_params.get("unrendered")):
        record["unrendered"] = []
    response = json_response(record)
    response.headers["etag"] = f'"{sha1(response.body, usedforsecurity=False).hexdigest()}"'
    return response


async def _values(request: Request) -> Mapping[str, Any]:
    """What was sent, as JSON, as a form or in the query. Raises `InvalidValue`, `TooLarge`."""
    kind = request.headers.get("content-type", "")
    if is_json(kind):
        return await json_body(request)
    try:
        form = dict(parse_qsl((await limited_body(request)).decode(), max_num_fields=100))
    except ValueError as error:
        raise InvalidValue(f"The form cannot be read: {error}.") from error
    return {**request.query_params, **form}


_RECORD = object_of(
    {"config": object_of({"type": words("off")}), "enabled": FLAG, "files": many(ANY), "unrendered?": many(ANY)}
)
_UNRENDERED = {"unrendered": LOOSE_FLAG}
_ABOUT_LIST = About("List timelapses", {200: _RECORD, **CONDITIONAL}, query={"force": LOOSE_FLAG, **_UNRENDERED})
_ABOUT_CONFIGURE = About(
    "Set how timelapses are taken",
    {200: _RECORD},
    body=Body(
        object_of({"type?": words(*KINDS)}),
        (JSON, URLENCODED),
        (InvalidValue, TooLarge, WrongContentType),
        required=False,
    ),
    query=_UNRENDERED,
    raises=(NotSupported,),
)
_ABOUT_ONE = About("Find a timelapse", {302: None})
_ABOUT_MISSING = About("Use a timelapse", {}, raises=(NoSuchFile,))
_ABOUT_RENDER = About("Render a timelapse", {}, body=commands(_COMMANDS), raises=(NoSuchFile,))
_ABOUT_ARCHIVE = About("Download timelapses", {}, query={"files": TEXT}, raises=(InvalidValue, NoSuchFile))

_UNRENDERED_PATH = "/api/timelapse/unrendered/{name}"
_P = Permission
ROUTES = (
    Route("GET", "/api/timelapse", read, _P.TIMELAPSE_LIST, about=_ABOUT_LIST),
    Route("POST", "/api/timelapse", configure, _P.TIMELAPSE_ADMIN, about=_ABOUT_CONFIGURE),
    Route("GET", "/api/timelapse/{name}", one, _P.TIMELAPSE_DOWNLOAD, about=_ABOUT_ONE),
    Route("DELETE", "/api/timelapse/{name}", missing, _P.TIMELAPSE_DELETE, about=_ABOUT_MISSING),
    Route("DELETE", _UNRENDERED_PATH, missing, _P.TIMELAPSE_MANAGE_UNRENDERED, about=_ABOUT_MISSING),
    Route("POST", _UNRENDERED_PATH, missing, _P.TIMELAPSE_MANAGE_UNRENDERED, about=_ABOUT_RENDER),
    Route("GET", "/downloads/timelapse/{name}", missing, _P.TIMELAPSE_DOWNLOAD, about=_ABOUT_MISSING),
    Route("GET", "/downloads/timelapses", archive, _P.TIMELAPSE_DOWNLOAD, about=_ABOUT_ARCHIVE),
    Route("POST", "/downloads/timelapses", archive, _P.TIMELAPSE_DOWNLOAD, about=_ABOUT_ARCHIVE),
)
