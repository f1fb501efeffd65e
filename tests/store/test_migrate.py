"""Migrations: once, in order, after a backup; or not at all."""

import sqlite3
from contextlib import closing

import pytest

from mrdraw.errors import DatabaseTooNew, DatabaseUnusable
from mrdraw.store import Database, migrate
from mrdraw.store.migrate import Migration, migrations, statements


@pytest.fixture
def path(tmp_path):
    """A database of this release with something in it."""
    path = tmp_path / "mrdraw.db"
    with closing(Database(path)) as opened:
        opened.write_now(lambda connection: connection.execute("INSERT INTO meta VALUES ('kept', 'yes')"))
    return path


@pytest.fixture
def released(monkeypatch):
    """Pretend that a release came with these further scripts."""

    def release(*scripts):
        known = migrations()
        further = [Migration(known[-1].number + 1 + index, script) for index, script in enumerate(scripts)]
        monkeypatch.setattr(migrate, "migrations", lambda: [*known, *further])
        return further[-1].number

    return release


def version_of(path):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("PRAGMA user_version").fetchone()[0]


def test_a_new_database_has_the_newest_version_and_no_backup(path):
    assert version_of(path) == migrations()[-1].number
    assert not list(path.parent.glob("*.before-*"))


def test_the_migrations_are_numbered_without_gaps():
    assert [migration.number for migration in migrations()] == list(range(1, len(migrations()) + 1))


def test_a_backup_is_made_first(path, released):
    newest = released("CREATE TABLE later (a TEXT) STRICT;", "INSERT INTO later\nVALUES ('b;c');")
    with closing(Database(path)) as opened:
        assert opened.read("SELECT key, value FROM meta") == [("kept", "yes")]
        assert opened.read("SELECT a FROM later") == [("b;c",)]
    assert version_of(path) == newest
    backup = path.with_name(f"mrdraw.db.before-{newest}")
    assert backup.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(backup)) as connection:
        assert connection.execute("SELECT key, value FROM meta").fetchall() == [("kept", "yes")]
        assert connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'later'").fetchone() == (0,)
    assert version_of(backup) == migrations()[-1].number
    assert not list(path.parent.glob("*.partial"))


def test_a_migration_runs_once(path, released):
    newest = released("INSERT INTO meta VALUES ('ran', 'once');")
    Database(path).close()
    path.with_name(f"mrdraw.db.before-{newest}").unlink()
    with closing(Database(path)) as opened:
        assert opened.read("SELECT count(*) FROM meta WHERE key = 'ran'") == [(1,)]
    assert not list(path.parent.glob("*.before-*"))


@pytest.mark.parametrize("broken", ["SELECT nonsense FROM nowhere;", "CREATE TABLE unfinished ("])
def test_a_failed_migration_changes_nothing(path, released, broken):
    before = version_of(path)
    released("CREATE TABLE later (a TEXT) STRICT;", broken)
    with pytest.raises(DatabaseUnusable):
        Database(path)
    assert version_of(path) == before
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'later'").fetchone() == (0,)


def test_a_database_of_a_newer_release_is_refused_and_left_alone(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 999")
    with pytest.raises(DatabaseTooNew, match=r"version 999.*mrdraw\.db\.before-999"):
        Database(path)
    assert version_of(path) == 999


def test_statements_end_where_their_lines_end():
    script = "-- a comment; with a semicolon\nCREATE TABLE a (b TEXT); -- why\n\nINSERT INTO a\nVALUES (';');\n-- end\n"
    assert [statement.split()[-1] for statement in statements(script)] == ["why", "(';');", "end"]
