"""The messages between a server and a machine host: one vocabulary for every carrier.

Invariants: every message is a tagged struct and the first one on a link is `Hello`; a field is only ever added, with
a default, so that a server understands hosts of the previous release; unknown tags are ignored by both sides; every
command carries an id, and the same id twice is done once and answered twice.
Units: mm, mm/min for feed rates as in G-code, s, °C, bytes; `*_at` are unix seconds.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from mrdraw.events import MachineEvent
from mrdraw.link.diagnosis import WireDiagnosis

LINK_VERSION = 1


class MachineState(StrEnum):
    """What the machine is doing; the ids are those of the contract, section 8."""

    OFFLINE = "OFFLINE"
    OPEN_SERIAL = "OPEN_SERIAL"
    DETECT_SERIAL = "DETECT_SERIAL"
    CONNECTING = "CONNECTING"
    OPERATIONAL = "OPERATIONAL"
    STARTING = "STARTING"
    PRINTING = "PRINTING"
    PAUSING = "PAUSING"
    PAUSED = "PAUSED"
    RESUMING = "RESUMING"
    CANCELLING = "CANCELLING"
    FINISHING = "FINISHING"
    ERROR = "ERROR"
    CLOSED_WITH_ERROR = "CLOSED_WITH_ERROR"


STATE_TEXTS = {
    MachineState.OFFLINE: "Offline",
    MachineState.OPEN_SERIAL: "Opening serial connection",
    MachineState.DETECT_SERIAL: "Detecting serial connection",
    MachineState.CONNECTING: "Connecting",
    MachineState.OPERATIONAL: "Operational",
    MachineState.STARTING: "Starting",
    MachineState.PRINTING: "Printing",
    MachineState.PAUSING: "Pausing",
    MachineState.PAUSED: "Paused",
    MachineState.RESUMING: "Resuming",
    MachineState.CANCELLING: "Cancelling",
    MachineState.FINISHING: "Finishing",
    MachineState.ERROR: "Error",
    MachineState.CLOSED_WITH_ERROR: "Offline after error",
}
"""The texts clients compare; never others, never translated."""

JOB_STATES = frozenset({
    MachineState.STARTING, MachineState.PRINTING, MachineState.PAUSING, MachineState.PAUSED, MachineState.RESUMING,
    MachineState.CANCELLING, MachineState.FINISHING,
})  # fmt: skip
"""The states in which a job lives."""

OPERATIONAL_STATES = JOB_STATES | {MachineState.OPERATIONAL}
"""The states in which the firmware takes commands."""


# --- settings of a machine ------------------------------------------------------------------------------------------


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


# --- what a job is --------------------------------------------------------------------------------------------------


class JobFile(msgspec.Struct, frozen=True, omit_defaults=True):
    """The file of a job as clients know it; `source` is where the host finds it, `sha1` what it must hash to."""

    name: str
    path: str
    display: str
    source: str
    size: int
    date: int | None = None
    origin: str = "local"
    sha1: str | None = None
    user: str | None = None
    owner: str | None = None


class Scripts(msgspec.Struct, frozen=True, omit_defaults=True):
    """The scripts of a job, rendered by the server; each a tuple of lines without comments."""

    before_print_started: tuple[str, ...] = ()
    after_print_done: tuple[str, ...] = ()
    after_print_cancelled: tuple[str, ...] = ()
    after_print_paused: tuple[str, ...] = ()
    before_print_resumed: tuple[str, ...] = ()


class Job(msgspec.Struct, frozen=True, omit_defaults=True):
    """A job as it is handed to the machine host."""

    id: str
    file: JobFile
    scripts: Scripts = Scripts()


class Progress(msgspec.Struct, frozen=True, omit_defaults=True):
    """How far a job is; lines count what goes to the wire, `file_position` in bytes of the file."""

    file_position: int = 0
    lines_acknowledged: int = 0
    lines_sent: int = 0
    lines_total: int = 0
    print_time: float = 0.0
    """s, without pauses."""
    finished: bool = False


class Interrupted(msgspec.Struct, frozen=True, omit_defaults=True):
    """A job that the machine host lost its life in: what the journal knows of it."""

    job: Job
    line: int
    """The line of the file, counted from 1, at which the job was interrupted."""
    sent: int
    acknowledged: int
    file_position: int = 0
    print_time: float = 0.0
    interrupted_at: float = 0.0
    reason: str = ""
    executed: int | None = None
    """Lines of the job that the machine certainly executed; `None` until it was found out."""


class Place(msgspec.Struct, frozen=True, omit_defaults=True):
    """A line of a job before which one can begin, and what the lines before it left behind.

    Lengths in mm whatever units the file uses; what is missing or `None` is not known.
    """

    index: int
    """The line of the job, counted from 0, that is sent first."""
    line: int
    """The same line in the file, counted from 1."""
    file_position: int = 0
    """bytes of the file before it"""
    layer: int = 0
    """How many layers have begun; 0 in a file that extrudes nothing."""
    height: float | None = None
    """mm at which the layer begins."""
    position: dict[str, float] = {}
    absolute: bool = True
    absolute_extrusion: bool = True
    inches: bool = False
    feed_rate: float | None = None
    tool: int = 0
    targets: dict[str, float] = {}
    fans: dict[int, float] = {}
    """0 to 255 by fan."""
    modes: tuple[str, ...] = ()
    """The lines that restore modes, extruder position, feed rate and fans; they neither move nor heat."""
    tuning: tuple[str, ...] = ()
    """The lines that restore factors and settings of the firmware that the file changed."""


class ResumeOffer(msgspec.Struct, frozen=True, tag="resume_offer", omit_defaults=True):
    """From where an interrupted job can go on; told after it was interrupted, and when a server attaches."""

    job_id: str
    total: int
    executed: int
    """Lines of the job that were certainly executed."""
    acknowledged: int
    possible: int
    """Lines that the machine executed at most."""
    exact: bool
    """Whether the figures are those of the last moment, not up to 2 s older (after a power cut)."""
    interruption: Place
    layers: tuple[Place, ...] = ()
    """The last layers that began before it, the newest first."""
    heights: tuple[float, ...] = ()
    """mm at which the head may stand, the likeliest first."""
    homed: str | None = None
    """The axes that were homed, as in "xyz", or `None` when that is not known."""


# --- state, host to server ------------------------------------------------------------------------------------------


class Hello(msgspec.Struct, frozen=True, tag="hello", omit_defaults=True):
    """The first message in both directions."""

    link_version: int
    build: str
    machine_id: str = ""
    pid: int = 0
    job_id: str | None = None
    idle: bool = True


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


class JobOutcome(StrEnum):
    """How a job ended."""

    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


class JobEnded(msgspec.Struct, frozen=True, tag="job_ended", omit_defaults=True):
    """A job ended; the last ones are told to each server anew, which has to keep each of them once.

    The same id with a later end replaces the one before: a failed job may have been resumed.
    """

    id: str
    file: JobFile
    outcome: JobOutcome
    ended_at: float
    started_at: float | None = None
    """`None` when it never began, or began under a machine host that died."""
    reason: str = ""
    print_time: float = 0.0
    wire: WireDiagnosis | None = None


class Reply(msgspec.Struct, frozen=True, tag="reply", omit_defaults=True):
    """The answer to a command: accepted, or the error's class name and text. Accepted is not done."""

    id: str
    code: str | None = None
    text: str = ""


# --- commands, server to host ---------------------------------------------------------------------------------------


class Configure(msgspec.Struct, frozen=True, tag="configure"):
    """Take these settings."""

    id: str
    settings: MachineSettings


class Connect(msgspec.Struct, frozen=True, tag="connect", omit_defaults=True):
    """Open a port; `None` and `AUTO` look for one, baud rate 0 or `None` tries the usual ones.

    While connected: the same or no port does nothing, another port during a job is refused (WrongState).
    With `wait` a port that is not there yet is waited for.
    """

    id: str
    port: str | None = None
    baudrate: int | None = None
    wait: bool = False


class Disconnect(msgspec.Struct, frozen=True, tag="disconnect"):
    """Close the port; a living job fails."""

    id: str


class AcknowledgeByHand(msgspec.Struct, frozen=True, tag="acknowledge_by_hand"):
    """Act as if the firmware had acknowledged."""

    id: str


class StartJob(msgspec.Struct, frozen=True, tag="start_job"):
    """Pin the file and run it."""

    id: str
    job: Job


class RestartJob(msgspec.Struct, frozen=True, tag="restart_job"):
    """Run the paused job from its beginning."""

    id: str


class PauseJob(msgspec.Struct, frozen=True, tag="pause_job"):
    """Pause; a paused job stays paused."""

    id: str


class ResumeJob(msgspec.Struct, frozen=True, tag="resume_job"):
    """Resume; a running job goes on running."""

    id: str


class CancelJob(msgspec.Struct, frozen=True, tag="cancel_job"):
    """Cancel the job."""

    id: str


class DismissInterrupted(msgspec.Struct, frozen=True, tag="dismiss_interrupted"):
    """A person decided not to resume the interrupted job: its pinned file may go."""

    id: str


class ResumeInterrupted(msgspec.Struct, frozen=True, tag="resume_interrupted", omit_defaults=True):
    """A person confirmed that the interrupted job goes on: send these lines, then the job from line `index` on."""

    id: str
    job_id: str
    index: int
    lines: tuple[str, ...] = ()


class SendLines(msgspec.Struct, frozen=True, tag="send_lines", omit_defaults=True):
    """Send lines typed by a person; moves during a job need `force`."""

    id: str
    lines: tuple[str, ...]
    force: bool = False


class Jog(msgspec.Struct, frozen=True, tag="jog", omit_defaults=True):
    """Move axes (`x`, `y`, `z`) by or to mm; `speed` in mm/min, `None` takes the slowest axis of the profile.

    `no_speed` leaves the feed rate out.
    """

    id: str
    axes: dict[str, float]
    absolute: bool = False
    speed: float | None = None
    no_speed: bool = False


class HomeAxes(msgspec.Struct, frozen=True, tag="home"):
    """Home the axes, as in "xyz"."""

    id: str
    axes: str


class SetTargets(msgspec.Struct, frozen=True, tag="set_targets"):
    """Set the targets of heaters (`tool0`, `bed`, `chamber`, `tool` for the current one), °C."""

    id: str
    targets: dict[str, float]


class SetOffsets(msgspec.Struct, frozen=True, tag="set_offsets"):
    """Set what is added to the targets in files, °C."""

    id: str
    offsets: dict[str, float]


class Extrude(msgspec.Struct, frozen=True, tag="extrude", omit_defaults=True):
    """Push (or pull) filament, mm; `speed` in mm/min, capped at the profile's."""

    id: str
    amount: float
    speed: float | None = None


class SelectTool(msgspec.Struct, frozen=True, tag="select_tool"):
    """Make tool N the current one."""

    id: str
    tool: int


class SetFactor(msgspec.Struct, frozen=True, tag="set_factor"):
    """Set the feed rate (`kind` "feedrate") or flow ("flowrate") factor, %."""

    id: str
    kind: str
    percent: int


class EmergencyStop(msgspec.Struct, frozen=True, tag="emergency_stop"):
    """Stop at once: jumps every queue."""

    id: str


class AnswerPrompt(msgspec.Struct, frozen=True, tag="answer_prompt"):
    """A person answered the open question with a choice, counted from 0."""

    id: str
    choice: int


class ClearNotifications(msgspec.Struct, frozen=True, tag="clear_notifications"):
    """A person took note of what the firmware said."""

    id: str


class Attend(msgspec.Struct, frozen=True, tag="attend"):
    """A person is there and decides to leave the heaters as they are: the unattended timer starts anew."""

    id: str


class StopHost(msgspec.Struct, frozen=True, tag="stop_host"):
    """End the machine host if no job lives (else WrongState): it is replaced or no longer wanted."""

    id: str


Command = (
    Configure | Connect | Disconnect | AcknowledgeByHand | StartJob | RestartJob | PauseJob | ResumeJob | CancelJob
    | DismissInterrupted | ResumeInterrupted | SendLines | Jog | HomeAxes | SetTargets | SetOffsets | Extrude
    | SelectTool | SetFactor | EmergencyStop | AnswerPrompt | ClearNotifications | Attend
    | StopHost
)  # fmt: skip

ToHost = Hello | Command
ToServer = (
    Hello | Snapshot | LogLines | TemperatureLog | ResumeOffer | Happened | WireReport | StartAsked | JobEnded | Reply
)
