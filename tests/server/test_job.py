"""`/api/job` (contract, 5.6)."""

import msgspec
import pytest

from helpers_hub import GCODE, READY, run
from mrdraw.link import messages as link
from mrdraw.link.messages import Job, JobFile, MachineState, Progress

URL = "/api/job"
OFFLINE = link.Snapshot(sequence=1)
FILE = JobFile(name="a.gcode", path="f/a.gcode", display="A.gcode", source="/x", size=200, date=5, user="ann")
NULLS = {
    "job": {
        "file": dict.fromkeys(("name", "path", "display", "origin", "size", "date")),
        "estimatedPrintTime": None, "averagePrintTime": None, "lastPrintTime": None, "filament": None, "user": None,
    },
    "progress": dict.fromkeys(("completion", "filepos", "printTime", "printTimeLeft", "printTimeLeftOrigin")),
}  # fmt: skip


def with_job(state, **progress):
    return msgspec.structs.replace(READY, state=state, job=Job(id="1", file=FILE), progress=Progress(**progress))


def test_nothing_to_do(tmp_path):
    async def scenario(client, world):
        answer = await client.get(URL)
        assert answer.status_code == 200
        assert answer.json() == {**NULLS, "state": "Offline"}

    run(tmp_path, scenario, OFFLINE)


def test_an_error_is_told(tmp_path):
    async def scenario(client, world):
        answer = (await client.get(URL)).json()
        assert answer == {**NULLS, "state": "Offline after error", "error": "The wire broke."}

    run(tmp_path, scenario, link.Snapshot(sequence=1, state=MachineState.CLOSED_WITH_ERROR, error="The wire broke."))


def test_a_running_job(tmp_path):
    async def scenario(client, world):
        for _ in range(2):
            answer = (await client.get(URL)).json()
            assert answer["state"] == "Printing"
            assert answer["job"]["file"] == {
                "name": "a.gcode", "path": "f/a.gcode", "display": "A.gcode", "origin": "local", "size": 200, "date": 5,
            }  # fmt: skip
            assert answer["job"]["user"] == "ann"
            assert answer["progress"] == {
                "completion": 25.0, "filepos": 50, "printTime": 100, "printTimeLeft": 300,
                "printTimeLeftOrigin": "linear",
            }  # fmt: skip
        await world.tell(state=MachineState.PAUSED, job=Job(id="1", file=FILE), progress=Progress(file_position=100))
        answer = (await client.get(URL)).json()
        assert (answer["state"], answer["progress"]["completion"]) == ("Paused", 50.0)

    run(tmp_path, scenario, with_job(MachineState.PRINTING, file_position=50, print_time=100.0))


def test_start(tmp_path):
    async def scenario(client, world):
        nothing = await client.post(URL, json={"command": "start"})
        assert nothing.status_code == 409
        assert "selected" in nothing.json()["error"]
        world.store("a.gcode")
        await world.machine.select("a.gcode", "ann")
        assert (await client.get(URL)).json()["job"]["file"]["size"] == len(GCODE)
        answer = await client.post(URL, json={"command": "start"})
        assert (answer.status_code, answer.content) == (204, b"")
        (command,) = world.asked(link.StartJob)
        assert command.job.file.path == "a.gcode"
        assert command.job.file.user == "ann"

    run(tmp_path, scenario)


JOB_STATES = ("STARTING", "PRINTING", "PAUSING", "PAUSED", "RESUMING", "CANCELLING", "FINISHING")


@pytest.mark.parametrize("state", ["OPERATIONAL", *JOB_STATES])
def test_what_each_state_allows(tmp_path, state):
    async def scenario(client, world):
        async def status(**body):
            return (await client.post(URL, json=body)).status_code

        lives = state != "OPERATIONAL"
        assert await status(command="start") == 409
        assert await status(command="restart") == (204 if state == "PAUSED" else 409)
        for action in ({}, {"action": "pause"}, {"action": "resume"}, {"action": "toggle"}):
            assert await status(command="pause", **action) == (204 if lives else 409)
        assert await status(command="cancel") == (204 if lives else 409)
        assert len(world.asked(link.CancelJob)) == lives

    run(tmp_path, scenario, with_job(MachineState(state)) if state != "OPERATIONAL" else READY)


@pytest.mark.parametrize(("action", "kind"), [("pause", link.PauseJob), ("resume", link.ResumeJob)])
def test_pause_and_resume_by_name(tmp_path, action, kind):
    async def scenario(client, world):
        await client.post(URL, json={"command": "pause", "action": action})
        assert len(world.asked(kind)) == 1

    run(tmp_path, scenario, with_job(MachineState.PAUSED))


def test_toggle_is_what_is_meant_without_an_action(tmp_path):
    async def scenario(client, world):
        await client.post(URL, json={"command": "pause"})
        await world.tell(state=MachineState.PRINTING, job=Job(id="1", file=FILE))
        await client.post(URL, json={"command": "pause"})
        assert (len(world.asked(link.ResumeJob)), len(world.asked(link.PauseJob))) == (1, 1)

    run(tmp_path, scenario, with_job(MachineState.PAUSED))


@pytest.mark.parametrize("action", ["stop", "", None, 5, ["pause"]])
def test_other_actions_are_refused(tmp_path, action):
    async def scenario(client, world):
        answer = await client.post(URL, json={"command": "pause", "action": action})
        assert answer.status_code == 400
        assert "pause, resume, toggle" in answer.json()["error"]

    run(tmp_path, scenario, with_job(MachineState.PRINTING))


@pytest.mark.parametrize("body", [{}, {"command": "stop"}, {"command": None}, {"command": ["start"]}])
def test_unknown_commands(tmp_path, body):
    async def scenario(client, world):
        assert (await client.post(URL, json=body)).status_code == 400

    run(tmp_path, scenario)


def test_a_machine_that_is_not_operational(tmp_path):
    async def scenario(client, world):
        for command in ("start", "restart", "pause", "cancel", "nonsense"):
            assert (await client.post(URL, json={"command": command})).status_code == 409

    run(tmp_path, scenario, OFFLINE)


@pytest.mark.parametrize("snapshot", [OFFLINE, READY])
def test_permission_comes_before_the_state(tmp_path, snapshot):
    async def scenario(client, world):
        assert (await client.get(URL)).status_code == 200
        for command in ("start", "cancel", "nonsense"):
            assert (await client.post(URL, json={"command": command})).status_code == 403

    run(tmp_path, scenario, snapshot, user="rita")


def test_the_same_under_the_machines_name(tmp_path):
    async def scenario(client, world):
        assert (await client.get(f"/machines/default{URL}")).json()["state"] == "Operational"
        assert (await client.get(f"/machines/other{URL}")).status_code == 404

    run(tmp_path, scenario)
