"""The machines: supervisor of machine hosts and what they last said."""

from mrdraw.fleet.fleet import Fleet
from mrdraw.fleet.handle import MachineHandle, Told, new_id

__all__ = ["Fleet", "MachineHandle", "Told", "new_id"]
