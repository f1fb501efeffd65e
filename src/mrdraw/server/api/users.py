"""`/api/access/users…`: users, what they were granted, their passwords and keys (contract, 5.15).

Invariants: everybody may read the own record, change the own password by giving the one of now, and have an own key;
the rest is for admins. The last active admin stays one. What hashes or writes to the disk does so in a thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Container, Mapping, Sequence

from starlette.requests import Request
from starlette.responses import Response

from mrdraw.accounts import Grants, Permission, Scopes, check_permissions
from mrdraw.accounts.audit_entry import Action
from mrdraw.errors import InvalidValue, LastAdmin, NoSuchUser, NotPermitted, TooManyAttempts, UserExists
from mrdraw.server.api.access import stay_logged_in
from mrdraw.server.auditing import note
from mrdraw.server.context import identity, is_fresh, json_body, redirection, require_fresh, services
from mrdraw.server.cookies import session_of
from mrdraw.server.describing import ANY, FLAG, TEXT, About, Body, by_name, many, maybe, object_of, said
from mrdraw.server.responses import json_response
from mrdraw.server.routing import Route
from mrdraw.server.trying import counted_by
from mrdraw.server.values import flag, mapping, text, texts

_ACCESS = "/api/access"
_USERS = f"{_ACCESS}/users"
_ONE = f"{_USERS}/{{name}}"
_OLD = "/api/users"
_ADMINS = "admins"
_SCOPED = ("groups", "permissions")

Members = Mapping[str, object]


# --- the list of users ------------------------------------------------------------------------------------------------


async def users(request: Request) -> Response:
    """`GET /api/access/users`."""
    return json_response({"users": services(request).accounts.users(keys=is_fresh(request))})


async def add(request: Request) -> Response:
    """`POST /api/access/users`; without `groups` the user is in those of new users."""
    require_fresh(request)
    body = await json_body(request)
    if missing := [member for member in ("name", "password", "active") if member not in body]:
        raise InvalidValue(f"A new user needs {', '.join(missing)} as well.")
    name, password, active = (
        text(body["name"], "name"),
        text(body["password"], "password"),
        flag(body["active"], "active"),
    )
    accounts = services(request).accounts
    groups = _groups(body, accounts.groups.now().defaults())
    held = accounts.groups.now().defaults() if groups is None else groups
    grants = Grants(held, _permissions(body) or (), _scopes(request, body) or Scopes())
    note(request, subject=name, detail=_said(grants.groups, grants.permissions, grants.scopes, active))
    await asyncio.to_thread(accounts.add_user, name, password, grants, active=active)
    return await users(request)


async def change(request: Request) -> Response:
    """`PUT /api/access/users/<name>`: what is granted, and whether the user may come in."""
    require_fresh(request)
    accounts, name, body = services(request).accounts, request.path_params["name"], await json_body(request)
    groups, permissions = _groups(body, accounts.grants(name).groups), _permissions(body)
    scopes, active = _scopes(request, body), flag(body["active"], "active") if "active" in body else None
    note(request, detail=_said(groups, permissions, scopes, active))
    await asyncio.to_thread(
        accounts.change_user, name, groups=groups, permissions=permissions, scopes=scopes, active=active
    )
    return await users(request)


async def remove(request: Request) -> Response:
    """`DELETE /api/access/users/<name>`."""
    require_fresh(request)
    name = request.path_params["name"]
    if name == identity(request).name:
        raise InvalidValue("Nobody can remove the own user. Another admin can do it.")
    await asyncio.to_thread(services(request).accounts.remove_user, name, keep_admin=True)
    return await users(request)


def _groups(body: Members, held: tuple[str, ...]) -> tuple[str, ...] | None:
    """The groups that are asked for, by name or by the `admin` of 2014, if any are. Raises `InvalidValue`."""
    if "groups" in body:
        return texts(body["groups"], "groups")
    if "admin" in body:
        others = tuple(key for key in held if key != _ADMINS)
        return (_ADMINS, *others) if flag(body["admin"], "admin") else others
    return None


def _permissions(body: Members) -> tuple[Permission, ...] | None:
    """The permissions that are given directly, if any are named. Raises `InvalidValue`."""
    return check_permissions(texts(body["permissions"], "permissions")) if "permissions" in body else None


def _scopes(request: Request, body: Members) -> Scopes | None:
    """The machines that groups and permissions are limited to, if that is said. Raises `InvalidValue`."""
    if "machines" not in body:
        return None
    given = mapping(body["machines"], "machines")
    if unknown := [member for member in given if member not in _SCOPED]:
        raise InvalidValue(f"machines.{unknown[0]} is unknown; members are: {', '.join(_SCOPED)}.")
    known = services(request).hub.machines
    return Scopes(**{member: _limits(given.get(member, {}), member, known) for member in _SCOPED})


def _limits(value: object, member: str, known: Container[str]) -> dict[str, tuple[str, ...]]:
    limits = {}
    for key, machines in mapping(value, f"machines.{member}").items():
        limits[key] = tuple(dict.fromkeys(texts(machines, f"machines.{member}.{key}")))
        for machine_id in limits[key]:
            if machine_id not in known:
                raise InvalidValue(f"machines.{member}.{key} names {machine_id!r}, which is no machine.")
    return limits


def _said(
    groups: Sequence[str] | None, permissions: Sequence[str] | None, scopes: Scopes | None, active: bool | None
) -> str:
    """What a user is made to be, for the audit log."""
    parts = [] if groups is None else [f"groups: {', '.join(groups) or 'none'}"]
    if permissions:
        parts.append(f"permissions: {', '.join(permissions)}")
    for limits in (scopes.groups, scopes.permissions) if scopes is not None else ():
        parts += [f"{key} on {', '.join(machines) or 'no machine'}" for key, machines in limits.items()]
    if active is not None:
        parts.append("active" if active else "not active")
    return "; ".join(parts)


# --- one user ---------------------------------------------------------------------------------------------------------


async def user(request: Request) -> Response:
    """`GET /api/access/users/<name>`."""
    return json_response(services(request).accounts.user_record(_own_or_any(request), key=is_fresh(request)))


async def change_password(request: Request) -> Response:
    """`PUT /api/access/users/<name>/password`; whoever changes the own one stays logged in."""
    name, accounts = _own_or_any(request), services(request).accounts
    body = await json_body(request)
    password = text(body.get("password"), "password")
    if name == identity(request).name:
        await _check_current(request, name, text(body.get("current"), "current"))
    else:
        require_fresh(request)
    before = accounts.sessions.find(session_of(request.scope, request.headers) or "")
    await asyncio.to_thread(accounts.set_password, name, password)
    response = json_response({})
    if name == identity(request).name and identity(request).via == "session":
        remember = before is not None and before.remember
        await stay_logged_in(request, response, await accounts.reauthenticate(name, password), remember=remember)
    return response


async def _check_current(request: Request, name: str, current: str) -> None:
    """Raises `NotPermitted` when the password of now is another one, `TooManyAttempts` when that was often so."""
    accounts = services(request).accounts
    async with accounts.attempts.attempt(*counted_by(request, name)):
        await accounts.check_password(name, current)


async def read_settings(request: Request) -> Response:
    """`GET /api/access/users/<name>/settings`."""
    return json_response(services(request).accounts.user_settings(_own_or_any(request)))


async def merge_settings(request: Request) -> Response:
    """`PATCH /api/access/users/<name>/settings`."""
    name = _own_or_any(request)
    if name != identity(request).name:
        require_fresh(request)
    changes = mapping(await json_body(request), "settings")
    await asyncio.to_thread(services(request).accounts.merge_user_settings, name, changes)
    return json_response({})


async def make_key(request: Request) -> Response:
    """`POST /api/access/users/<name>/apikey`: the key before is gone."""
    require_fresh(request)
    key = await asyncio.to_thread(services(request).accounts.new_user_key, _own_or_any(request))
    return json_response({"apikey": key})


async def revoke_key(request: Request) -> Response:
    """`DELETE /api/access/users/<name>/apikey`."""
    require_fresh(request)
    await asyncio.to_thread(services(request).accounts.revoke_user_key, _own_or_any(request))
    return json_response({})


def _own_or_any(request: Request) -> str:
    """The name in the path, if it is the caller's own or the caller is an admin. Raises `NotPermitted`."""
    name: str = request.path_params["name"]
    who = identity(request)
    if name != who.name and not who.may(Permission.ADMIN):
        raise NotPermitted(f"{who.name} may see and change the own user only.")
    return name


async def moved(request: Request) -> Response:
    """`/api/users…`: where users were in 2014."""
    path = _USERS + request.scope["path"].removeprefix(_OLD)
    return redirection(request, path, 307)


_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

_NEEDS = by_name(many(TEXT))
_LIMITS = object_of({f"{member}?": by_name(many(TEXT)) for member in _SCOPED})
_MACHINES = said(_LIMITS, "the ids of the machines that a group or a permission is limited to; not named: all machines")
_USER = object_of(
    {
        "name": TEXT,
        **dict.fromkeys(("permissions", "groups", "roles"), many(TEXT)),
        **dict.fromkeys(("active", "admin", "user"), FLAG),
        "machines": _MACHINES,
        "needs": _NEEDS,
        "apikey": maybe(TEXT),
        "apikeyHidden?": said(FLAG, "the key is shown when the password was typed lately"),
        "settings": by_name(ANY),
    }
)
_ALL_USERS = {200: object_of({"users": many(_USER)})}
_EMPTY = {200: object_of({})}
_RIGHTS = {
    "groups?": many(TEXT),
    "permissions?": said(many(TEXT), "given directly, beside those of the groups"),
    "machines?": _MACHINES,
    "admin?": FLAG,
}
_OWN_ERRORS = (NotPermitted, NoSuchUser)

_ABOUT_USERS = About("All users", _ALL_USERS)
_ABOUT_ADDING = About(
    "Add a user",
    _ALL_USERS,
    body=Body(object_of({"name": TEXT, "password": TEXT, "active": FLAG, **_RIGHTS})),
    raises=(UserExists,),
)
_ABOUT_USER = About("A user: oneself, or any for admins", {200: _USER}, raises=_OWN_ERRORS)
_ABOUT_CHANGING = About(
    "Change the groups of a user, or whether the user may come in",
    _ALL_USERS,
    body=Body(object_of({"active?": FLAG, **_RIGHTS})),
    raises=(NoSuchUser, LastAdmin),
)
_ABOUT_REMOVING = About("Remove a user", _ALL_USERS, raises=(NoSuchUser, LastAdmin))
_ABOUT_PASSWORD = About(
    "Change a password",
    _EMPTY,
    body=Body(object_of({"password": TEXT, "current?": said(TEXT, "the password of now, for the own one")})),
    raises=(*_OWN_ERRORS, TooManyAttempts),
)
_ABOUT_SETTINGS = About("What clients keep with a user", {200: by_name(ANY)}, raises=_OWN_ERRORS)
_ABOUT_MERGING = About(
    "Put members into what clients keep with a user", _EMPTY, body=Body(by_name(ANY)), raises=_OWN_ERRORS
)
_ABOUT_KEY = About("Make a user's key; the one before is gone", {200: object_of({"apikey": TEXT})}, raises=_OWN_ERRORS)
_ABOUT_REVOKING = About("Take a user's key away", _EMPTY, raises=_OWN_ERRORS)
_ABOUT_MOVED = About("Where users were in 2014", {307: None})

ROUTES = (
    Route("GET", _USERS, users, Permission.ADMIN, about=_ABOUT_USERS),
    Route("POST", _USERS, add, Permission.ADMIN, about=_ABOUT_ADDING, audit=Action.USER_ADDED),
    Route("GET", _ONE, user, None, about=_ABOUT_USER),
    Route("PUT", _ONE, change, Permission.ADMIN, about=_ABOUT_CHANGING, audit=Action.USER_CHANGED),
    Route("DELETE", _ONE, remove, Permission.ADMIN, about=_ABOUT_REMOVING, audit=Action.USER_REMOVED),
    Route("PUT", f"{_ONE}/password", change_password, None, about=_ABOUT_PASSWORD, audit=Action.PASSWORD),
    Route("GET", f"{_ONE}/settings", read_settings, None, about=_ABOUT_SETTINGS),
    Route("PATCH", f"{_ONE}/settings", merge_settings, None, about=_ABOUT_MERGING),
    Route("POST", f"{_ONE}/apikey", make_key, None, about=_ABOUT_KEY, audit=Action.KEY_MADE),
    Route("DELETE", f"{_ONE}/apikey", revoke_key, None, about=_ABOUT_REVOKING, audit=Action.KEY_REVOKED),
    *(Route(method, _OLD, moved, None, about=_ABOUT_MOVED) for method in ("GET", "POST")),
    *(Route(method, f"{_OLD}/{{path:path}}", moved, None, about=_ABOUT_MOVED) for method in _METHODS),
)
