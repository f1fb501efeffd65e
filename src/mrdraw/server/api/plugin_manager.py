"""`/plugin/pluginmanager/…` and `/api/plugin/pluginmanager`: which bundled plugins' APIs are answered (contract, 9.2).

Invariants: the list holds what MrDraw does, under the ids by which clients look for it, and nothing else; none of it
can be installed, removed or switched, and an attempt is refused with that reason and changes nothing.
"""

from __future__ import annotations

import sys
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from mrdraw import __version__
from mrdraw.accounts import Permission
from mrdraw.errors import NoSuchFile, NotSupported
from mrdraw.server.api.version import COMPATIBLE_VERSION
from mrdraw.server.context import command_body
from mrdraw.server.describing import (
    ANY,
    FLAG,
    MULTIPART,
    NOTHING,
    TEXT,
    About,
    Body,
    by_name,
    commands,
    many,
    maybe,
    object_of,
)
from mrdraw.server.responses import json_response, no_content
from mrdraw.server.routing import Route
from mrdraw.server.values import text

BUNDLED = {
    "classicwebcam": ("Camera", "Shows a camera by its URLs."),
    "corewizard": ("First run", "Makes the first admin."),
    "discovery": ("Discovery", "Makes the machines known in the network, by mDNS and SSDP."),
    "gcodeviewer": ("Path view", "Shows the path of a file."),
    "health_check": ("Health check", "Says whether there is room on the disk."),
    "logging": ("Logs", "Shows the log files."),
    "pluginmanager": ("Plugins", "Says which plugins' APIs are answered."),
    "softwareupdate": ("Updates", "Says which release this is."),
    "virtual_printer": ("Simulated machine", "Offers a machine that is not there."),
}
"""By the id that clients know: the name, and what it does."""

_COMMANDS: dict[str, tuple[str, ...]] = {
    "install": ("url",),
    "uninstall": ("plugin",),
    "enable": ("plugin",),
    "disable": ("plugin",),
    "cleanup": ("plugin",),
    "cleanup_all": (),
    "refresh_repository": (),
    "clear_queued_plugin": ("plugin",),
    "clear_queued_installs": (),
}
_NO_INSTALL = "MrDraw takes no plugins of OctoPrint: what it can do is built in."
_REPOSITORY: dict[str, Any] = {"available": False, "plugins": []}


def _entry(key: str) -> dict[str, Any]:
    name, description = BUNDLED[key]
    flags = ("blacklisted", "forced_disabled", "incompatible", "managable", "pending_disable", "pending_enable",
             "pending_install", "pending_uninstall", "safe_mode_victim", "disabling_discouraged")  # fmt: skip
    nothing = ("notifications", "privacypolicy", "python", "url")
    return {
        "key": key, "name": name, "description": description, "author": "MrDraw", "license": "Apache-2.0",
        "version": __version__, "bundled": True, "enabled": True, "origin": "module", "attributes": [],
        **dict.fromkeys(flags, False), **dict.fromkeys(nothing),
    }  # fmt: skip


def _list() -> dict[str, Any]:
    pip = {"available": False, "version": None, "install_dir": None, "use_user": False, "virtual_env": False,
           "additional_args": None, "python": None}  # fmt: skip
    return {
        "plugins": [_entry(key) for key in BUNDLED],
        "octoprint": COMPATIBLE_VERSION,
        "online": False,
        "os": sys.platform,
        "pip": pip,
    }


async def plugins(_request: Request) -> Response:
    """`GET /plugin/pluginmanager/plugins`."""
    return json_response(_list())


async def versions(_request: Request) -> Response:
    """`GET /plugin/pluginmanager/plugins/versions`."""
    return json_response(dict.fromkeys(BUNDLED, __version__))


async def plugin(request: Request) -> Response:
    """`GET /plugin/pluginmanager/plugins/<key>`."""
    return json_response({"plugin": _entry(_known(request.path_params["key"]))})


async def repository(_request: Request) -> Response:
    """`GET /plugin/pluginmanager/repository`."""
    return json_response({"repository": _REPOSITORY})


async def orphans(_request: Request) -> Response:
    """`GET /plugin/pluginmanager/orphans`."""
    return json_response({"orphan_data": {}})


async def export(_request: Request) -> Response:
    """`GET /plugin/pluginmanager/export`: what was installed."""
    return json_response([])


async def everything(_request: Request) -> Response:
    """`GET /api/plugin/pluginmanager`: all of it at once, for old clients."""
    record = {"repository": _REPOSITORY, "orphan_data": {}, "safe_mode": False, "supported_extensions": {}}
    return json_response({**_list(), **record})


async def act(request: Request) -> Response:
    """`POST /api/plugin/pluginmanager`."""
    command, body = await command_body(request, _COMMANDS)
    if command == "refresh_repository":
        return json_response({"repository": _REPOSITORY})
    if command in {"cleanup_all", "clear_queued_plugin", "clear_queued_installs"}:
        return no_content()  # nothing lies there
    if command == "install":
        raise NotSupported(_NO_INSTALL)
    key = _known(text(body["plugin"], "plugin"))
    raise NotSupported(f"{key} is a part of MrDraw, it cannot be removed or switched off.")


async def upload(_request: Request) -> Response:
    """`POST /plugin/pluginmanager/upload_file`."""
    raise NotSupported(_NO_INSTALL)


def _known(key: str) -> str:
    if key not in BUNDLED:
        raise NoSuchFile(f"There is no plugin {key!r}. Plugins are: {', '.join(BUNDLED)}.")
    return key


_ENTRY = object_of({"key": TEXT, "name": TEXT, "version": TEXT, "enabled": FLAG, "bundled": FLAG})
_LIST = {"plugins": many(_ENTRY), "octoprint": TEXT, "online": FLAG, "os": TEXT, "pip": ANY}
_SHELF = object_of({"available": FLAG, "plugins": many(ANY)})
_ABOUT_ALL = About(
    "List plugins and all about them",
    {
        200: object_of(
            {**_LIST, "repository": _SHELF, "orphan_data": ANY, "safe_mode": FLAG, "supported_extensions": ANY}
        )
    },
)
_NAMED = {"plugin": TEXT}
_ABOUT_ACT = About(
    "Change plugins",
    {200: object_of({"repository": _SHELF}), **NOTHING},
    body=commands(
        _COMMANDS,
        {"install": {"url": TEXT}, **{name: _NAMED for name, needs in _COMMANDS.items() if "plugin" in needs}},
    ),
    raises=(NoSuchFile, NotSupported),
)
_ABOUT_UPLOAD = About(
    "Install a plugin from a file",
    {},
    body=Body(object_of({}), (MULTIPART,), (), required=False),
    raises=(NotSupported,),
)

_P = Permission
_HERE = "/plugin/pluginmanager"
ROUTES = (
    Route(
        "GET", f"{_HERE}/plugins", plugins, _P.PLUGIN_PLUGINMANAGER_MANAGE,
        about=About("List plugins", {200: object_of(_LIST)}),
    ),
    Route(
        "GET", f"{_HERE}/plugins/versions", versions, _P.PLUGIN_PLUGINMANAGER_LIST,
        about=About("List the versions of plugins", {200: by_name(maybe(TEXT))}),
    ),
    Route(
        "GET", f"{_HERE}/plugins/{{key}}", plugin, _P.PLUGIN_PLUGINMANAGER_MANAGE,
        about=About("Read about a plugin", {200: object_of({"plugin": _ENTRY})}, raises=(NoSuchFile,)),
    ),
    Route(
        "GET", f"{_HERE}/repository", repository, _P.PLUGIN_PLUGINMANAGER_MANAGE,
        about=About("List plugins that could be installed", {200: object_of({"repository": _SHELF})}),
    ),
    Route(
        "GET", f"{_HERE}/orphans", orphans, _P.PLUGIN_PLUGINMANAGER_MANAGE,
        about=About("List what removed plugins left", {200: object_of({"orphan_data": ANY})}),
    ),
    Route(
        "GET", f"{_HERE}/export", export, _P.PLUGIN_PLUGINMANAGER_MANAGE,
        about=About("List installed plugins", {200: many(ANY)}),
    ),
    Route("POST", f"{_HERE}/upload_file", upload, _P.PLUGIN_PLUGINMANAGER_INSTALL, about=_ABOUT_UPLOAD),
    Route("GET", "/api/plugin/pluginmanager", everything, _P.PLUGIN_PLUGINMANAGER_MANAGE, about=_ABOUT_ALL),
    Route("POST", "/api/plugin/pluginmanager", act, _P.PLUGIN_PLUGINMANAGER_MANAGE, about=_ABOUT_ACT),
)  # fmt: skip
