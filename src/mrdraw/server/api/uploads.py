"""`POST /api/files/local`: receiving a file, or making a folder (contract, 5.4).

Invariants: the content goes to the disk as it comes in; a file appears as a whole or not at all, and never in the
place of one that is being printed; what is said of selecting and printing is what happened.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from mrdraw.accounts import Permission
from mrdraw.accounts.audit_entry import Action
from mrdraw.errors import (
    DiskFull,
    FileExists,
    FileInUse,
    InvalidValue,
    MrDrawError,
    NoSuchFile,
    NotPermitted,
    UnknownFileType,
    WrongState,
)
from mrdraw.events import Upload
from mrdraw.library import FileEntry, Library, clean_file_path, clean_path
from mrdraw.library import Upload as Receiving
from mrdraw.server.auditing import note, written_with
from mrdraw.server.context import identity, machine, may, require, services
from mrdraw.server.describing import BYTES, FLAG, LOOSE_FLAG, MULTIPART, TEXT, About, Body, object_of, said
from mrdraw.server.file_events import tell_added, tell_folders, tell_updated
from mrdraw.server.file_records import ABRIDGED, ORIGIN, Addresses, abridged_record, base_of
from mrdraw.server.multipart import read_form
from mrdraw.server.responses import json_response
from mrdraw.server.routing import Route
from mrdraw.server.values import is_true
from mrdraw.store import Write

LOGGER = logging.getLogger(__name__)

_CREATED = 201
_FILE = "file"
_PLACE = ("path", "filename")
"""The fields that say where the file goes; they may come in the query as well, which is known before the body."""


@dataclass(frozen=True)
class _Wish:
    """What the fields ask for."""

    path: str
    display: str
    overwrite: bool
    select: bool
    start: bool
    userdata: object


async def receive(request: Request) -> Response:
    """`POST /api/files/local`."""
    known = services(request)
    sent = _place_in_query(request) if request.scope["query_string"] else {}
    incoming = _Incoming(request, known.library, sent)
    if sent.get("filename"):
        await incoming.check_early(None, sent)
    try:
        fields = sent | await read_form(request, incoming, known.settings.current().server.uploads.max_size)
        if incoming.upload is not None:
            return await _store(request, incoming.upload, _wish(incoming.filename, fields))
        if "foldername" in fields:
            return await _make_folder(request, fields)
    finally:
        incoming.drop()
    raise InvalidValue("The form has neither a file (a part named file, with a file name) nor a foldername.")


def _place_in_query(request: Request) -> dict[str, str]:
    return {name: request.query_params[name] for name in _PLACE if name in request.query_params}


class _Incoming:
    """Takes the file of the form; of several the last one."""

    def __init__(self, request: Request, library: Library, sent: dict[str, str]) -> None:
        self.upload: Receiving | None = None
        self.filename = ""
        self._request = request
        self._library = library
        self._sent = sent

    async def begin(self, field: str, filename: str, fields: dict[str, str]) -> bool:
        """A file begins: only the one named `file` counts, and an input that was left empty is none."""
        place = self._sent | fields
        if field != _FILE or not (filename or place.get("filename")):
            return False
        if any(place.get(name) for name in _PLACE):
            await self.check_early(filename, place)
        self.drop()
        self.upload, self.filename = self._library.begin_upload(), filename
        return True

    async def check_early(self, filename: str | None, fields: dict[str, str]) -> None:
        """Refuse before the content is sent, where it is known already where it goes."""
        await _check(self._request, _place(filename or "", fields)[0], not is_true(fields.get("noOverwrite")))

    async def take(self, data: bytes) -> None:
        """The next bytes of the file."""
        if self.upload is not None:
            await self.upload.write(data)

    def drop(self) -> None:
        """Forget what was received; no harm once it is stored."""
        if self.upload is not None:
            self.upload.abort()


def _place(filename: str, fields: dict[str, str]) -> tuple[str, str]:
    """The path that a file gets, and its name as it was sent. Raises `InvalidValue`, `UnknownFileType`."""
    parent, _, name = (fields.get("filename") or filename).rpartition("/")
    folder = fields.get("path") or parent
    if not name:
        raise InvalidValue("The file has no name.")
    return clean_file_path(f"{folder}/{name}"), name


def _wish(filename: str, fields: dict[str, str]) -> _Wish:
    path, display = _place(filename, fields)
    return _Wish(
        path=path,
        display=display,
        overwrite=not is_true(fields.get("noOverwrite")),
        select=is_true(fields.get("select")),
        start=is_true(fields.get("print")),
        userdata=_userdata(fields.get("userdata")),
    )


def _userdata(text: str | None) -> object:
    if not text:
        return None
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InvalidValue(f"userdata is no JSON: {error}.") from error


async def _check(request: Request, path: str, overwrite: bool) -> None:
    """Refuse a place that cannot be written. Raises `FileInUse`, `FileExists`, `NotPermitted`."""
    known, may_replace = services(request), overwrite and may(request, Permission.FILES_DELETE)
    if not may_replace and await asyncio.to_thread(known.library.exists, path):
        if overwrite:
            require(request, Permission.FILES_DELETE)
        raise FileExists(f"{path} exists already.")
    if known.hub.uses(path):
        raise FileInUse(f"{path} is being printed. Wait for the job's end, or use another name.")


# --- a file ---------------------------------------------------------------------------------------------------------


async def _store(request: Request, upload: Receiving, wish: _Wish) -> Response:
    await _check(request, wish.path, wish.overwrite)
    who = identity(request)
    note(request, subject=wish.path)
    with _audited(request, wish) as beside:
        entry = await upload.finish(
            wish.path,
            display=wish.display,
            user=who.name,
            userdata=wish.userdata,
            overwrite=wish.overwrite and may(request, Permission.FILES_DELETE),
            beside=beside,
        )
    await _reselect(request, entry.path)
    selected, started = await _act_on(request, entry.path, wish)
    if started:
        note(request, Action.JOB_STARTED, detail="uploaded")
    tell_folders(services(request).hub.bus, upload.folders)
    _tell(request, entry, wish, selected, started)
    addresses = Addresses(base_of(request))
    body = {
        "files": {ORIGIN: abridged_record(entry, addresses)},
        "done": True,
        "effectiveSelect": selected,
        "effectivePrint": started,
    }
    return json_response(body, _CREATED, {"location": addresses.resource(entry.path)})


def _audited(request: Request, wish: _Wish) -> AbstractContextManager[Write[None] | None]:
    """What writes the request's entry with the file; not where the entry tells of a job that is begun afterwards."""
    return nullcontext() if wish.start else written_with(request, _CREATED)


async def _reselect(request: Request, path: str) -> None:
    """Wherever the file that was replaced is selected, the new one is."""
    for one in services(request).hub.machines.values():
        if one.selected is None or one.selected.path != path or one.has_job:
            continue
        try:
            if one.is_ready:
                await one.select(path, one.selected.user)
            else:
                one.restore_selection(path)
        except MrDrawError as error:
            LOGGER.info("machine %s: %s was replaced but not selected anew: %s", one.id, path, error)


async def _act_on(request: Request, path: str, wish: _Wish) -> tuple[bool, bool]:
    """Select and print as far as wished, permitted and possible; the answer: what happened of it."""
    who, one = identity(request), machine(request)
    select = wish.select and may(request, Permission.FILES_SELECT)
    start = wish.start and may(request, Permission.PRINT)
    if not (select or start) or not one.is_ready:
        return False, False
    selected = False
    try:
        await one.select(path, who.name)
        selected = select
        if start:
            await one.start_job(who.name)
    except MrDrawError as error:
        LOGGER.info("%s is stored but was not selected or started: %s", path, error)
        return selected, False
    return selected, start


def _tell(request: Request, entry: FileEntry, wish: _Wish, selected: bool, started: bool) -> None:
    bus = services(request).hub.bus
    tell_added(bus, entry, "add")
    bus.publish(
        None,
        Upload(
            name=entry.name,
            path=entry.path,
            target=ORIGIN,
            select=wish.select,
            print=wish.start,
            effective_select=selected,
            effective_print=started,
            userdata=wish.userdata,
        ),
    )


# --- a folder -------------------------------------------------------------------------------------------------------


async def _make_folder(request: Request, fields: dict[str, str]) -> Response:
    library = services(request).library
    name = clean_path(fields["foldername"])
    if not name:
        raise InvalidValue("foldername is empty; it has to name the folder that is made.")
    path = clean_path(f"{fields.get('path', '')}/{name}")
    made = await asyncio.to_thread(_missing_folders, library, path)
    entry = await library.make_folder(path)
    if made:
        bus = services(request).hub.bus
        tell_folders(bus, made)
        tell_updated(bus)
    addresses = Addresses(base_of(request))
    body = {"folder": abridged_record(entry, addresses), "done": True}
    return json_response(body, 201, {"location": addresses.resource(entry.path)})


def _missing_folders(library: Library, path: str) -> list[str]:
    """The folders of a path that do not exist yet, outermost first."""
    parts = path.split("/") if path else []
    paths = ["/".join(parts[: count + 1]) for count in range(len(parts))]
    return [each for each in paths if not library.exists(each)]


_ABOUT = About(
    "Upload a file, or make a folder",
    {
        201: object_of(
            {
                "done": FLAG,
                "files?": object_of({ORIGIN: ABRIDGED}),
                "folder?": ABRIDGED,
                "effectiveSelect?": FLAG,
                "effectivePrint?": FLAG,
            }
        )
    },
    body=Body(
        object_of(
            {
                "file?": BYTES,
                "foldername?": TEXT,
                **dict.fromkeys(("path?", "filename?"), TEXT),
                **dict.fromkeys(("select?", "print?", "noOverwrite?"), LOOSE_FLAG),
                "userdata?": said(TEXT, "JSON"),
            }
        ),
        (MULTIPART,),
    ),
    query=dict.fromkeys(_PLACE, TEXT),
    raises=(NotPermitted, NoSuchFile, FileExists, FileInUse, WrongState, UnknownFileType, DiskFull),
)

ROUTES = (
    Route("POST", "/api/files/local", receive, Permission.FILES_UPLOAD, about=_ABOUT, audit=Action.FILE_UPLOADED),
)
