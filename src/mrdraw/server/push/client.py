"""One client of the push channel: who it is, what it wants, what it has got (contract, 6.2 to 6.4).

Invariants: nothing but `connected` and `reauthRequired` before a good `auth`; `current` never before `history`, and at
most once in `PERIOD` × throttle; a slow client gets the newest state and never makes anybody wait; one that is stuck,
or whose identity is gone, is let go.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import replace
from time import monotonic

import msgspec

from mrdraw.accounts import Accounts, Identity, Permission
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
from mrdraw.hub import EventBus, Machine
from mrdraw.server.answers import encoded
from mrdraw.server.push.payloads import Cursors, Wanted, history_message, state_message
from mrdraw.server.push.subscription import Subscription, parse_subscription

PERIOD = 0.5
"""s between two states."""
HEARTBEAT = 20.0
"""s after which a state is sent although nothing changed: clients take a silent socket for dead after 30."""
STUCK = 30.0
"""s that a client may take for one message."""
CHECK_EVERY = 2.0
"""s between two looks at whether the identity still holds."""

_MAX_QUEUE = 500
"""Events that may wait for a slow client."""
_MAX_THROTTLE = 1000
_ADMIN_EVENTS = (UserLoggedIn, UserLoggedOut)
_CLIENT_EVENTS = (ClientOpened, ClientClosed, ClientAuthed)
_encoder = msgspec.json.Encoder()

REAUTHENTICATE = _encoder.encode({"reauthRequired": {"reason": "stale"}})

Send = Callable[[str], Awaitable[None]]


class PushClient:
    """One client; the socket is somebody else's affair."""

    def __init__(self, machine: Machine, accounts: Accounts, bus: EventBus, *, address: str, send: Send) -> None:
        self._machine = machine
        self._accounts = accounts
        self._bus = bus
        self._address = address
        self._send_text = send
        self._identity: Identity | None = None
        self._session = ""
        self._subscription = Subscription()
        self._throttle = 1
        self._cursors = Cursors()
        self._history_due = False
        self._dirty = False
        self._sent_at = monotonic()
        self._queue: deque[bytes] = deque()
        self._wake = asyncio.Event()
        self._leaving = False
        """Whether the client goes as soon as it was told why."""
        self._over = False

    # --- what the client says --------------------------------------------------------------------------------------

    def hear(self, text: str) -> None:
        """Take a message; what is none is ignored."""
        try:
            message = msgspec.json.decode(text)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return
        if not isinstance(message, dict):
            return
        if "auth" in message:
            self._authenticate(message["auth"])
        elif "throttle" in message:
            self._slow_down(message["throttle"])
        elif "subscribe" in message:
            self._subscribe(message["subscribe"])
        self._wake.set()

    def _authenticate(self, value: object) -> None:
        name, colon, session = value.partition(":") if isinstance(value, str) else ("", "", "")
        identity = self._accounts.identify_session(session) if colon and ":" not in session else None
        if identity is None or identity.name != name:
            self._put(REAUTHENTICATE)
            return
        self._identity, self._session = identity, session
        self._history_due = self._subscription.state
        self._bus.publish(None, ClientAuthed(username=identity.name, remoteAddress=self._address))

    def _slow_down(self, value: object) -> None:
        if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
            self._throttle = min(value, _MAX_THROTTLE)

    def _subscribe(self, value: object) -> None:
        subscription = parse_subscription(value)
        if subscription is None:
            return
        before, self._subscription = self._subscription, subscription
        told_otherwise = replace(before, events=True) != replace(subscription, events=True)
        self._history_due = self._identity is not None and subscription.state and (self._history_due or told_otherwise)

    # --- what happens ----------------------------------------------------------------------------------------------

    def machine_changed(self) -> None:
        """The machine is another than before."""
        if not self._dirty:
            self._dirty = True
            self._wake.set()

    def happened(self, machine_id: str | None, event: Event) -> None:
        """An event came over the bus."""
        if machine_id not in {None, self._machine.id} or not self._may_hear(event):
            return
        payload = payload_of(event)
        if isinstance(event, _CLIENT_EVENTS) and not self._may(Permission.ADMIN):
            payload = {}
        if isinstance(event, Error) and payload is not None and not self._may(Permission.MONITOR_TERMINAL):
            payload.pop("logs", None)
        self._put(_encoder.encode({"event": {"type": name_of(event), "payload": payload}}))

    def _may_hear(self, event: Event) -> bool:
        if not self._may(Permission.STATUS) or not self._subscription.wants_event(name_of(event)):
            return False
        return not isinstance(event, _ADMIN_EVENTS) or self._may(Permission.ADMIN)

    def _may(self, permission: Permission) -> bool:
        return self._identity is not None and self._identity.may(permission)

    def _put(self, message: bytes) -> None:
        if len(self._queue) >= _MAX_QUEUE:
            self._over = True
        else:
            self._queue.append(message)
        self._wake.set()

    # --- what is sent ----------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Send until the client is stuck or may not be here any more."""
        checked_at = monotonic()
        while not self._over:
            await self._sleep()
            now = monotonic()
            if now - checked_at >= CHECK_EVERY:
                checked_at = now
                self._check_identity()
            await self._send_what_is_due(now)

    async def _sleep(self) -> None:
        """Until something is to be done, at the latest until the next look at the identity."""
        pause = CHECK_EVERY
        if self._dirty and self._may_get_state:
            pause = self._next_slot() - monotonic()
        if pause > 0:
            try:
                async with asyncio.timeout(pause):
                    await self._wake.wait()
            except TimeoutError:
                pass
        self._wake.clear()

    @property
    def _may_get_state(self) -> bool:
        return self._subscription.state and self._may(Permission.STATUS)

    def _next_slot(self) -> float:
        """When the next state may be sent: slots are the same for all clients, so that they share its encoding."""
        slot = int(self._sent_at / PERIOD) + self._throttle
        return slot * PERIOD

    async def _send_what_is_due(self, now: float) -> None:
        if self._history_due and self._may_get_state:
            self._history_due = False
            await self._send(self._history())
        while self._queue and not self._over:
            await self._send(self._queue.popleft())
        due = self._dirty and now >= self._next_slot()
        if not self._over and self._may_get_state and (due or now - self._sent_at >= HEARTBEAT):
            await self._send(self._state())
        self._over = self._over or self._leaving

    def _history(self) -> bytes:
        return self._snapshot("history", lambda wanted: history_message(self._machine, wanted))

    def _state(self) -> bytes:
        cursors = self._cursors
        return self._snapshot(cursors, lambda wanted: state_message(self._machine, cursors, wanted))

    def _snapshot(self, key: Hashable, make: Callable[[Wanted], object]) -> bytes:
        """A state as it is now, encoded once for all clients that want the same."""
        wanted = Wanted(self._may(Permission.MONITOR_TERMINAL), self._subscription)
        self._dirty, self._sent_at = False, monotonic()
        self._cursors = Cursors.at_end(self._machine.view)
        kind = self._subscription.kind
        if kind is None:
            return _encoder.encode(make(wanted))
        slot = int(self._sent_at / PERIOD)
        return encoded(self._machine, (slot, key, wanted.terminal, kind), lambda: make(wanted))

    async def _send(self, message: bytes) -> None:
        try:
            async with asyncio.timeout(STUCK):
                await self._send_text(message.decode())
        except TimeoutError:
            self._over = True

    def _check_identity(self) -> None:
        """Let the client go when its session ended or its user is gone; otherwise take the rights of now."""
        if self._identity is None:
            return
        identity = self._accounts.identify_session(self._session)
        if identity is None or identity.name != self._identity.name:
            self._identity = None
            self._queue.clear()
            self._put(REAUTHENTICATE)
            self._leaving = True
        else:
            self._identity = identity
