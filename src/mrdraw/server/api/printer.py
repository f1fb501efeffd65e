"""`/api/printer`: the state, the temperatures and the last error (contract, 5.7).

Invariants: answered from the hub's copy; 409 means that the machine is not operational, which clients read as offline.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from mrdraw.accounts import Permission
from mrdraw.errors import InvalidValue, NoSuchFile, NotOperational
from mrdraw.hub import Machine
from mrdraw.server.answers import cached
from mrdraw.server.api import heaters
from mrdraw.server.api.states import need_operational
from mrdraw.server.context import machine, may
from mrdraw.server.describing import TEXT, About, many, maybe, object_of, said
from mrdraw.server.records import STATE, Record, state_record
from mrdraw.server.responses import json_response
from mrdraw.server.routing import Route


async def read(request: Request) -> Response:
    """`GET /api/printer`."""
    one = machine(request)
    need_operational(one)
    if not request.scope["query_string"]:
        return cached(one, "printer", lambda one: _printer(one, frozenset()))
    excluded = frozenset(request.query_params.get("exclude", "").split(","))
    record = _printer(one, excluded)
    if "temperature" not in excluded and (history := heaters.history(request, one, heaters.shown(one))) is not None:
        record["temperature"] = {**heaters.now(one, heaters.shown(one)), "history": history}
    return json_response(record)


def _printer(one: Machine, excluded: frozenset[str]) -> Record:
    record: Record = {}
    if "temperature" not in excluded:
        record["temperature"] = heaters.now(one, heaters.shown(one))
    if "state" not in excluded:
        record["state"] = state_record(one)
    return record


async def read_error(request: Request) -> Response:
    """`GET /api/printer/error`."""
    error = machine(request).view.error
    if error is None:
        return json_response({"error": "", "reason": ""})
    logs = error.logs if may(request, Permission.MONITOR_TERMINAL) else None
    record = {"error": error.error, "reason": error.reason, "consequence": error.consequence}
    return json_response({**record, "faq": None, "logs": logs})


async def no_card(_request: Request) -> Response:
    """`/api/printer/sd`: memory cards are not supported, which is what 404 tells here."""
    raise NoSuchFile("Support for memory cards is switched off.")


_ABOUT_READING = About(
    "The state, and the temperatures",
    {200: object_of({"temperature?": heaters.SHAPE, "state?": STATE})},
    query={"exclude": said(TEXT, "temperature and state, separated by commas"), **heaters.QUERY},
    raises=(NotOperational, InvalidValue),
)
_ABOUT_ERROR = About(
    "The last error",
    {
        200: object_of(
            {"error": TEXT, "reason": TEXT, "consequence?": TEXT, "faq?": maybe(TEXT), "logs?": maybe(many(TEXT))}
        )
    },
)
_ABOUT_CARD = About("Memory cards, which are not supported", {}, raises=(NoSuchFile,))

ROUTES = (
    Route("GET", "/api/printer", read, Permission.STATUS, about=_ABOUT_READING),
    Route("GET", "/api/printer/error", read_error, Permission.STATUS, about=_ABOUT_ERROR),
    Route("GET", "/api/printer/sd", no_card, Permission.STATUS, about=_ABOUT_CARD),
    Route("POST", "/api/printer/sd", no_card, Permission.CONTROL, about=_ABOUT_CARD),
)
