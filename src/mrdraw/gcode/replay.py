"""What the lines of a job led to: the places at which it can be begun again, and what was certainly executed.

Invariants: nothing is guessed, a place is what the lines up to it say; what is remembered is bounded (`KEPT_LAYERS`,
`_KEPT_PATHS`), however long the job is; a line counts as executed only when no planner can hold it any more.

Source: Marlin, planner.cpp (``BLOCK_BUFFER_SIZE``; a move of less than ``MIN_STEPS_PER_SEGMENT`` steps becomes part of
the next one) and the commands that wait for the planner (``planner.synchronize``): G4, G28, G29, M0, M1, M400, M600.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from mrdraw.gcode.modal import ModalState
from mrdraw.gcode.words import command_of

PLANNER_BLOCKS = 16
"""Moves that a planner may hold (Marlin's default is 16, one of which stays free)."""
COMMAND_QUEUE = 4
"""Lines that may wait in front of the planner where lines are acknowledged when they arrive (Marlin's BUFSIZE)."""
KEPT_LAYERS = 100

_KEPT_PATHS = 64
_SHORTEST_BLOCK = 0.1
"""mm: more than the 6 steps below which Marlin makes no block of a move, at 80 steps/mm and more."""
_MOVES = frozenset({"G0", "G1", "G2", "G3", "G5"})
_WAITING = frozenset({"G4", "G28", "G29", "M0", "M1", "M400", "M600"})


@dataclass(frozen=True, slots=True)
class Mark:
    """A line of the job before which one can begin, by its index from 0, and the state at that place."""

    index: int
    state: ModalState


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer: the place behind the last line that drew before it, its number from 1 and its height in mm."""

    mark: Mark
    number: int
    height: float


class PlannerShadow:
    """Follows which lines a planner may still hold."""

    def __init__(self, blocks: int = PLANNER_BLOCKS) -> None:
        self._held: deque[int] = deque(maxlen=blocks)
        self._blocks = blocks
        self._since = 0
        self._end: dict[str, float] = {}
        """Where the last move ended that is counted as a block."""

    @property
    def executed(self) -> int:
        """How many lines, from the first one on, are certainly executed."""
        return self._held[0] if len(self._held) == self._blocks else self._since

    def take(self, index: int, command: str, position: dict[str, float]) -> None:
        """Line `index` was acknowledged and led to this position, mm by axis."""
        if command in _WAITING:
            self._held.clear()
            self._since = index + 1
        elif command in _MOVES and self._moved(position):
            self._held.append(index)
        if command not in _MOVES:
            self._end = position

    def _moved(self, position: dict[str, float]) -> bool:
        """Whether the move makes a block of its own; an axis whose place becomes known first makes none."""
        end = self._end
        far = any(abs(value - end.get(axis, value)) >= _SHORTEST_BLOCK for axis, value in position.items())
        if far or len(position) != len(end):
            self._end = position
        return far


class Replay:
    """Follows a job line by line."""

    def __init__(self, *, first: int = 0, blocks: int = PLANNER_BLOCKS, queue: int = COMMAND_QUEUE) -> None:
        """`first` is the line that was sent first; what came before it is taken as executed."""
        self.state = ModalState()
        self.next_index = 0
        self.layers: deque[Layer] = deque(maxlen=KEPT_LAYERS)
        self._first = first
        self._shadow = PlannerShadow(blocks)
        self._waiting: deque[tuple[int, str, dict[str, float]]] = deque()
        self._queue = queue
        self._marks: deque[Mark] = deque(maxlen=_KEPT_PATHS)
        self._path = self._begin = Mark(0, self.state.copy())
        self._drew = False

    @property
    def executed(self) -> int:
        """How many lines of the job are certainly executed, of those that were fed."""
        return max(self._shadow.executed, min(self._first, self.next_index))

    def prepare(self, line: str) -> None:
        """A line that was sent before the first one of the job."""
        self.state.feed(line)
        self._path = self._begin = Mark(0, self.state.copy())

    def feed(self, line: str) -> None:
        """The next line of the job, which was acknowledged."""
        state, index = self.state, self.next_index
        layer, draws = state.layer, self._will_draw(line)
        before = Mark(index, state.copy()) if self._drew and not draws else None
        command = state.feed(line)
        self._drew = draws
        self.next_index = index + 1
        if state.layer != layer and state.layer_height is not None:
            self.layers.append(Layer(before or self._path, state.layer, state.layer_height))
        if before is not None:
            self._path = before
            self._marks.append(before)
        self._note(index, command)

    def nearest(self, index: int) -> Mark:
        """The last remembered place that does not come after line `index`."""
        marks = [self._begin, *(layer.mark for layer in self.layers), *self._marks]
        return max((mark for mark in marks if mark.index <= index), key=lambda mark: mark.index)

    def _note(self, index: int, command: str) -> None:
        """Have the planner's shadow take what cannot wait in the queue any more."""
        self._waiting.append((index, command, dict(self.state.position)))
        if len(self._waiting) > self._queue:
            self._shadow.take(*self._waiting.popleft())

    def _will_draw(self, line: str) -> bool:
        """Whether the next line draws; asked before it is fed."""
        text = line.upper()
        if command_of(text) not in _MOVES or "E" not in text or not ("X" in text or "Y" in text):
            return False
        return self.state.preview(line)[0] > 0
