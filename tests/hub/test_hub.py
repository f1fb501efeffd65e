"""The hub: machines, selections and files together."""

import asyncio
import contextlib

import pytest

from helpers_fleet import fake_host, until
from mrdraw import events
from mrdraw.accounts import Accounts
from mrdraw.errors import NoSuchMachine
from mrdraw.fleet import Fleet
from mrdraw.hub import Hub
from mrdraw.library import Library
from mrdraw.link import messages as link
from mrdraw.link.messages import Job, JobFile, MachineState
from mrdraw.settings import Settings
from mrdraw.store import Database

READY = link.Snapshot(sequence=1, state=MachineState.OPERATIONAL)


@contextlib.asynccontextmanager
async def hub_of(basedir):
    settings, database = Settings(basedir), Database(basedir / "mrdraw.db")
    accounts, library = Accounts(database, settings, basedir), Library(basedir / "uploads", database)
    hub = Hub(settings, library, accounts, Fleet(settings, basedir), database)
    heard = []
    hub.bus.subscribe(lambda machine, event: heard.append((machine, event)))
    await hub.start()
    try:
        yield hub, heard
    finally:
        await hub.stop()
        accounts.close()
        database.close()


def run(basedir, *scenarios, snapshot=READY):
    """Run each scenario with a server of its own, above one and the same machine host."""

    async def main():
        async with fake_host(basedir / "machines" / "default") as host:
            host.snapshot = snapshot
            for scenario in scenarios:
                async with hub_of(basedir) as (hub, heard):
                    await scenario(hub, heard, host)

    asyncio.run(main())


def store(basedir, path, content="G28\n"):
    target = basedir / "uploads" / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(content)
    return target


def test_machines_by_id(tmp_path):
    async def scenario(hub, _heard, _host):
        assert list(hub.machines) == ["default"]
        assert hub.machine("default") is hub.default_machine
        assert hub.default_machine.state is MachineState.OPERATIONAL
        assert hub.default_machine.name == "default"
        with pytest.raises(NoSuchMachine, match="Machines are: default"):
            hub.machine("other")

    run(tmp_path, scenario)


def test_what_the_host_tells_is_heard_on_the_bus(tmp_path):
    async def scenario(hub, heard, host):
        host.tell(link.Happened(sequence=1, at=1.0, event=events.Home()))
        await until(lambda: ("default", events.Home()) in heard)
        assert heard[0] == (None, events.Startup())

    run(tmp_path, scenario)


def test_the_selection_outlives_the_server(tmp_path):
    store(tmp_path, "folder/a.gcode")

    async def select(hub, _heard, _host):
        await hub.default_machine.select("folder/a.gcode", "ann")

    async def look(hub, heard, _host):
        assert hub.default_machine.selected.path == "folder/a.gcode"
        assert not any(isinstance(event, events.FileSelected) for _, event in heard)
        await hub.default_machine.unselect()

    async def look_again(hub, _heard, _host):
        assert hub.default_machine.selected is None

    run(tmp_path, select, look, look_again)


def test_a_file_that_went_while_the_server_was_off_is_not_selected(tmp_path):
    file = store(tmp_path, "a.gcode")

    async def select(hub, _heard, _host):
        await hub.default_machine.select("a.gcode", "ann")
        file.unlink()

    async def look(hub, _heard, _host):
        assert hub.default_machine.selected is None

    run(tmp_path, select, look)


def test_a_running_job_is_there_before_the_first_answer(tmp_path):
    file = JobFile(name="b.gcode", path="b.gcode", display="b.gcode", source="/x", size=10)
    running = link.Snapshot(sequence=1, state=MachineState.PRINTING, job=Job(id="1", file=file))

    async def scenario(hub, _heard, _host):
        assert hub.default_machine.selected == file
        assert hub.uses("b.gcode")
        assert not hub.uses("a.gcode")

    run(tmp_path, scenario, snapshot=running)


def test_a_deleted_file_is_deselected(tmp_path):
    file = store(tmp_path, "folder/a.gcode")

    async def scenario(hub, heard, _host):
        machine = hub.default_machine
        await machine.select("folder/a.gcode", "ann")
        hub.bus.publish(None, events.FolderRemoved(storage="local", path="other", name="other"))
        file.unlink()
        hub.bus.publish(None, events.FolderRemoved(storage="local", path="folder", name="folder"))
        await until(lambda: machine.selected is None)
        assert ("default", events.FileDeselected()) in heard

    run(tmp_path, scenario)


def test_machines_come_and_go_with_the_settings(tmp_path):
    async def scenario(hub, _heard, _host):
        async with fake_host(tmp_path / "machines" / "plotter"):
            (tmp_path / "config.yaml").write_text("machines:\n  plotter:\n    name: The plotter\n")
            await until(lambda: "plotter" in hub.machines)
            assert hub.machine("plotter").name == "The plotter"
            (tmp_path / "config.yaml").write_text("")
            await until(lambda: "plotter" not in hub.machines)

    run(tmp_path, scenario)
