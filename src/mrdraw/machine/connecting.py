"""Getting a connection and getting it back: which port, which baud rate, and the hand-shake with the firmware.

Invariants: a hand-shake only asks, it never heats or moves, also when a lost device is back (safety rule 1); a failed
attempt leaves no port open; a device that was lost is opened again only when it is known to be the same; whoever asks
for something else meanwhile wins.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

import msgspec

from mrdraw import events
from mrdraw.errors import InvalidValue, WireError, WrongState
from mrdraw.firmware import dialect as wire
from mrdraw.firmware.marlin import MarlinDialect
from mrdraw.firmware.options import MarlinOptions
from mrdraw.link.messages import ConnectionPhase, DeviceIdentity, MachineSettings, MachineState, SerialSettings
from mrdraw.machine import devices
from mrdraw.machine.driver import Driver
from mrdraw.machine.lookout import LOOK_EVERY, NOTICE_AMBIGUOUS, Lookout, Waiting, Wanted, WrongDevice
from mrdraw.machine.machine import NOTICE_BACK
from mrdraw.machine.ports import AUTO, VIRTUAL
from mrdraw.machine.simulated import SimulatedMachine, start_simulator
from mrdraw.machine.transport import BAUDRATES, open_wire

if TYPE_CHECKING:
    from pathlib import Path

    from mrdraw.machine.machine import Machine

DETECTION_TIME = 5.0
"""s that one baud rate gets to prove itself: boards that reset when the port opens need 2 to 4 s to boot."""

LOGGER = logging.getLogger(__name__)

_FIRST_ATTEMPTS = 3
"""So often a device that was waited for is tried: its rights may come a moment after it, its firmware may boot."""
_BACK = (
    "The machine is connected again. The job that was lost with the connection was not resumed: nothing heats or moves "
    "by itself."
)


def options_of(settings: MachineSettings) -> MarlinOptions:
    """What the dialect has to know of a machine's settings."""
    serial = settings.serial
    return MarlinOptions(
        max_line_length=serial.max_line_length,
        long_running_commands=frozenset(serial.long_running_commands),
        timeout_connection=serial.timeout_connection,
        timeout_communication=serial.timeout_communication,
        timeout_busy=serial.timeout_communication_busy,
        max_consecutive_resends=serial.max_consecutive_resends,
        lines_in_flight=serial.lines_in_flight,
        rx_buffer=serial.rx_buffer,
        pausing_commands=frozenset(serial.pausing_commands),
        withheld_commands=frozenset((*serial.blocked_commands, *serial.ignored_commands)),
        unused_capabilities=frozenset(name for name, used in _capabilities(serial).items() if not used),
        firmware_detection=serial.firmware_detection,
        autoreport_interval=round(serial.timeout_temperature_autoreport),
    )


def _capabilities(serial: SerialSettings) -> dict[str, bool]:
    """Whether the capabilities that can be left unused are used."""
    return {
        "AUTOREPORT_TEMP": serial.cap_autoreport_temp,
        "BUSY_PROTOCOL": serial.cap_busy_protocol,
        "EMERGENCY_PARSER": serial.cap_emergency_parser,
    }


class Connector:
    """Opens and closes the wire of one machine."""

    def __init__(self, machine: Machine, folder: Path, *, changed: Callable[[], None]) -> None:
        """`changed` is called when another connection than before has to be remembered."""
        self._machine = machine
        self._folder = folder
        self._changed = changed
        self._task: asyncio.Task[None] | None = None
        self._simulated: SimulatedMachine | None = None
        self._looking = False
        """Whether a device is waited for and nothing is being opened."""
        self.wanted: Wanted | None = None
        """The connection that has to come back if the device is unplugged or this process dies."""
        machine.when_lost = self._wire_lost
        machine.when_told_to_disconnect = self.disconnect

    # --- what people ask for ---------------------------------------------------------------------------------------

    def connect(self, port: str | None, baudrate: int | None, *, wait: bool = False) -> None:
        """Get a connection, asynchronously; with `wait` as soon as the port is there.

        While connected the same or no port does nothing. Raises `WrongState` for another port during a job, and
        `InvalidValue` for a port that cannot be.
        """
        machine = self._machine
        wanted = port or machine.settings.serial.port or AUTO
        if machine.operational or (self._busy and not self._looking):
            if port in (None, AUTO, machine.port):
                return
            if machine.has_job:
                raise WrongState(f"A job is running on {machine.port}. Cancel it before another port is opened.")
        self._check(wanted)
        connection = Wanted(wanted, baudrate or machine.settings.serial.baudrate or 0)
        if wait:
            self._start(self._wait_for_first(connection))
        else:
            self._start(self._connect(connection, lost=self.wanted if self._looking else None))

    def disconnect(self) -> None:
        """Close the connection; a living job fails."""
        machine = self._machine
        self._cancel()
        self.wanted = None
        self._changed()
        machine.clear_notice(NOTICE_AMBIGUOUS)
        if machine.state in {MachineState.OFFLINE, MachineState.CLOSED_WITH_ERROR}:
            machine.connection_is(ConnectionPhase.CLOSED)
            machine.enter(MachineState.OFFLINE)
            return
        machine.publish(events.Disconnecting())
        if machine.has_job:
            machine.runner.fail("The connection was closed during the job.")
        machine.close()
        self._stop_simulator()

    def recover(self) -> None:
        """Get back the connection of the machine host that died, however long it takes."""
        if self.wanted is not None and not self._busy:
            reason = f"The connection to {self.wanted.port} is lost; trying to get it back."
            self._start(self._get_back(Lookout(self.wanted, was_gone=True), reason))

    async def stop(self) -> None:
        """End whatever is going on; the wire is closed by the machine."""
        self._cancel()
        simulated, self._simulated = self._simulated, None
        if simulated is not None:
            await simulated.stop()

    # --- how it goes -----------------------------------------------------------------------------------------------

    @property
    def _busy(self) -> bool:
        return self._task is not None and not self._task.done()

    def _start(self, attempt: Coroutine[Any, Any, None]) -> None:
        self._cancel()
        self._task = asyncio.create_task(attempt)
        self._task.add_done_callback(_log_failure)

    def _cancel(self) -> None:
        if self._task is not None and self._task is not asyncio.current_task():
            self._task.cancel()
        self._task = None
        self._looking = False

    def _check(self, port: str) -> None:
        settings = self._machine.settings
        if port == VIRTUAL and not settings.virtual:
            raise InvalidValue(
                "The port VIRTUAL is not offered; start the server with --simulate marlin, or set "
                "plugins.virtual_printer.enabled to true in the settings."
            )
        listed = {info.path for info in self._machine.ports}
        if (
            port in {AUTO, VIRTUAL}
            or port in listed
            or port == settings.serial.port
            or port.startswith(("/", "tcp://"))
        ):
            return
        raise InvalidValue(f"There is no port {port}. Ports are: {', '.join(sorted(listed)) or 'none'}.")

    async def _connect(self, wanted: Wanted, *, lost: Wanted | None) -> None:
        """What a person asked for, once; if it fails, what was waited for is waited for again."""
        machine = self._machine
        if machine.driver is not None:
            machine.close()
        machine.error = ""
        try:
            await self._open(wanted)
        except WireError as error:
            machine.report_error(str(error), "connection")
            machine.connection_is(ConnectionPhase.FAILED, str(error))
            machine.enter(MachineState.CLOSED_WITH_ERROR, str(error))
            if lost is not None:
                await self._get_back(Lookout(lost, was_gone=True), str(error))

    async def _open(self, wanted: Wanted) -> None:
        """Open what is wanted and remember it. Raises `WireError`."""
        machine = self._machine
        machine.publish(events.Connecting())
        machine.connection_is(ConnectionPhase.CONNECTING)
        machine.clear_notice(NOTICE_AMBIGUOUS)
        self.wanted = await self._find(wanted)
        self._changed()

    # --- waiting for a device --------------------------------------------------------------------------------------

    def _wire_lost(self, reason: str, job_lost: bool) -> None:
        """The device was unplugged or switched off: have it back as soon as it is there again."""
        if self.wanted is not None:
            self._machine.log(f"{self.wanted.port} is waited for")
            self._start(self._get_back_lost(Lookout(self.wanted), reason, job_lost=job_lost))

    async def _wait_for_first(self, wanted: Wanted) -> None:
        """Connect as soon as the port is there."""
        reason = "The machine is connected as soon as it is plugged in and switched on."
        await self._until_open(Lookout(wanted, attempts=_FIRST_ATTEMPTS), Waiting(self._machine, reason, lost=False))

    async def _get_back_lost(self, lookout: Lookout, reason: str, *, job_lost: bool) -> None:
        """Get back a device that was just lost: its names go a moment after it."""
        machine, waiting = self._machine, Waiting(self._machine, reason, lost=True)
        waiting.tell("")
        self._looking = True
        await asyncio.sleep(LOOK_EVERY)
        await self._until_open(lookout, waiting)
        machine.log("The machine is connected again; it was only asked for its state")
        if job_lost:
            machine.decision_needed = True
            machine.notice(NOTICE_BACK, _BACK)

    async def _get_back(self, lookout: Lookout, reason: str) -> None:
        """Get a connection back, however long it takes."""
        await self._until_open(lookout, Waiting(self._machine, reason, lost=True))

    async def _until_open(self, lookout: Lookout, waiting: Waiting) -> None:
        """Look for the device and open it; returns when it is connected."""
        while True:
            found = await lookout.look(self._machine.settings)
            if found.port is not None:
                self._looking = False
                try:
                    await self._open(msgspec.structs.replace(lookout.wanted, port=found.port))
                except WrongDevice as error:
                    lookout.refuse(str(error))
                except WireError as error:
                    waiting.failed = str(error)
                    lookout.tried()
                else:
                    return
            waiting.tell(found.ambiguous)
            self._looking = True
            await asyncio.sleep(LOOK_EVERY)

    # --- one attempt -----------------------------------------------------------------------------------------------

    async def _find(self, wanted: Wanted) -> Wanted:
        """Try what may be; the connection that works. Raises `WireError`."""
        machine, port, baudrate = self._machine, wanted.port, wanted.baudrate
        ports = [info.path for info in machine.ports if info.path != VIRTUAL] if port == AUTO else [port]
        if port == AUTO and not ports and machine.settings.virtual:
            ports = [VIRTUAL]
        if not ports:
            raise WireError("No port was found. Is the machine plugged in and switched on?")
        last: WireError | None = None
        for candidate in ports:
            for rate in self._rates(candidate, baudrate):
                guessing = len(ports) > 1 or not baudrate
                machine.enter(MachineState.DETECT_SERIAL if guessing else MachineState.OPEN_SERIAL)
                try:
                    device = await self._attempt(candidate, rate, wanted.device, guessing=guessing)
                except WireError as error:
                    last = error
                else:
                    return Wanted(candidate, rate, device)
        if last is not None and len(ports) == 1 and baudrate:
            raise last
        tried = ", ".join(ports)
        raise WireError(f"No machine answered on {tried} at any of the usual baud rates. Last error: {last}")

    def _rates(self, port: str, baudrate: int) -> tuple[int, ...]:
        if baudrate or port == VIRTUAL or port.startswith("tcp://"):
            return (baudrate or BAUDRATES[0],)
        serial = self._machine.settings.serial
        rates = dict.fromkeys((*BAUDRATES, *serial.additional_baudrates))
        return tuple(rate for rate in rates if rate not in serial.blacklisted_baudrates) or BAUDRATES

    async def _attempt(self, port: str, baudrate: int, expected: DeviceIdentity, *, guessing: bool) -> DeviceIdentity:
        """Open the port and shake hands; the device that is there. Raises `WireError`."""
        machine = self._machine
        machine.uuid = ""
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        driver = Driver(
            MarlinDialect(options_of(machine.settings)),
            handle=lambda event: _shaking_hands(event, ready, machine),
            lost=lambda error: _lost(error, ready, machine),
            log=machine.outlet.log,
        )
        machine.log(f"Connecting to port {port}, baudrate {baudrate}")
        device = await asyncio.to_thread(devices.identify, port, machine.settings.serial)
        transport = await open_wire(await self._device(port), baudrate, machine.settings.serial, driver.protocol)
        patience = DETECTION_TIME if guessing else max(DETECTION_TIME, 3 * machine.settings.serial.timeout_connection)
        try:
            if not guessing:
                machine.enter(MachineState.CONNECTING)
            driver.open(transport)
            async with asyncio.timeout(patience):
                await ready
            _check_board(machine.uuid, expected.uuid, port)
        except TimeoutError:
            driver.close(at_once=True)
            raise WireError(f"No machine answered on {port} at {baudrate} baud within {patience:g} s.") from None
        except BaseException:
            driver.close(at_once=True)
            raise
        driver.handle = machine.handle
        device = msgspec.structs.replace(device, uuid=machine.uuid)
        machine.opened(driver, port, baudrate, device)
        return device

    async def _device(self, port: str) -> str:
        if port != VIRTUAL:
            return port
        if self._simulated is None or not self._simulated.lives:
            self._simulated = await start_simulator(self._folder)
        return str(self._simulated.port)

    def _stop_simulator(self) -> None:
        simulated, self._simulated = self._simulated, None
        if simulated is not None:
            self._ending = asyncio.create_task(simulated.stop())


def _log_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        LOGGER.error("while connecting: %s", error, exc_info=error)


def _check_board(uuid: str, expected: str, port: str) -> None:
    """Raises `WrongDevice` when both boards tell a UUID and it is not the same."""
    if uuid and expected and uuid != expected:
        raise WrongDevice(
            f"On {port} is another board (UUID {uuid}) than the one that was lost (UUID {expected}). Plug that one in, "
            "or choose the port if this one shall be used."
        )


def _shaking_hands(event: wire.Event, ready: asyncio.Future[None], machine: Machine) -> None:
    """Wait for the end of the hand-shake; afterwards events are the machine's."""
    if isinstance(event, wire.Ready):
        if not ready.done():
            ready.set_result(None)
        return
    if not ready.done() and isinstance(event, (wire.Failed, wire.Halted)):
        ready.set_exception(WireError(event.text))
        return
    machine.handle(event)


def _lost(error: Exception | None, ready: asyncio.Future[None], machine: Machine) -> None:
    if ready.done():
        machine.wire_lost(error)
    else:
        ready.set_exception(WireError(f"The port was lost during the hand-shake: {error or 'closed'}."))
