"""What the dialect counts about the wire while a job runs: plain numbers that cost nothing to keep.

Invariants: everything starts anew with each job; nothing is decided by these numbers, they are for whoever asks why
a machine stutters.

Source: marlinfw.org/docs/configuration/configuration.html, ADVANCED_OK: ``ok N10 P15 B3`` tells the line that was
taken, the free blocks of the planner and the free places of the queue of commands.
"""

from __future__ import annotations


class Tally:
    """Counts of one job."""

    __slots__ = (
        "accepted_by_luck", "explained_waits", "least_planner_free", "least_queue_free", "lost_acknowledges",
        "planner_free", "queue_free", "resends", "timeouts",
    )  # fmt: skip

    def __init__(self) -> None:
        self.planner_free: int | None = None
        """free blocks of the planner, as reported last; `None` where the firmware does not say"""
        self.queue_free: int | None = None
        """free places of the queue of commands, as reported last"""
        self.clear()

    def clear(self) -> None:
        """A job begins."""
        self.least_planner_free: int | None = None
        self.least_queue_free: int | None = None
        self.resends = 0
        """requests of the firmware for a line that were obeyed"""
        self.timeouts = 0
        """times that no acknowledge came for so long that the firmware was asked"""
        self.lost_acknowledges = 0
        """acknowledges that never came"""
        self.explained_waits = 0
        """busy messages, and lines that were taken and may take long"""
        self.accepted_by_luck = 0
        """damaged lines that the firmware took, as far as its counter shows it"""

    def room(self, planner_free: int, queue_free: int) -> None:
        """An acknowledge told how much room there is."""
        self.planner_free, self.queue_free = planner_free, queue_free
        least = self.least_planner_free
        if least is None or planner_free < least:
            self.least_planner_free = planner_free
        least = self.least_queue_free
        if least is None or queue_free < least:
            self.least_queue_free = queue_free
