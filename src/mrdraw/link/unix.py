"""The carrier on one computer: a Unix socket in the machine's folder, and the lock that says who lives.

Invariants: the folder is 0700 and the socket 0600; a peer of another user is not answered; the lock file, not the
socket's presence, says whether a machine host lives; a write never blocks and never raises: what cannot be sent waits
in a buffer that the caller can measure.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import socket
import struct
import sys
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Protocol, cast

from mrdraw.errors import LinkError
from mrdraw.link.framing import encode, host_side_reader, server_side_reader

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from mrdraw.link.messages import ToHost, ToServer

SOCKET_NAME = "host.sock"
LOCK_NAME = "host.lock"
_LOOK_TIME = 0.5
"""s that somebody who only looks at the lock may have it, on a computer that is busy."""
_MAX_ADDRESS = 100
"""bytes that a socket address may have everywhere (108 on Linux, 104 on macOS, with the terminating NUL)."""


@contextlib.contextmanager
def _address(folder: Path) -> Iterator[str]:
    """A path to the folder's socket that is short enough for a socket address."""
    path = str(folder / SOCKET_NAME)
    if len(os.fsencode(path)) <= _MAX_ADDRESS:
        yield path
        return
    if not sys.platform.startswith("linux"):
        raise LinkError(f"The path {path} is too long for a socket. Choose a base folder with a shorter path.")
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/{SOCKET_NAME}"
    finally:
        os.close(descriptor)


def make_private(folder: Path) -> None:
    """Create the folder, readable by its owner only."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)


def _try_lock(folder: Path, kind: int) -> int | None:
    descriptor = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def lives(folder: Path) -> bool:
    """Whether a machine host holds the lock of this folder. Those who only look do not take each other for one."""
    if not folder.is_dir():
        return False
    descriptor = _try_lock(folder, fcntl.LOCK_SH)
    if descriptor is None:
        return True
    os.close(descriptor)
    return False


def _lock(folder: Path) -> int:
    """Take the lock; somebody who looks at it has it for a moment, a machine host for longer. Raises `LinkError`."""
    deadline = monotonic() + _LOOK_TIME
    while (descriptor := _try_lock(folder, fcntl.LOCK_EX)) is None:
        if monotonic() > deadline:
            raise LinkError(f"A machine host lives in {folder} already.")
        sleep(_LOOK_TIME / 50)
    return descriptor


class HostLock:
    """The lock of a machine host; held as long as the process lives."""

    def __init__(self, folder: Path) -> None:
        """Take the lock. Raises `LinkError` when another machine host lives in the folder."""
        make_private(folder)
        self._descriptor = _lock(folder)

    def release(self) -> None:
        """Give the lock up."""
        os.close(self._descriptor)


# --- the server's end -----------------------------------------------------------------------------------------------


class LinkClient:
    """A server's end of a link."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._frames = server_side_reader()
        self._messages: list[ToServer] = []

    async def send(self, message: ToHost) -> None:
        """Send a message. Raises `LinkError` when the link is broken."""
        try:
            self._writer.write(encode(message))
            await self._writer.drain()
        except OSError as error:
            raise LinkError(f"the machine host is gone: {error}") from error

    async def receive(self) -> ToServer | None:
        """The next message, or `None` when the host closed the link. Raises `LinkError`."""
        while not self._messages:
            try:
                data = await self._reader.read(65536)
            except OSError as error:
                raise LinkError(f"the machine host is gone: {error}") from error
            if not data:
                return None
            self._messages = self._frames.feed(data)
            self._messages.reverse()
        return self._messages.pop()

    async def __aiter__(self) -> AsyncIterator[ToServer]:
        """All messages until the link closes."""
        while (message := await self.receive()) is not None:
            yield message

    async def close(self) -> None:
        """Close the link."""
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()


async def connect(folder: Path) -> LinkClient:
    """Connect to the machine host of this folder. Raises `LinkError` when none listens."""
    try:
        with _address(folder) as address:
            reader, writer = await asyncio.open_unix_connection(address)
    except OSError as error:
        raise LinkError(f"no machine host listens in {folder}: {error}") from error
    return LinkClient(reader, writer)


# --- the machine host's end -----------------------------------------------------------------------------------------


class Listener(Protocol):
    """What a machine host does with its links."""

    def link_opened(self, link: HostLink) -> None:
        """A server connected."""

    def link_message(self, link: HostLink, message: ToHost) -> None:
        """A server sent a message."""

    def link_closed(self, link: HostLink) -> None:
        """A server went away."""


class HostLink(asyncio.Protocol):
    """A machine host's end of a link."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._frames = host_side_reader()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:  # noqa: D102
        stream = cast("asyncio.Transport", transport)  # uvloop's is one by what it does, not by its type
        if not _same_user(stream):
            stream.abort()
            return
        self._transport = stream
        self._listener.link_opened(self)

    def data_received(self, data: bytes) -> None:  # noqa: D102
        try:
            messages = self._frames.feed(data)
        except LinkError:
            self.close()
            return
        for message in messages:
            self._listener.link_message(self, message)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: D102
        if self._transport is not None:
            self._transport = None
            self._listener.link_closed(self)

    @property
    def backlog(self) -> int:
        """Bytes that wait to be taken by the server."""
        return self._transport.get_write_buffer_size() if self._transport else 0

    def send(self, message: ToServer) -> None:
        """Send a message, or buffer it; to a closed link it is dropped."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(encode(message))

    def close(self) -> None:
        """Close the link when what is buffered has been sent."""
        if self._transport is not None:
            self._transport.close()


def _same_user(transport: asyncio.Transport) -> bool:
    """Whether the peer runs as our own user (or cannot be asked: then the folder's rights decide)."""
    peer: socket.socket = transport.get_extra_info("socket")
    if not hasattr(socket, "SO_PEERCRED"):
        return True
    credentials = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _, uid, _ = struct.unpack("3i", credentials)
    return bool(uid == os.getuid())


async def listen(folder: Path, listener_factory: Callable[[], HostLink]) -> asyncio.AbstractServer:
    """Listen in the folder. The caller holds the `HostLock`, so that a socket left there belongs to nobody."""
    make_private(folder)
    (folder / SOCKET_NAME).unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with _address(folder) as address:
            listening.bind(address)
        (folder / SOCKET_NAME).chmod(0o600)
        return await asyncio.get_running_loop().create_unix_server(listener_factory, sock=listening)
    except BaseException:
        listening.close()
        raise
