"""The settings as clients read them: the contract's names and places (5.9), with what this reader may not see left out.

Invariants: the sections of a machine are those of the machine that is asked for; the global key is shown to those who
are told to see it and to nobody else; what plugins keep, which may be secrets, only to those who may change settings;
no path of a TLS key stands here, and nobody's password.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from mrdraw.accounts import Identity, Permission
from mrdraw.hub import Machine
from mrdraw.server.api.connection import baudrate_options, port_options
from mrdraw.server.controls_record import controls_record
from mrdraw.settings import DiscoveryTree, SettingsTree, WebcamTree
from mrdraw.settings.cameras import CameraTree, CompatTree
from mrdraw.settings.discovery import DISCOVERY, SECRET_MEMBERS

Record = dict[str, Any]

FILE_ONLY = frozenset({
    "api.anonymousStatus", "accessControl.defaultReauthenticationTimeout", "accessControl.sessionStaleAfter",
    "accessControl.trustBasicAuthentication", "accessControl.checkBasicAuthenticationPassword",
    "accessControl.trustRemoteUser", "accessControl.remoteUserHeader", "accessControl.addRemoteUsers",
    "accessControl.openId", "accessControl.auditDays", "accessControl.enabled", "accessControl.localNetworks",
    "accessControl.localHosts", "server.tls", "server.reverseProxy", "system.events",
})  # fmt: skip
"""What is neither shown nor set through the API; `system.events` would run programs and means nothing here."""
_PRIVATE = {"tracking": ("unique_id",)}
"""Members of plugins that admins read and nobody else, by the plugin's id (contract, 5.9)."""
_LEGACY = {
    "streamUrl": "stream", "streamRatio": "streamRatio", "streamTimeout": "streamTimeout",
    "streamWebrtcIceServers": "streamWebrtcIceServers", "snapshotUrl": "snapshot",
    "snapshotTimeout": "snapshotTimeout", "snapshotSslValidation": "snapshotSslValidation",
    "cacheBuster": "cacheBuster",
}  # fmt: skip
"""What older apps read of the camera that is shown, and its name in `compat`."""
_TURNED = ("flipH", "flipV", "rotate90")
_NO_CAMERA = CameraTree(name="none")
"""Without a camera the older members are those of one that has no address: apps take them apart without a look."""


@dataclass(frozen=True)
class Reader:
    """Who reads the settings."""

    may_change: bool
    is_admin: bool
    is_fresh: bool
    """Whether nobody can have sat down at somebody else's session."""
    sees_cameras: bool
    sees_controls: bool


def reader(who: Identity | None, machine_id: str, *, fresh: bool) -> Reader:
    """What an identity sees of a machine's settings; nobody known is whoever has the claim code of the first run."""
    if who is None:
        return Reader(may_change=True, is_admin=False, is_fresh=False, sees_cameras=True, sees_controls=True)
    return Reader(
        may_change=who.may(Permission.SETTINGS),
        is_admin=who.may(Permission.ADMIN),
        is_fresh=fresh,
        sees_cameras=who.may(Permission.WEBCAM, machine_id),
        sees_controls=who.may(Permission.CONTROL, machine_id),
    )


@dataclass(frozen=True)
class Source:
    """What the settings are shown of."""

    tree: SettingsTree
    machine: Machine
    basedir: Path
    uploads: Path
    """The folder of the files that is in use."""
    key: str | None
    """The global key."""
    unique_id: str


def settings_record(source: Source, who: Reader) -> Record:
    """All settings that this reader may see."""
    tree, own = source.tree, source.machine.settings
    record = {
        "api": _api(source, who),
        "appearance": _plain(tree.appearance),
        "feature": _plain(tree.feature),
        "gcodeAnalysis": _plain(tree.gcode_analysis),
        "folder": _folders(source),
        "serial": {
            **_plain(own.serial),
            "portOptions": port_options(source.machine),
            "baudrateOptions": baudrate_options(source.machine),
        },
        "temperature": _temperature(own.temperature),
        "terminalFilters": _plain(own.terminal_filters),
        "scripts": {"gcode": dict(own.scripts)},
        "server": _server(tree),
        "system": {"actions": [_action(action) for action in _plain(tree.system.actions)], "events": None},
        "devel": _plain(tree.devel),
        "slicing": _plain(tree.slicing),
        "webcam": webcam_record(own.webcam) if who.sees_cameras else {},
        "controls": controls_record(own.controls) if who.sees_controls else [],
        "plugins": _plugins(source, who),
    }
    if who.is_admin:
        record["accessControl"] = _without(_plain(tree.access_control), "accessControl")
    return record


def _api(source: Source, who: Reader) -> Record:
    shown = who.is_admin and who.is_fresh
    hidden = {"keyHidden": True} if who.is_admin and not shown else {}
    return {"key": source.key if shown else None, **hidden, **_without(_plain(source.tree.api), "api", "key")}


def _without(section: Record, name: str, *members: str) -> Record:
    """A section without what is not shown."""
    hidden = {place.partition(".")[2] for place in FILE_ONLY if place.startswith(f"{name}.")}
    return {member: value for member, value in section.items() if member not in hidden | set(members)}


def _folders(source: Source) -> Record:
    folder, basedir = source.tree.folder, source.basedir
    return {
        "uploads": str(folder.uploads or source.uploads),
        "timelapse": str(folder.timelapse or basedir / "timelapse"),
        "watched": str(folder.watched or basedir / "watched"),
    }


def _server(tree: SettingsTree) -> Record:
    section = _without(_plain(tree.server), "server")
    return section | {"commands": {name: _program(value) for name, value in section["commands"].items()}}


def _action(action: Record) -> Record:
    return action | {"command": _program(action["command"])}


def _program(program: str | tuple[str, ...] | None) -> str | None:
    """A program as the text that it could have been given as."""
    return shlex.join(program) if isinstance(program, tuple) else program


def _temperature(tree: object) -> Record:
    """The materials; one that says nothing of a chamber has no such member."""
    record = _plain(tree)
    materials = [{name: value for name, value in one.items() if value is not None} for one in record["profiles"]]
    return {**record, "profiles": materials}


def webcam_record(webcam: WebcamTree) -> Record:
    """The cameras, with what older apps read of the one that is shown."""
    camera = shown_camera(webcam)
    compat = _plain((camera and camera.compat) or CompatTree())
    turned = _plain(camera or _NO_CAMERA)
    legacy = {name: compat[member] for name, member in _LEGACY.items()}
    return {**_plain(webcam), **legacy, **{name: turned[name] for name in _TURNED}}


def shown_camera(webcam: WebcamTree) -> CameraTree | None:
    """The camera that is shown: the one that was chosen, else the first."""
    chosen = (camera for camera in webcam.webcams if camera.name == webcam.default_webcam)
    return next(chosen, webcam.webcams[0] if webcam.webcams else None)


def _plugins(source: Source, who: Reader) -> Record:
    """What is kept for plugins; an id of the default machine that was brought along stays the one that counts.

    Apps see by the ids alone which plugins there are.
    """
    tree = source.tree
    brought = tree.discovery.upnp_uuid if source.machine.id == tree.default_machine else None
    unique_id = brought or source.unique_id
    if not who.may_change:
        return {**{name: {} for name in tree.plugins}, DISCOVERY: {"upnpUuid": unique_id}}
    plugins = {name: _masked(name, members, who) for name, members in tree.plugins.items()}
    return {**plugins, DISCOVERY: _discovery(tree, unique_id)}


def _masked(name: str, members: Any, who: Reader) -> Any:
    if who.is_admin or not isinstance(members, dict):
        return members
    return members | {member: None for member in _PRIVATE.get(name, ()) if member in members}


def _discovery(tree: SettingsTree, unique_id: str) -> Record:
    stored = tree.plugins.get(DISCOVERY) or {}
    known: Record = msgspec.to_builtins(msgspec.convert(stored, DiscoveryTree))
    return {**stored, **known, **dict.fromkeys(SECRET_MEMBERS), "upnpUuid": unique_id}


def _plain(value: object) -> Any:
    return msgspec.to_builtins(value)
