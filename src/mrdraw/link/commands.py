"""What the server has a machine host do; each command carries an id and is answered with a `Reply`.

Units: mm, mm/min for feed rates as in G-code, s, °C.
"""

from __future__ import annotations

import msgspec

from mrdraw.link.jobs import Job
from mrdraw.link.settings import MachineSettings


class Configure(msgspec.Struct, frozen=True, tag="configure"):
    """Take these settings."""

    id: str
    settings: MachineSettings


class Connect(msgspec.Struct, frozen=True, tag="connect", omit_defaults=True):
    """Open a port; `None` and `AUTO` look for one, baud rate 0 or `None` tries the usual ones.

    While connected: the same or no port does nothing, another port during a job is refused (WrongState).
    With `wait` a port that is not there yet is waited for.
    """

    id: str
    port: str | None = None
    baudrate: int | None = None
    wait: bool = False


class Disconnect(msgspec.Struct, frozen=True, tag="disconnect"):
    """Close the port; a living job fails."""

    id: str


class AcknowledgeByHand(msgspec.Struct, frozen=True, tag="acknowledge_by_hand"):
    """Act as if the firmware had acknowledged."""

    id: str


class StartJob(msgspec.Struct, frozen=True, tag="start_job"):
    """Pin the file and run it."""

    id: str
    job: Job


class RestartJob(msgspec.Struct, frozen=True, tag="restart_job"):
    """Run the paused job from its beginning."""

    id: str


class PauseJob(msgspec.Struct, frozen=True, tag="pause_job"):
    """Pause; a paused job stays paused."""

    id: str


class ResumeJob(msgspec.Struct, frozen=True, tag="resume_job"):
    """Resume; a running job goes on running."""

    id: str


class CancelJob(msgspec.Struct, frozen=True, tag="cancel_job"):
    """Cancel the job."""

    id: str


class DismissInterrupted(msgspec.Struct, frozen=True, tag="dismiss_interrupted"):
    """A person decided not to resume the interrupted job: its pinned file may go."""

    id: str


class ResumeInterrupted(msgspec.Struct, frozen=True, tag="resume_interrupted", omit_defaults=True):
    """A person confirmed that the interrupted job goes on: send these lines, then the job from line `index` on."""

    id: str
    job_id: str
    index: int
    lines: tuple[str, ...] = ()


class SendLines(msgspec.Struct, frozen=True, tag="send_lines", omit_defaults=True):
    """Send lines typed by a person; moves during a job need `force`."""

    id: str
    lines: tuple[str, ...]
    force: bool = False


class Jog(msgspec.Struct, frozen=True, tag="jog", omit_defaults=True):
    """Move axes (`x`, `y`, `z`) by or to mm; `speed` in mm/min, `None` takes the slowest axis of the profile.

    `no_speed` leaves the feed rate out.
    """

    id: str
    axes: dict[str, float]
    absolute: bool = False
    speed: float | None = None
    no_speed: bool = False


class HomeAxes(msgspec.Struct, frozen=True, tag="home"):
    """Home the axes, as in "xyz"."""

    id: str
    axes: str


class SetTargets(msgspec.Struct, frozen=True, tag="set_targets"):
    """Set the targets of heaters (`tool0`, `bed`, `chamber`, `tool` for the current one), °C."""

    id: str
    targets: dict[str, float]


class SetOffsets(msgspec.Struct, frozen=True, tag="set_offsets"):
    """Set what is added to the targets in files, °C."""

    id: str
    offsets: dict[str, float]


class Extrude(msgspec.Struct, frozen=True, tag="extrude", omit_defaults=True):
    """Push (or pull) filament, mm; `speed` in mm/min, capped at the profile's."""

    id: str
    amount: float
    speed: float | None = None


class SelectTool(msgspec.Struct, frozen=True, tag="select_tool"):
    """Make tool N the current one."""

    id: str
    tool: int


class SetFactor(msgspec.Struct, frozen=True, tag="set_factor"):
    """Set the feed rate (`kind` "feedrate") or flow ("flowrate") factor, %."""

    id: str
    kind: str
    percent: int


class EmergencyStop(msgspec.Struct, frozen=True, tag="emergency_stop"):
    """Stop at once: jumps every queue."""

    id: str


class AnswerPrompt(msgspec.Struct, frozen=True, tag="answer_prompt"):
    """A person answered the open question with a choice, counted from 0."""

    id: str
    choice: int


class ClearNotifications(msgspec.Struct, frozen=True, tag="clear_notifications"):
    """A person took note of what the firmware said."""

    id: str


class Attend(msgspec.Struct, frozen=True, tag="attend"):
    """A person is there and decides to leave the heaters as they are: the unattended timer starts anew."""

    id: str


class StopHost(msgspec.Struct, frozen=True, tag="stop_host"):
    """End the machine host if no job lives (else WrongState): it is replaced or no longer wanted."""

    id: str


Command = (
    Configure | Connect | Disconnect | AcknowledgeByHand | StartJob | RestartJob | PauseJob | ResumeJob | CancelJob
    | DismissInterrupted | ResumeInterrupted | SendLines | Jog | HomeAxes | SetTargets | SetOffsets | Extrude
    | SelectTool | SetFactor | EmergencyStop | AnswerPrompt | ClearNotifications | Attend
    | StopHost
)  # fmt: skip
