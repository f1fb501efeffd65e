"""The settings tree and config.yaml."""

from mrdraw.settings.cameras import CameraTree, WebcamTree
from mrdraw.settings.computer import ActionTree, CommandsTree
from mrdraw.settings.controls import Control
from mrdraw.settings.discovery import DiscoveryTree
from mrdraw.settings.profiles import ProfileTree
from mrdraw.settings.serial import SerialTree
from mrdraw.settings.settings import Settings
from mrdraw.settings.tree import MachineTree, SafetyTree, SettingsTree

__all__ = [
    "ActionTree",
    "CameraTree",
    "CommandsTree",
    "Control",
    "DiscoveryTree",
    "MachineTree",
    "ProfileTree",
    "SafetyTree",
    "SerialTree",
    "Settings",
    "SettingsTree",
    "WebcamTree",
]
