"""A machine's use cases, against a machine host that is not there."""

import asyncio
import contextlib

import msgspec
import pytest

from helpers_fleet import fake_host, until
from mrdraw import events
from mrdraw.errors import InvalidValue, JobFailed, NoSuchFile, NotOperational, WrongState
from mrdraw.fleet import MachineHandle
from mrdraw.fleet.process import HostStarter
from mrdraw.fleet.supervisor import Supervisor
from mrdraw.hub import Machine
from mrdraw.link import messages as link
from mrdraw.link.messages import Job, JobFile, MachineSettings, MachineState, Progress
from mrdraw.settings import MachineTree
from mrdraw.settings.profiles import ProfileTree

READY = link.Snapshot(sequence=1, state=MachineState.OPERATIONAL)


def file(path="a.gcode", size=100):
    name = path.rpartition("/")[2]
    return JobFile(name=name, path=path, display=name.upper(), source=f"/uploads/{path}", size=size, owner="ann")


class World:
    """A machine, the files there are, and what was published and remembered."""

    def __init__(self, handle, host):
        self.host = host
        self.handle = handle
        self.files = {one.path: one for one in (file(), file("folder/b.gcode", 200))}
        self.tree = MachineTree(own_profile=ProfileTree(name="Big"), scripts={})
        self.published = []
        self.remembered = []
        self.ended = []
        self.machine = Machine(
            handle,
            settings=lambda: self.tree,
            find_file=self.find,
            publish=self.published.append,
            remember=self.remember,
            job_ended=self.ended.append,
            tally_of=lambda _file: None,
        )

    def find(self, path):
        if path not in self.files:
            raise NoSuchFile(f"There is no file {path}.")
        return self.files[path]

    async def remember(self, path):
        self.remembered.append(path)

    async def tell(self, state, **fields):
        self.host.tell(link.Snapshot(sequence=self.handle.snapshot.sequence + 1, state=state, **fields))
        await until(lambda: self.handle.snapshot is not None and self.handle.snapshot.state is state)


@contextlib.asynccontextmanager
async def world(folder, snapshot=READY):
    handle = MachineHandle("default", folder)
    async with fake_host(folder) as host:
        host.snapshot = snapshot
        made = World(handle, host)
        supervisor = Supervisor(handle, MachineSettings, lambda: None, HostStarter())
        task = asyncio.create_task(supervisor.run())
        await supervisor.ready.wait()
        yield made
        made.machine.close()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def run(folder, scenario, snapshot=READY):
    async def main():
        async with world(folder / "m", snapshot) as made:
            await scenario(made)

    asyncio.run(main())


def test_select_start_and_what_the_host_gets(tmp_path):
    async def scenario(world):
        machine = world.machine
        world.tree.scripts["beforePrintStarted"] = "M117 {{ event.user }} {{ printer_profile.name }}"
        await machine.select("folder/b.gcode", "bob")
        assert machine.selected.path == "folder/b.gcode"
        assert world.remembered == ["folder/b.gcode"]
        world.files["folder/b.gcode"] = file("folder/b.gcode", 222)
        await machine.start_job("bob")
        (command,) = world.host.commands(link.StartJob)
        assert command.job.file == msgspec.structs.replace(file("folder/b.gcode", 222), user="bob")
        assert command.job.scripts.before_print_started == ("M117 bob Big",)
        assert world.published == [
            events.FileSelected(
                name="b.gcode", path="folder/b.gcode", origin="local", size=200, owner="ann", user="bob"
            )
        ]

    run(tmp_path, scenario)


def test_select_and_start_at_once(tmp_path):
    async def scenario(world):
        await world.machine.select("a.gcode", "bob", start=True)
        assert len(world.host.commands(link.StartJob)) == 1

    run(tmp_path, scenario)


def test_start_needs_a_file_that_is_there(tmp_path):
    async def scenario(world):
        with pytest.raises(WrongState, match="Select one first"):
            await world.machine.start_job(None)
        await world.machine.select("a.gcode", None)
        world.files.clear()
        with pytest.raises(JobFailed, match=r"a\.gcode is gone"):
            await world.machine.start_job(None)
        with pytest.raises(NoSuchFile):
            await world.machine.select("a.gcode", None)
        assert not world.host.commands(link.StartJob)

    run(tmp_path, scenario)


def test_a_broken_script_refuses_the_start(tmp_path):
    async def scenario(world):
        world.tree.scripts["afterPrintDone"] = "{% if %}"
        await world.machine.select("a.gcode", None)
        with pytest.raises(JobFailed, match="afterPrintDone"):
            await world.machine.start_job(None)
        assert not world.host.commands(link.StartJob)

    run(tmp_path, scenario)


@pytest.mark.parametrize(
    ("state", "error"),
    [(MachineState.OFFLINE, NotOperational), (MachineState.PRINTING, WrongState), (MachineState.PAUSED, WrongState)],
)
def test_a_machine_that_is_not_ready_takes_no_file(tmp_path, state, error):
    async def scenario(world):
        for attempt in (world.machine.select("a.gcode", None), world.machine.unselect(), world.machine.start_job(None)):
            with pytest.raises(error):
                await attempt

    run(tmp_path, scenario, link.Snapshot(sequence=1, state=state))


def test_unselect(tmp_path):
    async def scenario(world):
        with pytest.raises(WrongState, match="No file is selected"):
            await world.machine.unselect()
        await world.machine.select("a.gcode", None)
        await world.machine.unselect()
        assert world.machine.selected is None
        assert world.remembered == ["a.gcode", None]
        assert world.published[-1] == events.FileDeselected()

    run(tmp_path, scenario)


def test_a_removed_file_is_not_selected_any_more(tmp_path):
    async def scenario(world):
        await world.machine.select("folder/b.gcode", None)
        await world.machine.forget_missing()
        assert world.machine.selected is not None
        world.files.clear()
        await world.machine.forget_missing()
        assert world.machine.selected is None

    run(tmp_path, scenario)


def test_the_selection_comes_back_if_the_file_is_still_there(tmp_path):
    async def scenario(world):
        world.machine.restore_selection("gone.gcode")
        assert world.machine.selected is None
        world.machine.restore_selection("a.gcode")
        assert world.machine.selected == file()
        assert not world.published

    run(tmp_path, scenario)


def test_a_living_job_is_the_selected_file_and_in_use(tmp_path):
    running = link.Snapshot(
        sequence=1, state=MachineState.PRINTING, job=Job(id="1", file=file("folder/b.gcode", 200)),
        progress=Progress(file_position=50, print_time=20.0),
    )  # fmt: skip

    async def scenario(world):
        machine = world.machine
        assert machine.has_job
        assert machine.selected.path == "folder/b.gcode"
        assert machine.progress.completion == 25.0
        assert machine.uses("folder/b.gcode")
        assert machine.uses("folder")
        assert not machine.uses("fold")
        assert not machine.uses("a.gcode")
        await world.tell(MachineState.OPERATIONAL, job=running.job)
        assert machine.selected.path == "folder/b.gcode"
        assert not machine.uses("folder")

    run(tmp_path, scenario, running)


def test_progress_after_the_end_stays_until_a_file_is_selected(tmp_path):
    done = link.Snapshot(
        sequence=1, state=MachineState.OPERATIONAL, job=Job(id="1", file=file()),
        progress=Progress(file_position=100, print_time=20.0, finished=True),
    )  # fmt: skip

    async def scenario(world):
        assert world.machine.progress.completion == 100.0
        await world.machine.select("a.gcode", None)
        assert world.machine.progress.completion is None

    run(tmp_path, scenario, done)


@pytest.mark.parametrize(
    ("action", "state", "kind"),
    [
        ("pause", MachineState.PRINTING, link.PauseJob),
        ("pause", MachineState.PAUSED, link.PauseJob),
        ("resume", MachineState.PRINTING, link.ResumeJob),
        ("resume", MachineState.PAUSED, link.ResumeJob),
        ("toggle", MachineState.PRINTING, link.PauseJob),
        ("toggle", MachineState.PAUSED, link.ResumeJob),
    ],
)
def test_pause_actions(tmp_path, action, state, kind):
    async def scenario(world):
        await world.machine.pause_job(action)
        assert len(world.host.commands(kind)) == 1
        with pytest.raises(InvalidValue, match="pause, resume, toggle"):
            await world.machine.pause_job("stop")

    run(tmp_path, scenario, link.Snapshot(sequence=1, state=state))


def test_every_command_reaches_the_host(tmp_path):
    async def scenario(world):
        machine = world.machine
        await machine.connect("/dev/x", 115200)
        await machine.disconnect()
        await machine.fake_ack()
        await machine.restart_job()
        await machine.resume()
        await machine.cancel_job()
        await machine.dismiss_interrupted()
        await machine.send(["G28", "M105"], force=True)
        await machine.jog({"x": 1.5}, absolute=True, speed=600.0)
        await machine.home("xz")
        await machine.set_targets({"bed": 60.0})
        await machine.set_offsets({"bed": 5.0})
        await machine.extrude(5.0, 200.0)
        await machine.select_tool(1)
        await machine.set_factor("flowrate", 95)
        await machine.emergency_stop()
        await machine.attend()
        got = [message for message in world.host.received if not isinstance(message, link.Hello | link.Configure)]
        assert len({message.id for message in got}) == len(got)
        assert [msgspec.structs.replace(message, id="") for message in got] == [
            link.Connect(id="", port="/dev/x", baudrate=115200),
            link.Disconnect(id=""),
            link.AcknowledgeByHand(id=""),
            link.RestartJob(id=""),
            link.ResumeJob(id=""),
            link.CancelJob(id=""),
            link.DismissInterrupted(id=""),
            link.SendLines(id="", lines=("G28", "M105"), force=True),
            link.Jog(id="", axes={"x": 1.5}, absolute=True, speed=600.0),
            link.HomeAxes(id="", axes="xz"),
            link.SetTargets(id="", targets={"bed": 60.0}),
            link.SetOffsets(id="", offsets={"bed": 5.0}),
            link.Extrude(id="", amount=5.0, speed=200.0),
            link.SelectTool(id="", tool=1),
            link.SetFactor(id="", kind="flowrate", percent=95),
            link.EmergencyStop(id=""),
            link.Attend(id=""),
        ]

    run(tmp_path, scenario)


def test_scripts_by_name(tmp_path):
    async def scenario(world):
        world.tree.scripts["warm"] = "M104 S{{ parameters.target }}\n; comment"
        assert world.machine.script("warm", {"parameters": {"target": 200}}) == ("M104 S200",)
        with pytest.raises(InvalidValue, match="warm"):
            world.machine.script("cold", {})

    run(tmp_path, scenario)


def test_how_a_job_ended_is_written_down_and_not_published(tmp_path):
    async def scenario(world):
        ended = link.JobEnded(id="a", file=file(), outcome=link.JobOutcome.DONE, ended_at=5.0)
        world.host.tell(ended)
        await until(lambda: world.ended)
        assert world.ended == [ended]
        assert world.published == []

    run(tmp_path, scenario)


def test_what_the_host_tells_is_kept_and_published(tmp_path):
    async def scenario(world):
        view = world.machine.view
        revision = view.revision
        point = link.TemperaturePoint(time=5, heaters={"bed": link.Heater(actual=20.0)})
        mark = events.ChartMarked(type="print", label="Start", time=5.0)
        world.host.tell(
            link.LogLines(lines=("Recv: ok",)),
            link.TemperatureLog(points=(point,)),
            link.Happened(sequence=1, at=5.0, event=mark),
            link.Happened(sequence=2, at=5.0, event=events.Error(error="oh", reason="firmware")),
        )
        await until(lambda: view.error is not None)
        assert list(view.logs.items) == ["Recv: ok"]
        assert list(view.messages.items) == ["ok"]
        assert list(view.temperatures.items) == [point]
        assert list(view.markings.items) == [mark]
        assert world.published == [mark, events.Error(error="oh", reason="firmware")]
        assert view.revision == revision + 4

    run(tmp_path, scenario)
