"""What the server says when it answers: where it is, how to claim it, how to talk to it.

Invariants: a key is never said; the claim code is, as long as there is one.
"""

from __future__ import annotations

import shlex
import socket
import sys
from pathlib import Path

from mrdraw import __version__
from mrdraw.server.doors import Doors
from mrdraw.server.listening import LOOPBACK, Address, outward_address, url

OPEN_PAGE = (
    "Access control is off: whoever is in accessControl.localNetworks works the page without a password. The API still "
    "asks for a key, settings and system for an admin's password."
)


def greeting(doors: Doors, scheme: str, basedir: Path, claim: str | None) -> list[str]:
    """The lines for a person at the terminal."""
    address = address_of(doors.first, scheme)
    lines = [f"MrDraw {__version__} serves {address}"]
    if doors.first.is_any:
        lines.append(f"  network:    {network_address(doors.first, scheme)} and every other address of this computer")
    if claim:
        lines.append(f"  claim code: {claim} (the first run at {address} asks for it)")
    if doors.held_back:
        lines += held_back(doors, scheme)
    return [
        *lines,
        f"  a key:      {command_line(basedir, 'key')}",
        f"  a user:     {command_line(basedir, 'user add NAME --group admins')}",
        f"  try it:     curl {'-k ' if scheme == 'https' else ''}-H 'X-Api-Key: KEY' {address}/api/printer",
        "  slicers:    printer type OctoPrint, this address, that key",
        "  stop:       Ctrl-C (a running job goes on without the server)",
    ]


def held_back(doors: Doors, scheme: str) -> list[str]:
    """Why the network is shut, and what opens it."""
    port = doors.wanted.port
    return [
        f"  network:    {network_address(doors.wanted, scheme)} opens by itself as soon as there is an admin:",
        f"              claim it from this computer, or from another one through ssh -L {port}:{LOOPBACK}:{port} "
        f"{socket.gethostname()}, or add an admin as below",
    ]


def address_of(address: Address, scheme: str) -> str:
    """Where a browser on this computer finds it."""
    return url(scheme, LOOPBACK if address.is_any else str(address.resolved[0]), address.port)


def network_address(address: Address, scheme: str) -> str:
    """Where a browser on another computer finds it."""
    host = (outward_address() or socket.gethostname()) if address.is_any else str(address.resolved[0])
    return url(scheme, host, address.port)


def command_line(basedir: Path, words: str) -> str:
    """How this command is called for the base folder."""
    called = Path(sys.argv[0])
    return f"{called if called.name == 'mrdraw' else 'python -m mrdraw'} {words} --basedir {shlex.quote(str(basedir))}"
