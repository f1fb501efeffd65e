"""The messages between a server and a machine host: one vocabulary for every carrier.

Invariants: every message is a tagged struct and the first one on a link is `Hello`; a field is only ever added, with
a default, so that a server understands hosts of the previous release; unknown tags are ignored by both sides; every
command carries an id, and the same id twice is done once and answered twice. The parts stand in modules by subject;
everybody takes them from here.
Units: mm, mm/min for feed rates as in G-code, s, °C, bytes; `*_at` are unix seconds.
"""

from __future__ import annotations

import msgspec

from mrdraw.link.commands import (
    AcknowledgeByHand,
    AnswerPrompt,
    Attend,
    CancelJob,
    ClearNotifications,
    Command,
    Configure,
    Connect,
    Disconnect,
    DismissInterrupted,
    EmergencyStop,
    Extrude,
    HomeAxes,
    Jog,
    PauseJob,
    RestartJob,
    ResumeInterrupted,
    ResumeJob,
    SelectTool,
    SendLines,
    SetFactor,
    SetOffsets,
    SetTargets,
    StartJob,
    StopHost,
)
from mrdraw.link.jobs import (
    Interrupted,
    Job,
    JobEnded,
    JobFile,
    JobOutcome,
    Place,
    Progress,
    ResumeOffer,
    Scripts,
)
from mrdraw.link.reports import (
    ConnectionPhase,
    ConnectionStatus,
    DeviceIdentity,
    Happened,
    Heater,
    LogLines,
    Notice,
    Notification,
    PortInfo,
    Prompt,
    Resends,
    Snapshot,
    StartAsked,
    TemperatureLog,
    TemperaturePoint,
    WireReport,
)
from mrdraw.link.settings import (
    CustomBox,
    MachineSettings,
    Profile,
    SafetySettings,
    SerialSettings,
)
from mrdraw.link.states import (
    JOB_STATES,
    OPERATIONAL_STATES,
    STATE_TEXTS,
    MachineState,
)

__all__ = [
    "JOB_STATES",
    "LINK_VERSION",
    "OPERATIONAL_STATES",
    "STATE_TEXTS",
    "AcknowledgeByHand",
    "AnswerPrompt",
    "Attend",
    "CancelJob",
    "ClearNotifications",
    "Command",
    "Configure",
    "Connect",
    "ConnectionPhase",
    "ConnectionStatus",
    "CustomBox",
    "DeviceIdentity",
    "Disconnect",
    "DismissInterrupted",
    "EmergencyStop",
    "Extrude",
    "Happened",
    "Heater",
    "Hello",
    "HomeAxes",
    "Interrupted",
    "Job",
    "JobEnded",
    "JobFile",
    "JobOutcome",
    "Jog",
    "LogLines",
    "MachineSettings",
    "MachineState",
    "Notice",
    "Notification",
    "PauseJob",
    "Place",
    "PortInfo",
    "Profile",
    "Progress",
    "Prompt",
    "Reply",
    "Resends",
    "RestartJob",
    "ResumeInterrupted",
    "ResumeJob",
    "ResumeOffer",
    "SafetySettings",
    "Scripts",
    "SelectTool",
    "SendLines",
    "SerialSettings",
    "SetFactor",
    "SetOffsets",
    "SetTargets",
    "Snapshot",
    "StartAsked",
    "StartJob",
    "StopHost",
    "TemperatureLog",
    "TemperaturePoint",
    "ToHost",
    "ToServer",
    "WireReport",
]

LINK_VERSION = 1


class Hello(msgspec.Struct, frozen=True, tag="hello", omit_defaults=True):
    """The first message in both directions."""

    link_version: int
    build: str
    machine_id: str = ""
    pid: int = 0
    job_id: str | None = None
    idle: bool = True


class Reply(msgspec.Struct, frozen=True, tag="reply", omit_defaults=True):
    """The answer to a command: accepted, or the error's class name and text. Accepted is not done."""

    id: str
    code: str | None = None
    text: str = ""


ToHost = Hello | Command
ToServer = (
    Hello | Snapshot | LogLines | TemperatureLog | ResumeOffer | Happened | WireReport | StartAsked | JobEnded | Reply
)
