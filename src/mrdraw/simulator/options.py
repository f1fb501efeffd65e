"""What kind of Marlin is simulated.

Invariants: options never change while a simulator lives; the defaults are those of a plain 8-bit board running
Marlin 2.1 with its stock configuration (queue of 4 commands, planner of 16 blocks, UART buffer of 128 bytes).
"""

from __future__ import annotations

from dataclasses import dataclass

from mrdraw.errors import InvalidValue


@dataclass(frozen=True, slots=True, kw_only=True)
class MarlinOptions:
    """The build options of the simulated firmware and the size of the machine it drives."""

    speed: float = 1.0
    """How many times faster than real the machine moves; 0: moves, homing and dwells take no time."""
    heater_speed: float | None = None
    """How many times faster than real heaters heat and cool; 0: at once; `None`: as `speed`."""

    rx_buffer_size: int = 128
    """bytes that wait for a free command slot; what does not fit is lost"""
    command_slots: int = 4
    """commands in the queue, the executing one included (BUFSIZE)"""
    planner_blocks: int = 16
    """blocks of the planner's ring; one of them always stays free (BLOCK_BUFFER_SIZE)"""
    max_command_size: int = 96
    """bytes of a line with its closing NUL; the rest of a longer line is cut (MAX_CMD_SIZE)"""
    minimum_block_seconds: float = 0.001
    """s that the shortest move takes, before `speed`"""

    tools: int = 1
    bed: bool = True
    chamber: bool = False

    advanced_ok: bool = False
    """``ok N10 P15 B3`` in place of ``ok``"""
    emergency_parser: bool = False
    """M108, M112 and M410 are taken from the byte stream at once"""
    autoreport_temperature: bool = True
    """M155 is understood"""
    keepalive_seconds: float = 2.0
    """s between two busy lines; 0: none; M113 changes it"""
    paren_comments: bool = False
    """``( … )`` is a comment, too"""

    ok_after_resend: bool = True
    """`False`: ``Resend:`` comes without ``ok`` (some 2.0.8-era Marlins and old Prusa firmware)"""
    number_required_with_checksum: bool = False
    """A checksum without a line number is an error without resend (old Marlin and Sprinter)"""
    wait_seconds: float | None = None
    """s of idleness between two ``wait`` lines (NO_TIMEOUTS; Repetier); `None`: no such lines"""

    boot_seconds: float = 0.0
    """s from a reset to ``start``; what arrives meanwhile is lost"""
    reset_at_lines: tuple[int, ...] = ()
    """The firmware resets itself instead of taking the n-th line (counted from 1, resets do not set it back)"""

    machine_type: str = "Simulated Printer"
    keep_record: bool = True
    """`MarlinSimulator.executed` is kept; switch it off where a simulator runs for days"""

    def __post_init__(self) -> None:
        """Refuse sizes that no firmware can have. Raises `InvalidValue`."""
        for name, least in _LEAST.items():
            value = getattr(self, name)
            if value is not None and value < least:
                raise InvalidValue(f"{name.replace('_', ' ')} is {value}; it must be at least {least}")

    @property
    def effective_heater_speed(self) -> float:
        """The factor by which heaters are faster than real."""
        return self.speed if self.heater_speed is None else self.heater_speed


_LEAST: dict[str, float] = {
    "speed": 0,
    "heater_speed": 0,
    "rx_buffer_size": 1,
    "command_slots": 1,
    "planner_blocks": 2,
    "max_command_size": 8,
    "minimum_block_seconds": 0,
    "tools": 1,
    "keepalive_seconds": 0,
    "wait_seconds": 0.001,
    "boot_seconds": 0,
}
