"""Everybody who listens to the push channel, and what they share.

Invariants: whoever joins is told of by an event, and so is whoever leaves; when an account or a session changed,
whoever it concerns is looked at within `LOOK_EVERY`; a session is in use as long as somebody listens with it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING

from mrdraw.events import ClientClosed, ClientOpened, Event
from mrdraw.server.push.client import PushClient, Send
from mrdraw.server.push.messages import EventTexts, encode
from mrdraw.server.push.payloads import connected_message

if TYPE_CHECKING:
    from mrdraw.hub import Machine
    from mrdraw.server.context import Services

LOGGER = logging.getLogger(__name__)

LOOK_EVERY = 0.25
"""s between two looks at whether any account or session changed."""
USE_EVERY = 60.0
"""s after which the sessions are used although nothing changed (contract, 2.3)."""


class Audience:
    """The clients of all machines."""

    def __init__(self, services: Services) -> None:
        self.accounts = services.accounts
        self.texts = EventTexts()
        self._services = services
        self._bus = services.hub.bus
        self._clients: dict[PushClient, tuple[Callable[[], None], ...]] = {}
        self._watch: asyncio.Task[None] | None = None

    def join(self, machine: Machine, address: str, send: Send) -> PushClient:
        """A new client; the first thing to send to it is `connected`."""
        client = PushClient(machine, self, address=address, send=send)
        self._clients[client] = (machine.view.subscribe(client.machine_changed), self._bus.subscribe(client.happened))
        self.publish(ClientOpened(remoteAddress=address))
        if self._watch is None or self._watch.done():
            self._watch = asyncio.create_task(self._look())
        return client

    def leave(self, client: PushClient) -> None:
        """The client is gone; a second time says nothing."""
        if client not in self._clients:
            return
        for undo in self._clients.pop(client):
            undo()
        self.publish(ClientClosed(remoteAddress=client.address))
        if not self._clients and self._watch is not None:
            self._watch.cancel()

    def publish(self, event: Event) -> None:
        """Tell everybody of an event of the server."""
        self._bus.publish(None, event)

    def connected(self) -> str:
        """What every client is told first."""
        return encode(connected_message(self._services))

    async def _look(self) -> None:
        """See to it that nobody listens who may not any more."""
        known, used_at = self.accounts.revision(), monotonic()
        while True:
            await asyncio.sleep(LOOK_EVERY)
            revision, now = self.accounts.revision(), monotonic()
            if revision == known and now - used_at < USE_EVERY:
                continue
            known, used_at = revision, now
            for client in list(self._clients):
                self._check(client)

    @staticmethod
    def _check(client: PushClient) -> None:
        try:
            client.check_identity()
        except Exception:
            LOGGER.exception("a push client's identity could not be looked up: it is let go")
            client.let_go()
