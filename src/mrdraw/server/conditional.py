"""Conditional GET: a client that has the newest already is told so (contract, section 1).

Invariants: where a client sends both an entity tag and a time, both must match; a tag is strong and quoted.
"""

from __future__ import annotations

from email.utils import formatdate, parsedate_to_datetime

from starlette.requests import Request
from starlette.responses import Response

from mrdraw.server.context import headers_of

_ASKED = frozenset({b"if-none-match", b"if-modified-since"})


def validators(tag: str, modified: float) -> dict[str, str]:
    """The headers that name a version; `modified` in unix seconds."""
    return {"etag": f'"{tag}"', "last-modified": formatdate(int(modified), usegmt=True)}


def not_modified(request: Request, headers: dict[str, str], modified: float) -> Response | None:
    """The answer 304, if what the client has is the version that these headers name."""
    asked = headers_of(request, _ASKED)
    tags, since = asked.get(b"if-none-match"), asked.get(b"if-modified-since")
    if tags is None and since is None:
        return None
    if tags is not None and not _names(tags, headers["etag"]):
        return None
    if since is not None and not _is_since(since, modified):
        return None
    return Response(b"", 304, headers)


def _names(tags: str, tag: str) -> bool:
    known = {each.strip().removeprefix("W/") for each in tags.split(",")}
    return "*" in known or tag in known or tag.strip('"') in known


def _is_since(since: str, modified: float) -> bool:
    try:
        return int(modified) <= parsedate_to_datetime(since).timestamp()
    except (TypeError, ValueError, OverflowError):
        return False
