"""Opening a wire: serial ports through serialx, TCP (`tcp://host:port`), and the simulated machine.

Invariants: whatever is behind it, a wire is an asyncio transport that gives bytes to a `WireProtocol`; a serial port is
opened exclusively and with low latency; errors are `WireError` with a text that says what a person can do.
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable
from typing import Protocol
from urllib.parse import urlsplit

from mrdraw.errors import WireError
from mrdraw.link.messages import SerialSettings
from mrdraw.machine.port import SerialPort

BAUDRATES = (115200, 250000, 230400, 57600, 38400, 19200, 9600)
"""By likelihood."""

DEFAULT_BAUDRATE = 115200
_OPEN_TIMEOUT = 10.0

_HINTS = {
    errno.ENOENT: "there is no such port; is the machine plugged in and switched on?",
    errno.EACCES: "this user may not open it; add the user to the group that owns it (often dialout)",
    errno.EBUSY: "another program has it open",
    errno.EAGAIN: "another program has it open",
    errno.EIO: "the device does not answer",
    errno.ENXIO: "the device is gone",
    errno.ECONNREFUSED: "nobody listens there",
}


class Transport(Protocol):
    """What is used of an open wire."""

    def write(self, data: bytes) -> None:
        """Write, or buffer, without blocking."""

    def close(self) -> None:
        """Close when what is buffered was written."""

    def abort(self) -> None:
        """Close at once."""


class WireProtocol(asyncio.Protocol):
    """Passes what comes from the wire to its owner."""

    def __init__(self, received: Callable[[bytes], None], lost: Callable[[Exception | None], None]) -> None:
        self._received = received
        self._lost = lost

    def data_received(self, data: bytes) -> None:  # noqa: D102
        self._received(data)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: D102
        self._lost(exc)


async def open_wire(port: str, baudrate: int, serial: SerialSettings, protocol: WireProtocol) -> Transport:
    """Open a port at a baud rate (ignored for TCP). Raises `WireError`."""
    try:
        async with asyncio.timeout(_OPEN_TIMEOUT):
            if port.startswith("tcp://"):
                return await _open_tcp(port, protocol)
            return await _open_serial(port, baudrate, serial, protocol)
    except TimeoutError:
        raise WireError(f"The port {port} did not open within {_OPEN_TIMEOUT:.0f} s.") from None
    except OSError as error:
        hint = _HINTS.get(error.errno or 0, error.strerror or str(error))
        raise WireError(f"The port {port} cannot be opened: {hint}.") from error


async def _open_tcp(url: str, protocol: WireProtocol) -> Transport:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or not port:
        raise WireError(f"The port {url} is not of the form tcp://host:port.")
    transport, _ = await asyncio.get_running_loop().create_connection(lambda: protocol, host, port)
    return transport


async def _open_serial(port: str, baudrate: int, serial: SerialSettings, protocol: WireProtocol) -> Transport:
    import serialx  # noqa: PLC0415 - heavy, and needed only once a port is opened
    from serialx.descriptor_transport import DescriptorTransport  # noqa: PLC0415

    try:
        transport, _ = await serialx.create_serial_connection(
            asyncio.get_running_loop(),
            lambda: protocol,
            port,
            baudrate,
            exclusive=serial.exclusive,
            low_latency=serial.low_latency,
        )
    except (serialx.SerialException, serialx.UnsupportedSetting) as error:
        if isinstance(error, OSError) and error.errno:
            raise
        raise WireError(f"The port {port} cannot be opened at {baudrate} baud: {error}.") from error
    return SerialPort(transport, protocol.data_received) if isinstance(transport, DescriptorTransport) else transport


async def pulse_dtr(transport: Transport) -> bool:
    """Reset the board by DTR, as most USB boards are wired; whether the wire has such a line."""
    set_pins = getattr(transport, "set_modem_pins", None)
    if set_pins is None:
        return False
    try:
        await set_pins(dtr=False)
        await asyncio.sleep(0.1)
        await set_pins(dtr=True)
    except (OSError, ValueError):
        return False
    return True
