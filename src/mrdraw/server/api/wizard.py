"""`/api/setup/wizard` and `/plugin/corewizard/acl`: the first run (contract, sections 0 and 5.12).

Invariants: the first admin is made by whoever has the claim code, once, and by nobody else; access control cannot be
turned off here.
"""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from mrdraw.accounts import Permission
from mrdraw.accounts.audit_entry import Action
from mrdraw.errors import InvalidValue, NoClaim, NotPermitted, UserExists
from mrdraw.server.auditing import note
from mrdraw.server.context import claimed, json_body, services
from mrdraw.server.describing import ANY, FLAG, NOTHING, TEXT, WHOLE, About, Body, by_name, many, maybe, object_of
from mrdraw.server.responses import json_response, no_content
from mrdraw.server.routing import Route
from mrdraw.server.values import sequence, text

_VERSION = 1
"""Of the wizard's pages; it is raised when there is a new one that everybody should see."""


async def read(request: Request) -> Response:
    """`GET /api/setup/wizard`."""
    required = services(request).accounts.claim.is_open()
    core = {"required": required, "details": {"acl": {"required": required}}, "version": _VERSION, "ignored": False}
    return json_response({"corewizard": core})


async def finish(request: Request) -> Response:
    """`POST /api/setup/wizard`: which pages were gone through; an admin, not this, ends the first run."""
    body = await json_body(request)
    if "handled" not in body:
        raise InvalidValue('The wizard needs "handled", the list of the ids that were gone through.')
    for handled in sequence(body["handled"], "handled"):
        text(handled, "handled")
    return no_content()


async def make_admin(request: Request) -> Response:
    """`POST /plugin/corewizard/acl`: the first admin."""
    if not claimed(request):
        raise NotPermitted("The first admin is made with the claim code, in the first run only.")
    name, password = _checked(await json_body(request))
    note(request, subject=name)
    await asyncio.to_thread(services(request).accounts.add_first_admin, name, password)
    return no_content()


def _checked(body: dict[str, object]) -> tuple[str, str]:
    """The name and the password. Raises `InvalidValue`."""
    if body.get("ac") is not True:
        raise InvalidValue(
            'The first run needs "ac": true, "user", "pass1" and "pass2". Access control can be turned off in the file '
            "config.yaml only."
        )
    name, password, again = (text(body.get(member), member) for member in ("user", "pass1", "pass2"))
    if password != again:
        raise InvalidValue("The two passwords differ; pass1 and pass2 have to be the same.")
    return name, password


_ABOUT_READING = About(
    "What of the first run is left to do",
    {200: by_name(object_of({"required": FLAG, "details": by_name(ANY), "version": maybe(WHOLE), "ignored": FLAG}))},
)
_ABOUT_FINISHING = About(
    "Say which pages of the first run were gone through", NOTHING, body=Body(object_of({"handled": many(TEXT)}))
)
_ABOUT_ADMIN = About(
    "Make the first admin, with the claim code in the header X-Claim-Code",
    NOTHING,
    body=Body(object_of({"ac": {"const": True}, "user": TEXT, "pass1": TEXT, "pass2": TEXT})),
    raises=(NotPermitted, UserExists, NoClaim),
)

ROUTES = (
    Route("GET", "/api/setup/wizard", read, Permission.ADMIN, about=_ABOUT_READING),
    Route("POST", "/api/setup/wizard", finish, Permission.ADMIN, about=_ABOUT_FINISHING),
    Route("POST", "/plugin/corewizard/acl", make_admin, None, about=_ABOUT_ADMIN, audit=Action.FIRST_ADMIN),
)
