"""The settings tree and config.yaml."""

from mrdraw.settings.controls import Control
from mrdraw.settings.profiles import ProfileTree
from mrdraw.settings.settings import Settings
from mrdraw.settings.tree import MachineTree, SafetyTree, SerialTree, SettingsTree

__all__ = ["Control", "MachineTree", "ProfileTree", "SafetyTree", "SerialTree", "Settings", "SettingsTree"]
