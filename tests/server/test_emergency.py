"""The emergency stop and decisions under `/api/v1/machines` (section 0 of the contract and the safety rules)."""

import msgspec
import pytest

from helpers_hub import READY, run
from mrdraw.link import messages as link
from mrdraw.link.messages import MachineState

ALL = "/api/v1/machines"
ONE = f"{ALL}/default"


@pytest.mark.parametrize("user", ["ann", "rita", "boss"])
@pytest.mark.parametrize("state", ["OPERATIONAL", "PRINTING", "CONNECTING", "ERROR"])
def test_the_emergency_stop(tmp_path, user, state):
    async def scenario(client, world):
        answer = await client.post(f"{ONE}/emergency-stop")
        assert (answer.status_code, answer.content) == (204, b"")
        assert len(world.asked(link.EmergencyStop)) == 1

    run(tmp_path, scenario, msgspec.structs.replace(READY, state=MachineState(state)), user)


def test_the_answer_names_what_to_do_when_nobody_stopped_the_machine(tmp_path):
    async def scenario(client, world):
        world.host.silent = True
        answer = await client.post(f"{ONE}/emergency-stop")
        assert answer.status_code == 503
        assert "Switch the machine off" in answer.json()["error"]
        world.host.silent = False
        world.host.refusals[link.EmergencyStop] = ("NotOperational", "There is no open connection.")
        assert (await client.post(f"{ONE}/emergency-stop")).status_code == 409

    run(tmp_path, scenario)


def test_unknown_machines(tmp_path):
    async def scenario(client, world):
        assert (await client.post(f"{ALL}/other/emergency-stop")).status_code == 404
        assert (await client.get(f"{ALL}/other")).status_code == 404
        async with world.client() as nobody:
            assert (await nobody.post(f"{ALL}/other/emergency-stop")).status_code == 401
            assert (await nobody.post(f"{ONE}/emergency-stop")).status_code == 401

    run(tmp_path, scenario)


@pytest.mark.parametrize(("path", "kind"), [("attend", link.Attend), ("interrupted/dismiss", link.DismissInterrupted)])
def test_decisions(tmp_path, path, kind):
    async def scenario(client, world):
        assert (await client.post(f"{ONE}/{path}")).status_code == 204
        assert len(world.asked(kind)) == 1
        world.host.refusals[kind] = ("WrongState", "There is no interrupted job.")
        assert (await client.post(f"{ONE}/{path}")).status_code == 409
        async with world.client(world.key("rita")) as reader:
            assert (await reader.post(f"{ONE}/{path}")).status_code == 403

    run(tmp_path, scenario)
