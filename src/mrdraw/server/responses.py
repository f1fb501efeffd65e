"""Answers: JSON, and nothing.

Invariants: an answer without data is a 204 with an empty body of type text/plain, which some clients insist on.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from starlette.responses import Response

_encoder = msgspec.json.Encoder()


def json_response(data: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer in JSON."""
    return Response(_encoder.encode(data), status, headers, "application/json")


def no_content(headers: Mapping[str, str] | None = None) -> Response:
    """Done, and nothing to say."""
    return Response(None, 204, headers, "text/plain")
