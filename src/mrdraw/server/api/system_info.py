"""`/api/system/info`, `/usage`, `/startup` and `/downloads/systeminfo.zip`: the computer (contract, 5.12 and 10)."""

from __future__ import annotations

import asyncio
import zipfile
from io import BytesIO

from starlette.requests import Request
from starlette.responses import Response

from mrdraw.accounts import Permission
from mrdraw.errors import NoSuchFile
from mrdraw.server.computer import Facts, facts_of, usage_of
from mrdraw.server.context import services
from mrdraw.server.describing import COUNT, FLAG, NUMBER, TEXT, About, Content, by_name, either, maybe, object_of, said
from mrdraw.server.downloads import CACHE, disposition
from mrdraw.server.log_files import LogFiles
from mrdraw.server.logs import FILE_NAME
from mrdraw.server.responses import json_response
from mrdraw.server.routing import Route

_MOST_LOG = 4 * 1024 * 1024
"""bytes of the log, from its end."""
_ARCHIVE = "systeminfo.zip"


async def info(request: Request) -> Response:
    """`GET /api/system/info`."""
    return json_response({"systeminfo": await asyncio.to_thread(_facts, request, "systemapi")})


async def usage(request: Request) -> Response:
    """`GET /api/system/usage`."""
    known = services(request)
    return json_response({"usage": await asyncio.to_thread(usage_of, known.library, known.settings)})


async def startup(_request: Request) -> Response:
    """`GET /api/system/startup`: it was an ordinary one, as always."""
    return json_response({"startup": {}})


async def bundle(request: Request) -> Response:
    """`GET /downloads/systeminfo.zip`: what somebody needs who is asked for help."""
    headers = {"cache-control": CACHE, "content-disposition": disposition(_ARCHIVE)}
    return Response(await asyncio.to_thread(_bundle, request), 200, headers, "application/zip")


def _facts(request: Request, generator: str) -> Facts:
    known = services(request)
    return facts_of(known.hub, known.settings, request.headers.get("user-agent"), generator)


def _bundle(request: Request) -> bytes:
    """The facts as text and the end of the log, packed."""
    packed = BytesIO()
    facts = "".join(f"{name}: {value}\n" for name, value in _facts(request, "zip").items())
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("systeminfo.txt", facts)
        archive.writestr(FILE_NAME, _end_of_log(LogFiles(services(request).settings.basedir)))
    return packed.getvalue()


def _end_of_log(logs: LogFiles) -> bytes:
    try:
        log = logs.find(FILE_NAME)
        with log.path.open("rb") as file:
            file.seek(max(log.size - _MOST_LOG, 0))
            return file.read(_MOST_LOG)
    except (NoSuchFile, OSError):
        return b""


_FACT = either(TEXT, NUMBER, FLAG, maybe(TEXT))
_SPACE = object_of({"free": said(COUNT, "bytes"), "total": said(COUNT, "bytes")})
_ABOUT_INFO = About("Facts about the computer and the server", {200: object_of({"systeminfo": by_name(_FACT)})})
_ABOUT_USAGE = About("How much is free where the folders are", {200: object_of({"usage": by_name(_SPACE)})})
_ABOUT_STARTUP = About("What was special about the last start: nothing", {200: object_of({"startup": by_name(TEXT)})})
_ABOUT_BUNDLE = About("Facts and the log, for somebody who helps", {200: Content(("application/zip",))})

ROUTES = (
    Route("GET", "/api/system/info", info, Permission.SYSTEM, about=_ABOUT_INFO),
    Route("GET", "/api/system/usage", usage, Permission.SYSTEM, about=_ABOUT_USAGE),
    Route("GET", "/api/system/startup", startup, Permission.SYSTEM, about=_ABOUT_STARTUP),
    Route("GET", "/downloads/systeminfo.zip", bundle, Permission.SYSTEM, about=_ABOUT_BUNDLE),
)
