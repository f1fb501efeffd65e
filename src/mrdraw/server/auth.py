"""The only place that turns a request into an identity (contract, section 0).

Invariants: without a known key or session every path that is not on the open list is answered 401 at once: before it
is known whether the path or the machine exists, and before a body is read; a key that nobody owns is nobody's, whatever
else came with it; a key never reaches a log; a request that only what a browser sends by itself authenticates (a
session cookie, Basic authentication, what a proxy puts before it) has to carry the CSRF pair as well. In the first run
the claim code lets through to its few routes, and to nothing else.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from mrdraw.accounts import PAGE_USER, Identity
from mrdraw.accounts.audit_entry import Action
from mrdraw.server.access_off import is_admitted
from mrdraw.server.auditing import note
from mrdraw.server.context import BASE, CLAIM, IDENTITY, MACHINE_ID, Services
from mrdraw.server.cookies import csrf_token_of, session_of
from mrdraw.server.errors import refusal
from mrdraw.server.form_key import key_in_form
from mrdraw.server.identity_sources import IdentitySources
from mrdraw.server.page import is_page_path

OPEN_PATHS = frozenset({
    "/api/login", "/api/logout", "/sockjs", "/online.txt", "/online.gif", "/robots.txt",
    "/plugin/discovery/discovery.xml", "/api/v1/login-methods", "/plugin/appkeys/probe", "/plugin/appkeys/request",
    "/api/v1/account/sign-in", "/api/v1/account/sign-in/challenge",
})  # fmt: skip
PUSH = "/sockjs/"
SIGN_ON = "/login/openid/"
OPEN_PREFIXES = (PUSH, "/plugin/appkeys/request/", "/plugin/appkeys/auth/")
"""What is answered without a key (contract, section 0), beside the page."""

FIRST_RUN = frozenset({
    ("POST", "/plugin/corewizard/acl"), ("GET", "/api/setup/wizard"), ("POST", "/api/setup/wizard"),
    ("GET", "/api/settings"), ("POST", "/api/settings"),
})  # fmt: skip
"""What the claim code lets through to."""
CLAIM_HEADER = "x-claim-code"

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_EXEMPT = frozenset({"/api/login", "/plugin/appkeys/request"})
_MACHINE = re.compile(r"^/machines/([^/]+)(/.*)$")

_ASK = "This needs an API key: in the header X-Api-Key, or for testing as the query parameter apikey."
_ASK_CLAIM = (
    "This needs an API key or, as there is no admin yet, the claim code in the header X-Claim-Code. The code stands on "
    "the terminal where MrDraw was started and in its log; the command `mrdraw claim` shows it."
)
_WRONG_CLAIM = (
    "The claim code is wrong. It stands on the terminal where MrDraw was started and in its log; after five wrong "
    "tries there is another one, which the command `mrdraw claim` shows."
)
_NO_CSRF = "CSRF validation failed: send the cookie's token in the header X-CSRF-Token, or use an API key."


class Authentication:
    """Stands before the application."""

    def __init__(self, app: ASGIApp, services: Services) -> None:
        self._app = app
        self._services = services
        self._sources = IdentitySources(services)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        _find_machine(scope)
        if scope["type"] == "websocket":
            await self._app(scope, receive, send)
            return
        refused, receive = await self._identify(scope, receive)
        if refused is not None:
            await refused(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _identify(self, scope: Scope, receive: Receive) -> tuple[Response | None, Receive]:
        """Put the identity into the scope, or say how the request is refused."""
        path, headers = scope["path"], Headers(scope=scope)
        is_open = path in OPEN_PATHS or path.startswith(OPEN_PREFIXES) or _is_page(scope)
        key = _key_of(scope, headers)
        by_key = self._services.accounts.identify_key(key) if key else None
        by_session = self._by_session(scope, headers) if by_key or key is None else None
        found = by_session or by_key
        if found is None and not is_open and _may_hold_form(scope, headers) and key is None:
            key, receive = await key_in_form(headers.get("content-type", ""), receive)
            found = by_key = self._services.accounts.identify_key(key) if key else None
        if found is None and key is None:
            found = await self._sources.find(scope, headers)
        scope[IDENTITY] = found
        if (scope["method"], path) in FIRST_RUN and await self._claims(headers):
            scope[CLAIM] = True
            return None, receive
        if found is None and not is_open:
            return self._anonymous(scope, headers), receive
        if by_key is None and found is not None and not self._has_csrf_pair(scope, headers):
            return refusal(400, _NO_CSRF), receive
        return None, receive

    async def _claims(self, headers: Headers) -> bool:
        """Whether the request came with the claim code of the first run."""
        code = headers.get(CLAIM_HEADER)
        return code is not None and await self._services.accounts.claim.matches(code)

    def _anonymous(self, scope: Scope, headers: Headers) -> Response:
        """The answer to nobody; a body that was announced is not read."""
        pending = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
        closing = {"connection": "close"} if pending else None
        if (scope["method"], scope["path"]) in FIRST_RUN and self._services.accounts.claim.is_open():
            if not headers.get(CLAIM_HEADER):
                return refusal(401, _ASK_CLAIM, closing)
            note(HTTPConnection(scope), Action.CLAIM)
            return refusal(401, _WRONG_CLAIM, closing)
        return refusal(self._services.settings.current().api.anonymous_status, _ASK, closing)

    def _by_session(self, scope: Scope, headers: Headers) -> Identity | None:
        token = session_of(scope, headers)
        found = self._services.accounts.identify_session(token) if token else None
        at_open_page = found is not None and found.name == PAGE_USER
        return None if at_open_page and not is_admitted(HTTPConnection(scope), self._services) else found

    def _has_csrf_pair(self, scope: Scope, headers: Headers) -> bool:
        if scope["method"] in _SAFE_METHODS or scope["path"] in _EXEMPT or scope["path"].startswith(PUSH):
            return True  # on the push channel a cookie authenticates nobody
        token = csrf_token_of(scope, headers)
        return token is not None and self._services.accounts.is_csrf_token(token)


def _is_page(scope: Scope) -> bool:
    """Whether the page or a part of it is asked for, or single sign-on; that has no machine's base before it."""
    path = scope["path"]
    known = is_page_path(path) or path.startswith(SIGN_ON)
    return scope["method"] in {"GET", "HEAD"} and known and MACHINE_ID not in scope


def _find_machine(scope: Scope) -> None:
    """Take `/machines/<id>` off the path, and slashes too many off its front."""
    path = scope["path"]
    if path.startswith("//"):
        path = "/" + path.lstrip("/")
    if match := _MACHINE.match(path):
        scope[MACHINE_ID] = match[1]
        scope[BASE] = f"/machines/{match[1]}"
        path = match[2]
    scope["path"] = path


def _key_of(scope: Scope, headers: Headers) -> str | None:
    """The key that came with the request, the first place that has one."""
    if b"apikey=" in scope["query_string"]:
        query: str = scope["query_string"].decode("latin-1")
        if found := parse_qs(query).get("apikey"):
            return found[0]
    if key := headers.get("x-api-key"):
        return str(key)
    kind, _, value = headers.get("authorization", "").partition(" ")
    return value.strip() if kind.lower() == "bearer" else None


def _may_hold_form(scope: Scope, headers: Headers) -> bool:
    kind = headers.get("content-type", "")
    form = kind.startswith(("multipart/form-data", "application/x-www-form-urlencoded"))
    return form and scope["method"] not in _SAFE_METHODS
