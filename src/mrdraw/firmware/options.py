"""What the Marlin dialect can be told about a firmware and about patience.

Invariants: options never change while a dialect lives; the defaults fit a stock Marlin.
"""

from __future__ import annotations

from dataclasses import dataclass

LONG_RUNNING_COMMANDS = frozenset({
    "G4", "G28", "G29", "G30", "G32", "G33", "G34", "G76",
    "M48", "M109", "M116", "M125", "M190", "M191", "M226", "M303", "M400", "M600", "M601", "M701", "M702",
})  # fmt: skip
"""Commands that may take longer than any patience: they wait, home, probe, heat or talk with a person."""


MOST_IN_FLIGHT = 32
"""lines; more bring nothing at any baud rate"""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarlinOptions:
    """The settings of one dialect. Times are in s."""

    max_line_length: int = 96
    """bytes of the firmware's line buffer with the closing NUL (MAX_CMD_SIZE); one byte less fits"""
    long_running_commands: frozenset[str] = LONG_RUNNING_COMMANDS
    pausing_commands: frozenset[str] = frozenset({"M0", "M1", "M25"})
    """Commands that, in a job, pause the job instead of being sent"""
    withheld_commands: frozenset[str] = frozenset({"M0", "M1"})
    """Commands that are not sent, neither by hand nor, where they do not pause it, in a job"""
    unused_capabilities: frozenset[str] = frozenset()
    """Capabilities that are not used although the firmware has them"""
    firmware_detection: bool = True
    """whether a firmware is treated by its name"""
    lines_in_flight: int = 0
    """lines that may be sent and not acknowledged, at most; 0: by what the firmware says and by `rx_buffer`"""
    rx_buffer: int = 0
    """bytes of the firmware's receive buffer; 0: not known"""
    max_consecutive_resends: int = 10
    """so often the same line may be asked for again before the dialect gives up"""

    timeout_connection: float = 10.0
    """a hand-shake gets three times this long"""
    timeout_communication: float = 30.0
    """so long a firmware may say nothing while something is in flight"""
    timeout_busy: float = 3.0
    """the same before it is probed, for a firmware that says when it is busy"""
    probe_after: float = 2.0
    """without an acknowledge for this long, and nothing that takes long in flight, the firmware is probed"""
    hello_interval: float = 2.0
    """between two hellos of a hand-shake"""

    autoreport_interval: int = 1
    """s between two temperature reports that the firmware is asked to send by itself (M155)"""
    keepalive_interval: int = 2
    """s between two busy messages that the firmware is asked for (M113)"""
