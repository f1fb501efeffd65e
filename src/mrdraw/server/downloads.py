"""`/downloads/files/local`: the content of stored files, and archives of several (contract, section 10).

Invariants: only what is listed can be downloaded; a part of a file is only given for the version that was asked for.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import parse_qs, quote

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from mrdraw.accounts import Permission
from mrdraw.errors import InvalidValue, NoSuchFile, TooLarge
from mrdraw.library import FileEntry, Library
from mrdraw.server.archives import MOST_ENTRIES, Member, members_of, packed
from mrdraw.server.conditional import not_modified, validators
from mrdraw.server.context import is_json, json_value, limited_body, services
from mrdraw.server.describing import (
    CONDITIONAL,
    JSON,
    MULTIPART,
    TEXT,
    URLENCODED,
    About,
    Body,
    Content,
    either,
    many,
    object_of,
)
from mrdraw.server.file_answers import RANGE_ERRORS, FileAnswer
from mrdraw.server.multipart import read_values
from mrdraw.server.routing import Route
from mrdraw.server.values import sequence, text

CACHE = "max-age=0, must-revalidate, private"
_ARCHIVE = "files.zip"


async def download(request: Request) -> Response:
    """`GET /downloads/files/local/<path>`."""
    library, path = services(request).library, request.path_params["path"]
    entry, absolute, stat = await asyncio.to_thread(_find, library, path)
    headers = validators(f"{stat.st_mtime_ns:x}-{stat.st_size:x}", stat.st_mtime)
    headers["cache-control"] = CACHE
    known = not_modified(request, headers, stat.st_mtime)
    if known is not None:
        return known
    headers["content-disposition"] = disposition(entry.display)
    headers["x-original-content-length"] = str(stat.st_size)
    return FileAnswer(absolute, headers=headers, media_type="text/plain", stat_result=stat)


async def download_many(request: Request) -> Response:
    """`GET` and `POST /downloads/files/local`: a ZIP archive of the files and folders that are named."""
    paths = await named_files(request)
    if not paths:
        raise InvalidValue("Nothing is named: the member files, once or several times, says what is wanted.")
    members = await asyncio.to_thread(members_of, services(request).library, paths)
    return archive_answer(request, members, _ARCHIVE)


def archive_answer(request: Request, members: Sequence[Member], name: str) -> Response:
    """An archive, packed while it is sent; `HEAD` gets what is known of it beforehand."""
    headers = {"cache-control": CACHE, "content-disposition": disposition(name)}
    if request.method == "HEAD":
        return Response(None, 200, headers, "application/zip")
    return StreamingResponse(packed(members), 200, headers, "application/zip")


async def named_files(request: Request) -> list[str]:
    """What is named in the query, and in the form or the JSON of a POST. Raises `InvalidValue`, `TooLarge`."""
    paths = request.query_params.getlist("files")
    kind = request.headers.get("content-type", "")
    if request.method != "POST" or not kind:
        return paths
    if is_json(kind):
        body = await json_value(request)
        named = body.get("files") if isinstance(body, dict) else body
        return paths + [text(path, "files") for path in sequence(named, "files")]
    if kind.startswith("multipart/form-data"):
        return paths + await read_values(request, "files")
    try:
        form = parse_qs((await limited_body(request)).decode(), max_num_fields=MOST_ENTRIES)
    except ValueError as error:
        raise InvalidValue(f"The form cannot be read: {error}.") from error
    return paths + form.get("files", [])


def _find(library: Library, path: str) -> tuple[FileEntry, Path, os.stat_result]:
    absolute = library.absolute(path)
    entry = library.file(path)
    try:
        return entry, absolute, absolute.stat()
    except FileNotFoundError as error:
        raise NoSuchFile(f"There is no file {path!r} any more.") from error


def disposition(name: str) -> str:
    """An attachment of this name, quoted alike for old clients and new ones (RFC 6266)."""
    quoted = quote(name, safe="")
    return f"attachment; filename=\"{quoted}\"; filename*=UTF-8''{quoted}"


_ZIP = {200: Content(("application/zip",))}
_NAMED = object_of({"files?": many(TEXT)})
_ABOUT_SOME = About(
    "An archive of files and folders",
    _ZIP,
    query={"files": many(TEXT)},
    raises=(InvalidValue, NoSuchFile, TooLarge),
)
_ABOUT_MANY = About(
    "An archive of files and folders, named in the body",
    _ZIP,
    body=Body(either(_NAMED, many(TEXT)), (JSON, URLENCODED, MULTIPART), (InvalidValue, TooLarge), required=False),
    query={"files": many(TEXT)},
    raises=(NoSuchFile,),
)
_ABOUT_ONE = About(
    "The content of a file, or parts of it (ranges)",
    {200: Content(("text/plain",)), 206: Content(("text/plain", "multipart/byteranges")), **CONDITIONAL},
    raises=(NoSuchFile, *RANGE_ERRORS),
)

ROUTES = (
    Route("GET", "/downloads/files/local", download_many, Permission.FILES_DOWNLOAD, about=_ABOUT_SOME),
    Route("POST", "/downloads/files/local", download_many, Permission.FILES_DOWNLOAD, about=_ABOUT_MANY),
    Route("GET", "/downloads/files/local/{path:path}", download, Permission.FILES_DOWNLOAD, about=_ABOUT_ONE),
)
