"""`/api/access/…`: users, groups and permissions, passwords and users' keys (contract, 5.15).

Invariants: everybody may read the own record, change the own password by giving the one of now, and have an own key;
the rest is for admins. The last active admin stays one. What hashes or writes to the disk does so in a thread.
"""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from mrdraw.accounts import Permission, group_records, permission_records
from mrdraw.errors import InvalidValue, LastAdmin, NoSuchGroup, NoSuchUser, NotPermitted, TooManyAttempts, UserExists
from mrdraw.server.api.access import stay_logged_in
from mrdraw.server.context import client_address, identity, json_body, redirection, services
from mrdraw.server.describing import ANY, FLAG, TEXT, About, Body, by_name, many, maybe, object_of, said
from mrdraw.server.responses import json_response
from mrdraw.server.routing import Route
from mrdraw.server.values import flag, mapping, sequence, text

_ACCESS = "/api/access"
_USERS = f"{_ACCESS}/users"
_ONE = f"{_USERS}/{{name}}"
_OLD = "/api/users"
_DEFAULT_GROUPS = ("users",)
_ADMINS = "admins"


async def permissions(_request: Request) -> Response:
    """`GET /api/access/permissions`."""
    return json_response({"permissions": permission_records()})


async def groups(_request: Request) -> Response:
    """`GET /api/access/groups`."""
    return json_response({"groups": group_records()})


async def group(request: Request) -> Response:
    """`GET /api/access/groups/<key>`."""
    key, records = request.path_params["key"], group_records()
    for record in records:
        if record["key"] == key:
            return json_response(record)
    raise NoSuchGroup(f"There is no group {key!r}. Groups are: {', '.join(str(one['key']) for one in records)}.")


# --- the list of users ------------------------------------------------------------------------------------------------


async def users(request: Request) -> Response:
    """`GET /api/access/users`."""
    return json_response({"users": services(request).accounts.users()})


async def add(request: Request) -> Response:
    """`POST /api/access/users`."""
    body = await json_body(request)
    if missing := [member for member in ("name", "password", "active") if member not in body]:
        raise InvalidValue(f"A new user needs {', '.join(missing)} as well.")
    name, password, active = (
        text(body["name"], "name"),
        text(body["password"], "password"),
        flag(body["active"], "active"),
    )
    _no_permissions(body)
    wanted = _groups(body, _DEFAULT_GROUPS)
    if wanted is None:
        wanted = _DEFAULT_GROUPS
    await asyncio.to_thread(services(request).accounts.add_user, name, password, wanted, active=active)
    return await users(request)


async def change(request: Request) -> Response:
    """`PUT /api/access/users/<name>`: groups, and whether the user may come in."""
    accounts, name, body = services(request).accounts, request.path_params["name"], await json_body(request)
    _no_permissions(body)
    held = _held_groups(accounts.user_record(name))
    active = flag(body["active"], "active") if "active" in body else None
    await asyncio.to_thread(accounts.change_user, name, groups=_groups(body, held), active=active)
    return await users(request)


async def remove(request: Request) -> Response:
    """`DELETE /api/access/users/<name>`."""
    name = request.path_params["name"]
    if name == identity(request).name:
        raise InvalidValue("Nobody can remove the own user. Another admin can do it.")
    await asyncio.to_thread(services(request).accounts.remove_user, name, keep_admin=True)
    return await users(request)


def _no_permissions(body: dict[str, object]) -> None:
    """Raises `InvalidValue` when permissions are given to the user directly."""
    if body.get("permissions", []) != []:
        raise InvalidValue("permissions must be [] here: permissions are given through groups.")


def _groups(body: dict[str, object], held: tuple[str, ...]) -> tuple[str, ...] | None:
    """The groups that are asked for, by name or by the `admin` of 2014, if any are. Raises `InvalidValue`."""
    if "groups" in body:
        return tuple(text(key, "groups") for key in sequence(body["groups"], "groups"))
    if "admin" in body:
        others = tuple(key for key in held if key != _ADMINS)
        return (_ADMINS, *others) if flag(body["admin"], "admin") else others
    return None


def _held_groups(record: dict[str, object]) -> tuple[str, ...]:
    held = record["groups"]
    return tuple(held) if isinstance(held, list) else ()


# --- one user ---------------------------------------------------------------------------------------------------------


async def user(request: Request) -> Response:
    """`GET /api/access/users/<name>`."""
    return json_response(services(request).accounts.user_record(_own_or_any(request)))


async def change_password(request: Request) -> Response:
    """`PUT /api/access/users/<name>/password`; whoever changes the own one stays logged in."""
    name, accounts = _own_or_any(request), services(request).accounts
    body = await json_body(request)
    password = text(body.get("password"), "password")
    if name == identity(request).name:
        await _check_current(request, name, text(body.get("current"), "current"))
    await asyncio.to_thread(accounts.set_password, name, password)
    response = json_response({})
    if name == identity(request).name and identity(request).via == "session":
        await stay_logged_in(request, response, await accounts.login(name, password))
    return response


async def _check_current(request: Request, name: str, current: str) -> None:
    """Raises `NotPermitted` when the password of now is another one, `TooManyAttempts` when that was often so."""
    accounts = services(request).accounts
    async with accounts.attempts.attempt(client_address(request)):
        await accounts.check_password(name, current)


async def read_settings(request: Request) -> Response:
    """`GET /api/access/users/<name>/settings`."""
    return json_response(services(request).accounts.user_settings(_own_or_any(request)))


async def merge_settings(request: Request) -> Response:
    """`PATCH /api/access/users/<name>/settings`."""
    name = _own_or_any(request)
    changes = mapping(await json_body(request), "settings")
    await asyncio.to_thread(services(request).accounts.merge_user_settings, name, changes)
    return json_response({})


async def make_key(request: Request) -> Response:
    """`POST /api/access/users/<name>/apikey`: the key before is gone."""
    key = await asyncio.to_thread(services(request).accounts.new_user_key, _own_or_any(request))
    return json_response({"apikey": key})


async def revoke_key(request: Request) -> Response:
    """`DELETE /api/access/users/<name>/apikey`."""
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
_PERMISSION = object_of(
    {
        **dict.fromkeys(("key", "name", "description", "plugin?"), TEXT),
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
_USER = object_of(
    {
        "name": TEXT,
        **dict.fromkeys(("permissions", "groups", "roles"), many(TEXT)),
        **dict.fromkeys(("active", "admin", "user"), FLAG),
        "needs": _NEEDS,
        "apikey": maybe(TEXT),
        "settings": by_name(ANY),
    }
)
_ALL_USERS = {200: object_of({"users": many(_USER)})}
_EMPTY = {200: object_of({})}
_RIGHTS = {"groups?": many(TEXT), "permissions?": said(many(TEXT), "none: they come with groups"), "admin?": FLAG}
_OWN_ERRORS = (NotPermitted, NoSuchUser)

_ABOUT_PERMISSIONS = About("All permissions", {200: object_of({"permissions": many(_PERMISSION)})})
_ABOUT_GROUPS = About("All groups", {200: object_of({"groups": many(_GROUP)})})
_ABOUT_GROUP = About("A group", {200: _GROUP}, raises=(NoSuchGroup,))
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
    Route("GET", f"{_ACCESS}/permissions", permissions, None, about=_ABOUT_PERMISSIONS),
    Route("GET", f"{_ACCESS}/groups", groups, Permission.ADMIN, about=_ABOUT_GROUPS),
    Route("GET", f"{_ACCESS}/groups/{{key}}", group, Permission.ADMIN, about=_ABOUT_GROUP),
    Route("GET", _USERS, users, Permission.ADMIN, about=_ABOUT_USERS),
    Route("POST", _USERS, add, Permission.ADMIN, about=_ABOUT_ADDING),
    Route("GET", _ONE, user, None, about=_ABOUT_USER),
    Route("PUT", _ONE, change, Permission.ADMIN, about=_ABOUT_CHANGING),
    Route("DELETE", _ONE, remove, Permission.ADMIN, about=_ABOUT_REMOVING),
    Route("PUT", f"{_ONE}/password", change_password, None, about=_ABOUT_PASSWORD),
    Route("GET", f"{_ONE}/settings", read_settings, None, about=_ABOUT_SETTINGS),
    Route("PATCH", f"{_ONE}/settings", merge_settings, None, about=_ABOUT_MERGING),
    Route("POST", f"{_ONE}/apikey", make_key, None, about=_ABOUT_KEY),
    Route("DELETE", f"{_ONE}/apikey", revoke_key, None, about=_ABOUT_REVOKING),
    *(Route(method, _OLD, moved, None, about=_ABOUT_MOVED) for method in ("GET", "POST")),
    *(Route(method, f"{_OLD}/{{path:path}}", moved, None, about=_ABOUT_MOVED) for method in _METHODS),
)
