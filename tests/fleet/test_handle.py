"""What a machine host said, and commands to it."""

import asyncio

import pytest

from helpers_fleet import fake_host, until
from mrdraw.errors import MachineUnreachable, WrongState
from mrdraw.fleet import MachineHandle, new_id
from mrdraw.fleet.process import HostStarter
from mrdraw.fleet.supervisor import Supervisor
from mrdraw.link import messages as link
from mrdraw.link.messages import MachineSettings, MachineState


class Attached:
    """A handle that is supervised while the block runs."""

    def __init__(self, folder, settings=None, autoconnect=lambda: None):
        self.handle = MachineHandle("default", folder)
        self.supervisor = Supervisor(self.handle, settings or MachineSettings, autoconnect, HostStarter())

    async def __aenter__(self):
        self._task = asyncio.create_task(self.supervisor.run())
        return self.handle

    async def __aexit__(self, *_):
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


def points(*times):
    return tuple(link.TemperaturePoint(time=time, heaters={}) for time in times)


def test_the_copy_holds_what_the_host_said(tmp_path):
    async def main():
        async with fake_host(tmp_path / "m") as host:
            host.snapshot = link.Snapshot(sequence=1, state=MachineState.OPERATIONAL, port="/dev/x")
            host.history = [
                link.LogLines(lines=("Recv: ok",), history=True),
                link.TemperatureLog(points=points(5), history=True),
            ]
            async with Attached(tmp_path / "m") as handle:
                await until(lambda: handle.temperatures)
                assert handle.attached
                assert handle.snapshot.port == "/dev/x"
                assert list(handle.logs) == ["Recv: ok"]
                told = []
                handle.subscribe(told.append)
                host.tell(link.LogLines(lines=("Send: M105",)), link.Snapshot(sequence=2, port="/dev/y"))
                await until(lambda: handle.snapshot.sequence == 2)
                assert told == [link.LogLines(lines=("Send: M105",)), link.Snapshot(sequence=2, port="/dev/y")]

    asyncio.run(main())


def test_a_command_is_accepted_or_refused_with_the_hosts_error(tmp_path):
    async def main():
        async with fake_host(tmp_path / "m") as host, Attached(tmp_path / "m") as handle:
            host.refusals[link.CancelJob] = ("WrongState", "There is no job to cancel.")
            await handle.command(link.Attend(id="1"))
            with pytest.raises(WrongState, match="no job to cancel"):
                await handle.command(link.CancelJob(id="2"))
            assert [message.id for message in host.commands(link.Attend | link.CancelJob)] == ["1", "2"]

    asyncio.run(main())


def test_a_silent_host_is_unreachable(tmp_path):
    async def main():
        async with fake_host(tmp_path / "m", silent=True) as host, Attached(tmp_path / "m") as handle:
            await until(lambda: handle.attached)
            with pytest.raises(MachineUnreachable, match=r"host\.log"):
                await handle.command(link.Attend(id=new_id()))
            assert len(host.commands(link.Attend)) == 1

    asyncio.run(main())


def test_an_unanswered_command_goes_out_again_under_the_same_id(tmp_path):
    async def main():
        async with fake_host(tmp_path / "m", silent=True) as host, Attached(tmp_path / "m") as handle:
            await until(lambda: handle.attached)
            command = asyncio.create_task(handle.command(link.Attend(id="again")))
            await until(lambda: host.commands(link.Attend))
            host.silent = False
            host.break_links()
            await command
            assert [message.id for message in host.commands(link.Attend)] == ["again", "again"]

    asyncio.run(main())


def test_a_command_waits_for_the_link(tmp_path):
    async def main():
        async with Attached(tmp_path / "m") as handle, fake_host(tmp_path / "m") as host:
            await handle.command(link.Attend(id="early"))
            assert host.commands(link.Attend)

    # the fake host takes the folder before the supervisor looks at it
    asyncio.run(main())


def test_history_brings_only_what_is_new(tmp_path):
    handle = MachineHandle("default", tmp_path)
    told = []
    handle.subscribe(told.append)
    handle.take(link.LogLines(lines=("a", "b"), history=True))
    handle.take(link.LogLines(lines=("c",)))
    handle.take(link.LogLines(lines=("b", "c", "d"), history=True))
    handle.take(link.LogLines(lines=("x", "y"), history=True))
    assert list(handle.logs) == ["a", "b", "c", "d", "x", "y"]
    assert [message.lines for message in told] == [("a", "b"), ("c",), ("d",), ("x", "y")]


def test_temperatures_are_kept_for_half_an_hour_and_never_twice(tmp_path):
    handle = MachineHandle("default", tmp_path)
    handle.take(link.TemperatureLog(points=points(1000, 1002), history=True))
    handle.take(link.TemperatureLog(points=points(1000, 1002, 1004), history=True))
    assert [point.time for point in handle.temperatures] == [1000, 1002, 1004]
    handle.take(link.TemperatureLog(points=points(2803)))
    assert [point.time for point in handle.temperatures] == [1004, 2803]
