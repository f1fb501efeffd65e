"""What is written to a connection in one round of the loop leaves in one packet.

The head and the body of an answer are written one after the other, and each write would be a call of the system of its
own, which is a third of what a small answer costs.

Invariants: the order of bytes is kept; nothing is held back beyond the round in which it was written, nor more than
`MOST`; whatever closes
the connection or takes it over finds everything written.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST = 64 * 1024
"""bytes that are held: whoever writes more has to hear of the transport that it is too fast."""


class OneWrite:
    """Stands before a transport, for whoever writes."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held: list[bytes] = []
        self._size = 0

    def write(self, data: bytes) -> None:
        """Send this with what else is written in this round."""
        if not self._held:
            self._loop.call_soon(self._send)
        self._held.append(data)
        self._size += len(data)
        if self._size > MOST:
            self._send()

    def writelines(self, pieces: Iterable[bytes]) -> None:
        """Send these with what else is written in this round."""
        for piece in pieces:
            self.write(piece)

    def write_eof(self) -> None:
        """Send what is held, and that this was all."""
        self._send()
        self._transport.write_eof()

    def close(self) -> None:
        """Send what is held, then close."""
        self._send()
        self._transport.close()

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Send what is held; the next protocol hears what comes."""
        self._send()
        self._transport.set_protocol(protocol)

    def __getattr__(self, name: str) -> Any:
        """Everything else is the transport's own."""
        return getattr(self._transport, name)

    def _send(self) -> None:
        if held := self._held:
            self._held, self._size = [], 0
            self._transport.writelines(held)


class OneWriteProtocol(HttpToolsProtocol):
    """uvicorn's protocol, whose answers leave in one packet each."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client came."""
        super().connection_made(cast("asyncio.Transport", OneWrite(transport, self.loop)))
