"""The hub: all machines of the server, the event bus, and what joins them with the library.

Invariants: after `start` every machine that the settings name is there, with the selection it had; what a machine
host reports goes onto the bus under the machine's id; a file that is removed is selected nowhere.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from mrdraw.errors import MrDrawError, NoSuchMachine
from mrdraw.events import (
    Event,
    FileAdded,
    FileRemoved,
    FolderRemoved,
    MetadataStatisticsUpdated,
    SettingsUpdated,
    Shutdown,
    Startup,
)
from mrdraw.fleet import Fleet, MachineHandle, Told
from mrdraw.history import History, Tally
from mrdraw.hub.bus import EventBus
from mrdraw.hub.disk import DiskWatch
from mrdraw.hub.ended import job_record
from mrdraw.hub.files import job_file
from mrdraw.hub.machine import Machine
from mrdraw.hub.selection import Selections
from mrdraw.hub.unique import UniqueIds
from mrdraw.link.messages import JobEnded, JobFile, StartAsked

if TYPE_CHECKING:
    from mrdraw.accounts import Accounts
    from mrdraw.library import Library
    from mrdraw.settings import MachineTree, Settings
    from mrdraw.store import Database

LOGGER = logging.getLogger(__name__)

_DISK, _SETTINGS = "disk", "settings"
"""The keys of what the server itself has people look after."""


class Hub:
    """The machines and what happens to them."""

    def __init__(
        self, settings: Settings, library: Library, accounts: Accounts, fleet: Fleet, database: Database
    ) -> None:
        self.bus = EventBus()
        self.accounts = accounts
        self.history = History(database)
        self._settings = settings
        self._library = library
        self._fleet = fleet
        self._selections = Selections(database)
        self._unique_ids = UniqueIds(database)
        self._machines: dict[str, Machine] = {}
        self._undo: list[Callable[[], None]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._notices: dict[str, str] = {}
        """What the server has people look after, by its key."""
        self._disk = DiskWatch(settings, library, partial(self.notice, _DISK))
        self._watching: asyncio.Task[None] | None = None
        self._ending = False

    # --- life ------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Reach all machines. Afterwards the copies of their states hold."""
        self._undo = [self._fleet.subscribe(self._follow_fleet), self.bus.subscribe(self._follow_files)]
        await self._fleet.start()
        self._spawn(self._count_jobs())
        self._watching = asyncio.create_task(self._disk.run())
        self.bus.publish(None, Startup())

    def say_goodbye(self) -> None:
        """Tell everybody that the server is about to stop, while they can still be told."""
        if not self._ending:
            self._ending = True
            self.bus.publish(None, Shutdown())

    async def stop(self) -> None:
        """Let go of the machines; their hosts live on."""
        self.say_goodbye()
        while self._undo:
            self._undo.pop()()
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.wait([self._watching])
        await self._fleet.stop()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # --- machines --------------------------------------------------------------------------------------------------

    @property
    def machines(self) -> Mapping[str, Machine]:
        """All machines by id."""
        return MappingProxyType(self._machines)

    @property
    def default_machine(self) -> Machine:
        """The machine that is meant when none is named."""
        return self.machine(self._settings.current().default_machine)

    def machine(self, machine_id: str) -> Machine:
        """The machine of this id. Raises `NoSuchMachine`."""
        try:
            return self._machines[machine_id]
        except KeyError:
            known = ", ".join(sorted(self._machines)) or "none"
            raise NoSuchMachine(f"There is no machine {machine_id!r}. Machines are: {known}.") from None

    async def unique_id(self, machine_id: str) -> str:
        """The id by which clients in the network know the machine again."""
        return await self._unique_ids.of(machine_id)

    async def configure(self, machine_id: str) -> None:
        """Have a machine's host take the settings of now before anything else is asked of it.

        Raises `MachineUnreachable`.
        """
        await self._fleet.configure(machine_id)

    def uses(self, path: str) -> bool:
        """Whether the file, or a file in the folder, belongs to a living job of any machine."""
        return any(machine.uses(path) for machine in self._machines.values())

    def _follow_fleet(self) -> None:
        """Have a machine for each handle of the fleet."""
        handles = self._fleet.machines
        for machine_id in set(self._machines) - set(handles):
            self._machines.pop(machine_id).close()
        selected = self._selections.load()
        for machine_id, handle in handles.items():
            if machine_id not in self._machines:
                self._machines[machine_id] = machine = self._make(handle)
                if machine_id in selected:
                    machine.restore_selection(selected[machine_id])
        self.notice(_SETTINGS, self._settings.notice)

    def notice(self, key: str, text: str | None) -> None:
        """Have people look after something, or no longer."""
        if text is None:
            self._notices.pop(key, None)
        else:
            self._notices[key] = text
        for machine in self._machines.values():
            machine.view.tell_server_notices(self._notices)

    def _make(self, handle: MachineHandle) -> Machine:
        handle.subscribe(partial(self._told, handle.id))
        return Machine(
            handle,
            settings=partial(self._settings_of, handle.id),
            find_file=partial(job_file, self._library),
            publish=partial(self.bus.publish, handle.id),
            remember=partial(self._selections.save, handle.id),
            job_ended=partial(self._job_ended, handle.id),
            tally_of=self._tally_of,
        )

    async def _count_jobs(self) -> None:
        """Have the history in memory, for those who must not wait for it."""
        await asyncio.to_thread(self.history.tallies)
        self._times_changed()

    def _tally_of(self, file: JobFile) -> Tally | None:
        tallies = self.history.counted
        return None if tallies is None else tallies.of(file.sha1, file.path)

    def _times_changed(self) -> None:
        for machine in self._machines.values():
            machine.view.changed()

    def _told(self, machine_id: str, told: Told) -> None:
        if isinstance(told, StartAsked):
            self._spawn(self._start_job(self.machine(machine_id)))

    @staticmethod
    async def _start_job(machine: Machine) -> None:
        """Somebody at the machine wants the selected file started."""
        try:
            await machine.start_job(None)
        except MrDrawError as error:
            LOGGER.warning("machine %s: the selected file was not started from the machine: %s", machine.id, error)

    def _job_ended(self, machine_id: str, ended: JobEnded) -> None:
        news = MetadataStatisticsUpdated(storage=ended.file.origin, path=ended.file.path)
        loop = asyncio.get_running_loop()

        def tell() -> None:
            self._times_changed()
            self.bus.publish(None, news)

        def saved() -> None:
            with suppress(RuntimeError):  # the server has stopped meanwhile
                loop.call_soon_threadsafe(tell)

        self.history.save_soon(job_record(machine_id, ended), saved)

    def _settings_of(self, machine_id: str) -> MachineTree:
        """A machine's settings of now. Raises `NoSuchMachine` when they went while somebody asks."""
        tree = self._settings.current().machines.get(machine_id)
        if tree is None:
            raise NoSuchMachine(f"There is no machine {machine_id!r} any more.")
        return tree

    # --- files -----------------------------------------------------------------------------------------------------

    def _follow_files(self, _machine_id: str | None, event: Event) -> None:
        if isinstance(event, FileRemoved | FolderRemoved):
            for machine in self._machines.values():
                self._spawn(machine.forget_missing())
        if isinstance(event, FileAdded | FileRemoved | FolderRemoved | SettingsUpdated):
            self._spawn(self._disk.look_soon())

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            LOGGER.error("in the background: %s", error, exc_info=error)
