"""`/api/settings`: reading and changing the settings, and the global key (contract, 5.9).

Invariants: a change is validated as a whole, in a thread, before anything is written; the answer is always the tree as
it is afterwards, with the global key for admins only; what was not known is named in the answer's header.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Mapping
from hashlib import sha1

from starlette.requests import Request
from starlette.responses import Response

from mrdraw.accounts import Permission
from mrdraw.accounts.audit_entry import Action
from mrdraw.errors import InvalidValue, NotPermitted, SettingsUnreadable
from mrdraw.events import SettingsUpdated
from mrdraw.server.auditing import note, nothing_done
from mrdraw.server.conditional import not_modified
from mrdraw.server.context import json_body, machine, machine_id, optional_identity, require_fresh, services
from mrdraw.server.describing import (
    ANY,
    CONDITIONAL,
    LOOSE_FLAG,
    NOTHING,
    TEXT,
    About,
    Body,
    by_name,
    object_of,
    said,
)
from mrdraw.server.push.payloads import config_hash, effective_hash
from mrdraw.server.responses import json_response, no_content
from mrdraw.server.routing import Route
from mrdraw.server.settings_changes import sorted_out, to_write
from mrdraw.server.settings_guard import check_folders, check_rights, shown_places
from mrdraw.server.settings_record import Reader, Record, Source, reader, settings_record
from mrdraw.server.settings_shape import Changes, check_values, places
from mrdraw.server.values import is_true
from mrdraw.settings import Settings

_NO_TIME = math.inf
"""The settings have a tag and no time: a client that asks by time alone gets them."""
IGNORED_HEADER = "X-Ignored-Settings"
"""Names what was sent and means nothing here: OctoPrint ignores it silently."""

_GLOBAL_KEY = "global key"

LOGGER = logging.getLogger(__name__)


async def read(request: Request) -> Response:
    """`GET /api/settings`."""
    response = await _answer(request)
    if is_true(request.query_params.get("force")):
        return response
    return not_modified(request, {"etag": response.headers["etag"]}, _NO_TIME) or response


async def change(request: Request) -> Response:
    """`POST /api/settings`; with `strict` what is not known is refused as well."""
    body, one, who = await json_body(request), machine(request), optional_identity(request)
    known, shown = services(request), await _record(request)
    sent = sorted_out(body, shown)
    note(request, detail=", ".join(places(sent.changes)))
    check_rights(sent, _reader(request), password_typed=who is not None and known.accounts.has_just_typed_password(who))
    check_values(sent)
    if sent.unknown and is_true(request.query_params.get("strict")):
        raise InvalidValue(f"These are no settings, or only read: {', '.join(sent.unknown)}. Nothing was changed.")
    if sent.changes:
        default = one.id == known.settings.current().default_machine
        changes = to_write(sent.changes, one.id, default=default)
        if await asyncio.to_thread(_apply, known.settings, sent.changes, changes, shown["folder"]):
            settings_updated(request)
    else:
        nothing_done(request)
    response = await _answer(request)
    if sent.unknown:
        response.headers[IGNORED_HEADER] = shown_places(sent.unknown)
        LOGGER.warning("settings that are not known here were ignored: %s", response.headers[IGNORED_HEADER])
    return response


def _apply(settings: Settings, sent: Changes, changes: Changes, folders: Mapping[str, str]) -> bool:
    """Write the changes; whether anything is another than before."""
    check_folders(sent, folders)
    before = settings.current()
    return settings.update(changes) != before


def settings_updated(request: Request) -> None:
    """Tell everybody that the settings were changed."""
    tree, hub = services(request).settings.current(), services(request).hub
    for one in hub.machines.values():
        one.view.changed()
    hub.bus.publish(None, SettingsUpdated(config_hash=config_hash(tree), effective_hash=effective_hash(tree)))


async def _answer(request: Request) -> Response:
    response = json_response(await _record(request))
    response.headers["etag"] = f'"{sha1(response.body, usedforsecurity=False).hexdigest()}"'
    return response


async def _record(request: Request) -> Record:
    """The settings as the sender of the request may read them."""
    known, one = services(request), machine(request)
    source = Source(
        tree=known.settings.current(),
        machine=one,
        basedir=known.settings.basedir,
        uploads=known.library.folder,
        key=known.accounts.global_key(),
        unique_id=await known.hub.unique_id(one.id),
    )
    return settings_record(source, _reader(request))


def _reader(request: Request) -> Reader:
    who = optional_identity(request)
    return reader(who, machine_id(request), fresh=who is not None and services(request).accounts.is_fresh(who))


async def renew_key(request: Request) -> Response:
    """`POST /api/settings/apikey`: the key before is gone."""
    note(request, subject=_GLOBAL_KEY)
    require_fresh(request)
    return json_response({"apikey": await asyncio.to_thread(services(request).accounts.new_global_key)})


async def revoke_key(request: Request) -> Response:
    """`DELETE /api/settings/apikey`: the global key is off."""
    note(request, subject=_GLOBAL_KEY)
    require_fresh(request)
    await asyncio.to_thread(services(request).accounts.revoke_global_key)
    return no_content()


_TREE = said(by_name(ANY), "sections of settings by name")
_ABOUT_READING = About("The settings", {200: _TREE, **CONDITIONAL}, query={"force": LOOSE_FLAG})
_ABOUT_CHANGING = About(
    "Change settings: those that are named, or none if one of them is refused",
    {200: _TREE},
    body=Body(_TREE),
    query={"strict": said(LOOSE_FLAG, "whether what is not known is refused instead of named in X-Ignored-Settings")},
    raises=(NotPermitted, SettingsUnreadable),
)
_ABOUT_KEY = About(
    "Make the global key; the one before is gone", {200: object_of({"apikey": TEXT})}, raises=(SettingsUnreadable,)
)
_ABOUT_REVOKING = About("Switch the global key off", NOTHING, raises=(SettingsUnreadable,))

ROUTES = (
    Route("GET", "/api/settings", read, Permission.SETTINGS_READ, about=_ABOUT_READING),
    Route("POST", "/api/settings", change, Permission.SETTINGS, about=_ABOUT_CHANGING, audit=Action.SETTINGS),
    Route("POST", "/api/settings/apikey", renew_key, Permission.ADMIN, about=_ABOUT_KEY, audit=Action.KEY_MADE),
    Route(
        "DELETE", "/api/settings/apikey", revoke_key, Permission.ADMIN, about=_ABOUT_REVOKING, audit=Action.KEY_REVOKED
    ),
)
