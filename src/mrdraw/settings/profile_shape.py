"""A printer profile in the shape in which clients know it (contract, 4.8), and back to the members of the settings.

Invariants: one table says which member is which; what is not known is dropped, what is known is checked and refused by
the name that clients use; numbers that are whole are written as such.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from mrdraw.errors import InvalidValue
from mrdraw.settings.build import right
from mrdraw.settings.profiles import CustomBox, ProfileTree

Record = dict[str, Any]

_AXES = "xyze"
PLACES: dict[tuple[str, ...], str] = {
    ("name",): "name",
    ("model",): "model",
    ("color",): "color",
    ("volume", "width"): "width",
    ("volume", "depth"): "depth",
    ("volume", "height"): "height",
    ("volume", "formFactor"): "formFactor",
    ("volume", "origin"): "originCenter",
    ("volume", "custom_box"): "customBox",
    ("heatedBed",): "heatedBed",
    ("heatedChamber",): "heatedChamber",
    ("extruder", "count"): "extruders",
    ("extruder", "offsets"): "extruderOffsets",
    ("extruder", "nozzleDiameter"): "nozzleDiameter",
    ("extruder", "sharedNozzle"): "sharedNozzle",
    ("extruder", "defaultExtrusionLength"): "defaultExtrusionLength",
    **{("axes", axis, "speed"): f"speed{axis.upper()}" for axis in _AXES},
    **{("axes", axis, "inverted"): f"inverted{axis.upper()}" for axis in _AXES},
    ("kinematics",): "kinematics",
    ("maxExtrusion",): "maxExtrusion",
    **{("ceilings", name): f"max{name.capitalize()}Temperature" for name in ("tool", "bed", "chamber")},
}
"""Where a member of a client's profile stands, and its name in the settings. The last lines are ours alone."""

TYPES = {field.encode_name: field.type for field in msgspec.structs.fields(ProfileTree)}
"""The types of the members of the settings."""
_NOT_WRITTEN = frozenset({"id"})
_ORIGINS = {"lowerleft": False, "center": True}
_SIDES = CustomBox.__struct_fields__
_LONGEST_SHOWN = 60


def profile_record(profile: ProfileTree) -> Record:
    """The profile as clients read it."""
    flat = msgspec.to_builtins(profile)
    flat["originCenter"] = "center" if profile.origin_center else "lowerleft"
    flat["customBox"] = _box_record(profile.custom_box)
    missing = profile.extruders - len(profile.extruder_offsets)
    flat["extruderOffsets"] = [*flat["extruderOffsets"], *[[0.0, 0.0] for _ in range(missing)]]
    record: Record = {"id": profile.id}
    for place, name in PLACES.items():
        section = record
        for step in place[:-1]:
            section = section.setdefault(step, {})
        section[place[-1]] = _plain(flat[name])
    return record


def _box_record(box: CustomBox | None) -> object:
    return False if box is None else {side: getattr(box, side) for side in _SIDES}


def _plain(value: Any) -> Any:
    """Whole numbers as such, as clients compare them."""
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    return value


# --- back -------------------------------------------------------------------------------------------------------------


def profile_members(sent: Mapping[str, object]) -> Record:
    """The members of the settings for what a client sent, which may be a part. Raises `InvalidValue`."""
    return dict(_members(sent, ()))


def written_members(profile: ProfileTree) -> Record:
    """The members of a profile that are to be written: what is not as it would be anyway."""
    usual = msgspec.to_builtins(ProfileTree())
    members = msgspec.to_builtins(profile)
    return {name: value for name, value in members.items() if name not in _NOT_WRITTEN and value != usual[name]}


def _members(sent: Mapping[str, object], above: tuple[str, ...]) -> Iterator[tuple[str, object]]:
    for name, value in sent.items():
        place = (*above, name)
        if place in PLACES:
            yield PLACES[place], _checked(value, place)
        elif any(known[: len(place)] == place for known in PLACES):
            if not isinstance(value, Mapping):
                raise _refusal(value, place, "right is an object")
            yield from _members(value, place)


def _checked(value: object, place: tuple[str, ...]) -> object:
    """The value as the settings hold it. Raises `InvalidValue`."""
    name = PLACES[place]
    if name == "originCenter":
        if not isinstance(value, str) or value not in _ORIGINS:
            raise _refusal(value, place, "right is one of lowerleft, center")
        return _ORIGINS[value]
    if name == "customBox":
        return _box_members(value, place)
    return _fitting(value, TYPES[name], place)


def _box_members(value: object, place: tuple[str, ...]) -> object:
    if value is False or value is None:
        return None
    if not isinstance(value, Mapping):
        raise _refusal(value, place, "right is false, or an object with the sides")
    for field in msgspec.structs.fields(CustomBox):
        _fitting(value.get(field.name), field.type, (*place, field.name))
    return {field.encode_name: value.get(field.name) for field in msgspec.structs.fields(CustomBox)}


def _fitting(value: object, shape: Any, place: tuple[str, ...]) -> object:
    try:
        msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        raise _refusal(value, place, f"right is {right(str(error), shape)}") from error
    return value


def _refusal(value: object, place: tuple[str, ...], instead: str) -> InvalidValue:
    shown = repr(value)
    shown = shown if len(shown) <= _LONGEST_SHOWN else f"{shown[:_LONGEST_SHOWN]}…"
    return InvalidValue(f"profile.{'.'.join(place)}: {shown} is not accepted; {instead}.")
