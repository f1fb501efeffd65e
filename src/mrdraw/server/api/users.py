"""`/api/access/…`: users, groups and permissions, passwords and users' keys (contract, 5.15).

Invariants: everybody may read the own record, change the own password by giving the one of now, and have an own key;
the rest is for admins. The last active admin stays one. What hashes or writes to the disk does so in a thread.
"""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from mrdraw.accounts import Permission, group_records, permission_records
from mrdraw.errors import InvalidValue, NoSuchGroup, NotPermitted
from mrdraw.server.api.access import stay_logged_in
from mrdraw.server.context import absolute_url, identity, json_body, services
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
    async with accounts.attempts.attempt(request.client.host if request.client else ""):
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
    query = request.url.query
    return RedirectResponse(absolute_url(request, path) + (f"?{query}" if query else ""), 307)


_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

ROUTES = (
    Route("GET", f"{_ACCESS}/permissions", permissions, None),
    Route("GET", f"{_ACCESS}/groups", groups, Permission.ADMIN),
    Route("GET", f"{_ACCESS}/groups/{{key}}", group, Permission.ADMIN),
    Route("GET", _USERS, users, Permission.ADMIN),
    Route("POST", _USERS, add, Permission.ADMIN),
    Route("GET", _ONE, user, None),
    Route("PUT", _ONE, change, Permission.ADMIN),
    Route("DELETE", _ONE, remove, Permission.ADMIN),
    Route("PUT", f"{_ONE}/password", change_password, None),
    Route("GET", f"{_ONE}/settings", read_settings, None),
    Route("PATCH", f"{_ONE}/settings", merge_settings, None),
    Route("POST", f"{_ONE}/apikey", make_key, None),
    Route("DELETE", f"{_ONE}/apikey", revoke_key, None),
    *(Route(method, _OLD, moved, None) for method in ("GET", "POST")),
    *(Route(method, f"{_OLD}/{{path:path}}", moved, None) for method in _METHODS),
)
