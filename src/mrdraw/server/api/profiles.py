"""`/api/printerprofiles`: what a machine is, in one or several profiles (contract, 4.8, 5.8 and 15.6).

Invariants: a change is validated as a whole before anything is written; the profile in force and the default one are
never deleted, nor is the machine's own; `default` makes a profile the default one only when it is true.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from hashlib import sha1

from starlette.requests import Request
from starlette.responses import Response

from mrdraw.accounts import Permission
from mrdraw.accounts.audit_entry import Action
from mrdraw.errors import InvalidValue, NoSuchProfile, ProfileExists, SettingsUnreadable, WrongState
from mrdraw.events import Event, PrinterProfileAdded, PrinterProfileDeleted, PrinterProfileModified
from mrdraw.hub import Machine
from mrdraw.server import profile_changes
from mrdraw.server.api.settings import settings_updated
from mrdraw.server.auditing import note
from mrdraw.server.conditional import not_modified, validators
from mrdraw.server.context import json_body, machine, services
from mrdraw.server.describing import CONDITIONAL, LOOSE_FLAG, NOTHING, TEXT, About, Body, by_name, object_of
from mrdraw.server.profile_record import ALL, PROFILE, SENT_PROFILE, record_of
from mrdraw.server.records import Record
from mrdraw.server.responses import json_response, no_content
from mrdraw.server.routing import Route
from mrdraw.server.values import is_true, mapping, text
from mrdraw.settings import ProfileTree
from mrdraw.settings.profile_shape import profile_members
from mrdraw.settings.profiles import check_profile_id

ONE = f"{ALL}/{{profile_id}}"


async def read_all(request: Request) -> Response:
    """`GET /api/printerprofiles`."""
    one = machine(request)
    found = {profile_id: record_of(request, one, profile) for profile_id, profile in one.settings.profiles.items()}
    return _conditional(request, {"profiles": found})


async def read_one(request: Request) -> Response:
    """`GET /api/printerprofiles/<id>`."""
    one = machine(request)
    return _conditional(request, record_of(request, one, _named(request, one)))


async def add(request: Request) -> Response:
    """`POST /api/printerprofiles`."""
    one, body = machine(request), await json_body(request)
    sent = _sent(body)
    for needed in ("id", "name"):
        if not sent.get(needed):
            raise InvalidValue(f"A new profile needs profile.{needed}.")
    profile_id = text(sent["id"], "profile.id")
    check_profile_id(profile_id, "profile.id")
    note(request, subject=profile_id)
    if profile_id in one.settings.profiles:
        raise ProfileExists(f"There is a profile {profile_id!r} already; PATCH changes it.")
    based_on = _based_on(one, body)
    changes = profile_changes.added(profile_id, based_on, profile_members(sent))
    if is_true(sent.get("default")):
        changes |= profile_changes.made_default(one, profile_id)
    await _write(request, one, changes, PrinterProfileAdded(identifier=profile_id))
    return json_response({"profile": record_of(request, one, one.settings.profiles[profile_id])})


async def change(request: Request) -> Response:
    """`PATCH /api/printerprofiles/<id>`."""
    one = machine(request)
    profile, sent = _named(request, one), _sent(await json_body(request))
    if sent.get("id", profile.id) != profile.id:
        raise InvalidValue(f"profile.id is {profile.id!r} and cannot be changed; make a new one based on it.")
    changes = profile_changes.changed(one, profile, profile_members(sent))
    if is_true(sent.get("default")) and profile.id != one.settings.preferred_profile.id:
        changes |= profile_changes.made_default(one, profile.id)
    if changes:
        await _write(request, one, changes, PrinterProfileModified(identifier=profile.id))
    return json_response({"profile": record_of(request, one, one.settings.profiles[profile.id])})


async def delete(request: Request) -> Response:
    """`DELETE /api/printerprofiles/<id>`."""
    one = machine(request)
    profile_id, known = _named(request, one).id, one.settings
    for special, reason in (
        (known.profile, "it is in force; connect with another one first"),
        (known.preferred_profile, "it is the default one; make another one the default first"),
        (known.own_profile, "every machine has it; it can be changed"),
    ):
        if profile_id == special.id:
            raise WrongState(f"The profile {profile_id!r} cannot be deleted: {reason}.")
    await _write(request, one, profile_changes.deleted(profile_id), PrinterProfileDeleted(identifier=profile_id))
    return no_content()


# --- inside -----------------------------------------------------------------------------------------------------------


def _conditional(request: Request, record: Record) -> Response:
    response = json_response(record)
    modified = services(request).settings.changed_at
    headers = validators(sha1(response.body, usedforsecurity=False).hexdigest(), modified)
    response.headers.update(headers)
    if is_true(request.query_params.get("force")):
        return response
    return not_modified(request, headers, modified) or response


def _named(request: Request, one: Machine) -> ProfileTree:
    """The profile in the path. Raises `NoSuchProfile`."""
    return _known(one, request.path_params["profile_id"])


def _known(one: Machine, profile_id: str) -> ProfileTree:
    profiles = one.settings.profiles
    if profile_id not in profiles:
        raise NoSuchProfile(f"There is no profile {profile_id!r}. Profiles are: {', '.join(profiles)}.")
    return profiles[profile_id]


def _based_on(one: Machine, body: Mapping[str, object]) -> ProfileTree:
    """The profile that gives what was not sent. Raises `InvalidValue`."""
    asked = body.get("basedOn")
    if asked is None:
        return one.settings.preferred_profile
    try:
        return _known(one, text(asked, "basedOn"))
    except NoSuchProfile as error:
        raise InvalidValue(f"basedOn: {error}") from error


def _sent(body: Mapping[str, object]) -> Mapping[str, object]:
    """The profile in a body. Raises `InvalidValue`."""
    if "profile" not in body:
        raise InvalidValue('The body needs "profile", an object with the members of the profile.')
    return mapping(body["profile"], "profile")


async def _write(request: Request, one: Machine, own: profile_changes.Changes, news: Event) -> None:
    known = services(request)
    default = one.id == known.settings.current().default_machine
    changes = profile_changes.settings_changes(one, own, default=default)
    await asyncio.to_thread(known.settings.update, changes)
    settings_updated(request)
    known.hub.bus.publish(one.id, news)


_FORCE = {"force": LOOSE_FLAG}
_CHANGED = {200: object_of({"profile": PROFILE})}
_NOT_WRITTEN = (SettingsUnreadable,)
_ABOUT_ALL = About(
    "All printer profiles of the machine",
    {200: object_of({"profiles": by_name(PROFILE)}), **CONDITIONAL},
    query=_FORCE,
)
_ABOUT_ADDING = About(
    "Add a printer profile",
    _CHANGED,
    body=Body(object_of({"profile": SENT_PROFILE, "basedOn?": TEXT})),
    raises=(ProfileExists, *_NOT_WRITTEN),
)
_ABOUT_ONE = About("A printer profile", {200: PROFILE, **CONDITIONAL}, query=_FORCE, raises=(NoSuchProfile,))
_ABOUT_CHANGING = About(
    "Change members of a printer profile",
    _CHANGED,
    body=Body(object_of({"profile": SENT_PROFILE})),
    raises=(NoSuchProfile, *_NOT_WRITTEN),
)
_ABOUT_DELETING = About("Delete a printer profile", NOTHING, raises=(NoSuchProfile, WrongState, *_NOT_WRITTEN))

_READERS = (Permission.STATUS,)

ROUTES = (
    Route("GET", ALL, read_all, Permission.CONNECTION, instead=_READERS, about=_ABOUT_ALL),
    Route("POST", ALL, add, Permission.SETTINGS, about=_ABOUT_ADDING, audit=Action.PROFILE_ADDED),
    Route("GET", ONE, read_one, Permission.CONNECTION, instead=_READERS, about=_ABOUT_ONE),
    Route("PATCH", ONE, change, Permission.SETTINGS, about=_ABOUT_CHANGING, audit=Action.PROFILE_CHANGED),
    Route("DELETE", ONE, delete, Permission.SETTINGS, about=_ABOUT_DELETING, audit=Action.PROFILE_REMOVED),
)
