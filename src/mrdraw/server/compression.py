"""Compression of WebSocket messages, done once for all sockets that are told the same.

Invariants: each message is compressed by itself (`server_no_context_takeover`, RFC 7692, 7.1.1.1), so that the same
message is the same bytes for every socket; the last `KEPT` of them are remembered; short messages go as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.extensions import Extension
from websockets.extensions.permessage_deflate import PerMessageDeflate, ServerPerMessageDeflateFactory
from websockets.frames import Frame
from websockets.typing import ExtensionParameter

KEPT = 8
WORTH_IT = 512
"""bytes from which a message is compressed."""
_CLIENT_WINDOW = 12
"""Bits of what is kept for each socket to read what its client compresses."""
_MEMORY = 8

Memory = dict[tuple[int, bytes], Frame]


class SharedDeflate(PerMessageDeflate):
    """The compression of one socket."""

    def __init__(self, memory: Memory, like: PerMessageDeflate) -> None:
        super().__init__(
            like.remote_no_context_takeover,
            like.local_no_context_takeover,
            like.remote_max_window_bits,
            like.local_max_window_bits,
            like.compress_settings,
        )
        self._memory = memory

    def encode(self, frame: Frame) -> Frame:
        """Compress a frame, or find it compressed."""
        if len(frame.data) < WORTH_IT or not frame.fin:
            return frame
        key = (self.local_max_window_bits, bytes(frame.data))
        known = self._memory.get(key)
        if known is None:
            if len(self._memory) >= KEPT:
                del self._memory[next(iter(self._memory))]
            known = self._memory[key] = super().encode(frame)
        return known


class SharedDeflateFactory(ServerPerMessageDeflateFactory):
    """Agrees with a client on how to compress."""

    def __init__(self) -> None:
        super().__init__(
            server_no_context_takeover=True,
            client_max_window_bits=_CLIENT_WINDOW,
            compress_settings={"memLevel": _MEMORY},
        )
        self._memory: Memory = {}

    def process_request_params(
        self, params: Sequence[ExtensionParameter], accepted_extensions: Sequence[Extension]
    ) -> tuple[list[ExtensionParameter], SharedDeflate]:
        """What the client offers, answered."""
        answer, agreed = super().process_request_params(params, accepted_extensions)
        return answer, SharedDeflate(self._memory, agreed)


def compressing() -> Callable[..., WebSocketsSansIOProtocol]:
    """Makes the protocol of each WebSocket of one server."""
    factory = SharedDeflateFactory()

    def protocol(**options: object) -> WebSocketsSansIOProtocol:
        made = WebSocketsSansIOProtocol(**options)  # type: ignore[arg-type]
        made.conn.available_extensions = [factory]
        return made

    return protocol
