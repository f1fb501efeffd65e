"""A Marlin that is not there: bytes and the time in, bytes out.

Invariants: no clock, no file, no thread; `now` is monotonic seconds and what happens depends on it alone, not on how
often `advance` is called; lines are read from the receive buffer only while the command queue has a free slot; each
command is acknowledged when it is done, a move when it is in the planner.

How an owner uses it::

    simulator = MarlinSimulator(MarlinOptions(), now)
    loop:
        simulator.receive(data, now)                 # or advance(now): time has passed
        send(simulator.take_output())
        wait for bytes, or until simulator.next_deadline()
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from mrdraw.simulator import reports
from mrdraw.simulator.command_table import is_known, run
from mrdraw.simulator.command_text import Command, parse_command
from mrdraw.simulator.emergency import CODES, EmergencyParser
from mrdraw.simulator.line_buffer import LineAssembler, ReceiveBuffer
from mrdraw.simulator.line_check import Line, LineFault, check_line
from mrdraw.simulator.machine import Machine, Wait
from mrdraw.simulator.options import MarlinOptions
from mrdraw.simulator.statistics import Statistics


@dataclass(frozen=True, slots=True)
class _Queued:
    line: Line
    arrived: float


class MarlinSimulator:
    """The firmware. `on_executed(text, arrived)` hears of each command as it starts, with the time its line came."""

    def __init__(
        self,
        options: MarlinOptions | None = None,
        now: float = 0.0,
        on_executed: Callable[[str, float], None] | None = None,
    ) -> None:
        self.options = options or MarlinOptions()
        self.executed: list[str] = []
        """The commands in the order of execution, without number and checksum"""
        self._on_executed = on_executed
        self._statistics = Statistics()
        self._resets_at = set(self.options.reset_at_lines)
        self._lines_seen = 0
        self._unsent = b""
        self._assembler = LineAssembler(self.options.max_command_size, paren_comments=self.options.paren_comments)
        self._boot(now)

    # --- the owner's side ---------------------------------------------------------------------------------------------

    def receive(self, data: bytes, now: float) -> None:
        """Bytes arrive from the host."""
        self.advance(now)
        self._statistics.bytes_received += len(data)
        if not data or not self._is_alive():
            return
        if self.options.emergency_parser:
            self._obey_emergency(data)
        if not self._machine.halted:
            self._buffer.add(data, self._machine.now)
            self._work()
            self._statistics.bytes_lost += self._buffer.lose_excess()

    def advance(self, now: float) -> None:
        """Let time pass until `now`."""
        while (due := self.next_deadline()) is not None and due <= now:
            self._machine.now = max(due, self._machine.now)
            self._do_what_is_due()
        self._machine.now = max(now, self._machine.now)

    def take_output(self) -> bytes:
        """What the firmware sent since the last call."""
        data, self._unsent = self._unsent + self._machine.take_said(), b""
        return data

    def next_deadline(self) -> float | None:
        """When `advance` has to be called at the latest, or `None` when nothing happens by itself."""
        if self._boot_end is not None:
            return self._boot_end
        earliest = self._wake
        for due in (self._next_busy, self._machine.next_report, self._next_wait()):
            if due is not None and (earliest is None or due < earliest):
                earliest = due
        return earliest

    def reset(self, now: float) -> None:
        """The reset button (or DTR): everything is forgotten, `start` is said."""
        self.advance(now)
        self._reset()

    @property
    def statistics(self) -> Statistics:
        """The counters, up to date."""
        statistics = self._statistics
        statistics.moves = self._moves_before + self._machine.planner.moves
        statistics.underruns = self._underruns_before + self._machine.planner.underruns
        statistics.last_line_number = self._machine.line_number
        return statistics

    @property
    def machine(self) -> Machine:
        """The machine that the firmware drives: position, heaters, planner. It is another one after a reset."""
        return self._machine

    @property
    def queued(self) -> int:
        """How many commands are in the queue, the executing one included."""
        return len(self._queue)

    @property
    def unread(self) -> int:
        """How many bytes wait in the receive buffer."""
        return len(self._buffer)

    # --- from reset to start ------------------------------------------------------------------------------------------

    def _boot(self, now: float) -> None:
        self._machine = Machine(self.options, now)
        self._moves_before = self._statistics.moves
        self._underruns_before = self._statistics.underruns
        self._assembler.finish()
        self._buffer = ReceiveBuffer(self.options.rx_buffer_size, self._assembler)
        self._emergency = EmergencyParser()
        self._queue: deque[_Queued] = deque()
        self._wait: Wait | None = None
        self._wake: float | None = None
        self._next_busy: float | None = None
        self._active_at = now
        self._boot_end: float | None = now + self.options.boot_seconds
        if self.options.boot_seconds == 0:
            self._finish_boot()

    def _finish_boot(self) -> None:
        self._boot_end = None
        self._active_at = self._machine.now
        for line in reports.banner(self.options):
            self._machine.say(line)

    def _reset(self) -> None:
        self._unsent = self.take_output()
        self._statistics = self.statistics
        self._statistics.resets += 1
        earlier = self._machine
        self._boot(earlier.now)
        self._machine.keep_heat_of(earlier)

    # --- what happens by itself ---------------------------------------------------------------------------------------

    def _do_what_is_due(self) -> None:
        now = self._machine.now
        if self._boot_end is not None:
            self._finish_boot()
            return
        if self._wake is not None and self._wake <= now:
            self._resume()
        if self._next_busy is not None and self._next_busy <= now:
            self._machine.say(f"echo:busy: {self._machine.busy_with}")
            self._next_busy += self._machine.keepalive_seconds
        if self._machine.next_report is not None and self._machine.next_report <= now:
            self._machine.say(f" {reports.temperature_report(self._machine)}")
            self._machine.next_report += self._machine.report_seconds
        if (idle := self._next_wait()) is not None and idle <= now:
            self._machine.say("wait")
            self._active_at = now

    def _next_wait(self) -> float | None:
        if self.options.wait_seconds is None or self._queue or self._machine.halted:
            return None
        return self._active_at + self.options.wait_seconds

    # --- from the receive buffer into the queue -----------------------------------------------------------------------

    def _work(self) -> None:
        """Read lines while there are free slots, execute while nothing takes time, until neither is possible."""
        while self._is_alive():
            if len(self._queue) < self.options.command_slots and (received := self._buffer.take_line()):
                self._take(*received)
            elif self._queue and self._wait is None:
                self._execute(self._queue[0])
            else:
                return

    def _is_alive(self) -> bool:
        return self._boot_end is None and not self._machine.halted

    def _take(self, data: bytes, arrived: float) -> None:
        self._active_at = self._machine.now
        self._lines_seen += 1
        if self._lines_seen in self._resets_at:
            self._reset()
            return
        line = check_line(data, self._machine.line_number, number_required=self.options.number_required_with_checksum)
        if isinstance(line, LineFault):
            self._refuse(line)
            return
        self._statistics.lines_taken += 1
        if line.number is not None:
            self._machine.line_number = line.number
        elif not self.options.emergency_parser:
            self._obey_early(line.text)
            if self._machine.halted:
                return
        self._queue.append(_Queued(line, arrived))

    def _refuse(self, fault: LineFault) -> None:
        self._statistics.count_fault(fault)
        self._machine.say(f"Error:{fault.value}{self._machine.line_number}")
        if fault is LineFault.NO_LINE_NUMBER:
            return
        self._statistics.bytes_flushed += len(self._buffer)
        self._buffer.flush()
        self._machine.say(f"Resend: {self._machine.line_number + 1}")
        if self.options.ok_after_resend:
            self._machine.say("ok")

    # --- execution ----------------------------------------------------------------------------------------------------

    def _execute(self, queued: _Queued) -> None:
        text = queued.line.text
        self._statistics.commands_executed += 1
        if self.options.keep_record:
            self.executed.append(text)
        if self._on_executed is not None:
            self._on_executed(text, queued.arrived)
        wait = self._start(parse_command(text))
        if wait is None:
            self._finish()
            return
        self._wait = wait
        interval = self._machine.keepalive_seconds
        self._next_busy = self._machine.now + interval if interval else None
        self._step()

    def _start(self, command: Command) -> Wait | None:
        if is_known(self.options, command.code):
            return run(self._machine, command)
        self._statistics.unknown_commands += 1
        self._machine.say(f'echo:Unknown command: "{command.text}"')
        return None

    def _step(self) -> None:
        """Let the current command go on."""
        if self._wait is None:
            return
        try:
            self._wake = next(self._wait)
        except StopIteration:
            self._wait = self._wake = self._next_busy = None
            self._finish()

    def _resume(self) -> None:
        self._step()
        self._work()

    def _finish(self) -> None:
        """The current command is done: acknowledge it."""
        if self._machine.halted:
            self._queue.clear()
            return
        payload, self._machine.acknowledge_with = self._machine.acknowledge_with, None
        if payload is None:
            payload = self._figures() if self.options.advanced_ok else ""
        self._machine.say(f"ok {payload}" if payload else "ok")
        self._queue.popleft()
        self._active_at = self._machine.now

    def _figures(self) -> str:
        """``N10 P15 B3``: the line's number if it had one, free planner blocks, free command slots."""
        number = self._queue[0].line.number
        planner = f"P{self._machine.planner.free(self._machine.now)}"
        slots = f"B{self.options.command_slots - len(self._queue)}"
        return " ".join([planner, slots] if number is None else [f"N{number}", planner, slots])

    # --- emergencies --------------------------------------------------------------------------------------------------

    def _obey_emergency(self, data: bytes) -> None:
        for code in self._emergency.scan(data):
            if self._is_alive():
                self._obey(code)

    def _obey_early(self, text: str) -> None:
        """Without the parser, an emergency command that has no number acts when it gets a slot of the queue."""
        code = parse_command(text).code if text.startswith("M") else ""
        if code in CODES:
            self._obey(code)

    def _obey(self, code: str) -> None:
        if code == "M112":
            self._halt()
            return
        if code == "M410":
            self._machine.quick_stop()
        else:
            self._machine.interrupt()
        if self._wait is not None:
            self._step()

    def _halt(self) -> None:
        self._machine.halt()
        self._queue.clear()
        self._buffer.reset()
        self._wait = self._wake = self._next_busy = None
