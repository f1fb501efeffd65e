"""Messages of plugins: what some events are to clients of the push channel (contract, 6.3 and 9.2).

Invariants: such an event is told as the message of its plugin and not as an event, to those who may see it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from mrdraw.accounts import Identity, Permission
from mrdraw.events import Event, NotificationsCleared, NotificationShown, PromptClosed, PromptShown

PROMPT = "action_command_prompt"
NOTIFICATION = "action_command_notification"

_PERMISSIONS = {
    PROMPT: Permission.PLUGIN_ACTION_COMMAND_PROMPT_INTERACT,
    NOTIFICATION: Permission.PLUGIN_ACTION_COMMAND_NOTIFICATION_SHOW,
}


class _Message(NamedTuple):
    plugin: str
    data: Callable[[Any], dict[str, object]]


_MESSAGES: dict[type[Event], _Message] = {
    PromptShown: _Message(PROMPT, lambda event: {"action": "show", "text": event.text, "choices": event.choices}),
    PromptClosed: _Message(PROMPT, lambda _: {"action": "close"}),
    NotificationShown: _Message(NOTIFICATION, lambda event: {"message": event.message}),
    NotificationsCleared: _Message(NOTIFICATION, lambda _: {}),
}


def plugin_of(event: Event) -> str | None:
    """The plugin whose message an event is, or `None`."""
    known = _MESSAGES.get(type(event))
    return None if known is None else known.plugin


def plugin_message(event: Event) -> dict[str, object]:
    """The message that such an event is."""
    plugin, data = _MESSAGES[type(event)]
    return {"plugin": {"plugin": plugin, "data": data(event)}}


def plugins_seen(identity: Identity, machine_id: str) -> frozenset[str]:
    """The plugins whose messages of this machine somebody may see."""
    return frozenset(plugin for plugin, permission in _PERMISSIONS.items() if identity.may(permission, machine_id))
