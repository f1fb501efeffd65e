"""A file as an answer: the whole of it, or the parts that the header Range asks for.

Invariant: a range that cannot be given is refused as everything else is, in JSON with the member `error`.
"""

from __future__ import annotations

from starlette.responses import FileResponse, Response
from starlette.types import Message, Receive, Scope, Send

from mrdraw.errors import InvalidValue, NoSuchPart
from mrdraw.server.errors import error_response

RANGE_ERRORS = (InvalidValue, NoSuchPart)

_REFUSALS = {
    400: InvalidValue("The header Range cannot be read; accepted are ranges of bytes, as in `bytes=0-99`."),
    416: NoSuchPart("The file has no such part: Range begins behind its end. The header Content-Range says its size."),
}


class FileAnswer(FileResponse):
    """A file, in parts where they are asked for."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file, or what was wrong with the range."""
        refused: Response | None = None

        async def send_ours(message: Message) -> None:
            nonlocal refused
            if message["type"] == "http.response.start" and message["status"] in _REFUSALS:
                refused = error_response(_REFUSALS[message["status"]])
                refused.raw_headers.extend(each for each in message["headers"] if each[0] == b"content-range")
            elif refused is None:
                await send(message)

        await super().__call__(scope, receive, send_ours)
        if refused is not None:
            await refused(scope, receive, send)
