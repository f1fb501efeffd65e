"""What a machine host finds of a job that its predecessor did not settle.

Invariants: at most one interrupted job is kept, the newest; what is said of it comes from its journal, its tally and
its pinned file; its end is told once, by whichever machine host comes first. All functions touch the disk and run in
threads.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path

from mrdraw.errors import JobFailed
from mrdraw.link.messages import Interrupted, Job
from mrdraw.machine import journal, pinned, tally
from mrdraw.machine.journal import Record

UNTOLD = 64
"""Lines that may have been written since the last one was counted: twice what may be in flight."""

_UNSYNCED = 2.0
"""s that the journal's newest record may be old when the computer lost its power."""
_REPORTED = "reported"


@dataclass(frozen=True, slots=True)
class Leftover:
    """An unsettled job: what is known of it, how many lines it has, and whether its end was told already."""

    interrupted: Interrupted
    record: Record
    total: int
    reported: bool


@dataclass(frozen=True, slots=True)
class Extent:
    """How far a job came, in lines: those that were sent as far as is known, and those that were sent at most."""

    sent: int
    possible: int
    exact: bool


def find(jobs: Path) -> Leftover | None:
    """The unsettled job in this folder, if there is one; older ones are removed."""
    folders = pinned.leftovers(jobs)
    for folder in folders[:-1]:
        pinned.unpin(folder)
    return _read(folders[-1]) if folders else None


def mark_reported(folder: Path) -> None:
    """Remember that the end of this job was told."""
    (folder / _REPORTED).touch()


def unmark_reported(folder: Path) -> None:
    """The job runs again: its next end is to be told, too."""
    (folder / _REPORTED).unlink(missing_ok=True)


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


def extent(folder: Path, record: Record, total: int) -> Extent:
    """How far the job of this folder came at most, given its newest record."""
    if (counts := tally.read(folder, total)) is not None:
        sent, possible, exact = counts.sent, min(counts.supplied, counts.sent + UNTOLD), True
    elif record.final:
        sent, possible, exact = record.sent, min(record.supplied, record.sent + UNTOLD), True
    else:
        unseen = math.ceil(_UNSYNCED * journal.pace(folder)) + UNTOLD
        sent, possible, exact = record.sent, min(total, record.sent + unseen), False
    return Extent(sent, max(possible, record.reached), exact)


def _read(folder: Path) -> Leftover | None:
    try:
        found = pinned.load(folder)
    except JobFailed:
        pinned.unpin(folder)
        return None
    record = _newest(found)
    reason = f"The machine host ended during the job, at line {record.file_line} of the file."
    return Leftover(
        interrupted=interrupted(found.job, record, reason),
        record=record,
        total=found.total,
        reported=(folder / _REPORTED).exists(),
    )


def _newest(found: pinned.PinnedJob) -> Record:
    """How far the job came: what the journal says, brought up to date by the tally where the memory still has it."""
    folder = found.folder
    record = journal.read(folder) or Record(0, 0, 0, 0, height=math.nan, written_at=folder.stat().st_mtime)
    counts = tally.read(folder, found.total)
    if counts is None:
        return record
    position, file_line = _place_of(found, counts.acknowledged)
    return replace(
        record,
        sent=counts.sent,
        acknowledged=counts.acknowledged,
        file_position=position,
        file_line=file_line,
        first=counts.first,
        reached=counts.reached,
    )


def _place_of(found: pinned.PinnedJob, count: int) -> tuple[int, int]:
    """Bytes of the file up to and including the first `count` lines of the job, and the last one's number in it."""
    if not count:
        return 0, 0
    (block,) = pinned.read_blocks(found, (count - 1) // pinned.LINES_PER_BLOCK, 1)
    within = count - 1 - block.first
    return min(block.ends[within], found.size), block.file_lines[within]
