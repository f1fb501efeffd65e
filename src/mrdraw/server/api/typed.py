"""`/api/printer/command`: G-code typed by a person, or one of the machine's scripts (contract, 5.7).

Invariants: an M112 among the lines is an emergency stop and asks for no state; everything else needs an operational
machine; a move during a job needs `force`, a member of ours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from starlette.requests import Request
from starlette.responses import Response

from mrdraw.accounts import Permission
from mrdraw.accounts.audit_entry import Action
from mrdraw.errors import InvalidValue, JobFailed, NoSuchScript, TooLarge, WrongContentType
from mrdraw.hub import Machine
from mrdraw.server.api.states import need_operational
from mrdraw.server.auditing import note
from mrdraw.server.context import json_body, machine
from mrdraw.server.controls_record import controls_record
from mrdraw.server.describing import (
    ANY,
    COMMAND_ERRORS,
    LOOSE_FLAG,
    NOTHING,
    TEXT,
    About,
    Body,
    by_name,
    many,
    object_of,
)
from mrdraw.server.responses import json_response, no_content
from mrdraw.server.routing import Route
from mrdraw.server.values import is_true, mapping, number, sequence, text
from mrdraw.settings import Control

_EMERGENCY = re.compile(r"\s*(?:N\d+\s*)?M0*112(?![\d.])", re.IGNORECASE | re.ASCII)
_KINDS = ("command", "commands", "script")
_LONGEST = 256
"""Characters of a parameter; no firmware takes a longer line."""
_PLACE = re.compile(r"%(?:%|\((?P<name>[^()%]{1,100})\)(?:\.(?P<digits>\d{1,2}))?(?P<kind>[sdf]))", re.ASCII)
"""A place for a parameter, as in `%(name)s`, `%(name)d` and `%(name).2f`; `%%` is a percent sign."""


async def act(request: Request) -> Response:
    """`POST /api/printer/command`."""
    one = machine(request)
    body = await _body(request, one)
    if any(_EMERGENCY.match(line) for line in _typed_lines(body)):
        note(request, Action.EMERGENCY_STOP)
        await one.emergency_stop()
        return no_content()
    need_operational(one)
    await one.send(_lines(one, body), force=is_true(body.get("force", False)))
    return no_content()


async def _body(request: Request, one: Machine) -> Mapping[str, object]:
    """The body; what is wrong with it does not matter when the machine is not operational."""
    try:
        return await json_body(request)
    except (InvalidValue, TooLarge, WrongContentType):
        need_operational(one)
        raise


def _typed_lines(body: Mapping[str, object]) -> list[str]:
    """Whatever in the body looks like lines, well-formed or not: an emergency asks for no form."""
    commands = body.get("commands")
    typed = [body.get("command"), *(commands if isinstance(commands, list) else ())]
    return [line for entry in typed if isinstance(entry, str) for line in entry.splitlines()]


def _lines(one: Machine, body: Mapping[str, object]) -> Sequence[str]:
    """The lines that a body asks for. Raises `InvalidValue`."""
    given = [kind for kind in _KINDS if kind in body]
    if len(given) != 1:
        raise InvalidValue("Exactly one of command, commands and script is needed.")
    parameters = mapping(body.get("parameters", {}), "parameters")
    if given[0] == "script":
        return _script(one, text(body["script"], "script"), parameters, body)
    entries = [body["command"]] if given[0] == "command" else sequence(body["commands"], "commands")
    lines = [text(entry, "a command") for entry in entries]
    return [_fill(line, parameters) for line in lines] if "parameters" in body else lines


def _script(one: Machine, name: str, parameters: Mapping[str, object], body: Mapping[str, object]) -> Sequence[str]:
    if name not in one.settings.scripts:
        known = ", ".join(sorted(one.settings.scripts)) or "none"
        raise NoSuchScript(f"There is no script {name!r}. Scripts are: {known}.")
    context = mapping(body.get("context", {}), "context")
    return one.script(name, {**context, "parameters": parameters, "context": context})


def _fill(line: str, parameters: Mapping[str, object]) -> str:
    """Put the parameters into their places. Raises `InvalidValue` for a place that cannot be filled."""

    def put(found: re.Match[str]) -> str:
        if found["kind"] is None:
            return "%"
        if found["name"] not in parameters:
            raise InvalidValue(f"The command {line!r} needs the parameter {found['name']!r}.")
        return _formatted(parameters[found["name"]], found["kind"], found["digits"], found["name"])

    if "%(" in _PLACE.sub("", line):
        raise InvalidValue(
            f"The command {line!r} has a place that cannot be filled; right are %(name)s, %(name)d and %(name).2f."
        )
    return _PLACE.sub(put, line)


def _formatted(value: object, kind: str, digits: str | None, name: str) -> str:
    """The parameter as it stands in a line. Raises `InvalidValue`, for a text of several lines too."""
    if kind == "s" and isinstance(value, str):
        return _one_line(value, name)
    if kind == "s" and isinstance(value, bool):
        return str(value)
    checked = number(value, f"the parameter {name}")
    if kind == "s":
        return str(value)
    return str(int(checked)) if kind == "d" else f"{checked:.{digits or 6}f}"


def _one_line(value: str, name: str) -> str:
    if len(value) > _LONGEST or not value.isprintable():
        raise InvalidValue(f"The parameter {name} must be one line of at most {_LONGEST} characters.")
    return value


_ABOUT = About(
    "Send G-code, or one of the machine's scripts",
    NOTHING,
    body=Body(
        object_of(
            {
                "command?": TEXT,
                "commands?": many(TEXT),
                "script?": TEXT,
                "parameters?": by_name(ANY),
                "context?": by_name(ANY),
                "force?": LOOSE_FLAG,
            }
        )
    ),
    raises=(*COMMAND_ERRORS, NoSuchScript, JobFailed),
)


async def read_controls(request: Request) -> Response:
    """`GET /api/printer/command/custom`: the controls that people gave the machine (contract, 5.13)."""
    return json_response({"controls": controls_record(machine(request).settings.controls)})


_ABOUT_CONTROLS = About("The custom controls of the machine", {200: object_of({"controls": many(Control)})})

ROUTES = (
    Route("POST", "/api/printer/command", act, Permission.CONTROL, about=_ABOUT),
    Route("GET", "/api/printer/command/custom", read_controls, Permission.CONTROL, about=_ABOUT_CONTROLS),
)
