"""The addresses that the server listens on: resolved, bound, and told apart.

Invariants: an address that cannot be had is told in one line that names who usually holds it; nothing is listened on
before the caller says so; a socket that is bound beside another one shares the port with that one only, and only for
the moment of binding.
"""

from __future__ import annotations

import errno
import ipaddress
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from mrdraw.errors import MrDrawError

LOOPBACK = "127.0.0.1"

USUAL_HOLDERS = {
    5000: "OctoPrint itself, the AirPlay receiver of macOS, or a Flask development server",
    80: "a web server such as nginx or Apache",
    8080: "another web server or a proxy",
    7125: "Moonraker",
}

_DOCUMENTATION = "192.0.2.1"
"""An address that nobody has (RFC 5737)."""


class PortTaken(MrDrawError):
    """Somebody else listens on the port."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where can be listened: what was asked for, and what that means here."""

    host: str
    port: int
    family: socket.AddressFamily
    resolved: tuple[Any, ...]

    @property
    def is_loopback(self) -> bool:
        """Whether only this computer reaches it."""
        return is_loopback(str(self.resolved[0]))

    @property
    def is_any(self) -> bool:
        """Whether it stands for all addresses of this computer."""
        return ipaddress.ip_address(_without_zone(str(self.resolved[0]))).is_unspecified


def is_loopback(numeric: str) -> bool:
    """Whether a numeric address is reached from this computer only."""
    address = ipaddress.ip_address(_without_zone(numeric))
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


def resolve(host: str, port: int) -> Address:
    """What a name or number of an address means. Raises `MrDrawError` when there is no such address."""
    try:
        family, _, _, _, resolved = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "the name is none"
        raise MrDrawError(f"There is no address {host}: {reason}. Use an address of this computer.") from error
    return Address(host, port, family, resolved)


def check_own(address: Address) -> None:
    """Whether this computer has the address. Raises `MrDrawError`."""
    with socket.socket(address.family, socket.SOCK_STREAM) as probe:
        try:
            probe.bind((address.resolved[0], 0, *address.resolved[2:]))
        except OSError as error:
            raise _not_bound(address, error) from error


def bind(address: Address) -> socket.socket:
    """The bound socket, which does not listen yet. Raises `PortTaken`, `MrDrawError`."""
    bound = _socket(address)
    try:
        bound.bind(address.resolved)
    except OSError as error:
        bound.close()
        raise _not_bound(address, error) from error
    return bound


def listen_beside(address: Address, first: socket.socket) -> socket.socket:
    """A socket that listens beside `first`, one of ours on the same port. Raises `PortTaken`, `MrDrawError`."""
    second = _socket(address)
    try:
        with _sharing_port(first, second):
            second.bind(address.resolved)
            second.listen()
    except OSError as error:
        second.close()
        raise _not_bound(address, error) from error
    return second


def url(scheme: str, host: str, port: int) -> str:
    """The address as a browser takes it."""
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"


def outward_address() -> str | None:
    """The address by which this computer talks to others, or `None`; nothing is sent to find out."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((_DOCUMENTATION, 9))
        except OSError:
            return None
        return str(probe.getsockname()[0])


def _without_zone(numeric: str) -> str:
    """`fe80::1` of `fe80::1%eth0`."""
    return numeric.partition("%")[0]


def _socket(address: Address) -> socket.socket:
    made = socket.socket(address.family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return made


@contextmanager
def _sharing_port(*sockets: socket.socket) -> Iterator[None]:
    """Let these sockets, and for this moment only, have the same port.

    Linux refuses a port on all addresses while another socket listens on it at one of them, unless both allow it.
    """
    for one in sockets:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        yield
    finally:
        for one in sockets:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 0)


def _not_bound(address: Address, error: OSError) -> MrDrawError:
    host, port = address.host, address.port
    if error.errno == errno.EADDRINUSE:
        usual = USUAL_HOLDERS.get(port)
        holder = f" Port {port} is usually held by {usual}." if usual else ""
        return PortTaken(
            f"Another program listens on {host}:{port} already.{holder} Stop it, or choose another port with --port."
        )
    if error.errno == errno.EACCES:
        return MrDrawError(f"This user may not listen on port {port}; ports below 1024 are for root. Use --port.")
    if error.errno == errno.EADDRNOTAVAIL:
        return MrDrawError(f"This computer does not have the address {host}. Use one of its own with --host.")
    return MrDrawError(f"{host}:{port} cannot be listened on: {error.strerror}.")
