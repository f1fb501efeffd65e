"""Keeps one machine's host alive and the link to it standing.

Invariants: a host that lives is never ended by us while a job or a heater runs; one that died is started again within
`LONGEST_PAUSE`; a link that broke is made again; whatever goes wrong here is logged and tried again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from time import monotonic

from mrdraw import __version__
from mrdraw.errors import LinkError, MachineUnreachable, MrDrawError, WrongState
from mrdraw.fleet.handle import MachineHandle, new_id
from mrdraw.fleet.process import HostProcess, HostStarter
from mrdraw.link import unix
from mrdraw.link.messages import (
    LINK_VERSION,
    OPERATIONAL_STATES,
    Configure,
    Connect,
    Hello,
    MachineSettings,
    MachineState,
    Snapshot,
    StopHost,
)
from mrdraw.link.unix import LinkClient

LOGGER = logging.getLogger(__name__)

LONGEST_PAUSE = 1.5
"""s between the death of a host that dies again and again and the next start."""

_SHORTEST_PAUSE = 0.02
_LONG_LIFE = 10.0
"""s after which a link that stood counts as having worked."""
_HELLO_TIME = 5.0
"""s that a host has to say hello."""
_RETRY = 0.02


class Supervisor:
    """The care for one machine host."""

    def __init__(
        self,
        handle: MachineHandle,
        settings: Callable[[], MachineSettings],
        autoconnect: Callable[[], Connect | None],
        starter: HostStarter,
    ) -> None:
        """`settings` are those of the machine now; `autoconnect` is what to connect to without being asked."""
        self.handle = handle
        self.ready = asyncio.Event()
        """Set as soon as the host has told its state."""
        self.settled = asyncio.Event()
        """Set as soon as there is nothing to wait for: it is ready, or it had to be started and has nothing to tell."""
        self._settings = settings
        self._autoconnect = autoconnect
        self._starter = starter
        self._configured: MachineSettings | None = None
        self._process: HostProcess | None = None
        self._fresh = False
        """Whether the host may be asked to connect: we started it, and it is the first one or replaces an old one.

        One that follows a host which died knows by itself what was open.
        """
        self._reconnect: Connect | None = None
        """What the host that is being replaced was connected to."""
        self._outdated = False
        self._failures = 0
        self._tasks: set[asyncio.Task[None]] = set()

    # --- the loop --------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Care for the host until cancelled."""
        while True:
            since = monotonic()
            try:
                await self._attend()
            except (LinkError, OSError) as error:
                LOGGER.warning("machine %s: %s", self.handle.id, error)
            except Exception:
                LOGGER.exception("machine %s: the supervision failed and goes on", self.handle.id)
            self._failures = 0 if monotonic() - since > _LONG_LIFE else self._failures + 1
            await asyncio.sleep(min(LONGEST_PAUSE, _SHORTEST_PAUSE * 2 ** min(self._failures, 10)))

    async def _attend(self) -> None:
        """Reach the host, starting it if need be, and listen to it until the link breaks."""
        client = await self._reach()
        try:
            hello = await self._greet(client)
            self._outdated = hello.build != __version__
            if self._outdated:
                LOGGER.info("machine %s: its host is of release %s", self.handle.id, hello.build)
            await self.handle.attach(client)
            self._spawn(self.configure())
            async for message in client:
                self.handle.take(message)
                if isinstance(message, Snapshot):
                    self._look_at(message)
        finally:
            self.handle.detach()
            self._configured = None
            await self._cancel_tasks()
            await client.close()

    async def _reach(self) -> LinkClient:
        """The link to a living host. Raises `LinkError` when the host that we started died at once."""
        folder = self.handle.folder
        while True:
            started = self._process is not None and not self._process.ended.is_set()
            if not started:
                if not unix.lives(folder):
                    await self._start()
                    continue
                self._process = None
            try:
                return await unix.connect(folder)
            except LinkError:
                await asyncio.sleep(_RETRY)
                if self._process is not None and self._process.ended.is_set():
                    status, self._process = self._process.status, None
                    raise LinkError(f"the machine host ended with status {status}; see {folder}/host.log") from None

    async def _start(self) -> None:
        self._process = await self._starter.start(self.handle.folder)
        self._fresh = self._reconnect is not None or not self.ready.is_set()
        self.settled.set()
        LOGGER.info("machine %s: started its host, process %s", self.handle.id, self._process.pid)

    async def _greet(self, client: LinkClient) -> Hello:
        """Say hello to each other. Raises `LinkError`."""
        await client.send(Hello(link_version=LINK_VERSION, build=__version__, machine_id=self.handle.id))
        try:
            async with asyncio.timeout(_HELLO_TIME):
                hello = await client.receive()
        except TimeoutError:
            raise LinkError(f"the machine host did not say hello within {_HELLO_TIME:g} s") from None
        if not isinstance(hello, Hello):
            raise LinkError("the machine host closed the link instead of saying hello")
        return hello

    # --- what the host says ----------------------------------------------------------------------------------------

    def _look_at(self, snapshot: Snapshot) -> None:
        self.ready.set()
        self.settled.set()
        if self._fresh:
            self._fresh = False
            self._spawn(self._connect(snapshot))
        if self._outdated and _may_go(snapshot):
            self._outdated = False
            self._spawn(self._replace(snapshot))

    async def _connect(self, snapshot: Snapshot) -> None:
        """Open the port that the host before this one had open, or that the settings name."""
        wanted, self._reconnect = self._reconnect or self._autoconnect(), None
        if wanted is not None and snapshot.state is MachineState.OFFLINE:
            await self.configure()
            await self.handle.command(wanted)

    async def _replace(self, snapshot: Snapshot) -> None:
        """End a host of another release; the next round starts one of ours."""
        if snapshot.state in OPERATIONAL_STATES:
            self._reconnect = Connect(id=new_id(), port=snapshot.port, baudrate=snapshot.baudrate)
        try:
            await self.handle.command(StopHost(id=new_id()))
        except WrongState:
            self._outdated = True  # a job began meanwhile: after it

    # --- settings --------------------------------------------------------------------------------------------------

    def settings_changed(self) -> None:
        """The settings may be others than before: the host gets them if so."""
        if self.handle.attached and self._configured != self._settings():
            self._spawn(self.configure())

    async def configure(self) -> None:
        """Give the host the settings of now, if it does not have them. Raises `MachineUnreachable`."""
        settings = self._settings()
        if settings == self._configured:
            return
        self._configured = settings
        try:
            await self.handle.command(Configure(id=new_id(), settings=settings))
        except MachineUnreachable:
            self._configured = None  # the next look at the settings tries again
            raise

    # --- tasks -----------------------------------------------------------------------------------------------------

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(self._logged(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _logged(self, work: Coroutine[None, None, None]) -> None:
        try:
            await work
        except MrDrawError as error:
            LOGGER.warning("machine %s: %s", self.handle.id, error)

    async def _cancel_tasks(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _may_go(snapshot: Snapshot) -> bool:
    """Whether nothing is lost when the host ends: no job, nothing warm on purpose, nobody connecting."""
    heating = any(heater.target for heater in snapshot.heaters.values())
    settled = snapshot.state in {MachineState.OFFLINE, MachineState.CLOSED_WITH_ERROR, MachineState.OPERATIONAL}
    return settled and not heating
