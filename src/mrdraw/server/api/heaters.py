"""What the heaters' resources share: temperatures of now, their history, targets and offsets (contract, 5.7).

Invariants: answered from the hub's copy; values are checked for their form here, ceilings are the machine host's
affair.
"""

from __future__ import annotations

from collections.abc import Iterable

from starlette.requests import Request
from starlette.responses import Response

from mrdraw.errors import InvalidValue
from mrdraw.hub import Machine
from mrdraw.server.describing import COUNT, LOOSE_FLAG, Schema, many, object_of, said
from mrdraw.server.records import TEMPERATURES, Record, heater_shown, history_record, temperature_record
from mrdraw.server.responses import json_response
from mrdraw.server.values import is_true, number, whole_number

HISTORY_LIMIT = 300
"""Points of the temperature history when no limit is given."""

MAX_OFFSET = 50
"""°C."""

SHAPE: Schema = {
    "type": "object",
    "description": "Temperatures in °C by heater: `tool0`, …, `bed`, `chamber`.",
    "properties": {"history": many(object_of({"time": said(COUNT, "unix s")}))},
    "additionalProperties": TEMPERATURES["additionalProperties"],
}
"""What `answer` gives."""

QUERY = {"history": LOOSE_FLAG, "limit": COUNT}
"""What `history` reads."""


def shown(one: Machine) -> list[str]:
    """The heaters that the machine reported and that its profile has."""
    return [name for name in one.snapshot.heaters if heater_shown(one, name)]


def now(one: Machine, names: Iterable[str]) -> dict[str, Record]:
    """The temperatures of now of these heaters."""
    return temperature_record(one, names)


def history(request: Request, one: Machine, names: list[str]) -> list[Record] | None:
    """The temperature history that the query asks for, oldest first; `None` if it does not. Raises `InvalidValue`."""
    query = request.query_params
    limit = whole_number(query.get("limit", HISTORY_LIMIT), "limit")
    if not is_true(query.get("history", "false")):
        return None
    points = one.view.temperatures.items
    return [history_record(point, names) for point in list(points)[max(0, len(points) - limit) :]]


def answer(request: Request, one: Machine, names: list[str]) -> Response:
    """The temperatures of these heaters, with their history if it was asked for."""
    found: Record = dict(now(one, names))
    if (points := history(request, one, names)) is not None:
        found["history"] = points
    return json_response(found)


def target(value: object, name: str) -> float:
    """A target of a heater, °C. Raises `InvalidValue`."""
    checked = number(value, f"the target of {name}")
    if checked < 0:
        raise InvalidValue(f"The target of {name} must be 0 °C or more, not {checked:g}.")
    return checked


def offset(value: object, name: str) -> float:
    """What is added to the targets of a heater in files, °C. Raises `InvalidValue`."""
    checked = number(value, f"the offset of {name}")
    if abs(checked) > MAX_OFFSET:
        raise InvalidValue(f"The offset of {name} must lie between -{MAX_OFFSET} and {MAX_OFFSET} °C, not {checked:g}.")
    return checked
