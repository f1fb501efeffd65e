"""The machine: its state, what is known of it, and what the dialect's events mean for it.

Invariants: MrDraw never heats or moves on its own (safety rule 1): every line that does goes back to a command of a
person or to a job; lines that switch off may be sent any time. A machine host owns exactly one of these.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from time import monotonic, time

from mrdraw import events
from mrdraw.errors import NotOperational
from mrdraw.firmware import dialect as wire
from mrdraw.firmware.dialect import Priority
from mrdraw.gcode.modal import ModalState
from mrdraw.link.messages import (
    JOB_STATES,
    OPERATIONAL_STATES,
    STATE_TEXTS,
    ConnectionPhase,
    ConnectionStatus,
    DeviceIdentity,
    Heater,
    MachineSettings,
    MachineState,
    Notice,
    PortInfo,
    Resends,
    Snapshot,
    TemperaturePoint,
)
from mrdraw.machine.driver import Driver
from mrdraw.machine.emergency import EmergencyStop
from mrdraw.machine.limits import Limits
from mrdraw.machine.manual import Posture, heaters_off
from mrdraw.machine.measuring import Measuring
from mrdraw.machine.outlet import Outlet
from mrdraw.machine.runner import JobRunner
from mrdraw.machine.watch import HeaterWatch, UnattendedTimer

LOGGER = logging.getLogger(__name__)

NOTICE_UNATTENDED = "unattended"
NOTICE_WATCHDOG = "no-watchdog"
NOTICE_INTERRUPTED = "interrupted"
NOTICE_BACK = "machine-back"
_WATCHDOG_TEXT = (
    "If this computer dies, the heaters stay on: this firmware has no watchdog that switches them off. "
    "Do not leave the machine alone with a heater on."
)
_NOISE_TEXT = (
    "Bytes that are no text came while the connection was made. Some machines do that when they start; "
    "if the connection does not work, the baud rate may be wrong."
)
_TICK = 0.5
"""s between two looks at the watches."""

COMMAND_EVENTS: dict[str, type[events.Event]] = {
    "M80": events.PowerOn, "M81": events.PowerOff, "G28": events.Home, "M226": events.Waiting, "G4": events.Dwelling,
    "M245": events.Cooling, "M300": events.Alert, "M240": events.Conveyor, "M40": events.Eject, "M112": events.EStop,
    "M600": events.FilamentChange, "M701": events.FilamentChange, "M702": events.FilamentChange,
    "M0": events.Waiting, "M1": events.Waiting,
}  # fmt: skip
"""The events that clients hear when a command is sent (contract, section 7)."""


class Machine:
    """One machine."""

    def __init__(self, settings: MachineSettings, *, make_runner: Callable[[Machine], JobRunner]) -> None:
        self.settings = settings
        self.state = MachineState.OFFLINE
        self.error = ""
        self.port: str | None = None
        self.baudrate: int | None = None
        self.ports: tuple[PortInfo, ...] = ()
        self.driver: Driver | None = None
        self.modal = ModalState()
        self.heaters: dict[str, Heater] = {}
        self.offsets: dict[str, float] = {}
        self.firmware = ""
        self.uuid = ""
        """The board's UUID; empty if the firmware told none."""
        self.connection = ConnectionStatus()
        self.when_lost: Callable[[str, bool], None] = _nothing
        """Called when the wire broke by itself: why, and whether a job was lost by it."""
        self.capabilities: dict[str, bool] = {}
        self._refused_tools: set[int] = set()
        self._tool_before = 0
        self.kinematics = ""
        self.resends = 0
        """How often the firmware asked for a line again."""
        self.notices: dict[str, Notice] = {}
        self.limits = Limits(settings.profile)
        self.watch = HeaterWatch(self.limits, settings.safety)
        self.unattended = UnattendedTimer(settings.safety.unattended_minutes)
        self.decision_needed = False
        self.outlet = Outlet(self.snapshot)
        self.measuring = Measuring(self)
        self.runner = make_runner(self)
        self.emergency = EmergencyStop(self)
        self._polled_at = 0.0
        self._handlers = self._event_handlers()

    # --- what it is ------------------------------------------------------------------------------------------------

    @property
    def operational(self) -> bool:
        """Whether the firmware takes commands."""
        return self.state in OPERATIONAL_STATES

    @property
    def has_job(self) -> bool:
        """Whether a job lives."""
        return self.state in JOB_STATES

    @property
    def posture(self) -> Posture:
        """The modes and the place that the machine is known to be in."""
        modal = self.modal
        return Posture(
            absolute=modal.absolute,
            absolute_extrusion=modal.absolute_extrusion,
            homed=modal.homed_axes,
            position=dict(modal.position),
        )

    def snapshot(self, sequence: int) -> Snapshot:
        """The whole state."""
        runner = self.runner
        return Snapshot(
            sequence=sequence,
            state=self.state,
            error=self.error,
            port=self.port,
            baudrate=self.baudrate,
            ports=self.ports,
            heaters=self.heaters,
            tool=self.modal.tool,
            position=dict(self.modal.position),
            homed=self.modal.homed_axes,
            current_z=self.modal.position.get("z") if runner.job or "z" in self.modal.homed_axes else None,
            job=runner.job,
            progress=runner.progress(),
            resends=Resends(count=self.resends, transmitted=self.driver.transmitted if self.driver else 0),
            firmware=self.firmware,
            capabilities=dict(self.capabilities),
            kinematics=self.kinematics,
            interrupted=runner.resuming.interrupted,
            notices=tuple(self.notices.values()),
            dropped_log_lines=self.outlet.dropped,
            connection=self.connection,
        )

    def configure(self, settings: MachineSettings) -> None:
        """Take other settings; what concerns an open wire counts from the next opening."""
        self.settings = settings
        self.limits = Limits(settings.profile)
        self.watch.limits = self.limits
        self.watch.settings = settings.safety
        self.unattended.minutes = settings.safety.unattended_minutes
        self.changed()

    # --- changing it -----------------------------------------------------------------------------------------------

    def changed(self) -> None:
        """Something in the snapshot is another than before."""
        self.outlet.changed()

    def enter(self, state: MachineState, error: str = "") -> None:
        """Enter a state and tell everybody."""
        if state is self.state and error == self.error:
            return
        before, self.state, self.error = self.state, state, error
        self.log(f'Changing monitoring state from "{STATE_TEXTS[before]}" to "{STATE_TEXTS[state]}"')
        self.publish(events.PrinterStateChanged(state_id=state.value, state_string=STATE_TEXTS[state]))
        self.changed()
        self.outlet.flush()

    def connection_is(
        self,
        phase: ConnectionPhase,
        reason: str = "",
        *,
        device: DeviceIdentity | None = None,
        since: float | None = None,
    ) -> None:
        """Say how it stands with the connection; the device stays the one that it was unless another is named."""
        now = self.connection
        since = since or (now.since if phase is now.phase else time())
        status = ConnectionStatus(phase, since, reason, now.device if device is None else device)
        if status != now:
            self.connection = status
            self.changed()

    def publish(self, event: events.MachineEvent) -> None:
        """Tell everybody of an event."""
        self.outlet.happened(event)

    def log(self, line: str) -> None:
        """A line for the terminal."""
        self.outlet.log(line)

    def report_error(self, text: str, reason: str) -> None:
        """An error that people have to hear of."""
        self.log(f"Error: {text}")
        self.publish(events.Error(error=text, reason=reason))

    def notice(self, key: str, text: str, until: float | None = None) -> None:
        """Put up a notice, or renew it."""
        notice = Notice(key=key, text=text, until=until)
        if self.notices.get(key) != notice:
            self.notices[key] = notice
            self.changed()

    def clear_notice(self, key: str) -> None:
        """Take a notice down."""
        if self.notices.pop(key, None) is not None:
            self.changed()

    def attend(self) -> None:
        """A person decided something."""
        self.decision_needed = False
        self.clear_notice(NOTICE_INTERRUPTED)
        self.unattended.attend(monotonic())
        self.clear_notice(NOTICE_BACK)

    # --- sending ---------------------------------------------------------------------------------------------------

    def send(
        self,
        lines: Sequence[str],
        priority: Priority = Priority.HAND,
        *,
        then: Callable[[], None] | None = None,
    ) -> None:
        """Queue lines before those of the job; `then` is called when the last was acknowledged.

        Raises `NotOperational`.
        """
        if self.driver is None or self.driver.transport is None:
            raise NotOperational("The machine is not connected.")
        self.driver.enqueue(lines, priority, tag=then)
        for line in lines:
            self._note_target(line)

    def sent_by_job(self, line: bytes) -> None:
        """A line of the job was acknowledged."""
        if not self.modal.feed_move(line):
            self._follow(line.decode("latin-1"))

    def _follow(self, line: str) -> None:
        """Keep up with what a line that the firmware took means."""
        modal = self.modal
        if line[:1] == "T" and line[1:].strip().isdigit() and int(line[1:]) in self._refused_tools:
            return
        before, tool = modal.position.get("z"), modal.tool
        event = COMMAND_EVENTS.get(modal.feed(line))
        if event is not None:
            self.publish(event())  # type: ignore[arg-type] # the table holds events without fields
        height = modal.position.get("z")
        if height != before:
            self.publish(events.ZChange(new=height, old=before))
        if modal.tool != tool:
            self._tool_before = tool
            self.publish(events.ToolChange(old=tool, new=modal.tool))

    def _note_target(self, line: str) -> None:
        heated = self.modal.target_of(line)
        if heated is not None:
            self.watch.told(*heated, monotonic())

    # --- the wire --------------------------------------------------------------------------------------------------

    def opened(self, driver: Driver, port: str, baudrate: int, device: DeviceIdentity) -> None:
        """A wire was opened and the firmware answered."""
        self.driver = driver
        self.connection_is(ConnectionPhase.CONNECTED, device=device)
        self.port, self.baudrate = port, baudrate
        self.notice(NOTICE_WATCHDOG, _WATCHDOG_TEXT)
        self.enter(MachineState.OPERATIONAL)
        self.publish(events.Connected(port=port, baudrate=baudrate))

    def close(self, *, error: str = "", at_once: bool = False) -> None:
        """Close the wire; with an error the state says so. A living job has to be ended before."""
        driver, self.driver = self.driver, None
        if driver is not None:
            driver.close(at_once=at_once)
        self.port = self.baudrate = None
        self.heaters, self.capabilities, self.kinematics = {}, {}, ""
        self.modal = ModalState()
        self._refused_tools.clear()
        self.watch.forget()
        self.clear_notice(NOTICE_WATCHDOG)
        self.connection_is(ConnectionPhase.FAILED if error else ConnectionPhase.CLOSED, error)
        self.enter(MachineState.CLOSED_WITH_ERROR if error else MachineState.OFFLINE, error)
        self.publish(events.Disconnected())

    def wire_lost(self, error: Exception | None) -> None:
        """The wire broke."""
        text = f"The connection to the machine was lost: {error or 'the port was closed'}."
        job_lost, stopped = self.has_job, self.emergency.pending
        self.fail(text, "connection")
        if not stopped:
            self.when_lost(text, job_lost)

    def fail(self, text: str, reason: str) -> None:
        """The machine cannot go on: a living job fails, the wire is closed."""
        self.report_error(text, reason)
        if self.has_job:
            self.runner.fail(text)
        if self.driver is not None:
            self.driver.shout(heaters_off(self.settings.profile))
        self.close(error=text)

    # --- what the dialect says -------------------------------------------------------------------------------------

    def handle(self, event: wire.Event) -> None:
        """Take an event of the dialect."""
        handler = self._handlers.get(type(event))
        if handler is not None:
            handler(event)

    def _event_handlers(self) -> dict[type[wire.Event], Callable[..., None]]:
        runner = self.runner
        return {
            wire.JobLineAcknowledged: lambda event: runner.acknowledged(event.index),
            wire.JobLineSent: lambda event: runner.sent(event.index),
            wire.LinesWanted: lambda event: runner.lines_wanted(event.first, event.count),
            wire.JobExhausted: lambda _: runner.exhausted(),
            wire.JobPauseWanted: lambda event: runner.pause_by_file(event.index, event.text),
            wire.CommandAcknowledged: self._command_acknowledged,
            wire.Temperatures: self._temperatures,
            wire.Position: self._position,
            wire.FirmwareInfo: self._firmware_info,
            wire.Capability: lambda event: self.capabilities.__setitem__(event.name, event.enabled),
            wire.Reset: lambda _: self._reset(),
            wire.Resend: lambda _: self._resend(),
            wire.AcceptedByLuck: lambda event: self.log(f"A damaged line {event.number} was taken by the firmware"),
            wire.LostAcknowledge: lambda _: self.log("An acknowledge was lost on the wire; going on"),
            wire.FlowChanged: lambda event: self.log(f"Lines in flight: {event.lines}, for {event.reason}"),
            wire.Withheld: self._withheld,
            wire.ToolRefused: self._tool_refused,
            wire.Interrupted: self._interrupted,
            wire.NoiseHeard: lambda _: self.log(_NOISE_TEXT),
            wire.ActionCommand: self._action,
            wire.FirmwareError: lambda event: self.report_error(event.text, "firmware"),
            wire.Halted: self._halted,
            wire.Failed: lambda event: self.fail(event.text, event.reason),
        }

    def _command_acknowledged(self, event: wire.CommandAcknowledged) -> None:
        self._follow(event.command.text)
        if callable(event.command.tag):
            event.command.tag()

    def _temperatures(self, event: wire.Temperatures) -> None:
        for name, (actual, target) in event.heaters.items():
            before = self.heaters.get(name, Heater())
            self.heaters[name] = Heater(
                actual=actual if actual is not None else before.actual,
                target=target if target is not None else before.target,
                offset=self.offsets.get(name, 0.0),
            )
        for key, text in self.watch.report(self.heaters, monotonic()):
            self._alarm(key, text)
        self.outlet.temperatures(TemperaturePoint(time=int(time()), heaters=dict(self.heaters)))
        self.changed()

    def _position(self, event: wire.Position) -> None:
        axes = {axis: value for axis, value in event.axes.items() if axis in ("x", "y", "z", "e")}
        self.publish(events.PositionUpdate(**axes))  # type: ignore[arg-type] # axes only

    def _firmware_info(self, event: wire.FirmwareInfo) -> None:
        self.firmware = event.name
        self.kinematics = event.data.get("KINEMATICS", "").lower()
        self.uuid = event.data.get("UUID", "")
        self.publish(events.FirmwareData(name=event.name, data=event.data))
        self.changed()

    def _resend(self) -> None:
        self.resends += 1
        self.changed()

    def _withheld(self, event: wire.Withheld) -> None:
        self.log(f"Not sent: {event.text} ({event.reason})")
        self.publish(events.CommandSuppressed(command=event.text, message=event.reason, severity="warn"))

    def _tool_refused(self, event: wire.ToolRefused) -> None:
        self._refused_tools.add(event.tool)
        if self.modal.tool == event.tool:
            self.modal.tool = self._tool_before
            self.publish(events.ToolChange(old=event.tool, new=self._tool_before))
        self.log(f"The machine has no tool {event.tool}; it goes on with tool {self.modal.tool}")

    def _interrupted(self, event: wire.Interrupted) -> None:
        """The machine interrupted its work: the dialect holds the job, a person decides."""
        self.log(event.text)
        self.notice(NOTICE_INTERRUPTED, f"{event.text} Look after it, then resume or cancel the job.")
        self.runner.pausing.by_firmware()

    def _action(self, event: wire.ActionCommand) -> None:
        runner = self.runner
        actions: dict[str, Callable[[], None]] = {
            "pause": runner.pausing.pause,
            "resume": runner.pausing.resume,
            "cancel": runner.cancel,
            "paused": runner.pausing.by_firmware,
            "resumed": runner.pausing.resumed_by_firmware,
        }
        action = actions.get(event.name)
        if action is not None and self.has_job:
            action()

    def _reset(self) -> None:
        self.publish(events.PrinterReset(idle=not self.has_job))
        self.modal = ModalState()
        self.emergency.reacted()
        if self.has_job:
            text = "The machine was reset during the job: its position is lost."
            self.report_error(text, "firmware")
            self.runner.fail(text)

    def _halted(self, event: wire.Halted) -> None:
        if self.emergency.pending:
            self.emergency.reacted()
        else:
            self.fail(f"{event.text} The machine has to be reset.", "firmware")

    # --- time ------------------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """A few times a second: watches, polls, and what servers are told."""
        now = monotonic()
        if self.operational:
            for key, text in self.watch.tick(now):
                self._alarm(key, text)
            self._poll(now)
        self._watch_unattended(now)
        self.runner.note_progress()
        self.measuring.beat(now)
        if self.has_job:
            self.changed()
        self.outlet.flush()

    def _poll(self, now: float) -> None:
        interval = 2.0 if self.watch.heating else 5.0
        if self.driver is None or self.emergency.pending or now - self._polled_at < interval:
            return
        self._polled_at = now
        command = self.driver.dialect.temperature_poll()
        if command is not None:
            self.driver.enqueue([command])

    def _alarm(self, key: str, text: str) -> None:
        LOGGER.error("alarm: %s", text)
        self.notice(key, text)
        self.report_error(text, "firmware")
        if self.settings.safety.stop_on_alarm:
            self.emergency.stop()

    def _watch_unattended(self, now: float) -> None:
        idle = self.state in {MachineState.OPERATIONAL, MachineState.PAUSED}
        self.unattended.run(needed=idle and (self.decision_needed or self.watch.heating), now=now)
        remaining = self.unattended.remaining(now)
        if remaining is None:
            self.clear_notice(NOTICE_UNATTENDED)
        elif remaining > 0:
            text = "Heaters are switched off at this time unless somebody decides otherwise."
            if NOTICE_UNATTENDED not in self.notices or remaining > self.settings.safety.unattended_minutes * 60 - 1:
                self.notice(NOTICE_UNATTENDED, text, until=time() + remaining)
        elif self.operational:
            self._nobody_decided()

    def _nobody_decided(self) -> None:
        paused = self.state is MachineState.PAUSED
        self.decision_needed = False
        self.unattended.run(needed=False, now=monotonic())
        if paused:
            self.runner.pausing.cool_down()
        elif self.watch.heating or NOTICE_UNATTENDED in self.notices:
            self.log("Nobody decided: switching the heaters off")
            self.send(heaters_off(self.settings.profile))
        self.clear_notice(NOTICE_UNATTENDED)


def _nothing(reason: str, job_lost: bool) -> None:
    """Do nothing about a wire that broke."""
