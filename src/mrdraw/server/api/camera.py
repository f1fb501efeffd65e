"""`/downloads/camera/current`: a picture of what the machine's camera sees now (contract, section 10).

Invariant: a client gets the picture from here and never the camera's address, which may hold a password.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from mrdraw.accounts import Permission
from mrdraw.cameras import snapshot
from mrdraw.errors import CameraFailed, NoSuchCamera
from mrdraw.server.context import machine, services
from mrdraw.server.describing import About, Content
from mrdraw.server.routing import Route

_ENDINGS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/gif": "gif"}


async def current(request: Request) -> Response:
    """`GET /downloads/camera/current`."""
    source = snapshot.snapshot_source(machine(request).settings.webcam)
    picture = await services(request).snapshots.take(source)
    headers = {
        "cache-control": "no-store",
        "content-disposition": f'attachment; filename="snapshot.{_ENDINGS[picture.kind]}"',
    }
    return Response(picture.content, 200, headers, picture.kind)


_ABOUT = About("Take a picture", {200: Content(snapshot.KINDS)}, raises=(NoSuchCamera, CameraFailed))

ROUTES = (Route("GET", "/downloads/camera/current", current, Permission.WEBCAM, about=_ABOUT),)
