"""What is written into the settings when a machine's profiles are changed (contract, 5.8).

Invariants: the profile in force stays the one in force until somebody connects with another one or nothing is
connected; what is taken out under the machine is taken out at the top level too, where the default machine's stands.
"""

from __future__ import annotations

from typing import Any

from mrdraw.hub import Machine
from mrdraw.settings import ProfileTree
from mrdraw.settings.profile_shape import written_members

Changes = dict[str, Any]

_OWN, _FURTHER = "profile", "profiles"
_DEFAULT, _CHOSEN = "defaultProfile", "chosenProfile"


def added(profile_id: str, based_on: ProfileTree, members: Changes) -> Changes:
    """A new profile with the members that were sent, and the others of one that there is."""
    return {_FURTHER: {profile_id: {**written_members(based_on), **members}}}


def changed(one: Machine, profile: ProfileTree, members: Changes) -> Changes:
    """A profile with other members."""
    if profile.id == one.settings.own_profile.id:
        return {_OWN: members} if members else {}
    return added(profile.id, profile, members) if members else {}


def deleted(profile_id: str) -> Changes:
    """A profile less."""
    return {_FURTHER: {profile_id: None}}


def made_default(one: Machine, profile_id: str) -> Changes:
    """Another default profile."""
    own = one.settings.own_profile.id
    return {_DEFAULT: None if profile_id == own else profile_id, **_kept_in_force(one, profile_id)}


def _kept_in_force(one: Machine, default: str) -> Changes:
    in_force = one.settings.profile.id
    return {_CHOSEN: in_force if one.is_connected and in_force != default else None}


def put_in_force(one: Machine, profile_id: str) -> Changes:
    """Another profile for the next connection."""
    if profile_id == one.settings.profile.id:
        return {}
    return {_CHOSEN: None if profile_id == one.settings.preferred_profile.id else profile_id}


def settings_changes(one: Machine, own: Changes, *, default: bool) -> Changes:
    """All that is written; `default` says whether it is the default machine."""
    if not own:
        return {}
    return {"machines": {one.id: own}, **(_taken_out(own) if default else {})}


def _taken_out(own: Changes) -> Changes:
    found: Changes = {}
    for name, value in own.items():
        if value is None:
            found[name] = None
        elif isinstance(value, dict) and (inner := _taken_out(value)):
            found[name] = inner
    return found
