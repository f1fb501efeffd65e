"""Collecting garbage when nobody waits.

Invariants: the collector never runs by itself, so never between an acknowledge and the next line; what lives from the
start on is never looked at again; the young are looked at with each tick, everything at times and when idle.
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

    def take_over(self) -> None:
        """Everything is loaded: keep it out of all collections, and collect only when told to."""
        gc.collect()
        gc.freeze()
        gc.disable()

    def sweep(self, now: float, *, has_job: bool) -> None:
        """A moment in which nobody waits for us; a few times a second."""
        if now - self._all_at >= (_ALL_EVERY if has_job else _IDLE_EVERY):
            self._all_at = now
            gc.collect()
        else:
            gc.collect(1)
