"""`/plugin/appkeys/…`: an application asks for a key of its own, and a user decides (contract, 9.1).

Invariants: what an application is told without a key says nothing of the users; a key is answered once and never
shown again. The contract has one key for a user and an application, and returns it again when it is asked for again;
here each grant makes a new one (only hashes are kept, and section 15 lists the old way as a flaw).
"""

from __future__ import annotations

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from mrdraw.accounts import API_USER, Permission
from mrdraw.accounts.application_keys import ApplicationKey, checked_app
from mrdraw.accounts.audit_entry import Action
from mrdraw.accounts.secrets import digest_of
from mrdraw.errors import (
    InvalidValue,
    LimitExceeded,
    NoSuchKey,
    NoSuchRequest,
    NoSuchUser,
    NotPermitted,
    TooManyAttempts,
)
from mrdraw.server.access_requests import AccessRequest, AccessRequests
from mrdraw.server.auditing import note
from mrdraw.server.context import (
    BASE,
    absolute_url,
    client_address,
    command_body,
    identity,
    json_body,
    machine_id,
    require,
    require_fresh,
    services,
)
from mrdraw.server.describing import (
    ANY,
    LOOSE_FLAG,
    NOTHING,
    NUMBER,
    TEXT,
    About,
    Body,
    by_name,
    commands,
    many,
    maybe,
    object_of,
    said,
)
from mrdraw.server.responses import json_response, no_content
from mrdraw.server.routing import Route
from mrdraw.server.values import is_true, text

_PLUGIN = "/plugin/appkeys"
_KEYS = "/api/plugin/appkeys"
_COMMANDS: dict[str, tuple[str, ...]] = {"generate": ("app",), "revoke": ()}
_ONCE = {"cache-control": "no-store"}
_LONGEST_USER = 128


def requests(request: Request) -> AccessRequests:
    """The applications that wait."""
    known: AccessRequests = request.app.state.requests
    return known


# --- the application --------------------------------------------------------------------------------------------------


async def probe(_request: Request) -> Response:
    """`GET /plugin/appkeys/probe`: applications may ask here."""
    return no_content()


async def ask(request: Request) -> Response:
    """`POST /plugin/appkeys/request`: where to look for the decision, and where a browser makes it."""
    body = await json_body(request)
    app, user = checked_app(text(body.get("app"), "app")), _named_user(body.get("user"))
    made = requests(request).ask(app, user, client_address(request))
    dialog = absolute_url(request, f"{_PLUGIN}/auth/{made.app_token}") + (f"?user={quote(user)}" if user else "")
    location = absolute_url(request, f"{_PLUGIN}/request/{made.app_token}")
    return json_response({"app_token": made.app_token, "auth_dialog": dialog}, 201, {"location": location})


def _named_user(value: object) -> str | None:
    """Whom an application names; whether there is such a user is not for it to know. Raises `InvalidValue`."""
    name = "" if value is None else text(value, "user")
    if len(name) > _LONGEST_USER:
        raise InvalidValue(f"user has more than {_LONGEST_USER} characters.")
    return name or None


async def poll(request: Request) -> Response:
    """`GET /plugin/appkeys/request/<token>`: 202 until it is decided, then the key, once."""
    token: str = request.path_params["app_token"]
    if request.method == "HEAD":  # nobody would get the key
        requests(request).find(token)
        return Response(None, 202, _ONCE)
    decided = requests(request).poll(token)
    if decided is None:
        return json_response({"message": "Awaiting decision"}, 202, _ONCE)
    asked, user = decided
    note(request, Action.KEY_MADE, user=user, via="application", subject=user, detail=f"application {asked.app}")
    return json_response({"api_key": await _granted(request, asked, user)}, 200, _ONCE)


async def _granted(request: Request, asked: AccessRequest, user: str) -> str:
    """A new key. Raises `NoSuchRequest` where none can be made any more, for the application to ask anew."""
    try:
        return await services(request).accounts.applications.grant(user, asked.app, address=asked.address)
    except (NoSuchUser, LimitExceeded) as error:
        raise NoSuchRequest("The request was granted, but no key can be made for this user now.") from error


# --- the user ---------------------------------------------------------------------------------------------------------


async def dialog(request: Request) -> Response:
    """`GET /plugin/appkeys/auth/<token>`: to the page, which asks to log in first. Relative, so that any proxy's prefix
    stays; where to go afterwards (`redirect`) is not taken from outside.
    """
    asked = requests(request).find(request.path_params["app_token"])
    up = "../" * (5 if BASE in request.scope else 3)
    return RedirectResponse(f"{up}#/grant/{asked.user_token}", 302, {"cache-control": "no-store"})


async def decide(request: Request) -> Response:
    """`POST /plugin/appkeys/decision/<token>`."""
    require_fresh(request)
    body = await json_body(request)
    if "decision" not in body:
        raise InvalidValue('The decision is missing, as in {"decision": true}.')
    name, granted = _as_user(identity(request).name), is_true(body["decision"])
    asked = requests(request).decide(request.path_params["user_token"], name, granted=granted)
    note(request, subject=asked.app, detail="granted" if granted else "denied")
    return no_content()


async def look(request: Request) -> Response:
    """`GET /api/plugin/appkeys`: the keys, and the applications that wait for the caller's decision."""
    if "app" in request.query_params:
        return _one(request)
    known, who = services(request).accounts.applications, identity(request)
    everybody = "all" in request.query_params
    if everybody:
        require(request, Permission.PLUGIN_APPKEYS_ADMIN)
    keys = known.all() if everybody else known.of_user(who.name)
    waiting = [one for one in requests(request).undecided() if everybody or _may_decide(request, one)]
    return json_response(
        {"keys": [_record(key) for key in keys], "pending": {one.user_token: _pending(one) for one in waiting}}
    )


def _one(request: Request) -> Response:
    """`?app=…`: the newest key of an application. Raises `NoSuchKey`, `NotPermitted`."""
    user, app = _whose(request, request.query_params.get("user")), request.query_params["app"]
    for key in services(request).accounts.applications.of_user(user):
        if key.app.lower() == app.strip().lower():
            return json_response({"key": _record(key)})
    raise NoSuchKey(f"{user} has no key for the application {app}.")


async def act(request: Request) -> Response:
    """`POST /api/plugin/appkeys`: `generate` a key, `revoke` those of an application or the one that is named."""
    require_fresh(request)
    command, body = await command_body(request, _COMMANDS)
    return await (_generate if command == "generate" else _revoke)(request, body)


async def _generate(request: Request, body: dict[str, object]) -> Response:
    app, user = checked_app(text(body["app"], "app")), _as_user(_whose(request, body.get("user")))
    note(request, subject=user, detail=f"application {app}")
    key = await services(request).accounts.applications.grant(user, app)
    return json_response({"user_id": user, "app_id": app, "api_key": key}, headers=_ONCE)


async def _revoke(request: Request, body: dict[str, object]) -> Response:
    known = services(request).accounts.applications
    note(request, Action.KEY_REVOKED)
    if "key" in body:
        found = known.find(digest_of(text(body["key"], "key")))
        if found is None:
            raise NoSuchKey("This is no application key, or not any more.")
        note(request, subject=found.user, detail=f"application {found.app}")
        await known.revoke(_whose(request, found.user), found.id)
    elif "app" in body:
        user, app = _whose(request, body.get("user")), text(body["app"], "app").strip()
        note(request, subject=user, detail=f"application {app[:64]}")
        await known.revoke_app(user, app)
    else:
        raise InvalidValue("revoke needs the app, or the key itself.")
    return no_content()


def _whose(request: Request, named: object) -> str:
    """The user that a request is about: the caller or, for those who manage them all, anybody."""
    who = identity(request)
    name = who.name if named is None else text(named, "user")
    if name != who.name:
        require(request, Permission.PLUGIN_APPKEYS_ADMIN)
    return name


def _as_user(name: str) -> str:
    """The name of a user that a key can act as. Raises `InvalidValue`."""
    if name == API_USER:
        raise InvalidValue("An application key acts as a user, and the global key is no user's: name the user.")
    return name


def _may_decide(request: Request, asked: AccessRequest) -> bool:
    who = identity(request)
    return who.may(Permission.PLUGIN_APPKEYS_GRANT, machine_id(request)) and asked.is_for(who.name)


def _record(key: ApplicationKey) -> dict[str, object]:
    return {
        "app_id": key.app,
        "user_id": key.user,
        "id": key.id,
        "remote_address": key.address,
        "created_at": key.created_at,
        "used_at": key.used_at,
        "expires_at": key.expires_at,
    }


def _pending(asked: AccessRequest) -> dict[str, object]:
    return {
        "app_id": asked.app,
        "user_id": asked.user,
        "user_token": asked.user_token,
        "remote_address": asked.address,
    }


_TIME = said(NUMBER, "Unix s")
_KEY = object_of(
    {
        **dict.fromkeys(("app_id", "user_id", "id"), TEXT),
        "remote_address": said(TEXT, "of the computer that asked; empty for a key that was made by hand"),
        "created_at": _TIME,
        "used_at": maybe(_TIME),
        "expires_at": maybe(_TIME),
    }
)
_PENDING = object_of({**dict.fromkeys(("app_id", "user_token", "remote_address"), TEXT), "user_id": maybe(TEXT)})

_ABOUT_PROBE = About("Ask whether applications may ask for keys", NOTHING)
_ABOUT_ASKING = About(
    "Ask for a key for an application; its Location is where to look for the decision, every 5 s at least",
    {201: object_of({"app_token": TEXT, "auth_dialog": TEXT})},
    body=Body(object_of({"app": TEXT, "user?": maybe(TEXT)})),
    raises=(TooManyAttempts,),
)
_ABOUT_POLLING = About(
    "Look for the decision; the key is given once",
    {200: object_of({"api_key": TEXT}), 202: object_of({"message": TEXT})},
    raises=(NoSuchRequest,),
)
_ABOUT_DIALOG = About(
    "Where a browser makes the decision", {302: None}, query={"user": TEXT, "redirect": TEXT}, raises=(NoSuchRequest,)
)
_ABOUT_DECIDING = About(
    "Grant or deny an application's request",
    NOTHING,
    body=Body(object_of({"decision": LOOSE_FLAG})),
    raises=(NoSuchRequest, NotPermitted),
)
_ABOUT_LOOKING = About(
    "The application keys of the caller, of everybody (all), or the newest one of an application (app)",
    {200: object_of({"keys?": many(_KEY), "pending?": by_name(_PENDING), "key?": _KEY})},
    query={"all": ANY, "app": TEXT, "user": TEXT},
    raises=(NotPermitted, NoSuchKey),
)
_ABOUT_ACTING = About(
    "Make or revoke application keys",
    {200: object_of({"user_id": TEXT, "app_id": TEXT, "api_key": TEXT}), **NOTHING},
    body=commands(
        _COMMANDS, {"generate": {"app": TEXT, "user": TEXT}, "revoke": {"app": TEXT, "user": TEXT, "key": TEXT}}
    ),
    raises=(NotPermitted, NoSuchKey, NoSuchUser, LimitExceeded),
)

_GRANT = Permission.PLUGIN_APPKEYS_GRANT
_DECIDED = Action.APPLICATION_DECIDED
ROUTES = (
    Route("GET", f"{_PLUGIN}/probe", probe, None, open=True, about=_ABOUT_PROBE),
    Route("POST", f"{_PLUGIN}/request", ask, None, open=True, about=_ABOUT_ASKING),
    Route("GET", f"{_PLUGIN}/request/{{app_token}}", poll, None, open=True, about=_ABOUT_POLLING),
    Route("GET", f"{_PLUGIN}/auth/{{app_token}}", dialog, None, open=True, about=_ABOUT_DIALOG),
    Route(
        "POST",
        f"{_PLUGIN}/decision/{{user_token}}",
        decide,
        _GRANT,
        about=_ABOUT_DECIDING,
        audit=_DECIDED,
    ),
    Route("GET", _KEYS, look, None, about=_ABOUT_LOOKING),
    Route("POST", _KEYS, act, None, about=_ABOUT_ACTING, audit=Action.KEY_MADE),
)
