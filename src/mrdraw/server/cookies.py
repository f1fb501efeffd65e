"""The cookies of a session: their names, how they are read, given and taken (contract, sections 0 and 1).

Invariants: a name says by which port and path the client reaches us, so that several servers on one host get along;
the session's cookie is one for all machines and no script reads it, the CSRF pair has a name for each base path that
clients use; all are sent back to us alone, over TLS only where they came over TLS, and never with what another site
sends.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hmac import compare_digest
from http.cookies import CookieError, SimpleCookie
from typing import Literal

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Scope

from mrdraw.server.context import BASE
from mrdraw.server.peer import peer_of

_SESSION = "session"
_CSRF = "csrf_token"
_CHALLENGE = "passkey"
CSRF_HEADER = "x-csrf-token"


def cookies_of(headers: Headers) -> Mapping[str, str]:
    """The cookies of a request; a header that makes no sense holds none."""
    raw = headers.get("cookie")
    if not raw:
        return {}
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(raw).items()}
    except CookieError:
        return {}


def session_name(scope: Scope) -> str:
    """The name of the session's cookie."""
    return _SESSION + peer_of(scope).cookie_suffix()


def csrf_names(scope: Scope) -> Iterator[str]:
    """The names of the CSRF cookie: that of the whole server, and that of the machine whose base path is used."""
    yield _CSRF + peer_of(scope).cookie_suffix()
    if base := scope.get(BASE):
        yield _CSRF + peer_of(scope).cookie_suffix(base)


def session_of(scope: Scope, headers: Headers) -> str | None:
    """The session that a request comes with."""
    return cookies_of(headers).get(session_name(scope))


def csrf_token_of(scope: Scope, headers: Headers) -> str | None:
    """The token that stands in the header and in one of the cookies alike."""
    sent, cookies = headers.get(CSRF_HEADER, ""), cookies_of(headers)
    kept = (cookies.get(name, "").encode() for name in csrf_names(scope))
    return sent if sent and any(compare_digest(cookie, sent.encode()) for cookie in kept) else None


def lacks_csrf_token(scope: Scope, headers: Headers) -> bool:
    """Whether the client has no token under one of the names by which it may look for it."""
    return not set(csrf_names(scope)) <= cookies_of(headers).keys()


def give_session(scope: Scope, response: Response, session: str, *, max_age: int | None) -> None:
    """Have the client keep its session, for so many s or until the browser is closed."""
    _give(scope, response, session_name(scope), session, max_age=max_age, http_only=True)


def give_csrf_token(scope: Scope, response: Response, token: str, *, max_age: int | None = None) -> None:
    """Have the client keep the token under every name by which it may look for it."""
    for name in csrf_names(scope):
        _give(scope, response, name, token, max_age=max_age, http_only=False)


def give_challenge(scope: Scope, response: Response, carried: str, *, max_age: int) -> None:
    """Have the client keep what a passkey is to sign; nothing that another site begins brings it back."""
    name = _CHALLENGE + peer_of(scope).cookie_suffix()
    _give(scope, response, name, carried, max_age=max_age, http_only=True, same_site="strict")


def challenge_of(scope: Scope, headers: Headers) -> str:
    """What a passkey was to sign, or nothing."""
    return cookies_of(headers).get(_CHALLENGE + peer_of(scope).cookie_suffix(), "")


def take_back(scope: Scope, response: Response) -> None:
    """Have the client forget its session."""
    for name in (session_name(scope), *csrf_names(scope)):
        response.delete_cookie(name, _path(scope), secure=_is_secure(scope), samesite="lax")


def _give(
    scope: Scope,
    response: Response,
    name: str,
    value: str,
    *,
    max_age: int | None,
    http_only: bool,
    same_site: Literal["lax", "strict"] = "lax",
) -> None:
    response.set_cookie(
        name, value, max_age, path=_path(scope), secure=_is_secure(scope), httponly=http_only, samesite=same_site
    )


def _path(scope: Scope) -> str:
    return peer_of(scope).prefix or "/"


def _is_secure(scope: Scope) -> bool:
    return peer_of(scope).scheme == "https"
