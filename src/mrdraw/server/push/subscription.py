"""What a push client wants to hear (contract, 6.4).

Invariants: what is not mentioned in a subscription is off; a pattern that is no pattern, or one that could keep the
server busy, filters nothing; lines are matched up to `_LINE` characters.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

_LINE = 200
_PATTERN = 200
_REPETITIONS = 2
_BRANCHES = 8
_COSTLY = re.compile(
    r"""\\[^1-9] | \[\^?\]?(?:\\.|[^\]])*\] | \(\?[:=!]
    | (?P<never> \)[*+{?] | \(\? | \\[1-9] )
    | (?P<repeated> (?:[*+?]|\{[\d,]*\}) [?+]? )
    | (?P<branch> \| )""",
    re.DOTALL | re.VERBOSE,
)
"""Finds what makes a pattern costly, outside of classes and escapes: repetitions, branches, references, flags."""


@dataclass(frozen=True)
class LineFilter:
    """Which lines are wanted: all, none, or those in which a pattern is found."""

    wanted: bool = True
    pattern: re.Pattern[str] | None = None

    def select(self, lines: Iterable[str]) -> list[str]:
        """The wanted ones of these lines."""
        if not self.wanted:
            return []
        if self.pattern is None:
            return list(lines)
        return [line for line in lines if self.pattern.search(line[:_LINE])]


ALL_LINES = LineFilter()
NO_LINES = LineFilter(wanted=False)


@dataclass(frozen=True)
class Subscription:
    """What a client wants to hear; without one it hears everything."""

    state: bool = True
    logs: LineFilter = ALL_LINES
    messages: LineFilter = ALL_LINES
    events: bool | frozenset[str] = True
    machine: bool = False
    """Whether each state comes with the machine's details, which the contract does not know."""

    @property
    def kind(self) -> tuple[bool, ...] | None:
        """Clients of the same kind get the same messages, so that these are encoded once; `None` for one of its own."""
        if self.logs.pattern is not None or self.messages.pattern is not None:
            return None
        return self.logs.wanted, self.messages.wanted, self.machine

    def wants_event(self, name: str) -> bool:
        """Whether events of this name are wanted."""
        return self.events if isinstance(self.events, bool) else name in self.events


def parse_subscription(value: object) -> Subscription | None:
    """The subscription that a client sent; `None` if it is none."""
    if not isinstance(value, dict):
        return None
    state, events = value.get("state", False), value.get("events", False)
    wanted = events if isinstance(events, bool) else _names(events)
    if isinstance(state, dict):
        logs, messages = _line_filter(state.get("logs", False)), _line_filter(state.get("messages", False))
        machine = state.get("machine", False) is True
        return Subscription(state=True, logs=logs, messages=messages, events=wanted, machine=machine)
    return Subscription(state=state is True, events=wanted)


def _names(value: object) -> frozenset[str] | bool:
    if not isinstance(value, list):
        return False
    return frozenset(name for name in value if isinstance(name, str))


def _line_filter(value: object) -> LineFilter:
    if isinstance(value, str):
        pattern = _compiled(value)
        return ALL_LINES if pattern is None else LineFilter(pattern=pattern)
    return ALL_LINES if value is True else NO_LINES


def _compiled(text: str) -> re.Pattern[str] | None:
    """The pattern, unless it is none or could take long."""
    found = Counter(match.lastgroup for match in _COSTLY.finditer(text))
    costly = found["never"] or found["repeated"] > _REPETITIONS or found["branch"] > _BRANCHES
    if costly or len(text) > _PATTERN:
        return None
    try:
        return re.compile(text)
    except (re.error, OverflowError, RecursionError):
        return None
