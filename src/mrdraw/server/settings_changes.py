"""From what a client sends as settings to the changes that are written (contract, 5.9 and section 0).

Invariants: what is not known is dropped, so that nothing gets into the file that means nothing; what would run on the
computer, move its folders or set a key is refused unless it says what holds already; a machine's sections are written
under the machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args, get_origin

import msgspec

from mrdraw.errors import NotPermitted
from mrdraw.server.settings_record import API_MEMBERS, DISCOVERY, SERVER_MEMBERS, SYSTEM, Record
from mrdraw.server.values import mapping, sequence
from mrdraw.settings import MachineTree, SettingsTree

Changes = dict[str, Any]

_FILE_ONLY = "can be set in the file config.yaml only, not through the API; nothing was changed."
_SECTIONS: dict[str, tuple[str, ...] | None] = {
    "api": API_MEMBERS, "appearance": None, "feature": None, "server": SERVER_MEMBERS,
}  # fmt: skip
"""The sections that all machines share, with the members that can be set; `None` for all."""
_MACHINE_SECTIONS = ("serial", "temperature")
_GCODE, _SNIPPETS = "gcode", "snippets"


def changes_of(body: Mapping[str, object], shown: Record, machine_id: str, *, default: bool) -> Changes:
    """What is to be written for a body; `shown` is what its sender reads, `default` whether it is the default machine.

    Raises `InvalidValue`, `NotPermitted`.
    """
    _refuse_protected(body, shown)
    changes = _shared(body)
    own = _of_machine(body)
    if own:
        changes["machines"] = {machine_id: own}
        if default:
            changes |= _taken_out(own)  # what stands at the top level is the default machine's as well
    if plugins := _plugins(_section(body, "plugins")):
        changes["plugins"] = plugins
    return changes


def _refuse_protected(body: Mapping[str, object], shown: Record) -> None:
    """Raises `NotPermitted` for what no request can set, unless it is as it is."""
    api, server = _section(body, "api"), _section(body, "server")
    if api.get("key", shown["api"]["key"]) != shown["api"]["key"]:
        raise NotPermitted(
            "api.key cannot be chosen: POST /api/settings/apikey makes a new one, DELETE switches it off."
        )
    for section, known in (("folder", shown["folder"]), ("system", SYSTEM)):
        for name, value in _section(body, section).items():
            if name not in known or value != known[name]:
                raise NotPermitted(f"{section}.{name} {_FILE_ONLY}")
    if any(mapping(server.get("commands") or {}, "server.commands").values()):
        raise NotPermitted(f"server.commands {_FILE_ONLY}")
    if server.get("tls"):
        raise NotPermitted(f"server.tls {_FILE_ONLY}")


def _shared(body: Mapping[str, object]) -> Changes:
    shapes = _shapes(SettingsTree)
    changes = {}
    for name, accepted in _SECTIONS.items():
        known = _known(_section(body, name), shapes[name])
        chosen = {member: value for member, value in known.items() if accepted is None or member in accepted}
        if chosen:
            changes[name] = chosen
    return changes


def _of_machine(body: Mapping[str, object]) -> Changes:
    shapes = _shapes(MachineTree)
    changes = {}
    for name in _MACHINE_SECTIONS:
        if chosen := _known(_section(body, name), shapes[name]):
            changes[name] = chosen
    if "terminalFilters" in body:
        filters = sequence(body["terminalFilters"], "terminalFilters")
        changes["terminalFilters"] = _known(filters, shapes["terminalFilters"])
    if scripts := _scripts(_section(body, "scripts")):
        changes["scripts"] = scripts
    return changes


def _scripts(section: Mapping[str, object]) -> Changes:
    """The scripts that are texts; the member `snippets` is skipped, snippets are named `snippets/<name>`."""
    scripts = mapping(section.get(_GCODE, {}), f"scripts.{_GCODE}")
    return {name: value for name, value in scripts.items() if isinstance(value, str) and name != _SNIPPETS}


def _plugins(plugins: Mapping[str, object]) -> Changes:
    """The settings of plugins; each plugin knows its own. The unique id is nobody's to set."""
    changes = {name: dict(mapping(value, f"plugins.{name}")) for name, value in plugins.items()}
    changes.get(DISCOVERY, {}).pop("upnpUuid", None)
    return {name: members for name, members in changes.items() if members}


def _taken_out(own: Changes) -> Changes:
    """The members that are taken out of a machine's sections, to be taken out at the top level as well."""
    found = {}
    for name in _MACHINE_SECTIONS:
        if gone := {member: None for member, value in own.get(name, {}).items() if value is None}:
            found[name] = gone
    return found


# --- shapes -----------------------------------------------------------------------------------------------------------


def _section(body: Mapping[str, object], name: str) -> Mapping[str, object]:
    """A section, empty when it was not sent. Raises `InvalidValue`."""
    return mapping(body[name], name) if name in body else {}


def _shapes(shape: type[msgspec.Struct]) -> dict[str, Any]:
    return {field.encode_name: field.type for field in msgspec.structs.fields(shape)}


def _known(value: Any, shape: Any) -> Any:
    """The value without the members that its shape does not know."""
    if isinstance(shape, type) and issubclass(shape, msgspec.Struct) and isinstance(value, Mapping):
        shapes = _shapes(shape)
        known = {name: _known(inner, shapes[name]) for name, inner in value.items() if name in shapes}
        return {name: inner for name, inner in known.items() if inner != {}}
    if get_origin(shape) is tuple and isinstance(value, list):
        return [_known(inner, get_args(shape)[0]) for inner in value]
    return value
