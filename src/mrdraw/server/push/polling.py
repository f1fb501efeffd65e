"""SockJS without WebSockets: a session whose receivers are requests that come and go (contract, 6.1).

Invariants: a session is remembered by its name as long as it lives and for nobody but the address that opened it; what
a client does not fetch makes nobody wait but its own `PushClient`, which then tells the newest state.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Hashable
from time import monotonic
from typing import TYPE_CHECKING

from mrdraw.server.push.sockjs.session import Session

if TYPE_CHECKING:
    from mrdraw.hub import Machine
    from mrdraw.server.push.audience import Audience
    from mrdraw.server.push.client import PushClient

LOGGER = logging.getLogger(__name__)

MOST = 1000
"""Sessions that may live: opening one needs no key."""


class PolledSession:
    """One session, and what it waits for."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._session = Session(monotonic())
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self.over = asyncio.Event()
        """Set when nobody has come for too long."""
        self._expiry = self._expire_at(self._session.deadline)

    # --- the server's side -----------------------------------------------------------------------------------------

    async def send(self, text: str) -> None:
        """Have a message sent; waits while too much was not fetched."""
        await self._room.wait()
        self._session.put(text)
        self._look_for_room()
        self.nudge()

    def close(self) -> None:
        """End the session; its client is told when it comes."""
        self._session.close()
        self.nudge()

    # --- the receivers' side ---------------------------------------------------------------------------------------

    def attach(self) -> bool:
        """A receiver comes; false when there is one."""
        if not self._session.attach(monotonic()):
            return False
        self._expiry.cancel()
        return True

    def detach(self) -> None:
        """The receiver went."""
        self._session.detach(monotonic())
        self._expiry = self._expire_at(self._session.deadline)

    def next_frame(self) -> str | None:
        """The next frame for the receiver, if there is one."""
        frame = self._session.next_frame(monotonic())
        self._look_for_room()
        return frame

    async def wait(self) -> None:
        """Until there may be a frame, or somebody nudged."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, self._session.deadline - monotonic())):
                await self._news.wait()
        self._news.clear()

    def nudge(self) -> None:
        """Have whoever waits look again."""
        self._news.set()

    # --- inside ----------------------------------------------------------------------------------------------------

    def _look_for_room(self) -> None:
        if self._session.has_room:
            self._room.set()
        else:
            self._room.clear()

    def _expire_at(self, deadline: float) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(max(0.0, deadline - monotonic()), self._expire)

    def _expire(self) -> None:
        if self._session.is_over(monotonic()):
            self.over.set()
        else:
            self._expiry = self._expire_at(self._session.deadline)


class PolledSessions:
    """All sessions that are polled."""

    def __init__(self) -> None:
        self._sessions: dict[Hashable, tuple[PolledSession, PushClient]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def is_full(self) -> bool:
        """Whether no more can be opened now."""
        return len(self._sessions) >= MOST

    def find(self, name: Hashable) -> tuple[PolledSession, PushClient] | None:
        """A living session and its client."""
        return self._sessions.get(name)

    def open(self, name: Hashable, everybody: Audience, machine: Machine, address: str) -> PolledSession:
        """A new session."""
        session = PolledSession(address)
        client = everybody.join(machine, address, session.send)
        self._sessions[name] = session, client
        task = asyncio.create_task(self._live(name, session, client, everybody))
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return session

    async def _live(self, name: Hashable, session: PolledSession, client: PushClient, everybody: Audience) -> None:
        """Tell the client until it is gone; one that was let go may still come to hear that."""
        over = asyncio.create_task(session.over.wait())
        telling = asyncio.create_task(_tell(session, client, everybody))
        try:
            await asyncio.wait((over, telling), return_when=asyncio.FIRST_COMPLETED)
            everybody.leave(client)
            session.close()
            await over
        finally:
            everybody.leave(client)
            del self._sessions[name]
            for task in (over, telling):
                task.cancel()
            await asyncio.gather(over, telling, return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            LOGGER.error("a push session failed: %s", error, exc_info=error)


async def _tell(session: PolledSession, client: PushClient, everybody: Audience) -> None:
    await session.send(everybody.connected())
    await client.run()
