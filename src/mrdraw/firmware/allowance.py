"""How much may be in flight: lines by what the firmware says of its queue, bytes by its receive buffer.

Invariants: without knowledge one line is in flight; never more bytes wait in the firmware's receive buffer than it
holds, with room left for an emergency stop; errors make the flow narrower at once, a long clean run makes it wider by
one line; each change is reported with its reason.

Sources: docs/protocol/marlin.md, "Several lines in flight". Marlin's queue holds BUFSIZE commands, the one that runs
included; ``B`` of ADVANCED_OK is what is free of it while the acknowledged command still counts, so its largest value
is BUFSIZE − 1. Lines that left the receive buffer for the queue take no room in it any more; a firmware empties its
buffer into the queue before it executes a command, so the oldest line in flight has left it once another is whole.
"""

from __future__ import annotations

from collections.abc import Callable

from mrdraw.firmware.dialect import Event, FlowChanged
from mrdraw.firmware.options import MOST_IN_FLIGHT, MarlinOptions

_ASSUMED_RX_BUFFER = 128
"""bytes; the receive buffer of the smallest boards (Arduino's HardwareSerial on AVR)"""

_FOR_EMERGENCIES = 24
"""bytes kept free for M112 without and with a number"""

_RESENDS = 4
_STRETCH = 250
"""So many resends within so many lines make the flow narrower."""

_SAME_LINE = 3
"""So do so many requests for one line."""

_CLEAN_RUN = 2_000
_LONGEST_CLEAN_RUN = 64_000
"""Lines without a resend that make it wider; twice as many after each time that it had to become narrower."""


class Allowance:
    """What may be in flight now."""

    def __init__(self, options: MarlinOptions, emit: Callable[[Event], None]) -> None:
        self._options = options
        self._emit = emit
        self._budget = (options.rx_buffer or _ASSUMED_RX_BUFFER) - 1 - _FOR_EMERGENCIES
        self.forget()

    def forget(self) -> None:
        """The firmware starts anew: nothing is known of it."""
        self.read_through = 0
        """lines up to this number have left the receive buffer"""
        self._queue = self._doubted = 0
        self._narrowed_to = MOST_IN_FLIGHT
        self._resends = self._since_resend = self._in_stretch = 0
        self._clean_run = _CLEAN_RUN
        self.lines = self._by_capability()

    def _by_capability(self) -> int:
        options = self._options
        most = options.lines_in_flight or MOST_IN_FLIGHT
        if self._queue:
            return min(self._queue, most)
        return most if options.rx_buffer or options.lines_in_flight else 1

    def room_for(self, waiting: int) -> bool:
        """Whether so many bytes may wait in the receive buffer."""
        return waiting <= self._budget

    # --- what the firmware says -----------------------------------------------------------------------------------

    def reported(self, number: int | None, queue_free: int) -> None:
        """An acknowledge told the free places of the queue."""
        if queue_free > self._queue:
            self._believe(queue_free)
        if number is not None:
            self.read_through = number + max(self._queue - queue_free, 1)

    def _believe(self, queue_free: int) -> None:
        """Take a larger queue for true when it was reported twice: one flipped bit makes a 7 of a 3."""
        if queue_free <= self._doubted:
            self._queue = min(queue_free, MOST_IN_FLIGHT)
            self._choose(f"the firmware has room for {queue_free + 1} commands")
        self._doubted = queue_free

    def going_back(self, number: int) -> None:
        """Lines from `number` on are sent again: they are not in the queue."""
        self.read_through = min(self.read_through, number - 1)

    def _choose(self, reason: str) -> None:
        lines = min(self._by_capability(), self._narrowed_to)
        if lines != self.lines:
            self.lines = lines
            self._emit(FlowChanged(lines, reason))

    # --- observation ----------------------------------------------------------------------------------------------

    def resent(self, times: int) -> None:
        """A line is sent again, for the so many-th time in a row."""
        self._resends += 1
        self._since_resend = 0
        if times >= _SAME_LINE:
            self._narrow(f"a line was asked for {times} times in a row")
        elif self._resends >= _RESENDS:
            self._narrow(f"{self._resends} lines of the last {self._in_stretch} had to be sent again")

    def overflowed(self) -> None:
        """The firmware says that its receive buffer was overrun."""
        self._narrow("the firmware's receive buffer was overrun")

    def _narrow(self, reason: str) -> None:
        self._resends = self._in_stretch = self._since_resend = 0
        if self.lines > 1:
            self._narrowed_to = self.lines // 2
            self._clean_run = min(2 * self._clean_run, _LONGEST_CLEAN_RUN)
            self._choose(reason)

    def taken(self) -> None:
        """A line was taken."""
        self._since_resend += 1
        self._in_stretch += 1
        if self._in_stretch >= _STRETCH:
            self._in_stretch = self._resends = 0
        if self._since_resend >= self._clean_run:
            self._widen()

    def _widen(self) -> None:
        self._since_resend = 0
        if self._narrowed_to < MOST_IN_FLIGHT:
            self._narrowed_to += 1
            self._choose(f"{self._clean_run} lines needed no resend")
