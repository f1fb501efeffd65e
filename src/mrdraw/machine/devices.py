"""Which device is on a port, and on which port a known device is now.

Invariants: a device is known by its USB serial number (udev's `by-id` name), or, where several bear the same name
because they have none, by the socket that it is plugged into (`by-path`); a guess is never made. All functions touch
the disk and are called from threads.

Source of the names: systemd's rules for udev, 60-serial.rules. A name under `by-id` leads to one device at a time: of
two without serial number (or with the same) one has no name there.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from mrdraw.link.messages import DeviceIdentity, SerialSettings

BY_ID = "by-id"
BY_PATH = "by-path"
SYSFS = Path("/sys/class/tty")

_USB = "usb"
"""What the names of sockets of USB devices hold."""

_AMBIGUOUS = (
    "A device named {name} is plugged in, but not into the socket where the machine was, and it could be another one. "
    "Plug the machine in where it was, or choose its port."
)


@dataclass(frozen=True, slots=True)
class Sighting:
    """Where a device is: the port, or `None` when it is not there; `ambiguous` says what stands against a port."""

    port: str | None = None
    ambiguous: str = ""


def names(folder: Path) -> Mapping[str, str]:
    """The names in a folder of links, each with the device that it leads to; links that lead nowhere are none."""
    try:
        links = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return {}
    return {link.name: os.path.realpath(link.path) for link in links if Path(link.path).exists()}


def serial_number(device: str, sysfs: Path = SYSFS) -> str:
    """The USB serial number of a tty, empty where it has none or is no USB device."""
    place = Path(os.path.realpath(sysfs / Path(device).name / "device"))
    for folder in (place, *place.parents):
        if (folder / "idVendor").exists():
            with suppress(OSError):
                return (folder / "serial").read_text(encoding="utf-8", errors="replace").strip()
            return ""
    return ""


def twins(by_id: Mapping[str, str], by_path: Mapping[str, str], number: str) -> frozenset[str]:
    """The USB devices with this serial number (or with none) that have no name: another one bears it."""
    plugged_in = {device for socket, device in by_path.items() if _USB in socket}
    return frozenset(device for device in plugged_in - set(by_id.values()) if serial_number(device) == number)


def identify(port: str, serial: SerialSettings) -> DeviceIdentity:
    """What is on a port. One that people named by a pattern, or that is no device, is itself and nothing else."""
    if "://" in port or any(fnmatchcase(port, pattern) for pattern in serial.additional_ports):
        return DeviceIdentity()
    folder, device = Path(serial.device_folder), os.path.realpath(port)
    by_id, by_path = names(folder / BY_ID), names(folder / BY_PATH)
    if Path(port).parent == folder / BY_PATH:
        by_id = {}  # the socket is what was named
    number = serial_number(device)
    return DeviceIdentity(
        by_id=_name_of(device, by_id),
        by_path=_name_of(device, by_path),
        serial_number=number,
        shared=bool(twins(by_id, by_path, number)),
    )


def find(port: str, device: DeviceIdentity, serial: SerialSettings, *, was_gone: bool) -> Sighting:
    """Where the device that was on this port is now.

    `was_gone` says whether it was seen to be away since: a name that never vanished while the device was lost belongs
    to another one.
    """
    if not (device.by_id or device.by_path):
        return Sighting(port if "://" in port or Path(port).exists() else None)
    folder = Path(serial.device_folder)
    by_id, by_path = names(folder / BY_ID), names(folder / BY_PATH)
    in_its_socket, named = by_path.get(device.by_path), by_id.get(device.by_id)
    others = twins(by_id, by_path, device.serial_number)
    unsure = device.shared or bool(others)
    if in_its_socket is not None and (not device.by_id or in_its_socket == named or in_its_socket in others):
        at_home = folder / BY_ID / device.by_id if in_its_socket == named and not unsure else None
        return Sighting(str(at_home or folder / BY_PATH / device.by_path))
    if named is None:
        return Sighting()
    if unsure or not was_gone:
        return Sighting(ambiguous=_AMBIGUOUS.format(name=device.by_id))
    return Sighting(str(folder / BY_ID / device.by_id))


def _name_of(device: str, links: Mapping[str, str]) -> str:
    return next((name for name, target in links.items() if target == device), "")
