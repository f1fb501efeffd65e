"""A machine and everything that can be asked of it.

Invariants: reading answers from the copy of what the host last said; a use case is accepted by the machine host or
raises a domain error; while a job lives its file is the selected one.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

import msgspec

from mrdraw.errors import InvalidValue, JobFailed, NoSuchFile, NotOperational, WrongState
from mrdraw.events import ConnectionsAutorefreshed, Event, FileDeselected, FileSelected
from mrdraw.fleet import MachineHandle, Told, new_id
from mrdraw.hub import resume_script
from mrdraw.hub.controls import Controls
from mrdraw.hub.estimates import Estimate, estimate
from mrdraw.hub.feedback import Feedback
from mrdraw.hub.resuming import Choice, Plan, confirmed, plan, variables
from mrdraw.hub.scripts import render, render_job_scripts
from mrdraw.hub.view import View, received
from mrdraw.link import messages as link
from mrdraw.link.messages import (
    JOB_STATES,
    OPERATIONAL_STATES,
    Job,
    JobFile,
    MachineState,
    PortInfo,
    ResumeOffer,
    Snapshot,
)
from mrdraw.settings.profile_shape import profile_record

if TYPE_CHECKING:
    from mrdraw.history import Tally
    from mrdraw.settings import MachineTree

LOGGER = logging.getLogger(__name__)

_NOT_CONNECTED = frozenset({MachineState.OFFLINE, MachineState.CLOSED_WITH_ERROR, MachineState.ERROR})
PAUSE_ACTIONS = ("pause", "resume", "toggle")


class Machine(Controls):
    """One machine of this server."""

    def __init__(
        self,
        handle: MachineHandle,
        *,
        settings: Callable[[], MachineTree],
        find_file: Callable[[str], JobFile],
        publish: Callable[[Event], None],
        remember: Callable[[str | None], Awaitable[None]],
        job_ended: Callable[[link.JobEnded], None],
        tally_of: Callable[[JobFile], Tally | None],
    ) -> None:
        """`find_file` gives the file stored under a path (or raises); `remember` writes the selected path down.

        `job_ended` writes down how a job ended; it may be told so more than once. `tally_of` says what is known of a
        file's jobs, without waiting.
        """
        super().__init__(handle)
        self.id = handle.id
        self.view = View()
        self._settings = settings
        self._find_file = find_file
        self._publish = publish
        self._remember = remember
        self._job_ended = job_ended
        self._tally_of = tally_of
        self._selected: JobFile | None = None
        self._ports: tuple[PortInfo, ...] | None = None
        """The ports there were, once they are known."""
        self._over: str | None = None
        """The id of the last job, if another file was selected since."""
        self._feedback = Feedback()
        self._unsubscribe = handle.subscribe(self._told)

    def close(self) -> None:
        """Stop listening to the machine host."""
        self._unsubscribe()

    # --- what it is ------------------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The name people gave the machine."""
        return self._settings().name or self.id

    @property
    def settings(self) -> MachineTree:
        """The machine's settings of now."""
        return self._settings()

    @property
    def attached(self) -> bool:
        """Whether the machine host answers."""
        return self._handle.attached

    @property
    def snapshot(self) -> Snapshot:
        """What the machine host last said."""
        return self._handle.snapshot

    @property
    def wire(self) -> link.WireReport | None:
        """What the machine host last said of the wire."""
        return self._handle.wire

    @property
    def state(self) -> MachineState:
        """What the machine is doing."""
        return self.snapshot.state

    @property
    def is_connected(self) -> bool:
        """Whether a port is open, or being opened."""
        return self.state not in _NOT_CONNECTED

    @property
    def is_operational(self) -> bool:
        """Whether the firmware takes commands."""
        return self.state in OPERATIONAL_STATES

    @property
    def is_ready(self) -> bool:
        """Whether a job can be started."""
        return self.state is MachineState.OPERATIONAL

    @property
    def has_job(self) -> bool:
        """Whether a job lives."""
        return self.state in JOB_STATES

    @property
    def selected(self) -> JobFile | None:
        """The selected file; while a job lives, its file."""
        if self.has_job and self.snapshot.job is not None:
            return self.snapshot.job.file
        return self._selected

    @property
    def tally(self) -> Tally | None:
        """What is known of the jobs of the selected file."""
        file = self.selected
        return None if file is None else self._tally_of(file)

    @property
    def progress(self) -> Estimate:
        """How far the job is; after its end until another file is selected."""
        job = self.snapshot.job
        return Estimate() if job is None or job.id == self._over else estimate(self.snapshot)

    def uses(self, path: str) -> bool:
        """Whether the file, or a file in the folder, belongs to a living job."""
        job = self.snapshot.job
        if job is None or not self.has_job:
            return False
        return job.file.path == path or job.file.path.startswith(f"{path}/")

    # --- the file --------------------------------------------------------------------------------------------------

    async def select(self, path: str, user: str | None, start: bool = False) -> None:
        """Select a stored file, and start it if asked to. Raises `NoSuchFile`, `NotOperational`, `WrongState`."""
        file = self._find_file(path)
        self._need_ready()
        await self._set_selected(msgspec.structs.replace(file, user=user))
        if start:
            await self.start_job(user)

    async def unselect(self) -> None:
        """Have no file selected. Raises `WrongState` when none is, or when a job lives."""
        self._need_ready()
        if self._selected is None:
            raise WrongState("No file is selected.")
        await self._set_selected(None)

    async def forget_missing(self) -> None:
        """A file or folder was removed: what is no longer there is not selected any more."""
        if self._selected is None or self.has_job:
            return
        try:
            self._find_file(self._selected.path)
        except NoSuchFile:
            await self._set_selected(None)

    def restore_selection(self, path: str) -> None:
        """Select what was selected before the server was started, if it is still there."""
        try:
            self._selected = self._find_file(path)
        except NoSuchFile:
            LOGGER.info("machine %s: the selected file %s is gone", self.id, path)

    async def _set_selected(self, file: JobFile | None) -> None:
        self._selected = file
        self._over = self.snapshot.job.id if self.snapshot.job else None
        self.view.changed()
        if file is None:
            self._publish(FileDeselected())
        else:
            self._publish(
                FileSelected(
                    name=file.name, path=file.path, origin=file.origin, size=file.size, owner=file.owner, user=file.user
                )
            )
        await self._remember(file.path if file else None)

    # --- the job ---------------------------------------------------------------------------------------------------

    async def start_job(self, user: str | None) -> None:
        """Start the selected file. Raises `NotOperational`, `WrongState`, `JobFailed`."""
        self._need_ready()
        selected = self._selected
        if selected is None:
            raise WrongState("No file is selected. Select one first.")
        try:
            file = self._find_file(selected.path)
        except NoSuchFile as error:
            raise JobFailed(f"The selected file {selected.path} is gone.") from error
        file = msgspec.structs.replace(file, user=user)
        job = Job(id=new_id(), file=file, scripts=render_job_scripts(self._settings().scripts, self._variables(file)))
        await self._ask(link.StartJob(id=new_id(), job=job))
        self._selected = file

    async def restart_job(self) -> None:
        """Run the paused job from its beginning."""
        await self._ask(link.RestartJob(id=new_id()))

    async def pause_job(self, action: str = "toggle") -> None:
        """Pause the job, resume it, or do what it does not do now. Raises `InvalidValue` for another action."""
        if action not in PAUSE_ACTIONS:
            raise InvalidValue(f"The action {action!r} is unknown; it is one of {', '.join(PAUSE_ACTIONS)}.")
        paused = self.state in {MachineState.PAUSED, MachineState.PAUSING}
        if action == "resume" or (action == "toggle" and paused):
            await self.resume()
        else:
            await self._ask(link.PauseJob(id=new_id()))

    async def resume(self) -> None:
        """Let the paused job go on."""
        await self._ask(link.ResumeJob(id=new_id()))

    async def cancel_job(self) -> None:
        """Cancel the job."""
        await self._ask(link.CancelJob(id=new_id()))

    async def dismiss_interrupted(self) -> None:
        """Settle the interrupted job without resuming it."""
        await self._ask(link.DismissInterrupted(id=new_id()))

    # --- the interrupted job ---------------------------------------------------------------------------------------

    @property
    def offer(self) -> ResumeOffer:
        """From where the interrupted job can go on. Raises `WrongState` when there is none, or not yet."""
        interrupted, offer = self.snapshot.interrupted, self._handle.offer
        if interrupted is None:
            raise WrongState("There is no interrupted job.")
        if offer is None or offer.job_id != interrupted.job.id:
            raise WrongState("It is still being found out from where the job can go on. Try again in a few seconds.")
        return offer

    def resume_plan(self, choice: Choice) -> Plan:
        """How the interrupted job would go on. Raises `WrongState`, `InvalidValue`."""
        return plan(self.offer, self._settings().profile, self.snapshot.kinematics, choice)

    def resume_lines(self, made: Plan, choice: Choice) -> tuple[str, ...]:
        """The lines that are sent before the job. Raises `JobFailed` when the script cannot be rendered."""
        tree, interrupted = self._settings(), self.snapshot.interrupted
        if interrupted is None:
            raise WrongState("There is no interrupted job.")
        texts = {**tree.scripts, resume_script.NAME: self.resume_script}
        known = self._variables(interrupted.job.file)
        return render(texts, resume_script.NAME, {**known, "resume": variables(made, choice, tree.profile)})

    @property
    def resume_script(self) -> str:
        """The template of those lines."""
        return self._settings().scripts.get(resume_script.NAME) or resume_script.DEFAULT

    async def resume_interrupted(self, job_id: str, choice: Choice) -> None:
        """Go on with the interrupted job as a person confirmed it.

        Raises `WrongState`, `NotOperational`, `InvalidValue`, `LimitExceeded`, `JobFailed`.
        """
        offer = self.offer
        if offer.job_id != job_id:
            raise WrongState("Another job is interrupted than the one that was confirmed.")
        made = self.resume_plan(choice)
        confirmed(made, choice)
        lines = self.resume_lines(made, choice)
        await self._ask(link.ResumeInterrupted(id=new_id(), job_id=offer.job_id, index=made.place.index, lines=lines))

    def script(self, name: str, variables: dict[str, object]) -> tuple[str, ...]:
        """The lines of one of the machine's scripts. Raises `InvalidValue` when there is none of this name."""
        scripts = self._settings().scripts
        if name not in scripts:
            known = ", ".join(sorted(scripts)) or "none"
            raise InvalidValue(f"There is no script {name!r}. Scripts are: {known}.")
        return render(scripts, name, {**variables, "printer_profile": self._profile()})

    # --- inside ----------------------------------------------------------------------------------------------------

    def _need_ready(self) -> None:
        if not self.is_operational:
            raise NotOperational("The machine is not operational. Connect it first.")
        if self.has_job:
            raise WrongState("A job is running. Cancel it, or wait for its end.")

    def _variables(self, file: JobFile) -> dict[str, object]:
        """What a job's scripts can use."""
        event = {
            "name": file.name, "path": file.path, "origin": file.origin, "size": file.size,
            "owner": file.owner, "user": file.user,
        }  # fmt: skip
        return {"printer_profile": self._profile(), "event": event}

    def _profile(self) -> object:
        """The profile in force for scripts: with the members of the settings and with those that clients know."""
        profile = self._settings().profile
        return {**msgspec.to_builtins(profile), **profile_record(profile)}

    def _told(self, told: Told) -> None:
        """The machine host said something."""
        if isinstance(told, link.JobEnded):
            self._job_ended(told)
            return
        if isinstance(told, Snapshot):
            self._follow_job(told)
            self._follow_ports(told)
        elif isinstance(told, link.LogLines):
            self.view.take_log(told.lines)
            self._tell_controls(told.lines)
        elif isinstance(told, link.TemperatureLog):
            self.view.take_temperatures(told.points, 60 * self._settings().temperature.cutoff)
        elif isinstance(told, link.Happened):
            self.view.take_event(told.event)
        self.view.changed()
        if isinstance(told, link.Happened):
            self._publish(told.event)

    def _tell_controls(self, lines: Sequence[str]) -> None:
        """Tell what custom controls want to hear of the firmware."""
        for event in self._feedback.told(received(lines), self._settings().controls):
            self._publish(event)

    def _follow_job(self, snapshot: Snapshot) -> None:
        """The file of a living job is the selected one, also for a server that did not start it."""
        if snapshot.job is not None and snapshot.state in JOB_STATES:
            self._selected = snapshot.job.file

    def _follow_ports(self, snapshot: Snapshot) -> None:
        """While nothing is connected, others are told of ports that came and went."""
        before, self._ports = self._ports, snapshot.ports
        changed = before is not None and before != snapshot.ports
        if changed and snapshot.state in _NOT_CONNECTED:
            self._publish(ConnectionsAutorefreshed(ports=[port.path for port in snapshot.ports]))
