"""The audit log in the database: what is kept, what is found, what goes."""

import asyncio
import subprocess
import sys
from contextlib import closing

import pytest

from helpers_accounts import Clock
from mrdraw.accounts import audit
from mrdraw.accounts.audit import AuditLog
from mrdraw.accounts.audit_entry import Action, Entry, Outcome
from mrdraw.accounts.audit_search import Search
from mrdraw.settings import Settings
from mrdraw.store import Database

DAY = 86400.0


def entry(clock, action=Action.JOB_STARTED, **members):
    return Entry(at=clock(), action=action, outcome=Outcome.DONE, **members)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def log(tmp_path, clock):
    with (
        closing(Database(tmp_path / "mrdraw.db")) as database,
        closing(AuditLog(database, Settings(tmp_path), clock)) as made,
    ):
        yield made


def found(log, limit=100, before=None, **search):
    return log.page(Search(**search), before=before, limit=limit)


def subjects(log, **search):
    return [one.entry.subject for one in found(log, **search)]


def write(log, *entries):
    async def main():
        await asyncio.wait([log.add(one) for one in entries])

    asyncio.run(main())


def test_an_entry_is_found_again_as_it_was(log, clock):
    written = entry(
        clock,
        status=204,
        user="ann",
        via="apikey",
        fingerprint="0123456789ab",
        address="10.0.0.7",
        machine="default",
        subject="a.gcode",
        detail="uploaded",
    )
    write(log, written)
    assert [one.entry for one in found(log)] == [written]


def test_entries_of_one_moment_are_written_in_one_transaction_in_their_order(log, clock, tmp_path):
    before = log._database.data_version()[0]
    write(log, *(entry(clock, subject=f"{number}") for number in range(50)))
    assert subjects(log) == [f"{number}" for number in reversed(range(50))]
    assert log._database.data_version()[0] == before + 1


def test_what_is_looked_for(log, clock):
    write(
        log,
        entry(clock, Action.LOG_IN, user="ann", address="10.0.0.7", subject="one"),
        entry(clock, Action.LOG_IN, user="rita", machine="default", subject="100%"),
    )
    clock.now += 60
    write(log, Entry(at=clock(), action=Action.SETTINGS, outcome=Outcome.REFUSED, user="ann", subject="three"))
    assert subjects(log, user="ann") == ["three", "one"]
    assert subjects(log, action=Action.LOG_IN) == ["100%", "one"]
    assert subjects(log, outcome=Outcome.REFUSED) == ["three"]
    assert subjects(log, machine="default") == ["100%"]
    assert subjects(log, since=clock()) == ["three"]
    assert subjects(log, until=clock()) == ["100%", "one"]
    assert subjects(log, text="ANN") == ["three", "one"]
    assert subjects(log, text="0.0.7") == ["one"]
    assert subjects(log, text="0%") == ["100%"]  # a percent sign is one, not anything
    assert subjects(log, text="_") == []
    assert subjects(log, user="ann", action=Action.LOG_IN, text="' OR 1=1 --") == []


def test_pages_go_on_where_the_one_before_ended_whatever_is_written_meanwhile(log, clock):
    write(log, *(entry(clock, subject=f"{number}") for number in range(5)))
    first = found(log, limit=2)
    write(log, entry(clock, subject="new"))
    second = found(log, limit=2, before=first[-1].number)
    assert [one.entry.subject for one in (*first, *second)] == ["4", "3", "2", "1"]


def prune(log):
    log._database.write_now(log._prune)


def test_what_is_older_than_the_settings_say_is_neither_shown_nor_kept(log, clock):
    write(log, entry(clock, subject="old"))
    clock.now += 89 * DAY
    write(log, entry(clock, subject="new"))
    prune(log)
    assert subjects(log) == ["new", "old"]
    clock.now += 2 * DAY
    assert subjects(log) == ["new"]
    prune(log)
    clock.now -= 80 * DAY
    assert subjects(log) == ["new"]


def test_the_days_are_a_setting(log, clock):
    log._settings.update({"accessControl": {"auditDays": 7}})
    write(log, entry(clock))
    clock.now += 8 * DAY
    assert log.days == 7
    assert found(log) == []


def test_a_flood_of_strangers_displaces_nobody_else(log, clock, monkeypatch):
    monkeypatch.setattr(audit, "MOST_OF_STRANGERS", 3)
    monkeypatch.setattr(audit, "MOST", 10)
    write(log, entry(clock, user="ann", subject="ann's"))
    write(log, *(entry(clock, Action.LOG_IN, subject=f"{number}") for number in range(20)))
    prune(log)
    assert len(found(log, user="ann")) == 0  # the flood came between two looks and was larger than all that is kept
    write(log, entry(clock, user="ann", subject="ann's"), *(entry(clock, Action.LOG_IN) for _ in range(6)))
    prune(log)
    assert len(found(log, user="ann")) == 1
    assert len(found(log)) == 4


def test_texts_are_what_a_database_takes_and_not_endless(log, clock):
    write(log, entry(clock, subject="\udcff" + "x" * 5000))
    (one,) = found(log)
    assert one.entry.subject.startswith("?xx")
    assert len(one.entry.subject) == audit.LONGEST


def test_what_waits_is_written_at_the_end(tmp_path, clock):
    async def main(log):
        log.add(entry(clock, subject="last"))

    with closing(Database(tmp_path / "mrdraw.db")) as database:
        log = AuditLog(database, Settings(tmp_path), clock)
        asyncio.run(main(log))
        log.close()
    with closing(Database(tmp_path / "mrdraw.db")) as database:
        log = AuditLog(database, Settings(tmp_path), clock)
        assert subjects(log) == ["last"]


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from mrdraw.accounts.audit import AuditLog
from mrdraw.accounts.audit_entry import Action, Entry, Outcome
from mrdraw.settings import Settings
from mrdraw.store import Database

async def main():
    folder = Path(sys.argv[1])
    log = AuditLog(Database(folder / "mrdraw.db"), Settings(folder))
    await log.add(Entry(at=1_800_000_000.0, action=Action.LOG_IN, outcome=Outcome.DONE, subject="answered"))
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


def test_what_was_written_outlives_a_killed_process(tmp_path, clock):
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], timeout=60, check=False)
    assert done.returncode < 0
    with closing(Database(tmp_path / "mrdraw.db")) as database:
        assert subjects(AuditLog(database, Settings(tmp_path), clock)) == ["answered"]


def test_a_disk_that_does_not_answer_costs_entries_and_no_memory(log, clock, monkeypatch, caplog):
    monkeypatch.setattr(audit, "MOST_WAITING", 2)
    write(log, *(entry(clock, subject=f"{number}") for number in range(4)))
    assert subjects(log) == ["1", "0"]
    assert "is lost" in caplog.text
