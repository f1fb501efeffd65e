"""One client of the push channel: who it is, what it wants, what it has got (contract, 6.2 to 6.4).

Invariants: nothing but `connected` and `reauthRequired` before a good `auth`, and nothing that was said before is kept
for later; `current` never before `history`, and at most once in `PERIOD` × throttle; a slow client gets the newest
state and never makes anybody wait; one that is stuck, or whose user may not come in any more, is let go.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING

import msgspec

from mrdraw.accounts import Accounts, Identity
from mrdraw.events import ClientAuthed, Event, Shutdown, UserLoggedOut
from mrdraw.server.answers import encoded
from mrdraw.server.push.messages import BLIND, Sight, encode, reauthenticate
from mrdraw.server.push.outbox import Outbox
from mrdraw.server.push.payloads import NO_TIMELAPSE, Cursors, Wanted, history_message, state_message
from mrdraw.server.push.plugins import is_meant_for
from mrdraw.server.push.subscription import Subscription, parse_subscription

if TYPE_CHECKING:
    from mrdraw.hub import Machine
    from mrdraw.server.push.audience import Audience

PERIOD = 0.5
"""s between two states."""
HEARTBEAT = 20.0
"""s after which a state is sent although nothing changed: clients take a silent socket for dead after 30."""
STUCK = 30.0
"""s that a client may take for one message."""

_MAX_THROTTLE = 1000

Send = Callable[[str], Awaitable[None]]


class PushClient:
    """One client; how the messages get to it is somebody else's affair."""

    def __init__(self, machine: Machine, audience: Audience, *, address: str, send: Send) -> None:
        self._machine = machine
        self._audience = audience
        self._accounts: Accounts = audience.accounts
        self.address = address
        self._send_text = send
        self._identity: Identity | None = None
        self._sight = BLIND
        self._session = ""
        self._subscription = Subscription()
        self._throttle = 1
        self._cursors = Cursors()
        self._history_due = False
        self._timelapse_due = False
        self._dirty = False
        self._sent_at = monotonic()
        self._outbox = Outbox()
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
            self._put(reauthenticate("stale"))
            return
        self._become(identity, session)
        self._history_due = self._timelapse_due = self._subscription.state
        self._audience.publish(ClientAuthed(username=identity.name, remoteAddress=self.address))

    def _slow_down(self, value: object) -> None:
        if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
            self._throttle = min(value, _MAX_THROTTLE)

    def _subscribe(self, value: object) -> None:
        subscription = parse_subscription(value)
        if subscription is None:
            return
        before, self._subscription = self._subscription, subscription
        told_otherwise = _of_state(before) != _of_state(subscription)
        self._history_due = self._identity is not None and subscription.state and (self._history_due or told_otherwise)

    # --- who it is -------------------------------------------------------------------------------------------------

    def check_identity(self) -> None:
        """Somebody's rights or sessions may be others than before."""
        if self._identity is None:
            return
        identity = self._accounts.identify_session(self._session)
        if identity is None or identity.name != self._identity.name:
            self._lose_identity("stale")
        elif identity != self._identity:
            self._become(identity, self._session)
            self._start_anew()
            self._put(reauthenticate("modified"))

    def _become(self, identity: Identity, session: str) -> None:
        self._identity, self._session, self._sight = identity, session, Sight.of(identity, self._machine.id)

    def _lose_identity(self, reason: str) -> None:
        """The session ended: nothing more is told but why. Without a user the client has no business here."""
        assert self._identity is not None
        self._leaving = not self._accounts.lets_in(self._identity.name)
        self._identity, self._session, self._sight = None, "", BLIND
        self._history_due = self._timelapse_due = False
        self._outbox.clear()
        self._put(reauthenticate("removed" if self._leaving else reason))

    def let_go(self) -> None:
        """Have the client gone without a word."""
        self._over = True
        self._wake.set()

    # --- what happens ----------------------------------------------------------------------------------------------

    def machine_changed(self) -> None:
        """The machine is another than before."""
        if not self._dirty:
            self._dirty = True
            self._wake.set()

    def happened(self, machine_id: str | None, event: Event) -> None:
        """An event came over the bus."""
        if isinstance(event, UserLoggedOut):
            self._follow_logout(event)
        elif isinstance(event, Shutdown):
            self._leaving = True
            self._wake.set()
        here = machine_id in {None, self._machine.id} and self._may_hear(event)
        if here and self._subscription.wants_event(event):
            self._put(self._audience.texts.text(event, self._sight))

    def _may_hear(self, event: Event) -> bool:
        return self._identity is not None and self._sight.covers(event) and is_meant_for(event, self._identity.name)

    def _follow_logout(self, event: UserLoggedOut) -> None:
        """The user ended a session, which may be this one."""
        known = self._identity
        if known is not None and known.name == event.username and not self._accounts.identify_session(self._session):
            self._lose_identity("logout")

    def _put(self, text: str) -> None:
        """Have a message sent; who does not keep up gets the newest state instead of what is missed, or goes."""
        if not self._outbox.put(text):
            self._start_anew()
            self._outbox.put(text)
            self._over = not self._may_get_state
        self._wake.set()

    def _start_anew(self) -> None:
        """Forget what waits; the whole state comes instead."""
        self._outbox.clear()
        self._history_due = self._subscription.state

    # --- what is sent ----------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Send until the client is stuck or may not be here any more."""
        while not self._over:
            await self._sleep()
            if not self._over:
                await self._send_what_is_due(monotonic())

    async def _sleep(self) -> None:
        """Until something is to be done."""
        pause = self._pause()
        if not self._leaving and (pause is None or pause > 0):
            try:
                async with asyncio.timeout(pause):
                    await self._wake.wait()
            except TimeoutError:
                pass
        self._wake.clear()

    def _pause(self) -> float | None:
        """s until a state is due; none for a client that gets none."""
        if not self._may_get_state:
            return None
        at_latest = self._sent_at + HEARTBEAT
        due = min(self._next_slot(), at_latest) if self._dirty else at_latest
        return due - monotonic()

    @property
    def _may_get_state(self) -> bool:
        return self._subscription.state and self._sight.status

    def _next_slot(self) -> float:
        """When the next state may be sent: slots are the same for all clients, so that they share its encoding."""
        slot = int(self._sent_at / PERIOD) + self._throttle
        return slot * PERIOD

    async def _send_what_is_due(self, now: float) -> None:
        if self._history_due and self._may_get_state:
            self._history_due = False
            await self._send(self._history())
            await self._send_timelapse()
        while not self._over and (text := self._outbox.take()) is not None:
            await self._send(text)
        if not self._over and self._may_get_state and not self._history_due and self._is_due(now):
            await self._send(self._state())
        self._over = self._over or self._leaving

    def _is_due(self, now: float) -> bool:
        """Whether there is a new state and its slot has come, or nothing was said for too long."""
        return (self._dirty and now >= self._next_slot()) or now - self._sent_at >= HEARTBEAT

    async def _send_timelapse(self) -> None:
        """After a log-in: how pictures are taken, which is not at all."""
        if self._timelapse_due and not self._over:
            self._timelapse_due = False
            await self._send(NO_TIMELAPSE)

    def _history(self) -> str:
        return self._snapshot("history", lambda wanted: history_message(self._machine, wanted))

    def _state(self) -> str:
        cursors = self._cursors
        return self._snapshot(cursors, lambda wanted: state_message(self._machine, cursors, wanted))

    def _snapshot(self, key: Hashable, make: Callable[[Wanted], object]) -> str:
        """A state as it is now, encoded once for all clients that want the same."""
        wanted = Wanted(self._sight.terminal, self._subscription)
        self._dirty, self._sent_at = False, monotonic()
        self._cursors = Cursors.at_end(self._machine.view)
        kind = self._subscription.kind
        if kind is None:
            return encode(make(wanted))
        slot = int(self._sent_at / PERIOD)
        return encoded(self._machine, (slot, key, wanted.terminal, kind), lambda: make(wanted)).decode()

    async def _send(self, text: str) -> None:
        try:
            async with asyncio.timeout(STUCK):
                await self._send_text(text)
        except TimeoutError:
            self._over = True


def _of_state(subscription: Subscription) -> Subscription:
    """What a subscription says of states alone."""
    return replace(subscription, events=True, plugins=True)
