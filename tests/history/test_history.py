"""The jobs that ended."""

from contextlib import closing

import msgspec
import pytest

from mrdraw.errors import NoSuchJob
from mrdraw.history import History, JobRecord, Tally
from mrdraw.store import Database

JOB = JobRecord(
    id="a",
    machine="default",
    name="box.gcode",
    path="parts/box.gcode",
    sha1="00ff",
    size=1000,
    user="ann",
    started_at=100.0,
    ended_at=200.0,
    outcome="failed",
    reason="The wire broke.",
    print_time=90.0,
    wire='{"verdict":"nothing","why":""}',
)


@pytest.fixture
def history(tmp_path):
    with closing(Database(tmp_path / "mrdraw.db")) as database:
        made = History(database)
        made.settle = lambda: database.write_now(lambda _: None)
        yield made


def other(**changes):
    return msgspec.structs.replace(JOB, **changes)


def saved(history, *records):
    for record in records:
        history.save_soon(record)
    history.settle()


def test_a_job_is_kept_as_it_was_told(history):
    saved(history, JOB)
    assert history.job("default", "a") == JOB


def test_the_last_jobs_of_a_machine_come_newest_first_and_no_more_than_asked_for(history):
    saved(history, *(other(id=str(number), ended_at=float(number)) for number in (3, 1, 2)))
    saved(history, other(id="x", machine="plotter", ended_at=9.0))
    assert [job.id for job in history.last("default", 2)] == ["3", "2"]
    assert [job.id for job in history.last("plotter", 10)] == ["x"]
    assert history.last("nobody", 10) == []


def test_a_job_that_is_told_twice_stands_once(history):
    saved(history, JOB, JOB)
    assert history.last("default", 10) == [JOB]


def test_the_later_end_of_a_job_holds_with_the_first_beginning(history):
    resumed = other(ended_at=300.0, started_at=250.0, outcome="done", reason="", print_time=140.0, wire=None)
    for order in ([JOB, resumed], [resumed, JOB]):
        saved(history, *order)
        (found,) = history.last("default", 10)
        assert found == other(ended_at=300.0, outcome="done", reason="", print_time=140.0)


@pytest.mark.parametrize(("machine", "job"), [("default", "b"), ("plotter", "a")])
def test_a_job_that_is_not_there_is_named(history, machine, job):
    saved(history, JOB)
    with pytest.raises(NoSuchJob, match=f"'{job}'.*'{machine}'"):
        history.job(machine, job)


def test_only_news_are_told(history):
    told = []
    for record in (JOB, JOB, other(ended_at=100.0), other(ended_at=300.0), other(id="b")):
        history.save_soon(record, then=lambda: told.append(history.revision))
    history.settle()
    assert told == [1, 2, 3]


def test_the_jobs_of_a_content_are_counted_wherever_it_lay(history):
    saved(
        history,
        other(id="1", outcome="done", ended_at=10.0, print_time=100.0),
        other(id="2", outcome="done", ended_at=30.0, print_time=300.0, path="elsewhere.gcode", machine="plotter"),
        other(id="3", outcome="cancelled", ended_at=40.0, print_time=5.0),
        other(id="4", outcome="failed", ended_at=20.0, print_time=7.0),
        other(id="5", sha1="ff00", outcome="done", ended_at=50.0),
    )
    expected = Tally(2, 2, 40.0, succeeded=False, print_time=5.0, mean_time=200.0, last_time=300.0)
    assert history.tallies().of("00ff", "whatever.gcode") == expected
    assert history.tallies().of("other", "parts/box.gcode") is None


def test_without_a_hash_the_path_counts(history):
    saved(history, other(sha1=None), other(id="b", sha1=None, path="b.gcode", outcome="done"))
    assert history.tallies().of(None, "parts/box.gcode") == Tally(0, 1, 200.0, succeeded=False, print_time=90.0)
    assert history.tallies().of(None, "b.gcode").mean_time == 90.0
    assert history.tallies().of(None, "c.gcode") is None
