"""Looking for a device that is not there: what is wanted, whether what is found is worth an attempt, what is told.

Invariants: looking opens nothing; a device that turned out to be another one is not opened again until it was
unplugged; the disk is touched in threads.
"""

from __future__ import annotations

import asyncio
from time import monotonic, time
from typing import TYPE_CHECKING

import msgspec

from mrdraw.errors import WireError
from mrdraw.link.messages import ConnectionPhase, DeviceIdentity, MachineSettings, MachineState
from mrdraw.machine import devices
from mrdraw.machine.devices import Sighting
from mrdraw.machine.ports import AUTO, VIRTUAL, list_ports

if TYPE_CHECKING:
    from mrdraw.machine.machine import Machine

LOOK_EVERY = 0.5
"""s between two looks; nobody looks while it is connected."""

RECONNECT_EVERY = 2.0
"""s between two attempts on a device that is there and does not answer."""


NOTICE_AMBIGUOUS = "device-ambiguous"


class WrongDevice(WireError):
    """Another board answered than the one that was looked for."""


class Wanted(msgspec.Struct, frozen=True):
    """A connection: the port, the baud rate (0: find out), and which device was there, if that is known."""

    port: str
    baudrate: int
    device: DeviceIdentity = DeviceIdentity()


class Lookout:
    """Looks for one device."""

    def __init__(self, wanted: Wanted, *, attempts: int | None = None, was_gone: bool = False) -> None:
        """`attempts` are allowed (`None`: any number) until the device is unplugged and plugged in again."""
        self.wanted = wanted
        self._allowed = attempts
        self._attempts = 0
        self._not_before = 0.0
        self._was_gone = was_gone
        self._refused = ""

    async def look(self, settings: MachineSettings) -> Sighting:
        """Where an attempt is worth while now."""
        found = await asyncio.to_thread(_find, self.wanted, settings, was_gone=self._was_gone)
        if found.port is None and not found.ambiguous:
            self._was_gone, self._attempts, self._not_before, self._refused = True, 0, 0.0, ""
        if found.port is not None and self._refused:
            return Sighting(ambiguous=self._refused)
        used_up = self._allowed is not None and self._attempts >= self._allowed
        return Sighting() if used_up or monotonic() < self._not_before else found

    def tried(self) -> None:
        """An attempt failed: the next one is due after a while, unless the device is plugged in anew."""
        self._attempts += 1
        self._not_before = monotonic() + RECONNECT_EVERY

    def refuse(self, reason: str) -> None:
        """What is there now is another device."""
        self._refused = reason


def _find(wanted: Wanted, settings: MachineSettings, *, was_gone: bool) -> Sighting:
    serial = settings.serial
    if wanted.port == VIRTUAL:
        return Sighting(VIRTUAL)
    if wanted.port == AUTO:
        return Sighting(AUTO if list_ports(serial.additional_ports, device_folder=serial.device_folder) else None)
    return devices.find(wanted.port, wanted.device, serial, was_gone=was_gone)


class Waiting:
    """Tells how it stands with a device that is waited for."""

    def __init__(self, machine: Machine, reason: str, *, lost: bool) -> None:
        """`lost` says whether it was connected before; `reason` is why it is waited for."""
        self._machine = machine
        self._reason = reason
        self._lost = lost
        self._since = time()
        self.failed = ""
        """Why the last attempt failed."""

    def tell(self, ambiguous: str) -> None:
        """The device is still not connected; `ambiguous` says what stands against what is there."""
        machine = self._machine
        phase = ConnectionPhase.LINK_LOST if self._lost else ConnectionPhase.WAITING
        if ambiguous:
            machine.notice(NOTICE_AMBIGUOUS, ambiguous)
            machine.connection_is(ConnectionPhase.AMBIGUOUS, ambiguous, since=self._since)
        else:
            machine.clear_notice(NOTICE_AMBIGUOUS)
            machine.connection_is(phase, self._reason, since=self._since)
        error = self._reason if self._lost else self.failed
        if not self._lost and error and machine.error != error:
            machine.report_error(error, "connection")
        machine.enter(MachineState.CLOSED_WITH_ERROR if error else MachineState.OFFLINE, error)
