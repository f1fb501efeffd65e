"""The settings tree and config.yaml."""

from mrdraw.settings.settings import Settings
from mrdraw.settings.tree import MachineTree, ProfileTree, SafetyTree, SerialTree, SettingsTree

__all__ = ["MachineTree", "ProfileTree", "SafetyTree", "SerialTree", "Settings", "SettingsTree"]
