"""`/api/system/commands` and `/api/system`: what people may start on the computer (contract, 5.12).

Invariants: only what the settings name can be started, as a list of arguments and without a shell. What would end a
running job (stopping or restarting the computer) is refused while one lives, naming it, unless `force` is set; without
a job an empty body is enough, as clients send it. A restart of the server ends no job and is never refused.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any
from urllib.parse import parse_qs

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from mrdraw.accounts import Permission
from mrdraw.accounts.audit_entry import Action
from mrdraw.errors import InvalidValue, JobsWouldEnd, NoSuchCommand, NotPermitted, ProgramFailed, TooLarge
from mrdraw.server.auditing import note
from mrdraw.server.context import absolute_url, identity, is_json, limited_body, require_fresh, services
from mrdraw.server.describing import (
    FLAG,
    JSON,
    LOOSE_FLAG,
    NOTHING,
    TEXT,
    URLENCODED,
    About,
    Body,
    many,
    object_of,
    said,
)
from mrdraw.server.log_files import LOGS
from mrdraw.server.programs import run, run_in_background
from mrdraw.server.responses import json_response, no_content
from mrdraw.server.routing import Route
from mrdraw.server.system_commands import CUSTOM, DIVIDER, SystemCommand, commands_of, find, of_source
from mrdraw.server.values import is_true, text

LOGGER = logging.getLogger(__name__)

_BASE = "/api/system/commands"


async def list_all(request: Request) -> Response:
    """`GET /api/system/commands`."""
    known = commands_of(services(request).settings.current())
    return json_response({source: _records(request, commands) for source, commands in known.items()})


async def list_some(request: Request) -> Response:
    """`GET /api/system/commands/<source>`."""
    commands = of_source(services(request).settings.current(), request.path_params["source"])
    return json_response(_records(request, commands))


async def start(request: Request) -> Response:
    """`POST /api/system/commands/<source>/<action>`."""
    members = await _members(request)
    source, action = request.path_params["source"], request.path_params["action"]
    await _start(request, find(services(request).settings.current(), source, action), members)
    return no_content()


async def start_custom(request: Request) -> Response:
    """`POST /api/system`: the member `action` names a custom command; of old clients."""
    members = await _members(request)
    if "action" not in members:
        raise InvalidValue("The member action is missing; it names the custom command.")
    action = text(members["action"], "action")
    note(request, subject=f"{CUSTOM}/{action}")
    await _start(request, find(services(request).settings.current(), CUSTOM, action), members)
    return no_content()


def _records(request: Request, commands: list[SystemCommand]) -> list[dict[str, Any]]:
    return [_record(request, command) for command in commands]


def _record(request: Request, command: SystemCommand) -> dict[str, Any]:
    resource = absolute_url(request, f"{_BASE}/{command.source}/{command.action}")
    record: dict[str, Any] = {"action": command.action, "source": command.source, "resource": resource}
    optional = {"name": command.name, "confirm": command.confirm, "fresh_credentials": command.needs_password}
    return record | {name: value for name, value in optional.items() if value}


async def _members(request: Request) -> dict[str, Any]:
    """What came with the query, and with a body of JSON or a form, if there is one. Raises `InvalidValue`."""
    members: dict[str, Any] = dict(request.query_params)
    body, kind = await limited_body(request), request.headers.get("content-type", "")
    if not body:
        return members
    if kind.startswith(URLENCODED):
        return members | {name: values[-1] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
    try:
        decoded = msgspec.json.decode(body) if is_json(kind) else {}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidValue(f"The body is no JSON: {error}.") from error
    if not isinstance(decoded, dict):
        raise InvalidValue('The body has to be a JSON object, as in {"force": true}, or empty.')
    return members | decoded


async def _start(request: Request, command: SystemCommand, members: dict[str, Any]) -> None:
    """Raises `InvalidValue`, `NotPermitted`, `JobsWouldEnd`, `ProgramFailed`."""
    if command.action == DIVIDER:
        raise InvalidValue("A divider is no command: it cannot be started.")
    if command.needs_password:
        require_fresh(request)
    arguments = command.arguments
    if command.ends_jobs and not is_true(members.get("force")):
        _check_no_job(request)
    LOGGER.info("%s starts the system command %s:%s", identity(request).name, command.source, command.action)
    try:
        if command.in_background:
            await asyncio.to_thread(run_in_background, arguments, services(request).settings.basedir / LOGS)
        else:
            output = await run(arguments)
            LOGGER.info("%s:%s said: %s", command.source, command.action, output or "nothing")
    except ProgramFailed as error:
        LOGGER.warning("the system command %s:%s failed: %s", command.source, command.action, error)
        if not command.ignore:
            raise


def _check_no_job(request: Request) -> None:
    """Raises `JobsWouldEnd`, naming the jobs that live."""
    running = [
        f"{machine.selected.path} on {machine.name or machine.id}"
        for machine in services(request).hub.machines.values()
        if machine.has_job and machine.selected is not None
    ]
    if running:
        raise JobsWouldEnd(f"This would end {', '.join(running)}. Wait for the end, or force it (force=true).")


_COMMAND = object_of({
    "action": TEXT, "source": TEXT, "resource": TEXT, "name?": TEXT, "confirm?": TEXT, "fresh_credentials?": FLAG,
})  # fmt: skip
_FORCE = {"force": said(LOOSE_FLAG, "Do it although jobs run that it ends.")}
_ERRORS = (NotPermitted, NoSuchCommand, JobsWouldEnd, ProgramFailed)
_ABOUT_ALL = About(
    "The programs that may be started, by source",
    {200: object_of({source: many(_COMMAND) for source in ("core", "plugin", "custom")})},
)
_ABOUT_SOME = About("The programs of a source", {200: many(_COMMAND)}, raises=(NoSuchCommand,))
_ABOUT_STARTING = About(
    "Start a program; without a body, or with force",
    NOTHING,
    query=_FORCE,
    body=Body(object_of({"force?": LOOSE_FLAG}), (JSON, URLENCODED), (InvalidValue, TooLarge), required=False),
    raises=_ERRORS,
)
_ABOUT_CUSTOM = About(
    "Start a custom program, named by its action",
    NOTHING,
    query={"action": TEXT, **_FORCE},
    body=Body(
        object_of({"action?": TEXT, "force?": LOOSE_FLAG}), (JSON, URLENCODED), (InvalidValue, TooLarge), required=False
    ),
    raises=_ERRORS,
)

ROUTES = (
    Route("GET", _BASE, list_all, Permission.SYSTEM, about=_ABOUT_ALL),
    Route("GET", f"{_BASE}/{{source}}", list_some, Permission.SYSTEM, about=_ABOUT_SOME),
    Route(
        "POST",
        f"{_BASE}/{{source}}/{{action}}",
        start,
        Permission.SYSTEM,
        about=_ABOUT_STARTING,
        audit=Action.SYSTEM_COMMAND,
    ),
    Route("POST", "/api/system", start_custom, Permission.SYSTEM, about=_ABOUT_CUSTOM, audit=Action.SYSTEM_COMMAND),
)
