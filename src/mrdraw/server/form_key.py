"""The API key in a form: read just far enough, and everything that was read is passed on.

Invariants: of an urlencoded body at most 100 KiB are read, of a multipart body nothing behind the headers of the first
file; the application receives the same bytes as if nobody had looked.
"""

from __future__ import annotations

from urllib.parse import parse_qs

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.types import Message, Receive

LIMIT = 100 * 1024
_NAME = "apikey"
_MAX_KEY = 1024


async def key_in_form(content_type: str, receive: Receive) -> tuple[str | None, Receive]:
    """The key in the form, if there is one, and a `receive` that begins anew."""
    kind, options = parse_options_header(content_type)
    consumed: list[Message] = []
    key = None
    if kind == b"application/x-www-form-urlencoded":
        key = await _urlencoded(receive, consumed)
    elif kind == b"multipart/form-data" and options.get(b"boundary"):
        key = await _multipart(options[b"boundary"], receive, consumed)
    consumed.reverse()

    async def replay() -> Message:
        return consumed.pop() if consumed else await receive()

    return key, replay


async def _urlencoded(receive: Receive, consumed: list[Message]) -> str | None:
    body = b""
    while len(body) <= LIMIT:
        message = await receive()
        consumed.append(message)
        body += message.get("body", b"")
        if not message.get("more_body"):
            found = parse_qs(body.decode("utf-8", "replace")).get(_NAME)
            return found[0] if found else None
    return None


async def _multipart(boundary: bytes, receive: Receive, consumed: list[Message]) -> str | None:
    looking, read = _Looking(), 0
    try:
        parser = MultipartParser(boundary, looking.callbacks())  # type: ignore[arg-type] # only some callbacks
    except FormParserError:
        return None
    while not looking.done and read <= LIMIT:
        message = await receive()
        consumed.append(message)
        body = message.get("body", b"")
        read += len(body)
        try:
            parser.write(body)
        except FormParserError:
            return None
        if not message.get("more_body"):
            break
    return looking.key


class _Looking:
    """Watches the parts go by until the key or a file is seen."""

    def __init__(self) -> None:
        self.key: str | None = None
        self.done = False
        self._field = b""
        self._value = b""
        self._disposition = b""
        self._data: bytes | None = None

    def callbacks(self) -> dict[str, object]:
        return {
            "on_part_begin": self._part_begins,
            "on_header_field": self._header_field,
            "on_header_value": self._header_value,
            "on_header_end": self._header_ends,
            "on_headers_finished": self._headers_end,
            "on_part_data": self._part_data,
            "on_part_end": self._part_ends,
        }

    def _part_begins(self) -> None:
        self._disposition, self._data = b"", None

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_ends(self) -> None:
        if self._field.lower() == b"content-disposition":
            self._disposition = self._value
        self._field = self._value = b""

    def _headers_end(self) -> None:
        if self.done:
            return
        _, options = parse_options_header(self._disposition)
        if b"filename" in options or b"filename*=" in self._disposition.lower():
            self.done = True
        elif options.get(b"name") == _NAME.encode():
            self._data = b""

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self._data is not None and len(self._data) < _MAX_KEY:
            self._data += data[start:end]

    def _part_ends(self) -> None:
        if self._data is not None and not self.done:
            self.key = self._data.decode("utf-8", "replace")
            self.done = True
