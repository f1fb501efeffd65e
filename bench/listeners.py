"""Many push clients in one process: each counts the messages that it gets and does nothing else with them.

Started by `push.py`, so that they do not share a process with what measures. They make way for everybody else, as
clients are on other computers. They speak the raw WebSocket, offer
`permessage-deflate` as a browser does, and look at the frames' heads only. A line "ready" says that all of them got
their first state; each line on standard input is answered with the messages and bytes that came so far.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import sys
from functools import partial

HANDSHAKE = (
    "GET /sockjs/websocket HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n{extensions}\r\n"
)
DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
FIRST = 3
"""`connected`, `history` and a first `current`."""
PING, PONG = 9, 10
NICE = 19


class Listener(asyncio.Protocol):
    """One client."""

    def __init__(self, hello: bytes, says: list[str]) -> None:
        self._hello = hello
        self._says = says
        self._buffer = bytearray()
        self._upgraded = False
        self._transport: asyncio.Transport | None = None
        self.had_first = asyncio.Event()
        self.messages = 0
        self.bytes = 0
        self.lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the upgrade."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._hello)

    def connection_lost(self, _: Exception | None) -> None:
        """The server closed."""
        self.lost = True

    def data_received(self, data: bytes) -> None:
        """Count."""
        self._buffer += data
        self.bytes += len(data)
        if not self._upgraded and not self._upgrade():
            return
        while self._frame():
            pass

    def _upgrade(self) -> bool:
        head, end, rest = bytes(self._buffer).partition(b"\r\n\r\n")
        if not end:
            return False
        if b" 101 " not in head.partition(b"\r\n")[0]:
            raise RuntimeError(f"refused: {head[:200]!r}")
        self._buffer = bytearray(rest)
        self._upgraded = True
        for text in self._says:
            self._send(1, text.encode())
        return True

    def _frame(self) -> bool:
        """Take one frame off the buffer, if it is whole."""
        buffer = self._buffer
        if len(buffer) < 2:
            return False
        size, head = buffer[1] & 0x7F, 2
        if size >= 126:
            head = 4 if size == 126 else 10
            size = int.from_bytes(buffer[2:head], "big")
        if len(buffer) < head + size:
            return False
        kind = buffer[0] & 0x0F
        if kind == PING:
            self._send(PONG, bytes(buffer[head : head + size]))
        elif kind in {0, 1}:
            self.messages += buffer[0] >> 7
            if self.messages == FIRST:
                self.had_first.set()
        del buffer[: head + size]
        return True

    def _send(self, kind: int, payload: bytes) -> None:
        assert self._transport is not None
        length = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xfe" + len(payload).to_bytes(2, "big")
        self._transport.write(bytes([0x80 | kind]) + length + bytes(4) + payload)  # a mask of zeros changes nothing


async def listen(port: int, user: str, count: int, throttle: int, *, deflate: bool) -> None:
    """Open the sockets, say when they are ready, answer until the input ends."""
    loop = asyncio.get_running_loop()
    says = [json.dumps({"throttle": throttle}), json.dumps({"auth": user})]
    listeners = []
    for _ in range(count):
        key = base64.b64encode(os.urandom(16)).decode()
        hello = HANDSHAKE.format(port=port, key=key, extensions=DEFLATE if deflate else "").encode()
        _, listener = await loop.create_connection(partial(Listener, hello, says), "127.0.0.1", port)
        listeners.append(listener)
    async with asyncio.timeout(60):
        for each in listeners:
            await each.had_first.wait()
    print("ready", flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        lost = sum(each.lost for each in listeners)
        fewest = min(each.messages for each in listeners)
        print(json.dumps({
            "messages": sum(each.messages for each in listeners),
            "bytes": sum(each.bytes for each in listeners), "fewest": fewest, "lost": lost,
        }), flush=True)  # fmt: skip


def main() -> None:
    """Listen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("user", help="user:session")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--throttle", type=int, default=2)
    parser.add_argument("--no-deflate", action="store_true")
    asked = parser.parse_args()
    os.nice(NICE)
    asyncio.run(listen(asked.port, asked.user, asked.count, asked.throttle, deflate=not asked.no_deflate))


if __name__ == "__main__":
    main()
