"""A printer profile as clients read and send it, with what depends on the machine and the address (contract, 4.8).

Invariants: the shapes are made of the table that translates (`settings/profile_shape.py`).
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from mrdraw.hub import Machine
from mrdraw.server.context import absolute_url
from mrdraw.server.describing import FLAG, LOOSE_FLAG, NUMBER, TEXT, Schema, either, object_of, words
from mrdraw.server.records import Record
from mrdraw.settings import ProfileTree
from mrdraw.settings.profile_shape import PLACES, TYPES, profile_record
from mrdraw.settings.profiles import CustomBox

ALL = "/api/printerprofiles"

_BOX = dict.fromkeys(CustomBox.__struct_fields__, NUMBER)
_SHOWN = {"originCenter": words("lowerleft", "center"), "customBox": either({"const": False}, object_of(_BOX))}
_SENT = {**_SHOWN, "customBox": either({"type": ["boolean", "null"]}, {"type": "object"})}


def record_of(request: Request, one: Machine, profile: ProfileTree) -> Record:
    """The profile of a machine as a client reads it."""
    known = one.settings
    return {
        **profile_record(profile),
        "default": profile.id == known.preferred_profile.id,
        "current": profile.id == known.profile.id,
        "resource": absolute_url(request, f"{ALL}/{profile.id}"),
    }


def _shape(special: dict[str, Schema], mark: str) -> Schema:
    """The profile's shape; `mark` stands behind the name of each member."""
    sections: dict[tuple[str, ...], dict[str, Any]] = {(): {}}
    for place, name in PLACES.items():
        for depth in range(1, len(place)):
            sections.setdefault(place[:depth], {})
        sections[place[:-1]][f"{place[-1]}{mark}"] = special.get(name, TYPES[name])
    for place in sorted(sections, key=len, reverse=True)[:-1]:
        sections[place[:-1]][f"{place[-1]}{mark}"] = object_of(sections[place])
    return object_of({**sections[()], **({f"id{mark}": TEXT, f"default{mark}": LOOSE_FLAG} if mark else {})})


def _shown() -> Schema:
    shape = _shape(_SHOWN, "")
    further = {"id": TEXT, "default": FLAG, "current": FLAG, "resource": TEXT}
    return {**shape, "properties": {**shape["properties"], **further}, "required": [*shape["required"], *further]}


PROFILE = _shown()
"""The shape of `record_of`."""
SENT_PROFILE = _shape(_SENT, "?")
"""The shape of a profile that is sent; what is missing stays or comes from another one."""
