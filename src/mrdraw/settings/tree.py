"""The shape of the settings: the sections of a machine with their defaults, and the whole tree.

Invariants: what is not known here is kept in the file and reported. The members of `serial`, `profile` and `safety`
have the names under which the machine host is told of them.
Units: s, °C, mm, mm/min; cutoff in minutes.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from mrdraw.settings.cameras import WebcamTree
from mrdraw.settings.computer import ServerTree, SystemTree
from mrdraw.settings.controls import Control
from mrdraw.settings.discovery import DiscoveryTree, discovery_of
from mrdraw.settings.kinds import Celsius, Coordinate, NotNegative, Positive, Section
from mrdraw.settings.profiles import ProfileTree
from mrdraw.settings.sections import (
    AccessControlTree,
    ApiTree,
    AppearanceTree,
    DevelTree,
    FeatureTree,
    FolderTree,
    GcodeAnalysisTree,
    SlicingTree,
)
from mrdraw.settings.serial import SerialTree


class SafetyTree(Section, frozen=True):
    """What happens when nobody decides (docs/architecture.md, Safety)."""

    unattended_minutes: Annotated[float, Meta(gt=0, le=120)] = 10.0
    pause_lift: NotNegative = 5.0
    end_lift: NotNegative = 5.0
    park_x: Coordinate | None = 0.0
    park_y: Coordinate | None = None
    temperature_silence: Positive = 15.0
    temperature_overshoot: Annotated[float, Meta(gt=0, le=200)] = 15.0
    stop_on_alarm: bool = False
    unhomed_jog: Positive = 10.0
    reset_on_dead_emergency_stop: bool = True


class TemperatureProfile(Section, frozen=True):
    """The temperatures of a material."""

    name: Annotated[str, Meta(min_length=1)]
    extruder: Celsius = 0.0
    bed: Celsius = 0.0
    chamber: Celsius | None = None


class TemperatureTree(Section, frozen=True):
    """Materials to choose from, and how much of the temperature history is shown."""

    profiles: tuple[TemperatureProfile, ...] = (
        TemperatureProfile(name="ABS", extruder=210.0, bed=100.0),
        TemperatureProfile(name="PLA", extruder=180.0, bed=60.0),
    )
    cutoff: Positive = 30.0
    send_automatically: bool = False
    send_automatically_after: Annotated[int, Meta(ge=0, le=30)] = 1


class TerminalFilter(Section, frozen=True):
    """Lines of the terminal that can be hidden."""

    name: str
    regex: str


TERMINAL_FILTERS = (
    TerminalFilter(
        name="Suppress temperature messages",
        regex=r"(Send: (N\d+ )?M105)|(Recv: .*\b(T\d*|B|C): ?-?\d+(\.\d+)? ?/)",
    ),
    TerminalFilter(
        name="Suppress SD status messages", regex=r"(Send: (N\d+ )?M27)|(Recv: (SD printing byte|Not SD printing))"
    ),
    TerminalFilter(
        name="Suppress position messages", regex=r"(Send: (N\d+ )?M114)|(Recv: (ok )?X: ?-?[\d.]+ Y: ?-?[\d.]+ Z:)"
    ),
    TerminalFilter(name="Suppress wait responses", regex=r"Recv: wait"),
    TerminalFilter(name="Suppress processing responses", regex=r"Recv: (echo: ?)?busy: ?processing"),
)
"""What comes so often that it hides the rest; a regular expression of clients (JavaScript)."""


class MachineTree(Section, frozen=True):
    """One machine."""

    name: str = ""
    serial: SerialTree = SerialTree()
    own_profile: ProfileTree = msgspec.field(name="profile", default=ProfileTree())
    """The profile that every machine has."""
    further_profiles: dict[str, ProfileTree] = msgspec.field(name="profiles", default_factory=dict)
    """The profiles beside it, by id."""
    default_profile: str = ""
    """The profile that a connection takes when none is named; empty for the machine's own."""
    chosen_profile: str = ""
    """The profile of the last connection, if that named another one than the default."""
    controls: tuple[Control, ...] = ()
    """Custom controls (contract, 5.13)."""
    safety: SafetyTree = SafetyTree()
    temperature: TemperatureTree = TemperatureTree()
    terminal_filters: tuple[TerminalFilter, ...] = TERMINAL_FILTERS
    webcam: WebcamTree = WebcamTree()
    scripts: dict[str, str] = msgspec.field(default_factory=dict)
    """Templates of G-code by name, as `afterPrintDone` or `snippets/park`."""

    @property
    def profiles(self) -> dict[str, ProfileTree]:
        """All profiles by id, the machine's own first."""
        return {self.own_profile.id: self.own_profile, **self.further_profiles}

    @property
    def preferred_profile(self) -> ProfileTree:
        """The default one."""
        return self.further_profiles.get(self.default_profile, self.own_profile)

    @property
    def profile(self) -> ProfileTree:
        """The profile in force."""
        return self.profiles[self.chosen_profile] if self.chosen_profile else self.preferred_profile


class SettingsTree(Section, frozen=True):
    """All settings."""

    api: ApiTree = ApiTree()
    access_control: AccessControlTree = AccessControlTree()
    appearance: AppearanceTree = AppearanceTree()
    feature: FeatureTree = FeatureTree()
    gcode_analysis: GcodeAnalysisTree = GcodeAnalysisTree()
    server: ServerTree = ServerTree()
    system: SystemTree = SystemTree()
    folder: FolderTree = FolderTree()
    devel: DevelTree = DevelTree()
    slicing: SlicingTree = SlicingTree()
    plugins: dict[str, Any] = msgspec.field(default_factory=dict)
    """By the plugin's id; each plugin knows its own."""
    default_machine: str = "default"
    machines: dict[str, MachineTree] = msgspec.field(default_factory=dict)
    """By id; the default machine is always among them."""

    @property
    def discovery(self) -> DiscoveryTree:
        """How the server makes itself known; it stands among the plugins' settings."""
        return discovery_of(self.plugins)


MACHINE_SECTIONS = tuple(field.encode_name for field in msgspec.structs.fields(MachineTree) if field.name != "name")
"""Sections that stand at the top level in OctoPrint's file; there they are the default machine's."""


def unknown_members(data: object, shape: type[Struct], place: str = "") -> list[str]:
    """The dotted names in `data` that the shape does not know."""
    if not isinstance(data, dict):
        return []
    fields = {field.encode_name: field.type for field in msgspec.structs.fields(shape)}
    found = []
    for name, value in data.items():
        kind = fields.get(name)
        if kind is None:
            found.append(f"{place}{name}")
        elif isinstance(kind, type) and issubclass(kind, Struct):
            found += unknown_members(value, kind, f"{place}{name}.")
    return found
