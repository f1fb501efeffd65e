"""What a push client wants to hear (contract, 6.4).

Invariants: what is not mentioned in a subscription is off; plugins are not there yet, so that what is wanted of them
means nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from mrdraw.server.push.patterns import LineFilter, line_filter


@dataclass(frozen=True)
class Subscription:
    """What a client wants to hear; without one it hears everything."""

    state: bool = True
    logs: LineFilter = field(default_factory=LineFilter)
    messages: LineFilter = field(default_factory=LineFilter)
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
        logs, messages = line_filter(state.get("logs", False)), line_filter(state.get("messages", False))
        machine = state.get("machine", False) is True
        return Subscription(state=True, logs=logs, messages=messages, events=wanted, machine=machine)
    return Subscription(state=state is True, events=wanted)


def _names(value: object) -> frozenset[str] | bool:
    if not isinstance(value, list):
        return False
    return frozenset(name for name in value if isinstance(name, str))
