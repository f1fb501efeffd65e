"""The settings as clients read them: the contract's names and places (5.9), of what exists here.

Invariants: the sections of a machine are those of the machine that is asked for; the global key is shown to those who
are told to see it and to nobody else; what plugins keep, which may be secrets, only to those who may change settings;
no path of a TLS key and nothing that runs on the computer stands here.
"""

from __future__ import annotations

from typing import Any

import msgspec

from mrdraw.hub import Machine
from mrdraw.server.api.connection import baudrate_options, port_options
from mrdraw.settings import SettingsTree

Record = dict[str, Any]

API_MEMBERS = ("allowCrossOrigin",)
SERVER_MEMBERS = ("host", "port", "allowFraming", "uploads")
"""Members of these sections that are shown and can be set."""
SYSTEM: Record = {"actions": [], "events": None}
DISCOVERY = "discovery"


def settings_record(
    tree: SettingsTree, machine: Machine, *, key: str | None, full: bool, uploads: str, unique_id: str
) -> Record:
    """All settings; `full` for those who may change them, `uploads` is the folder of the files."""
    api, server = _plain(tree.api), _plain(tree.server)
    return {
        "api": {"key": key, **{name: api[name] for name in API_MEMBERS}},
        "appearance": _plain(tree.appearance),
        "feature": _plain(tree.feature),
        "folder": {"uploads": uploads},
        **_of_machine(machine),
        "server": {name: server[name] for name in SERVER_MEMBERS},
        "webcam": {},
        "system": dict(SYSTEM),
        "plugins": _plugins(tree, machine, unique_id, full=full),
        "controls": [],
    }


def _of_machine(machine: Machine) -> Record:
    own = machine.settings
    return {
        "serial": {
            **_plain(own.serial),
            "portOptions": port_options(machine),
            "baudrateOptions": baudrate_options(machine),
        },
        "temperature": _plain(own.temperature),
        "terminalFilters": _plain(own.terminal_filters),
        "scripts": {"gcode": dict(own.scripts)},
    }


def _plugins(tree: SettingsTree, machine: Machine, unique_id: str, *, full: bool) -> Record:
    """What is kept for plugins; an id of the default machine that was brought along stays the one that counts.

    Apps see by the ids alone which plugins there are.
    """
    stored = tree.plugins.get(DISCOVERY)
    discovery = dict(stored) if isinstance(stored, dict) else {}
    if machine.id != tree.default_machine or not isinstance(discovery.get("upnpUuid"), str):
        discovery["upnpUuid"] = unique_id
    plugins: Record = dict(tree.plugins) if full else {name: {} for name in tree.plugins}
    return {**plugins, DISCOVERY: {"upnpUuid": discovery["upnpUuid"]} if not full else discovery}


def _plain(value: object) -> Any:
    return msgspec.to_builtins(value)
