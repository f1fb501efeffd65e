"""Getting a connection: which port, which baud rate, and the hand-shake with the firmware.

Invariants: a hand-shake only asks, it never heats or moves; a failed attempt leaves no port open; whoever asks for
something else meanwhile wins.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from mrdraw import events
from mrdraw.errors import InvalidValue, WireError, WrongState
from mrdraw.firmware import dialect as wire
from mrdraw.firmware.marlin import MarlinDialect
from mrdraw.firmware.options import MarlinOptions
from mrdraw.link.messages import MachineSettings, MachineState
from mrdraw.machine.driver import Driver
from mrdraw.machine.ports import AUTO, VIRTUAL
from mrdraw.machine.simulated import SimulatedMachine, start_simulator
from mrdraw.machine.transport import BAUDRATES, open_wire

if TYPE_CHECKING:
    from pathlib import Path

    from mrdraw.machine.machine import Machine

DETECTION_TIME = 5.0
"""s that one baud rate gets to prove itself: boards that reset when the port opens need 2 to 4 s to boot."""

RECONNECT_EVERY = 2.0
"""s between attempts to get a connection back that a dead machine host had."""


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
    )


class Connector:
    """Opens and closes the wire of one machine."""

    def __init__(self, machine: Machine, folder: Path, *, changed: Callable[[], None]) -> None:
        """`changed` is called when another connection than before has to be remembered."""
        self._machine = machine
        self._folder = folder
        self._changed = changed
        self._task: asyncio.Task[None] | None = None
        self._simulated: SimulatedMachine | None = None
        self.wanted: tuple[str, int] | None = None
        """The connection that has to come back if this process dies: port and baud rate."""

    # --- what people ask for ---------------------------------------------------------------------------------------

    def connect(self, port: str | None, baudrate: int | None) -> None:
        """Get a connection, asynchronously.

        While connected the same or no port does nothing. Raises `WrongState` for another port during a job, and
        `InvalidValue` for a port that cannot be.
        """
        machine = self._machine
        wanted = port or machine.settings.serial.port or AUTO
        if machine.operational or self._busy:
            if port in (None, AUTO, machine.port):
                return
            if machine.has_job:
                raise WrongState(f"A job is running on {machine.port}. Cancel it before another port is opened.")
        self._check(wanted)
        self._start(self._connect(wanted, baudrate or machine.settings.serial.baudrate or 0))

    def disconnect(self) -> None:
        """Close the connection; a living job fails."""
        machine = self._machine
        self._cancel()
        self.wanted = None
        self._changed()
        if machine.state in {MachineState.OFFLINE, MachineState.CLOSED_WITH_ERROR}:
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
            self._start(self._recover(*self.wanted))

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

    def _start(self, attempt: object) -> None:
        self._cancel()
        self._task = asyncio.create_task(attempt)  # type: ignore[arg-type] # a coroutine of this class

    def _cancel(self) -> None:
        if self._task is not None and self._task is not asyncio.current_task():
            self._task.cancel()
        self._task = None

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

    async def _connect(self, port: str, baudrate: int) -> None:
        machine = self._machine
        if machine.driver is not None:
            machine.close()
        machine.error = ""
        machine.publish(events.Connecting())
        try:
            found = await self._find(port, baudrate)
        except WireError as error:
            machine.report_error(str(error), "connection")
            machine.enter(MachineState.CLOSED_WITH_ERROR, str(error))
            return
        self.wanted = found
        self._changed()

    async def _recover(self, port: str, baudrate: int) -> None:
        machine = self._machine
        while True:
            with contextlib.suppress(WireError):
                self.wanted = await self._find(port, baudrate)
                return
            machine.enter(MachineState.CLOSED_WITH_ERROR, f"The connection to {port} is lost; trying to get it back.")
            await asyncio.sleep(RECONNECT_EVERY)

    async def _find(self, port: str, baudrate: int) -> tuple[str, int]:
        """Try what may be; the connection that works. Raises `WireError`."""
        machine = self._machine
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
                    await self._attempt(candidate, rate, guessing=guessing)
                except WireError as error:
                    last = error
                else:
                    return candidate, rate
        if last is not None and len(ports) == 1 and baudrate:
            raise last
        tried = ", ".join(ports)
        raise WireError(f"No machine answered on {tried} at any of the usual baud rates. Last error: {last}")

    def _rates(self, port: str, baudrate: int) -> tuple[int, ...]:
        if baudrate or port == VIRTUAL or port.startswith("tcp://"):
            return (baudrate or BAUDRATES[0],)
        additional = self._machine.settings.serial.additional_baudrates
        return (*BAUDRATES, *(rate for rate in additional if rate not in BAUDRATES))

    async def _attempt(self, port: str, baudrate: int, *, guessing: bool) -> None:
        """Open the port and shake hands. Raises `WireError`."""
        machine = self._machine
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        driver = Driver(
            MarlinDialect(options_of(machine.settings)),
            handle=lambda event: _shaking_hands(event, ready, machine),
            lost=lambda error: _lost(error, ready, machine),
            log=machine.outlet.log,
        )
        machine.log(f"Connecting to port {port}, baudrate {baudrate}")
        transport = await open_wire(await self._device(port), baudrate, machine.settings.serial, driver.protocol)
        patience = DETECTION_TIME if guessing else max(DETECTION_TIME, 3 * machine.settings.serial.timeout_connection)
        try:
            if not guessing:
                machine.enter(MachineState.CONNECTING)
            driver.open(transport)
            async with asyncio.timeout(patience):
                await ready
        except TimeoutError:
            driver.close(at_once=True)
            raise WireError(f"No machine answered on {port} at {baudrate} baud within {patience:g} s.") from None
        except BaseException:
            driver.close(at_once=True)
            raise
        driver.handle = machine.handle
        machine.opened(driver, port, baudrate)

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
