"""What a simulated firmware counts.

Invariants: counters only grow; a reset of the firmware sets none of them back but the last line's number.
"""

from __future__ import annotations

from dataclasses import dataclass

from mrdraw.simulator.line_check import LineFault


@dataclass(slots=True)
class Statistics:
    """The counters of one simulator since it was made."""

    bytes_received: int = 0
    bytes_lost: int = 0
    """did not fit into the receive buffer"""
    bytes_flushed: int = 0
    """thrown away unread after a refused line"""
    lines_taken: int = 0
    """accepted into the command queue"""
    commands_executed: int = 0
    unknown_commands: int = 0
    line_number_errors: int = 0
    checksum_errors: int = 0
    missing_checksum_errors: int = 0
    missing_number_errors: int = 0
    moves: int = 0
    underruns: int = 0
    """the planner ran empty while moves kept coming"""
    resets: int = 0
    last_line_number: int = 0

    def count_fault(self, fault: LineFault) -> None:
        """A line was refused."""
        match fault:
            case LineFault.LINE_NUMBER:
                self.line_number_errors += 1
            case LineFault.CHECKSUM:
                self.checksum_errors += 1
            case LineFault.NO_CHECKSUM:
                self.missing_checksum_errors += 1
            case LineFault.NO_LINE_NUMBER:
                self.missing_number_errors += 1
