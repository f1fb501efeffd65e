"""Patterns that clients send to filter lines: searched for a bounded time.

Invariants: no pattern keeps the loop for longer than `PATIENCE` and one line more; one that takes longer is given up
for good and then lets all lines through, as one that cannot be read does; lines are searched up to `LINE` characters.
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
    pattern: regex.Pattern[str] | None = None

    def select(self, lines: Iterable[str]) -> list[str]:
        """The wanted ones of these lines."""
        if not self.wanted:
            return []
        if self.pattern is None:
            return list(lines)
        known = list(lines)
        try:
            return self._found(self.pattern, known)
        except TimeoutError:
            self.pattern = None
            return known

    @staticmethod
    def _found(pattern: regex.Pattern[str], lines: list[str]) -> list[str]:
        """Raises `TimeoutError`."""
        until = thread_time() + PATIENCE
        found = []
        for line in lines:
            left = until - thread_time()
            if left <= 0:
                raise TimeoutError
            if pattern.search(line[:LINE], timeout=left):
                found.append(line)
        return found


def line_filter(value: object) -> LineFilter:
    """The filter that a client asked for: true, false or a pattern; anything else is false."""
    if isinstance(value, str):
        return LineFilter(pattern=_compiled(value))
    return LineFilter(wanted=value is True)


def _compiled(text: str) -> regex.Pattern[str] | None:
    """The pattern, unless it is none or too large."""
    if len(text) > LONGEST or _copies(text) > _MOST_COPIES:
        return None
    try:
        return regex.compile(text)
    except (regex.error, OverflowError, RecursionError, ValueError):
        return None


def _copies(text: str) -> int:
    """No less than how often a part of the pattern is repeated by counting."""
    return math.prod(max(1, *(int(count[:9] or 0) for count in found)) for found in _COUNTS.findall(text))
