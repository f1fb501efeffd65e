"""Which version of the API a client asks for (contract, section 16).

Invariants: without a word of it the shapes are those of before 2.0.
"""

from __future__ import annotations

import re

from starlette.requests import Request

from mrdraw.errors import InvalidValue
from mrdraw.server.context import headers_of
from mrdraw.server.describing import TEXT, Schema, said

HEADER = "X-OctoPrint-Api-Version"
PARAMETER = "api_version"
VARY = {"vary": HEADER}
"""For answers that a client may keep."""
QUERY: dict[str, Schema] = {PARAMETER: said(TEXT, f"2.0.0 for the shapes of 2.0; the header {HEADER} says the same.")}

_NAME = HEADER.lower().encode()
_HEADERS = frozenset({_NAME})
_VERSION = re.compile(r"(\d{1,6})(?:\.\w{1,16}){0,4}", re.ASCII)


def wants_version_2(request: Request) -> bool:
    """Whether the client asks for the shapes of 2.0. Raises `InvalidValue`."""
    asked = headers_of(request, _HEADERS).get(_NAME)
    if asked is None and PARAMETER.encode() in request.scope["query_string"]:
        asked = request.query_params.get(PARAMETER)
    if not asked:
        return False
    match = _VERSION.fullmatch(asked)
    if match is None:
        raise InvalidValue(f"{HEADER} is {asked[:100]!r}; a version is numbers and dots, as in 2.0.0.")
    return int(match[1]) >= 2


def without_nothing(record: dict[str, object]) -> dict[str, object]:
    """A record as 2.0 has it: a member of which nothing is known is not there."""
    return {
        name: without_nothing(value) if isinstance(value, dict) else value
        for name, value in record.items()
        if value is not None
    }
