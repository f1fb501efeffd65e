"""The simulated machine: what the firmware knows, moves, heats and says.

Invariants: time is what the owner sets in `now`; nothing here reads a clock; whatever takes time is a `Wait`, a
generator that yields the time at which it wants to go on (`None`: only when somebody interferes) and tolerates being
resumed early.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from mrdraw.simulator.heaters import BED, CHAMBER, HOT_END, Heater
from mrdraw.simulator.options import MarlinOptions
from mrdraw.simulator.planner import Planner, Position

Wait: TypeAlias = Iterator[float | None]

AXES = "XYZE"
PROCESSING = "processing"
PAUSED_FOR_USER = "paused for user"

_DEFAULT_FEED_RATE = 1500.0
"""mm/min before the first F"""


class Machine:
    """A machine after a reset."""

    def __init__(self, options: MarlinOptions, now: float) -> None:
        self.options = options
        self.now = now
        self.planner = Planner(options.planner_blocks, options.speed, options.minimum_block_seconds)
        speed = options.effective_heater_speed
        self.hot_ends = [Heater(HOT_END, speed, now) for _ in range(options.tools)]
        self.bed = Heater(BED, speed, now) if options.bed else None
        self.chamber = Heater(CHAMBER, speed, now) if options.chamber else None

        self.position: Position = (0.0, 0.0, 0.0, 0.0)
        """mm, where the last planned move ends"""
        self.feed_rate = _DEFAULT_FEED_RATE
        """mm/min"""
        self.relative = False
        self.relative_extruder = False
        self.feed_percent = 100
        self.flow_percents = [100] * options.tools
        self.tool = 0
        self.fans: dict[int, int] = {}

        self.line_number = 0
        """The number of the last line that was taken"""
        self.keepalive_seconds = options.keepalive_seconds
        self.busy_with = PROCESSING
        self.report_seconds = 0.0
        self.next_report: float | None = None
        """When the next temperature report is due by itself"""

        self.acknowledge_with: str | None = None
        """What follows ``ok`` for the current command in place of the usual figures"""
        self.interrupted = False
        """M108 or M410 came: waits for heaters and users end"""
        self.halted = False
        self._said: list[str] = []

    def keep_heat_of(self, earlier: Machine) -> None:
        """A reset switches the heaters off, but they stay as hot as they were."""
        self.hot_ends, self.bed, self.chamber = earlier.hot_ends, earlier.bed, earlier.chamber
        for heater in self.heaters():
            heater.set_target(0, self.now)

    # --- what it says -------------------------------------------------------------------------------------------------

    def say(self, text: str) -> None:
        """Send one line (or several) to the host."""
        self._said.append(text)

    def take_said(self) -> bytes:
        """What was said since the last call."""
        if not self._said:
            return b""
        self._said.append("")
        data = "\n".join(self._said).encode("utf-8", "surrogateescape")
        self._said.clear()
        return data

    # --- what takes time ----------------------------------------------------------------------------------------------

    def move_to(self, target: Position, length: float, feed_rate: float | None = None) -> Wait | None:
        """Plan a move of `length` mm; the result is a wait when the planner has no room."""
        origin, self.position = self.position, target
        if length <= 0:
            return None
        seconds = length * 6000 / ((feed_rate or self.feed_rate) * max(self.feed_percent, 1))
        if self.planner.free(self.now) > 0:
            self.planner.add(seconds, origin, target, self.now)
            return None
        return self._move_when_room(seconds, origin, target)

    def _move_when_room(self, seconds: float, origin: Position, target: Position) -> Wait:
        while self.planner.free(self.now) <= 0:
            yield self.planner.room_at(self.now)
        if self.position != target:  # a quick stop in the meantime: it goes on from where the machine stood
            origin, self.position = self.position, target
        self.planner.add(seconds, origin, target, self.now)

    def finish_moves(self) -> Wait:
        """Wait until all moves are done."""
        while (end := self.planner.empty_at(self.now)) > self.now:
            yield end
        self.planner.drained()

    def pass_time(self, seconds: float) -> Wait:
        """Wait `seconds` of the machine's time, shortened by the speed."""
        if self.planner.instant:
            return
        end = self.now + seconds / self.options.speed
        while self.now < end:
            yield end

    def pause_for_user(self, seconds: float | None = None) -> Wait:
        """Wait for M108, at most `seconds` s."""
        self.interrupted = False
        self.busy_with = PAUSED_FOR_USER
        end = None if seconds is None else self.now + seconds
        while not self.interrupted and (end is None or self.now < end):
            yield end
        self.busy_with = PROCESSING

    # --- what comes from outside the queue ----------------------------------------------------------------------------

    def interrupt(self) -> None:
        """M108: end the wait for a heater or a user."""
        self.interrupted = True

    def quick_stop(self) -> None:
        """M410: stop at once; the position is where the machine stands."""
        self.interrupted = True
        self.position = self.planner.stop(self.now) or self.position

    def halt(self) -> None:
        """M112: everything off, dead until reset."""
        self.halted = True
        self.next_report = None
        self.planner.stop(self.now)
        for heater in self.heaters():
            heater.set_target(0, self.now)
        self.say("Error:Printer halted. kill() called!")

    # --- what it has --------------------------------------------------------------------------------------------------

    def heaters(self) -> list[Heater]:
        """All heaters."""
        return self.hot_ends + [heater for heater in (self.bed, self.chamber) if heater is not None]

    def actual_position(self) -> Position:
        """Where the machine is now, in mm."""
        return self.planner.moving_position(self.now) or self.position
