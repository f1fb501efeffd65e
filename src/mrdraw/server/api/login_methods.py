"""`GET /api/v1/login-methods`: how one can log in, for whoever has not yet.

Invariants: it tells names and addresses and nothing else; a new method is one more function in `_SOURCES`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from mrdraw.server.context import Services, services
from mrdraw.server.describing import About, many, object_of
from mrdraw.server.responses import json_response
from mrdraw.server.routing import Route


class Method(msgspec.Struct, frozen=True):
    """A way to log in."""

    kind: str
    """`password` (POST /api/login), `openid` (have a browser go to `address`)."""
    name: str
    address: str


def _password(_known: Services) -> Iterator[Method]:
    yield Method("password", "", "/api/login")


def _openid(known: Services) -> Iterator[Method]:
    tree = known.settings.current().access_control.open_id
    base = (tree.external_url or "").rstrip("/")
    for provider_id, provider in tree.providers.items():
        yield Method("openid", provider.name or provider_id, f"{base}/login/openid/{provider_id}")


_SOURCES: tuple[Callable[[Services], Iterator[Method]], ...] = (_password, _openid)


async def methods(request: Request) -> Response:
    """`GET /api/v1/login-methods`."""
    return json_response({"methods": [method for source in _SOURCES for method in source(services(request))]})


_ABOUT = About("How one can log in", {200: object_of({"methods": many(Method)})})

ROUTES = (Route("GET", "/api/v1/login-methods", methods, None, open=True, about=_ABOUT),)
