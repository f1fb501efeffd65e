"""What a push client wants to hear (contract, 6.4).

Invariants: what is not mentioned in a subscription is off.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from mrdraw.events import Event, name_of
from mrdraw.server.push.patterns import LineFilter, line_filter
from mrdraw.server.push.plugins import plugin_of


@dataclass(frozen=True)
class Subscription:
    """What a client wants to hear; without one it hears everything."""

    state: bool = True
    logs: LineFilter = field(default_factory=LineFilter)
    messages: LineFilter = field(default_factory=LineFilter)
    events: bool | frozenset[str] = True
    plugins: bool | frozenset[str] = True
    machine: bool = False
    """Whether each state comes with the machine's details, which the contract does not know."""

    @property
    def kind(self) -> tuple[bool, ...] | None:
        """Clients of the same kind get the same messages, so that these are encoded once; `None` for one of its own."""
        if self.logs.pattern is not None or self.messages.pattern is not None:
            return None
        return self.logs.wanted, self.messages.wanted, self.machine

    def wants_event(self, event: Event) -> bool:
        """Whether an event is wanted, or the plugin's message that it is."""
        plugin = plugin_of(event)
        wanted, name = (self.events, name_of(event)) if plugin is None else (self.plugins, plugin)
        return wanted if isinstance(wanted, bool) else name in wanted


def parse_subscription(value: object) -> Subscription | None:
    """The subscription that a client sent; `None` if it is none."""
    if not isinstance(value, dict):
        return None
    state, events, plugins = value.get("state", False), _some(value.get("events")), _some(value.get("plugins"))
    if isinstance(state, dict):
        logs, messages = line_filter(state.get("logs", False)), line_filter(state.get("messages", False))
        machine = state.get("machine", False) is True
        return Subscription(state=True, logs=logs, messages=messages, events=events, plugins=plugins, machine=machine)
    return Subscription(state=state is True, events=events, plugins=plugins)


def _some(value: object) -> frozenset[str] | bool:
    """All, none or those of these names."""
    if not isinstance(value, list):
        return value is True
    return frozenset(name for name in value if isinstance(name, str))
