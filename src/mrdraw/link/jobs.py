"""What a job is, how far it is, from where it can go on and how it ended.

Units: mm, mm/min for feed rates as in G-code, s, °C, bytes; `*_at` are unix seconds.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from mrdraw.link.diagnosis import WireDiagnosis


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
