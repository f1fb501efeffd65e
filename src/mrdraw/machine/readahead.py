"""Lines ahead of the wire: a thread reads the pinned job so that the host's loop never waits for a disk.

Invariants: the loop only looks into memory; one thread reads, in large accesses; at least `AHEAD` lines are asked for
before they are needed (5 s of the densest job that a serial wire can carry); any line of the job can be had again.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from functools import partial

from mrdraw.machine.pinned import LINES_PER_BLOCK, Block, PinnedJob, read_blocks

AHEAD = 8192
"""Lines: 5 s at 1,600 lines/s, three times what 250,000 baud carries."""

_BLOCKS_AHEAD = AHEAD // LINES_PER_BLOCK
_BLOCKS_PER_READ = 16
_BLOCKS_BEHIND = 4


class ReadAhead:
    """The lines of one pinned job, from `first` on."""

    def __init__(
        self, pinned: PinnedJob, *, first: int, arrived: Callable[[], None], failed: Callable[[OSError], None]
    ) -> None:
        """`arrived` and `failed` are called in the loop that this was made in."""
        self._pinned = pinned
        self._loop = asyncio.get_running_loop()
        self._arrived = arrived
        self._failed = failed
        self._blocks: dict[int, Block] = {}
        self._at = first // LINES_PER_BLOCK
        self._closed = False
        self._wake = threading.Event()
        self._wake.set()
        self._thread = threading.Thread(target=self._read, name="read-ahead", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop reading; the thread ends by itself."""
        self._closed = True
        self._wake.set()

    def take(self, first: int, count: int) -> list[bytes]:
        """The lines from `first` on that are in memory, at most `count`; none when the thread has yet to read them.

        The thread is moved to `first`; when lines arrive the caller is told and takes again.
        """
        self._move_to(first // LINES_PER_BLOCK)
        lines: list[bytes] = []
        while len(lines) < count and (block := self._blocks.get((first + len(lines)) // LINES_PER_BLOCK)) is not None:
            skip = first + len(lines) - block.first
            found = block.lines[skip : skip + count - len(lines)]
            if not found:
                break
            lines += found
        return lines

    def buffered(self, first: int) -> int:
        """How many lines from `first` on are in memory."""
        number, count = first // LINES_PER_BLOCK, 0
        while (block := self._blocks.get(number)) is not None:
            count += len(block.lines)
            number += 1
        return max(0, count - first % LINES_PER_BLOCK)

    def place_of(self, index: int) -> tuple[int, int] | None:
        """Bytes of the file up to and including line `index`, and the line's number in the file; or not in memory."""
        block = self._blocks.get(index // LINES_PER_BLOCK)
        if block is None:
            return None
        within = index - block.first
        return min(block.ends[within], self._pinned.size), block.file_lines[within]

    def _move_to(self, number: int) -> None:
        if number == self._at and number in self._blocks:
            return
        self._at = number
        for held in list(self._blocks):
            if not number - _BLOCKS_BEHIND <= held <= number + _BLOCKS_AHEAD:
                del self._blocks[held]
        self._wake.set()

    def _missing(self) -> tuple[int, int] | None:
        """The next blocks to read: the first that is missing ahead, and how many belong with it."""
        end = min(self._at + _BLOCKS_AHEAD, self._pinned.blocks)
        for number in range(self._at, end):
            if number not in self._blocks:
                return number, min(_BLOCKS_PER_READ, end - number)
        return None

    def _read(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            while not self._closed and (missing := self._missing()) is not None:
                if not self._read_one(*missing):
                    return
            if self._closed:
                return

    def _read_one(self, number: int, count: int) -> bool:
        try:
            blocks = read_blocks(self._pinned, number, count)
        except OSError as error:
            self._tell(partial(self._failed, error))
            return False
        for offset, block in enumerate(blocks):
            self._blocks[number + offset] = block
        self._tell(self._arrived)
        return True

    def _tell(self, callback: Callable[[], None]) -> None:
        if not self._closed and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(callback)
