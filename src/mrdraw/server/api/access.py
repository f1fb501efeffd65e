"""`/api/login`, `/api/logout`, `/api/currentuser`: who one is (contract, 2.4).

Invariants: a passive log-in needs no password and says who the caller is; an active one is limited per address and
account; a session's cookie is sent only to those who logged in with a password.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from mrdraw.accounts import PAGE_USER, Identity, Tokens
from mrdraw.accounts.audit_entry import Action
from mrdraw.accounts.sessions import Origin
from mrdraw.errors import InvalidValue, NoSuchUser, NotPermitted, SecondFactorWanted, TooLarge, TooManyAttempts
from mrdraw.events import UserLoggedIn, UserLoggedOut
from mrdraw.server.access_off import comes_from_our_page, is_admitted
from mrdraw.server.auditing import note, nothing_done
from mrdraw.server.context import client_address, is_json, limited_body, machine_id, optional_identity, services
from mrdraw.server.cookies import give_csrf_token, give_session, lacks_csrf_token, session_of, take_back
from mrdraw.server.describing import (
    ANY,
    FLAG,
    JSON,
    LOOSE_FLAG,
    TEXT,
    URLENCODED,
    About,
    Body,
    either,
    many,
    maybe,
    object_of,
    said,
)
from mrdraw.server.responses import json_response
from mrdraw.server.routing import Route
from mrdraw.server.trying import counted_by
from mrdraw.server.values import is_true, text

_REMEMBERED = 90 * 24 * 3600
_BY_ITSELF = frozenset({"authheader", "remote_user"})
"""What a browser sends, or a proxy adds, with every request."""
_TOKENS = {"totp": "mfa-totp-token", "recovery": "mfa-recovery-token"}
_GUEST: dict[str, Any] = {
    "needs": {"role": [], "group": ["guests"]},
    "_is_external_client": False,
    "_credentials_seen": False,
}


async def login(request: Request) -> Response:
    """`POST /api/login`, active and passive."""
    body = await _members(request)
    if "user" in body or "pass" in body:
        return await _active(request, body)
    nothing_done(request)
    if "passive" in body:
        return await _passive(request)
    raise InvalidValue('A log-in needs "user" and "pass", or "passive".')


async def _active(request: Request, body: dict[str, Any]) -> Response:
    accounts = services(request).accounts
    name, password = body.get("user"), body.get("pass")
    if not isinstance(name, str) or not isinstance(password, str):
        raise InvalidValue('A log-in needs "user" and "pass", both text.')
    if accounts.knows(name):  # a password that was typed in the wrong field is in no log
        note(request, subject=name)
    remember = is_true(body.get("remember"))
    again = not remember and _has_session_of(request, name)
    async with accounts.attempts.attempt(*counted_by(request, name)):
        who = await (
            accounts.reauthenticate(name, password) if again else accounts.login(name, password, _tokens(body))
        )
    return await let_in(request, who, remember=remember)


def _tokens(body: Mapping[str, object]) -> Tokens:
    """The second factor as clients of OctoPrint send it: `mfa-<kind>-token`. Raises `InvalidValue`."""
    return Tokens(**{kind: text(body.get(name, ""), name) for kind, name in _TOKENS.items()})


async def let_in(request: Request, who: Identity, *, remember: bool, via: str = "password") -> Response:
    """Answer somebody who proved who it is: a session is opened, or the user's own one is as fresh as a new one."""
    note(request, user=who.name, via=via)
    accounts, session = services(request).accounts, session_of(request.scope, request.headers)
    if session is not None and not remember and _has_session_of(request, who.name):
        remember = await accounts.prove_session(session)
    else:
        session = await accounts.open_session(who, remember=remember, origin=origin_of(request))
    response = json_response(accounts.login_record(who, session, "password", machine_id(request)))
    _set_cookies(request, response, session, remember=remember)
    services(request).hub.bus.publish(None, UserLoggedIn(username=who.name))
    return response


def _has_session_of(request: Request, name: str) -> bool:
    """Whether the request comes with a session that this user opened, not one of a key."""
    before = optional_identity(request)
    return before is not None and before.name == name and before.proven_at is not None


async def stay_logged_in(request: Request, response: Response, who: Identity, *, remember: bool = False) -> None:
    """Give a browser a session that stands on what its user has just typed."""
    session = await services(request).accounts.open_session(who, remember=remember, origin=origin_of(request))
    _set_cookies(request, response, session, remember=remember)


def origin_of(request: Request) -> Origin:
    """Where a session is begun with this request."""
    return Origin(client_address(request), request.headers.get("user-agent", ""))


async def log_in(request: Request, response: Response, who: Identity, proven_at: float) -> None:
    """Give a browser a session of somebody who proved elsewhere, at that time (Unix s), who that is."""
    note(request, user=who.name, via="openid")
    accounts = services(request).accounts
    session = await accounts.open_session(who, origin=origin_of(request))
    await accounts.sessions.prove(session, proven_at)
    _set_cookies(request, response, session, remember=False)
    services(request).hub.bus.publish(None, UserLoggedIn(username=who.name))


async def prove_again(request: Request, who: Identity, proven_at: float) -> bool:
    """Note in the browser's own session when its user proved that anew; whether it is this user's."""
    before, session = optional_identity(request), session_of(request.scope, request.headers)
    if before is None or session is None or before.via != "session" or before.name != who.name:
        return False
    await services(request).accounts.sessions.prove(session, proven_at)
    return True


def _set_cookies(request: Request, response: Response, session: str, *, remember: bool) -> None:
    age = _REMEMBERED if remember else None
    give_session(request.scope, response, session, max_age=age)
    give_csrf_token(request.scope, response, services(request).accounts.new_csrf_token(), max_age=age)


async def _passive(request: Request) -> Response:
    accounts = services(request).accounts
    who = optional_identity(request)
    if who is None or who.name == PAGE_USER:
        return _open_page(request)
    session = session_of(request.scope, request.headers) if who.via == "session" else None
    token = session or await accounts.open_session(who, origin=origin_of(request))
    response = json_response(accounts.login_record(who, token, accounts.mechanism_of(who), machine_id(request)))
    comes_by_itself = session is not None or who.via in _BY_ITSELF  # so that it needs the CSRF pair
    if comes_by_itself and lacks_csrf_token(request.scope, request.headers):
        give_csrf_token(request.scope, response, accounts.new_csrf_token())
    return response


def _open_page(request: Request) -> Response:
    """The answer to nobody: while access control is off, and to those who are near, the page's session."""
    known = services(request)
    page = known.accounts.open_page
    who = page.identity() if comes_from_our_page(request) and is_admitted(request, known) else None
    if who is None:
        return json_response(_GUEST)
    response = json_response(known.accounts.login_record(who, page.token(), "autologin"))
    _set_cookies(request, response, page.token(), remember=False)
    return response


async def logout(request: Request) -> Response:
    """`POST /api/logout`."""
    who, session = optional_identity(request), session_of(request.scope, request.headers)
    response = json_response({"needs": _GUEST["needs"]})
    if who is None or session is None:
        nothing_done(request)
    else:
        await services(request).accounts.close_session(session)
        services(request).hub.bus.publish(None, UserLoggedOut(username=who.name))
    take_back(request.scope, response)
    return response


async def current_user(request: Request) -> Response:
    """`GET /api/currentuser`."""
    return json_response(_current(optional_identity(request), machine_id(request)))


def _current(who: Identity | None, on: str) -> dict[str, object]:
    if who is None:
        return {"name": None, "permissions": [], "groups": ["guests"]}
    return {"name": who.name, "permissions": sorted(who.permissions_on(on)), "groups": list(who.groups)}


async def _members(request: Request) -> dict[str, Any]:
    """The members of a log-in: JSON, a form or the query. Raises `InvalidValue`."""
    members: dict[str, Any] = dict(request.query_params)
    body = await limited_body(request)
    if not body:
        return members
    if is_json(request.headers.get("content-type", "")):
        try:
            decoded = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise InvalidValue(f"The body is no JSON: {error}.") from error
        if not isinstance(decoded, dict):
            raise InvalidValue('The body has to be a JSON object, as in {"passive": true}.')
        return members | decoded
    form = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
    return members | {name: values[-1] for name, values in form.items()}


_NEEDS = object_of({"role": many(TEXT), "group": many(TEXT)})
_TOKEN_MEMBERS = {
    "mfa-totp-token": said(TEXT, "the code of an authenticator app, where a second factor is on"),
    "mfa-recovery-token": said(TEXT, "or a recovery code"),
}
_LOG_IN = object_of(
    {
        "user?": TEXT,
        "pass?": TEXT,
        "remember?": LOOSE_FLAG,
        "passive?": ANY,
        **{f"{name}?": shape for name, shape in _TOKEN_MEMBERS.items()},
    }
)
_WHO = object_of({"needs": _NEEDS, "_is_external_client": FLAG, "_credentials_seen": either(FLAG, TEXT)})
_ABOUT_LOGIN = About(
    "Log in with a name and a password, or ask who one is (passive)",
    {200: _WHO},
    body=Body(_LOG_IN, (JSON, URLENCODED), errors=(InvalidValue, TooLarge), required=False),
    query={"user": TEXT, "pass": TEXT, "remember": LOOSE_FLAG, "passive": ANY, **_TOKEN_MEMBERS},
    raises=(NotPermitted, SecondFactorWanted, NoSuchUser, TooManyAttempts),
)
_ABOUT_LOGOUT = About("End the session", {200: object_of({"needs": _NEEDS})})
_ABOUT_CURRENT = About(
    "Who one is, and what one may",
    {200: object_of({"name": maybe(TEXT), "permissions": many(TEXT), "groups": many(TEXT)})},
)

ROUTES = (
    Route("POST", "/api/login", login, None, open=True, about=_ABOUT_LOGIN, audit=Action.LOG_IN),
    Route("POST", "/api/logout", logout, None, open=True, about=_ABOUT_LOGOUT, audit=Action.LOG_OUT),
    Route("GET", "/api/currentuser", current_user, None, about=_ABOUT_CURRENT),
)
