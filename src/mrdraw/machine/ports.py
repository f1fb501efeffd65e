"""The ports that a machine could be on.

Invariants: a port is named by its by-id path where there is one, so that it is found again under another number; this
touches the disk and is called from a thread.
"""

from __future__ import annotations

import glob
from pathlib import Path

from mrdraw.link.messages import PortInfo

VIRTUAL = "VIRTUAL"
"""The port of the simulated machine."""

AUTO = "AUTO"
"""Not a port: look for one."""

_PATTERNS = (
    "/dev/ttyUSB*", "/dev/ttyACM*", "/dev/ttyAMA*", "/dev/ttyAP*", "/dev/rfcomm*",
    "/dev/cu.usb*", "/dev/tty.usb*", "/dev/cuaU*",
)  # fmt: skip
_BY_ID = "/dev/serial/by-id/*"


def list_ports(additional: tuple[str, ...] = (), *, virtual: bool = False) -> tuple[PortInfo, ...]:
    """All ports, those known by an id first; `additional` are globs of further ones."""
    by_id = {str(Path(path).resolve()): path for path in sorted(glob.glob(_BY_ID))}  # noqa: PTH207
    found = {path: PortInfo(path=path, description=device) for device, path in by_id.items()}
    for pattern in (*_PATTERNS, *additional):
        for device in sorted(glob.glob(pattern)):  # noqa: PTH207 - patterns are absolute
            if device not in by_id or pattern in additional:
                found.setdefault(device, PortInfo(path=device))
    if virtual:
        found[VIRTUAL] = PortInfo(path=VIRTUAL, description="a simulated machine")
    return tuple(found.values())
