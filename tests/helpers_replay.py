"""What a program sends, byte for byte, over a socket of the test's own; and the answer as it comes."""

import gzip
import http.client
import json
import os
import select
import socket
import ssl
import struct
import zlib
from dataclasses import dataclass

PATIENCE = 30


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict
    body: bytes

    def json(self):
        return json.loads(self.body)


class Wire:
    """A connection that is kept alive, as the program keeps it."""

    def __init__(self, port, authority=None):
        """With an authority TLS is spoken, to `localhost`."""
        self._port = port
        self._context = _trusting(authority) if authority else None
        self._open()

    def _open(self):
        self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=PATIENCE)
        if self._context is not None:
            self._socket = self._context.wrap_socket(self._socket, server_hostname="localhost")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()

    def send(self, data):
        if self._is_closed():
            self._socket.close()
            self._open()
        self._socket.sendall(data)

    def _is_closed(self):
        """Whether the other side has ended the connection since it was used last; TLS hides that."""
        if self._context is not None:
            return False
        readable, _, _ = select.select([self._socket], [], [], 0)
        return bool(readable) and self._socket.recv(1, socket.MSG_PEEK) == b""

    def send_until_answered(self, data):
        """Send this again and again until there is an answer, as a program does that has a large file to send."""
        for _ in range(20 * PATIENCE):
            readable, _, _ = select.select([self._socket], [], [], 0.05)
            if readable:
                return
            self._socket.sendall(data)
        raise AssertionError

    def receive(self, size):
        data = b""
        while len(data) < size:
            more = self._socket.recv(size - len(data))
            assert more, "closed"
            data += more
        return data

    def head(self):
        """The bytes up to an empty line."""
        data = b""
        while not data.endswith(b"\r\n\r\n"):
            data += self.receive(1)
        return data

    def answer(self, method="GET"):
        response = http.client.HTTPResponse(self._socket, method=method)
        response.begin()
        body = response.read()
        headers = {name.lower(): value for name, value in response.getheaders()}
        if headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        return Answer(response.status, headers, body)


def _trusting(authority):
    """TLS of which nothing is to be read before an answer comes, as version 1.3's tickets would be."""
    context = ssl.create_default_context(cafile=authority)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


def crlf(*lines):
    """Header lines, and the empty one that ends them."""
    return "\r\n".join([*lines, "", ""]).encode()


class WebSocketWire(Wire):
    """A web socket as Chromium opens it: compression offered, frames masked."""

    def __init__(self, port, path, origin, host, authority=None):
        super().__init__(port, authority)
        self._inflate = zlib.decompressobj(-15)
        self.send(
            crlf(
                f"GET {path} HTTP/1.1",
                f"Host: {host}:{port}",
                "Connection: Upgrade",
                "Pragma: no-cache",
                "Cache-Control: no-cache",
                "User-Agent: Mozilla/5.0 (X11; Linux armv7l) AppleWebKit/537.36 (KHTML, like Gecko) octodash/2.5.3 "
                "Chrome/108.0.5359.215 Electron/22.3.27 Safari/537.36",
                "Upgrade: websocket",
                f"Origin: {origin}",
                "Sec-WebSocket-Version: 13",
                "Accept-Encoding: gzip, deflate",
                "Accept-Language: en-US",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
                "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
            )
        )
        head = self.head()
        assert head.startswith(b"HTTP/1.1 101 "), head
        assert b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in head

    def say(self, message):
        data = json.dumps(message, separators=(",", ":")).encode()
        assert len(data) < 65536
        mask = os.urandom(4)
        size = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + struct.pack(">H", len(data))
        self.send(b"\x81" + size + mask + bytes(byte ^ mask[index % 4] for index, byte in enumerate(data)))

    def hear(self):
        """The next message."""
        while True:
            first, second = self.receive(2)
            size = second & 0x7F
            if size > 125:
                size = struct.unpack(">H" if size == 126 else ">Q", self.receive(2 if size == 126 else 8))[0]
            data = self.receive(size)
            if first & 0x0F == 1:
                compressed = first & 0x40
                return json.loads(self._inflate.decompress(data + b"\0\0\xff\xff") if compressed else data)

    def until(self, kind, condition=lambda payload: True):
        while True:
            message = self.hear()
            if kind in message and condition(message[kind]):
                return message[kind]
