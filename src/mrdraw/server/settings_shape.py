"""What a client sent as settings, held against their shape: what is known and other than before, and what is not known.

Invariants: nothing is dropped without being named; a value that says what holds already is no change, so that a whole
tree sent back writes nothing; `null` takes a member out, of a section all of its members. An empty text is no program.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import UnionType
from typing import Any, TypeGuard, Union, get_args, get_origin

import msgspec

from mrdraw.errors import InvalidValue
from mrdraw.server.values import mapping
from mrdraw.settings.build import checked
from mrdraw.settings.kinds import Program

Changes = dict[str, Any]

_DEEPEST = 32
"""So deep may values be nested in what nobody here knows the shape of."""


@dataclass
class Sent:
    """What was sent, sorted."""

    changes: Changes = field(default_factory=dict)
    """By section, as they were sent."""
    checks: list[tuple[Any, Any, str]] = field(default_factory=list)
    """Each value that was sent, its kind and its place."""
    unknown: list[str] = field(default_factory=list)
    """The dotted places of what means nothing here, or is only read."""


def section(value: object, shape: type[msgspec.Struct], shown: Mapping[str, Any], place: str, sent: Sent) -> Changes:
    """The members of a section that are another than shown. Raises `InvalidValue` for what is not accepted."""
    shapes = members(shape)
    changes: Changes = {}
    for name, inner in mapping(value, place).items():
        where, kind, before = f"{place}.{name}", shapes.get(name), shown.get(name)
        if kind is None:
            sent.unknown += [where] if not same(inner, before) or name not in shown else []
        elif is_struct(kind):
            inner = dict.fromkeys(members(kind)) if inner is None else inner  # noqa: PLW2901 - all of its members
            if changed := section(inner, kind, before or {}, where, sent):
                changes[name] = changed
        elif not same(inner, before) and not (kind == Program and not inner and not before):
            check_depth(inner, where)
            changes[name] = known(inner, kind, where, sent)
            if inner is not None:
                sent.checks.append((changes[name], kind, where))
    return changes


def check_values(sent: Sent) -> None:
    """Refuse values of a wrong kind. Raises `InvalidValue`."""
    for value, kind, place in sent.checks:
        checked(value, kind, place)


def members(shape: type[msgspec.Struct]) -> dict[str, Any]:
    """The kinds of a section's members by name."""
    return {member.encode_name: member.type for member in msgspec.structs.fields(shape)}


def known(value: Any, kind: Any, place: str, sent: Sent) -> Any:
    """The value without the members that its kind does not know; they are named."""
    if isinstance(value, list) and get_origin(kind) is tuple:
        inner = get_args(kind)[0]
        return [known(entry, inner, f"{place}[{index}]", sent) for index, entry in enumerate(value)]
    shapes = next((members(each) for each in _options(kind) if is_struct(each)), None)
    if shapes is None or not isinstance(value, dict):
        return value
    sent.unknown += [f"{place}.{name}" for name in value if name not in shapes]
    return {
        name: known(inner, shapes[name], f"{place}.{name}", sent) for name, inner in value.items() if name in shapes
    }


def is_struct(kind: object) -> TypeGuard[type[msgspec.Struct]]:
    """Whether a kind is a section."""
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _options(kind: object) -> tuple[object, ...]:
    return get_args(kind) if get_origin(kind) in {Union, UnionType} else (kind,)


def same(sent: object, shown: object) -> bool:
    """Whether two values of JSON are the same; a truth value is no number."""
    if isinstance(sent, bool) or isinstance(shown, bool):
        return sent is shown
    if isinstance(sent, dict) and isinstance(shown, dict):
        return sent.keys() == shown.keys() and all(same(value, shown[name]) for name, value in sent.items())
    if isinstance(sent, list) and isinstance(shown, list | tuple):
        return len(sent) == len(shown) and all(map(same, sent, shown))
    return sent == shown


def places(changes: Mapping[str, Any], above: str = "") -> Iterator[str]:
    """The dotted places of all changes."""
    for name, value in changes.items():
        if isinstance(value, dict) and value:
            yield from places(value, f"{above}{name}.")
        else:
            yield f"{above}{name}"


def check_depth(value: object, place: str, left: int = _DEEPEST) -> None:
    """Refuse what is nested deeper than any setting is. Raises `InvalidValue`."""
    if left == 0:
        raise InvalidValue(f"{place} is nested too deep; accepted are {_DEEPEST} levels.")
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            check_depth(inner, place, left - 1)
