"""`/api/printer/printhead`: jogging, homing and the feed rate factor (contract, 5.7).

Invariants: the command is looked at first, then the state, then the values; limits are the machine host's affair.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from mrdraw.accounts import Permission
from mrdraw.errors import InvalidValue
from mrdraw.hub import Machine
from mrdraw.server.api.states import need_operational, need_stillness
from mrdraw.server.context import command_body, machine
from mrdraw.server.describing import (
    COMMAND_ERRORS,
    LOOSE_FLAG,
    NOTHING,
    NUMBER,
    About,
    commands,
    either,
    many,
    maybe,
    said,
    words,
)
from mrdraw.server.responses import no_content
from mrdraw.server.routing import Route
from mrdraw.server.values import factor, is_true, number, one_of, sequence

AXES = ("x", "y", "z")

_COMMANDS: dict[str, tuple[str, ...]] = {"jog": (), "home": ("axes",), "feedrate": ("factor",)}


async def act(request: Request) -> Response:
    """`POST /api/printer/printhead`."""
    one = machine(request)
    command, body = await command_body(request, _COMMANDS)
    await _ACTIONS[command](one, body)
    return no_content()


async def _jog(one: Machine, body: dict[str, object]) -> None:
    need_stillness(one)
    axes = {axis: number(body[axis], axis) for axis in AXES if axis in body}
    if not axes:
        raise InvalidValue("A jog needs a distance in mm for at least one of x, y and z.")
    speed = body.get("speed")
    no_speed = speed is False
    await one.jog(
        axes,
        absolute=is_true(body.get("absolute", False)),
        speed=None if no_speed or speed is None else positive_speed(speed),
        no_speed=no_speed,
    )


async def _home(one: Machine, body: dict[str, object]) -> None:
    need_stillness(one)
    axes = [one_of(axis, AXES, "an axis") for axis in sequence(body["axes"], "axes")]
    if not axes:
        raise InvalidValue("axes must name at least one of x, y and z.")
    await one.home("".join(dict.fromkeys(axes)))


async def _feed_rate(one: Machine, body: dict[str, object]) -> None:
    need_operational(one)
    await one.set_factor("feedrate", factor(body["factor"]))


def positive_speed(value: object) -> float:
    """A speed in mm/min. Raises `InvalidValue`."""
    speed = number(value, "speed")
    if speed <= 0:
        raise InvalidValue(f"speed must be above 0 mm/min, not {speed:g}.")
    return speed


_ACTIONS: dict[str, Callable[[Machine, dict[str, object]], Awaitable[None]]] = {
    "jog": _jog,
    "home": _home,
    "feedrate": _feed_rate,
}

FACTOR = said(NUMBER, "a whole number is meant in %, another one as a share of 1")
_DISTANCE = said(NUMBER, "mm")
_ABOUT = About(
    "Jog, home, set the feed rate factor",
    NOTHING,
    body=commands(
        _COMMANDS,
        {
            "jog": {
                **dict.fromkeys(AXES, _DISTANCE),
                "absolute": LOOSE_FLAG,
                "speed": maybe(either(said(NUMBER, "mm/min"), {"const": False})),
            },
            "home": {"axes": many(words(*AXES))},
            "feedrate": {"factor": FACTOR},
        },
    ),
    raises=COMMAND_ERRORS,
)

ROUTES = (Route("POST", "/api/printer/printhead", act, Permission.CONTROL, about=_ABOUT),)
