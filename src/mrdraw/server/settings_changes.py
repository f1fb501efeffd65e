"""From what a client sends as settings to the changes that are written (contract, 5.9 and section 0).

Invariants: what is not known is named and nothing of it gets into the file; what would run on the computer, move its
folders or set a key is refused unless it says what holds already; a machine's sections are written under the machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mrdraw.errors import InvalidValue
from mrdraw.server.settings_record import Record
from mrdraw.server.settings_shape import Changes, Sent, check_depth, is_struct, known, members, same, section
from mrdraw.server.values import mapping
from mrdraw.settings import DiscoveryTree, MachineTree, SettingsTree
from mrdraw.settings.discovery import DISCOVERY, SECRET_MEMBERS

_SHARED = (
    "api", "accessControl", "appearance", "feature", "gcodeAnalysis", "folder", "server", "system", "devel", "slicing",
)  # fmt: skip
_OF_MACHINE = ("serial", "temperature", "terminalFilters", "controls", "webcam", "scripts")
_GCODE, _SCRIPTS, _SNIPPETS, _PLUGINS = "gcode", "scripts", "snippets", "plugins"
_UNIQUE_ID = "upnpUuid"


def sorted_out(body: Mapping[str, object], shown: Record) -> Sent:
    """What of a body is a change; `shown` is what its sender reads. Raises `InvalidValue`."""
    sent = Sent()
    shapes = members(SettingsTree) | members(MachineTree)
    for name, value in body.items():
        if name == _PLUGINS:
            changed: Any = _plugins(mapping(value, name), shown[_PLUGINS], sent)
        elif name == _SCRIPTS:
            changed = _scripts(mapping(value, name), shown[_SCRIPTS][_GCODE], sent)
        elif name in _SHARED or name in _OF_MACHINE:
            changed = _section(name, value, shapes[name], shown, sent)
        else:
            sent.unknown.append(name)
            continue
        if changed or isinstance(changed, list):
            sent.changes[name] = changed
    return sent


def to_write(changes: Changes, machine_id: str, *, default: bool) -> Changes:
    """The changes at their places in the file; `default` says whether it is the default machine."""
    written = {name: value for name, value in changes.items() if name not in _OF_MACHINE}
    own = {name: value for name, value in changes.items() if name in _OF_MACHINE}
    if _SCRIPTS in own:
        own[_SCRIPTS] = own[_SCRIPTS][_GCODE]
    if own:
        written["machines"] = {machine_id: own}
        if default:
            written |= _taken_out(own)  # what stands at the top level is the default machine's as well
    return written


def _section(name: str, value: object, shape: Any, shown: Record, sent: Sent) -> Any:
    """What is changed in a section; `None` for nothing."""
    if not is_struct(shape):
        if not isinstance(value, list):
            raise InvalidValue(f"{name} must be a list.")
        return None if same(value, shown[name]) else _list(value, shape, name, sent)
    return section(value, shape, shown.get(name, {}), name, sent)


def _list(value: list[object], shape: Any, name: str, sent: Sent) -> Any:
    """A section that is a list. Raises `InvalidValue`."""
    check_depth(value, name)
    entries = known(value, shape, name, sent)
    sent.checks.append((entries, shape, name))
    return entries


def _scripts(scripts: Mapping[str, object], shown: Mapping[str, str], sent: Sent) -> Changes:
    """The scripts that are another than before; snippets are named `snippets/<name>`. Raises `InvalidValue`."""
    sent.unknown += [f"{_SCRIPTS}.{name}" for name in scripts if name != _GCODE]
    changes = {}
    for name, value in mapping(scripts.get(_GCODE, {}), f"{_SCRIPTS}.{_GCODE}").items():
        place = f"{_SCRIPTS}.{_GCODE}.{name}"
        if name in {_SNIPPETS, _GCODE}:
            sent.unknown.append(place)
        elif not isinstance(value, str):
            raise InvalidValue(f"{place} must be text; empty text for no script.")
        elif value != shown.get(name):
            changes[name] = value
    return {_GCODE: changes} if changes else {}


def _plugins(plugins: Mapping[str, object], shown: Record, sent: Sent) -> Changes:
    """The settings of plugins; each plugin knows its own. The unique id is nobody's to set."""
    changes = {}
    for name, value in plugins.items():
        place, read = f"{_PLUGINS}.{name}", shown.get(name, {})
        own = dict(mapping(value, place))
        if name == DISCOVERY:
            own = _discovery(own, read, sent)
        if changed := {member: inner for member, inner in own.items() if not _as_read(member, inner, read)}:
            check_depth(changed, place)
            changes[name] = changed
    return changes


def _as_read(member: str, value: object, read: Record) -> bool:
    return member in read and same(value, read[member])


def _discovery(own: dict[str, Any], read: Record, sent: Sent) -> dict[str, Any]:
    place = f"{_PLUGINS}.{DISCOVERY}"
    if _UNIQUE_ID in own and not same(own.pop(_UNIQUE_ID), read.get(_UNIQUE_ID)):
        sent.unknown.append(f"{place}.{_UNIQUE_ID}")
    shapes = members(DiscoveryTree)
    model = own.get("model")
    if isinstance(model, dict):
        own["model"] = section(model, shapes["model"], read.get("model", {}), f"{place}.model", sent) or read["model"]
    return {name: value for name, value in own.items() if name not in SECRET_MEMBERS or value is not None}


def _taken_out(own: Changes) -> Changes:
    """The members that are taken out of a machine's sections, to be taken out at the top level as well."""
    found = {}
    for name, changed in own.items():
        if isinstance(changed, dict) and (gone := {member: None for member, value in changed.items() if value is None}):
            found[name] = gone
    return found
