"""What a machine host finds of a job that its predecessor did not settle.

Invariants: at most one interrupted job is kept, the newest; what is said of it comes from its journal and its pinned
file; its end is told once, by whichever machine host comes first. All functions touch the disk and run in threads.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from mrdraw.errors import JobFailed
from mrdraw.link.messages import Interrupted, Job
from mrdraw.machine import journal, pinned
from mrdraw.machine.journal import Record

_REPORTED = "reported"


@dataclass(frozen=True, slots=True)
class Leftover:
    """An unsettled job: what is known of it, how many lines it has, and whether its end was told already."""

    interrupted: Interrupted
    total: int
    reported: bool


def find(jobs: Path) -> Leftover | None:
    """The unsettled job in this folder, if there is one; older ones are removed."""
    folders = pinned.leftovers(jobs)
    for folder in folders[:-1]:
        pinned.unpin(folder)
    return _read(folders[-1]) if folders else None


def mark_reported(folder: Path) -> None:
    """Remember that the end of this job was told."""
    (folder / _REPORTED).touch()


def interrupted(job: Job, record: Record, reason: str) -> Interrupted:
    """What a journal's record says of an interrupted job."""
    return Interrupted(
        job=job,
        line=record.file_line,
        sent=record.sent,
        acknowledged=record.acknowledged,
        file_position=record.file_position,
        print_time=record.print_time,
        interrupted_at=record.written_at,
        reason=reason,
    )


def _read(folder: Path) -> Leftover | None:
    try:
        found = pinned.load(folder)
    except JobFailed:
        pinned.unpin(folder)
        return None
    record = journal.read(folder) or Record(0, 0, 0, 0, 0.0, math.nan, folder.stat().st_mtime)
    reason = f"The machine host ended during the job, at line {record.file_line} of the file."
    return Leftover(
        interrupted=interrupted(found.job, record, reason),
        total=found.total,
        reported=(folder / _REPORTED).exists(),
    )
