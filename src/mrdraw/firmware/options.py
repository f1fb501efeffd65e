"""What the Marlin dialect has to know of the firmware at the other end.

Invariants: never changed while a wire is open; times in s, lengths in bytes.
"""

from __future__ import annotations

from dataclasses import dataclass

LONG_RUNNING = frozenset({
    "G4", "G28", "G29", "G30", "G32", "M400", "M226", "M600", "M601", "M109", "M190", "M191", "M116", "M303",
})  # fmt: skip
"""Commands that may take minutes before they are acknowledged."""


@dataclass(frozen=True, slots=True)
class MarlinOptions:
    """How the firmware is spoken to."""

    max_line_length: int = 96
    """MAX_CMD_SIZE with its closing NUL (Marlin Configuration_adv.h): one less fits."""
    max_in_flight: int = 1
    long_running_commands: frozenset[str] = LONG_RUNNING
    timeout_connection: float = 10.0
    timeout_communication: float = 30.0
    timeout_busy: float = 3.0
    """Silence from a firmware that says when it is busy, after which it is probed."""
    probe_after: float = 1.0
    """Without an acknowledge, after which the firmware is probed while no long command runs."""
    resend_acknowledge: float = 0.5
    """How long the `ok` behind a `Resend` is waited for (some firmware sends none)."""
    hello_every: float = 2.0
    max_consecutive_resends: int = 10
    report_interval: int = 1
    """s between temperatures that the firmware reports by itself."""
