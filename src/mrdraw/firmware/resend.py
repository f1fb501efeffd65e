"""Which line a firmware really wants again.

Invariants: pure decisions, the dialect carries them out; a request that cannot be meant is never obeyed; what is
doubtful is left to the clock, because the line number protects against sending too little but nothing protects
against sending what was not asked for.

Sources: docs/protocol/marlin.md, "Resends". The request and the error line before it say the same number twice
(``Last Line: 70`` and ``Resend: 71``); one of them may be damaged.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from mrdraw.firmware.replies import RefusalKind

OK_FOLLOWS_WITHIN = 0.5
"""s after ``Resend:`` in which its ``ok`` comes, if it comes (some firmware sends none)"""

_REGRESSION = 3
"""lines; a firmware that took this many cannot have taken none"""


@dataclass(slots=True)
class Refusal:
    """A refusal that is being heard: an error line, a request, then perhaps an ``ok``."""

    since: float
    kind: RefusalKind = RefusalKind.NUMBER
    last: int | None = None
    requested: int | None = None
    decided: bool = False
    """the request was carried out; its ``ok`` is awaited"""


class Verdict(Enum):
    """What to do about a request."""

    OBEY = "obey"
    NOTHING_LOST = "nothing lost"
    """everything before the line that comes next was taken, perhaps even more"""
    IGNORE = "ignore"
    RESET = "reset"
    """the firmware counts from the beginning: it was reset and its ``start`` was lost"""
    AHEAD = "ahead"
    """the firmware took a number that was never sent: a damaged line passed its check"""


@dataclass(frozen=True, slots=True)
class Position:
    """Where the numbering stands."""

    oldest_pending: int
    """the oldest number in flight, or `following`"""
    following: int
    """the number that is sent next"""
    frontier: int
    """the lowest number that was never sent"""
    acknowledged: int
    """the highest number that was acknowledged"""
    oldest_known: int
    """the oldest number that can still be sent again"""


def judge(refusal: Refusal, position: Position) -> tuple[Verdict, int]:
    """What to do, and the number that is meant."""
    said = [refusal.requested] if refusal.requested is not None else []
    if refusal.last is not None:
        said.append(refusal.last + 1)
    agreed = len(said) == 2 and said[0] == said[1]
    likely = [number for number in said if position.oldest_pending <= number <= position.following]
    if not agreed and likely:
        return _verdict(min(likely), position)
    if agreed:
        return _judge_agreed(said[0], position)
    possible = [number for number in said if position.oldest_known <= number <= position.following]
    if possible == [1] and position.acknowledged >= _REGRESSION:
        return Verdict.IGNORE, 1  # a reset, or another number that was cut short: the next request says it twice
    if possible and max(possible) >= position.acknowledged - 8:
        return _verdict(max(possible), position)
    return Verdict.IGNORE, said[0] if said else 0


def _judge_agreed(number: int, position: Position) -> tuple[Verdict, int]:
    if number > position.frontier:
        return Verdict.AHEAD, number
    if number == 1 and position.acknowledged >= _REGRESSION:
        return Verdict.RESET, number
    if number >= position.oldest_known:
        return _verdict(number, position)
    return Verdict.IGNORE, number


def _verdict(number: int, position: Position) -> tuple[Verdict, int]:
    return (Verdict.NOTHING_LOST if number >= position.following else Verdict.OBEY), number
