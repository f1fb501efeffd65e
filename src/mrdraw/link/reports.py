"""What a machine host tells the server: the state, what was said on the wire, what happened.

Units: mm, s, °C; `*_at` and `at` are unix seconds.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from mrdraw.events import MachineEvent
from mrdraw.link.diagnosis import WireDiagnosis
from mrdraw.link.jobs import Interrupted, Job, Progress
from mrdraw.link.states import MachineState


class Heater(msgspec.Struct, frozen=True, omit_defaults=True):
    """A heater as last reported, °C."""

    actual: float | None = None
    target: float | None = None
    offset: float = 0.0


class TemperaturePoint(msgspec.Struct, frozen=True, omit_defaults=True):
    """All heaters at one time; `time` in unix seconds."""

    time: int
    heaters: dict[str, Heater]


class Resends(msgspec.Struct, frozen=True, omit_defaults=True):
    """Lines transmitted, and how many of them again."""

    count: int = 0
    transmitted: int = 0


class PortInfo(msgspec.Struct, frozen=True, omit_defaults=True):
    """A port that a machine could be on; `path` is the by-id path where there is one."""

    path: str
    description: str = ""
    device: str = ""
    """The device that the path leads to now, where the path is not the device itself."""


class DeviceIdentity(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a device is known by, whatever its tty is called; what is empty is not known."""

    by_id: str = ""
    """Its name among `by-id`: maker, model and USB serial number."""
    serial_number: str = ""
    by_path: str = ""
    """Its name among `by-path`: the socket that it is plugged into."""
    shared: bool = False
    """Whether another device was seen that would bear the same name: then `by_path` decides."""
    uuid: str = ""
    """The board's UUID, as M115 told it."""


class ConnectionPhase(StrEnum):
    """How it stands with the connection, finer than the states that clients of OctoPrint know."""

    CLOSED = "closed"
    """Nobody wants a connection."""
    CONNECTING = "connecting"
    CONNECTED = "connected"
    WAITING = "waiting"
    """The device was not there yet; it is connected as soon as it appears."""
    LINK_LOST = "link-lost"
    """The device was lost; it is connected again as soon as it is back."""
    AMBIGUOUS = "ambiguous"
    """As `LINK_LOST`, but what is there now could be another device: a person has to choose."""
    FAILED = "failed"
    """The connection ended with an error; a person has to connect again."""


class ConnectionStatus(msgspec.Struct, frozen=True, omit_defaults=True):
    """How it stands with the connection; `since` in unix seconds."""

    phase: ConnectionPhase = ConnectionPhase.CLOSED
    since: float = 0.0
    reason: str = ""
    device: DeviceIdentity = DeviceIdentity()


class Notice(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something that a person at the machine has to know; `key` is stable, `until` a deadline in unix seconds."""

    key: str
    text: str
    until: float | None = None


class Prompt(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the firmware asks people; the answer is the number of a choice, from 0."""

    text: str
    choices: tuple[str, ...] = ()


class Notification(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the firmware said to people; `at` in unix seconds."""

    at: float
    message: str


class Snapshot(msgspec.Struct, frozen=True, tag="snapshot", omit_defaults=True):
    """The whole state of a machine; the newest replaces an unsent one."""

    sequence: int
    state: MachineState = MachineState.OFFLINE
    error: str = ""
    port: str | None = None
    baudrate: int | None = None
    ports: tuple[PortInfo, ...] = ()
    heaters: dict[str, Heater] = {}
    tool: int = 0
    position: dict[str, float] = {}
    homed: str = ""
    """The axes known to be homed, as in "xyz"."""
    current_z: float | None = None
    job: Job | None = None
    """The job that lives, or the last one until another file is selected."""
    progress: Progress = Progress()
    resends: Resends = Resends()
    firmware: str = ""
    capabilities: dict[str, bool] = {}
    kinematics: str = ""
    """What the firmware says of itself, in small letters."""
    travel: dict[str, tuple[float, float]] = {}
    """How far the axes go, mm, as the firmware says; what the profile says is what holds."""
    interrupted: Interrupted | None = None
    notices: tuple[Notice, ...] = ()
    dropped_log_lines: int = 0
    connection: ConnectionStatus = ConnectionStatus()
    prompt: Prompt | None = None
    """The question that is open."""
    notifications: tuple[Notification, ...] = ()
    """The last ones that nobody cleared, oldest first."""


class LogLines(msgspec.Struct, frozen=True, tag="log", omit_defaults=True):
    """New lines of the terminal: `Send: …`, `Recv: …` and free text, and how many were dropped before them.

    `history` marks the first batch on a link, the host's last 300 lines.
    """

    lines: tuple[str, ...]
    dropped: int = 0
    history: bool = False


class TemperatureLog(msgspec.Struct, frozen=True, tag="temperatures", omit_defaults=True):
    """New temperature points, oldest first; `history` marks the first batch on a link, the last 30 minutes."""

    points: tuple[TemperaturePoint, ...]
    history: bool = False


class Happened(msgspec.Struct, frozen=True, tag="happened", omit_defaults=True):
    """An event; `sequence` counts from the host's start.

    Events that no server heard are kept (the last 256) and sent to the next server, so that no end of a job is lost.
    """

    sequence: int
    at: float
    event: MachineEvent


class WireReport(msgspec.Struct, frozen=True, tag="wire", omit_defaults=True):
    """What is known of the wire of the job that runs, about once a second, or of the last one."""

    job: str
    """The job's id."""
    diagnosis: WireDiagnosis
    running: bool = False


class StartAsked(msgspec.Struct, frozen=True, tag="start_asked"):
    """Somebody at the machine asked for the selected file to be started; the server knows which that is."""
