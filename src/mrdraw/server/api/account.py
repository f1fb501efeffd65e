"""`/api/v1/account/…`: one's own sessions and application keys, and for those who manage users everybody's.

Invariants: what is listed opens nothing (a session's token and a key are never told again); whoever may see an entry
may end it. A new key wants fresh credentials, and so does the end of one; a session can be ended at any time.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from mrdraw.accounts import API_USER, Permission
from mrdraw.accounts.application_keys import LONGEST_LIFE, ApplicationKey
from mrdraw.accounts.audit_entry import Action
from mrdraw.accounts.secrets import digest_of
from mrdraw.accounts.sessions import Session
from mrdraw.errors import InvalidValue, LimitExceeded, NoSuchKey, NoSuchSession, NoSuchUser, NotPermitted
from mrdraw.server.auditing import note
from mrdraw.server.context import identity, json_body, require_fresh, services
from mrdraw.server.cookies import session_of
from mrdraw.server.describing import (
    FLAG,
    NOTHING,
    NUMBER,
    TEXT,
    About,
    Body,
    many,
    maybe,
    object_of,
    said,
    words,
)
from mrdraw.server.responses import json_response, no_content
from mrdraw.server.routing import Route
from mrdraw.server.values import text, whole_number

_OWN = "/api/v1/account"
_ANY = "/api/v1/users/{name}"


# --- sessions ---------------------------------------------------------------------------------------------------------


async def sessions(request: Request) -> Response:
    """`GET …/sessions`: those that live, the one that was used last first."""
    own = _own_digest(request)
    found = services(request).accounts.sessions.of_user(_user(request))
    return json_response({"sessions": [_session(request, one, own) for one in found]})


async def end_session(request: Request) -> Response:
    """`DELETE …/sessions/<id>`."""
    await services(request).accounts.sessions.end(_user(request), request.path_params["session_id"])
    return no_content()


async def end_other_sessions(request: Request) -> Response:
    """`DELETE …/sessions`: all but the one that the request comes with."""
    await services(request).accounts.sessions.end_others(
        _user(request), session_of(request.scope, request.headers) or ""
    )
    return no_content()


def _own_digest(request: Request) -> str | None:
    """The digest of the session that the request comes with."""
    token = session_of(request.scope, request.headers) if identity(request).via == "session" else None
    return digest_of(token) if token else None


def _session(request: Request, session: Session, own: str | None) -> dict[str, object]:
    application = services(request).accounts.applications.find(session.fingerprint)
    return {
        "id": session.id,
        "current": session.digest == own,
        "by": "login" if session.salt is None else "request" if application is None else "application",
        "app": application.app if application else None,
        "address": session.origin.address,
        "agent": session.origin.agent,
        "remember": session.remember,
        "createdAt": session.created_at,
        "usedAt": session.used_at,
    }


# --- application keys -------------------------------------------------------------------------------------------------


async def keys(request: Request) -> Response:
    """`GET …/keys`."""
    return json_response(
        {"keys": [_key(one) for one in services(request).accounts.applications.of_user(_user(request))]}
    )


async def make_key(request: Request) -> Response:
    """`POST /api/v1/account/keys`: the key is told here and never again."""
    require_fresh(request)
    body, user = await json_body(request), _user(request)
    if user == API_USER:
        raise InvalidValue("An application key acts as a user, and the global key is no user's: log in as one.")
    days = None if body.get("days") is None else whole_number(body["days"], "days")
    app = text(body.get("app"), "app")
    note(request, subject=user, detail=f"application {app[:64]}")
    key = await services(request).accounts.applications.grant(user, app, days=days)
    made = services(request).accounts.applications.find(digest_of(key))
    if made is None:
        raise NoSuchKey("The key was revoked at once.")
    return json_response({"key": key, **_key(made)}, 201, {"cache-control": "no-store"})


async def revoke_key(request: Request) -> Response:
    """`DELETE …/keys/<id>`."""
    require_fresh(request)
    await services(request).accounts.applications.revoke(_user(request), request.path_params["key_id"])
    return no_content()


def _key(key: ApplicationKey) -> dict[str, object]:
    return {
        "id": key.id,
        "app": key.app,
        "address": key.address,
        "createdAt": key.created_at,
        "usedAt": key.used_at,
        "expiresAt": key.expires_at,
    }


def _user(request: Request) -> str:
    """Whose things are meant: those of the user in the path, or the caller's. Raises `NoSuchUser`."""
    name: str | None = request.path_params.get("name")
    if name is None:
        return identity(request).name
    services(request).accounts.user_record(name)
    return name


_TIME = said(NUMBER, "Unix s")
_ADDRESS = said(TEXT, "of the computer that began it; empty where nobody knows")
_SESSION = object_of(
    {
        "id": TEXT,
        "current": said(FLAG, "whether the request came with it"),
        "by": said(
            words("login", "request", "application"), "what it stands on; request: a key or what else came with one"
        ),
        "app": maybe(TEXT),
        "address": _ADDRESS,
        "agent": said(TEXT, "what the browser says of itself"),
        "remember": FLAG,
        "createdAt": _TIME,
        "usedAt": said(_TIME, "Unix s, within a minute"),
    }
)
_KEY_MEMBERS = {
    **dict.fromkeys(("id", "app"), TEXT),
    "address": said(TEXT, "of the computer that asked; empty for a key that was made by hand"),
    "createdAt": _TIME,
    "usedAt": maybe(said(_TIME, "Unix s, within a minute")),
    "expiresAt": maybe(_TIME),
}
_SESSIONS = {200: object_of({"sessions": many(_SESSION)})}
_KEYS = {200: object_of({"keys": many(object_of(_KEY_MEMBERS))})}
_DAYS = {"type": ["integer", "null"], "minimum": 1, "maximum": LONGEST_LIFE, "description": "until it ends by itself"}

_ABOUT_SESSIONS = About("One's own sessions", _SESSIONS)
_ABOUT_ENDING = About("End one of one's sessions", NOTHING, raises=(NoSuchSession,))
_ABOUT_ENDING_OTHERS = About("End all of one's sessions but this one", NOTHING)
_ABOUT_KEYS = About("One's own application keys", _KEYS)
_ABOUT_MAKING = About(
    "Make an application key; one of this name that was made here before is gone",
    {201: object_of({"key": TEXT, **_KEY_MEMBERS})},
    body=Body(object_of({"app": TEXT, "days?": _DAYS})),
    raises=(NotPermitted, NoSuchKey, NoSuchUser, LimitExceeded),
)
_ABOUT_REVOKING = About("Revoke one of one's application keys", NOTHING, raises=(NotPermitted, NoSuchKey))
_ABOUT_USERS_SESSIONS = About("The sessions of a user", _SESSIONS, raises=(NoSuchUser,))
_ABOUT_ENDING_USERS = About("End a session of a user", NOTHING, raises=(NoSuchUser, NoSuchSession))
_ABOUT_ENDING_ALL = About("End all sessions of a user, but not the caller's own", NOTHING, raises=(NoSuchUser,))
_ABOUT_USERS_KEYS = About("The application keys of a user", _KEYS, raises=(NoSuchUser,))
_ABOUT_REVOKING_USERS = About(
    "Revoke an application key of a user", NOTHING, raises=(NotPermitted, NoSuchUser, NoSuchKey)
)

_ADMIN, _MANAGE = Permission.ADMIN, Permission.PLUGIN_APPKEYS_ADMIN
_ENDED = Action.SESSIONS_ENDED
_ONE_SESSION, _ONE_KEY = "sessions/{session_id}", "keys/{key_id}"
ROUTES = (
    Route("GET", f"{_OWN}/sessions", sessions, None, about=_ABOUT_SESSIONS),
    Route("DELETE", f"{_OWN}/sessions", end_other_sessions, None, about=_ABOUT_ENDING_OTHERS, audit=_ENDED),
    Route("DELETE", f"{_OWN}/{_ONE_SESSION}", end_session, None, about=_ABOUT_ENDING, audit=_ENDED),
    Route("GET", f"{_OWN}/keys", keys, None, about=_ABOUT_KEYS),
    Route("POST", f"{_OWN}/keys", make_key, None, about=_ABOUT_MAKING, audit=Action.KEY_MADE),
    Route("DELETE", f"{_OWN}/{_ONE_KEY}", revoke_key, None, about=_ABOUT_REVOKING, audit=Action.KEY_REVOKED),
    Route("GET", f"{_ANY}/sessions", sessions, _ADMIN, about=_ABOUT_USERS_SESSIONS),
    Route("DELETE", f"{_ANY}/sessions", end_other_sessions, _ADMIN, about=_ABOUT_ENDING_ALL, audit=_ENDED),
    Route("DELETE", f"{_ANY}/{_ONE_SESSION}", end_session, _ADMIN, about=_ABOUT_ENDING_USERS, audit=_ENDED),
    Route("GET", f"{_ANY}/keys", keys, _MANAGE, about=_ABOUT_USERS_KEYS),
    Route("DELETE", f"{_ANY}/{_ONE_KEY}", revoke_key, _MANAGE, about=_ABOUT_REVOKING_USERS, audit=Action.KEY_REVOKED),
)
