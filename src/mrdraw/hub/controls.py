"""What a person can ask of a machine directly: connect it, move it, heat it, stop it.

Invariants: every method is accepted by the machine host or raises the domain error with which it was refused
(`MachineUnreachable` when nobody answered); accepted is not done.
"""

from __future__ import annotations

from collections.abc import Sequence

from mrdraw.errors import MachineUnreachable
from mrdraw.fleet import MachineHandle, new_id
from mrdraw.link import messages as link

NOT_STOPPED = (
    "The emergency stop was NOT confirmed: the machine host did not answer within 1 s. "
    "Switch the machine off at its power switch now."
)


class Controls:
    """The commands of a machine that need nothing but the machine."""

    def __init__(self, handle: MachineHandle) -> None:
        self._handle = handle

    async def _ask(self, command: link.Command) -> None:
        await self._handle.command(command)

    # --- the connection --------------------------------------------------------------------------------------------

    async def connect(self, port: str | None = None, baudrate: int | None = None) -> None:
        """Open a port; while connected the same or no port does nothing."""
        await self._ask(link.Connect(id=new_id(), port=port, baudrate=baudrate))

    async def disconnect(self) -> None:
        """Close the port; a living job fails."""
        await self._ask(link.Disconnect(id=new_id()))

    async def fake_ack(self) -> None:
        """Act as if the firmware had acknowledged."""
        await self._ask(link.AcknowledgeByHand(id=new_id()))

    # --- by hand ---------------------------------------------------------------------------------------------------

    async def send(self, lines: Sequence[str], force: bool = False) -> None:
        """Send lines typed by a person; a move during a job needs `force`."""
        await self._ask(link.SendLines(id=new_id(), lines=tuple(lines), force=force))

    async def jog(
        self, axes: dict[str, float], absolute: bool = False, speed: float | None = None, no_speed: bool = False
    ) -> None:
        """Move axes by (or to) mm; `speed` in mm/min."""
        await self._ask(link.Jog(id=new_id(), axes=axes, absolute=absolute, speed=speed, no_speed=no_speed))

    async def home(self, axes: str) -> None:
        """Home axes, as in "xyz"."""
        await self._ask(link.HomeAxes(id=new_id(), axes=axes))

    async def set_targets(self, targets: dict[str, float]) -> None:
        """Set targets of heaters, °C."""
        await self._ask(link.SetTargets(id=new_id(), targets=targets))

    async def set_offsets(self, offsets: dict[str, float]) -> None:
        """Set what is added to the targets in files, °C."""
        await self._ask(link.SetOffsets(id=new_id(), offsets=offsets))

    async def extrude(self, amount: float, speed: float | None = None) -> None:
        """Push (or pull) filament, mm; `speed` in mm/min."""
        await self._ask(link.Extrude(id=new_id(), amount=amount, speed=speed))

    async def select_tool(self, tool: int) -> None:
        """Make tool N the current one."""
        await self._ask(link.SelectTool(id=new_id(), tool=tool))

    async def set_factor(self, kind: str, percent: int) -> None:
        """Set the factor of the feed rate (`kind` "feedrate") or of the flow ("flowrate"), %."""
        await self._ask(link.SetFactor(id=new_id(), kind=kind, percent=percent))

    async def emergency_stop(self) -> None:
        """Stop at once. Raises `MachineUnreachable` with what a person has to do when nobody confirmed it."""
        try:
            await self._ask(link.EmergencyStop(id=new_id()))
        except MachineUnreachable as error:
            raise MachineUnreachable(NOT_STOPPED) from error

    async def answer_prompt(self, choice: int) -> None:
        """Answer what the firmware asks, by the number of the choice."""
        await self._ask(link.AnswerPrompt(id=new_id(), choice=choice))

    async def clear_notifications(self) -> None:
        """Take note of what the firmware said."""
        await self._ask(link.ClearNotifications(id=new_id()))

    async def attend(self) -> None:
        """A person is there: heaters stay as they are for another while."""
        await self._ask(link.Attend(id=new_id()))
