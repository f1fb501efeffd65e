import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from helpers_accounts import opened
from mrdraw.cli import certificate
from mrdraw.cli.checks import folders
from mrdraw.cli.checks.finding import Level
from mrdraw.cli.checks.folders import DatabaseFacts, FolderFacts
from mrdraw.cli.configuration import Configuration
from mrdraw.settings.computer import TlsTree

BASE = Path("/srv/mrdraw")
ABOVE = FolderFacts(Path("/srv"), True, True, True, "pi", 0o755)


def folder(**facts):
    return FolderFacts(**{"path": BASE, "exists": True, "is_folder": True, "writable": True, "owner": "pi", **facts})


@pytest.mark.parametrize(
    ("facts", "level", "said", "advice"),
    [
        ({}, Level.OK, "can be written to", ""),
        ({"exists": False}, Level.OK, "is made by the first start", ""),
        ({"is_folder": False}, Level.PROBLEM, "is no folder", "Move that file away"),
        ({"writable": False, "owner": "root"}, Level.PROBLEM, "pi may not write", "sudo chown -R pi: /srv/mrdraw"),
        ({"writable": False}, Level.PROBLEM, "may not write", "mounted read-only"),
        ({"owner": "root"}, Level.WARNING, "belongs to root, not to pi", "sudo chown -R pi: /srv/mrdraw"),
    ],
)
def test_a_folder(facts, level, said, advice):
    finding = folders.check_folder("folder", folder(**facts), ABOVE, "pi")
    assert (finding.level, said in finding.text, advice in finding.advice) == (level, True, True)


def test_a_folder_that_cannot_be_made():
    above = FolderFacts(Path("/"), True, True, False, "root", 0o755)
    finding = folders.check_folder("folder", FolderFacts(BASE), above, "pi")
    assert finding.level is Level.PROBLEM
    assert "sudo mkdir -p /srv/mrdraw; sudo chown -R pi: /srv/mrdraw" in finding.advice


@pytest.mark.parametrize(
    ("facts", "level"),
    [
        ({"exists": False}, Level.OK), ({"mode": 0o600}, Level.OK), ({"mode": 0o640}, Level.WARNING),
        ({"mode": 0o600, "owner": "root"}, Level.PROBLEM),
    ],
)  # fmt: skip
def test_the_key_file(facts, level):
    assert folders.check_key(folder(**facts), "pi").level is level


def test_what_is_gathered(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    (tmp_path / "file").chmod(0o640)
    facts = folders.gather(tmp_path / "file")
    assert (facts.exists, facts.is_folder, facts.writable, facts.mode) == (True, False, True, 0o640)
    assert folders.gather(tmp_path).is_folder
    assert not folders.gather(tmp_path / "file" / "below").exists


@pytest.mark.parametrize(
    ("text", "level", "said"),
    [
        ("", Level.OK, "can be read"),
        ("server: {port: 5001}", Level.OK, "can be read"),
        ("server: {porrt: 5001}\nserial: {x: 1}", Level.WARNING, "server.porrt, x"),
        ("server: {port: torn", Level.PROBLEM, "line"),
        ("server: {port: high}", Level.PROBLEM, "server.port"),
    ],
)
def test_settings(tmp_path, text, level, said):
    (tmp_path / "config.yaml").write_text(text, encoding="utf-8")
    finding = folders.check_settings(Configuration(tmp_path))
    assert finding.level is level
    assert said.split(", ")[0] in finding.text
    assert [path.name for path in tmp_path.iterdir()] == ["config.yaml"]


def test_a_sound_database_and_none(tmp_path):
    assert folders.check_database(folders.gather_database(tmp_path), tmp_path, 5).level is Level.OK
    assert list(tmp_path.iterdir()) == []
    with opened(tmp_path):
        facts = folders.gather_database(tmp_path)
    assert facts.version > 0
    assert folders.check_database(facts, tmp_path, facts.version).text == "The database is sound."
    assert folders.gather_database(tmp_path) == facts


def test_a_damaged_database(tmp_path):
    path = tmp_path / "mrdraw.db"
    path.write_bytes(b"no database at all" * 100)
    finding = folders.check_database(folders.gather_database(tmp_path), tmp_path, 5)
    assert (finding.level, "file is not a database" in finding.text) == (Level.PROBLEM, True)
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (x)")
        connection.executemany("INSERT INTO t VALUES (?)", [("x" * 500,)] * 500)
        connection.commit()
    content = bytearray(path.read_bytes())
    content[8192:12288] = bytes(4096)
    path.write_bytes(content)
    finding = folders.check_database(folders.gather_database(tmp_path), tmp_path, 5)
    assert finding.level is Level.PROBLEM
    assert "restore a backup" in finding.advice


def test_a_database_of_a_newer_release():
    finding = folders.check_database(DatabaseFacts(exists=True, version=999), BASE, 998)
    assert (finding.level, "newer release (version 999" in finding.text) == (Level.PROBLEM, True)


def test_certificates(tmp_path):
    made = datetime(2030, 1, 1, tzinfo=UTC)
    cert, key = certificate.make(["localhost"], 100, now=made)
    certificate.write(tmp_path / "c.pem", cert, 0o644)
    certificate.write(tmp_path / "k.pem", key, 0o600)
    tls = TlsTree(cert="c.pem", key="k.pem")
    assert list(folders.check_tls(TlsTree(), tmp_path)) == []
    for now, level in (
        (made, Level.OK),
        (datetime(2030, 4, 1, tzinfo=UTC), Level.WARNING),
        (datetime(2030, 5, 1, tzinfo=UTC), Level.PROBLEM),
    ):
        (finding,) = folders.check_tls(tls, tmp_path, now)
        assert finding.level is level
    (finding,) = folders.check_tls(TlsTree(cert="c.pem"), tmp_path)
    assert finding.level is Level.PROBLEM
    assert folders.check_tls_rights(tls, tmp_path, "pi") == []
    assert folders.check_tls_rights(TlsTree(), tmp_path, "pi") == []


def test_a_key_that_the_user_may_not_read(tmp_path, monkeypatch):
    (tmp_path / "c.pem").touch()
    (tmp_path / "k.pem").touch()
    monkeypatch.setattr(folders.os, "access", lambda path, _: path.name == "c.pem")
    (finding,) = folders.check_tls_rights(TlsTree(cert="c.pem", key="k.pem"), tmp_path, "pi")
    assert (finding.level, "k.pem may not be read by pi" in finding.text) == (Level.PROBLEM, True)
