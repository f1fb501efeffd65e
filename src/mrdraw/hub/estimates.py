"""How far a job is and how long it will take, from the bytes of its file.

Invariants: figures only, nothing is remembered; a living job always has a method of estimating, a finished one has no
need of it (as clients know it); no estimate is given before the start of a job (heating, homing) has
lost its weight in it.
"""

from __future__ import annotations

from dataclasses import dataclass

from mrdraw.link.messages import JOB_STATES, Snapshot

LINEAR = "linear"
"""The name of the only method so far: what is left takes as long for each byte as what is done."""

_STABLE_TIME = 10.0
"""s of a job before an estimate is given."""
_STABLE_COMPLETION = 1.0
"""% of a job before an estimate is given."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """How far a job is: `completion` in %, `file_position` in bytes, times in s; `None` is not known."""

    completion: float | None = None
    file_position: int | None = None
    print_time: int | None = None
    time_left: int | None = None
    origin: str | None = None


def estimate(snapshot: Snapshot) -> Estimate:
    """How far the job of a snapshot is; nothing is known of a job that neither lives nor ran to its end."""
    if snapshot.job is None:
        return Estimate()
    progress, size = snapshot.progress, snapshot.job.file.size
    if progress.finished:
        return Estimate(100.0, size, int(progress.print_time), 0)
    if snapshot.state not in JOB_STATES:
        return Estimate()
    completion = min(100.0, 100.0 * progress.file_position / size) if size > 0 else 0.0
    left = _time_left(completion, progress.print_time)
    return Estimate(completion, progress.file_position, int(progress.print_time), left, LINEAR)


def _time_left(completion: float, print_time: float) -> int | None:
    if completion < _STABLE_COMPLETION or print_time < _STABLE_TIME:
        return None
    return int(print_time * (100.0 - completion) / completion)
