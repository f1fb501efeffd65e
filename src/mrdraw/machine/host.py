"""The machine host: the machine, its links to servers, and the life of the process.

Invariants: it needs no server: settings are remembered, a job runs on; every command id is carried out once; it ends
by itself only without a server, without a job and without a heater that is on.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic

import msgspec

from mrdraw import __version__
from mrdraw.errors import MrDrawError, WrongState
from mrdraw.link import framing, unix
from mrdraw.link.messages import LINK_VERSION, Command, Configure, Hello, PortInfo, Reply, StopHost, ToHost
from mrdraw.link.unix import HostLink
from mrdraw.machine import recovery
from mrdraw.machine.commands import Commands
from mrdraw.machine.connecting import Connector
from mrdraw.machine.garbage import Garbage
from mrdraw.machine.lookout import Wanted
from mrdraw.machine.machine import Machine
from mrdraw.machine.manual import heaters_off
from mrdraw.machine.memory import Memory, recall, remember
from mrdraw.machine.ports import list_ports
from mrdraw.machine.runner import JobRunner

LOGGER = logging.getLogger(__name__)

ALONE = 60.0
"""s without a server and without a job after which a machine host ends."""

_TICK = 0.2
_QUIET_WITHIN = 0.02
"""s that a tick waits for the moment behind a line of the job."""
_PORTS_EVERY = 3.0
_REMEMBERED_IDS = 256


class MachineHost:
    """One machine host process."""

    def __init__(self, folder: Path) -> None:
        framing.prepare()
        self._folder = folder
        self._memory = recall(folder)
        jobs = folder / "jobs"
        self.machine = Machine(self._memory.settings, make_runner=lambda machine: JobRunner(machine, jobs))
        self.connector = Connector(self.machine, folder, changed=self._remember)
        if self._memory.port is not None:
            self.connector.wanted = Wanted(self._memory.port, self._memory.baudrate or 0, self._memory.device)
        self.machine.outlet.recall_jobs(self._memory.ended)
        self.machine.outlet.on_job_ended = self._remember
        self._commands = Commands(self.machine, self.connector)
        self._answers: OrderedDict[str, Reply] = OrderedDict()
        self._links: set[HostLink] = set()
        self._alone_since: float | None = monotonic()
        self._ports_at = -_PORTS_EVERY
        self._one_at_a_time = asyncio.Lock()
        self._ending = asyncio.Event()
        self.garbage = Garbage()
        """Collected by whoever has taken it over, in this host's quiet moments."""
        self._tasks: set[asyncio.Future[object]] = set()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="memory")

    # --- the life of the process -----------------------------------------------------------------------------------

    async def run(self) -> None:
        """Live until told to end."""
        server = await unix.listen(self._folder, lambda: HostLink(self))
        LOGGER.info("machine host %s lives in %s", os.getpid(), self._folder)
        try:
            await self._recover()
            while not self._ending.is_set():
                self._tick()
                await self._sleep()
                if self.machine.driver is not None and self.machine.has_job:
                    await self.machine.driver.quiet_moment(_QUIET_WITHIN)
        finally:
            server.close()
            await self._shut_down()

    def end(self) -> None:
        """End the process in order."""
        self._ending.set()

    async def _sleep(self) -> None:
        try:
            async with asyncio.timeout(_TICK):
                await self._ending.wait()
        except TimeoutError:
            return

    async def _recover(self) -> None:
        """Take up what the last machine host of this folder left: an interrupted job, an open port."""
        machine = self.machine
        machine.ports = await asyncio.to_thread(self._list_ports)
        leftover = await asyncio.to_thread(recovery.find, machine.runner.jobs)
        if leftover is not None:
            machine.runner.take_up(leftover)
        if self.connector.wanted is not None:
            LOGGER.warning(
                "the last machine host ended while %s was open; opening it again", self.connector.wanted.port
            )
            machine.decision_needed = True
            self.connector.recover()

    async def _shut_down(self) -> None:
        """Finish the line, write the journal, apply the heater policy, close the port; within a few seconds."""
        machine = self.machine
        LOGGER.info("machine host %s ends", os.getpid())
        if machine.driver is not None:
            if machine.has_job or machine.watch.heating:
                machine.driver.shout(heaters_off(machine.settings.profile))
            machine.runner.shut_down()
            machine.close()
        await self.connector.stop()
        self.machine.outlet.flush()
        for link in list(self._links):
            link.close()
        self._memory = Memory(settings=machine.settings, ended=machine.outlet.ended_jobs)
        await self._written(self._memory)
        self._writer.shutdown()

    def _tick(self) -> None:
        now = monotonic()
        self.garbage.sweep(now, has_job=self.machine.has_job)
        self.machine.tick()
        self._look_at_ports(now)
        if self._links or self.machine.has_job or self.machine.watch.heating:
            self._alone_since = None
        elif self._alone_since is None:
            self._alone_since = now
        elif now - self._alone_since > ALONE:
            LOGGER.info("no server, no job, no heater on: ending")
            self.end()

    # --- threads ---------------------------------------------------------------------------------------------------

    def _look_at_ports(self, now: float) -> None:
        asked_for = self._ports_at < 0
        if (self.machine.operational and not asked_for) or now - self._ports_at < _PORTS_EVERY:
            return
        self._ports_at = now
        self._spawn(self._renew_ports())

    async def _renew_ports(self) -> None:
        async with self._one_at_a_time:  # the list that was asked for last is the one that stays
            ports = await asyncio.to_thread(self._list_ports)
        if ports != self.machine.ports:
            self.machine.ports = ports
            self.machine.changed()

    def _list_ports(self) -> tuple[PortInfo, ...]:
        settings = self.machine.settings
        serial = settings.serial
        return list_ports(
            serial.additional_ports,
            hidden=serial.blacklisted_ports,
            virtual=settings.virtual,
            device_folder=serial.device_folder,
        )

    def _remember(self) -> None:
        """Write the settings, the connection and the last jobs' ends down."""
        wanted = self.connector.wanted
        memory = Memory(settings=self.machine.settings, ended=self.machine.outlet.ended_jobs)
        if wanted is not None:
            memory = msgspec.structs.replace(memory, port=wanted.port, baudrate=wanted.baudrate, device=wanted.device)
        self._memory = memory
        self._spawn(self._written(self._memory))

    async def _written(self, memory: Memory) -> None:
        """Write the memory; one thread does, so that the last one stays."""
        await asyncio.get_running_loop().run_in_executor(self._writer, remember, self._folder, memory)

    def _spawn(self, work: object) -> None:
        task = asyncio.ensure_future(work)  # type: ignore[call-overload] # a coroutine of this class
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Future[object]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            LOGGER.error("in the background: %s", error, exc_info=error)

    # --- links -----------------------------------------------------------------------------------------------------

    def link_opened(self, link: HostLink) -> None:
        """A server connected: say hello."""
        self._links.add(link)
        job = self.machine.runner.job if self.machine.has_job else None
        link.send(
            Hello(
                link_version=LINK_VERSION,
                build=__version__,
                machine_id=self.machine.settings.machine_id,
                pid=os.getpid(),
                job_id=job.id if job else None,
                idle=not self.machine.has_job,
            )
        )

    def link_closed(self, link: HostLink) -> None:
        """A server went away; nothing changes for the machine."""
        self._links.discard(link)
        self.machine.outlet.detach(link)

    def link_message(self, link: HostLink, message: ToHost) -> None:
        """A server sent something."""
        if isinstance(message, Hello):
            self.machine.outlet.attach(link)
            return
        reply = self._answers.get(message.id)
        if reply is None:
            reply = self._answer(message)
            self._answers[message.id] = reply
            while len(self._answers) > _REMEMBERED_IDS:
                self._answers.popitem(last=False)
        link.send(reply)
        self.machine.outlet.flush()

    def _answer(self, command: Command) -> Reply:
        try:
            if isinstance(command, StopHost):
                self._stop(command)
            else:
                self._commands.carry_out(command)
        except MrDrawError as error:
            return Reply(id=command.id, code=error.code, text=str(error))
        except ValueError as error:  # a line that cannot be sent: too long, or with characters that are none
            return Reply(id=command.id, code="InvalidValue", text=str(error))
        if isinstance(command, Configure):
            self._remember()
            self._spawn(self._renew_ports())
        return Reply(id=command.id)

    def _stop(self, command: StopHost) -> None:
        if self.machine.has_job:
            raise WrongState(f"A job is running (asked by {command.id}): this machine host stays.")
        self.end()
