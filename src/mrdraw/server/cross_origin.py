"""Pages of other sites: whether they may use the API (contract, section 1).

Invariants: off by default; never with credentials, so that such a page needs a key; a preflight is answered alike for
every path, so that it tells nobody what there is, and where it is off it is a request like any other.
"""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Scope

from mrdraw.settings.sections import ApiTree

_MAX_AGE = "10"
"""s for which a browser may keep the answer."""
VARY = (b"vary", b"origin")
"""Said beside whatever else an answer varies with."""


def preflight(scope: Scope, tree: ApiTree) -> Response | None:
    """The answer to a browser that asks whether a page may send a request; `None` where nobody asks, or none may."""
    if scope["type"] != "http" or scope["method"] != "OPTIONS" or not tree.allow_cross_origin:
        return None
    headers = Headers(scope=scope)
    method = headers.get("access-control-request-method")
    if method is None or "origin" not in headers:
        return None
    allowed = {
        "access-control-allow-methods": method,
        "access-control-allow-headers": headers.get("access-control-request-headers", ""),
        "access-control-max-age": _MAX_AGE,
    }
    return Response(None, 200, allowed, "text/plain")


def origin_headers(scope: Scope, tree: ApiTree) -> list[tuple[bytes, bytes]]:
    """What lets the page read the answer that asked for it."""
    if not tree.allow_cross_origin:
        return []
    origin = next((value for name, value in scope["headers"] if name == b"origin"), None)
    return [VARY] if origin is None else [VARY, (b"access-control-allow-origin", origin)]
