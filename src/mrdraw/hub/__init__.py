"""Use cases that need more than one part of the house."""

from mrdraw.hub.bus import EventBus
from mrdraw.hub.hub import Hub
from mrdraw.hub.machine import Machine

__all__ = ["EventBus", "Hub", "Machine"]
