"""The offer to resume an interrupted job, and its confirmation."""

import msgspec
import pytest

from helpers_fleet import until
from helpers_hub import READY, run
from mrdraw.hub import resume_script
from mrdraw.link import messages as link
from mrdraw.link.messages import Interrupted, Job, JobFile, MachineState, Place, ResumeOffer

ONE = "/api/v1/machines/default/interrupted"
JOB = Job(id="j1", file=JobFile(name="a.gcode", path="a.gcode", display="a.gcode", source="/x", size=99))
PLACE = Place(
    index=500, line=520, file_position=9000, layer=7, height=1.4, position={"x": 50.0, "y": 60.0, "z": 1.4, "e": 12.5},
    targets={"bed": 60.0, "tool0": 210.0}, fans={0: 127.0}, modes=("G90", "M82", "G92 E12.5"),
)  # fmt: skip
LAYER = msgspec.structs.replace(PLACE, index=400, line=415, layer=6, height=1.2)
OFFER = ResumeOffer(
    job_id="j1", total=1000, executed=500, acknowledged=520, possible=530, exact=True, interruption=PLACE,
    layers=(LAYER,), heights=(1.4,), homed="xyz",
)  # fmt: skip
INTERRUPTED = msgspec.structs.replace(
    READY,
    kinematics="cartesian",
    interrupted=Interrupted(job=JOB, line=540, sent=530, acknowledged=520, executed=500, reason="The host died."),
)


def with_offer(tmp_path, scenario, offer=OFFER, user="ann"):
    async def main(client, made):
        made.host.tell(offer)
        await until(lambda: made.machine._handle.offer is not None)
        await scenario(client, made)

    run(tmp_path, main, INTERRUPTED, user)


def test_the_offer(tmp_path):
    async def scenario(client, made):
        found = (await client.get(ONE)).json()
        assert found["interrupted"]["reason"] == "The host died."
        assert found["interrupted"]["executed"] == 500
        figures = {name: found[name] for name in ("executed", "acknowledged", "possible", "total", "exact", "overlap")}
        assert figures == {
            "executed": 500, "acknowledged": 520, "possible": 530, "total": 1000, "exact": True, "overlap": 30,
        }  # fmt: skip
        assert found["place"]["position"] == {"x": 50.0, "y": 60.0, "z": 1.4, "e": 12.5}
        assert found["place"]["targets"] == {"bed": 60.0, "tool0": 210.0}
        assert found["layers"] == [{"number": 6, "z": 1.2, "line": 415, "overlap": 130}]
        assert (found["homing"], found["homings"], found["asked"]) == ("xy", ["xy", "none"], ["z"])
        assert found["position"] == {"z": 1.4}
        assert "come loose" in found["warnings"][0]["text"]
        assert found["unknown"][0]["key"] == "by-hand"
        assert {"M190 S60", "G28 X0 Y0", "G92 E12.5"} <= set(found["lines"])
        assert found["script"] == resume_script.DEFAULT

    with_offer(tmp_path, scenario, user="rita")


def test_the_offer_for_a_choice(tmp_path):
    async def scenario(client, made):
        made.set_scripts({resume_script.NAME: "M117 {{ resume.layer }} {{ resume.standing.z }} {{ resume.prime }}"})
        asked = {"from": "layer", "layer": "6", "homing": "xy", "z": "2.5", "prime": "3"}
        found = (await client.get(ONE, params=asked)).json()
        assert found["lines"] == ["M117 6 2.5 3"]
        assert found["place"]["line"] == 415

    with_offer(tmp_path, scenario)


def test_a_confirmed_job_goes_on(tmp_path):
    async def scenario(client, made):
        body = {"job": "j1", "from": "layer", "layer": 6, "position": {"z": 1.3}, "confirmed": True}
        assert (await client.post(f"{ONE}/resume", json=body)).status_code == 204
        (asked,) = made.asked(link.ResumeInterrupted)
        assert (asked.job_id, asked.index) == ("j1", 400)
        assert "G92 Z1.3" in asked.lines

    with_offer(tmp_path, scenario)


BODY = {"job": "j1", "position": {"z": 1.4}, "confirmed": True}


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"confirmed": False}, 400, "confirmed must be true"),
        ({"confirmed": "yes"}, 400, "confirmed must be true or false"),
        ({"position": {}}, 400, "position needs z"),
        ({"position": {"q": 1}}, 400, "accepted are: x, y, z"),
        ({"position": {"z": "high"}}, 400, "z must be a finite number"),
        ({"from": "layer", "layer": 9}, 400, "they are 6 to 6"),
        ({"from": "layer"}, 400, "layer must be a whole number"),
        ({"from": "middle"}, 400, "interruption, layer"),
        ({"homing": "all"}, 400, "possible on this machine"),
        ({"prime": -1}, 400, "0 mm or more"),
        ({"job": "j2"}, 409, "Another job"),
        ({"speed": 3}, 400, "speed is unknown"),
        ({"job": None}, 400, "job must be a string"),
    ],
)
def test_what_is_refused(tmp_path, change, status, words):
    async def scenario(client, made):
        answer = await client.post(f"{ONE}/resume", json={**BODY, **change})
        assert (answer.status_code, made.asked(link.ResumeInterrupted)) == (status, [])
        assert words in answer.json()["error"]

    with_offer(tmp_path, scenario)


@pytest.mark.parametrize("code", ["WrongState", "NotOperational", "LimitExceeded"])
def test_what_the_machine_host_refuses(tmp_path, code):
    async def scenario(client, made):
        made.host.refusals[link.ResumeInterrupted] = (code, "It cannot be.")
        answer = await client.post(f"{ONE}/resume", json=BODY)
        assert answer.status_code == (400 if code == "LimitExceeded" else 409)
        assert answer.json()["error"] == "It cannot be."

    with_offer(tmp_path, scenario)


@pytest.mark.parametrize(("name", "value"), [("z", "high"), ("prime", "nan"), ("layer", "-1")])
def test_a_query_that_means_nothing(tmp_path, name, value):
    async def scenario(client, _):
        answer = await client.get(ONE, params={"from": "layer", "layer": "6", name: value})
        assert answer.status_code == 400
        assert name in answer.json()["error"]

    with_offer(tmp_path, scenario)


def test_a_script_that_cannot_be_rendered(tmp_path):
    async def scenario(client, made):
        made.set_scripts({resume_script.NAME: "{{ resume.nothing.at.all }}"})
        for answer in (await client.get(ONE), await client.post(f"{ONE}/resume", json=BODY)):
            assert answer.status_code == 409
            assert resume_script.NAME in answer.json()["error"]

    with_offer(tmp_path, scenario)


def test_without_an_offer(tmp_path):
    async def scenario(client, made):
        for answer in (await client.get(ONE), await client.post(f"{ONE}/resume", json=BODY)):
            assert answer.status_code == 409
            assert "no interrupted job" in answer.json()["error"]
        await made.tell(interrupted=INTERRUPTED.interrupted, state=MachineState.OPERATIONAL)
        assert "still being found out" in (await client.get(ONE)).json()["error"]

    run(tmp_path, scenario)


def test_an_offer_of_another_job_is_none(tmp_path):
    async def scenario(client, _):
        assert (await client.get(ONE)).status_code == 409

    with_offer(tmp_path, scenario, offer=msgspec.structs.replace(OFFER, job_id="old"))
