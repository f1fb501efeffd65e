"""`/api/v1/machines`: the machines' finer state, their names and profiles.

Invariants: what the compatible API has no word for stands here and nowhere else; a change is validated as a whole
before anything is written, and names what is wrong.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from mrdraw.accounts import Permission
from mrdraw.accounts.audit_entry import Action
from mrdraw.errors import InvalidValue, NoSuchMachine, SettingsUnreadable
from mrdraw.events import PrinterProfileModified
from mrdraw.hub import Machine
from mrdraw.server.api.settings import settings_updated
from mrdraw.server.auditing import note
from mrdraw.server.context import identity, json_body, services
from mrdraw.server.describing import TEXT, About, Body, many, maybe, object_of, said
from mrdraw.server.machine_record import MACHINE, machine_record
from mrdraw.server.profile_changes import changed, settings_changes
from mrdraw.server.responses import json_response
from mrdraw.server.routing import Route
from mrdraw.server.settings_shape import places
from mrdraw.server.values import mapping, text
from mrdraw.settings import ProfileTree

ALL = "/api/v1/machines"
ONE = f"{ALL}/{{machine_id}}"

_LONGEST_NAME = 128
_FIELDS = tuple(field.encode_name for field in msgspec.structs.fields(ProfileTree))
_MAY_BE_NONE = frozenset(field.encode_name for field in msgspec.structs.fields(ProfileTree) if field.default is None)
_MEMBERS = ("name", "profile")


def named(request: Request) -> Machine:
    """The machine whose id stands in the path. Raises `NoSuchMachine`."""
    return services(request).hub.machine(request.path_params["machine_id"])


async def read_all(request: Request) -> Response:
    """`GET /api/v1/machines`: those that the sender may see."""
    who, hub = identity(request), services(request).hub
    shown = [one for one in hub.machines.values() if who.may(Permission.STATUS, one.id)]
    default = hub.default_machine.id if hub.default_machine in shown else None
    return json_response({"machines": [machine_record(one) for one in shown], "default": default})


async def read_one(request: Request) -> Response:
    """`GET /api/v1/machines/<id>`."""
    return json_response(machine_record(named(request)))


async def change(request: Request) -> Response:
    """`PATCH /api/v1/machines/<id>`: its name, and members of its profile."""
    one = named(request)
    changes = _changes(await json_body(request), one)
    note(request, detail=", ".join(places(changes)))
    if changes:
        known = services(request).settings
        written = settings_changes(one, changes, default=one.id == known.current().default_machine)
        await asyncio.to_thread(known.update, written)
        settings_updated(request)
        if changes.keys() - {"name"}:
            services(request).hub.bus.publish(one.id, PrinterProfileModified(identifier=one.settings.profile.id))
    return json_response(machine_record(one))


def _changes(body: Mapping[str, object], one: Machine) -> dict[str, object]:
    """What is to be written of the machine. Raises `InvalidValue`."""
    _refuse_unknown(body, _MEMBERS, "")
    changes: dict[str, object] = {}
    if "name" in body:
        changes["name"] = _name(body["name"])
    profile = dict(mapping(body.get("profile", {}), "profile"))
    _refuse_unknown(profile, _FIELDS, "profile.")
    if profile.pop("id", one.settings.profile.id) != one.settings.profile.id:
        raise InvalidValue(f"profile.id is {one.settings.profile.id!r} and cannot be changed.")
    for name, value in profile.items():
        if value is None and name not in _MAY_BE_NONE:
            raise InvalidValue(f"profile.{name} is null; leave out what is to stay as it is.")
    return {**changes, **changed(one, one.settings.profile, profile)}


def _name(value: object) -> str:
    name = text(value, "name").strip()
    if len(name) > _LONGEST_NAME or not name.isprintable():
        raise InvalidValue(f"name has at most {_LONGEST_NAME} characters, and none that cannot be seen.")
    return name


def _refuse_unknown(members: Mapping[str, object], known: tuple[str, ...], place: str) -> None:
    """Raises `InvalidValue` for a member that means nothing here."""
    for name in members:
        if name not in known:
            raise InvalidValue(f"{place}{name} is unknown; members are: {', '.join(known)}.")


_DEFAULT = maybe(said(TEXT, "the id of the one that paths without a machine mean; null if one may not see it"))
_ABOUT_ALL = About("All machines that one may see", {200: object_of({"machines": many(MACHINE), "default": _DEFAULT})})
_ABOUT_ONE = About("A machine", {200: MACHINE}, raises=(NoSuchMachine,))
_ABOUT_CHANGING = About(
    "Change a machine's name, or members of its profile",
    {200: MACHINE},
    body=Body(object_of({"name?": TEXT, "profile?": ProfileTree}, closed=True)),
    raises=(NoSuchMachine, SettingsUnreadable),
)

ROUTES = (
    Route("GET", ALL, read_all, Permission.STATUS, on_any=True, about=_ABOUT_ALL),
    Route("GET", ONE, read_one, Permission.STATUS, about=_ABOUT_ONE),
    Route("PATCH", ONE, change, Permission.SETTINGS, about=_ABOUT_CHANGING, audit=Action.SETTINGS),
)
