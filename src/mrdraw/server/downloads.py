"""`/downloads/files/local/<path>`: the content of stored files (contract, section 10).

Invariants: only what is listed can be downloaded; a part of a file is only given for the version that was asked for.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from mrdraw.accounts import Permission
from mrdraw.errors import NoSuchFile
from mrdraw.library import FileEntry, Library
from mrdraw.server.conditional import not_modified, validators
from mrdraw.server.context import services
from mrdraw.server.routing import Route

_CACHE = "max-age=0, must-revalidate, private"


async def download(request: Request) -> Response:
    """`GET /downloads/files/local/<path>`."""
    library, path = services(request).library, request.path_params["path"]
    entry, absolute, stat = await asyncio.to_thread(_find, library, path)
    headers = validators(f"{stat.st_mtime_ns:x}-{stat.st_size:x}", stat.st_mtime)
    headers["cache-control"] = _CACHE
    known = not_modified(request, headers, stat.st_mtime)
    if known is not None:
        return known
    headers["content-disposition"] = disposition(entry.display)
    headers["x-original-content-length"] = str(stat.st_size)
    return FileResponse(absolute, headers=headers, media_type="text/plain", stat_result=stat)


def _find(library: Library, path: str) -> tuple[FileEntry, Path, os.stat_result]:
    absolute = library.absolute(path)
    entry = library.file(path)
    try:
        return entry, absolute, absolute.stat()
    except FileNotFoundError as error:
        raise NoSuchFile(f"There is no file {path!r} any more.") from error


def disposition(name: str) -> str:
    """An attachment of this name: plainly for old clients, and in full (RFC 6266)."""
    plain = "".join(character if character.isascii() and character.isprintable() else "_" for character in name)
    plain = plain.replace("\\", "_").replace('"', "_")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


ROUTES = (Route("GET", "/downloads/files/local/{path:path}", download, Permission.FILES_DOWNLOAD),)
