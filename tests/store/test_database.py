"""The database: transactions, threads and other processes."""

import asyncio
import os
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from mrdraw.errors import DatabaseUnusable
from mrdraw.store import Database, told_as_unusable


@pytest.fixture
def opened(tmp_path):
    found = Database(tmp_path / "mrdraw.db")
    yield found
    found.close()


def _put(key, value):
    return lambda connection: connection.execute("INSERT INTO meta (key, value) VALUES (?, ?)", (key, value))


def test_what_is_written_is_read(opened):
    asyncio.run(opened.write(_put("a", "1")))
    opened.write_now(_put("b", "2"))
    assert opened.read("SELECT key, value FROM meta ORDER BY key") == [("a", "1"), ("b", "2")]


def test_a_transaction_is_taken_as_a_whole_or_not_at_all(opened):
    def half(connection):
        _put("a", "1")(connection)
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError):
        opened.write_now(half)
    assert opened.read("SELECT * FROM meta") == []


def test_what_comes_then_comes_once_it_is_taken(opened):
    seen = []

    def look():
        seen.append(opened.read("SELECT key FROM meta"))

    asyncio.run(opened.write(_put("a", "1"), then=look))
    with pytest.raises(sqlite3.IntegrityError):
        asyncio.run(opened.write(_put("a", "2"), then=look))
    assert seen == [[("a",)]]


def test_a_write_that_is_not_to_last_at_once_does_not_wait_for_the_disk(opened, monkeypatch):
    def how():
        return opened.write_now(lambda connection: connection.execute("PRAGMA synchronous").fetchone())

    async def unlasting():
        return await opened.write(lambda connection: connection.execute("PRAGMA synchronous").fetchone(), lasting=False)

    assert (how(), asyncio.run(unlasting()), how()) == ((2,), (1,), (2,))  # 2 is FULL, 1 is NORMAL


def test_all_writes_are_brought_to_the_disk(opened, tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(os.fstat(descriptor).st_ino))
    asyncio.run(opened.write(_put("a", "1"), lasting=False))
    opened.sync()
    assert synced == [(tmp_path / "mrdraw.db-wal").stat().st_ino]
    (tmp_path / "mrdraw.db-wal").rename(tmp_path / "away")
    opened.sync()
    assert len(synced) == 1


def test_whoever_writes_changes_the_version(opened, tmp_path):
    before = opened.data_version()
    assert opened.data_version() == before
    opened.write_now(_put("a", "1"))
    after = opened.data_version()
    assert after != before
    other = Database(tmp_path / "mrdraw.db")
    other.write_now(_put("b", "2"))
    other.close()
    assert opened.data_version() != after


def test_tables_are_strict(opened):
    with pytest.raises(sqlite3.IntegrityError):
        opened.write_now(lambda c: c.execute("INSERT INTO failed_logins VALUES ('a', 'not a number')"))


def test_only_the_owner_may_read_it_and_the_files_beside_it(tmp_path):
    before = os.umask(0)
    try:
        opened = Database(tmp_path / "mrdraw.db")
    finally:
        os.umask(before)
    opened.write_now(_put("a", "1"))
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    opened.close()
    assert modes == {"mrdraw.db": 0o600, "mrdraw.db-wal": 0o600, "mrdraw.db-shm": 0o600}


def test_a_database_that_others_could_read_is_closed_to_them(tmp_path):
    Database(tmp_path / "mrdraw.db").close()
    (tmp_path / "mrdraw.db").chmod(0o644)
    Database(tmp_path / "mrdraw.db").close()
    assert (tmp_path / "mrdraw.db").stat().st_mode & 0o777 == 0o600


def test_writes_are_on_the_disk_when_they_are_acknowledged(opened):
    asked = opened.write_now(lambda c: [c.execute(f"PRAGMA {name}").fetchone()[0] for name in PRAGMAS])
    assert dict(zip(PRAGMAS, asked, strict=True)) == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


PRAGMAS = ("journal_mode", "synchronous", "foreign_keys")


def test_a_write_that_nobody_waits_for(opened, caplog):
    opened.write_soon(_put("a", "1"))
    opened.write_soon(_put("a", "again"))
    opened.write_now(_put("b", "2"))
    assert opened.read("SELECT key, value FROM meta ORDER BY key") == [("a", "1"), ("b", "2")]
    assert "UNIQUE constraint failed" in caplog.text


def test_a_full_disk_fails_one_write_and_no_other(opened):
    def fill(connection):
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")
        connection.execute("INSERT INTO meta (key, value) VALUES ('big', ?)", ("x" * 1_000_000,))

    with pytest.raises(sqlite3.OperationalError, match="full"):
        opened.write_now(fill)
    opened.write_now(lambda connection: connection.execute("PRAGMA max_page_count = 1000000").fetchone())
    opened.write_now(_put("a", "1"))
    assert opened.read("SELECT key FROM meta") == [("a",)]


def test_many_threads_read_at_once(opened):
    for number in range(100):
        opened.write_now(_put(f"{number:02}", "x"))

    def read(_):
        return len(opened.read("SELECT * FROM meta ORDER BY key"))

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(read, range(400))) == {100}


@pytest.mark.parametrize(
    "content", [b"this is no database at all, but a letter" * 50, b"SQLite format 3\0" + b"\xff" * 4096]
)
def test_what_is_no_database_is_told(tmp_path, content):
    (tmp_path / "mrdraw.db").write_bytes(content)
    with pytest.raises(DatabaseUnusable, match="Restore a backup"):
        Database(tmp_path / "mrdraw.db")


def test_a_database_that_is_held_too_long_is_told(opened):
    blocked = sqlite3.connect(opened.path, timeout=0, isolation_level=None, check_same_thread=False)
    opened.write_now(lambda _: _try_to_write(blocked, opened.path))
    blocked.close()


def _try_to_write(connection, path):
    with pytest.raises(DatabaseUnusable, match="try again"), told_as_unusable(path):
        connection.execute("BEGIN IMMEDIATE")


WRITER = """
import sys
from pathlib import Path
from mrdraw.store import Database

def put(number):
    def write(connection):
        for part in range(3):
            connection.execute("INSERT INTO meta (key, value) VALUES (?, ?)", (f"{number}-{part}", "x"))
    return write

opened = Database(Path(sys.argv[1]))
for number in range(1_000_000):
    opened.write_now(put(number))
"""


def test_killed_in_the_middle_of_a_write(tmp_path):
    opened = Database(tmp_path / "mrdraw.db")
    process = subprocess.Popen([sys.executable, "-c", WRITER, tmp_path / "mrdraw.db"])
    try:
        deadline = time.monotonic() + 60
        while opened.read("SELECT count(*) FROM meta")[0][0] < 30 and time.monotonic() < deadline:
            time.sleep(0.01)
    finally:
        process.kill()
        process.wait()
        opened.close()
    again = Database(tmp_path / "mrdraw.db")
    assert again.read("PRAGMA integrity_check") == [("ok",)]
    (count,) = again.read("SELECT count(*) FROM meta")[0]
    again.write_now(_put("after", "x"))
    again.close()
    assert count >= 30
    assert count % 3 == 0


AT_ONCE = """
import sys
from pathlib import Path
from mrdraw.store import Database

name = sys.argv[2]
sys.stdin.read()  # the start, for all at once
opened = Database(Path(sys.argv[1]))
for number in range(20):
    opened.write_now(lambda c: c.execute("INSERT INTO meta (key, value) VALUES (?, 'x')", (f"{name}-{number}",)))
opened.close()
"""


def test_processes_make_and_write_one_database_at_once(tmp_path):
    command = [sys.executable, "-c", AT_ONCE, tmp_path / "mrdraw.db"]
    processes = [subprocess.Popen([*command, str(number)], stdin=subprocess.PIPE) for number in range(4)]
    for process in processes:
        process.stdin.close()
    assert [process.wait(60) for process in processes] == [0, 0, 0, 0]
    opened = Database(tmp_path / "mrdraw.db")
    (count,) = opened.read("SELECT count(*) FROM meta")[0]
    opened.close()
    assert count == 80
