"""What the carriers of the push channel ask of a connection: where it comes from, and whom it joins."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mrdraw.server.context import absolute_url, services

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection

    from mrdraw.server.push.audience import Audience


def audience(connection: HTTPConnection) -> Audience:
    """Everybody who listens."""
    known: Audience = connection.app.state.audience
    return known


def is_welcome(connection: HTTPConnection) -> bool:
    """Whether the page that opens a connection came from here, or any page may; what is no browser is welcome."""
    return services(connection).settings.current().api.allow_cross_origin or _same_origin(connection)


def _same_origin(connection: HTTPConnection) -> bool:
    origin = connection.headers.get("origin")
    if origin is None:
        return True
    try:
        return urlsplit(origin).netloc.lower() == urlsplit(absolute_url(connection, "/")).netloc.lower()
    except ValueError:  # one of the two is no address
        return False
