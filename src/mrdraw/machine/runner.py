"""The job: from the pinned file to its end.

Invariants: nothing is sent before the whole file was pinned and checked; every end (done, cancelled, failed) leaves the
machine as safety rule 3 says; a job that was not settled keeps its pinned file; only a person's command, the file or
the firmware start, pause, resume or cancel.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from mrdraw.errors import JobFailed, LimitExceeded, WrongState
from mrdraw.firmware.dialect import Priority
from mrdraw.link.messages import Interrupted, Job, MachineState, Progress
from mrdraw.machine import manual, pinned, recovery
from mrdraw.machine.announce import Announcer, Where
from mrdraw.machine.feed import LineFeed
from mrdraw.machine.pausing import Pausing
from mrdraw.machine.pinned import PinnedJob
from mrdraw.machine.recovery import Leftover
from mrdraw.machine.resuming import Restart, Resuming

if TYPE_CHECKING:
    from mrdraw.machine.machine import Machine

_NOWHERE = Where(position=None, fileposition=None, progress=None)


class Stopwatch:
    """The time a job takes, without its pauses; s."""

    def __init__(self, before: float = 0.0) -> None:
        self._before = before
        self._since: float | None = None

    def start(self) -> None:
        """Run."""
        self._since = monotonic()

    def stop(self) -> float:
        """Stand still; the time so far."""
        self._before, self._since = self.elapsed, None
        return self._before

    @property
    def elapsed(self) -> float:
        """The time so far."""
        return self._before + (monotonic() - self._since if self._since is not None else 0.0)


class JobRunner:
    """Runs one job at a time on a machine."""

    def __init__(self, machine: Machine, jobs: Path) -> None:
        self.job: Job | None = None
        self.clock = Stopwatch()
        self.pausing = Pausing(machine, self)
        self.resuming = Resuming(machine, self, jobs)
        self._machine = machine
        self._jobs = jobs
        self._tell = Announcer(machine)
        self._feed: LineFeed | None = None
        self._progress = Progress()
        self._pinning: asyncio.Task[None] | None = None

    # --- start -----------------------------------------------------------------------------------------------------

    def start(self, job: Job) -> None:
        """Pin the job and run it. Raises `WrongState` when one lives."""
        machine = self._machine
        if machine.has_job:
            raise WrongState("A job is running. Cancel it, or wait for its end.")
        self._settle()
        self.job = job
        self._progress = Progress()
        self.clock = Stopwatch()
        machine.enter(MachineState.STARTING)
        self._pinning = asyncio.create_task(self._pin_and_begin(job))

    async def _pin_and_begin(self, job: Job) -> None:
        machine = self._machine
        try:
            pinned_job = await asyncio.to_thread(pinned.pin, job, self._jobs, self._check_line)
        except JobFailed as error:
            if machine.state is MachineState.STARTING and self.job is job:
                self._not_started(job, str(error))
            return
        if machine.state is MachineState.STARTING and self.job is job:
            self._begin(pinned_job)
        else:
            await asyncio.to_thread(pinned.unpin, pinned_job.folder)

    def _check_line(self, line: bytes) -> str | None:
        """Why a line cannot be sent; called in a thread."""
        driver = self._machine.driver
        if driver is None:
            return "the machine is not connected any more"
        try:
            self._machine.limits.check_line(line)
        except LimitExceeded as error:
            return str(error)
        return driver.dialect.check_line(line)

    def _not_started(self, job: Job, text: str) -> None:
        machine = self._machine
        machine.report_error(text, "start_print")
        self._tell.failed(job, 0.0, text, _NOWHERE)
        machine.enter(MachineState.OPERATIONAL)

    def begin_again(self, interrupted: Interrupted, restart: Restart) -> None:
        """Go on with the interrupted job as a person confirmed it."""
        self.job = interrupted.job
        self._show(interrupted, self._progress.lines_total)
        self._machine.enter(MachineState.STARTING)
        self._pinning = asyncio.create_task(self._load_and_begin(interrupted.job, restart))

    async def _load_and_begin(self, job: Job, restart: Restart) -> None:
        machine, mine = self._machine, asyncio.current_task()
        try:
            pinned_job = await asyncio.to_thread(_loaded, self._jobs / job.id)
        except JobFailed as error:
            if machine.state is MachineState.STARTING and self._pinning is mine:
                self._not_started(job, str(error))
            return
        if machine.state is MachineState.STARTING and self._pinning is mine:  # else it was cancelled meanwhile
            self._begin(pinned_job, restart)

    def _begin(self, pinned_job: PinnedJob, restart: Restart | None = None) -> None:
        """Run the pinned job: from its beginning after its script, or as a person confirmed it."""
        script: Sequence[str] = pinned_job.job.scripts.before_print_started
        first = reached = 0
        if restart is not None:
            first, reached, script = restart.first, restart.reached, restart.script
        self._feed = LineFeed(self._machine, pinned_job, self._unreadable, first=first, reached=reached)
        self.pausing.forget()
        self._tell.started(pinned_job.job)
        self.after(script, self._run)

    def _run(self) -> None:
        machine = self._machine
        if machine.state is not MachineState.STARTING or self._feed is None or machine.driver is None:
            return
        self.clock.start()
        self._feed.begin(self.clock.elapsed)
        self._no_longer_interrupted(self._feed.pinned.folder)
        machine.driver.dialect.begin_job(self._feed.pinned.total, self._feed.first)
        machine.measuring.begin(self._feed.pinned.job.id)
        machine.enter(MachineState.PRINTING)
        machine.driver.tick()

    def _no_longer_interrupted(self, folder: Path) -> None:
        if self.resuming.interrupted is not None:
            self.resuming.forget()
            in_thread(lambda: recovery.unmark_reported(folder))

    def restart(self) -> None:
        """Run the paused job from its beginning. Raises `WrongState` when none is paused."""
        machine, feed = self._machine, self._feed
        if machine.state is not MachineState.PAUSED or machine.driver is None or feed is None:
            raise WrongState("Only a paused job can be restarted.")
        machine.driver.dialect.end_job()
        feed.close(self.clock.stop())
        self.clock = Stopwatch()
        machine.enter(MachineState.STARTING)
        self._begin(feed.pinned)

    # --- what the dialect says -------------------------------------------------------------------------------------

    def lines_wanted(self, first: int, count: int) -> None:
        """The dialect wants lines of the job."""
        if self._feed is not None:
            self._feed.lines_wanted(first, count)

    def sent(self, index: int) -> None:
        """Line `index` was written for the first time."""
        if self._feed is not None:
            self._feed.sent(index)

    def acknowledged(self, index: int) -> None:
        """All lines up to `index` were taken."""
        if self._feed is not None:
            self._feed.acknowledged(index)

    def pause_by_file(self, index: int, text: str) -> None:
        """The job itself wants a pause at line `index`."""
        self.acknowledged(index)
        self.pausing.by_file(text)

    def exhausted(self) -> None:
        """The last line was acknowledged."""
        machine = self._machine
        if self.job is not None and machine.state is MachineState.PRINTING:
            self.follow()
            machine.enter(MachineState.FINISHING)
            self.after(self.job.scripts.after_print_done, self._done)

    # --- the end ---------------------------------------------------------------------------------------------------

    def _done(self) -> None:
        machine = self._machine
        if machine.state is MachineState.FINISHING and self.job is not None:
            seconds = self._close(settled=True, finished=True)
            self._tell.done(self.job, seconds)
            machine.enter(MachineState.OPERATIONAL)

    def cancel(self) -> None:
        """Cancel the job. Raises `WrongState` when none lives."""
        machine, job = self._machine, self.job
        if not machine.has_job or job is None:
            raise WrongState("There is no job to cancel.")
        if machine.state is MachineState.CANCELLING:
            return
        self._tell.cancelling(job)
        self.clock.stop()
        machine.enter(MachineState.CANCELLING)
        if self._feed is None or machine.driver is None:
            self._cancelled()
            return
        self._drop_lines()
        self._break_waiting()
        tail = manual.end_of_job(machine.posture, machine.limits, machine.settings.safety)
        self.after([*job.scripts.after_print_cancelled, *tail], self._cancelled)

    def _break_waiting(self) -> None:
        """End a wait for a temperature, where the firmware listens to that at once."""
        machine = self._machine
        wanted = machine.settings.serial.abort_heatup_on_cancel
        if wanted and machine.capabilities.get("EMERGENCY_PARSER") and machine.driver is not None:
            machine.driver.enqueue(["M108"], Priority.EMERGENCY)

    def _cancelled(self) -> None:
        machine = self._machine
        if machine.state is MachineState.CANCELLING and self.job is not None:
            where = self._where()
            settled = self.resuming.interrupted is None
            self._tell.cancelled(self.job, self._close(settled=settled), where)
            self._progress = Progress()
            machine.enter(MachineState.OPERATIONAL)

    def fail(self, text: str, *, quiet: bool = False) -> None:
        """The job cannot go on. With `quiet` nothing is sent (the machine was stopped)."""
        machine, job, feed = self._machine, self.job, self._feed
        if not machine.has_job or job is None:
            return
        where = self._where()
        if feed is not None:
            self.resuming.job_interrupted(job, feed.record(self.clock.elapsed, final=True), text)
            folder = feed.pinned.folder
            in_thread(lambda: recovery.mark_reported(folder))
        self._tell.failed(job, self._close(settled=False), text, where)
        if machine.driver is not None and machine.driver.transport is not None:
            self._drop_lines()
            if not quiet:
                machine.send(manual.end_of_job(machine.posture, machine.limits, machine.settings.safety))
        machine.enter(MachineState.OPERATIONAL)

    def _unreadable(self, error: OSError) -> None:
        self.fail(f"The job's file cannot be read any more: {error.strerror}. This computer's disk may be failing.")

    # --- after a death ---------------------------------------------------------------------------------------------

    @property
    def jobs(self) -> Path:
        """The folder of the pinned jobs."""
        return self._jobs

    def take_up(self, leftover: Leftover) -> None:
        """Tell of the job that the last machine host did not settle."""
        found = leftover.interrupted
        self.job = found.job
        self.resuming.remember(found, leftover.record)
        self._show(found, leftover.total)
        if not leftover.reported:
            self._machine.report_error(found.reason, "connection")
            where = Where(position=None, fileposition=found.file_position, progress=self._percent())
            self._tell.failed(found.job, found.print_time, found.reason, where)
            folder = self._jobs / found.job.id
            in_thread(lambda: recovery.mark_reported(folder))
        self._machine.changed()

    def _show(self, found: Interrupted, total: int) -> None:
        """Count from where the job was interrupted."""
        self.clock = Stopwatch(found.print_time)
        self._progress = Progress(
            file_position=found.file_position,
            lines_acknowledged=found.acknowledged,
            lines_sent=found.sent,
            lines_total=total,
            print_time=found.print_time,
        )

    def dismiss(self) -> None:
        """A person does not want to resume the interrupted job. Raises `WrongState` when there is none."""
        if self.resuming.interrupted is None:
            raise WrongState("There is no interrupted job.")
        if self._machine.has_job:
            raise WrongState("The interrupted job is being resumed. Cancel it first.")
        self._settle()

    def shut_down(self) -> None:
        """The process ends: what is known goes into the journal."""
        feed = self._feed
        self._close(settled=False)
        if feed is not None:
            feed.join(2.0)

    # --- small parts -----------------------------------------------------------------------------------------------

    def progress(self) -> Progress:
        """How far the job is."""
        if self._feed is not None:
            self._progress = self._feed.progress(self.clock.elapsed, finished=False)
        return self._progress

    def note_progress(self) -> None:
        """Keep the journal up to date; called a few times a second."""
        if self._feed is not None:
            self._feed.note(self.clock.elapsed)

    def follow(self) -> None:
        """Catch up with what the acknowledged lines meant."""
        if self._feed is not None:
            self._feed.follow()

    def after(self, lines: Sequence[str], then: Callable[[], None]) -> None:
        """Send lines, then go on when the last was acknowledged."""
        if lines:
            self._machine.send(lines, then=then)
        else:
            then()

    def tell_paused(self, posture: manual.Posture) -> None:
        """The job is paused."""
        if self._feed is not None:
            self._feed.note(self.clock.elapsed, now=True)
        if self.job is not None:
            self._tell.paused(self.job, Where({**self._where(), "position": posture.position or None}))

    def tell_resumed(self) -> None:
        """The job goes on."""
        if self.job is not None:
            self._tell.resumed(self.job)

    def _drop_lines(self) -> None:
        driver = self._machine.driver
        if driver is not None:
            driver.dialect.forget_queued()
            driver.dialect.end_job()

    def _where(self) -> Where:
        self.follow()
        position = dict(self._machine.modal.position) or None
        return Where(position=position, fileposition=self.progress().file_position, progress=self._percent())

    def _percent(self) -> int:
        size = self.job.file.size if self.job else 0
        return int(100 * self._progress.file_position / size) if size else 0

    def _close(self, *, settled: bool, finished: bool = False) -> float:
        """End reading and journalling; a settled job's pinned file goes. The time that the job took, s."""
        seconds = self.clock.stop()
        feed, self._feed = self._feed, None
        if feed is not None:
            self._progress = feed.progress(seconds, finished=finished)
            feed.close(seconds)
            if settled:
                folder = feed.pinned.folder
                in_thread(lambda: pinned.unpin(folder))
        return seconds

    def _settle(self) -> None:
        """Forget an interrupted job and its pinned file."""
        if self.resuming.interrupted is not None:
            folder = self._jobs / self.resuming.interrupted.job.id
            in_thread(lambda: pinned.unpin(folder))
            self.resuming.forget()


def _loaded(folder: Path) -> PinnedJob:
    """The pinned job of this folder, whole. Raises `JobFailed`; touches the disk."""
    found = pinned.load(folder)
    try:
        pinned.verify(found)
    except OSError as error:
        raise JobFailed(f"The job's file cannot be read any more: {error.strerror}.") from error
    return found


def in_thread(function: Callable[[], None]) -> None:
    """Do something with the disk, off the loop; nobody waits for it."""
    asyncio.get_running_loop().run_in_executor(None, function)
