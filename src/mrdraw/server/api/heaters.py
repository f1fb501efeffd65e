"""`/api/printer/tool`, `/bed` and `/chamber`: temperatures, targets, offsets, and what else a tool does (5.7).

Invariants: the operational state is looked at first, then whether there is such a heater, then the command, then the
values; ceilings are the machine host's affair.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping

from mrdraw.server.context import command_body, machine
from mrdraw.server.responses import json_response, no_content
from mrdraw.server.routing import Endpoint, Route
from starlette.requests import Request
from starlette.responses import Response

from mrdraw.accounts import Permission
from mrdraw.errors import InvalidValue, WrongState
from mrdraw.hub import Machine
from mrdraw.server.api.printhead import positive_speed
from mrdraw.server.api.states import need_operational, need_stillness
from mrdraw.server.records import Record, heater_shown, history_record, temperature_record
from mrdraw.server.values import factor, is_true, mapping, number, whole_number

HISTORY_LIMIT = 300
"""Points of the temperature history when no limit is given."""

MAX_OFFSET = 50
"""°C."""

CURRENT_TOOL = "tool"
"""The name for whichever tool is the current one."""

_TOOL = re.compile(r"tool(\d{1,3})", re.ASCII)
_BED, _CHAMBER = "bed", "chamber"
_TOOL_COMMANDS = {
    "select": ("tool",),
    "target": ("targets",),
    "offset": ("offsets",),
    "extrude": ("amount",),
    "flowrate": ("factor",),
}
_HEATER_COMMANDS = {"target": ("target",), "offset": ("offset",)}

# --- reading --------------------------------------------------------------------------------------------------------


def shown(one: Machine) -> list[str]:
    """The heaters that the machine reported and that its profile has."""
    return [name for name in one.snapshot.heaters if heater_shown(one, name)]


def now(one: Machine, names: Iterable[str]) -> dict[str, Record]:
    """The temperatures of now of these heaters."""
    return temperature_record(one, names)


def history(request: Request, one: Machine, names: list[str]) -> list[Record] | None:
    """The temperature history that the query asks for, oldest first; `None` if it does not."""
    query = request.query_params
    limit = whole_number(query.get("limit", HISTORY_LIMIT), "limit")
    if not is_true(query.get("history", "false")):
        return None
    points = one.view.temperatures.items
    return [history_record(point, names) for point in list(points)[max(0, len(points) - limit) :]]


def _answer(request: Request, one: Machine, names: list[str]) -> Response:
    record: Record = dict(now(one, names))
    if (points := history(request, one, names)) is not None:
        record["history"] = points
    return json_response(record)


async def read_tools(request: Request) -> Response:
    """`GET /api/printer/tool`."""
    one = machine(request)
    need_operational(one)
    return _answer(request, one, [name for name in one.snapshot.heaters if _TOOL.fullmatch(name)])


def _read_heater(name: str) -> Endpoint:
    async def read(request: Request) -> Response:
        one = machine(request)
        _need_heater(one, name)
        return _answer(request, one, [name])

    return read


def _need_heater(one: Machine, name: str) -> None:
    need_operational(one)
    if not heater_shown(one, name):
        raise WrongState(f"The profile of this machine has no heated {name}.")


# --- acting ---------------------------------------------------------------------------------------------------------


async def act_on_tool(request: Request) -> Response:
    """`POST /api/printer/tool`."""
    one = machine(request)
    need_operational(one)
    command, body = await command_body(request, _TOOL_COMMANDS)
    await _TOOL_ACTIONS[command](one, body)
    return no_content()


async def _select(one: Machine, body: dict[str, object]) -> None:
    await one.select_tool(_tool_number(one, body["tool"]))


async def _targets(one: Machine, body: dict[str, object]) -> None:
    targets = mapping(body["targets"], "targets")
    await one.set_targets({_tool_name(one, name): _target(value, name) for name, value in targets.items()})


async def _offsets(one: Machine, body: dict[str, object]) -> None:
    offsets = mapping(body["offsets"], "offsets")
    await one.set_offsets({f"tool{_tool_number(one, name)}": _offset(value, name) for name, value in offsets.items()})


async def _extrude(one: Machine, body: dict[str, object]) -> None:
    need_stillness(one)
    speed = body.get("speed")
    await one.extrude(number(body["amount"], "amount"), None if speed is None else positive_speed(speed))


async def _flow_rate(one: Machine, body: dict[str, object]) -> None:
    await one.set_factor("flowrate", factor(body["factor"]))


def _act_on_heater(name: str) -> Endpoint:
    async def act(request: Request) -> Response:
        one = machine(request)
        _need_heater(one, name)
        command, body = await command_body(request, _HEATER_COMMANDS)
        if command == "target":
            await one.set_targets({name: _target(body["target"], name)})
        else:
            await one.set_offsets({name: _offset(body["offset"], name)})
        return no_content()

    return act


# --- values ---------------------------------------------------------------------------------------------------------


def _tool_number(one: Machine, name: object) -> int:
    extruders: int = one.settings.profile.extruders
    found = _TOOL.fullmatch(name) if isinstance(name, str) else None
    if found is None or int(found[1]) >= extruders:
        accepted = ", ".join(f"tool{tool}" for tool in range(extruders))
        raise InvalidValue(f"There is no tool {name!r}; accepted are: {accepted}.")
    return int(found[1])


def _tool_name(one: Machine, name: str) -> str:
    return CURRENT_TOOL if name == CURRENT_TOOL else f"tool{_tool_number(one, name)}"


def _target(value: object, name: str) -> float:
    target = number(value, f"the target of {name}")
    if target < 0:
        raise InvalidValue(f"The target of {name} must be 0 °C or more, not {target:g}.")
    return target


def _offset(value: object, name: str) -> float:
    offset = number(value, f"the offset of {name}")
    if abs(offset) > MAX_OFFSET:
        raise InvalidValue(f"The offset of {name} must lie between -{MAX_OFFSET} and {MAX_OFFSET} °C, not {offset:g}.")
    return offset


_TOOL_ACTIONS: Mapping[str, Callable[[Machine, dict[str, object]], Awaitable[None]]] = {
    "select": _select,
    "target": _targets,
    "offset": _offsets,
    "extrude": _extrude,
    "flowrate": _flow_rate,
}

ROUTES = (
    Route("GET", "/api/printer/tool", read_tools, Permission.STATUS),
    Route("POST", "/api/printer/tool", act_on_tool, Permission.CONTROL),
    Route("GET", "/api/printer/bed", _read_heater(_BED), Permission.STATUS),
    Route("POST", "/api/printer/bed", _act_on_heater(_BED), Permission.CONTROL),
    Route("GET", "/api/printer/chamber", _read_heater(_CHAMBER), Permission.STATUS),
    Route("POST", "/api/printer/chamber", _act_on_heater(_CHAMBER), Permission.CONTROL),
)
