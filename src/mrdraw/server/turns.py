"""Takes requests in turns, so that one that may not wait finds the loop free soon.

Invariants: an emergency stop never waits here; whoever waits is answered in the order of coming; a request waits only
for others to begin, never for their end; without a crowd nobody waits.
"""

from __future__ import annotations

import asyncio
from collections import deque

from starlette.types import ASGIApp, Receive, Scope, Send

AT_ONCE = ("/emergency-stop", "/api/printer/command")
"""How the paths end that never wait: the emergency stop, and commands, of which one may be a stop."""

PER_ROUND = 4
"""Requests that begin in one round of the loop; each takes about half a millisecond."""


class Turns:
    """Stands before everything else."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._begun = 0
        """Requests that began in this round."""
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._next: asyncio.Handle | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on when it is this request's turn."""
        if scope["type"] == "http" and not scope["path"].endswith(AT_ONCE):
            await self._turn()
        await self._app(scope, receive, send)

    async def _turn(self) -> None:
        loop = asyncio.get_running_loop()
        if self._next is None:
            self._next = loop.call_soon(self._next_round)
        if self._begun < PER_ROUND and not self._waiting:
            self._begun += 1
            return
        turn: asyncio.Future[None] = loop.create_future()
        self._waiting.append(turn)
        await turn

    def _next_round(self) -> None:
        """Let the next ones begin."""
        self._begun, self._next = 0, None
        while self._waiting and self._begun < PER_ROUND:
            turn = self._waiting.popleft()
            if not turn.done():  # the client did not go away meanwhile
                turn.set_result(None)
                self._begun += 1
        if self._begun:
            self._next = asyncio.get_running_loop().call_soon(self._next_round)
