"""All machines that the settings name."""

import asyncio

import pytest

from helpers_fleet import end_host, fake_host, host_pid, until
from helpers_machine import Simulator
from mrdraw.errors import NoSuchMachine
from mrdraw.fleet import Fleet
from mrdraw.fleet.process import HostProcess, HostStarter
from mrdraw.link import messages as link
from mrdraw.link import unix
from mrdraw.link.messages import MachineState
from mrdraw.settings import Settings


@pytest.fixture
def folder(tmp_path):
    yield tmp_path / "machines" / "default"
    end_host(tmp_path / "machines" / "default")


def test_the_state_is_known_when_the_fleet_has_started(tmp_path):
    async def main():
        async with fake_host(tmp_path / "machines" / "default") as host:
            host.snapshot = link.Snapshot(sequence=3, state=MachineState.PRINTING)
            fleet = Fleet(Settings(tmp_path), tmp_path)
            await fleet.start()
            try:
                assert fleet.machine("default").snapshot.state is MachineState.PRINTING
                with pytest.raises(NoSuchMachine, match="Machines are: default"):
                    fleet.machine("other")
            finally:
                await fleet.stop()

    asyncio.run(main())


def test_a_host_that_has_to_be_started_is_not_waited_for(tmp_path, monkeypatch):
    async def start(self, _):
        return HostProcess(0)  # it never says anything

    async def main():
        fleet = Fleet(Settings(tmp_path), tmp_path)
        async with asyncio.timeout(30):
            await fleet.start()
        assert fleet.machine("default").snapshot.state is MachineState.OFFLINE
        await fleet.stop()

    monkeypatch.setattr(HostStarter, "start", start)
    monkeypatch.setattr("mrdraw.fleet.fleet._START_TIME", 3600)
    asyncio.run(main())


def test_the_simulated_machine_is_offered_and_connected(tmp_path, folder):
    async def main():
        fleet = Fleet(Settings(tmp_path), tmp_path, virtual=True)
        await fleet.start()
        try:
            machine = fleet.machine("default")
            await until(lambda: machine.snapshot.state is MachineState.OPERATIONAL)
            assert machine.snapshot.port == "VIRTUAL"
            await until(lambda: "VIRTUAL" in {port.path for port in machine.snapshot.ports})
        finally:
            await fleet.stop()
        assert unix.lives(folder)

    asyncio.run(main())


def test_the_settings_offer_the_simulated_machine(tmp_path, folder):
    enabled = "plugins:\n  virtual_printer:\n    enabled: true\n"

    async def main():
        settings = Settings(tmp_path)
        fleet = Fleet(settings, tmp_path)
        await fleet.start()
        try:
            machine = fleet.machine("default")

            def offered():
                return "VIRTUAL" in {port.path for port in machine.snapshot.ports}

            assert not offered()
            settings.update({"plugins": {"virtual_printer": {"enabled": True}}})
            await until(offered)
            assert machine.snapshot.state is MachineState.OFFLINE
            await machine.command(link.Connect(id="1", port="VIRTUAL"))
            await until(lambda: machine.snapshot.state is MachineState.OPERATIONAL)
            await machine.command(link.Disconnect(id="2"))
            settings.update({"plugins": {"virtual_printer": {"enabled": "yes"}}})
            await until(lambda: not offered())
        finally:
            await fleet.stop()

    asyncio.run(main())
    end_host(folder)
    (tmp_path / "config.yaml").write_text(f"{enabled}serial:\n  port: VIRTUAL\n  autoconnect: true\n")

    async def again():
        fleet = Fleet(Settings(tmp_path), tmp_path)
        await fleet.start()
        try:
            machine = fleet.machine("default")
            await until(lambda: machine.snapshot.state is MachineState.OPERATIONAL)
            assert machine.snapshot.port == "VIRTUAL"
        finally:
            await fleet.stop()

    asyncio.run(again())


def test_nothing_is_connected_without_being_asked(tmp_path, folder):
    async def main():
        fleet = Fleet(Settings(tmp_path), tmp_path)
        await fleet.start()
        try:
            await fleet.machine("default").command(link.Attend(id="1"))
            assert fleet.machine("default").snapshot.state is MachineState.OFFLINE
        finally:
            await fleet.stop()

    asyncio.run(main())


def test_autoconnect_opens_the_port_of_the_settings(tmp_path, folder):
    (tmp_path / "wire").mkdir()
    simulator = Simulator(tmp_path / "wire")
    (tmp_path / "config.yaml").write_text(
        f"serial:\n  port: {simulator.port}\n  baudrate: 115200\n  autoconnect: true\n"
        f"  additionalPorts: ['{simulator.port.parent}/tty*']\n"
    )

    async def main():
        fleet = Fleet(Settings(tmp_path), tmp_path)
        await fleet.start()
        try:
            machine = fleet.machine("default")
            await until(lambda: machine.snapshot.state is MachineState.OPERATIONAL)
            assert machine.snapshot.port == str(simulator.port)
        finally:
            await fleet.stop()

    try:
        asyncio.run(main())
    finally:
        simulator.stop()


def test_changes_of_the_file_reach_the_host(tmp_path):
    async def main():
        async with fake_host(tmp_path / "machines" / "default") as host:
            fleet = Fleet(Settings(tmp_path), tmp_path)
            await fleet.start()
            try:
                await until(lambda: host.commands(link.Configure))
                (tmp_path / "config.yaml").write_text("serial:\n  port: /dev/x\n")
                await until(lambda: len(host.commands(link.Configure)) == 2)
                assert host.commands(link.Configure)[-1].settings.serial.port == "/dev/x"
            finally:
                await fleet.stop()

    asyncio.run(main())


def test_machines_come_and_go_with_the_settings(tmp_path):
    plotter = tmp_path / "machines" / "plotter"

    async def main():
        async with fake_host(tmp_path / "machines" / "default") as host:
            fleet, changes = Fleet(Settings(tmp_path), tmp_path), []
            fleet.subscribe(lambda: changes.append(sorted(fleet.machines)))
            await fleet.start()
            try:
                (tmp_path / "config.yaml").write_text("machines:\n  plotter:\n    name: Plotter\n")
                await until(lambda: "plotter" in fleet.machines and fleet.machine("plotter").attached)
                (tmp_path / "config.yaml").write_text("")
                await until(lambda: "plotter" not in fleet.machines)
                await until(lambda: not unix.lives(plotter))
                assert changes == [["default"], ["default", "plotter"], ["default"]]
                assert not host.commands(link.StopHost)
            finally:
                await fleet.stop()
        await until(lambda: host_pid(plotter) is None)

    try:
        asyncio.run(main())
    finally:
        end_host(plotter)
