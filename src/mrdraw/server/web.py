"""The web server: uvicorn, on sockets that are opened one after the other.

Invariants: it ends by a signal at any time, but leaves the process alive, so that what was opened before it is closed
after it; all its sockets lead to the same application and speak TLS or none of them does.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from mrdraw.server.compression import compressing
from mrdraw.server.one_write import OneWriteProtocol

_GRACE = 3
"""s that requests get to end when the server stops."""
_LAST_WORDS = 0.05
"""s to tell those who listen that the server stops."""
_LONGEST_MESSAGE = 64 * 1024
"""bytes of what a WebSocket's client may say at once."""


class WebServer(uvicorn.Server):
    """Answers requests until a signal comes."""

    def __init__(self, app: ASGIApp, tls: ssl.SSLContext | None, say_goodbye: Callable[[], None]) -> None:
        """Take the signals that end it; a loop has to run. `say_goodbye` is called before anything is closed."""
        config = uvicorn.Config(
            app,
            lifespan="off",
            loop="none",
            http=OneWriteProtocol,
            ws=compressing(),  # type: ignore[arg-type]
            ws_max_size=_LONGEST_MESSAGE,
            proxy_headers=False,
            server_header=False,
            access_log=False,
            log_config=None,
            timeout_graceful_shutdown=_GRACE,
        )
        config.load()
        config.ssl = tls
        super().__init__(config)
        self._say_goodbye = say_goodbye
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.handle_exit, number, None)

    async def answer(self, listening: socket.socket) -> None:
        """Answer what comes over this socket, and over those that are added, until a signal comes."""
        await self.serve(sockets=[listening])

    async def add(self, listening: socket.socket) -> None:
        """Answer what comes over this socket as well, once the server answers at all."""
        added = await asyncio.get_running_loop().create_server(
            self._protocol, sock=listening, ssl=self.config.ssl, backlog=self.config.backlog
        )
        self.servers.append(added)  # uvicorn closes it with the others

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close everything; whoever listens is told first, so that nobody has to be waited for."""
        self._say_goodbye()
        await asyncio.sleep(_LAST_WORDS)
        await super().shutdown(sockets)

    def _protocol(self) -> asyncio.Protocol:
        """What uvicorn makes for each connection of its first socket."""
        kind = self.config.http_protocol_class
        return kind(config=self.config, server_state=self.server_state, app_state=self.lifespan.state)  # type: ignore[call-arg]

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The signals are taken already."""
        yield
