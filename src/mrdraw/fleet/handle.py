"""What a machine host last said, and the way to ask it for something.

Invariants: reading never waits, the copy answers; a command is accepted or refused within `PATIENCE` or it is an
error; a command that was not answered goes out again under the same id when the link is back, so that it is done once.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from uuid import uuid4

from mrdraw.errors import LinkError, MachineUnreachable, error_from_code
from mrdraw.link.messages import (
    Command,
    Happened,
    JobEnded,
    LogLines,
    Reply,
    ResumeOffer,
    Snapshot,
    StartAsked,
    TemperatureLog,
    TemperaturePoint,
    ToServer,
    WireReport,
)
from mrdraw.link.unix import LinkClient

LOGGER = logging.getLogger(__name__)

PATIENCE = 1.0
"""s that a machine host has to accept a command or to refuse it."""

KEPT_LOG_LINES = 300
"""The lines of the terminal that are remembered."""

HISTORY = 30 * 60
"""s of temperatures that are remembered."""

Told = Snapshot | LogLines | TemperatureLog | ResumeOffer | Happened | JobEnded | StartAsked
"""What a machine host tells; a `LogLines` or `TemperatureLog` holds only what was not known before."""

Listener = Callable[[Told], None]


def new_id() -> str:
    """An id for a command or a job."""
    return uuid4().hex


class MachineHandle:
    """One machine as seen from the server."""

    def __init__(self, machine_id: str, folder: Path) -> None:
        self.id = machine_id
        self.folder = folder
        self.snapshot = Snapshot(sequence=0)
        self.offer: ResumeOffer | None = None
        """From where the interrupted job of the snapshot can go on, if it is of the same id."""
        self.logs: deque[str] = deque(maxlen=KEPT_LOG_LINES)
        self.temperatures: deque[TemperaturePoint] = deque()
        self.wire: WireReport | None = None
        """What was last said of the wire."""
        self._client: LinkClient | None = None
        self._waiting: dict[str, tuple[Command, asyncio.Future[Reply]]] = {}
        self._listeners: list[Listener] = []

    # --- for everybody ---------------------------------------------------------------------------------------------

    @property
    def attached(self) -> bool:
        """Whether the link to the machine host stands."""
        return self._client is not None

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Have `listener` called with whatever the machine host tells; the answer ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def command(self, command: Command) -> None:
        """Have the machine host accept a command.

        Raises the domain error with which it refused, or `MachineUnreachable` when it did not answer.
        """
        try:
            async with asyncio.timeout(PATIENCE):
                reply = await self._ask(command)
        except TimeoutError:
            raise MachineUnreachable(
                f"The machine host of {self.id!r} did not answer within {PATIENCE:g} s, so nothing is known to have "
                f"been done. It is started again by itself; try again in a few seconds. What it logged is in "
                f"{self.folder.name}/host.log."
            ) from None
        if reply.code is not None:
            raise error_from_code(reply.code, reply.text)

    async def _ask(self, command: Command) -> Reply:
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting[command.id] = (command, future)
        try:
            await self._send(command)
            return await future
        finally:
            self._waiting.pop(command.id, None)

    async def _send(self, command: Command) -> None:
        """Send a command, if there is a link; without one it goes out when there is."""
        if self._client is None:
            return
        try:
            await self._client.send(command)
        except LinkError as error:
            LOGGER.info("machine %s: %s", self.id, error)

    # --- for the supervisor ----------------------------------------------------------------------------------------

    async def attach(self, client: LinkClient) -> None:
        """The link stands: what waits for an answer goes out (again)."""
        self._client = client
        for command, _ in list(self._waiting.values()):
            await self._send(command)

    def detach(self) -> None:
        """The link broke."""
        self._client = None

    def take(self, message: ToServer) -> None:
        """Take in what the machine host said."""
        if isinstance(message, Reply):
            self._answered(message)
        elif isinstance(message, Snapshot):
            self.snapshot = message
            self._tell(message)
        elif isinstance(message, ResumeOffer):
            self.offer = message
            self._tell(message)
        elif isinstance(message, LogLines):
            self._take_log(message)
        elif isinstance(message, TemperatureLog):
            self._take_temperatures(message)
        elif isinstance(message, WireReport):
            self.wire = message
        elif isinstance(message, Happened | JobEnded | StartAsked):
            self._tell(message)

    def _answered(self, reply: Reply) -> None:
        _, future = self._waiting.get(reply.id, (None, None))
        if future is not None and not future.done():
            future.set_result(reply)

    def _take_log(self, message: LogLines) -> None:
        lines = message.lines
        if message.history:
            lines = lines[_overlap(list(self.logs), lines) :]
        self.logs.extend(lines)
        if lines:
            self._tell(LogLines(lines=lines, dropped=message.dropped))

    def _take_temperatures(self, message: TemperatureLog) -> None:
        points = message.points
        if message.history and self.temperatures:
            known = self.temperatures[-1].time
            points = tuple(point for point in points if point.time > known)
        if not points:
            return
        self.temperatures.extend(points)
        while self.temperatures[0].time < points[-1].time - HISTORY:
            self.temperatures.popleft()
        self._tell(TemperatureLog(points=points))

    def _tell(self, told: Told) -> None:
        for listener in list(self._listeners):
            listener(told)


def _overlap(known: Sequence[str], history: Sequence[str]) -> int:
    """How many lines at the beginning of `history` are the last ones of `known`."""
    for count in range(min(len(known), len(history)), 0, -1):
        if known[-count:] == list(history[:count]):
            return count
    return 0
