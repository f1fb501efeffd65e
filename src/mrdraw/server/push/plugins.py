"""Messages of plugins: what some events are to clients of the push channel (contract, 6.3 and 9.2).

Invariants: such an event is told as the message of its plugin and not as an event, to those who may see it; one that
is meant for a user, to nobody else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from mrdraw.accounts import Identity, Permission
from mrdraw.events import (
    AccessRequested,
    AccessRequestEnded,
    Event,
    NotificationsCleared,
    NotificationShown,
    PromptClosed,
    PromptShown,
)

PROMPT = "action_command_prompt"
NOTIFICATION = "action_command_notification"
APPKEYS = "appkeys"

_PERMISSIONS = {
    PROMPT: Permission.PLUGIN_ACTION_COMMAND_PROMPT_INTERACT,
    NOTIFICATION: Permission.PLUGIN_ACTION_COMMAND_NOTIFICATION_SHOW,
    APPKEYS: Permission.PLUGIN_APPKEYS_GRANT,
}


class _Message(NamedTuple):
    plugin: str
    data: Callable[[Any], dict[str, object]]


def _request_access(event: AccessRequested) -> dict[str, object]:
    return {
        "type": "request_access",
        "app_name": event.app,
        "user_token": event.token,
        "user_id": event.user,
        "remote_address": event.address,
    }


_MESSAGES: dict[type[Event], _Message] = {
    PromptShown: _Message(PROMPT, lambda event: {"action": "show", "text": event.text, "choices": event.choices}),
    PromptClosed: _Message(PROMPT, lambda _: {"action": "close"}),
    NotificationShown: _Message(NOTIFICATION, lambda event: {"message": event.message}),
    NotificationsCleared: _Message(NOTIFICATION, lambda _: {}),
    AccessRequested: _Message(APPKEYS, _request_access),
    AccessRequestEnded: _Message(APPKEYS, lambda event: {"type": "end_request", "user_token": event.token}),
}


def is_meant_for(event: Event, name: str) -> bool:
    """Whether a user is among those whom an event is for, as far as it names one."""
    return not isinstance(event, AccessRequested | AccessRequestEnded) or event.user in {None, name}


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
