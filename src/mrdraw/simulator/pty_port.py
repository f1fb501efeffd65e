"""A pseudo-terminal with a name: the port that a host opens.

Invariants: the slave stays open here, so that a host may close and open it as it likes; the name is a symbolic link
that is replaced atomically and removed only while it points to this terminal; a file that is no such link is never
touched; output that nobody reads is kept up to `BACKLOG_LIMIT`, then the oldest is lost.
"""

from __future__ import annotations

import contextlib
import os
import pty
import termios
import tty
from pathlib import Path
from typing import Self

from mrdraw.errors import WireError

BACKLOG_LIMIT = 64 * 1024
"""bytes beyond what the kernel buffers"""
_READ_SIZE = 65536


class PtyPort:
    """An open pseudo-terminal in raw mode and its link."""

    def __init__(self, link: Path) -> None:
        """Open a terminal and link it. Raises `WireError`."""
        _refuse_foreign(link)
        try:
            self._master, self._slave = pty.openpty()
        except OSError as error:
            raise WireError(f"No pseudo-terminal could be opened: {error.strerror}") from error
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.name = os.ttyname(self._slave)
        self._link = link
        self._unwritten = bytearray()
        try:
            self._make_link()
        except WireError:
            self._close_terminal()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def descriptor(self) -> int:
        """The master's descriptor, to wait for."""
        return self._master

    @property
    def has_unwritten(self) -> bool:
        """Whether output waits until the terminal takes it."""
        return bool(self._unwritten)

    def read(self) -> bytes:
        """What the host wrote, nothing if it wrote nothing."""
        try:
            return os.read(self._master, _READ_SIZE)
        except OSError:
            return b""

    def write(self, data: bytes) -> None:
        """Send to the host as much as the terminal takes and keep the rest for the next call."""
        if self._unwritten:
            self._unwritten += data
            data = bytes(self._unwritten)
        try:
            written = os.write(self._master, data) if data else 0
        except OSError:
            written = 0
        self._unwritten = bytearray(data[written:][-BACKLOG_LIMIT:])

    def forget_unread(self) -> None:
        """Drop what was sent and not read by the host."""
        self._unwritten.clear()
        termios.tcflush(self._slave, termios.TCIFLUSH)

    def close(self) -> None:
        """Remove the link and close the terminal."""
        with contextlib.suppress(OSError):
            if str(self._link.readlink()) == self.name:
                self._link.unlink()
        self._close_terminal()

    def _make_link(self) -> None:
        temporary = self._link.with_name(f".{self._link.name}.{os.getpid()}")
        try:
            temporary.unlink(missing_ok=True)
            temporary.symlink_to(self.name)
            temporary.replace(self._link)
        except OSError as error:
            raise WireError(f"The port {self._link} cannot be made: {error.strerror}") from error

    def _close_terminal(self) -> None:
        os.close(self._master)
        os.close(self._slave)


def _refuse_foreign(link: Path) -> None:
    """Only a link to a pseudo-terminal, or one that leads nowhere, may be replaced."""
    if not os.path.lexists(link):
        return
    if not link.is_symlink():
        raise WireError(f"{link} is a file, not a link of an earlier simulator; choose another port or remove it.")
    target = link.readlink()
    if link.exists() and not target.is_relative_to("/dev"):
        raise WireError(f"{link} is a link to {target}, not to a terminal; choose another port or remove it.")
