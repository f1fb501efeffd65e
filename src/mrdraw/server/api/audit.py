"""`/api/v1/audit`: who did what from where, for admins.

Invariants: the log is searched in a thread; an export is sent page by page, so that it takes no memory however long the
log is. The newest entry comes first.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from mrdraw.accounts import Permission
from mrdraw.accounts.audit import AuditLog
from mrdraw.accounts.audit_entry import Action, Outcome
from mrdraw.accounts.audit_search import Search
from mrdraw.errors import InvalidValue
from mrdraw.server.audit_record import CONTENT_TYPES, ENCODED, FORMATS, HEADING, JSON, asked_format, record_of
from mrdraw.server.context import services
from mrdraw.server.describing import (
    COUNT,
    NUMBER,
    TEXT,
    WHOLE,
    About,
    Content,
    many,
    maybe,
    object_of,
    said,
    words,
)
from mrdraw.server.describing import JSON as JSON_TYPE
from mrdraw.server.responses import json_response
from mrdraw.server.routing import Route
from mrdraw.server.values import one_of, whole_number

PATH = "/api/v1/audit"
_USUAL, _MOST = 100, 1000
_PER_PAGE = 500
"""Entries of an export that are read at a time."""
_LAST = 253_402_300_799.0
"""unix s of the end of the year 9999."""


async def read(request: Request) -> Response:
    """`GET /api/v1/audit`."""
    query, log = request.query_params, services(request).accounts.audit
    search = _search(query)
    wanted = one_of(query.get("format") or asked_format(request.headers.get("accept", "")), FORMATS, "format")
    if wanted != JSON:
        return _file(log, search, wanted)
    limit = whole_number(query.get("limit", _USUAL), "limit")
    if not 1 <= limit <= _MOST:
        raise InvalidValue(f"limit is {limit}; it must lie between 1 and {_MOST}.")
    before = whole_number(query["before"], "before") if "before" in query else None
    found = await asyncio.to_thread(log.page, search, before=before, limit=limit + 1)
    shown = found[:limit]
    following = shown[-1].number if len(found) > limit else None
    return json_response({"entries": [record_of(one) for one in shown], "next": following, "days": log.days})


def _file(log: AuditLog, search: Search, wanted: str) -> Response:
    """All that is looked for, as a file."""
    today = datetime.fromtimestamp(log.clock(), UTC).date().isoformat()
    headers = {"content-disposition": f'attachment; filename="audit-{today}.{wanted}"'}
    return StreamingResponse(_pages(log, search, wanted), 200, headers, CONTENT_TYPES[wanted])


async def _pages(log: AuditLog, search: Search, wanted: str) -> AsyncIterator[bytes]:
    yield HEADING[wanted]()
    before: int | None = None
    while found := await asyncio.to_thread(log.page, search, before=before, limit=_PER_PAGE):
        yield ENCODED[wanted](found)
        before = found[-1].number


def _search(query: Mapping[str, str]) -> Search:
    """What is looked for. Raises `InvalidValue`."""
    return Search(
        user=query.get("user") or None,
        action=Action(one_of(query["action"], tuple(Action), "action")) if query.get("action") else None,
        outcome=Outcome(one_of(query["outcome"], tuple(Outcome), "outcome")) if query.get("outcome") else None,
        machine=query.get("machine") or None,
        since=_moment(query, "from"),
        until=_moment(query, "to"),
        text=query.get("text") or None,
    )


def _moment(query: Mapping[str, str], name: str) -> float | None:
    """A time in unix s, or in ISO 8601, of which one without a zone is UTC. Raises `InvalidValue`."""
    value = query.get(name)
    if not value:
        return None
    try:
        moment = msgspec.json.decode(value, type=float) if value[0].isdigit() and "-" not in value else _iso(value)
    except (msgspec.DecodeError, ValueError) as error:
        raise InvalidValue(
            f"{name} must be a time as 2026-01-31T12:00:00Z or in unix s, not {value[:50]!r}."
        ) from error
    if not 0 <= moment <= _LAST:
        raise InvalidValue(f"{name} is {moment:g} unix s; that is no time in which anybody lived.")
    return moment


def _iso(value: str) -> float:
    moment = datetime.fromisoformat(value)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


_ENTRY = object_of(
    {
        "id": said(COUNT, "the place in the log; a later entry has a higher one"),
        "at": said(NUMBER, "unix s"),
        "action": words(*Action),
        "outcome": words(*Outcome),
        "status": said(maybe(WHOLE), "of the answer to the request; none where there was no request"),
        "user": said(maybe(TEXT), "none for somebody whom nobody knows"),
        "via": said(maybe(TEXT), "what the user came with: session, apikey, claim, password, …"),
        "fingerprint": said(maybe(TEXT), "the beginning of the digest of that, never the thing itself"),
        "address": maybe(TEXT),
        "machine": maybe(TEXT),
        "subject": said(TEXT, "whom or what it was done to"),
        "detail": TEXT,
    }
)
_PAGE = object_of(
    {
        "entries": many(_ENTRY),
        "next": said(maybe(COUNT), "`before` of the next page"),
        "days": said(COUNT, "days for which entries are kept"),
    }
)
_TIME = said(TEXT, "unix s, or ISO 8601")
_ABOUT = About(
    "Who did what from where, the newest first",
    {200: Content((JSON_TYPE,), _PAGE, also=tuple(CONTENT_TYPES.values()))},
    query={
        "user": TEXT,
        "action": words(*Action),
        "outcome": words(*Outcome),
        "machine": TEXT,
        "from": _TIME,
        "to": said(_TIME, "unix s, or ISO 8601; not in it any more"),
        "text": said(TEXT, "part of any text of an entry"),
        "before": said(COUNT, "the number of the last entry of the page before"),
        "limit": said(WHOLE, f"1 to {_MOST}, {_USUAL} if it is not said; of JSON only"),
        "format": said(words(*FORMATS), "csv and jsonl are files with all that is found; Accept can ask as well"),
    },
    raises=(InvalidValue,),
)

ROUTES = (Route("GET", PATH, read, Permission.ADMIN, about=_ABOUT),)
