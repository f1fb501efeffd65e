"""`POST` and `DELETE /api/files/<location>/<path>`: what is done with stored files (contract, 5.5).

Invariants: a file of a living job is neither moved nor deleted; what is selected and goes is selected no more; the
names and paths of an answer are those under which the file lies now.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from mrdraw.accounts import Permission
from mrdraw.accounts.audit_entry import Action
from mrdraw.errors import (
    DiskFull,
    FileExists,
    FileInUse,
    InvalidValue,
    JobFailed,
    NoSuchFile,
    UnknownFileType,
    WrongState,
)
from mrdraw.library import Entry
from mrdraw.server.auditing import note
from mrdraw.server.context import command_body, identity, machine, require, services
from mrdraw.server.describing import COMMAND_ERRORS, LOOSE_FLAG, NOTHING, TEXT, About, commands
from mrdraw.server.file_events import tell_added, tell_moved, tell_removed
from mrdraw.server.file_records import ABRIDGED, Addresses, abridged_record, base_of
from mrdraw.server.responses import json_response, no_content
from mrdraw.server.routing import Route
from mrdraw.server.values import is_true, text

_CURRENT = "current"
"""In the place of a path: whatever is selected."""

Body = dict[str, object]
Doing = Callable[[Request, Body], Awaitable[Response]]


@dataclass(frozen=True)
class Command:
    """What a command does, all the permissions that it needs, and the members without which it makes no sense."""

    action: Doing
    permissions: tuple[Permission, ...]
    members: tuple[str, ...] = ()


async def act(request: Request) -> Response:
    """`POST /api/files/local/<path>`."""
    name, body = await command_body(request, _MEMBERS)
    command = COMMANDS[name]
    for permission in command.permissions:
        require(request, permission)
    return await command.action(request, body)


# --- selecting ------------------------------------------------------------------------------------------------------


async def _select(request: Request, body: Body) -> Response:
    start = is_true(body.get("print"))
    if start:
        note(request, Action.JOB_STARTED)
        require(request, Permission.PRINT)
    await machine(request).select(_path(request), identity(request).name, start)
    return no_content()


async def _unselect(request: Request, _body: Body) -> Response:
    path, one = _path(request), machine(request)
    if one.selected is not None and path not in {_CURRENT, one.selected.path}:
        raise InvalidValue(f"{path} is not selected; {one.selected.path} is.")
    await one.unselect()
    return no_content()


# --- copying and moving ---------------------------------------------------------------------------------------------


async def _copy(request: Request, body: Body) -> Response:
    known, destination = services(request), text(body["destination"], "destination")
    note(request, Action.FILE_COPIED, detail=f"to {destination}")
    _, made = await known.library.copy(_path(request), destination)
    tell_added(known.hub.bus, made, "copy")
    return _lies_at(request, made)


async def _move(request: Request, body: Body) -> Response:
    known, path = services(request), _path(request)
    destination = text(body["destination"], "destination")
    note(request, Action.FILE_MOVED, detail=f"to {destination}")
    await _refuse_in_use(request, path)
    gone, made = await known.library.move(path, destination)
    tell_moved(known.hub.bus, gone, made)
    return _lies_at(request, made)


def _lies_at(request: Request, entry: Entry) -> Response:
    addresses = Addresses(base_of(request))
    return json_response(abridged_record(entry, addresses), 201, {"location": addresses.resource(entry.path)})


async def delete(request: Request) -> Response:
    """`DELETE /api/files/local/<path>`."""
    known, path = services(request), _path(request)
    await _refuse_in_use(request, path)
    tell_removed(known.hub.bus, await known.library.delete(path), "remove")
    return no_content()


async def _refuse_in_use(request: Request, path: str) -> None:
    """Raises `NoSuchFile`, `FileInUse`."""
    known = services(request)
    await asyncio.to_thread(known.library.absolute, path)
    if known.hub.uses(path):
        raise FileInUse(f"{path} is being printed. Cancel the job first.")


# --- what this server does not have ---------------------------------------------------------------------------------


async def _slice(request: Request, body: Body) -> Response:
    await _file(request)
    if "slicer" in body:
        raise NoSuchFile(f"There is no slicer {body['slicer']!r}, nor any other. Slice on your computer.")
    raise UnknownFileType("This cannot be sliced: there is no slicer here. Slice on your computer and upload G-code.")


async def _analyse(request: Request, _body: Body) -> Response:
    await _file(request)
    raise InvalidValue("This cannot be analysed: there is no analysis of G-code here.")


async def _upload_to_card(request: Request, _body: Body) -> Response:
    await _file(request)
    raise InvalidValue("This cannot be copied to the SD card: the support of SD cards is off.")


async def _file(request: Request) -> None:
    """Raises `NoSuchFile`."""
    await asyncio.to_thread(services(request).library.file, _path(request))


async def no_card(_request: Request) -> Response:
    """Everything that would need a card."""
    raise NoSuchFile("No SD card is served.")


def _path(request: Request) -> str:
    path: str = request.path_params["path"]
    return path


COMMANDS = {
    "select": Command(_select, (Permission.FILES_SELECT,)),
    "unselect": Command(_unselect, (Permission.FILES_SELECT,)),
    "slice": Command(_slice, (Permission.SLICE,)),
    "analyse": Command(_analyse, (Permission.FILES_UPLOAD,)),
    "copy": Command(_copy, (Permission.FILES_UPLOAD,), ("destination",)),
    "move": Command(_move, (Permission.FILES_UPLOAD, Permission.FILES_DELETE), ("destination",)),
    "uploadSd": Command(_upload_to_card, (Permission.FILES_UPLOAD,)),
}
_MEMBERS = {name: command.members for name, command in COMMANDS.items()}
_FILE_ERRORS = (NoSuchFile, FileInUse, WrongState)
_ANY = (Permission.FILES_UPLOAD, Permission.SLICE)
"""Beside FILES_SELECT: with one of these there is a command that is permitted."""

_ABOUT_ACTING = About(
    "Select, print, copy or move a file or folder",
    {204: None, 201: ABRIDGED},
    body=commands(
        _MEMBERS,
        {
            "select": {"print": LOOSE_FLAG},
            "copy": {"destination": TEXT},
            "move": {"destination": TEXT},
        },
    ),
    raises=(*_FILE_ERRORS, *COMMAND_ERRORS, JobFailed, DiskFull, FileExists, UnknownFileType),
)
_ABOUT_DELETING = About("Delete a file, or a folder with all that is in it", NOTHING, raises=_FILE_ERRORS)
_ABOUT_CARD = About("A memory card, of which there is none", {}, raises=(NoSuchFile,))

ROUTES = (
    Route("POST", "/api/files/local/{path:path}", act, Permission.FILES_SELECT, instead=_ANY, about=_ABOUT_ACTING),
    Route(
        "DELETE",
        "/api/files/local/{path:path}",
        delete,
        Permission.FILES_DELETE,
        about=_ABOUT_DELETING,
        audit=Action.FILE_DELETED,
    ),
    Route("POST", "/api/files/sdcard", no_card, Permission.FILES_UPLOAD, about=_ABOUT_CARD),
    Route("GET", "/api/files/sdcard/{path:path}", no_card, Permission.FILES_LIST, about=_ABOUT_CARD),
    Route("POST", "/api/files/sdcard/{path:path}", no_card, Permission.FILES_SELECT, instead=_ANY, about=_ABOUT_CARD),
    Route("DELETE", "/api/files/sdcard/{path:path}", no_card, Permission.FILES_DELETE, about=_ABOUT_CARD),
)
