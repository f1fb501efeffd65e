"""`POST /api/util/test`: whether something that a setting would name is there (contract, 5.12 and 15.30).

Invariants: what a test found is in the body, never in the status; no content of anything is handed out; outside the
base folder nothing is made; a session has to have typed its password lately; every test ends within `_LONGEST` seconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from fnmatch import fnmatchcase
from ipaddress import ip_address
from mimetypes import guess_type
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from mrdraw.accounts import Permission
from mrdraw.errors import InvalidValue, NotPermitted
from mrdraw.server.context import client_address, command_body, require_fresh, services
from mrdraw.server.describing import (
    COUNT,
    FLAG,
    LOOSE_FLAG,
    NUMBER,
    TEXT,
    WHOLE,
    About,
    Shape,
    commands,
    either,
    many,
    maybe,
    object_of,
    said,
    words,
)
from mrdraw.server.fetching import METHODS, Answer, Credentials, Question, ask, is_address, split
from mrdraw.server.networks import local_network_of
from mrdraw.server.outgoing import look_up, resolve
from mrdraw.server.probing import ACCESS, KINDS, listens_on_tcp, listens_on_udp, look_at
from mrdraw.server.responses import json_response
from mrdraw.server.routing import Route
from mrdraw.server.values import is_true, mapping, number, one_of, sequence, text, whole_number

_LONGEST = 30.0
_SHORTEST = 0.1
_COMMANDS = {
    "path": ("path",), "url": ("url",), "server": ("host", "port"), "resolution": ("name",), "address": (),
}  # fmt: skip
_STATUSES = {
    "informational": range(100, 200), "success": range(200, 300), "redirection": range(300, 400),
    "client_error": range(400, 500), "server_error": range(500, 600), "normal": range(400), "error": range(400, 600),
    "any": range(1, 1000), "timeout": range(1),
}  # fmt: skip
"""The statuses that each word means; a server that does not answer counts as 0."""


async def test(request: Request) -> Response:
    """`POST /api/util/test`."""
    require_fresh(request)
    command, body = await command_body(request, _COMMANDS)
    return json_response(await _TESTS[command](request, body))


# --- a path -----------------------------------------------------------------------------------------------------------


async def _path(request: Request, body: dict[str, Any]) -> dict[str, Any]:
    path = text(body["path"], "path")
    kind = one_of(body.get("check_type"), KINDS, "check_type") if body.get("check_type") else None
    asked = body.get("check_access") or []
    access = [
        one_of(way, ACCESS, "check_access")
        for way in ([asked] if isinstance(asked, str) else sequence(asked, "check_access"))
    ]
    if is_true(body.get("check_writable_dir")):
        if kind != "dir":
            raise InvalidValue('check_writable_dir needs the check_type "dir".')
        access += ["w", "x"]
    base = str(services(request).settings.basedir)
    make = kind == "dir" and is_true(body.get("allow_create_dir"))
    found = await asyncio.to_thread(look_at, base, path, kind, access, make=make)
    return {"path": path, **found, "result": found["exists"] and found["typeok"] and found["access"]}


# --- an address of the web --------------------------------------------------------------------------------------------


async def _url(_request: Request, body: dict[str, Any]) -> dict[str, Any]:
    url = text(body["url"], "url")
    expected = _expected(body.get("status"))
    one_of(
        body.get("response", "bytes") if body.get("response") is not True else "bytes", ("json", "bytes"), "response"
    )
    whitelist, blacklist = _patterns(body, "content_type_whitelist"), _patterns(body, "content_type_blacklist")
    question = Question(
        url,
        one_of(str(body.get("method", "HEAD")).upper(), METHODS, "method"),
        _timeout(body, 3.0),
        verify=is_true(body.get("validSsl", True)),
        basic=_credentials(body, "basicAuth"),
        digest=_credentials(body, "digestAuth"),
        bearer=text(body["bearerAuth"], "bearerAuth") if body.get("bearerAuth") is not None else None,
    )
    answer = await ask(question) if is_address(url) else None
    if answer is None:
        return {"url": url, "status": 0, "result": 0 in expected}
    kind = _content_type(answer, url, guess=is_true(body.get("content_type_guess")))
    fits = (whitelist is None or _matches(kind, whitelist)) and not (blacklist and _matches(kind, blacklist))
    return {
        "url": url,
        "status": answer.status,
        "result": answer.status in expected and fits,
        "response": {"assumed_content_type": kind},
    }


def _expected(status: object) -> set[int]:
    """The statuses that count as good. Raises `InvalidValue`."""
    if status is None:
        return set(range(1, 400))
    codes: set[int] = set()
    for each in status if isinstance(status, list) else [status]:
        codes.update([whole_number(each, "status")] if _is_code(each) else _STATUSES[one_of(each, _STATUSES, "status")])
    return codes


def _is_code(value: object) -> bool:
    return isinstance(value, int) or (isinstance(value, str) and value.isdigit())


def _patterns(body: dict[str, Any], name: str) -> list[str] | None:
    if body.get(name) is None:
        return None
    return [text(pattern, name).lower() for pattern in sequence(body[name], name)]


def _content_type(answer: Answer, url: str, *, guess: bool) -> str | None:
    """What the server says, or what the name of the file lets one think."""
    said = answer.headers.get("content-type") or (guess_type(split(url).path)[0] if guess else None)
    return said[:200] if said else None


def _matches(kind: str | None, patterns: list[str]) -> bool:
    plain = (kind or "").partition(";")[0].strip().lower()
    return any(fnmatchcase(plain, pattern) for pattern in patterns)


def _credentials(body: dict[str, Any], name: str) -> Credentials | None:
    given = body.get(name)
    if given is None:
        return None
    members = mapping(given, name)
    return Credentials(*(text(members.get(member), f"{name}.{member}") for member in ("username", "password")))


# --- a server, a name, an address -------------------------------------------------------------------------------------


async def _server(_request: Request, body: dict[str, Any]) -> dict[str, Any]:
    host, port = text(body["host"], "host"), whole_number(body["port"], "port")
    if not 1 <= port <= 65535:
        raise InvalidValue(f"port is {port}; accepted are 1 to 65535.")
    protocol = one_of(body.get("protocol", "tcp"), _PROTOCOLS, "protocol")
    result = False
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(_timeout(body, 3.05)):
            addresses = await resolve(host)
            if addresses:
                result = await _PROTOCOLS[protocol](str(addresses[0]), port)
    return {"host": host, "port": port, "protocol": protocol, "result": result}


async def _resolution(_request: Request, body: dict[str, Any]) -> dict[str, Any]:
    name, found = text(body["name"], "name"), False
    with suppress(TimeoutError):
        async with asyncio.timeout(_LONGEST):
            found = bool(await look_up(name))
    return {"name": name, "result": found}


async def _address(request: Request, body: dict[str, Any]) -> dict[str, Any]:
    shown = text(body.get("address") or client_address(request), "address")
    try:
        address = ip_address(shown.strip("[]").partition("%")[0])
    except ValueError as error:
        raise InvalidValue(f"address is {shown[:100]!r}; right is an IP address.") from error
    network = await asyncio.to_thread(local_network_of, address)
    record: dict[str, Any] = {"address": shown, "is_lan_address": network is not None}
    return record if network is None else {**record, "subnet": str(network)}


def _timeout(body: dict[str, Any], usual: float) -> float:
    """s; at most `_LONGEST`. Raises `InvalidValue`."""
    given = body.get("timeout")
    return usual if given is None else min(max(number(given, "timeout"), _SHORTEST), _LONGEST)


_PROTOCOLS = {"tcp": listens_on_tcp, "udp": listens_on_udp}
_TESTS: dict[str, Callable[[Request, dict[str, Any]], Awaitable[dict[str, Any]]]] = {
    "path": _path, "url": _url, "server": _server, "resolution": _resolution, "address": _address,
}  # fmt: skip

_PERSON = object_of({"username": TEXT, "password": TEXT})
_WAIT = said(NUMBER, f"s; at most {_LONGEST:g}")
_STATUS = either(WHOLE, TEXT, words(*_STATUSES))
_MEMBERS: dict[str, dict[str, Shape]] = {
    "path": {
        "path": TEXT, "check_type": maybe(words(*KINDS)), "check_access": either(TEXT, many(words(*ACCESS))),
        "check_writable_dir": LOOSE_FLAG, "allow_create_dir": LOOSE_FLAG,
    },
    "url": {
        "url": TEXT, "method": words(*METHODS), "timeout": _WAIT, "validSsl": LOOSE_FLAG, "basicAuth": maybe(_PERSON),
        "digestAuth": maybe(_PERSON), "bearerAuth": maybe(TEXT), "status": maybe(either(_STATUS, many(_STATUS))),
        "response": either(LOOSE_FLAG, words("json", "bytes")), "content_type_whitelist": maybe(many(TEXT)),
        "content_type_blacklist": maybe(many(TEXT)), "content_type_guess": LOOSE_FLAG,
    },
    "server": {"host": TEXT, "port": either(WHOLE, TEXT), "protocol": words(*_PROTOCOLS), "timeout": _WAIT},
    "resolution": {"name": TEXT},
    "address": {"address": maybe(TEXT)},
}  # fmt: skip
_FOUND: tuple[dict[str, Shape], ...] = (
    {"path": TEXT, "exists": FLAG, "typeok": FLAG, "broken_symlink": FLAG, "access": FLAG, "result": FLAG},
    {"url": TEXT, "status": COUNT, "result": FLAG, "response?": object_of({"assumed_content_type": maybe(TEXT)})},
    {"host": TEXT, "port": COUNT, "protocol": words(*_PROTOCOLS), "result": FLAG},
    {"name": TEXT, "result": FLAG},
    {"address": TEXT, "is_lan_address": FLAG, "subnet?": TEXT},
)
_ABOUT = About(
    "Test whether a path, an address of the web, a server, a name or an IP address is what is expected",
    {200: either(*map(object_of, _FOUND))},
    body=commands(_COMMANDS, _MEMBERS),
    raises=(NotPermitted,),
)

ROUTES = (Route("POST", "/api/util/test", test, Permission.ADMIN, about=_ABOUT),)
