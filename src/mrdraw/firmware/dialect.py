"""The shape that all dialects share: bytes and the time in, events and bytes out.

Invariants: a dialect owns no clock, socket, thread or file; `now` is monotonic seconds and never runs backwards;
time passes by calling ``receive(b"", now)``; a line of the job is known by its index in the job, the number on the
wire is the dialect's own affair; whatever has been sent and not acknowledged, the dialect can send again.

How a driver uses it::

    dialect.open(now)
    loop:
        events = dialect.receive(data, now)          # data may be empty: time has passed
        while (line := dialect.next_to_send(now)) is not None:
            transport.write(line)
        wait for bytes, or until dialect.next_deadline()
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mrdraw.firmware.tally import Tally


class Priority(IntEnum):
    """Who goes first when several want to send."""

    EMERGENCY = 0
    HAND = 1
    JOB = 2


class Queued(Struct, frozen=True):
    """A command that is not of the job; `tag` comes back in `CommandAcknowledged`."""

    text: str
    tag: object = None


# --- events ---------------------------------------------------------------------------------------------------------


class Event(Struct, frozen=True):
    """The base of what a dialect reports."""


class Received(Event, frozen=True):
    """A line as the firmware sent it, for the terminal."""

    text: str


class Ready(Event, frozen=True):
    """The hand-shake is done: the firmware takes commands."""


class Reset(Event, frozen=True):
    """The firmware started anew while it was ready: its line counter, position and targets are gone.

    The dialect has forgotten everything in flight and does a new hand-shake; a job cannot go on.
    """


class FirmwareInfo(Event, frozen=True):
    """What the firmware says of itself (M115): its name, all keys, and its capabilities so far."""

    name: str
    data: dict[str, str] = {}


class Capability(Event, frozen=True):
    """One capability: on or off."""

    name: str
    enabled: bool


class Temperatures(Event, frozen=True):
    """Heaters by name (`tool0`, `bed`, `chamber`, or the firmware's own word): actual and target in °C."""

    heaters: dict[str, tuple[float | None, float | None]]
    tool: int | None = None
    """The tool that an unnumbered `T:` spoke of, where known."""


class Position(Event, frozen=True):
    """A reported position in mm, by axis letter in lower case."""

    axes: dict[str, float]


class LinesWanted(Event, frozen=True):
    """The dialect wants lines `first` … `first + count − 1` of the job (`supply`)."""

    first: int
    count: int


class JobLineSent(Event, frozen=True):
    """Line `index` of the job was written to the wire for the first time (reported by ``receive``)."""

    index: int


class JobLineAcknowledged(Event, frozen=True):
    """All lines of the job up to and including `index` were taken by the firmware."""

    index: int


class JobExhausted(Event, frozen=True):
    """The last line of the job was acknowledged."""


class JobPauseWanted(Event, frozen=True):
    """The job itself asks for a pause at line `index` (M0, M1, M25): it was consumed, not sent; the job is held."""

    index: int
    text: str


class CommandAcknowledged(Event, frozen=True):
    """A queued command was taken by the firmware."""

    command: Queued


class Withheld(Event, frozen=True):
    """A line of the job or a command typed by hand was consumed without being sent, and why."""

    text: str
    reason: str


class Busy(Event, frozen=True):
    """The firmware says that it is busy and why (`processing`, `paused for user`, `paused for input`)."""

    what: str


class Resend(Event, frozen=True):
    """The firmware asked for the line with this number again."""

    number: int


class AcceptedByLuck(Event, frozen=True):
    """The firmware's last line number shows that it took a damaged line (its checksum matched by chance)."""

    number: int


class LostAcknowledge(Event, frozen=True):
    """An acknowledge never came; the dialect found out and goes on."""


class FlowChanged(Event, frozen=True):
    """So many lines may be in flight from now on, and why."""

    lines: int
    reason: str


class TravelKnown(Event, frozen=True):
    """The firmware told how far its axes travel, mm by axis."""

    area: dict[str, tuple[float, float]]


class ActionCommand(Event, frozen=True):
    """`//action:<name> <parameters>` from the firmware."""

    name: str
    parameters: str = ""


class FirmwareError(Event, frozen=True):
    """An error in the firmware's own words; the machine may go on."""

    text: str


class ToolRefused(Event, frozen=True):
    """The firmware has no such tool; it goes on with the one that was selected before."""

    tool: int


class Interrupted(Event, frozen=True):
    """The machine interrupted the work by itself: the job is held, a person has to decide.

    `reason`: crash, power_panic, regress (it asked for lines that it had acknowledged long ago). Where it wants lines
    of the job once more, those are what the job goes on with.
    """

    reason: str
    text: str


class NoiseHeard(Event, frozen=True):
    """Bytes that are no text came while the connection was made (reported once)."""


class Halted(Event, frozen=True):
    """The firmware is dead until it is reset (kill, thermal runaway, …)."""

    text: str


class Failed(Event, frozen=True):
    """The dialect gives up. `reason`: timeout, resend, resend_loop, connection, advance."""

    text: str
    reason: str


# --- misuse ---------------------------------------------------------------------------------------------------------


class LocalMisuse(Exception):
    """Our own code used a dialect wrongly; a bug of ours, never the machine's fault."""


class LineTooLong(ValueError):
    """A line does not fit into the firmware's buffer once it is numbered."""


# --- the shape ------------------------------------------------------------------------------------------------------


class Dialect(Protocol):
    """What the driver of a machine host needs of a dialect."""

    def open(self, now: float) -> None:
        """The port was opened: start the hand-shake."""

    def receive(self, data: bytes, now: float) -> list[Event]:
        """Take what came from the wire (nothing: time has passed) and say what it means."""

    def next_to_send(self, now: float) -> bytes | None:
        """The next bytes to write, or `None` when there is nothing to send or the firmware has no room."""

    def prepare(self) -> None:
        """Nothing has to be sent now: get ready what comes next."""

    def line_in_advance(self, data: bytes) -> bytes | None:
        """What `next_to_send` gives first once `data` was received, if that is certain already.

        Whoever writes it at once still has to `receive` and to ask what is to be sent.
        """

    def next_deadline(self) -> float | None:
        """When ``receive(b"", now)`` has to be called at the latest, or `None`."""

    def enqueue(self, command: Queued, priority: Priority) -> None:
        """Queue a command. Priority ``EMERGENCY`` is sent by the next ``next_to_send`` whatever is in flight.

        Raises `LineTooLong`, and `LocalMisuse` for priority ``JOB`` (lines of the job are supplied).
        """

    def forget_queued(self) -> list[Queued]:
        """Drop the commands queued by hand that were not sent yet, and say which they were."""

    def check_line(self, line: bytes) -> str | None:
        """Why the firmware could not take this line of a job (stripped of comments), or `None` if it can."""

    def begin_job(self, total: int, first: int = 0) -> None:
        """Run lines `first` … `total − 1` of a job; asks for them with `LinesWanted`."""

    def supply(self, first: int, lines: Sequence[bytes]) -> None:
        """Give lines of the job, stripped of comments and line ends, from index `first` on."""

    def hold_job(self) -> None:
        """Send no more lines of the job (those in flight are still acknowledged and resent)."""

    def release_job(self) -> None:
        """Go on with the held job."""

    def end_job(self) -> None:
        """Forget the job; what is in flight is still acknowledged."""

    @property
    def tally(self) -> Tally:
        """What was counted since the job began."""

    @property
    def in_flight(self) -> int:
        """How many lines were sent and not acknowledged."""

    def acknowledge_by_hand(self, now: float) -> list[Event]:
        """Act as if the firmware had acknowledged the oldest line."""

    def temperature_poll(self) -> str | None:
        """The command that asks for temperatures, or `None` where the firmware reports by itself."""
