"""The jobs that ended, and the diagnosis of their wires."""

from dataclasses import dataclass

import pytest

from helpers_fleet import until
from helpers_hub import READY, run
from mrdraw.link import messages as link
from mrdraw.link.diagnosis import Verdict, WireDiagnosis, WireFigures
from mrdraw.link.messages import JobOutcome, MachineState

MACHINE = "/api/v1/machines/default"
FILE = link.JobFile(name="a.gcode", path="parts/a.gcode", display="a.gcode", source="/x", size=9, sha1="0f", user="ann")
STALLED = WireDiagnosis(
    Verdict.COMPUTER,
    "5 times …",
    WireFigures(seconds=12.5, lines=900, host_to_wire=(0, 0, 3), late_host=5, least_planner_free=0, limit=11520.0),
)
FINE = WireDiagnosis(Verdict.NOTHING, "900 lines …", WireFigures(lines=900))


def ended(number, **fields):
    return link.JobEnded(
        **{
            "id": f"job{number}",
            "file": FILE,
            "outcome": JobOutcome.DONE,
            "started_at": 100.0,
            "ended_at": 1000.0 + number,
            "print_time": 60.5,
            "wire": STALLED,
            **fields,
        }
    )


async def jobs(client, **query):
    return (await client.get(f"{MACHINE}/jobs", params=query)).json()["jobs"]


async def heard(made, *messages):
    """Have the host tell this, and wait until all of it was written down."""
    made.host.tell(*messages)
    known = made.hub.history
    wanted = {message.id for message in messages if isinstance(message, link.JobEnded)}
    await until(lambda: wanted <= {job.id for job in known.last("default", 500)})


def test_jobs_that_ended_are_listed_newest_first(tmp_path):
    async def scenario(client, made):
        assert await jobs(client) == []
        failed = ended(2, outcome=JobOutcome.FAILED, reason="The wire broke.", started_at=None, wire=None)
        await heard(made, ended(1), failed)
        newest, older = await jobs(client)
        assert newest["id"] == "job2"
        assert (newest["outcome"], newest["reason"], newest["startedAt"]) == ("failed", "The wire broke.", None)
        assert newest["wire"] is None
        assert older == {
            "id": "job1",
            "file": {"name": "a.gcode", "path": "parts/a.gcode", "hash": "0f", "size": 9},
            "user": "ann",
            "startedAt": 100.0,
            "endedAt": 1001.0,
            "outcome": "done",
            "reason": None,
            "printTime": 60.5,
            "wire": "this computer",
        }

    run(tmp_path, scenario)


def test_a_job_that_every_server_is_told_of_is_listed_once(tmp_path):
    async def scenario(client, made):
        await heard(made, ended(1))
        made.host.history.append(ended(1))
        made.host.break_links()
        await until(lambda: len(made.asked(link.Hello)) == 2)
        await heard(made, ended(2))
        assert [job["id"] for job in await jobs(client)] == ["job2", "job1"]

    run(tmp_path, scenario)


def test_a_list_is_bounded(tmp_path):
    async def scenario(client, made):
        await heard(made, *(ended(number) for number in range(60)))
        assert len(await jobs(client)) == 50
        assert [job["id"] for job in await jobs(client, limit=2)] == ["job59", "job58"]
        for wrong in ("0", "501", "-1", "many", "1.5"):
            answer = await client.get(f"{MACHINE}/jobs", params={"limit": wrong})
            assert (answer.status_code, "limit" in answer.json()["error"]) == (400, True)

    run(tmp_path, scenario)


def test_the_wire_of_a_job_that_ended(tmp_path):
    async def scenario(client, made):
        await heard(made, ended(1), ended(2, wire=None))
        record = (await client.get(f"{MACHINE}/jobs/job1/wire")).json()
        assert (record["job"], record["running"], record["verdict"]) == ("job1", False, "this computer")
        assert record["why"] == "5 times …"
        figures = record["figures"]
        assert (figures["seconds"], figures["lines"]) == (12.5, 900)
        assert figures["host"]["delays"] == [{"below": 4e-06, "count": 3}]
        assert figures["machine"]["leastPlannerFree"] == 0
        assert figures["baudRate"]["limit"] == 11520.0
        assert (await client.get(f"{MACHINE}/jobs/job2/wire")).json()["verdict"] is None
        answer = await client.get(f"{MACHINE}/jobs/job3/wire")
        assert (answer.status_code, "job3" in answer.json()["error"]) == (404, True)

    run(tmp_path, scenario)


@dataclass
class Told:
    """What `…/wire` says."""

    client: object

    async def now(self):
        record = (await self.client.get(f"{MACHINE}/wire")).json()
        return record["job"], record["verdict"], record["running"]


def test_the_wire_is_that_of_the_running_job_or_of_the_last_one(tmp_path):
    async def scenario(client, made):
        wire = Told(client)
        assert await wire.now() == (None, None, False)
        await heard(made, ended(1))
        assert await wire.now() == ("job1", "this computer", False)
        made.host.tell(link.WireReport(job="job2", diagnosis=FINE, running=True))
        await made.tell(state=MachineState.PRINTING, job=link.Job(id="job2", file=FILE))
        assert await wire.now() == ("job2", "nothing", True)
        made.host.tell(link.WireReport(job="job2", diagnosis=STALLED))
        await made.tell()
        assert await wire.now() == ("job2", "this computer", False)

    run(tmp_path, scenario)


@pytest.mark.parametrize("torn", ['{"verdict": "the cat", "why": ""}', '{"verdict"'])
def test_a_diagnosis_that_cannot_be_read_is_none(tmp_path, torn):
    async def scenario(client, made):
        await heard(made, ended(1))
        database = made.hub.history._database
        await database.write(lambda connection: connection.execute("UPDATE jobs SET wire = ?", (torn,)))
        assert (await client.get(f"{MACHINE}/jobs/job1/wire")).json()["verdict"] is None
        assert [job["wire"] for job in await jobs(client)] == [None]

    run(tmp_path, scenario, snapshot=READY)
