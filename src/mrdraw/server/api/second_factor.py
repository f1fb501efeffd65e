"""`/api/v1/account/second-factor`: the own second factor; `/api/v1/users/<name>/…`: taking away what somebody lost.

Invariants: a secret and recovery codes are answered once, when they are made; whatever makes or removes them needs a
session whose user has just proved who it is, and no key can. An admin sees and removes, and never makes.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from mrdraw.accounts import Permission
from mrdraw.accounts.audit_entry import Action
from mrdraw.errors import InvalidValue, NoSuchUser, NotPermitted, SecondFactorOn
from mrdraw.server.api.passkeys import PASSKEY, passkey_records
from mrdraw.server.context import identity, json_body, require_fresh, require_person, services
from mrdraw.server.cookies import session_of
from mrdraw.server.describing import COUNT, FLAG, NOTHING, NUMBER, TEXT, About, Body, many, maybe, object_of, said
from mrdraw.server.records import Record
from mrdraw.server.responses import json_response, no_content
from mrdraw.server.routing import Route
from mrdraw.server.values import text

_OWN = "/api/v1/account/second-factor"
_USER = "/api/v1/users/{name}"


async def read(request: Request) -> Response:
    """`GET /api/v1/account/second-factor`."""
    return json_response(_record(request, identity(request).name))


async def begin(request: Request) -> Response:
    """`POST /api/v1/account/second-factor`: a secret, which counts once a code of it was typed."""
    name, known = require_person(request), services(request)
    host = known.settings.current().appearance.name or "MrDraw"
    made = await known.accounts.second_factors.begin(name, host)
    return json_response({"secret": made.secret, "uri": made.uri})


async def confirm(request: Request) -> Response:
    """`POST /api/v1/account/second-factor/confirm`: switch it on; the recovery codes."""
    name = require_person(request)
    code = text((await json_body(request)).get("code"), "code")
    codes = await services(request).accounts.second_factors.confirm(
        name, code, session_of(request.scope, request.headers) or ""
    )
    return json_response({"recoveryCodes": codes})


async def renew_codes(request: Request) -> Response:
    """`POST /api/v1/account/second-factor/recovery-codes`: new ones, the old ones are gone."""
    name = require_person(request)
    return json_response({"recoveryCodes": await services(request).accounts.second_factors.renew_recovery_codes(name)})


async def switch_off(request: Request) -> Response:
    """`DELETE /api/v1/account/second-factor`."""
    await services(request).accounts.second_factors.remove(require_person(request))
    return no_content()


async def read_of_user(request: Request) -> Response:
    """`GET /api/v1/users/<name>/factors`: what a user proves oneself with beside the password."""
    name: str = request.path_params["name"]
    services(request).accounts.user_record(name)
    return json_response({"secondFactor": _record(request, name), "passkeys": passkey_records(request, name)})


async def switch_off_of_user(request: Request) -> Response:
    """`DELETE /api/v1/users/<name>/second-factor`: for who lost it."""
    require_fresh(request)
    await services(request).accounts.second_factors.remove(request.path_params["name"])
    return no_content()


async def remove_passkeys_of_user(request: Request) -> Response:
    """`DELETE /api/v1/users/<name>/passkeys`: all of them."""
    require_fresh(request)
    await services(request).accounts.passkeys.remove_all(request.path_params["name"])
    return no_content()


def _record(request: Request, name: str) -> Record:
    standing = services(request).accounts.second_factors.standing(name)
    return {
        "enabled": standing.since is not None,
        "since": standing.since,
        "recoveryCodes": standing.recovery_codes,
    }


_STANDING = object_of(
    {
        "enabled": FLAG,
        "since": maybe(said(NUMBER, "unix seconds")),
        "recoveryCodes": said(COUNT, "that were not used yet"),
    }
)
_CODES = {200: object_of({"recoveryCodes": many(TEXT)})}
_ABOUT_READING = About("How the own second factor stands", {200: _STANDING})
_ABOUT_BEGINNING = About(
    "Begin a second factor: its secret, shown this once",
    {200: object_of({"secret": said(TEXT, "base32"), "uri": said(TEXT, "otpauth://…, for a QR code")})},
    raises=(NotPermitted, NoSuchUser, SecondFactorOn),
)
_ABOUT_CONFIRMING = About(
    "Switch the second factor on with its first code; the recovery codes, shown this once",
    _CODES,
    body=Body(object_of({"code": TEXT})),
    raises=(NotPermitted, SecondFactorOn),
)
_ABOUT_CODES = About("New recovery codes; the old ones are gone", _CODES, raises=(NotPermitted, InvalidValue))
_ABOUT_OFF = About("Switch the own second factor off", NOTHING, raises=(NotPermitted, NoSuchUser))
_ABOUT_USER = About(
    "What a user proves oneself with beside the password",
    {200: object_of({"secondFactor": _STANDING, "passkeys": many(PASSKEY)})},
    raises=(NoSuchUser,),
)
_ABOUT_USER_OFF = About("Take a user's second factor away", NOTHING, raises=(NotPermitted, NoSuchUser))
_ABOUT_USER_PASSKEYS = About("Take a user's passkeys away", NOTHING, raises=(NotPermitted, NoSuchUser))

_ADMIN = Permission.ADMIN
_REMOVED, _NO_PASSKEYS = Action.SECOND_FACTOR_REMOVED, Action.PASSKEY_REMOVED
ROUTES = (
    Route("GET", _OWN, read, None, about=_ABOUT_READING),
    Route("POST", _OWN, begin, None, about=_ABOUT_BEGINNING),
    Route("DELETE", _OWN, switch_off, None, about=_ABOUT_OFF, audit=_REMOVED),
    Route("POST", f"{_OWN}/confirm", confirm, None, about=_ABOUT_CONFIRMING, audit=Action.SECOND_FACTOR_SET),
    Route("POST", f"{_OWN}/recovery-codes", renew_codes, None, about=_ABOUT_CODES, audit=Action.RECOVERY_CODES),
    Route("GET", f"{_USER}/factors", read_of_user, _ADMIN, about=_ABOUT_USER),
    Route(
        "DELETE",
        f"{_USER}/second-factor",
        switch_off_of_user,
        _ADMIN,
        about=_ABOUT_USER_OFF,
        audit=_REMOVED,
    ),
    Route(
        "DELETE",
        f"{_USER}/passkeys",
        remove_passkeys_of_user,
        _ADMIN,
        about=_ABOUT_USER_PASSKEYS,
        audit=_NO_PASSKEYS,
    ),
)
