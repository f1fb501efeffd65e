"""What was measured on a wire while a job ran, and what that says.

Invariants: as in `messages`: fields are only ever added, with a default. Delays are counted in powers of two of a
microsecond, so that counting one costs nothing and any two diagnoses can be compared.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Verdict(StrEnum):
    """What held the job up; the values are the words that people read."""

    NOTHING = "nothing"
    MACHINE = "the machine"
    CABLE = "the cable"
    COMPUTER = "this computer"
    BAUD_RATE = "the baud rate"


class WireFigures(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was counted. Times in s, rates in bytes/s."""

    seconds: float = 0.0
    """In which the job's lines flowed; pauses are left out."""
    lines: int = 0
    """Lines that were answered."""
    host_to_wire: tuple[int, ...] = ()
    """Our own delay, from the arrival of acknowledges until what follows was written: entry k counts those that took
    less than 2^k µs and not less than the entry before. Moments without a line to send are no delay."""
    wire_to_ok: tuple[int, ...] = ()
    """From writing a line until it was answered, counted likewise; the time that we were late is taken off."""
    longest_host: float = 0.0
    longest_ok: float = 0.0
    late_host: int = 0
    """Times that this computer kept the wire waiting for a noticeable time."""
    late_host_seconds: float = 0.0
    processor_wait: float | None = None
    """s that the machine host was ready to run while other programs had the processor; `None`: the system does not
    tell."""
    late_ok: int = 0
    """Acknowledges that came late although neither a full planner nor a slow command nor the baud rate explains it."""
    late_ok_seconds: float = 0.0
    planner_known: bool = False
    """Whether the firmware tells how full its planner is (ADVANCED_OK); without that a late acknowledge may have been
    a long move."""
    least_planner_free: int | None = None
    least_queue_free: int | None = None
    most_in_flight: int = 0
    bytes_out: int = 0
    bytes_in: int = 0
    peak_out: float = 0.0
    """Of the busiest second."""
    peak_in: float = 0.0
    limit: float | None = None
    """What the baud rate lets through in each direction; `None` where there is none."""
    saturated_seconds: float = 0.0
    """In which next to nothing more would have gone through."""
    resends: int = 0
    timeouts: int = 0
    """Times that no acknowledge came and the firmware was asked."""
    lost_acknowledges: int = 0
    accepted_by_luck: int = 0
    """Lines that the firmware took under a damaged number or a checksum that matched by chance."""
    damage_seconds: float = 0.0
    """That went by until a lost or damaged line or acknowledge was noticed."""


class WireDiagnosis(msgspec.Struct, frozen=True, omit_defaults=True):
    """The verdict, why, and the figures it stands on."""

    verdict: Verdict
    why: str
    figures: WireFigures = WireFigures()
