"""What wants to be sent, and in which order: emergencies, lines sent again, the set-up, by hand, the job.

Invariants: an emergency waits for nothing; lines that are withheld are reported in their turn, when everything before
them was taken; the end of a job is reported when the machine answered a question behind its last line, which proves
that the line was taken.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Mapping

from mrdraw.firmware.dialect import (
    CommandAcknowledged,
    Event,
    JobExhausted,
    JobLineAcknowledged,
    JobLineSent,
    JobPauseWanted,
    LinesWanted,
    Queued,
    Withheld,
)
from mrdraw.firmware.dwell import DWELL, seconds
from mrdraw.firmware.flow import TEMPERATURES, Flow
from mrdraw.firmware.hearing import Hearing
from mrdraw.firmware.job import JobLines, Role
from mrdraw.firmware.lines import WITHHELD_BY_HAND, WITHHELD_FROM_JOB, reason_withheld
from mrdraw.firmware.numbered import UNNUMBERED, Sent, numbered
from mrdraw.firmware.options import MarlinOptions
from mrdraw.gcode.words import command_of

EMERGENCY_STOP = "M112"

_TAKEN_AT_ONCE = frozenset({"M108", "M410", "M524", "M876"})
"""With an emergency parser the firmware takes these from the byte stream (Marlin, e_parser.h)."""

_POSITION = b"M114"
"""The question behind the last line of a job. Nobody else asks it, so its answer proves that the line was taken."""

_WORD = re.compile(rb"[A-Za-z][A-Za-z_]+(?:\s|$)")
"""How a command begins that is no G-code."""

_ANSWER_WITHIN = 0.5
_QUESTIONS = 3
"""So often, and s, the position is waited for after an acknowledge; some firmware does not answer."""

_OLD_LINES = 64
"""So many lines of a job are asked for when an old one has to be sent again."""


class Outbox:
    """The queues."""

    def __init__(self, options: MarlinOptions, flow: Flow, hearing: Hearing, emit: Callable[[Event], None]) -> None:
        self.job: JobLines | None = None
        self.urgent: deque[bytes] = deque()
        self.internal: deque[bytes] = deque()
        """lines of the dialect itself"""
        self.dwells_until = 0.0
        """the firmware reads nothing before this, monotonic s; in the past while nothing is waited for"""
        self.sent_events: list[Event] = []
        """what was sent and not reported yet; nobody has to be woken for it"""
        self._options = options
        self._flow = flow
        self._hearing = hearing
        self._emit = emit
        self._hand: deque[tuple[Queued, bytes]] = deque()

    def forget(self) -> None:
        """The firmware starts anew: nothing of the dialect's own is left to say."""
        self.urgent.clear()
        self.internal.clear()
        self.dwells_until = 0.0

    def forget_queued(self) -> list[Queued]:
        """Drop the commands queued by hand, and say which they were."""
        dropped = [command for command, _ in self._hand]
        self._hand.clear()
        return dropped

    @property
    def asks_temperatures(self) -> bool:
        """Whether an M105 is queued or in flight."""
        queued = any(line == TEMPERATURES for _, line in self._hand)
        return queued or TEMPERATURES in self.internal or any(sent.reports for sent in self._flow.window.pending)

    # --- queueing -----------------------------------------------------------------------------------------------------

    def add(self, command: Queued, line: bytes) -> None:
        """Queue a command typed by hand."""
        self._hand.append((command, line))

    def add_urgently(self, command: Queued, line: bytes, *, numbers_hold: bool) -> None:
        """Send a command before everything else, whatever is in flight.

        M112 goes without and with a number: one of the two gets through whatever the firmware waits for.
        """
        window, name = self._flow.window, command_of(line)
        at_once = name in _TAKEN_AT_ONCE and self._hearing.capabilities.get("EMERGENCY_PARSER", False)
        numbered_too = numbers_hold and not at_once and not window.going_back
        if name == EMERGENCY_STOP:
            window.pending.clear()
            self._flow.probe_due = False
        if name == EMERGENCY_STOP or not numbered_too:
            self.urgent.append(line + b"\n")
        if numbered_too:
            sent = self._flow.send(line)
            sent.command = command
            self.urgent.append(sent.wire)
        elif numbers_hold and name != EMERGENCY_STOP:
            window.pending.append(Sent(UNNUMBERED, line, command=command))

    def synchronise(self) -> None:
        """Send an M105 soon: after a resend there may be an acknowledge too many, and its answer finds out."""
        if TEMPERATURES not in self.internal:
            self.internal.append(TEMPERATURES)

    # --- sending ------------------------------------------------------------------------------------------------------

    def next_line(self, *, ready: bool) -> bytes | None:
        """The next numbered line, or `None` when nothing may be sent or there is nothing to send."""
        flow = self._flow
        if flow.probe_due:
            return self._probe()
        if not flow.has_room() or (flow.window.pending and not ready):
            return None
        if flow.window.going_back:
            return self._next_again()
        if self.dwells_until > flow.clocks.now:
            return None
        if self.internal:
            return self._next_internal() if flow.fits(self.internal[0]) else None
        if not ready:
            return None
        if self._hand:
            return self._next_by_hand()
        job = self.job
        if job is None or job.held:
            return None
        return self._next_of_job(job) if job.has_next else self._close_job(job)

    def plain_line(self) -> bytes | None:
        """The next line of the job, if nothing goes before it and nothing is special about it."""
        job = self.job
        if job is None or job.held or not job.has_next or job.next_index in job.marks:
            return None
        if self.urgent or self.internal or self._hand or self.dwells_until > self._flow.clocks.now:
            return None
        return job.peek()

    def _probe(self) -> bytes | None:
        self._flow.probe_due = False
        if self._flow.window.going_back:
            return self._next_again()
        return self._flow.ask_temperatures().wire

    def _next_internal(self) -> bytes:
        line = self.internal.popleft()
        return self._flow.ask_temperatures().wire if line == TEMPERATURES else self._flow.send(line).wire

    def _next_by_hand(self) -> bytes | None:
        command, line = self._hand[0]
        name = command_of(line)
        if not line or name in WITHHELD_BY_HAND or name in self._options.withheld_commands:
            self.settle_hand()
            return None
        if not self._flow.fits(line):
            return None
        self._hand.popleft()
        if self._hearing.quirks.plain_words and _WORD.match(line):
            self._emit(CommandAcknowledged(command))
            return line + b"\n"
        if line == TEMPERATURES:
            sent = self._flow.ask_temperatures()
        else:
            sent = self._flow.send(line, long_running=name in self._options.long_running_commands)
        sent.command = command
        self._note_tool(name)
        self._note_dwell(sent.wire)
        return sent.wire

    def _next_of_job(self, job: JobLines) -> bytes | None:
        index = job.next_index
        mark = job.marks.get(index) if job.marks else None
        if mark is not None and mark.role in {Role.PAUSE, Role.WITHHELD}:
            self.settle_job()
            return None
        if not self._flow.fits(job.peek()):
            return None
        long_running = False
        if mark is not None:
            del job.marks[index]
            if mark.role is Role.SPLIT:
                return self._flow.send(mark.command.encode(), job=job).wire
            long_running = mark.role is Role.LONG_RUNNING
            self._note_tool(mark.command)
        sent = self._flow.send(job.take(), index=index, job=job, long_running=long_running)
        self.sent_events.append(JobLineSent(index))
        if long_running:
            self._note_dwell(sent.wire)
        return sent.wire

    def _close_job(self, job: JobLines) -> bytes | None:
        if not job.asking or not job.done or self._flow.window.pending:
            return None
        job.asking = False
        job.questions += 1
        job.asked_at = self._flow.clocks.now
        sent = self._flow.send(_POSITION)
        sent.job, sent.final = job, True
        return sent.wire

    def _note_tool(self, command: str) -> None:
        if command[:1] == "T" and command[1:].isdigit():
            self._hearing.select(int(command[1:]))

    def _note_dwell(self, line: bytes) -> None:
        if self._hearing.quirks.dwells_behind_ok and command_of(line) == DWELL:
            self.dwells_until = self._flow.clocks.now + seconds(line.decode("latin-1"))

    # --- sending again ------------------------------------------------------------------------------------------------

    def _next_again(self) -> bytes | None:
        window = self._flow.window
        sent = window.history.line(window.following) or self._old_line(window.following)
        if sent is None or not self._flow.fits_again(sent):
            return None
        if sent.long_running:
            self._note_dwell(sent.wire)
        return self._flow.again(sent)

    def _old_line(self, number: int) -> Sent | None:
        """A line of the job that is not kept: it is asked for again."""
        job = self.job
        index = self._flow.window.history.index_of(number, job)
        if job is None or index is None:
            self._flow.give_up_line(number)
            return None
        text = job.old_line(index)
        if text is not None:
            return Sent(number, numbered(number, text), index=index, job=job)
        wanted = job.ask_again(index, _OLD_LINES)
        if wanted is not None:
            self._emit(LinesWanted(*wanted))
        return None

    def rewind(self, number: int) -> bool:
        """Hold the job and put it back to its first line that has this number or a later one; whether there is one."""
        job, window = self.job, self._flow.window
        if job is None:
            return False
        indexes = (window.history.index_of(later, job) for later in range(number, window.frontier))
        index = next((index for index in indexes if index is not None), None)
        if index is None:
            return False
        self._flow.go_to(window.frontier)
        job.go_back(index)
        return True

    # --- what was taken -----------------------------------------------------------------------------------------------

    def taken(self, sent: Sent) -> None:
        """A line was taken by the firmware."""
        job = self.job
        if job is not None and sent.job is job:
            if sent.final:
                proven = self._hearing.position_at >= job.asked_at
                job.ends_at = self._flow.clocks.now + (0.0 if proven else _ANSWER_WITHIN)
            elif sent.index > job.acknowledged:
                job.acknowledged = sent.index
                self._emit(JobLineAcknowledged(sent.index))
        elif sent.command is not None and not sent.reported:
            sent.reported = True
            self._emit(CommandAcknowledged(sent.command))

    def _why_withheld(self, command: str, table: Mapping[str, str]) -> str | None:
        return reason_withheld(command, table, self._options.withheld_commands)

    def settle_hand(self) -> None:
        """Report withheld commands whose turn it is."""
        while self._hand and not self._flow.window.pending:
            command, line = self._hand[0]
            reason = self._why_withheld(command_of(line), WITHHELD_BY_HAND) if line else "it is a comment"
            if reason is None:
                return
            self._hand.popleft()
            self._emit(Withheld(command.text, reason))
            self._emit(CommandAcknowledged(command))

    def settle_job(self, *, ready: bool = True) -> None:
        """Report withheld lines and the end of the job, and ask for lines, where it is time."""
        job = self.job
        if job is None:
            return
        if ready and job.marks and not self._flow.window.pending:
            self._settle_marks(job)
        wanted = job.wanted()
        if wanted is not None:
            self._emit(LinesWanted(*wanted))
        if job.ends_at is not None:
            self._settle_end(job)

    def _settle_end(self, job: JobLines) -> None:
        ends_at = self.job_ends_at()
        if ends_at is None or self._flow.clocks.now < ends_at:
            return
        if self._hearing.position_at < job.asked_at and job.questions < _QUESTIONS:
            job.asking, job.ends_at = True, None
            return
        self.job = None
        self._emit(JobExhausted())

    def job_ends_at(self) -> float | None:
        """When the end of the job is to be reported, or `None`."""
        job, window = self.job, self._flow.window
        if job is None or job.ends_at is None or job.held or window.going_back:
            return None
        return None if any(sent.job is job for sent in window.pending) else job.ends_at

    def _settle_marks(self, job: JobLines) -> None:
        while not job.held and job.has_next and (mark := job.marks.get(job.next_index)) is not None:
            if mark.role not in {Role.PAUSE, Role.WITHHELD}:
                return
            index = job.next_index
            del job.marks[index]
            text = job.take().decode("utf-8", "replace")
            job.acknowledged = index
            if mark.role is Role.PAUSE:
                job.held = True
                self._emit(JobPauseWanted(index, text))
            else:
                reason = self._why_withheld(mark.command, WITHHELD_FROM_JOB)
                self._emit(Withheld(text, reason or "it is a command for the host"))
                self._emit(JobLineAcknowledged(index))
