"""The lines in flight and the place in the numbering.

Invariants: numbers are sent in order; going to a number means that the numbers from there on are sent again, each
with its old bytes, before a new one is given; an acknowledge never moves the place, so an acknowledge too many can
make the window wider but never skips a line.
"""

from __future__ import annotations

from collections import deque

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
        self._next_number, self._next_text, self._next_wire = 0, b"", b""
        """the line that was numbered in advance"""

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

    def oldest_known(self, job: object) -> int:
        """The oldest number that can be sent again: from the history, or by asking for a line of `job`."""
        first = self.history.first_of(job)
        return self.following if first is None else first

    def add(self, text: bytes, *, index: int = -1, job: object = None, long_running: bool = False) -> Sent:
        """Give the next number to a new line and put it in flight."""
        number = self.frontier
        sent = Sent(number, self.number_in_advance(text), index=index, job=job, long_running=long_running)
        self.frontier = self.following = number + 1
        self.history.add(sent)
        self.pending.append(sent)
        return sent

    def number_in_advance(self, text: bytes) -> bytes:
        """How a line goes over the wire if it is the next new one; it is done once for each line."""
        number = self.frontier
        if number != self._next_number or text is not self._next_text:
            self._next_number, self._next_text, self._next_wire = number, text, numbered(number, text)
        return self._next_wire

    def again(self, sent: Sent) -> None:
        """Put a line in flight that was sent before; its number is the one that comes next."""
        self.pending.append(sent)
        self.following = sent.number + 1

    def take_oldest(self) -> Sent:
        """The oldest line in flight was answered."""
        sent = self.pending.popleft()
        self.acknowledged = max(self.acknowledged, sent.number)
        return sent

    def take_through(self, place: int) -> list[Sent]:
        """The lines in flight up to `place` in the window were taken."""
        return [self.take_oldest() for _ in range(place + 1)]

    def place_of(self, number: int) -> int | None:
        """Where in the window a number is in flight."""
        for place, sent in enumerate(self.pending):
            if sent.number == number:
                return place
        return None

    def places_of_reports(self) -> list[int]:
        """Where in the window an M105 is."""
        return [place for place, sent in enumerate(self.pending) if sent.reports]

    def go_to(self, number: int) -> list[Sent]:
        """Send from `number` on (again); the lines before it were taken, those not known to be are returned."""
        taken = [sent for sent in self.pending if 0 <= sent.number < number]
        passed = (self.history.line(passed) for passed in range(self.following, number))
        taken += [sent for sent in passed if sent is not None]
        self.pending.clear()
        self.following = number
        self.acknowledged = number - 1
        return taken
