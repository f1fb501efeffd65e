"""`/api/v1/machines/<id>/interrupted`: the offer to resume an interrupted job, and the confirmation.

Invariants: looking at the offer changes nothing; resuming needs the id of the job that was seen and `confirmed`, each
time anew (safety rule 1); putting the job away stands in `emergency.py`.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from mrdraw.accounts import Permission
from mrdraw.accounts.audit_entry import Action
from mrdraw.errors import (
    InvalidValue,
    JobFailed,
    LimitExceeded,
    MachineUnreachable,
    NoSuchMachine,
    NotOperational,
    WrongState,
)
from mrdraw.hub.resuming import HOME_ALL, HOME_XY, STANDING, Choice
from mrdraw.server.api.machines import ONE, named
from mrdraw.server.context import json_body
from mrdraw.server.describing import COUNT, NOTHING, NUMBER, TEXT, About, Body, maybe, object_of, said, words
from mrdraw.server.responses import json_response, no_content
from mrdraw.server.resume_record import OFFER, offer_record
from mrdraw.server.routing import Route
from mrdraw.server.values import flag, mapping, number, one_of, text, whole_number

_FROM_INTERRUPTION, _FROM_LAYER = "interruption", "layer"
_MEMBERS = ("job", "from", "layer", "homing", "position", "prime", "confirmed")
_AXES = ("x", "y", "z")
_NUMBERS = ("prime", *_AXES)


async def read(request: Request) -> Response:
    """`GET …/interrupted`: the offer; `?from=layer&layer=7&homing=xy&z=1.4&prime=2` shows it for that choice."""
    one = named(request)
    query: dict[str, object] = dict(request.query_params)
    for name in _NUMBERS:
        if name in query:
            query[name] = _as_number(str(query[name]), name)
    query["position"] = {axis: query.pop(axis) for axis in _AXES if axis in query}
    return json_response(offer_record(one, _choice(query)))


async def resume(request: Request) -> Response:
    """`POST …/interrupted/resume`."""
    one = named(request)
    body = await json_body(request)
    for name in body:
        if name not in _MEMBERS:
            raise InvalidValue(f"{name} is unknown; members are: {', '.join(_MEMBERS)}.")
    choice = _choice(body)
    if not flag(body.get("confirmed", False), "confirmed"):
        raise InvalidValue("confirmed must be true: a person has to look at the machine and confirm that it goes on.")
    await one.resume_interrupted(text(body.get("job"), "job"), choice)
    return no_content()


def _choice(body: Mapping[str, object]) -> Choice:
    """What was chosen. Raises `InvalidValue`."""
    begin = one_of(body.get("from", _FROM_INTERRUPTION), (_FROM_INTERRUPTION, _FROM_LAYER), "from")
    homing = body.get("homing")
    position = mapping(body.get("position", {}), "position")
    prime = number(body.get("prime", 0), "prime")
    if prime < 0:
        raise InvalidValue(f"prime is {prime:g}; it is 0 mm or more.")
    return Choice(
        layer=whole_number(body.get("layer"), "layer") if begin == _FROM_LAYER else None,
        homing=None if homing is None else one_of(homing, (HOME_XY, HOME_ALL, STANDING), "homing"),
        standing={one_of(axis, _AXES, "an axis in position"): number(value, axis) for axis, value in position.items()},
        prime=prime,
    )


def _as_number(value: str, name: str) -> float:
    try:
        return number(float(value), name)
    except ValueError:
        raise InvalidValue(f"{name} must be a finite number, not {value[:100]!r}.") from None


_ERRORS = (NoSuchMachine, NotOperational, WrongState, JobFailed, InvalidValue)
_CHOICE = {
    "from": words(_FROM_INTERRUPTION, _FROM_LAYER),
    "layer": COUNT,
    "homing": words(HOME_XY, HOME_ALL, STANDING),
    "prime": said(NUMBER, "mm"),
}
_POSITION = object_of({f"{axis}?": said(NUMBER, "mm") for axis in _AXES}, closed=True)
_ABOUT_READING = About(
    "The offer to resume an interrupted job, as it would be for a choice",
    {200: OFFER},
    query={**_CHOICE, **dict.fromkeys(_AXES, NUMBER)},
    raises=_ERRORS,
)
_ABOUT_RESUMING = About(
    "Resume an interrupted job; somebody looks at the machine and confirms",
    NOTHING,
    body=Body(
        object_of(
            {
                "job": TEXT,
                "confirmed": {"const": True},
                "position?": _POSITION,
                **{f"{name}?": maybe(shape) if name == "homing" else shape for name, shape in _CHOICE.items()},
            },
            closed=True,
        )
    ),
    raises=(*_ERRORS, LimitExceeded, MachineUnreachable),
)

ROUTES = (
    Route("GET", f"{ONE}/interrupted", read, Permission.STATUS, about=_ABOUT_READING),
    Route(
        "POST",
        f"{ONE}/interrupted/resume",
        resume,
        Permission.PRINT,
        about=_ABOUT_RESUMING,
        audit=Action.INTERRUPTED_RESUMED,
    ),
)
