"""`/api/files`: reading what is stored (contract, 5.3).

Invariants: reading changes nothing; the disk is read in threads, the loop only asks whether what is known still holds.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from mrdraw.accounts import Permission
from mrdraw.errors import InvalidValue, NoSuchFile
from mrdraw.history import Tallies
from mrdraw.library import Library, Listing, clean_name, clean_path
from mrdraw.server.api_version import QUERY as VERSION_QUERY
from mrdraw.server.api_version import VARY, wants_version_2
from mrdraw.server.conditional import not_modified, validators
from mrdraw.server.context import Services, command_body, services
from mrdraw.server.describing import (
    ANY,
    CONDITIONAL,
    COUNT,
    FLAG,
    LOOSE_FLAG,
    TEXT,
    WHOLE,
    About,
    by_name,
    commands,
    either,
    many,
    maybe,
    object_of,
    words,
)
from mrdraw.server.file_lists import EncodedList
from mrdraw.server.file_records import (
    ENTRY,
    ORIGIN,
    Addresses,
    View,
    base_of,
    entry_record,
    entry_records,
    newest,
)
from mrdraw.server.responses import PiecesResponse, json_response
from mrdraw.server.routing import Route
from mrdraw.server.values import is_true, one_of, text

_ALL = "/api/files"
_CAPABILITIES = dict.fromkeys(
    ("write_file", "read_file", "remove_file", "copy_file", "move_file", "add_folder", "remove_folder", "copy_folder",
     "move_folder", "metadata", "history", "path_on_disk", "concurrent_printing"), True,
) | {"thumbnails": False}  # fmt: skip
"""What can be done with stored files, in the words of 2.0."""
_ABOUT_STORAGE = msgspec.json.encode({"key": ORIGIN, "name": "Local", "capabilities": _CAPABILITIES})[:-1]
_TEST_MEMBERS = ("storage", "path", "filename")
_TESTS = {"sanitize": _TEST_MEMBERS, "exists": _TEST_MEMBERS}


# --- reading --------------------------------------------------------------------------------------------------------


async def read_all(request: Request) -> Response:
    """`GET /api/files` and `GET /api/files/local`."""
    known = services(request)
    wish, forced = _Wish.of(request), is_true(request.query_params.get("force"))
    listing = None if forced else known.library.known_listing()
    found = known.lists.find((listing.revision, known.hub.history.revision), wish) if listing else None
    if found is None:
        found = await asyncio.to_thread(_read_list, known, wish, None if forced else listing)
    headers, newer = {**found.headers, **VARY}, wants_version_2(request)
    if newer:
        headers["etag"] = f'{headers["etag"][:-1]}-2"'
    if (unchanged := _unchanged(request, headers, found.modified)) is not None:
        return unchanged
    free, total = known.library.free_space()
    if newer:
        return _storage(found.entries, free, total, headers, all_of_them=request.scope["path"] == _ALL)
    return PiecesResponse([b'{"files":', found.entries, f',"free":{free},"total":{total}}}'.encode()], headers)


def _storage(entries: bytes, free: int, total: int, headers: dict[str, str], *, all_of_them: bool) -> Response:
    """The list as 2.0 has it: of a storage that says what it can; `all_of_them` are the only one, by its name."""
    front, end = (b'{"local":', b"}") if all_of_them else (b"", b"")
    usage = f',"usage":{{"free":{free},"total":{total}}}}}'.encode()
    return PiecesResponse([front + _ABOUT_STORAGE + b',"files":', entries, usage + end], headers)


def _read_list(known: Services, wish: _Wish, listing: Listing | None) -> EncodedList:
    """The list as it is now, or that of a listing that still holds."""
    listing, history = listing or known.library.listing(), known.hub.history
    revision = (listing.revision, history.revision)

    def make() -> EncodedList:
        view = wish.view(history.tallies())
        entries = msgspec.json.encode(entry_records(listing.root.children, view, None if wish.recursive else 0))
        modified = newest(listing.root, view.tallies)
        return EncodedList(entries, validators(_tag(entries), modified), modified)

    return known.lists.find_or_make(revision, wish, make)


async def read_one(request: Request) -> Response:
    """`GET /api/files/local/<path>`."""
    known, path, wish = services(request), request.path_params["path"], _Wish.of(request)

    def look() -> tuple[bytes, int]:
        entry, view = known.library.entry(path, recursive=True), wish.view(known.hub.history.tallies())
        record = entry_record(entry, view, None if wish.recursive else 1)
        return msgspec.json.encode(record), newest(entry, view.tallies)

    record, modified = await asyncio.to_thread(look)
    headers = validators(_tag(record), modified)
    return _unchanged(request, headers, modified) or PiecesResponse([record], headers)


async def read_card(_request: Request) -> Response:
    """`GET /api/files/sdcard`: no card is served."""
    return json_response({"files": []})


@dataclass(frozen=True)
class _Wish:
    """What is asked for: addresses as the client reaches them, folders in full, files of one kind."""

    base: str
    recursive: bool
    kind: str | None

    @classmethod
    def of(cls, request: Request) -> _Wish:
        query = request.query_params
        return cls(base_of(request), is_true(query.get("recursive")), query.get("filter") or None)

    def view(self, tallies: Tallies) -> View:
        """How entries are shown to whoever asks so."""
        return View(Addresses(self.base), tallies, self.kind)


def _tag(described: bytes) -> str:
    return hashlib.sha1(described, usedforsecurity=False).hexdigest()


def _unchanged(request: Request, headers: dict[str, str], modified: int) -> Response | None:
    """That the client has it already, unless it wants it anew."""
    if is_true(request.query_params.get("force")) or "_refresh" in request.query_params:
        return None
    return not_modified(request, headers, modified)


# --- names ----------------------------------------------------------------------------------------------------------


async def test_name(request: Request) -> Response:
    """`POST /api/files/test`: how a name is stored, and whether it is taken."""
    command, body = await command_body(request, _TESTS)
    one_of(body["storage"], (ORIGIN,), "storage")
    folder, name = clean_path(text(body["path"], "path")), text(body["filename"], "filename")
    path = f"{folder}/{clean_name(name)}" if folder else clean_name(name)
    if command == "sanitize":
        return json_response({"sanitized": path})
    return json_response(await asyncio.to_thread(_taken, services(request).library, path, folder, name))


def _taken(library: Library, path: str, folder: str, name: str) -> dict[str, object]:
    if not library.exists(path):
        return {"exists": False}
    entry = library.entry(path)
    return {"exists": True, "suggestion": library.free_name(folder, name), "size": entry.size, "date": entry.date}


_STORAGE = object_of(
    {
        "key": TEXT,
        "name": TEXT,
        "capabilities": by_name(FLAG),
        "files": many(ENTRY),
        "usage": object_of({"free": COUNT, "total": COUNT}),
    }
)
_LIST = object_of({"files": many(ENTRY), "free": COUNT, "total": COUNT})
_QUERY = {"recursive": LOOSE_FLAG, "filter": TEXT, "force": LOOSE_FLAG, "_refresh": ANY}
_LIST_QUERY = {**_QUERY, **VERSION_QUERY}
_ABOUT_LISTS = About(
    "All files and folders",
    {200: either(_LIST, object_of({"local": _STORAGE})), **CONDITIONAL},
    query=_LIST_QUERY,
    raises=(InvalidValue,),
)
_ABOUT_LIST = About(
    "All stored files and folders",
    {200: either(_LIST, _STORAGE), **CONDITIONAL},
    query=_LIST_QUERY,
    raises=(InvalidValue,),
)
_ABOUT_CARD = About("The files on a memory card, of which there is none", {200: object_of({"files": many(ENTRY)})})
_ABOUT_ONE = About(
    "A file, or a folder and what is in it", {200: ENTRY, **CONDITIONAL}, query=_QUERY, raises=(NoSuchFile,)
)
_PLACE = {"storage": words(ORIGIN), "path": TEXT, "filename": TEXT}
_ABOUT_TEST = About(
    "How a name would be stored, and whether it is taken",
    {
        200: either(
            object_of({"sanitized": TEXT}),
            object_of({"exists": FLAG, "suggestion?": TEXT, "size?": maybe(COUNT), "date?": maybe(WHOLE)}),
        )
    },
    body=commands(_TESTS, dict.fromkeys(_TESTS, _PLACE)),
)

ROUTES = (
    Route("GET", _ALL, read_all, Permission.FILES_LIST, about=_ABOUT_LISTS),
    Route("GET", "/api/files/local", read_all, Permission.FILES_LIST, about=_ABOUT_LIST),
    Route("GET", "/api/files/sdcard", read_card, Permission.FILES_LIST, about=_ABOUT_CARD),
    Route("GET", "/api/files/local/{path:path}", read_one, Permission.FILES_LIST, about=_ABOUT_ONE),
    Route("POST", "/api/files/test", test_name, Permission.FILES_LIST, about=_ABOUT_TEST),
)
