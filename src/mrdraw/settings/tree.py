"""The shape of the settings: the sections of a machine with their defaults, and the whole tree.

Invariants: what is not known here is kept in the file and reported. The members of `serial`, `profile` and `safety`
have the names under which the machine host is told of them. Numbers are finite: nothing can be set to "without limit".
Units: s, °C, mm, mm/min; cutoff in minutes.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from mrdraw.settings.controls import Control
from mrdraw.settings.profiles import ProfileTree
from mrdraw.settings.sections import ApiTree, AppearanceTree, FeatureTree, FolderTree, Section, ServerTree

Positive = Annotated[float, Meta(gt=0, le=1_000_000)]
NotNegative = Annotated[float, Meta(ge=0, le=1_000_000)]
Coordinate = Annotated[float, Meta(ge=-1_000_000, le=1_000_000)]
Celsius = Annotated[float, Meta(ge=0, le=2000)]
Baudrate = Annotated[int, Meta(ge=0, le=100_000_000)]
"""0 means: find out."""

RxBuffer = Annotated[int, Meta(ge=0, le=65536)]
"""The firmware's receive buffer in bytes; 0 means: not known."""


class SerialTree(Section, frozen=True):
    """How the port is opened and how long is waited for what."""

    port: str | None = None
    baudrate: Baudrate | None = None
    autoconnect: bool = False
    additional_ports: tuple[str, ...] = ()
    """Globs."""
    additional_baudrates: tuple[Annotated[int, Meta(ge=1, le=100_000_000)], ...] = ()
    device_folder: str = "/dev/serial"
    """Where `by-id` and `by-path` are."""
    exclusive: bool = True
    low_latency: bool = True
    timeout_connection: Positive = 10.0
    timeout_communication: Positive = 30.0
    timeout_communication_busy: Positive = 3.0
    long_running_commands: tuple[str, ...] = (
        "G4", "G28", "G29", "G30", "G32", "M400", "M226", "M600", "M601", "M109", "M190", "M116", "M303",
    )  # fmt: skip
    max_line_length: Annotated[int, Meta(ge=32, le=1024)] = 96
    max_consecutive_resends: Annotated[int, Meta(ge=1, le=1000)] = 10
    lines_in_flight: Annotated[int, Meta(ge=0, le=32)] = 0
    """The most lines without an acknowledge; 0 means: by what the firmware says and by `rx_buffer`."""
    rx_buffer: RxBuffer = 0


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
    safety: SafetyTree = SafetyTree()
    temperature: TemperatureTree = TemperatureTree()
    terminal_filters: tuple[TerminalFilter, ...] = ()
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
    appearance: AppearanceTree = AppearanceTree()
    feature: FeatureTree = FeatureTree()
    server: ServerTree = ServerTree()
    folder: FolderTree = FolderTree()
    plugins: dict[str, Any] = msgspec.field(default_factory=dict)
    """By the plugin's id; each plugin knows its own."""
    default_machine: str = "default"
    machines: dict[str, MachineTree] = msgspec.field(default_factory=dict)
    """By id; the default machine is always among them."""


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
