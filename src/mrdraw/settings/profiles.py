"""The printer profiles of a machine: what it is, and which of several it is now (contract, 4.8 and 5.8).

Invariants: a profile that is in force is whole and agrees with itself (`settled`); the default and the chosen profile
are among those that there are. Units: mm, mm/min, °C.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from mrdraw.errors import InvalidValue
from mrdraw.settings.kinds import Section

Length = Annotated[float, Meta(gt=0, le=1_000_000)]
Speed = Length
Place = Annotated[float, Meta(ge=-1_000_000, le=1_000_000)]
Ceiling = Annotated[float, Meta(gt=0, le=2000)]
Kinematics = Literal["", "cartesian", "corexy", "delta", "scara", "polar"]
FormFactor = Literal["rectangular", "circular"]

PROFILE_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,62}", re.ASCII)
"""A profile's id is a part of addresses."""


class CustomBox(Section, frozen=True):
    """Where the head can go, where that is more than the volume; a side that is missing is the volume's."""

    x_min: Place | None = None
    x_max: Place | None = None
    y_min: Place | None = None
    y_max: Place | None = None
    z_min: Place | None = None
    z_max: Place | None = None


class ProfileTree(Section, frozen=True):
    """What the machine is: its volume, its heaters with ceilings, its axes."""

    id: str = "_default"
    name: str = "Default"
    model: str = "Generic RepRap Printer"
    color: str = "default"
    width: Length = 200.0
    depth: Length = 200.0
    height: Length = 200.0
    form_factor: FormFactor = "rectangular"
    origin_center: bool = False
    custom_box: CustomBox | None = None
    extruders: Annotated[int, Meta(ge=1, le=99)] = 1
    extruder_offsets: Annotated[tuple[tuple[Place, Place], ...], Meta(max_length=99)] = ()
    """Of each extruder from the first, x and y; those that are missing have none."""
    nozzle_diameter: Length = 0.4
    shared_nozzle: bool = False
    default_extrusion_length: Annotated[float, Meta(ge=0, le=1_000_000)] = 5.0
    heated_bed: bool = True
    heated_chamber: bool = False
    max_tool_temperature: Ceiling = 300.0
    max_bed_temperature: Ceiling = 120.0
    max_chamber_temperature: Ceiling = 80.0
    max_extrusion: Length = 500.0
    speed_x: Speed = 6000.0
    speed_y: Speed = 6000.0
    speed_z: Speed = 200.0
    speed_e: Speed = 300.0
    inverted_x: bool = False
    inverted_y: bool = False
    inverted_z: bool = False
    inverted_e: bool = False
    """What buttons of a page mean; lines are sent as they are."""
    kinematics: Kinematics = ""
    """Nothing means: what the firmware says."""


def settled(profile: ProfileTree) -> ProfileTree:
    """The profile as it holds: a circular bed has its origin in the middle, a custom box is whole and no smaller."""
    if profile.form_factor == "circular":
        profile = msgspec.structs.replace(profile, origin_center=True, depth=profile.width)
    offsets = ((0.0, 0.0), *profile.extruder_offsets[1:])[: profile.extruders] if profile.extruder_offsets else ()
    box = None if profile.custom_box is None else _whole(profile.custom_box, volume_box(profile))
    return msgspec.structs.replace(profile, custom_box=box, extruder_offsets=offsets)


def volume_box(profile: ProfileTree) -> CustomBox:
    """The sides of the volume."""
    left, front = (profile.width / 2, profile.depth / 2) if profile.origin_center else (0.0, 0.0)
    return CustomBox(
        x_min=-left, x_max=profile.width - left, y_min=-front, y_max=profile.depth - front, z_min=0.0,
        z_max=profile.height,
    )  # fmt: skip


def _whole(box: CustomBox, volume: CustomBox) -> CustomBox:
    sides = {}
    for name in CustomBox.__struct_fields__:
        own, least = getattr(box, name), getattr(volume, name)
        widest = min if name.endswith("min") else max
        sides[name] = least if own is None else widest(own, least)
    return CustomBox(**sides)


def further_profiles(own: ProfileTree, further: Mapping[str, ProfileTree], place: str) -> dict[str, ProfileTree]:
    """The profiles beside a machine's own one by id, each settled. Raises `InvalidValue`."""
    check_profile_id(own.id, f"{place}.profile.id")
    found = {}
    for profile_id, profile in further.items():
        check_profile_id(profile_id, f"{place}.profiles")
        if profile_id == own.id:
            raise InvalidValue(f"{place}.profiles.{profile_id}: this is the id of {place}.profile; choose another one.")
        found[profile_id] = settled(msgspec.structs.replace(profile, id=profile_id))
    return found


def check_profile_id(profile_id: str, place: str) -> None:
    """Raises `InvalidValue` for what cannot be a profile's id."""
    if not PROFILE_ID.fullmatch(profile_id):
        raise InvalidValue(
            f"{place}: {profile_id[:100]!r} cannot be a profile's id; right are letters, digits, '-', '_' and '.', "
            "beginning with a letter, a digit or '_', at most 63."
        )


def check_known(profile_id: str, known: Mapping[str, ProfileTree], place: str) -> None:
    """Raises `InvalidValue` when there is no profile of this id; an empty one names none."""
    if profile_id and profile_id not in known:
        raise InvalidValue(f"{place}: {profile_id[:100]!r} is not accepted; right is one of {', '.join(known)}.")
