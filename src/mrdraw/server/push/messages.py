"""Events as push clients get them, encoded once for all who may see the same of them (contract, 6.3 and section 7).

Invariants: who logged in and out is for admins; who opened a socket is told to the others without names and addresses;
an error's lines of the terminal need the permission for the terminal.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from mrdraw.accounts import Identity, Permission
from mrdraw.events import (
    ClientAuthed,
    ClientClosed,
    ClientOpened,
    Error,
    Event,
    UserLoggedIn,
    UserLoggedOut,
    name_of,
    payload_of,
)
from mrdraw.server.push.plugins import plugin_message, plugin_of, plugins_seen

_ADMIN_EVENTS = (UserLoggedIn, UserLoggedOut)
_CLIENT_EVENTS = (ClientOpened, ClientClosed, ClientAuthed)


@dataclass(frozen=True)
class Sight:
    """What a client may see."""

    status: bool = False
    terminal: bool = False
    admin: bool = False
    plugins: frozenset[str] = frozenset()
    """The plugins whose messages it sees."""

    @classmethod
    def of(cls, identity: Identity, machine_id: str) -> Sight:
        """What somebody may see of this machine."""
        status, terminal = (identity.may(one, machine_id) for one in (Permission.STATUS, Permission.MONITOR_TERMINAL))
        return cls(status, terminal, identity.may(Permission.ADMIN), plugins_seen(identity, machine_id))

    def covers(self, event: Event) -> bool:
        """Whether it may hear of an event at all."""
        if (plugin := plugin_of(event)) is not None:
            return self.status and plugin in self.plugins
        return self.status and (self.admin or not isinstance(event, _ADMIN_EVENTS))


BLIND = Sight()


class EventTexts:
    """The texts of the last event."""

    def __init__(self) -> None:
        self._event: Event | None = None
        self._texts: dict[Sight, str] = {}

    def text(self, event: Event, sight: Sight) -> str:
        """The message for those who see that much."""
        if event is not self._event:
            self._event = event
            self._texts = {}
        text = self._texts.get(sight)
        if text is None:
            text = self._texts[sight] = encode(_message(event, sight))
        return text


def _message(event: Event, sight: Sight) -> dict[str, object]:
    if plugin_of(event) is not None:
        return plugin_message(event)
    return {"event": {"type": name_of(event), "payload": _payload(event, sight)}}


def _payload(event: Event, sight: Sight) -> dict[str, object] | None:
    payload = payload_of(event)
    if isinstance(event, _CLIENT_EVENTS) and not sight.admin:
        return {}
    if isinstance(event, Error) and payload is not None and not sight.terminal:
        payload.pop("logs", None)
    return payload


def encode(message: object) -> str:
    """A message's text."""
    return msgspec.json.encode(message).decode()


def reauthenticate(reason: str) -> str:
    """What a client is told that is nobody any more: `logout`, `stale`, `removed` or `modified`."""
    return encode({"reauthRequired": {"reason": reason}})
