"""`/api/access/permissions` and `/api/access/groups` (contract, 5.15).

Invariants: groups are for admins, and a change of one for admins who typed their password lately; a group is never in
itself, and the last active admin stays one. What writes to the disk does so in a thread.
"""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from mrdraw.accounts import GroupChange, Permission, permission_records
from mrdraw.accounts.audit_entry import Action
from mrdraw.errors import GroupExists, InvalidValue, LastAdmin, NoSuchGroup, NotPermitted
from mrdraw.server.auditing import note
from mrdraw.server.context import json_body, require_fresh, services
from mrdraw.server.describing import FLAG, TEXT, About, Body, by_name, many, object_of
from mrdraw.server.responses import json_response
from mrdraw.server.routing import Route
from mrdraw.server.values import flag, text, texts

_GROUPS = "/api/access/groups"
_ONE = f"{_GROUPS}/{{group}}"
_NEEDED = ("key", "name", "permissions", "subgroups")
_KINDS: dict[str, Any] = {
    "permissions": texts, "subgroups": texts, "default": flag, "description": text, "name": text,
}  # fmt: skip


async def permissions(_request: Request) -> Response:
    """`GET /api/access/permissions`."""
    return json_response({"permissions": permission_records()})


async def groups(request: Request) -> Response:
    """`GET /api/access/groups`."""
    return json_response({"groups": services(request).accounts.groups.records()})


async def group(request: Request) -> Response:
    """`GET /api/access/groups/<key>`."""
    return json_response(services(request).accounts.groups.record(request.path_params["group"]))


async def add(request: Request) -> Response:
    """`POST /api/access/groups`."""
    require_fresh(request)
    body = await json_body(request)
    if missing := [member for member in _NEEDED if member not in body]:
        raise InvalidValue(f"A new group needs {', '.join(missing)} as well.")
    key, table = text(body["key"], "key"), services(request).accounts.groups
    change = _change(body)
    note(request, subject=key, detail=_said(change))
    await asyncio.to_thread(table.add, key, change)
    return await groups(request)


async def change(request: Request) -> Response:
    """`PUT /api/access/groups/<key>`."""
    require_fresh(request)
    wanted, table = _change(await json_body(request)), services(request).accounts.groups
    note(request, detail=_said(wanted))
    await asyncio.to_thread(table.change, request.path_params["group"], wanted)
    return await groups(request)


async def remove(request: Request) -> Response:
    """`DELETE /api/access/groups/<key>`."""
    require_fresh(request)
    await asyncio.to_thread(services(request).accounts.groups.remove, request.path_params["group"])
    return await groups(request)


def _said(change: GroupChange) -> str:
    """What of a group is another, for the audit log."""
    parts = {"permissions": change.permissions, "subgroups": change.subgroups}
    said = [f"{name}: {', '.join(held) or 'none'}" for name, held in parts.items() if held is not None]
    return "; ".join(said if change.default is None else [*said, f"default: {change.default}".lower()])


def _change(body: dict[str, Any]) -> GroupChange:
    """What is to be another of a group. Raises `InvalidValue`."""
    kinds: dict[str, Any] = {
        "permissions": texts,
        "subgroups": texts,
        "default": flag,
        "description": text,
        "name": text,
    }
    return GroupChange(**{member: kind(body[member], member) for member, kind in kinds.items() if member in body})


_NEEDS = by_name(many(TEXT))
_PERMISSION = object_of(
    {
        **dict.fromkeys(("key", "name", "description", "scope", "plugin?"), TEXT),
        "dangerous": FLAG,
        "default_groups": many(TEXT),
        "needs": _NEEDS,
    }
)
_GROUP = object_of(
    {
        **dict.fromkeys(("key", "name", "description"), TEXT),
        **dict.fromkeys(("permissions", "subgroups"), many(TEXT)),
        "needs": _NEEDS,
        **dict.fromkeys(("default", "removable", "changeable", "toggleable", "dangerous"), FLAG),
    }
)
_ALL_GROUPS = {200: object_of({"groups": many(_GROUP)})}
_LISTS = dict.fromkeys(("permissions", "subgroups"), many(TEXT))
_OPTIONAL = {"description?": TEXT, "default?": FLAG}

_ABOUT_PERMISSIONS = About("All permissions", {200: object_of({"permissions": many(_PERMISSION)})})
_ABOUT_GROUPS = About("All groups", _ALL_GROUPS)
_ABOUT_GROUP = About("A group", {200: _GROUP}, raises=(NoSuchGroup,))
_ABOUT_ADDING = About(
    "Add a group (the password was typed lately)",
    _ALL_GROUPS,
    body=Body(object_of({"key": TEXT, "name": TEXT, **_LISTS, **_OPTIONAL})),
    raises=(GroupExists,),
)
_ABOUT_CHANGING = About(
    "Change a group (the password was typed lately)",
    _ALL_GROUPS,
    body=Body(object_of({**{f"{member}?": shape for member, shape in _LISTS.items()}, "name?": TEXT, **_OPTIONAL})),
    raises=(NotPermitted, NoSuchGroup, LastAdmin),
)
_ABOUT_REMOVING = About(
    "Remove a group, from users and groups too (the password was typed lately)",
    _ALL_GROUPS,
    raises=(NotPermitted, NoSuchGroup, LastAdmin),
)

ROUTES = (
    Route("GET", "/api/access/permissions", permissions, None, about=_ABOUT_PERMISSIONS),
    Route("GET", _GROUPS, groups, Permission.ADMIN, about=_ABOUT_GROUPS),
    Route("POST", _GROUPS, add, Permission.ADMIN, about=_ABOUT_ADDING, audit=Action.GROUP_ADDED),
    Route("GET", _ONE, group, Permission.ADMIN, about=_ABOUT_GROUP),
    Route("PUT", _ONE, change, Permission.ADMIN, about=_ABOUT_CHANGING, audit=Action.GROUP_CHANGED),
    Route("DELETE", _ONE, remove, Permission.ADMIN, about=_ABOUT_REMOVING, audit=Action.GROUP_REMOVED),
)
