"""The emergency stop: M112 before everything else, and what is done when the firmware does not react.

Invariants: it needs nothing but an open wire and never waits for anything before the bytes are written; it is not a
safety device and never called one (safety rule 6).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from mrdraw.errors import NotOperational
from mrdraw.firmware.dialect import Priority
from mrdraw.machine.manual import heaters_off
from mrdraw.machine.transport import pulse_dtr

if TYPE_CHECKING:
    from mrdraw.machine.machine import Machine

REACTION_TIME = 1.0
"""s that the firmware has to react."""

NOTICE = "emergency-stop"
_DONE = "Emergency stop: M112 was sent and the firmware stopped. Reset the machine, then connect again."
_NO_REACTION = "Emergency stop: M112 was sent, but the firmware did not react within 1 s. Switch the machine off now."
_RESET = f"{_NO_REACTION} MrDraw also pulled the board's reset line (DTR)."


class EmergencyStop:
    """The emergency stop of one machine."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._task: asyncio.Task[None] | None = None
        self._reaction = asyncio.Event()

    @property
    def pending(self) -> bool:
        """Whether a stop was sent and its end is awaited."""
        return self._task is not None and not self._task.done()

    def stop(self) -> None:
        """Send M112 now. Raises `NotOperational` when no wire is open."""
        machine = self._machine
        if machine.driver is None or machine.driver.transport is None:
            raise NotOperational("There is no open connection over which to stop the machine. Switch it off.")
        machine.driver.enqueue(["M112"], Priority.EMERGENCY)
        if not self.pending:
            self._reaction.clear()
            self._task = asyncio.create_task(self._follow_up())

    def reacted(self) -> None:
        """The firmware halted or started anew."""
        self._reaction.set()

    async def _follow_up(self) -> None:
        machine = self._machine
        if machine.has_job:
            machine.runner.fail("Emergency stop", quiet=True)
        try:
            async with asyncio.timeout(REACTION_TIME):
                await self._reaction.wait()
            text = _DONE
        except TimeoutError:
            text = await self._force()
        machine.notice(NOTICE, text)
        machine.log(text)
        if machine.driver is not None:
            machine.driver.shout(heaters_off(machine.settings.profile))
            machine.close(error=text)

    async def _force(self) -> str:
        machine = self._machine
        transport = machine.driver.transport if machine.driver else None
        wanted = machine.settings.safety.reset_on_dead_emergency_stop
        if wanted and transport is not None and await pulse_dtr(transport):
            return _RESET
        return _NO_REACTION
