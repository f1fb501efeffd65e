"""The events everybody may hear of: what happened to a machine, a job, a file or a user.

Invariants: an event is a value, its class name is the name clients know (contract, section 7) and its fields are the
members of the payload; fields that hold ``None`` because they do not apply are left out of the payload where the
contract marks them optional (``omit_defaults``).
"""

from __future__ import annotations

import msgspec


class Event(msgspec.Struct, frozen=True, tag=True, tag_field="event", omit_defaults=True):
    """The base of all events; the tag is the name of the class."""


def name_of(event: Event) -> str:
    """The name clients know the event by."""
    return type(event).__name__


def payload_of(event: Event) -> dict[str, object] | None:
    """The payload clients receive; ``None`` for an event without fields."""
    fields = msgspec.to_builtins(event)
    del fields["event"]
    return fields or None


# --- the server -----------------------------------------------------------------------------------------------------


class Startup(Event, frozen=True, kw_only=True):
    """The server answers requests."""


class Shutdown(Event, frozen=True, kw_only=True):
    """The server stops."""


class ClientOpened(Event, frozen=True, kw_only=True):
    """A push socket was opened."""

    remoteAddress: str  # noqa: N815


class ClientClosed(Event, frozen=True, kw_only=True):
    """A push socket was closed."""

    remoteAddress: str  # noqa: N815


class ClientAuthed(Event, frozen=True, kw_only=True):
    """A push socket got an identity."""

    username: str
    remoteAddress: str  # noqa: N815


class SettingsUpdated(Event, frozen=True, kw_only=True):
    """The settings were changed; the hashes are others when what clients show (`config`) or anything at all changed."""

    config_hash: str
    effective_hash: str


class PrinterProfileAdded(Event, frozen=True, kw_only=True):
    """A machine got another profile."""

    identifier: str


class PrinterProfileDeleted(Event, frozen=True, kw_only=True):
    """A machine lost a profile."""

    identifier: str


class PrinterProfileModified(Event, frozen=True, kw_only=True):
    """A machine's profile was changed."""

    identifier: str


class UserLoggedIn(Event, frozen=True, kw_only=True):
    """A user logged in with the password."""

    username: str


class UserLoggedOut(Event, frozen=True, kw_only=True):
    """A user ended the session."""

    username: str


# --- the connection -------------------------------------------------------------------------------------------------


class ConnectivityChanged(Event, frozen=True, kw_only=True):
    """The network was reached or lost."""

    old: bool
    new: bool


class Connecting(Event, frozen=True, kw_only=True):
    """A port is being opened."""


class Connected(Event, frozen=True, kw_only=True):
    """The firmware answered."""

    port: str
    baudrate: int


class Disconnecting(Event, frozen=True, kw_only=True):
    """The port is about to be closed."""


class Disconnected(Event, frozen=True, kw_only=True):
    """The port was closed or lost."""


class ConnectionsAutorefreshed(Event, frozen=True, kw_only=True):
    """The list of ports changed while disconnected."""

    ports: list[str]


class PrinterStateChanged(Event, frozen=True, kw_only=True):
    """The machine entered another state; names as in section 8 of the contract."""

    state_id: str
    state_string: str


class PrinterReset(Event, frozen=True, kw_only=True):
    """The firmware started anew while connected."""

    idle: bool


class FirmwareData(Event, frozen=True, kw_only=True):
    """The answer to M115."""

    name: str
    data: dict[str, str]


class RegisteredMessageReceived(Event, frozen=True, kw_only=True):
    """The firmware said what a custom control asks for: the part of the line, and the texts of the templates by key."""

    key: str
    matched: str
    outputs: dict[str, str]


class Error(Event, frozen=True, kw_only=True):
    """The machine or its wire failed.

    `reason`: firmware, resend, resend_loop, timeout, connection, start_print, autodetect.
    """

    error: str
    reason: str
    consequence: str | None = None
    logs: list[str] | None = None


# --- the job --------------------------------------------------------------------------------------------------------


class JobEvent(Event, frozen=True, kw_only=True):
    """What all events of a job say of it."""

    name: str
    path: str
    origin: str
    size: int
    owner: str | None = None
    user: str | None = None


class PrintStarted(JobEvent, frozen=True, kw_only=True):
    """A job was started."""


class PrintResumed(JobEvent, frozen=True, kw_only=True):
    """A paused job goes on."""


class PrintPaused(JobEvent, frozen=True, kw_only=True):
    """A job is paused."""

    position: dict[str, float] | None = None
    fileposition: int | None = None
    progress: int | None = None


class PrintDone(JobEvent, frozen=True, kw_only=True):
    """A job ran to its end; `time` in s."""

    time: float


class PrintCancelling(JobEvent, frozen=True, kw_only=True):
    """A job is being cancelled."""

    firmwareError: str | None = None  # noqa: N815


class PrintCancelled(JobEvent, frozen=True, kw_only=True):
    """A job was cancelled; `time` in s, `progress` in %."""

    time: float
    position: dict[str, float] | None = None
    fileposition: int | None = None
    progress: int | None = None


class PrintFailed(JobEvent, frozen=True, kw_only=True):
    """A job did not run to its end; `time` in s, `reason` is "cancelled" or "error", `progress` in %."""

    time: float
    reason: str
    error: str | None = None
    position: dict[str, float] | None = None
    fileposition: int | None = None
    progress: int | None = None


class ChartMarked(Event, frozen=True, kw_only=True):
    """A mark for the temperature chart; `time` in unix seconds."""

    type: str
    label: str
    time: float | None = None


class ZChange(Event, frozen=True, kw_only=True):
    """The job moved to another height, in mm."""

    new: float | None
    old: float | None


class PositionUpdate(Event, frozen=True, kw_only=True):
    """A position reported by the firmware, in mm."""

    reason: str | None = None
    x: float | None = None
    y: float | None = None
    z: float | None = None
    e: float | None = None
    t: int | None = None
    f: float | None = None


class ToolChange(Event, frozen=True, kw_only=True):
    """Another tool was selected."""

    old: int
    new: int


class CommandSuppressed(Event, frozen=True, kw_only=True):
    """A command was not sent, and why."""

    command: str
    message: str
    severity: str


class PowerOn(Event, frozen=True, kw_only=True):
    """M80 was sent."""


class PowerOff(Event, frozen=True, kw_only=True):
    """M81 was sent."""


class Home(Event, frozen=True, kw_only=True):
    """G28 was sent."""


class Waiting(Event, frozen=True, kw_only=True):
    """M0, M1 or M226 was met."""


class Dwelling(Event, frozen=True, kw_only=True):
    """G4 was sent."""


class Cooling(Event, frozen=True, kw_only=True):
    """M245 was sent."""


class Alert(Event, frozen=True, kw_only=True):
    """M300 was sent."""


class Conveyor(Event, frozen=True, kw_only=True):
    """M240 was sent."""


class Eject(Event, frozen=True, kw_only=True):
    """M40 was sent."""


class EStop(Event, frozen=True, kw_only=True):
    """M112 was sent."""


class FilamentChange(Event, frozen=True, kw_only=True):
    """M600, M701 or M702 was sent."""


# --- the files ------------------------------------------------------------------------------------------------------


class Upload(Event, frozen=True, kw_only=True):
    """A file was uploaded."""

    name: str
    path: str
    target: str
    select: bool
    print: bool
    effective_select: bool
    effective_print: bool
    userdata: object = None


class FileAdded(Event, frozen=True, kw_only=True):
    """A file appeared in the storage."""

    storage: str
    path: str
    name: str
    type: list[str]
    operation: str


class FileRemoved(Event, frozen=True, kw_only=True):
    """A file left the storage."""

    storage: str
    path: str
    name: str
    type: list[str]
    operation: str


class FileMoved(Event, frozen=True, kw_only=True):
    """A file has another place or name in the storage."""

    storage: str
    source_path: str
    source_name: str
    source_type: list[str]
    destination_path: str
    destination_name: str
    destination_type: list[str]


class FolderAdded(Event, frozen=True, kw_only=True):
    """A folder appeared in the storage."""

    storage: str
    path: str
    name: str


class FolderRemoved(Event, frozen=True, kw_only=True):
    """A folder left the storage."""

    storage: str
    path: str
    name: str


class FolderMoved(Event, frozen=True, kw_only=True):
    """A folder has another place or name in the storage."""

    storage: str
    source_path: str
    source_name: str
    destination_path: str
    destination_name: str


class UpdatedFiles(Event, frozen=True, kw_only=True):
    """The list of files changed; clients load it anew."""

    type: str


class MetadataStatisticsUpdated(Event, frozen=True, kw_only=True):
    """A job of the file ended, and its counts and times are others."""

    storage: str
    path: str


class FileSelected(Event, frozen=True, kw_only=True):
    """A file was selected; `size` in bytes."""

    name: str
    path: str
    origin: str
    size: int | None
    owner: str | None = None
    user: str | None = None


class FileDeselected(Event, frozen=True, kw_only=True):
    """No file is selected any more."""


# --- what the firmware asks and says to people -----------------------------------------------------------------------


class PluginEvent(Event, frozen=True, kw_only=True):
    """Something that clients know as the message of a plugin, and not as an event."""


class PromptShown(PluginEvent, frozen=True, kw_only=True):
    """The firmware asks people something; the answer is the number of a choice, from 0."""

    text: str
    choices: list[str]


class PromptClosed(PluginEvent, frozen=True, kw_only=True):
    """The question was answered or is no longer asked."""


class NotificationShown(PluginEvent, frozen=True, kw_only=True):
    """The firmware says something to people."""

    message: str


class NotificationsCleared(PluginEvent, frozen=True, kw_only=True):
    """What the firmware said was taken note of."""


# --- applications that ask for a key ---------------------------------------------------------------------------------


class AccessRequested(PluginEvent, frozen=True, kw_only=True):
    """An application asks for a key; `user` is whom it names, `token` what a decision is given under."""

    app: str
    user: str | None
    address: str
    token: str


class AccessRequestEnded(PluginEvent, frozen=True, kw_only=True):
    """Such a request was decided or given up."""

    user: str | None
    token: str


MachineEvent = (
    Connecting | Connected | Disconnecting | Disconnected | ConnectionsAutorefreshed | PrinterStateChanged
    | PrinterReset | FirmwareData | Error | PrintStarted | PrintResumed | PrintPaused | PrintDone | PrintCancelling
    | PrintCancelled | PrintFailed | ChartMarked | ZChange | PositionUpdate | ToolChange | CommandSuppressed
    | PowerOn | PowerOff | Home | Waiting | Dwelling | Cooling | Alert | Conveyor | Eject | EStop | FilamentChange
    | PromptShown | PromptClosed | NotificationShown | NotificationsCleared
)  # fmt: skip
"""The events that a machine host reports over the link."""
