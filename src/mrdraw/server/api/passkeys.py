"""`/api/v1/account/passkeys` and `/api/v1/account/sign-in`: the own passkeys, and logging in with one.

Invariants: a passkey is good for the origin by which the client reached this host, never one that the client names;
its challenge lies in a cookie of the browser that asked, which scripts cannot read and other sites do not send; making
and removing one needs a session whose user has just proved who it is, and no key can.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from mrdraw.accounts import passkeys as kept
from mrdraw.accounts.audit_entry import Action
from mrdraw.accounts.challenges import LIFETIME
from mrdraw.accounts.passkeys import Maker, Passkey
from mrdraw.accounts.webauthn import Json, Site, site_of
from mrdraw.errors import InvalidValue, NoSuchPasskey, NoSuchUser, NotPermitted, NotSupported, TooManyAttempts
from mrdraw.server.api.access import let_in
from mrdraw.server.context import (
    absolute_url,
    client_address,
    identity,
    json_body,
    optional_identity,
    require_person,
    services,
)
from mrdraw.server.cookies import challenge_of, give_challenge, session_of
from mrdraw.server.describing import (
    ANY,
    LOOSE_FLAG,
    NOTHING,
    NUMBER,
    TEXT,
    About,
    Body,
    by_name,
    many,
    maybe,
    object_of,
    said,
)
from mrdraw.server.records import Record
from mrdraw.server.responses import json_response, no_content
from mrdraw.server.routing import Route
from mrdraw.server.trying import counted_by
from mrdraw.server.values import is_true, mapping, text

_OWN = "/api/v1/account/passkeys"
_ONE = f"{_OWN}/{{passkey}}"
_SIGN_IN = "/api/v1/account/sign-in"


async def read(request: Request) -> Response:
    """`GET /api/v1/account/passkeys`, and why none can be made here, if that is so."""
    try:
        _site(request)
    except NotSupported as error:
        unavailable: str | None = str(error)
    else:
        unavailable = None
    return json_response({"passkeys": passkey_records(request, identity(request).name), "unavailable": unavailable})


async def begin(request: Request) -> Response:
    """`POST /api/v1/account/passkeys/challenge`: what the browser is asked to make."""
    options, carried = await services(request).accounts.passkeys.begin(_maker(request))
    return _asking(request, options, carried)


async def add(request: Request) -> Response:
    """`POST /api/v1/account/passkeys`: keep what the browser made."""
    maker, body = _maker(request), await json_body(request)
    name, made = text(body.get("name"), "name"), mapping(body.get("credential"), "credential")
    added = await services(request).accounts.passkeys.add(maker, _carried(request), name, made)
    return json_response(_record(added), 201)


async def rename(request: Request) -> Response:
    """`PATCH /api/v1/account/passkeys/<id>`."""
    user = require_person(request)
    name = text((await json_body(request)).get("name"), "name")
    await services(request).accounts.passkeys.rename(user, request.path_params["passkey"], name)
    return no_content()


async def remove(request: Request) -> Response:
    """`DELETE /api/v1/account/passkeys/<id>`: what it opened ends as well."""
    await services(request).accounts.passkeys.remove(require_person(request), request.path_params["passkey"])
    return no_content()


async def ask(request: Request) -> Response:
    """`POST /api/v1/account/sign-in/challenge`: what the browser is asked to sign."""
    options, carried = await services(request).accounts.passkeys.challenge(_site(request))
    return _asking(request, options, carried)


async def sign_in(request: Request) -> Response:
    """`POST /api/v1/account/sign-in`: log in with a passkey, or prove once more who one is."""
    accounts, site, body = services(request).accounts, _site(request), await json_body(request)
    answer = mapping(body.get("credential"), "credential")
    async with accounts.attempts.attempt(*_counted(request)):
        who = accounts.login_by_passkey(await accounts.passkeys.check(site, _carried(request), answer))
    return await let_in(request, who, remember=is_true(body.get("remember")), via="passkey")


def _counted(request: Request) -> tuple[str, ...]:
    """What failed tries are counted by; nobody is named, so there is no account to count by."""
    who = optional_identity(request)
    return (client_address(request),) if who is None else counted_by(request, who.name)


def _site(request: Request) -> Site:
    """The site as the client reached it. Raises `NotSupported` where browsers have no passkeys."""
    return site_of(absolute_url(request, "/"), services(request).settings.current().appearance.name or "MrDraw")


def _maker(request: Request) -> Maker:
    return Maker(require_person(request), session_of(request.scope, request.headers) or "", _site(request))


def _asking(request: Request, options: Json, carried: str) -> Response:
    response = json_response({"publicKey": options})
    give_challenge(request.scope, response, carried, max_age=int(LIFETIME))
    return response


def _carried(request: Request) -> str:
    return challenge_of(request.scope, request.headers)


def passkey_records(request: Request, user: str) -> list[Record]:
    """The passkeys of a user as clients read them."""
    return list(map(_record, services(request).accounts.passkeys.of_user(user)))


def _record(one: Passkey) -> Record:
    return {"id": one.id, "name": one.name, "site": one.site, "createdAt": one.created_at, "usedAt": one.used_at}


_TIME = said(NUMBER, "unix seconds")
PASSKEY = object_of(
    {
        "id": TEXT,
        "name": TEXT,
        "createdAt": _TIME,
        "usedAt": maybe(_TIME),
        "site": said(TEXT, "the host name that it is for"),
    }
)
_NAME = said({**TEXT, "minLength": 1, "maxLength": kept.LONGEST_NAME}, "how people call it")
_CREDENTIAL = said(by_name(ANY), "what the browser answered, as its toJSON gives it")
_OPTIONS = {200: object_of({"publicKey": said(by_name(ANY), "as parse…OptionsFromJSON takes it")})}
_ABOUT_READING = About(
    "The own passkeys",
    {200: object_of({"passkeys": many(PASSKEY), "unavailable": maybe(said(TEXT, "why none can be made here"))})},
)
_ABOUT_BEGINNING = About(
    "Begin a passkey: what the browser is asked to make",
    _OPTIONS,
    raises=(NotPermitted, NotSupported, InvalidValue),
)
_ABOUT_ADDING = About(
    "Keep a passkey that the browser made",
    {201: PASSKEY},
    body=Body(object_of({"name": _NAME, "credential": _CREDENTIAL})),
    raises=(NotPermitted, NotSupported, NoSuchUser),
)
_ABOUT_RENAMING = About(
    "Give an own passkey another name",
    NOTHING,
    body=Body(object_of({"name": _NAME})),
    raises=(NotPermitted, NoSuchPasskey),
)
_ABOUT_REMOVING = About("Remove an own passkey", NOTHING, raises=(NotPermitted, NoSuchPasskey))
_ABOUT_ASKING = About(
    "Begin a log-in with a passkey: what the browser is asked to sign", _OPTIONS, raises=(NotSupported,)
)
_ABOUT_SIGNING_IN = About(
    "Log in with a passkey, or prove once more who one is",
    {200: object_of({"name": TEXT, "session": TEXT})},
    body=Body(object_of({"credential": _CREDENTIAL, "remember?": LOOSE_FLAG})),
    raises=(NotPermitted, NotSupported, TooManyAttempts),
)

ROUTES = (
    Route("GET", _OWN, read, None, about=_ABOUT_READING),
    Route("POST", _OWN, add, None, about=_ABOUT_ADDING, audit=Action.PASSKEY_ADDED),
    Route("POST", f"{_OWN}/challenge", begin, None, about=_ABOUT_BEGINNING),
    Route("PATCH", _ONE, rename, None, about=_ABOUT_RENAMING),
    Route("DELETE", _ONE, remove, None, about=_ABOUT_REMOVING, audit=Action.PASSKEY_REMOVED),
    Route("POST", _SIGN_IN, sign_in, None, open=True, about=_ABOUT_SIGNING_IN, audit=Action.LOG_IN),
    Route("POST", f"{_SIGN_IN}/challenge", ask, None, open=True, about=_ABOUT_ASKING),
)
