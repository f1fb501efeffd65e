"""An open serial port, read and written without detours.

Invariants: the library's transport opens, configures and closes the port and says that it broke; here is only the way
of bytes that went well. Whatever is out of the ordinary (an error, an end, a full port) is left to the transport, which
meets it itself. Nothing is written to a port that is closing: its descriptor may be another file's by then.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from serialx.descriptor_transport import DescriptorTransport

_READ_AT_MOST = 4096
"""bytes taken from a port in one go."""


class SerialPort:
    """An open port that gives what comes to `received`."""

    def __init__(self, transport: DescriptorTransport, received: Callable[[bytes], None]) -> None:
        """Read in the transport's stead; must be called in the loop."""
        self._transport = transport
        self._received = received
        self._loop = asyncio.get_running_loop()
        self._descriptor = transport.serial.fileno()
        self.set_modem_pins = transport.set_modem_pins
        self.close, self.abort, self.wait_closed = transport.close, transport.abort, transport.wait_closed
        if not transport.is_closing():
            transport.pause_reading()
            self._loop.add_reader(self._descriptor, self._read)

    def write(self, data: bytes) -> None:
        """Write, or leave to the transport what cannot be written at once."""
        transport = self._transport
        if transport.is_closing():
            return
        if not transport.get_write_buffer_size():
            try:
                written = os.write(self._descriptor, data)
            except OSError:
                written = 0
            if written == len(data):
                return
            data = data[written:]
        transport.write(data)

    def _read(self) -> None:
        try:
            data = os.read(self._descriptor, _READ_AT_MOST)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if data:
            self._received(data)
        else:
            self._loop.remove_reader(self._descriptor)
            self._transport.resume_reading()
