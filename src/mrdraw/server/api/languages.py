"""`/api/languages`: language packs (contract, 5.11)."""

from __future__ import annotations

import asyncio
from io import BytesIO

from starlette.requests import Request
from starlette.responses import Response

from mrdraw.accounts import Permission
from mrdraw.accounts.audit_entry import Action
from mrdraw.errors import DiskFull, InvalidValue
from mrdraw.server.context import services
from mrdraw.server.describing import BYTES, MULTIPART, TEXT, About, Body, by_name, many, object_of, said
from mrdraw.server.language_packs import LanguagePacks
from mrdraw.server.multipart import read_form
from mrdraw.server.responses import json_response
from mrdraw.server.routing import Route

FOLDER = "translations"
_LARGEST = 5 * 1024 * 1024
"""bytes of an upload (contract, section 1)."""
_FILE = "file"
_ENDINGS = (".zip", ".tar.gz", ".tgz", ".tar")
"""Of the names that clients may send; the content is a ZIP archive always."""


class _Received:
    """The archive of the form; of several the last one."""

    def __init__(self) -> None:
        self.content: BytesIO | None = None

    async def begin(self, field: str, filename: str, _fields: dict[str, str]) -> bool:
        """A file begins; only the one named `file` is wanted."""
        if field != _FILE or not filename:
            return False
        if not filename.lower().endswith(_ENDINGS):
            raise InvalidValue(f"{filename!r} is no language pack: a ZIP archive is expected, named *.zip.")
        self.content = BytesIO()
        return True

    async def take(self, data: bytes) -> None:
        """The next bytes of it."""
        if self.content is not None:
            self.content.write(data)


async def list_all(request: Request) -> Response:
    """`GET /api/languages`."""
    return await _listed(_packs(request))


async def add(request: Request) -> Response:
    """`POST /api/languages`: a ZIP archive as the part `file`."""
    received = _Received()
    await read_form(request, received, _LARGEST)
    if received.content is None:
        raise InvalidValue("The form has no file: the archive is the part named file.")
    packs = _packs(request)
    await asyncio.to_thread(packs.add, received.content)
    return await _listed(packs)


async def remove(request: Request) -> Response:
    """`DELETE /api/languages/<locale>/<pack>`; what is not there is gone already."""
    packs = _packs(request)
    await asyncio.to_thread(packs.remove, request.path_params["locale"], request.path_params["pack"])
    return await _listed(packs)


def _packs(request: Request) -> LanguagePacks:
    return LanguagePacks(services(request).settings.basedir / FOLDER)


async def _listed(packs: LanguagePacks) -> Response:
    return json_response({"language_packs": await asyncio.to_thread(packs.records)})


_LANGUAGE = object_of({"locale": TEXT, "locale_display": TEXT, "locale_english": TEXT})
_PACK = object_of({"identifier": TEXT, "display": TEXT, "languages": many(_LANGUAGE)})
_PACKS = {200: object_of({"language_packs": by_name(_PACK)})}
_ABOUT_ALL = About("The language packs", _PACKS)
_ABOUT_ADDING = About(
    "Add or replace language packs",
    _PACKS,
    body=Body(object_of({_FILE: said(BYTES, "A ZIP archive of folders named for their language.")}), (MULTIPART,)),
    raises=(DiskFull,),
)
_ABOUT_REMOVING = About("Remove a language of a pack; what is not there is gone already", _PACKS)

ROUTES = (
    Route("GET", "/api/languages", list_all, Permission.SETTINGS, about=_ABOUT_ALL),
    Route("POST", "/api/languages", add, Permission.SETTINGS, about=_ABOUT_ADDING, audit=Action.LANGUAGE_ADDED),
    Route(
        "DELETE",
        "/api/languages/{locale}/{pack}",
        remove,
        Permission.SETTINGS,
        about=_ABOUT_REMOVING,
        audit=Action.LANGUAGE_REMOVED,
    ),
)
