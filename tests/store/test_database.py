"""The database: transactions, other processes, migrations."""

import asyncio
import sqlite3
import subprocess
import sys
import time

import pytest

from mrdraw.errors import DatabaseTooNew
from mrdraw.store import Database, database


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


def test_only_the_owner_may_read_it(opened):
    assert opened.path.stat().st_mode & 0o777 == 0o600


def test_a_database_of_a_newer_release_is_refused(tmp_path):
    Database(tmp_path / "mrdraw.db").close()
    with sqlite3.connect(tmp_path / "mrdraw.db") as connection:
        connection.execute("PRAGMA user_version = 999")
    connection.close()
    with pytest.raises(DatabaseTooNew, match="newer release"):
        Database(tmp_path / "mrdraw.db")


def test_a_migration_makes_a_backup_first(tmp_path, monkeypatch):
    first = Database(tmp_path / "mrdraw.db")
    first.write_now(_put("kept", "yes"))
    first.close()
    known = database._migrations()
    monkeypatch.setattr(database, "_migrations", lambda: [*known, (2, "CREATE TABLE later (a TEXT) STRICT;")])
    second = Database(tmp_path / "mrdraw.db")
    assert second.read("SELECT value FROM meta") == [("yes",)]
    assert second.read("SELECT * FROM later") == []
    second.close()
    with sqlite3.connect(tmp_path / "mrdraw.db.before-2") as backup:
        assert backup.execute("SELECT value FROM meta").fetchall() == [("yes",)]
    backup.close()


def test_a_failed_migration_changes_nothing(tmp_path, monkeypatch):
    Database(tmp_path / "mrdraw.db").close()
    known = database._migrations()
    broken = "CREATE TABLE later (a TEXT) STRICT; SELECT nonsense FROM nowhere;"
    monkeypatch.setattr(database, "_migrations", lambda: [*known, (2, broken)])
    with pytest.raises(sqlite3.OperationalError):
        Database(tmp_path / "mrdraw.db")
    monkeypatch.undo()
    again = Database(tmp_path / "mrdraw.db")
    assert again.read("SELECT name FROM sqlite_master WHERE name = 'later'") == []
    again.close()


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
    process = subprocess.Popen([sys.executable, "-c", WRITER, tmp_path / "mrdraw.db"])
    opened = Database(tmp_path / "mrdraw.db")
    deadline = time.monotonic() + 60
    while opened.read("SELECT count(*) FROM meta")[0][0] < 30 and time.monotonic() < deadline:
        time.sleep(0.01)
    process.kill()
    process.wait()
    opened.close()
    again = Database(tmp_path / "mrdraw.db")
    assert again.read("PRAGMA integrity_check") == [("ok",)]
    (count,) = again.read("SELECT count(*) FROM meta")[0]
    again.close()
    assert count >= 30
    assert count % 3 == 0
