"""A multipart form, read as it comes in (contract, sections 1 and 5.4).

Invariants: the content of a file goes to whoever takes it, piece by piece, and is never held here; fields are held up
to a limit; of two fields with one name the later counts; a form without its closing boundary is refused.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Protocol
from urllib.parse import unquote_to_bytes

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from mrdraw.errors import InvalidValue, TooLarge
from mrdraw.server.context import MAX_BODY

_MOST_PARTS = 100
_RESERVED = (".name", ".path", ".size", ".content_type")
"""How fields are called by which OctoPrint hands files on inside; from outside it refuses them."""
_QUOTED = re.compile(r'"(?:\\.|[^"\\])*"')
_EXTENDED_NAME = re.compile(r"(?:^|;)\s*filename\*\s*=\s*([\w-]+)'[^']*'([^;\s]+)", re.IGNORECASE)


class FileSink(Protocol):
    """Takes the files of a form."""

    async def begin(self, field: str, filename: str, fields: dict[str, str]) -> bool:
        """A file begins after these fields; whether its content is wanted."""

    async def take(self, data: bytes) -> None:
        """The next bytes of the file that is wanted."""


async def read_form(request: Request, sink: FileSink, limit: int) -> dict[str, str]:
    """The fields of the form; its files go to `sink`. `limit` bytes are taken in all.

    Raises `InvalidValue` for a body that is no whole form, `TooLarge`, and what `sink` raises.
    """
    return (await _read(request, sink, limit)).fields


async def read_values(request: Request, name: str) -> list[str]:
    """All values of a field, of which a form may have several. Files are not wanted. Raises what `read_form` does."""
    form = await _read(request, _NoFiles(), MAX_BODY)
    return [value for field, value in form.all_fields if field == name]


async def _read(request: Request, sink: FileSink, limit: int) -> _Form:
    form = _Form(_boundary(request), sink)
    async for chunk in _limited(request, limit):
        await form.feed(chunk)
    if not form.complete:
        raise InvalidValue("The form is cut off: its closing boundary is missing.")
    return form


class _NoFiles:
    """Wants no file."""

    async def begin(self, _field: str, _filename: str, _fields: dict[str, str]) -> bool:
        """No."""
        return False

    async def take(self, _data: bytes) -> None:
        """Nothing comes."""


def _boundary(request: Request) -> bytes:
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != b"multipart/form-data":
        raise InvalidValue("An upload has to be of the content type multipart/form-data.")
    boundary = options.get(b"boundary")
    if not boundary:
        raise InvalidValue("The content type multipart/form-data names no boundary.")
    return boundary


async def _limited(request: Request, limit: int) -> AsyncIterator[bytes]:
    too_large = TooLarge(f"The upload is larger than the {limit} bytes that are accepted.")
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > limit:
        raise too_large
    received = 0
    try:
        async for chunk in request.stream():
            received += len(chunk)
            if received > limit:
                raise too_large
            if chunk:  # the end of the body comes as an empty one
                yield chunk
    except ClientDisconnect as error:
        raise InvalidValue("The upload ended before all of it was sent.") from error


class _Part:
    """A part that is being read; a file if it has a file name."""

    def __init__(self) -> None:
        self.name = ""
        self.filename: str | None = None
        self.wanted = False
        self.value = bytearray()


class _Form:
    """Between the parser, which calls back at once, and the sink, which has to be waited for."""

    def __init__(self, boundary: bytes, sink: FileSink) -> None:
        self.fields: dict[str, str] = {}
        self.all_fields: list[tuple[str, str]] = []
        self.complete = False
        self._sink = sink
        self._part = _Part()
        self._parts = 0
        self._held = 0
        self._header = bytearray()
        self._header_value = bytearray()
        self._disposition = b""
        self._heard: list[bytes | _Part | None] = []
        """What the parser found: a part that begins, data of it, `None` for its end."""
        try:
            self._parser = MultipartParser(boundary, self._callbacks())  # type: ignore[arg-type] # only some callbacks
        except FormParserError as error:
            raise InvalidValue(f"The form cannot be read: {error}.") from error

    async def feed(self, chunk: bytes) -> None:
        """Take the next bytes of the body."""
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise InvalidValue(f"The form cannot be read: {error}.") from error
        heard, self._heard = self._heard, []
        for each in heard:
            if each is None:
                self._end()
            elif isinstance(each, _Part):
                await self._begin(each)
            else:
                await self._data(each)

    async def _begin(self, part: _Part) -> None:
        self._part = part
        self._parts += 1
        if self._parts > _MOST_PARTS:
            raise InvalidValue(f"The form has more than {_MOST_PARTS} parts.")
        if part.name.endswith(_RESERVED):
            raise InvalidValue(f"A field cannot be called {part.name!r}: names that end so are reserved.")
        if part.filename is not None:
            part.wanted = await self._sink.begin(part.name, part.filename, self.fields)

    async def _data(self, data: bytes) -> None:
        if self._part.wanted:
            await self._sink.take(data)
        elif self._part.filename is None:
            self._held += len(data)
            if self._held > MAX_BODY:
                raise TooLarge(f"The fields of the form are larger than the {MAX_BODY} bytes that are accepted.")
            self._part.value += data

    def _end(self) -> None:
        if self._part.filename is None:
            value = _text(bytes(self._part.value))
            self.fields[self._part.name] = value
            self.all_fields.append((self._part.name, value))

    # --- called by the parser --------------------------------------------------------------------------------------

    def _callbacks(self) -> dict[str, object]:
        return {
            "on_part_begin": self._on_part_begin,
            "on_header_field": self._on_header_field,
            "on_header_value": self._on_header_value,
            "on_header_end": self._on_header_end,
            "on_headers_finished": self._on_headers_finished,
            "on_part_data": self._on_part_data,
            "on_part_end": self._on_part_end,
            "on_end": self._on_end,
        }

    def _on_part_begin(self) -> None:
        self._disposition = b""

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _on_header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = bytes(self._header_value)
        self._header.clear()
        self._header_value.clear()

    def _on_headers_finished(self) -> None:
        part = _Part()
        part.name, part.filename = names_of(self._disposition)
        self._heard.append(part)

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        self._heard.append(data[start:end])

    def _on_part_end(self) -> None:
        self._heard.append(None)

    def _on_end(self) -> None:
        self.complete = True


def names_of(disposition: bytes) -> tuple[str, str | None]:
    """The names of the field and of the file; `filename*` (RFC 5987) counts before `filename`."""
    _, options = parse_options_header(disposition)
    name, filename = options.get(b"name", b""), options.get(b"filename")
    extended = b"*" in disposition and _EXTENDED_NAME.search(_QUOTED.sub('""', disposition.decode("latin-1")))
    if extended:
        try:
            return _text(name), unquote_to_bytes(extended[2]).decode(extended[1])
        except (LookupError, UnicodeDecodeError):
            pass
    return _text(name), None if filename is None else _text(filename)


def _text(data: bytes) -> str:
    """UTF-8, else ISO-8859-1."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")
