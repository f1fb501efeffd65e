"""`/login/openid/<provider>`: a browser goes to a provider of OpenID Connect, and comes back as somebody.

Invariants: where a browser is sent to follows from the settings; what went wrong leads to the log-in page, which gets a
word for it and no text of anybody else's; a log-in that came back with what does not hold counts as a failed one of its
address.
"""

from __future__ import annotations

import logging
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from mrdraw.accounts.audit_entry import Action, Outcome
from mrdraw.errors import SignOnFailed, TooManyAttempts
from mrdraw.server.api.access import log_in, prove_again
from mrdraw.server.auditing import note, nothing_done
from mrdraw.server.context import absolute_url, client_address, services
from mrdraw.server.describing import FLAG, TEXT, About
from mrdraw.server.routing import Route
from mrdraw.server.sign_on.begun import cookie_of, sealed
from mrdraw.server.sign_on.flow import Arrival, Flow
from mrdraw.server.values import is_true

LOGGER = logging.getLogger(__name__)

_PRIVATE = {"cache-control": "no-store", "referrer-policy": "no-referrer"}
_ANSWER = ("code", "state", "iss", "error")


async def begin(request: Request) -> Response:
    """`GET /login/openid/<provider>`: the button of the log-in page leads here."""
    to, again = request.query_params.get("to", "/"), is_true(request.query_params.get("again"))
    try:
        address, begun = await _flow(request).begin(request.path_params["provider"], to, again=again)
    except SignOnFailed as error:
        return _failed(request, error, error.problem)
    response = RedirectResponse(address, 303, _PRIVATE)
    name, path, secure = cookie_of(_external_url(request))
    kept = sealed(begun, services(request).accounts)
    response.set_cookie(name, kept, max_age=600, path=path, secure=secure, httponly=True, samesite="lax")
    return response


async def come_back(request: Request) -> Response:
    """`GET /login/openid/<provider>/done`: the provider sends the browser back."""
    try:
        async with services(request).accounts.attempts.attempt(client_address(request)):
            arrival = await _arrival(request)
    except SignOnFailed as error:
        note(request, detail=error.problem, outcome=Outcome.REFUSED)
        response = _failed(request, error, error.problem)
    except TooManyAttempts as error:
        nothing_done(request)
        response = _failed(request, error, "too-many")
    else:
        response = RedirectResponse(f"{_home(request)}#{quote(arrival.to, safe='/?=&')}", 303, _PRIVATE)
        note(request, user=arrival.who.name, via="openid")
        if not (arrival.again and await prove_again(request, arrival.who, arrival.proven_at)):
            await log_in(request, response, arrival.who, arrival.proven_at)
    name, path, secure = cookie_of(_external_url(request))
    response.delete_cookie(name, path, secure=secure, httponly=True, samesite="lax")
    return response


async def _arrival(request: Request) -> Arrival:
    answer = {name: request.query_params[name] for name in _ANSWER if name in request.query_params}
    cookie = request.cookies.get(cookie_of(_external_url(request))[0])
    return await _flow(request).finish(request.path_params["provider"], answer, cookie)


def _failed(request: Request, error: Exception, problem: str) -> Response:
    LOGGER.warning("log-in with %r failed: %s", request.path_params["provider"][:40], error)
    return RedirectResponse(f"{_home(request)}#/sign-in?problem={problem}", 303, _PRIVATE)


def _flow(request: Request) -> Flow:
    flow: Flow = request.app.state.sign_on
    return flow


def _external_url(request: Request) -> str:
    """The address of the settings; without any provider there is none, and nothing is sent to anybody."""
    return services(request).settings.current().access_control.open_id.external_url or ""


def _home(request: Request) -> str:
    external_url = _external_url(request)
    return f"{external_url.rstrip('/')}/" if external_url else absolute_url(request, "/")


_AWAY = {303: None}
_ABOUT_BEGIN = About("Go to a provider to log in", _AWAY, query={"to": TEXT, "again": FLAG})
_ABOUT_DONE = About("Come back from a provider", _AWAY, query=dict.fromkeys(_ANSWER, TEXT))

ROUTES = (
    Route("GET", "/login/openid/{provider}", begin, None, open=True, about=_ABOUT_BEGIN),
    Route("GET", "/login/openid/{provider}/done", come_back, None, open=True, about=_ABOUT_DONE, audit=Action.LOG_IN),
)
