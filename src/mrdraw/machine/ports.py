"""The ports that a machine could be on.

Invariants: a port is named by its by-id path where there is one, else by its by-path, so that it is found again under
another number; this touches the disk and is called from a thread.
"""

from __future__ import annotations

import glob
from fnmatch import fnmatchcase
from pathlib import Path

from mrdraw.link.messages import PortInfo
from mrdraw.machine import devices

VIRTUAL = "VIRTUAL"
"""The port of the simulated machine."""

AUTO = "AUTO"
"""Not a port: look for one."""

_PATTERNS = (
    "/dev/ttyUSB*", "/dev/ttyACM*", "/dev/ttyAMA*", "/dev/ttyAP*", "/dev/rfcomm*",
    "/dev/cu.usb*", "/dev/tty.usb*", "/dev/cuaU*",
)  # fmt: skip

DEVICE_FOLDER = "/dev/serial"


def list_ports(
    additional: tuple[str, ...] = (),
    *,
    hidden: tuple[str, ...] = (),
    virtual: bool = False,
    device_folder: str = DEVICE_FOLDER,
) -> tuple[PortInfo, ...]:
    """All ports, those known by a name that stays first; `additional` are globs of further ones, `hidden` of others."""
    named = _lasting_names(Path(device_folder))
    found = {path: PortInfo(path=path, description=device, device=device) for device, path in named.items()}
    for pattern in (*_PATTERNS, *additional):
        for device in sorted(glob.glob(pattern)):  # noqa: PTH207 - patterns are absolute
            if device not in named or pattern in additional:
                found.setdefault(device, PortInfo(path=device))
    if virtual:
        found[VIRTUAL] = PortInfo(path=VIRTUAL, description="a simulated machine")
    return tuple(port for port in found.values() if not _is_hidden(port, hidden))


def _is_hidden(port: PortInfo, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns for name in (port.path, port.device))


def _lasting_names(folder: Path) -> dict[str, str]:
    """The devices with the names that lead to them whatever their number: by what they are, else by their socket."""
    by_id, by_path = devices.names(folder / devices.BY_ID), devices.names(folder / devices.BY_PATH)
    sockets: dict[str, str] = {}
    for name, device in by_path.items():
        sockets.setdefault(device, str(folder / devices.BY_PATH / name))
    return sockets | {
        device: str(folder / devices.BY_ID / name)
        for name, device in by_id.items()
        if not devices.twins(by_id, by_path, devices.serial_number(device))
    }
