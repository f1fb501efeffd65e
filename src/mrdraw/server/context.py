"""What an endpoint asks of its request: the services, the identity, the machine, the body.

Invariants: a body is read once and only up to its limit; a wrong body is refused with what would be right.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import quote

import msgspec
from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import Scope

from mrdraw.accounts import Accounts, Identity, Permission
from mrdraw.cameras.snapshot import Snapshots
from mrdraw.errors import InvalidValue, NoSuchMachine, NotAuthenticated, NotPermitted, TooLarge, WrongContentType
from mrdraw.hub import Hub, Machine
from mrdraw.library import Library
from mrdraw.server.file_lists import FileLists
from mrdraw.server.page_files import PageFiles
from mrdraw.server.peer import peer_of
from mrdraw.settings import Settings

MAX_BODY = 100 * 1024
"""bytes of a body that is not an upload (contract, section 1)."""
_REAUTHENTICATE = (
    "Please reauthenticate: this needs a password that was typed in the last minutes (POST /api/login with user and "
    "pass, then once more this request)."
)

IDENTITY = "mrdraw.identity"
MACHINE_ID = "mrdraw.machine_id"
BASE = "mrdraw.base"
CLAIM = "mrdraw.claim"
ROUTE = "mrdraw.route"
"""Where in the scope the authentication leaves what it found; the base is the path that was taken off the front, the
claim stands there when the request came with the claim code of the first run. The route is there once it is known."""


@dataclass(frozen=True)
class Services:
    """What the server is built on."""

    settings: Settings
    accounts: Accounts
    library: Library
    hub: Hub
    page: PageFiles = field(default_factory=PageFiles)
    lists: FileLists = field(default_factory=FileLists)
    snapshots: Snapshots = field(default_factory=Snapshots)


def services(connection: HTTPConnection) -> Services:
    """The services of the server."""
    known: Services = connection.app.state.services
    return known


def optional_identity(connection: HTTPConnection) -> Identity | None:
    """Who sent the request, if that is known."""
    found: Identity | None = connection.scope.get(IDENTITY)
    return found


def claimed(connection: HTTPConnection) -> bool:
    """Whether the request came with the claim code, on a route of the first run."""
    return CLAIM in connection.scope


def identity(connection: HTTPConnection) -> Identity:
    """Who sent the request. Raises `NotAuthenticated` on open routes without a key."""
    found = optional_identity(connection)
    if found is None:
        raise NotAuthenticated("This needs an API key or a log-in.")
    return found


def require(connection: HTTPConnection, *permissions: Permission, on_any: bool = False) -> None:
    """Refuse whoever has none of these permissions on the machine in question, or on any. Raises `NotPermitted`."""
    who = identity(connection)
    if any(map(who.may, permissions)):
        return
    held = who.may_somewhere if on_any else partial(may, connection)
    if not who.on_machines or not any(map(held, permissions)):
        names = " or ".join(permission.value for permission in permissions)
        where = " on this machine" if who.on_machines else ""
        raise NotPermitted(f"{who.name} lacks the permission {names} that this needs{where}.")


def may(connection: HTTPConnection, permission: Permission) -> bool:
    """Whether the sender has a permission on the machine in question. Raises `NotAuthenticated`."""
    return identity(connection).may(permission, machine_id(connection))


def machine_id(connection: HTTPConnection) -> str:
    """The id of the machine in question: the one in the path, else the base path's, else the default one's."""
    scope = connection.scope
    named: str | None = scope.get("path_params", {}).get("machine_id") or scope.get(MACHINE_ID)
    return services(connection).hub.default_machine.id if named is None else named


def is_fresh(connection: HTTPConnection) -> bool:
    """Whether this is a key, or a session whose password was typed lately. Raises `NotAuthenticated`."""
    return services(connection).accounts.is_fresh(identity(connection))


def require_fresh(connection: HTTPConnection) -> None:
    """Refuse a session whose password was not typed lately; keys are never refused. Raises `NotPermitted`."""
    if not is_fresh(connection):
        raise NotPermitted(_REAUTHENTICATE)


def require_person(connection: HTTPConnection) -> str:
    """The name of a user who is at a page and has just proved it; a key, which may have been found, is refused.

    Raises `NotPermitted`.
    """
    who = identity(connection)
    if who.via != "session":
        raise NotPermitted("No key can do this: sign in on the page, which asks for the password.")
    if not services(connection).accounts.has_just_typed_password(who):
        raise NotPermitted(_REAUTHENTICATE)
    return who.name


def machine(connection: HTTPConnection) -> Machine:
    """The machine that the request's base path names, or the default one. Raises `NoSuchMachine`."""
    hub = services(connection).hub
    named: str | None = connection.scope.get(MACHINE_ID)
    if named is None:
        return hub.default_machine
    who = optional_identity(connection)
    if named not in hub.machines and (who is None or who.on_machines):
        raise NoSuchMachine("There is no machine of this id.")  # which there are is nothing for everybody
    return hub.machine(named)


async def limited_body(request: Request, limit: int = MAX_BODY) -> bytes:
    """The whole body. Raises `TooLarge`."""
    announced = request.headers.get("content-length", "0")
    body = bytearray()
    if announced.isdigit() and int(announced) <= limit:
        async for chunk in request.stream():
            body += chunk
            if len(body) > limit:
                break
        else:
            return bytes(body)
    raise TooLarge(f"The body is larger than the {limit} bytes that are accepted here.")


def client_address(connection: HTTPConnection) -> str:
    """The address of the client, as far as it is known for sure."""
    return peer_of(connection.scope).address


def comes_from_proxy(scope: Scope) -> bool:
    """Whether a proxy that is trusted sent the request."""
    return peer_of(scope).from_proxy


def is_json(content_type: str) -> bool:
    """Whether a content type is JSON, or JSON of some vocabulary."""
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


async def json_value(request: Request) -> Any:
    """The JSON of a request, whatever it is. Raises `WrongContentType`, `InvalidValue`, `TooLarge`."""
    if not is_json(request.headers.get("content-type", "")):
        raise WrongContentType("The body has to be of the content type application/json.")
    try:
        return msgspec.json.decode(await limited_body(request))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidValue(f"The body is no JSON: {error}.") from error


async def json_body(request: Request) -> dict[str, Any]:
    """The JSON object of a request. Raises `WrongContentType`, `InvalidValue`, `TooLarge`."""
    body = await json_value(request)
    if not isinstance(body, dict):
        raise InvalidValue('The body has to be a JSON object, as in {"command": "…"}.')
    return body


async def command_body(request: Request, commands: Mapping[str, tuple[str, ...]]) -> tuple[str, dict[str, Any]]:
    """The command of a request and its members; `commands` names those that each command needs.

    Raises what `json_body` does, and `InvalidValue` for an unknown command or a missing member.
    """
    body = await json_body(request)
    command = body.get("command")
    if not isinstance(command, str) or command not in commands:
        accepted = ", ".join(commands)
        raise InvalidValue(f"The command {command!r} is invalid. Commands are: {accepted}.")
    missing = [name for name in commands[command] if name not in body]
    if missing:
        raise InvalidValue(f"The command {command} needs {', '.join(missing)} as well.")
    return command, body


def headers_of(connection: HTTPConnection, names: frozenset[bytes]) -> dict[bytes, str]:
    """Those of these headers that were sent, of one that came twice the first: all in one pass."""
    found: dict[bytes, str] = {}
    for name, value in connection.scope["headers"]:
        if name in names:
            found.setdefault(name, value.decode("latin-1"))
    return found


def absolute_url(connection: HTTPConnection, path: str) -> str:
    """The address of a path of this machine, as the client reaches it."""
    scope = connection.scope
    return f"{peer_of(scope).base}{quote(scope.get(BASE, ''))}{quote(path)}"


def redirection(connection: HTTPConnection, path: str, status: int) -> Response:
    """The answer that a path of this machine is where the client should ask, with the query that it sent."""
    query = connection.scope["query_string"].decode("latin-1")
    return RedirectResponse(absolute_url(connection, path) + (f"?{query}" if query else ""), status)
