"""Patterns that clients send to filter lines: searched for a bounded time.

Invariants: no pattern keeps the loop for longer than `PATIENCE`; one that takes longer is given up for good and then
lets all lines through, as one that cannot be read does; lines are searched up to `LINE` characters. The library keeps
what it compiled.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from time import thread_time

import regex

LINE = 200
LONGEST = 200
PATIENCE = 0.01
"""s of processor time that all searches for one message may take together."""
_MOST_COPIES = 1000
"""How often counted repetitions may repeat something, nested ones multiplied: each is a copy when compiled."""
_COUNTS = re.compile(r"\{(\d*),?(\d*)")


@dataclass
class LineFilter:
    """Which lines are wanted: all, none, or those in which a pattern is found."""

    wanted: bool = True
    pattern: str | None = None
    """Compiled when it is first used, so that nobody without rights can have that done."""

    def select(self, lines: Iterable[str]) -> list[str]:
        """The wanted ones of these lines."""
        if not self.wanted:
            return []
        known = list(lines)
        if self.pattern is None or not known:
            return known
        try:
            return _found(regex.compile(self.pattern), known)
        except (TimeoutError, regex.error, OverflowError, RecursionError, ValueError):
            self.pattern = None
            return known


def line_filter(value: object) -> LineFilter:
    """The filter that a client asked for: true, false or a pattern; anything else is false."""
    if isinstance(value, str):
        too_large = len(value) > LONGEST or _copies(value) > _MOST_COPIES
        return LineFilter(pattern=None if too_large else value)
    return LineFilter(wanted=value is True)


def _found(pattern: regex.Pattern[str], lines: list[str]) -> list[str]:
    """The lines that match. Raises `TimeoutError`."""
    until = thread_time() + PATIENCE
    found = []
    for line in lines:
        left = until - thread_time()
        if left <= 0:
            raise TimeoutError
        if pattern.search(line[:LINE], timeout=left):
            found.append(line)
    return found


def _copies(text: str) -> int:
    """No less than how often a part of the pattern is repeated by counting."""
    return math.prod(max(1, *(int(count[:9] or 0) for count in found)) for found in _COUNTS.findall(text))
