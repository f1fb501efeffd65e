"""`/plugin/discovery/discovery.xml`: a machine as a device of UPnP, for who found it by SSDP (contract, section 11).

Invariants: it is open, and tells nothing but what is announced; where announcing is switched off there is none.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape

from starlette.requests import Request
from starlette.responses import Response

from mrdraw import __version__
from mrdraw.errors import NoSuchFile, NoSuchMachine
from mrdraw.server.context import absolute_url, machine, services
from mrdraw.server.describing import TEXT, About, Content
from mrdraw.server.discovery.announcement import DESCRIPTION, instance_of
from mrdraw.server.discovery.instances import Instance
from mrdraw.server.discovery.ssdp import DEVICE_TYPE
from mrdraw.server.routing import Route
from mrdraw.settings.discovery import ModelTree

_MANUFACTURER, _MANUFACTURER_URL = "The OctoPrint Project", "https://octoprint.org/"
"""Clients know a server of this API by the name of the project that made it (contract, section 11)."""
_MODEL = "MrDraw"
_LONGEST_NAME = 63
"""Characters of a friendly name (UPnP Device Architecture 1.1, 2.3)."""


async def description(request: Request) -> Response:
    """`GET /plugin/discovery/discovery.xml`."""
    known = services(request)
    tree = known.settings.current()
    if not tree.discovery.enabled:
        raise NoSuchFile("This server does not announce itself.")
    instance = await instance_of(known.hub, tree, machine(request).id)
    text = device_description(instance, tree.discovery.model, absolute_url(request, "/"))
    return Response(text, media_type="application/xml")


def device_description(instance: Instance, model: ModelTree, base: str) -> str:
    """The device as UPnP describes it; `base` is where its API begins."""
    members = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in _members(instance, model, base))
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<root xmlns="urn:schemas-upnp-org:device-1-0">'
        f"<specVersion><major>1</major><minor>0</minor></specVersion><device>{members}</device></root>\n"
    )


def _members(instance: Instance, model: ModelTree, base: str) -> Iterator[tuple[str, str]]:
    """In the order that UPnP asks for; what is not known is not there."""
    own = model.name is None
    found = (
        ("deviceType", DEVICE_TYPE),
        ("friendlyName", instance.title[:_LONGEST_NAME]),
        ("manufacturer", model.vendor or _MANUFACTURER),
        ("manufacturerURL", model.vendor_url or (None if model.vendor else _MANUFACTURER_URL)),
        ("modelDescription", model.description),
        ("modelName", model.name or _MODEL),
        ("modelNumber", model.number or (__version__ if own else None)),
        ("modelURL", model.url),
        ("serialNumber", model.serial),
        ("UDN", f"uuid:{instance.unique_id}"),
        ("presentationURL", base),
    )
    for name, value in found:
        if value:
            yield name, "".join(character for character in value if character.isprintable())


_ABOUT = About(
    "Describe a machine as a device of UPnP",
    {200: Content(("application/xml",), TEXT)},
    raises=(NoSuchFile, NoSuchMachine),
)

ROUTES = (Route("GET", f"/{DESCRIPTION}", description, None, open=True, about=_ABOUT),)
