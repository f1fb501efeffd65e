"""`/api/printer/tool`: temperatures of the tools, selecting, heating, extruding, the flow factor (contract, 5.7).

Invariants: the operational state is looked at first, then the command, then the values.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from mrdraw.accounts import Permission
from mrdraw.errors import InvalidValue, NotOperational
from mrdraw.hub import Machine
from mrdraw.server.api import heaters
from mrdraw.server.api.printhead import FACTOR, positive_speed
from mrdraw.server.api.states import need_operational, need_stillness
from mrdraw.server.context import command_body, machine
from mrdraw.server.describing import COMMAND_ERRORS, NOTHING, NUMBER, TEXT, About, by_name, commands, said
from mrdraw.server.responses import no_content
from mrdraw.server.routing import Route
from mrdraw.server.values import factor, mapping, number

CURRENT_TOOL = "tool"
"""The name for whichever tool is the current one."""

_TOOL = re.compile(r"tool(\d{1,3})", re.ASCII)
_COMMANDS = {
    "select": ("tool",),
    "target": ("targets",),
    "offset": ("offsets",),
    "extrude": ("amount",),
    "flowrate": ("factor",),
}


async def read(request: Request) -> Response:
    """`GET /api/printer/tool`."""
    one = machine(request)
    need_operational(one)
    return heaters.answer(request, one, [name for name in one.snapshot.heaters if _TOOL.fullmatch(name)])


async def act(request: Request) -> Response:
    """`POST /api/printer/tool`."""
    one = machine(request)
    need_operational(one)
    command, body = await command_body(request, _COMMANDS)
    await _ACTIONS[command](one, body)
    return no_content()


async def _select(one: Machine, body: dict[str, object]) -> None:
    await one.select_tool(_tool_number(one, body["tool"]))


async def _targets(one: Machine, body: dict[str, object]) -> None:
    targets = mapping(body["targets"], "targets")
    await one.set_targets({_tool_name(one, name): heaters.target(value, name) for name, value in targets.items()})


async def _offsets(one: Machine, body: dict[str, object]) -> None:
    offsets = mapping(body["offsets"], "offsets")
    await one.set_offsets(
        {f"tool{_tool_number(one, name)}": heaters.offset(value, name) for name, value in offsets.items()}
    )


async def _extrude(one: Machine, body: dict[str, object]) -> None:
    need_stillness(one)
    speed = body.get("speed")
    await one.extrude(number(body["amount"], "amount"), None if speed is None else positive_speed(speed))


async def _flow_rate(one: Machine, body: dict[str, object]) -> None:
    await one.set_factor("flowrate", factor(body["factor"]))


def _tool_number(one: Machine, name: object) -> int:
    extruders = one.settings.profile.extruders
    found = _TOOL.fullmatch(name) if isinstance(name, str) else None
    if found is None or int(found[1]) >= extruders:
        accepted = ", ".join(f"tool{tool}" for tool in range(extruders))
        raise InvalidValue(f"There is no tool {name!r}; accepted are: {accepted}.")
    return int(found[1])


def _tool_name(one: Machine, name: str) -> str:
    return CURRENT_TOOL if name == CURRENT_TOOL else f"tool{_tool_number(one, name)}"


_ACTIONS: dict[str, Callable[[Machine, dict[str, object]], Awaitable[None]]] = {
    "select": _select,
    "target": _targets,
    "offset": _offsets,
    "extrude": _extrude,
    "flowrate": _flow_rate,
}

_ABOUT_READING = About(
    "The temperatures of the tools",
    {200: heaters.SHAPE},
    query=heaters.QUERY,
    raises=(NotOperational, InvalidValue),
)
_ABOUT_ACTING = About(
    "Select a tool, heat tools, move filament, set the flow factor",
    NOTHING,
    body=commands(
        _COMMANDS,
        {
            "select": {"tool": said(TEXT, "tool0, tool1, …")},
            "target": {"targets": said(by_name(NUMBER), "°C by tool")},
            "offset": {"offsets": said(by_name(NUMBER), "°C by tool")},
            "extrude": {"amount": said(NUMBER, "mm, below 0 to retract"), "speed": said(NUMBER, "mm/min")},
            "flowrate": {"factor": FACTOR},
        },
    ),
    raises=COMMAND_ERRORS,
)

ROUTES = (
    Route("GET", "/api/printer/tool", read, Permission.STATUS, about=_ABOUT_READING),
    Route("POST", "/api/printer/tool", act, Permission.CONTROL, about=_ABOUT_ACTING),
)
