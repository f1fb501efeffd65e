"""One request to somebody else's web server: its status, its headers, and the body where one is asked for.

Invariants: it goes to an address that was checked (`outgoing.resolve`), whatever the name stands for meanwhile; no
redirect is followed; of a body no more is read than the caller said, of headers no more than `_MOST_HEADER` bytes; what
the caller gave as a secret goes into the request and nowhere else.
"""

from __future__ import annotations

import asyncio
import ssl
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, quote, urlsplit

import httptools

from mrdraw.errors import InvalidValue
from mrdraw.server.outgoing import Ip, resolve

_MOST_HEADER = 64 * 1024
_PIECE = 8 * 1024
_PORTS = {"http": 80, "https": 443}
_SAFE = "/%:@!$&'()*+,;=~-._"
METHODS = ("HEAD", "GET")
"""Those that people may choose."""


@dataclass(frozen=True)
class Credentials:
    """A name and a password."""

    username: str
    password: str


@dataclass(frozen=True)
class Question:
    """What is asked. `timeout` in s, for everything together."""

    url: str
    method: str = "HEAD"
    timeout: float = 3.0
    verify: bool = True
    basic: Credentials | None = None
    digest: Credentials | None = None
    bearer: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    """Beside those that are always sent; all in latin-1 and without line breaks."""
    content: bytes = b""
    most_body: int = 0
    """Bytes of the answer's body that are taken; 0: it is not read."""
    near_without_tls: bool = False
    """Whether `http` is spoken to addresses of this computer and of private networks only."""


@dataclass(frozen=True)
class Answer:
    """What was answered: the status, the headers, their names in lower case, and the body if it was asked for."""

    status: int
    headers: dict[str, str]
    body: bytes = b""


async def ask(question: Question) -> Answer | None:
    """What the server answers; none if it does not. Raises `InvalidValue` for what is never asked."""
    parts = split(question.url)
    try:
        async with asyncio.timeout(question.timeout):
            addresses = await resolve(parts.hostname or "")
            if question.near_without_tls and parts.scheme == "http" and any(map(_is_far, addresses)):
                raise InvalidValue(f"{parts.hostname} is in the internet; that is asked with https only.")
            tls = await asyncio.to_thread(_tls, question.verify) if parts.scheme == "https" else None
            answer = await _first(parts, addresses, tls, question, _authorization(parts, question))
            if answer is not None and answer.status == 401 and question.digest is not None:
                proof = _digest(parts, question, answer.headers.get("www-authenticate", ""))
                return await _first(parts, addresses, tls, question, proof) if proof else answer
            return answer
    except TimeoutError:
        return None


def split(url: str) -> SplitResult:
    """The parts of an address of the web. Raises `InvalidValue`."""
    try:
        parts = urlsplit(url)
        known = parts.scheme in _PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError:
        known = False
    if not known or not url.isprintable() or len(url) > 2048:
        raise InvalidValue(f"url is {url[:100]!r}; right is an address as http://host/path or https://host:port/path.")
    return parts


def is_address(url: str) -> bool:
    """Whether this is an address of the web."""
    try:
        split(url)
    except InvalidValue:
        return False
    return True


def _tls(verify: bool) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


async def _first(
    parts: SplitResult, addresses: list[Ip], tls: ssl.SSLContext | None, question: Question, proof: str | None
) -> Answer | None:
    """The answer of the first of these addresses that answers."""
    for address in addresses:
        try:
            return await _exchange(parts, address, tls, _request(parts, question, proof), question.most_body)
        except (OSError, httptools.HttpParserError, asyncio.IncompleteReadError):
            continue
    return None


def _is_far(address: Ip) -> bool:
    return address.is_global


async def _exchange(
    parts: SplitResult, address: Ip, tls: ssl.SSLContext | None, request: bytes, most_body: int
) -> Answer | None:
    port = parts.port or _PORTS[parts.scheme]
    name = parts.hostname if tls else None
    reader, writer = await asyncio.open_connection(str(address), port, ssl=tls, server_hostname=name)
    try:
        writer.write(request)
        await writer.drain()
        return await _read(reader, most_body)
    finally:
        writer.transport.abort()


class _Incoming:
    """Takes what the parser finds of an answer."""

    def __init__(self, most_body: int) -> None:
        self.headers: dict[str, str] = {}
        self.body = bytearray()
        self.has_head = False
        self.is_whole = False
        self._most_body = most_body

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.setdefault(name.decode("latin-1").lower(), value.decode("latin-1"))

    def on_headers_complete(self) -> None:
        self.has_head = True

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.is_whole = True

    @property
    def is_enough(self) -> bool:
        """Whether nothing more has to be read."""
        return self.is_whole or (self.has_head and not self._most_body)

    def ends_here(self) -> bool:
        """Whether the end of the connection is the end of the body: nothing else was said to be."""
        return self.has_head and not {"content-length", "transfer-encoding"} & self.headers.keys()


async def _read(reader: asyncio.StreamReader, most_body: int) -> Answer | None:
    """The answer; none if it is torn, or larger than what is taken."""
    incoming = _Incoming(most_body)
    parser = httptools.HttpResponseParser(incoming)
    taken = 0
    while not incoming.is_enough and taken < _MOST_HEADER + most_body and len(incoming.body) <= most_body:
        data = await reader.read(_PIECE)
        if not data:
            break
        taken += len(data)
        try:
            parser.feed_data(data)
        except httptools.HttpParserError:
            if not incoming.is_enough:
                raise
    torn = most_body and (len(incoming.body) > most_body or not (incoming.is_whole or incoming.ends_here()))
    if torn or not incoming.has_head:
        return None
    return Answer(parser.get_status_code(), incoming.headers, bytes(incoming.body[:most_body]))


def _request(parts: SplitResult, question: Question, proof: str | None) -> bytes:
    host = (
        (parts.hostname or "").encode("idna").decode() if ":" not in (parts.hostname or "") else f"[{parts.hostname}]"
    )
    lines = [
        f"{question.method} {target_of(parts)} HTTP/1.1",
        f"Host: {host}:{parts.port}" if parts.port else f"Host: {host}",
        "User-Agent: MrDraw",
        "Accept: */*",
        "Connection: close",
        *([f"Authorization: {proof}"] if proof else []),
        *(f"{name}: {value}" for name, value in question.headers.items()),
        *([f"Content-Length: {len(question.content)}"] if question.content else []),
    ]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + question.content


def target_of(parts: SplitResult) -> str:
    """The path and the query as they are sent."""
    query = f"?{quote(parts.query, safe=_SAFE + '?')}" if parts.query else ""
    return (quote(parts.path, safe=_SAFE) or "/") + query


# --- who asks ---------------------------------------------------------------------------------------------------------


def _authorization(parts: SplitResult, question: Question) -> str | None:
    """What is sent at once. Raises `InvalidValue` for a token that is none."""
    if question.bearer is not None:
        if not question.bearer.isascii() or not question.bearer.isprintable():
            raise InvalidValue("bearerAuth has to be a token in printable ASCII.")
        return f"Bearer {question.bearer}"
    basic = question.basic
    if basic is None and question.digest is None and parts.username is not None:
        basic = Credentials(parts.username, parts.password or "")
    if basic is None:
        return None
    return "Basic " + b64encode(f"{basic.username}:{basic.password}".encode()).decode()


def _digest(parts: SplitResult, question: Question, challenge: str) -> str | None:
    """The proof that a challenge asks for (RFC 7616), if it is one that can be given."""
    from urllib import request as library  # noqa: PLC0415 - slow to load, and seldom needed

    kind, _, rest = challenge.partition(" ")
    if question.digest is None or kind.lower() != "digest":
        return None
    url = f"{parts.scheme}://{parts.hostname}{target_of(parts)}"
    people = library.HTTPPasswordMgrWithDefaultRealm()
    people.add_password(None, url, question.digest.username, question.digest.password)
    try:
        asked = library.parse_keqv_list(list(filter(None, library.parse_http_list(rest))))
        proving = library.AbstractDigestAuthHandler(people)
        value = proving.get_authorization(library.Request(url, method=question.method), asked)  # noqa: S310 - not opened
    except (OSError, ValueError, LookupError):  # a challenge that makes no sense, or of another kind
        return None
    return f"Digest {value}" if value and value.isascii() and value.isprintable() else None
