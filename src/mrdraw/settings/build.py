"""From the members of `config.yaml` to a valid tree, or to the reason why there is none.

Invariants: a machine is put together from its own section and, for the default machine, from the sections at the top
level (its own win); what is refused is told with its place in the file, its value and what would be right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal, TypeVar, get_args, get_origin

import msgspec

from mrdraw.errors import InvalidValue
from mrdraw.settings.access_control import check_local_networks
from mrdraw.settings.controls import check_controls
from mrdraw.settings.discovery import DISCOVERY, DiscoveryTree
from mrdraw.settings.kinds import PATTERN_WORDS
from mrdraw.settings.profiles import check_known, further_profiles, settled
from mrdraw.settings.reverse_proxy import check_networks
from mrdraw.settings.sign_on import PLACE as OPEN_ID
from mrdraw.settings.sign_on import ProviderTree, check_open_id
from mrdraw.settings.tree import MACHINE_SECTIONS, MachineTree, SettingsTree, unknown_members

_MACHINES = "machines"
_SCRIPTS = "scripts"
_NOT_SHOWN = frozenset({"api.key", "plugins.discovery.httpUsername", "plugins.discovery.httpPassword"})
_MACHINE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_PATTERN = re.compile(r"matching regex (.+)$", re.DOTALL)
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")
_LONGEST_SHOWN = 60

_WORDS = {
    "int": "a whole number", "float": "a number", "str": "text (in quotes)", "bool": "true or false", "array": "a list",
    "object": "named members", "null": "nothing",
}  # fmt: skip
"""What msgspec calls the types, and what people do."""

_Shape = TypeVar("_Shape")


def build(data: Mapping[str, Any]) -> SettingsTree:
    """The tree of these members. Raises `InvalidValue`."""
    shared = {name: value for name, value in data.items() if name not in (_MACHINES, *MACHINE_SECTIONS)}
    _check_providers(shared)
    tree = checked(_without_empty(shared), SettingsTree, "")
    checked(tree.plugins.get(DISCOVERY) or {}, DiscoveryTree, f"plugins.{DISCOVERY}")
    check_networks(tree.server.reverse_proxy, "server.reverseProxy")
    check_open_id(tree.access_control.open_id)
    check_local_networks(tree.access_control)
    _check_machine_id(tree.default_machine, "defaultMachine")
    described = dict(_members(data.get(_MACHINES), _MACHINES))
    described.setdefault(tree.default_machine, None)
    machines = {}
    for machine_id, own in described.items():
        _check_machine_id(machine_id, _MACHINES)
        above = data if machine_id == tree.default_machine else {}
        machines[machine_id] = _machine(own, f"{_MACHINES}.{machine_id}", above)
    return msgspec.structs.replace(tree, machines=machines)


def _check_providers(data: Mapping[str, Any]) -> None:
    """Raises `InvalidValue` for a provider that is wrong, here where its place is known."""
    for place, provider in _providers(data):
        checked(provider, ProviderTree, place)


def _providers(data: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The providers of OpenID Connect and their places."""
    section, place = data, ""
    for name in (*OPEN_ID.split("."), "providers"):
        place = f"{place}.{name}".lstrip(".")
        section = _members(section.get(name), place)
    for provider_id, provider in section.items():
        yield f"{place}.{provider_id}", provider


def unknown_keys(data: Mapping[str, Any]) -> list[str]:
    """The dotted names of the members that mean nothing here."""
    shared = {name: value for name, value in data.items() if name not in (_MACHINES, *MACHINE_SECTIONS)}
    above = {name: value for name, value in data.items() if name in MACHINE_SECTIONS}
    found = unknown_members(shared, SettingsTree) + unknown_members(above, MachineTree)
    for place, provider in _providers(shared):
        found += unknown_members(provider, ProviderTree, f"{place}.")
    for machine_id, own in _members(data.get(_MACHINES), _MACHINES).items():
        found += unknown_members(own, MachineTree, f"{_MACHINES}.{machine_id}.")
    return found


def _machine(own: object, place: str, above: Mapping[str, Any]) -> MachineTree:
    """A machine of its own section, and of the sections `above` at the top level."""
    members = dict(_members(own, place))
    for field in msgspec.structs.fields(MachineTree):
        section = field.encode_name
        if section not in MACHINE_SECTIONS:
            continue
        parts = []
        for holder, where in ((above, section), (members, f"{place}.{section}")):
            part = holder.get(section)
            if part is not None:
                part = _flat_scripts(part, where) if section == _SCRIPTS else part
                _check_part(part, field.type, where)
                parts.append(part)
        members[section] = _together(parts)
    return _settled(checked(_without_empty(members), MachineTree, place), place)


def _check_part(part: object, shape: Any, place: str) -> None:
    """Raises `InvalidValue` for a section that is wrong, here where its place is known."""
    if get_origin(shape) is dict:
        for name, value in _members(part, place).items():
            checked(value, get_args(shape)[1], f"{place}.{name}")
    else:
        checked(part, shape, place)


def _settled(tree: MachineTree, place: str) -> MachineTree:
    """The machine whose profiles agree with themselves. Raises `InvalidValue`."""
    check_controls(tree.controls, f"{place}.controls")
    further = further_profiles(tree.own_profile, tree.further_profiles, place)
    tree = msgspec.structs.replace(tree, own_profile=settled(tree.own_profile), further_profiles=further)
    check_known(tree.default_profile, tree.profiles, f"{place}.defaultProfile")
    check_known(tree.chosen_profile, tree.profiles, f"{place}.chosenProfile")
    return tree


def _together(parts: list[Any]) -> Any:
    """What two parts are together; the later one wins."""
    if parts and all(isinstance(part, Mapping) for part in parts):
        return {name: value for part in parts for name, value in part.items()}
    return parts[-1] if parts else None


def _flat_scripts(scripts: object, place: str) -> dict[str, str]:
    """The scripts by name; OctoPrint keeps them under `gcode`, and snippets under `snippets`. Plain names win."""
    flat: dict[str, str] = {}
    for name, value in _members(scripts, place).items():
        if name in {"gcode", "snippets"}:
            inner = _flat_scripts(value, f"{place}.{name}")
            below = inner if name == "gcode" else {f"snippets/{snippet}": text for snippet, text in inner.items()}
            flat = below | flat
        elif isinstance(value, str):
            flat[name] = value
        elif value is not None:
            raise InvalidValue(f"{place}.{name}: {_shown(value)} is not accepted; right is {_WORDS['str']}.")
    return flat


def _members(value: object, place: str) -> Mapping[str, Any]:
    """The members of a section that may be empty. Raises `InvalidValue` when it is no section."""
    if value is None:
        return {}
    if isinstance(value, Mapping):
        return value
    raise InvalidValue(f"{place}: {_shown(value)} is not accepted; right is {_WORDS['object']}.")


def _without_empty(data: Mapping[str, Any]) -> dict[str, Any]:
    """A section in which nothing is written counts as not there."""
    return {name: value for name, value in data.items() if value is not None}


def _check_machine_id(machine_id: str, place: str) -> None:
    """A machine's id is a folder's name and a part of addresses."""
    if not _MACHINE_ID.fullmatch(machine_id):
        raise InvalidValue(
            f"{place}: {_shown(machine_id)} cannot be a machine's id; right are letters, digits, '-', '_' and '.', "
            "beginning with a letter or a digit, at most 63."
        )


# --- telling what is wrong -----------------------------------------------------------------------------------------


def checked(data: object, shape: type[_Shape], place: str) -> _Shape:
    """The data in the shape of a setting at this place. Raises `InvalidValue`, which says what is accepted there."""
    try:
        return msgspec.convert(data, shape)
    except msgspec.ValidationError as error:
        raise InvalidValue(_readable(str(error), data, shape, place)) from error


def _readable(text: str, data: object, shape: object, place: str) -> str:
    """`Expected … - at `$.server.port`` as people read it."""
    reason, _, path = text.partition(" - at `$")
    for name, index in _steps(path):
        place = f"{place}[{index}]" if index else f"{place}.{name}".lstrip(".")
        data, shape = _inside(data, shape, name, index)
    value = "its value" if place in _NOT_SHOWN or place.startswith(OPEN_ID) else _shown(data)
    return f"{place}: {value} is not accepted; right is {right(reason, shape)}."


def _steps(path: str) -> Iterator[tuple[str, str]]:
    return ((match[1], match[2]) for match in _STEP.finditer(path))


def _inside(data: Any, shape: object, name: str, index: str) -> tuple[Any, object]:
    """The value one step further in, and its shape where that is a member's."""
    if index:
        return data[int(index)], None
    is_struct = isinstance(shape, type) and issubclass(shape, msgspec.Struct)
    fields = {field.encode_name: field.type for field in msgspec.structs.fields(shape)} if is_struct else {}  # type: ignore[arg-type] # it is a struct
    return data[name], fields.get(name)


def right(reason: str, shape: object) -> str:
    """What would have been accepted, from what msgspec says."""
    if get_origin(shape) is Literal:
        return "one of " + ", ".join(str(choice) for choice in get_args(shape))
    expected = re.sub(r", got .*", "", reason.removeprefix("Expected "))
    expected = re.sub(r"`([^`]*)`", lambda match: _in_words(match[1]), expected)
    if found := _PATTERN.search(expected):
        return next((words for pattern, words in PATTERN_WORDS.items() if repr(pattern) == found[1]), expected)
    return expected.replace("Object missing required field", "an entry with the member")


def _in_words(kinds: str) -> str:
    return " or ".join(_WORDS.get(kind, kind) for kind in kinds.split(" | "))


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
