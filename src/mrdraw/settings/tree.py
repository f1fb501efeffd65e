"""The shape of the settings: every section with its defaults.

Invariants: names in `config.yaml` are those of the contract (section 5.9, camelCase); a member that is missing has its
default; what is not known here is kept in the file and reported. Units: s, °C, mm, mm/min, bytes.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

Port = Annotated[int, Meta(ge=1, le=65535)]
Positive = Annotated[float, Meta(gt=0)]
NotNegative = Annotated[float, Meta(ge=0)]
Count = Annotated[int, Meta(ge=1, le=99)]
Status = Annotated[int, Meta(ge=401, le=403)]


class _Section(Struct, frozen=True, rename="camel", kw_only=True):
    """A section of the tree."""


class ApiTree(_Section, frozen=True):
    """The API as a whole."""

    key: str | None = None
    """The global key, where a person wants to set it; otherwise the one in the database counts."""
    allow_cross_origin: bool = False
    anonymous_status: Status = 401


class AppearanceTree(_Section, frozen=True):
    """How the server presents itself."""

    name: str = ""


class UploadsTree(_Section, frozen=True):
    """What may be uploaded; bytes."""

    max_size: Annotated[int, Meta(ge=1)] = 16 * 1024**3


class ServerTree(_Section, frozen=True):
    """Where and how is served."""

    host: str = "127.0.0.1"
    port: Port = 5000
    allow_framing: bool = False
    uploads: UploadsTree = UploadsTree()


class FolderTree(_Section, frozen=True):
    """Folders that lie elsewhere than in the base folder."""

    uploads: str | None = None


class TemperatureTree(_Section, frozen=True):
    """The temperature history, minutes."""

    cutoff: Positive = 30


class SerialTree(_Section, frozen=True):
    """How the port is opened and how long is waited for what."""

    port: str | None = None
    baudrate: Annotated[int, Meta(ge=0)] | None = None
    autoconnect: bool = False
    additional_ports: tuple[str, ...] = ()
    additional_baudrates: tuple[int, ...] = ()
    exclusive: bool = True
    low_latency: bool = True
    timeout_connection: Positive = 10.0
    timeout_communication: Positive = 30.0
    timeout_communication_busy: Positive = 3.0
    long_running_commands: tuple[str, ...] = (
        "G4", "G28", "G29", "G30", "G32", "M400", "M226", "M600", "M601", "M109", "M190", "M116", "M303",
    )  # fmt: skip
    max_line_length: Annotated[int, Meta(ge=32, le=1024)] = 96
    max_consecutive_resends: Annotated[int, Meta(ge=1)] = 10


class ProfileTree(_Section, frozen=True):
    """What the machine is: its volume, its heaters with ceilings, its axes."""

    id: str = "_default"
    name: str = "Default"
    width: Positive = 200.0
    depth: Positive = 200.0
    height: Positive = 200.0
    origin_center: bool = False
    extruders: Count = 1
    heated_bed: bool = True
    heated_chamber: bool = False
    max_tool_temperature: Positive = 300.0
    max_bed_temperature: Positive = 120.0
    max_chamber_temperature: Positive = 80.0
    max_extrusion: Positive = 500.0
    speed_x: Positive = 6000.0
    speed_y: Positive = 6000.0
    speed_z: Positive = 200.0
    speed_e: Positive = 300.0


class SafetyTree(_Section, frozen=True):
    """What happens when nobody decides (docs/architecture.md, Safety)."""

    unattended_minutes: Annotated[float, Meta(gt=0, le=120)] = 10.0
    pause_lift: NotNegative = 5.0
    end_lift: NotNegative = 5.0
    park_x: float | None = 0.0
    park_y: float | None = None
    temperature_silence: Positive = 15.0
    temperature_overshoot: Positive = 15.0
    stop_on_alarm: bool = False
    unhomed_jog: Positive = 10.0
    reset_on_dead_emergency_stop: bool = True


class MachineTree(_Section, frozen=True):
    """One machine."""

    name: str = ""
    serial: SerialTree = SerialTree()
    profile: ProfileTree = ProfileTree()
    safety: SafetyTree = SafetyTree()
    temperature: TemperatureTree = TemperatureTree()
    scripts: dict[str, str] = {}
    """Templates of G-code by name, as `afterPrintDone` or `snippets/park`."""


class SettingsTree(_Section, frozen=True):
    """All settings."""

    api: ApiTree = ApiTree()
    appearance: AppearanceTree = AppearanceTree()
    server: ServerTree = ServerTree()
    folder: FolderTree = FolderTree()
    default_machine: str = "default"
    machines: dict[str, MachineTree] = {}


MACHINE_SECTIONS = ("serial", "profile", "safety", "temperature", "scripts")
"""Sections that stand at the top level in OctoPrint's file; there they are the default machine's."""


def unknown_members(data: object, shape: type[Struct], path: str = "") -> list[str]:
    """The dotted names in `data` that the shape does not know."""
    if not isinstance(data, dict):
        return []
    fields = {field.encode_name: field for field in msgspec.structs.fields(shape)}
    found = []
    for name, value in data.items():
        field = fields.get(name)
        if field is None:
            found.append(f"{path}{name}")
        elif isinstance(field.type, type) and issubclass(field.type, Struct):
            found += unknown_members(value, field.type, f"{path}{name}.")
        elif name == "machines" and isinstance(value, dict):
            for machine_id, machine in value.items():
                found += unknown_members(machine, MachineTree, f"{path}machines.{machine_id}.")
    return found
