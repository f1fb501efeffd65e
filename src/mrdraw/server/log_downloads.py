"""`/downloads/logs`: the content of logs, and archives of several (contract, section 10).

Invariants: of a log that grows while it is sent, as much is sent as was announced.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from mrdraw.accounts import Permission
from mrdraw.errors import InvalidValue, NoSuchFile, TooLarge
from mrdraw.server.archives import Member
from mrdraw.server.conditional import not_modified, validators
from mrdraw.server.context import services
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
from mrdraw.server.downloads import CACHE, archive_answer, disposition, named_files
from mrdraw.server.file_answers import RANGE_ERRORS, FileAnswer
from mrdraw.server.log_files import LogFiles
from mrdraw.server.routing import Route

_ARCHIVE = "logs.zip"


class _AsAnnounced(Response):
    """A file's answer that ends where its length says, whatever has been written meanwhile."""

    def __init__(self, whole: Response) -> None:
        super().__init__()
        self._whole = whole

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer."""
        left = 0

        async def send_no_more(message: Message) -> None:
            nonlocal left
            if message["type"] == "http.response.start":
                left = next(int(value) for name, value in message["headers"] if name == b"content-length")
            elif body := message.get("body", b"")[:left]:
                message = {**message, "body": body}
                left -= len(body)
            elif message.get("body"):
                message = {**message, "body": b""}
            await send(message)

        await self._whole(scope, receive, send_no_more)


async def download(request: Request) -> Response:
    """`GET /downloads/logs/<name>`, `/plugin/logging/logs/<name>` and `/api/logs/<name>`."""
    log = await asyncio.to_thread(LogFiles(services(request).settings.basedir).find, request.path_params["name"])
    headers = validators(f"{log.status.st_mtime_ns:x}-{log.size:x}", log.modified) | {"cache-control": CACHE}
    known = not_modified(request, headers, log.modified)
    if known is not None:
        return known
    headers["content-disposition"] = disposition(log.name)
    headers["x-original-content-length"] = str(log.size)
    return _AsAnnounced(FileAnswer(log.path, headers=headers, media_type="text/plain", stat_result=log.status))


async def download_many(request: Request) -> Response:
    """`GET` and `POST /downloads/logs`: a ZIP archive of the logs that are named."""
    names = await named_files(request)
    if not names:
        raise InvalidValue("Nothing is named: the member files, once or several times, says which logs are wanted.")
    members = await asyncio.to_thread(_members, LogFiles(services(request).settings.basedir), names)
    return archive_answer(request, members, _ARCHIVE)


def _members(logs: LogFiles, names: Sequence[str]) -> list[Member]:
    """The logs of these names, each once. Raises `NoSuchFile`."""
    found = [logs.find(name) for name in dict.fromkeys(names)]
    return [Member(log.path, log.name, log.size, int(log.modified)) for log in found]


_ZIP = {200: Content(("application/zip",))}
_QUERY = {"files": many(TEXT)}
ABOUT_ONE = About(
    "The content of a log, or parts of it (ranges)",
    {200: Content(("text/plain",)), 206: Content(("text/plain", "multipart/byteranges")), **CONDITIONAL},
    raises=(NoSuchFile, *RANGE_ERRORS),
)
_ABOUT_SOME = About("An archive of logs", _ZIP, query=_QUERY, raises=(InvalidValue, NoSuchFile))
_ABOUT_MANY = About(
    "An archive of logs, named in the body",
    _ZIP,
    body=Body(
        either(object_of({"files?": many(TEXT)}), many(TEXT)),
        (JSON, URLENCODED, MULTIPART),
        (InvalidValue, TooLarge),
        required=False,
    ),
    query=_QUERY,
    raises=(NoSuchFile,),
)

ROUTES = (
    Route("GET", "/downloads/logs", download_many, Permission.PLUGIN_LOGGING_MANAGE, about=_ABOUT_SOME),
    Route("POST", "/downloads/logs", download_many, Permission.PLUGIN_LOGGING_MANAGE, about=_ABOUT_MANY),
    Route("GET", "/downloads/logs/{name}", download, Permission.PLUGIN_LOGGING_MANAGE, about=ABOUT_ONE),
)
