"""The planner: moves wait in a ring of blocks and are executed one after the other in time.

Invariants: blocks never overlap; a block keeps its place until it is done; of n places n − 1 can be used; with
speed 0 every move is done at once and no block is ever kept.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TypeAlias

Position: TypeAlias = tuple[float, float, float, float]
"""X, Y, Z and E in mm."""

_UNDERRUN_WINDOW = 1.0
"""s; a move that comes this soon after the planner ran empty was meant to follow without a stop."""


@dataclass(frozen=True, slots=True)
class Block:
    """A planned move: when it starts and ends (s), from where and to where."""

    begin: float
    end: float
    origin: Position
    target: Position


class Planner:
    """A ring of moves."""

    def __init__(self, places: int, speed: float, minimum_seconds: float) -> None:
        self._places = places
        self._speed = speed
        self._minimum = minimum_seconds
        self._blocks: deque[Block] = deque()
        self._ran_until: float | None = None
        self.underruns = 0
        """How often the planner ran empty although moves kept coming."""
        self.moves = 0
        """How many moves were planned."""

    @property
    def instant(self) -> bool:
        """Moves take no time."""
        return self._speed == 0

    def free(self, now: float) -> int:
        """How many moves can be added."""
        self._forget_done(now)
        return self._places - 1 - len(self._blocks)

    def room_at(self, now: float) -> float:
        """When the next move can be added, s."""
        return self._blocks[0].end if self.free(now) <= 0 else now

    def empty_at(self, now: float) -> float:
        """When all moves will be done, s."""
        self._forget_done(now)
        return self._blocks[-1].end if self._blocks else now

    def add(self, seconds: float, origin: Position, target: Position, now: float) -> None:
        """Plan a move that takes `seconds` on a real machine. There must be room."""
        self.moves += 1
        if self.instant:
            return
        self._forget_done(now)
        begin = self._blocks[-1].end if self._blocks else now
        if not self._blocks and self._ran_until is not None and 0 < now - self._ran_until <= _UNDERRUN_WINDOW:
            self.underruns += 1
        self._ran_until = begin + max(seconds, self._minimum) / self._speed
        self._blocks.append(Block(begin, self._ran_until, origin, target))

    def drained(self) -> None:
        """The planner was emptied on purpose: what comes next is no underrun."""
        self._ran_until = None

    def stop(self, now: float) -> Position | None:
        """Stop at once and forget all moves; return where the machine stands if it was moving."""
        position = self.moving_position(now)
        self._blocks.clear()
        self._ran_until = None
        return position

    def moving_position(self, now: float) -> Position | None:
        """Where the machine is, or `None` when it does not move (it is where the last move ended)."""
        self._forget_done(now)
        if not self._blocks:
            return None
        block = self._blocks[0]
        share = min(max((now - block.begin) / (block.end - block.begin), 0.0), 1.0) if block.end > block.begin else 1.0
        x, y, z, e = (start + (end - start) * share for start, end in zip(block.origin, block.target, strict=True))
        return x, y, z, e

    def _forget_done(self, now: float) -> None:
        while self._blocks and self._blocks[0].end <= now:
            self._blocks.popleft()
