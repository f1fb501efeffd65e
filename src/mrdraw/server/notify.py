"""Telling systemd how the service is doing (sd_notify(3)).

Invariants: without systemd nothing happens; a message that cannot be sent is lost and stops nothing; the programs that
the server starts do not inherit the socket.
"""

from __future__ import annotations

import os
import socket
from collections.abc import MutableMapping
from contextlib import suppress

VARIABLE = "NOTIFY_SOCKET"


class Notifier:
    """The way to the service manager that started this process, if one did."""

    def __init__(self, environment: MutableMapping[str, str] = os.environ) -> None:
        """Take the socket's address out of the environment."""
        address = environment.pop(VARIABLE, "")
        self._address = f"\0{address[1:]}" if address.startswith("@") else address  # the abstract namespace of Linux

    def ready(self, status: str) -> None:
        """The service answers; `status` is one line for `systemctl status`."""
        self._tell(f"READY=1\nSTATUS={status}")

    def status(self, status: str) -> None:
        """One line for `systemctl status`."""
        self._tell(f"STATUS={status}")

    def stopping(self) -> None:
        """The service begins to stop."""
        self._tell("STOPPING=1")

    def _tell(self, message: str) -> None:
        if not self._address:
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            channel.connect(self._address)
            channel.sendall(message.encode())
