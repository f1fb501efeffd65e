"""The settings of a machine as its host needs them: every value resolved.

Invariants: nothing here is read from a file; the host never sees the settings tree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mrdraw.link.messages import MachineSettings

if TYPE_CHECKING:
    from mrdraw.settings import MachineTree


def resolve(machine_id: str, tree: MachineTree, *, virtual: bool) -> MachineSettings:
    """What the host of this machine is told."""
    raise NotImplementedError
