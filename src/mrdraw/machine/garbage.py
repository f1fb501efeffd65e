"""Collecting garbage when nobody waits.

Invariants: the collector never runs by itself, so never between an acknowledge and the next line; what lives from the
start of the process or of a job on is not looked at until the job has ended; the young are looked at with each tick,
everything else at times and when idle.
"""

from __future__ import annotations

import gc

_ALL_EVERY = 60.0
"""s between two looks at everything while a job runs; what is left by then is little."""
_IDLE_EVERY = 5.0


class Garbage:
    """The collector of this process, in our hands."""

    def __init__(self) -> None:
        self._all_at = 0.0
        self._has_job = False

    def take_over(self) -> None:
        """Collect only when told to; what is loaded stays out of it."""
        gc.disable()
        _set_aside()

    def sweep(self, now: float, *, has_job: bool) -> None:
        """A moment in which nobody waits for us; a few times a second."""
        if has_job is not self._has_job:
            self._has_job, self._all_at = has_job, now
            _set_aside()
        elif now - self._all_at >= (_ALL_EVERY if has_job else _IDLE_EVERY):
            self._all_at = now
            gc.collect()
        else:
            gc.collect(1)


def _set_aside() -> None:
    """Look at everything once more, then keep what lives out of all collections."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()
