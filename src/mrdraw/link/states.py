"""What a machine is doing, as both ends of a link name it."""

from __future__ import annotations

from enum import StrEnum


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
