"""Frames on a byte stream: four bytes of length (big endian), then one message as msgpack.

Invariants: bytes in, messages out, no socket; a frame larger than `MAX_FRAME` or one that is no msgpack at all ends
the stream (`LinkError`); a message with an unknown tag is skipped.
"""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

from mrdraw.errors import LinkError
from mrdraw.link.messages import ToHost, ToServer

MAX_FRAME = 16 * 1024 * 1024
"""bytes; the whole terminal and temperature history stay far below."""

_LENGTH = 4
_encoder = msgspec.msgpack.Encoder()

MessageType = TypeVar("MessageType")


def encode(message: ToHost | ToServer) -> bytes:
    """One message as a frame."""
    body = _encoder.encode(message)
    return len(body).to_bytes(_LENGTH, "big") + body


class FrameReader(Generic[MessageType]):
    """Turns received bytes into messages."""

    def __init__(self, decoder: msgspec.msgpack.Decoder[MessageType]) -> None:
        self._decoder = decoder
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[MessageType]:
        """Take bytes and return the messages that they complete. Raises `LinkError`."""
        self._buffer += data
        messages = []
        while (body := self._take_body()) is not None:
            try:
                messages.append(self._decoder.decode(body))
            except msgspec.ValidationError:
                continue  # a tag of a newer release
            except msgspec.DecodeError as error:
                raise LinkError(f"the link carried something that is no message: {error}") from error
        return messages

    def _take_body(self) -> bytes | None:
        if len(self._buffer) < _LENGTH:
            return None
        length = int.from_bytes(self._buffer[:_LENGTH], "big")
        if length > MAX_FRAME:
            raise LinkError(f"a frame of {length} bytes exceeds the limit of {MAX_FRAME}")
        end = _LENGTH + length
        if len(self._buffer) < end:
            return None
        body = bytes(self._buffer[_LENGTH:end])
        del self._buffer[:end]
        return body


def prepare() -> None:
    """Have all messages described to msgspec; call it before there are threads.

    msgspec describes a type when it is first decoded, and a second thread that meets it half described crashes.
    """
    host_side_reader()
    server_side_reader()


def host_side_reader() -> FrameReader[ToHost]:
    """The reader of a machine host: what servers send."""
    return FrameReader(msgspec.msgpack.Decoder(ToHost))


def server_side_reader() -> FrameReader[ToServer]:
    """The reader of a server: what machine hosts send."""
    return FrameReader(msgspec.msgpack.Decoder(ToServer))
