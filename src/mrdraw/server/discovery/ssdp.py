"""SSDP (UPnP Device Architecture 1.1, section 1): searches that come in, answers and notices that go out; sans-I/O.

Invariants: only a well-formed search for something that is here is answered, and with a bounded number of datagrams;
what is here is a root device of the type Basic:1 for each instance. Times are in s.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

GROUP = "239.255.255.250"
PORT = 1900
ROOT_DEVICE = "upnp:rootdevice"
DEVICE_TYPE = "urn:schemas-upnp-org:device:Basic:1"
ALL = "ssdp:all"
NOTIFY_EVERY = 30.0
"""Between two notices that a device is here (contract, section 11)."""
MAX_AGE = 120
"""For so long a notice or an answer holds: several notices may be lost."""

_LONGEST = 2048
"""bytes of a search; real ones have less than 300."""
_SLOWEST = 5
"""The longest time over which answers are spread; who searches may ask for less (MX)."""
_DISCOVER = '"ssdp:discover"'


@dataclass(frozen=True, slots=True)
class Device:
    """A root device: its id, and where it is described."""

    unique_id: str
    location: str


@dataclass(frozen=True, slots=True)
class Search:
    """Somebody looks for `target` and wants to hear of it within `within` s."""

    target: str
    within: int


class Notice(Enum):
    """What a notice says."""

    ALIVE = "ssdp:alive"
    GONE = "ssdp:byebye"


def parse_search(datagram: bytes) -> Search | None:
    """The search in a datagram; `None` for everything else that is sent to the group."""
    if len(datagram) > _LONGEST or not datagram.startswith(b"M-SEARCH * HTTP/1."):
        return None
    headers = dict(_headers(datagram.decode("latin-1")))
    target, within = headers.get("st", ""), headers.get("mx", "1")
    if headers.get("man") != _DISCOVER or not target or not (within.isascii() and within.isdigit()):
        return None
    return Search(target, min(int(within[:4]), _SLOWEST))


def _headers(text: str) -> Iterator[tuple[str, str]]:
    for line in text.split("\r\n")[1:]:
        name, colon, value = line.partition(":")
        if colon:
            yield name.strip().lower(), value.strip()


def answers(search: Search, device: Device, server: str) -> list[bytes]:
    """What is answered for one device: nothing, once, or once for each of its names."""
    return [_answer(device, name, server) for name in _names(device) if search.target in {ALL, name}]


def notices(device: Device, kind: Notice, server: str) -> list[bytes]:
    """The notices that a device is here, or that it goes: one for each of its names."""
    return [_notice(device, name, kind, server) for name in _names(device)]


def _names(device: Device) -> tuple[str, str, str]:
    """Under which a device can be looked for."""
    return ROOT_DEVICE, f"uuid:{device.unique_id}", DEVICE_TYPE


def _usn(device: Device, name: str) -> str:
    own = f"uuid:{device.unique_id}"
    return own if name == own else f"{own}::{name}"


def _answer(device: Device, name: str, server: str) -> bytes:
    return _message("HTTP/1.1 200 OK", {
        "CACHE-CONTROL": f"max-age={MAX_AGE}", "EXT": "", "LOCATION": device.location, "SERVER": server,
        "ST": name, "USN": _usn(device, name),
    })  # fmt: skip


def _notice(device: Device, name: str, kind: Notice, server: str) -> bytes:
    headers = {"HOST": f"{GROUP}:{PORT}"}
    if kind is Notice.ALIVE:
        headers |= {"CACHE-CONTROL": f"max-age={MAX_AGE}", "LOCATION": device.location, "SERVER": server}
    headers |= {"NT": name, "NTS": kind.value, "USN": _usn(device, name)}
    return _message("NOTIFY * HTTP/1.1", headers)


def _message(first: str, headers: dict[str, str]) -> bytes:
    lines = [first, *(f"{name}: {value}".rstrip() for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode("latin-1")
