"""The lines of the running job: supplied to the dialect, counted, followed and journalled.

Invariants: progress is counted in acknowledged lines; nothing is journalled before the first line may be sent; what a
line means for the machine (modes, height, events) is followed after it was acknowledged, in batches, off the way from
an acknowledge to the next line.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from time import time
from typing import TYPE_CHECKING

from mrdraw.link.messages import Progress
from mrdraw.machine import manual
from mrdraw.machine.journal import Journal, Record
from mrdraw.machine.pinned import PinnedJob
from mrdraw.machine.readahead import ReadAhead
from mrdraw.machine.resume_offer import homed_bits
from mrdraw.machine.tally import Tally

if TYPE_CHECKING:
    from mrdraw.machine.machine import Machine

_FOLLOW_EVERY = 32
"""Acknowledged lines that are followed in one go."""


class LineFeed:
    """The lines of one pinned job on their way to the machine."""

    def __init__(
        self,
        machine: Machine,
        pinned: PinnedJob,
        unreadable: Callable[[OSError], None],
        *,
        first: int = 0,
        reached: int = 0,
    ) -> None:
        """`first` is the line of the job that is sent first; `reached` lines may have been executed before."""
        self.pinned = pinned
        self.first = first
        self._reached = reached
        self.acknowledged_lines = first
        self.sent_lines = first
        self._machine = machine
        self._wanted: tuple[int, int] | None = None
        self._supplied: deque[bytes] = deque()
        self._supplied_lines = first
        self._followed = first
        self._layer = machine.modal.layer
        self._last_place = (0, 0)
        self._reader = ReadAhead(pinned, first=first, arrived=self._arrived, failed=unreadable)
        self._journal = Journal(pinned.folder)
        self._tally = Tally(pinned.folder)
        self._begun = False

    def begin(self, print_time: float) -> None:
        """The first line may be sent: from now on it is written down how far the job is."""
        self._tally.begin(self.pinned.folder, self.first, self._reached)
        self._begun = True
        self.note(print_time, now=True)

    # --- supply ----------------------------------------------------------------------------------------------------

    def lines_wanted(self, first: int, count: int) -> None:
        """The dialect wants lines of the job."""
        self._wanted = (first, count)
        self._supply()

    def _supply(self) -> None:
        machine = self._machine
        if self._wanted is None or machine.driver is None:
            return
        first, count = self._wanted
        lines = self._reader.take(first, count)
        if not lines:
            return
        self._wanted = (first + len(lines), count - len(lines)) if len(lines) < count else None
        if any(machine.offsets.values()):
            lines = [self._with_offset(line) for line in lines]
        known = self._followed + len(self._supplied)
        if first + len(lines) > known:
            self._supplied.extend(lines[max(0, known - first) :])
        self._supplied_lines = max(self._supplied_lines, first + len(lines))
        self._tally.supplied(self._supplied_lines)
        machine.driver.dialect.supply(first, lines)

    def _arrived(self) -> None:
        if self._wanted is not None and self._machine.driver is not None:
            self._supply()
            self._machine.driver.pump(late=True)

    def _with_offset(self, line: bytes) -> bytes:
        """The line with the offset a person set for its heater; a heater that is switched off stays off."""
        text = line.decode("latin-1")
        heated = self._machine.modal.target_of(text)
        if heated is None or not heated[1]:
            return line
        heater, target = heated
        wanted = target + self._machine.offsets.get(heater, 0.0)
        wanted = min(max(wanted, 0.0), self._machine.limits.ceiling(heater))
        words = [f"S{manual.number(wanted)}" if word[:1].upper() == "S" else word for word in text.split()]
        return " ".join(words).encode("latin-1")

    # --- progress --------------------------------------------------------------------------------------------------

    def sent(self, index: int) -> None:
        """Line `index` was written for the first time."""
        self.sent_lines = index + 1
        self._tally.sent(index + 1)

    def acknowledged(self, index: int) -> None:
        """All lines up to `index` were taken."""
        self.acknowledged_lines = index + 1
        self._tally.acknowledged(index + 1)
        if self.acknowledged_lines - self._followed >= _FOLLOW_EVERY:
            self.follow()

    def follow(self) -> None:
        """Catch up with what the acknowledged lines meant."""
        follow = self._machine.sent_by_job
        while self._followed < self.acknowledged_lines and self._supplied:
            self._followed += 1
            follow(self._supplied.popleft())

    def place(self) -> tuple[int, int]:
        """Bytes of the file that are done, and the number of the last line done in the file."""
        if self.acknowledged_lines:
            self._last_place = self._reader.place_of(self.acknowledged_lines - 1) or self._last_place
        return self._last_place

    def progress(self, print_time: float, *, finished: bool) -> Progress:
        """How far the job is."""
        return Progress(
            file_position=self.pinned.size if finished else self.place()[0],
            lines_acknowledged=self.acknowledged_lines,
            lines_sent=max(self.sent_lines, self.acknowledged_lines),
            lines_total=self.pinned.total,
            print_time=print_time,
            finished=finished,
        )

    def record(self, print_time: float, *, final: bool = False) -> Record:
        """How far the job is, for the journal; with `final` nothing comes after it."""
        position, file_line = self.place()
        modal = self._machine.modal
        return Record(
            sent=max(self.sent_lines, self.acknowledged_lines),
            acknowledged=self.acknowledged_lines,
            file_position=position,
            file_line=file_line,
            supplied=self._supplied_lines,
            first=self.first,
            reached=self._reached,
            homed=homed_bits(modal.homed_axes),
            print_time=print_time,
            height=modal.position.get("z", math.nan),
            written_at=time(),
            final=final,
        )

    def note(self, print_time: float, *, now: bool = False) -> None:
        """Give the journal the newest record; it is written at once when a layer began."""
        self.follow()
        layer = self._machine.modal.layer
        if self._begun:
            self._journal.note(self.record(print_time), now=now or layer != self._layer)
        self._layer = layer

    def close(self, print_time: float) -> None:
        """End reading, and journalling after a last record."""
        self.follow()
        if self._begun:
            self._journal.note(self.record(print_time, final=True), now=True)
        self._reader.close()
        self._journal.close()
        self._tally.close()

    def join(self, timeout: float) -> None:
        """Wait for the journal's last write, at most `timeout` s."""
        self._journal.join(timeout)
