"""All machines: one supervised machine host each.

Invariants: a machine exists as long as the settings name it; the end of the fleet (or of the server) ends no machine
host; only the default machine is connected to the simulated port by itself, and only when the server was told so at its
start. The settings can offer that port as well.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from mrdraw.errors import MrDrawError, NoSuchMachine
from mrdraw.fleet.handle import MachineHandle, new_id
from mrdraw.fleet.process import HostStarter
from mrdraw.fleet.resolved import resolve
from mrdraw.fleet.supervisor import Supervisor
from mrdraw.link.messages import Connect, MachineSettings, StopHost

if TYPE_CHECKING:
    from mrdraw.settings import Settings, SettingsTree

LOGGER = logging.getLogger(__name__)

VIRTUAL_PORT = "VIRTUAL"
"""The port of the simulated machine."""

VIRTUAL_PLUGIN = "virtual_printer"
"""What the settings call the simulated machine."""

_WATCH_EVERY = 1.0
"""s between two looks at the settings."""
_START_TIME = 5.0
"""s that `start` waits for machine hosts that live to tell their state."""


class Fleet:
    """The machines of this server."""

    def __init__(self, settings: Settings, basedir: Path, virtual: bool = False) -> None:
        """`virtual` offers the simulated machine and connects the default machine to it."""
        self._settings = settings
        self._folder = basedir / "machines"
        self._virtual = virtual
        self._starter = HostStarter()
        self._supervisors: dict[str, Supervisor] = {}
        self._handles: dict[str, MachineHandle] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._leaving: set[asyncio.Task[None]] = set()
        self._watch: asyncio.Task[None] | None = None
        self._listeners: list[Callable[[], None]] = []
        self._noticed: str | None = None
        """What the listeners know of the settings' own trouble."""

    @property
    def unlowered(self) -> frozenset[int]:
        """The native ids of the threads that have to keep their priority, for machine hosts get it."""
        return frozenset({self._starter.thread_id})

    @property
    def machines(self) -> Mapping[str, MachineHandle]:
        """All machines by id."""
        return MappingProxyType(self._handles)

    def machine(self, machine_id: str) -> MachineHandle:
        """The machine of this id. Raises `NoSuchMachine`."""
        try:
            return self._handles[machine_id]
        except KeyError:
            known = ", ".join(sorted(self._handles)) or "none"
            raise NoSuchMachine(f"There is no machine {machine_id!r}. Machines are: {known}.") from None

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Have `listener` called when a machine was added or removed; the answer ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def configure(self, machine_id: str) -> None:
        """Give a machine host the settings of now at once. Raises `NoSuchMachine`, `MachineUnreachable`."""
        self.machine(machine_id)
        await self._supervisors[machine_id].configure()

    # --- life ------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Reach or start all machine hosts, and wait a moment for what those say that lived already."""
        self._follow_settings()
        self._watch = asyncio.create_task(self._watch_settings())
        waiting = [asyncio.create_task(supervisor.settled.wait()) for supervisor in self._supervisors.values()]
        if waiting:
            _, silent = await asyncio.wait(waiting, timeout=_START_TIME)
            for task in silent:
                task.cancel()

    async def stop(self) -> None:
        """Let go of the machine hosts; they live on."""
        tasks = [*self._tasks.values(), *self._leaving]
        self._tasks.clear()
        if self._watch is not None:
            tasks.append(self._watch)
            self._watch = None
        await _cancel(tasks)
        self._starter.close()

    # --- settings --------------------------------------------------------------------------------------------------

    async def _watch_settings(self) -> None:
        while True:
            await asyncio.sleep(_WATCH_EVERY)
            try:
                self._follow_settings()
            except Exception:
                LOGGER.exception("the settings of the machines could not be followed")

    def _follow_settings(self) -> None:
        """Have a supervised host for every machine that the settings name, with its settings of now."""
        named = set(self._settings.current().machines)
        added = sorted(named - set(self._handles))
        removed = sorted(set(self._handles) - named)
        for machine_id in added:
            self._add(machine_id)
        for machine_id in removed:
            self._remove(machine_id)
        for supervisor in self._supervisors.values():
            supervisor.settings_changed()
        if added or removed or self._settings.notice != self._noticed:
            self._noticed = self._settings.notice
            for listener in list(self._listeners):
                listener()

    def _add(self, machine_id: str) -> None:
        handle = MachineHandle(machine_id, self._folder / machine_id)
        settings, autoconnect = partial(self._resolved, machine_id), partial(self._autoconnect, machine_id)
        supervisor = Supervisor(handle, settings, autoconnect, self._starter)
        self._handles[machine_id] = handle
        self._supervisors[machine_id] = supervisor
        self._tasks[machine_id] = asyncio.create_task(supervisor.run(), name=f"supervisor of {machine_id}")

    def _remove(self, machine_id: str) -> None:
        """Let a machine go; its host ends if no job lives there, otherwise when the job is over and nobody asks."""
        LOGGER.info("machine %s is no longer in the settings", machine_id)
        handle, task = self._handles.pop(machine_id), self._tasks.pop(machine_id)
        del self._supervisors[machine_id]
        leaving = asyncio.create_task(_let_go(handle, task))
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)

    def _resolved(self, machine_id: str) -> MachineSettings:
        tree = self._settings.current()
        return resolve(machine_id, tree.machines[machine_id], virtual=self._virtual or offers_virtual(tree))

    def _autoconnect(self, machine_id: str) -> Connect | None:
        tree = self._settings.current()
        if self._virtual and machine_id == tree.default_machine:
            return Connect(id=new_id(), port=VIRTUAL_PORT)
        return Connect(id=new_id(), wait=True) if tree.machines[machine_id].serial.autoconnect else None


def offers_virtual(tree: SettingsTree) -> bool:
    """Whether the settings offer the simulated machine: `plugins.virtual_printer.enabled`, as OctoPrint calls it."""
    plugin = tree.plugins.get(VIRTUAL_PLUGIN)
    return isinstance(plugin, dict) and plugin.get("enabled") is True


async def _let_go(handle: MachineHandle, supervision: asyncio.Task[None]) -> None:
    try:
        await handle.command(StopHost(id=new_id()))
    except MrDrawError as error:
        LOGGER.warning("machine %s: its host stays for now: %s", handle.id, error)
    await _cancel([supervision])


async def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
