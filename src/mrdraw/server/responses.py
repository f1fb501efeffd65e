"""Answers: JSON, and nothing.

Invariants: an answer without data is a 204 with an empty body of type text/plain, which some clients insist on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

_encoder = msgspec.json.Encoder()


def json_response(data: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer in JSON."""
    return Response(_encoder.encode(data), status, headers, "application/json")


def no_content(headers: Mapping[str, str] | None = None) -> Response:
    """Done, and nothing to say."""
    return Response(None, 204, headers, "text/plain")


class PiecesResponse(Response):
    """JSON that lies there encoded, in pieces that are sent one after the other and never joined."""

    def __init__(self, pieces: Sequence[bytes], headers: Mapping[str, str]) -> None:
        """At least one piece."""
        length = {"content-length": str(sum(map(len, pieces)))}
        super().__init__(None, 200, {**headers, **length}, "application/json")
        self._pieces = pieces

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send the answer."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        for piece in self._pieces:
            more = piece is not self._pieces[-1]
            await send({"type": "http.response.body", "body": piece, "more_body": more})
