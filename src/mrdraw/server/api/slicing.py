"""`/api/slicing`: no slicer is built in, and that is what clients are told (contract, 5.10)."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from mrdraw.accounts import Permission
from mrdraw.errors import NoSuchSlicer
from mrdraw.server.conditional import not_modified, validators
from mrdraw.server.describing import CONDITIONAL, About, object_of
from mrdraw.server.responses import json_response
from mrdraw.server.routing import Route

_SLICERS: Mapping[str, object] = {}
_NEVER_CHANGED = 0.0
"""The time since when there has been none, in unix s."""
_PROFILES = "/api/slicing/{slicer}/profiles"
_PROFILE = f"{_PROFILES}/{{key}}"


async def list_all(request: Request) -> Response:
    """`GET /api/slicing`."""
    headers = validators("none", _NEVER_CHANGED)
    return not_modified(request, headers, _NEVER_CHANGED) or json_response(_SLICERS, headers=headers)


async def refuse(request: Request) -> Response:
    """Whatever is asked of a slicer. Raises `NoSuchSlicer`."""
    raise NoSuchSlicer(
        f"There is no slicer {request.path_params['slicer']!r}: none is built in, /api/slicing is empty."
    )


_ABOUT_ALL = About("The slicers: none is built in", {200: object_of({}, closed=True), **CONDITIONAL})
_ABOUT_PROFILES = About("A slicer's profiles: none is built in", {}, raises=(NoSuchSlicer,))
_ABOUT_PROFILE = About("A slicer's profile: none is built in", {}, raises=(NoSuchSlicer,))

ROUTES = (
    Route("GET", "/api/slicing", list_all, Permission.SLICE, about=_ABOUT_ALL),
    Route("GET", _PROFILES, refuse, Permission.SLICE, about=_ABOUT_PROFILES),
    Route("GET", _PROFILE, refuse, Permission.SLICE, about=_ABOUT_PROFILE),
    Route("PUT", _PROFILE, refuse, Permission.SETTINGS, about=_ABOUT_PROFILE),
    Route("PATCH", _PROFILE, refuse, Permission.SETTINGS, about=_ABOUT_PROFILE),
    Route("DELETE", _PROFILE, refuse, Permission.SETTINGS, about=_ABOUT_PROFILE),
)
