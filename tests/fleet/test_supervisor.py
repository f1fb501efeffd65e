"""Machine hosts are started, found again, started again and replaced."""

import asyncio
import os
import signal
import subprocess
import sys

import pytest

from helpers_fleet import end_host, fake_host, host_pid, until
from mrdraw import __version__
from mrdraw.fleet import MachineHandle
from mrdraw.fleet.process import HostStarter
from mrdraw.fleet.supervisor import Supervisor
from mrdraw.link import messages as link
from mrdraw.link import unix
from mrdraw.link.messages import MachineSettings, MachineState, SerialSettings


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "machines" / "default"
    yield folder
    end_host(folder)


class Supervised:
    """A supervisor that runs while the block does."""

    def __init__(self, folder, settings=MachineSettings, port=None):
        self.handle = MachineHandle("default", folder)
        wanted = link.Connect(id="by itself", port=port) if port else None
        self.supervisor = Supervisor(self.handle, settings, lambda: wanted, HostStarter())

    async def __aenter__(self):
        self._task = asyncio.create_task(self.supervisor.run())
        await asyncio.wait_for(self.supervisor.ready.wait(), 30)
        return self.handle

    async def __aexit__(self, *_):
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


def test_a_host_is_started_and_outlives_us(folder):
    async def main():
        async with Supervised(folder) as handle:
            assert handle.attached
            pid = host_pid(folder)
            assert os.getsid(pid) == pid
            assert folder.stat().st_mode & 0o777 == 0o700
        assert unix.lives(folder)
        async with Supervised(folder) as handle:
            assert handle.attached
            assert host_pid(folder) == pid

    asyncio.run(main())
    assert unix.lives(folder)


def test_a_killed_host_is_started_again(folder):
    async def main():
        async with Supervised(folder) as handle:
            for _ in range(2):
                pid = host_pid(folder)
                os.kill(pid, signal.SIGKILL)
                await until(lambda: not handle.attached)
                await until(lambda: handle.attached)
                assert host_pid(folder) not in {pid, None}

    asyncio.run(main())


def test_a_stopped_host_is_unreachable_but_never_replaced(folder):
    async def main():
        async with Supervised(folder) as handle:
            pid = host_pid(folder)
            os.kill(pid, signal.SIGSTOP)
            try:
                with pytest.raises(Exception, match="did not answer"):
                    await handle.command(link.Attend(id="1"))
                assert host_pid(folder) == pid
            finally:
                os.kill(pid, signal.SIGCONT)
            await until(lambda: handle.attached)
            await handle.command(link.Attend(id="2"))

    asyncio.run(main())


VIRTUAL = MachineSettings(virtual=True)


def remembers_a_port(folder):
    """Whether the machine host has written down what it is connected to."""
    memory = folder / "memory.msgpack"
    return memory.exists() and b"VIRTUAL" in memory.read_bytes()


def test_the_simulated_machine_is_connected_once(folder):
    async def main():
        async with Supervised(folder, lambda: VIRTUAL, "VIRTUAL") as handle:
            await until(lambda: handle.snapshot.state is MachineState.OPERATIONAL)
            await handle.command(link.Disconnect(id="off"))
            await until(lambda: handle.snapshot.state is MachineState.OFFLINE)
        async with Supervised(folder, lambda: VIRTUAL, "VIRTUAL") as handle:
            await handle.command(link.Attend(id="sign of life"))
            assert handle.snapshot.state is MachineState.OFFLINE
            await until(lambda: not remembers_a_port(folder))
            os.kill(host_pid(folder), signal.SIGKILL)
            await until(lambda: not handle.attached)
            await until(lambda: handle.attached)
            await handle.command(link.Attend(id="another sign of life"))
            assert handle.snapshot.state is MachineState.OFFLINE

    asyncio.run(main())


def test_a_host_that_died_gets_its_connection_back_by_itself(folder):
    async def main():
        async with Supervised(folder, lambda: VIRTUAL, "VIRTUAL") as handle:
            await until(lambda: handle.snapshot.state is MachineState.OPERATIONAL)
            await until(lambda: remembers_a_port(folder))
            os.kill(host_pid(folder), signal.SIGKILL)
            await until(lambda: not handle.attached)
            await until(lambda: handle.attached and handle.snapshot.state is MachineState.OPERATIONAL)

    asyncio.run(main())


def test_settings_are_sent_at_the_beginning_and_when_they_change(tmp_path):
    tree = [MachineSettings(serial=SerialSettings(port="/dev/a"))]

    async def main():
        async with fake_host(tmp_path / "m") as host:
            one = Supervised(tmp_path / "m", lambda: tree[0])
            async with one:
                await until(lambda: host.commands(link.Configure))
                one.supervisor.settings_changed()
                tree[0] = MachineSettings(serial=SerialSettings(port="/dev/b"))
                one.supervisor.settings_changed()
                await until(lambda: len(host.commands(link.Configure)) == 2)
                return [command.settings.serial.port for command in host.commands(link.Configure)]

    assert asyncio.run(main()) == ["/dev/a", "/dev/b"]


def test_a_broken_link_is_made_again(tmp_path):
    async def main():
        async with fake_host(tmp_path / "m") as host, Supervised(tmp_path / "m") as handle:
            host.break_links()
            await until(lambda: len(host.commands(link.Hello)) == 2)
            await until(lambda: handle.attached)
            assert host.commands(link.Hello)[0].build == __version__

    asyncio.run(main())


def test_an_old_host_is_replaced_when_its_job_is_over(folder):
    async def main():
        async with fake_host(folder, build="0.0.1") as old:
            old.snapshot = link.Snapshot(sequence=1, state=MachineState.PRINTING)
            gone = asyncio.Event()
            old.carried_out = lambda message: gone.set() if isinstance(message, link.StopHost) else None
            async with Supervised(folder, lambda: VIRTUAL) as handle:
                await handle.command(link.Attend(id="1"))
                assert not old.commands(link.StopHost)
                old.tell(link.Snapshot(sequence=2, state=MachineState.OPERATIONAL, port="VIRTUAL", baudrate=115200))
                await until(gone.is_set)
                await old.stop()
                await until(lambda: host_pid(folder) is not None)
                await until(lambda: handle.attached and handle.snapshot.sequence != 2)
                await until(lambda: handle.snapshot.state is MachineState.OPERATIONAL)
            old.stop = lambda: asyncio.sleep(0)

    asyncio.run(main())


def test_a_warm_old_host_stays(tmp_path):
    async def main():
        async with fake_host(tmp_path / "m", build="0.0.1") as old:
            warm = {"bed": link.Heater(actual=20.0, target=60.0)}
            old.snapshot = link.Snapshot(sequence=1, state=MachineState.OPERATIONAL, heaters=warm)
            async with Supervised(tmp_path / "m") as handle:
                await handle.command(link.Attend(id="1"))
                await handle.command(link.Attend(id="2"))
                assert not old.commands(link.StopHost)

    asyncio.run(main())


def test_a_host_has_the_priority_that_the_server_had(folder):
    """In a process of its own, as nobody can raise a priority again."""
    program = f"""
import asyncio, os, pathlib
from mrdraw.fleet.process import HostStarter
async def main():
    starter = HostStarter()
    os.nice(3)
    host = await starter.start(pathlib.Path({str(folder)!r}))
    starter.close()
    print(os.getpriority(os.PRIO_PROCESS, host.pid) - os.getpriority(os.PRIO_PROCESS, 0))
asyncio.run(main())
"""
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "-3"
