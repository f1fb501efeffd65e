"""The lines in flight and the place in the numbering.

Invariants: numbers are sent in order; going back means that the numbers from there on are sent again, each with its
old bytes, before a new one is given; an acknowledge never moves the place, so an acknowledge too many can make the
window wider but never skips a line.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from mrdraw.firmware.numbered import History, Sent, numbered


class Window:
    """What was sent and not acknowledged, and what comes next."""

    def __init__(self) -> None:
        self.pending: deque[Sent] = deque()
        """the transmissions without an answer, oldest first"""
        self.history = History()
        self.following = 1
        """the number that is sent next"""
        self.frontier = 1
        """the lowest number that was never given"""
        self.acknowledged = 0
        """the highest number that was acknowledged"""

    def clear(self) -> None:
        """The numbering starts anew: the next line is number 1."""
        self.pending.clear()
        self.history.clear()
        self.following = self.frontier = 1
        self.acknowledged = 0

    @property
    def going_back(self) -> bool:
        """Lines are being sent again."""
        return self.following < self.frontier

    @property
    def long_running(self) -> bool:
        """Whether a command that may take long is in flight."""
        return any(sent.long_running for sent in self.pending)

    def add(self, text: bytes, *, index: int = -1, job: object = None, long_running: bool = False) -> Sent:
        """Give the next number to a new line and put it in flight."""
        number = self.frontier
        sent = Sent(number, numbered(number, text), index=index, job=job, long_running=long_running)
        self.frontier = self.following = number + 1
        self.history.add(sent)
        self.pending.append(sent)
        return sent

    def again(self, sent: Sent) -> None:
        """Put a line in flight that was sent before; its number is the one that comes next."""
        self.pending.append(sent)
        self.following = sent.number + 1

    def take_oldest(self) -> Sent:
        """The oldest line in flight was answered."""
        sent = self.pending.popleft()
        self.acknowledged = max(self.acknowledged, sent.number)
        return sent

    def take_through(self, position: int) -> Iterator[Sent]:
        """The lines in flight up to `position` in the window were taken."""
        for _ in range(position + 1):
            yield self.take_oldest()

    def place_of(self, number: int) -> int | None:
        """Where in the window a number is in flight."""
        for place, sent in enumerate(self.pending):
            if sent.number == number:
                return place
        return None

    def place_of_report(self) -> int | None:
        """Where in the window the oldest M105 is."""
        for place, sent in enumerate(self.pending):
            if sent.reports:
                return place
        return None

    def go_back(self, number: int) -> list[Sent]:
        """Send from `number` on again; what was in flight before it was taken and is returned."""
        taken = [sent for sent in self.pending if 0 <= sent.number < number]
        self.pending.clear()
        self.following = number
        self.acknowledged = max(self.acknowledged, number - 1)
        return taken
