"""`/api/printer/bed` and `/api/printer/chamber`: temperatures, target and offset (contract, 5.7).

Invariants: the operational state is looked at first, then whether the profile has such a heater, then the command,
then the values.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from mrdraw.accounts import Permission
from mrdraw.errors import WrongState
from mrdraw.hub import Machine
from mrdraw.server.api import heaters
from mrdraw.server.api.states import need_operational
from mrdraw.server.context import command_body, machine
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


ROUTES = (
    Route("GET", "/api/printer/bed", _read(_BED), Permission.STATUS),
    Route("POST", "/api/printer/bed", _act(_BED), Permission.CONTROL),
    Route("GET", "/api/printer/chamber", _read(_CHAMBER), Permission.STATUS),
    Route("POST", "/api/printer/chamber", _act(_CHAMBER), Permission.CONTROL),
)
