"""What servers ask of a machine host: one function for each command of the link.

Invariants: a command is accepted or refused at once, with a domain error; accepted is not done; every command of a
person counts as somebody being there (safety rule 2); what heats or moves is checked against the profile first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mrdraw.errors import ForceNeeded, InvalidValue, NotOperational, WrongState
from mrdraw.firmware.dialect import Priority
from mrdraw.gcode.words import command_of
from mrdraw.link import messages as link
from mrdraw.link.messages import MachineState
from mrdraw.machine import manual
from mrdraw.machine.limits import MOVE_COMMANDS

if TYPE_CHECKING:
    from mrdraw.machine.connecting import Connector
    from mrdraw.machine.machine import Machine

_EMERGENCY = "M112"

TAKEN_AT_ONCE = frozenset({"M108", "M410", "M524", "M876"})
"""What the firmware's emergency parser takes from the bytes as they come (Marlin, e_parser.h): it may not wait in a
queue for the very line that it is to end."""

_MAX_OFFSET = 50.0
_MOVING_STATES = link.JOB_STATES - {MachineState.PAUSED}


class Commands:
    """Carries out the commands of the link on one machine."""

    def __init__(self, machine: Machine, connector: Connector) -> None:
        self._machine = machine
        self._connector = connector
        self._table: dict[type[Any], Callable[[Any], None]] = {
            link.Configure: lambda command: machine.configure(command.settings),
            link.Connect: lambda command: connector.connect(command.port, command.baudrate, wait=command.wait),
            link.Disconnect: lambda _: connector.disconnect(),
            link.AcknowledgeByHand: self._acknowledge_by_hand,
            link.StartJob: self._start_job,
            link.RestartJob: lambda _: machine.runner.restart(),
            link.PauseJob: lambda _: machine.runner.pausing.pause(),
            link.ResumeJob: lambda _: machine.runner.pausing.resume(),
            link.CancelJob: lambda _: machine.runner.cancel(),
            link.DismissInterrupted: lambda _: machine.runner.dismiss(),
            link.ResumeInterrupted: machine.runner.resuming.confirm,
            link.SendLines: self._send_lines,
            link.Jog: self._jog,
            link.HomeAxes: self._home,
            link.SetTargets: self._set_targets,
            link.SetOffsets: self._set_offsets,
            link.Extrude: self._extrude,
            link.SelectTool: self._select_tool,
            link.SetFactor: self._set_factor,
            link.EmergencyStop: lambda _: machine.emergency.stop(),
            link.AnswerPrompt: lambda command: machine.asking.answer(command.choice),
            link.ClearNotifications: lambda _: machine.asking.clear(),
            link.Attend: lambda _: None,
        }

    def carry_out(self, command: link.Command) -> None:
        """Do it, or raise the domain error that says why not."""
        self._table[type(command)](command)
        if not isinstance(command, link.Configure):
            self._machine.attend()
        self._machine.changed()

    # --- the job ---------------------------------------------------------------------------------------------------

    def _acknowledge_by_hand(self, command: link.AcknowledgeByHand) -> None:
        self._need_operational()
        if self._machine.driver is not None:
            self._machine.driver.acknowledge_by_hand()

    def _start_job(self, command: link.StartJob) -> None:
        self._need_operational()
        self._machine.runner.start(command.job)

    # --- by hand ---------------------------------------------------------------------------------------------------

    def _need_operational(self) -> None:
        if not self._machine.operational:
            raise NotOperational("The machine is not operational. Connect it first.")

    def _need_stillness(self) -> None:
        """Refuse to move while a job does."""
        self._need_operational()
        if self._machine.state in _MOVING_STATES:
            raise WrongState("A job is running: pause or cancel it before the machine is moved by hand.")

    def _send_lines(self, command: link.SendLines) -> None:
        lines = [line.strip() for line in command.lines]
        lines = [line for line in lines if line]
        if any(command_of(line) == _EMERGENCY for line in lines):
            self._machine.emergency.stop()
            return
        self._need_operational()
        for line in lines:
            self._check_typed(line, force=command.force)
        first = TAKEN_AT_ONCE.union(self._machine.settings.serial.emergency_commands)
        at_once = [line for line in lines if command_of(line) in first]
        queued = [line for line in lines if command_of(line) not in first]
        if at_once:
            self._machine.send(at_once, Priority.EMERGENCY)
        if queued:
            self._machine.send(queued)

    def _check_typed(self, line: str, *, force: bool) -> None:
        machine = self._machine
        if any(ord(character) < 32 for character in line):
            raise InvalidValue(f"A command is one line of text without control characters: {line!r}.")
        machine.limits.check_line(line)
        name = command_of(line)
        if name in MOVE_COMMANDS and machine.state in _MOVING_STATES and not force:
            raise ForceNeeded(f"{name} moves the machine while a job runs. Send it with force if you are sure.")
        if name in {"G0", "G1"}:
            self._check_typed_move(line)

    def _check_typed_move(self, line: str) -> None:
        machine = self._machine
        extruded, target = machine.modal.preview(line)
        machine.limits.check_extrusion(extruded)
        ends = {axis: place for axis, place in target.items() if axis in "xyz"}
        known = {axis: place for axis in "xyz" if (place := machine.posture.known(axis)) is not None}
        machine.limits.check_position(known | ends, "".join(ends))

    def _jog(self, command: link.Jog) -> None:
        machine = self._machine
        self._need_stillness()
        lines = manual.jog(
            command.axes,
            absolute=command.absolute,
            speed=command.speed,
            no_speed=command.no_speed,
            posture=machine.posture,
            limits=machine.limits,
            safety=machine.settings.safety,
        )
        machine.send(lines)
        unhomed = [axis.upper() for axis in command.axes if axis not in machine.posture.homed]
        if unhomed:
            machine.log(f"Warning: {', '.join(unhomed)} was moved without being homed; nothing stops it at the end.")

    def _home(self, command: link.HomeAxes) -> None:
        self._need_stillness()
        self._machine.send(manual.home(command.axes))

    def _set_targets(self, command: link.SetTargets) -> None:
        machine = self._machine
        self._need_operational()
        targets = {self._heater(name): value for name, value in command.targets.items()}
        for heater, value in targets.items():
            machine.limits.check_heater(heater)
            machine.limits.check_target(heater, value)
        extruders = machine.settings.profile.extruders
        machine.send([manual.target(heater, value, extruders=extruders) for heater, value in targets.items()])

    def _heater(self, name: str) -> str:
        return f"tool{self._machine.modal.tool}" if name == "tool" else name

    def _set_offsets(self, command: link.SetOffsets) -> None:
        machine = self._machine
        self._need_operational()
        for heater, value in command.offsets.items():
            machine.limits.check_heater(heater)
            if not abs(value) <= _MAX_OFFSET:
                raise InvalidValue(f"An offset is between -{_MAX_OFFSET:g} and {_MAX_OFFSET:g} °C, not {value:g}.")
        machine.offsets.update(command.offsets)

    def _extrude(self, command: link.Extrude) -> None:
        machine = self._machine
        self._need_stillness()
        machine.send(manual.extrude(command.amount, command.speed, posture=machine.posture, limits=machine.limits))

    def _select_tool(self, command: link.SelectTool) -> None:
        extruders = self._machine.settings.profile.extruders
        self._need_operational()
        if not 0 <= command.tool < extruders:
            raise InvalidValue(f"There is no tool {command.tool}; this machine has {extruders}.")
        self._machine.send([f"T{command.tool}"])

    def _set_factor(self, command: link.SetFactor) -> None:
        self._need_operational()
        self._machine.send([manual.factor(command.kind, command.percent)])
