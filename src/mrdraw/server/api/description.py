"""`/api/v1/openapi.json`: what every route takes and gives, for programs and for the page.

Invariants: made when it is first asked for and kept encoded; anybody who is known may read it.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable
from hashlib import sha1

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from mrdraw.server.conditional import not_modified
from mrdraw.server.context import services
from mrdraw.server.describing import CONDITIONAL, About, object_of
from mrdraw.server.routing import Route

_NO_TIME = math.inf
"""The document has a tag and no time."""


class Description:
    """The document, encoded, and its tag."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes = tuple(routes)
        self._made: dict[int, tuple[bytes, str]] = {}

    def encoded(self, anonymous_status: int) -> tuple[bytes, str]:
        """The document and its tag; `anonymous_status` is a setting that it tells."""
        if anonymous_status not in self._made:
            from mrdraw.server.openapi import document  # noqa: PLC0415 - nobody needs it at the start

            body = msgspec.json.encode(document(self._routes, anonymous_status=anonymous_status))
            self._made[anonymous_status] = body, f'"{sha1(body, usedforsecurity=False).hexdigest()}"'
        return self._made[anonymous_status]


async def read(request: Request) -> Response:
    """`GET /api/v1/openapi.json`."""
    description: Description = request.app.state.description
    status = services(request).settings.current().api.anonymous_status
    body, tag = await asyncio.to_thread(description.encoded, status)
    headers = {"etag": tag}
    return not_modified(request, headers, _NO_TIME) or Response(body, 200, headers, "application/json")


_ABOUT = About("This document", {200: object_of({"openapi": {"const": "3.1.0"}}), **CONDITIONAL})

ROUTES = (Route("GET", "/api/v1/openapi.json", read, None, about=_ABOUT),)
