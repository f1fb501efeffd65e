"""`/api/settings`: reading and changing the settings, and the global key (contract, 5.9).

Invariants: a change is validated as a whole, in a thread, before anything is written; the answer is always the tree as
it is afterwards, with the global key for admins only.
"""

from __future__ import annotations

import asyncio
import math
from hashlib import sha1

from starlette.requests import Request
from starlette.responses import Response

from mrdraw.accounts import Permission
from mrdraw.errors import NotPermitted, SettingsUnreadable
from mrdraw.events import SettingsUpdated
from mrdraw.server.conditional import not_modified
from mrdraw.server.context import json_body, machine, optional_identity, services
from mrdraw.server.describing import ANY, CONDITIONAL, LOOSE_FLAG, NOTHING, TEXT, About, Body, by_name, object_of, said
from mrdraw.server.push.payloads import config_hash, effective_hash
from mrdraw.server.responses import json_response, no_content
from mrdraw.server.routing import Route
from mrdraw.server.settings_changes import changes_of
from mrdraw.server.settings_record import Record, settings_record
from mrdraw.server.values import is_true

_NO_TIME = math.inf
"""The settings have a tag and no time: a client that asks by time alone gets them."""


async def read(request: Request) -> Response:
    """`GET /api/settings`."""
    response = await _answer(request)
    if is_true(request.query_params.get("force")):
        return response
    return not_modified(request, {"etag": response.headers["etag"]}, _NO_TIME) or response


async def change(request: Request) -> Response:
    """`POST /api/settings`."""
    body, one = await json_body(request), machine(request)
    known = services(request).settings
    default = one.id == known.current().default_machine
    changes = changes_of(body, await _record(request), one.id, default=default)
    if changes:
        await asyncio.to_thread(known.update, changes)
    settings_updated(request)
    return await _answer(request)


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
    known, one, who = services(request), machine(request), optional_identity(request)
    is_admin = who is not None and who.may(Permission.ADMIN)
    return settings_record(
        known.settings.current(),
        one,
        key=known.accounts.global_key() if is_admin else None,
        full=who is None or who.may(Permission.SETTINGS),
        uploads=str(known.library.folder),
        unique_id=await known.hub.unique_id(one.id),
    )


async def renew_key(request: Request) -> Response:
    """`POST /api/settings/apikey`: the key before is gone."""
    return json_response({"apikey": await asyncio.to_thread(services(request).accounts.new_global_key)})


async def revoke_key(request: Request) -> Response:
    """`DELETE /api/settings/apikey`: the global key is off."""
    await asyncio.to_thread(services(request).accounts.revoke_global_key)
    return no_content()


_TREE = said(by_name(ANY), "sections of settings by name")
_ABOUT_READING = About("The settings", {200: _TREE, **CONDITIONAL}, query={"force": LOOSE_FLAG})
_ABOUT_CHANGING = About(
    "Change settings: those that are named, or none if one of them is refused",
    {200: _TREE},
    body=Body(_TREE),
    raises=(NotPermitted, SettingsUnreadable),
)
_ABOUT_KEY = About(
    "Make the global key; the one before is gone", {200: object_of({"apikey": TEXT})}, raises=(SettingsUnreadable,)
)
_ABOUT_REVOKING = About("Switch the global key off", NOTHING, raises=(SettingsUnreadable,))

ROUTES = (
    Route("GET", "/api/settings", read, Permission.SETTINGS_READ, about=_ABOUT_READING),
    Route("POST", "/api/settings", change, Permission.SETTINGS, about=_ABOUT_CHANGING),
    Route("POST", "/api/settings/apikey", renew_key, Permission.ADMIN, about=_ABOUT_KEY),
    Route("DELETE", "/api/settings/apikey", revoke_key, Permission.ADMIN, about=_ABOUT_REVOKING),
)
