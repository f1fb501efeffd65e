"""The settings of a machine as its host needs them: every value resolved.

Invariants: nothing here is read from a file; the host never sees the settings tree. The members of both have the same
names.
"""

from __future__ import annotations

import msgspec

from mrdraw.link.messages import MachineSettings, Profile, SafetySettings, SerialSettings
from mrdraw.settings import MachineTree


def resolve(machine_id: str, tree: MachineTree, *, virtual: bool) -> MachineSettings:
    """What the host of this machine is told."""
    return MachineSettings(
        machine_id=machine_id,
        serial=msgspec.convert(tree.serial, SerialSettings, from_attributes=True),
        profile=msgspec.convert(tree.profile, Profile, from_attributes=True),
        safety=msgspec.convert(tree.safety, SafetySettings, from_attributes=True),
        virtual=virtual,
    )
