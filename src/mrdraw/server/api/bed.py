"""`/api/printer/bed` and `/api/printer/chamber`: temperatures, target and offset (contract, 5.7).

Invariants: the operational state is looked at first, then whether the profile has such a heater, then the command,
then the values.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from mrdraw.accounts import Permission
from mrdraw.errors import InvalidValue, NotOperational, WrongState
from mrdraw.hub import Machine
from mrdraw.server.api import heaters
from mrdraw.server.api.states import need_operational
from mrdraw.server.context import command_body, machine
from mrdraw.server.describing import COMMAND_ERRORS, NOTHING, NUMBER, About, commands, said
from mrdraw.server.records import heater_shown
from mrdraw.server.responses import no_content
from mrdraw.server.routing import Endpoint, Route

_BED, _CHAMBER = "bed", "chamber"
_COMMANDS = {"target": ("target",), "offset": ("offset",)}


def _read(name: str) -> Endpoint:
    async def read(request: Request) -> Response:
        one = machine(request)
        _need_heater(one, name)
        return heaters.answer(request, one, [name])

    return read


def _act(name: str) -> Endpoint:
    async def act(request: Request) -> Response:
        one = machine(request)
        _need_heater(one, name)
        command, body = await command_body(request, _COMMANDS)
        if command == "target":
            await one.set_targets({name: heaters.target(body["target"], name)})
        else:
            await one.set_offsets({name: heaters.offset(body["offset"], name)})
        return no_content()

    return act


def _need_heater(one: Machine, name: str) -> None:
    need_operational(one)
    if not heater_shown(one, name):
        raise WrongState(f"The profile of this machine has no heated {name}.")


def _about_reading(name: str) -> About:
    return About(
        f"The temperatures of the {name}",
        {200: heaters.SHAPE},
        query=heaters.QUERY,
        raises=(NotOperational, WrongState, InvalidValue),
    )


def _about_acting(name: str) -> About:
    return About(
        f"Set the target or the offset of the {name}",
        NOTHING,
        body=commands(_COMMANDS, {each: {each: said(NUMBER, "°C")} for each in _COMMANDS}),
        raises=COMMAND_ERRORS,
    )


ROUTES = (
    Route("GET", "/api/printer/bed", _read(_BED), Permission.STATUS, about=_about_reading(_BED)),
    Route("POST", "/api/printer/bed", _act(_BED), Permission.CONTROL, about=_about_acting(_BED)),
    Route("GET", "/api/printer/chamber", _read(_CHAMBER), Permission.STATUS, about=_about_reading(_CHAMBER)),
    Route("POST", "/api/printer/chamber", _act(_CHAMBER), Permission.CONTROL, about=_about_acting(_CHAMBER)),
)
