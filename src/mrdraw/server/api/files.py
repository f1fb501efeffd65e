"""`/api/files`: reading, selecting and deleting stored files (contract, 5.3 and 5.5).

Invariants: reading changes nothing; a file of a living job cannot be deleted; the disk is touched in threads only.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from mrdraw.accounts import Permission
from mrdraw.errors import FileInUse, InvalidValue, NoSuchFile
from mrdraw.events import Event, FileRemoved, FolderRemoved, UpdatedFiles
from mrdraw.hub import Machine
from mrdraw.library import FolderEntry
from mrdraw.server.conditional import not_modified, validators
from mrdraw.server.context import command_body, identity, machine, require, services
from mrdraw.server.file_records import ORIGIN, Addresses, entry_record, entry_records, newest
from mrdraw.server.responses import json_response, no_content
from mrdraw.server.routing import Route
from mrdraw.server.values import is_true

PRINTABLES = "printables"
"""What changed when the list of files did."""

_CURRENT = "current"
"""In the place of a path: whatever is selected."""
_COMMANDS: dict[str, tuple[str, ...]] = {"select": (), "unselect": ()}


# --- reading --------------------------------------------------------------------------------------------------------


async def read_all(request: Request) -> Response:
    """`GET /api/files` and `GET /api/files/local`."""
    library = services(request).library
    recursive, kind = is_true(request.query_params.get("recursive")), request.query_params.get("filter") or None
    addresses = Addresses(request)

    def look() -> tuple[bytes, int, tuple[int, int]]:
        root = library.root(recursive)
        records = entry_records(root.children, addresses, kind)
        return msgspec.json.encode(records), newest(root), library.free_space()

    records, modified, (free, total) = await asyncio.to_thread(look)
    return _answer(request, records, modified, {"files": msgspec.Raw(records), "free": free, "total": total})


async def read_one(request: Request) -> Response:
    """`GET /api/files/local/<path>`."""
    library, path = services(request).library, request.path_params["path"]
    recursive, kind = is_true(request.query_params.get("recursive")), request.query_params.get("filter") or None
    addresses = Addresses(request)

    def look() -> tuple[bytes, int]:
        entry = library.entry(path, recursive)
        return msgspec.json.encode(entry_record(entry, addresses, kind)), newest(entry)

    record, modified = await asyncio.to_thread(look)
    return _answer(request, record, modified, msgspec.Raw(record))


async def read_card(_request: Request) -> Response:
    """`GET /api/files/sdcard`: no card is served."""
    return json_response({"files": []})


def _answer(request: Request, described: bytes, modified: int, data: object) -> Response:
    """The data, or that the client has it already: `described` is what makes the version."""
    headers = validators(hashlib.sha1(described, usedforsecurity=False).hexdigest(), modified)
    if not is_true(request.query_params.get("force")) and "_refresh" not in request.query_params:
        known = not_modified(request, headers, modified)
        if known is not None:
            return known
    return json_response(data, 200, headers)


# --- commands -------------------------------------------------------------------------------------------------------


async def act(request: Request) -> Response:
    """`POST /api/files/local/<path>`."""
    command, body = await command_body(request, _COMMANDS)
    await _ACTIONS[command](request, machine(request), body)
    return no_content()


async def _select(request: Request, one: Machine, body: dict[str, object]) -> None:
    start = is_true(body.get("print"))
    if start:
        require(request, Permission.PRINT)
    await one.select(request.path_params["path"], identity(request).name, start)


async def _unselect(request: Request, one: Machine, _body: dict[str, object]) -> None:
    path, selected = request.path_params["path"], one.selected
    if selected is not None and path not in {_CURRENT, selected.path}:
        raise InvalidValue(f"{path} is not selected; {selected.path} is.")
    await one.unselect()


_ACTIONS: dict[str, Callable[[Request, Machine, dict[str, object]], Awaitable[None]]] = {
    "select": _select,
    "unselect": _unselect,
}


async def delete(request: Request) -> Response:
    """`DELETE /api/files/local/<path>`."""
    known, path = services(request), request.path_params["path"]
    await asyncio.to_thread(known.library.absolute, path)
    if known.hub.uses(path):
        raise FileInUse(f"{path} is being printed. Cancel the job first.")
    gone = await known.library.delete(path)
    event: Event
    if isinstance(gone, FolderEntry):
        event = FolderRemoved(storage=ORIGIN, path=gone.path, name=gone.name)
    else:
        event = FileRemoved(
            storage=ORIGIN, path=gone.path, name=gone.name, type=list(gone.type_path), operation="remove"
        )
    for each in (event, UpdatedFiles(type=PRINTABLES)):
        known.hub.bus.publish(None, each)
    return no_content()


async def no_card(_request: Request) -> Response:
    """Everything that would need a card."""
    raise NoSuchFile("No SD card is served.")


ROUTES = (
    Route("GET", "/api/files", read_all, Permission.FILES_LIST),
    Route("GET", "/api/files/local", read_all, Permission.FILES_LIST),
    Route("GET", "/api/files/sdcard", read_card, Permission.FILES_LIST),
    Route("POST", "/api/files/sdcard", no_card, Permission.FILES_UPLOAD),
    Route("GET", "/api/files/local/{path:path}", read_one, Permission.FILES_LIST),
    Route("POST", "/api/files/local/{path:path}", act, Permission.FILES_SELECT),
    Route("DELETE", "/api/files/local/{path:path}", delete, Permission.FILES_DELETE),
)
