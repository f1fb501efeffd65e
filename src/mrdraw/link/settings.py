"""What a machine host has to know of its machine, resolved by the server.

Units: mm, mm/min for feed rates as in G-code, s, °C, bytes.
"""

from __future__ import annotations

import msgspec


class SerialSettings(msgspec.Struct, frozen=True, omit_defaults=True):
    """How the port is opened and how long is waited for what; `None` or 0 means: find out."""

    port: str | None = None
    baudrate: int | None = None
    autoconnect: bool = False
    additional_ports: tuple[str, ...] = ()
    """Globs of further ports to list."""
    additional_baudrates: tuple[int, ...] = ()
    device_folder: str = "/dev/serial"
    """Where the system names serial devices by what they are (`by-id`) and by where they are plugged in (`by-path`)."""
    exclusive: bool = True
    low_latency: bool = True
    timeout_connection: float = 10.0
    timeout_communication: float = 30.0
    timeout_communication_busy: float = 3.0
    long_running_commands: tuple[str, ...] = (
        "G4", "G28", "G29", "G30", "G32", "M400", "M226", "M600", "M601", "M109", "M190", "M116", "M303",
    )  # fmt: skip
    max_line_length: int = 96
    """Bytes of the firmware's line buffer, number and checksum included, terminating NUL too."""
    max_consecutive_resends: int = 10
    lines_in_flight: int = 0
    """The most lines without an acknowledge; 0 means: by what the firmware says and by `rx_buffer`."""
    rx_buffer: int = 0
    """Bytes of the firmware's receive buffer; 0 means: not known."""
    blacklisted_ports: tuple[str, ...] = ()
    """Globs of ports that are not listed."""
    blacklisted_baudrates: tuple[int, ...] = ()
    timeout_temperature: float = 5.0
    """Between two questions for temperatures, where the firmware does not report by itself."""
    timeout_temperature_target_set: float = 2.0
    """The same while something heats."""
    timeout_temperature_autoreport: float = 1.0
    blocked_commands: tuple[str, ...] = ("M0", "M1")
    ignored_commands: tuple[str, ...] = ()
    pausing_commands: tuple[str, ...] = ("M0", "M1", "M25")
    emergency_commands: tuple[str, ...] = ("M112", "M108", "M410")
    notify_suppressed_commands: str = "warn"
    firmware_detection: bool = True
    abort_heatup_on_cancel: bool = True
    cap_autoreport_temp: bool = True
    cap_busy_protocol: bool = True
    cap_emergency_parser: bool = True


class CustomBox(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where the head can go, mm; never less than the volume."""

    x_min: float
    x_max: float
    y_min: float
    y_max: float
    z_min: float
    z_max: float


class Profile(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the machine is: its volume in mm, its heaters with ceilings in °C, its axes in mm/min."""

    id: str = "_default"
    name: str = "Default"
    width: float = 200.0
    depth: float = 200.0
    height: float = 200.0
    form_factor: str = "rectangular"
    """Or `circular`: then the width is the diameter, and the origin in the middle."""
    origin_center: bool = False
    custom_box: CustomBox | None = None
    """Instead of the volume, where the head can go."""
    extruders: int = 1
    heated_bed: bool = True
    heated_chamber: bool = False
    max_tool_temperature: float = 300.0
    max_bed_temperature: float = 120.0
    max_chamber_temperature: float = 80.0
    max_extrusion: float = 500.0
    """mm of filament in one extrusion by hand."""
    speed_x: float = 6000.0
    speed_y: float = 6000.0
    speed_z: float = 200.0
    speed_e: float = 300.0
    kinematics: str = ""
    """How the axes hang together (`cartesian`, `corexy`, `delta`, …); nothing means: what the firmware says."""


class SafetySettings(msgspec.Struct, frozen=True, omit_defaults=True):
    """How MrDraw behaves when nobody decides."""

    unattended_minutes: float = 10.0
    """Heaters go off after this long without a decision: after a restart, in a pause, after a failure, when idle."""
    pause_lift: float = 5.0
    """mm."""
    end_lift: float = 5.0
    """mm."""
    park_x: float | None = 0.0
    park_y: float | None = None
    """Where a pause parks, mm; `None` leaves the axis where it is."""
    temperature_silence: float = 15.0
    """s without a temperature while heating before the alarm."""
    temperature_overshoot: float = 15.0
    """°C above a heater's ceiling before the alarm."""
    stop_on_alarm: bool = False
    """Send M112 at a temperature alarm."""
    unhomed_jog: float = 10.0
    """mm that one jog may move an axis that was not homed."""
    reset_on_dead_emergency_stop: bool = True
    """Reset the board by DTR when it does not react to an emergency stop within 1 s."""


class MachineSettings(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything resolved that a machine host needs to know; it keeps the last ones beside its journal."""

    machine_id: str = "default"
    serial: SerialSettings = SerialSettings()
    profile: Profile = Profile()
    safety: SafetySettings = SafetySettings()
    virtual: bool = False
    """Whether the port `VIRTUAL`, a simulated machine, is offered."""
