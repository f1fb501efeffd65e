"""What is done at the command line stands in the audit log."""

import getpass
import json
import time

import pytest

from helpers_accounts import opened
from mrdraw.accounts.audit_search import Search
from mrdraw.cli.main import main


@pytest.fixture
def done(tmp_path):
    def run(*words):
        return main([*words, "--basedir", str(tmp_path)])

    assert run("user", "add", "ada", "--password", "engine", "--group", "admins") == 0
    return run


def entries(basedir):
    with opened(basedir, time.time) as accounts:
        found = accounts.audit.page(Search(), before=None, limit=50)
    return [one.entry for one in reversed(found)]


def test_who_did_what_to_whom(tmp_path, done):
    provider = {"issuer": "https://id.example", "clientId": "mrdraw"}
    openid = {"externalUrl": "https://p.example", "providers": {"home": provider}}
    (tmp_path / "config.yaml").write_text(json.dumps({"accessControl": {"openId": openid}}), encoding="utf-8")
    for words in (
        ("user", "password", "ada", "--password", "analytical"),
        ("user", "key", "ada", "--new"),
        ("user", "key", "ada", "--revoke"),
        ("user", "link", "ada", "home", "subject-1"),
        ("key", "--new"),
        ("key", "--revoke"),
        ("user", "add", "bob", "--password", "x"),
        ("user", "remove", "bob"),
    ):
        assert done(*words) == 0
    found = entries(tmp_path)
    assert [(str(one.action), one.subject, one.detail) for one in found] == [
        ("user-added", "ada", "groups: admins"),
        ("password", "ada", ""),
        ("key-made", "ada", ""),
        ("key-revoked", "ada", ""),
        ("user-changed", "ada", "linked to subject-1 of home"),
        ("key-made", "global key", ""),
        ("key-revoked", "global key", ""),
        ("user-added", "bob", "groups: users"),
        ("user-removed", "bob", ""),
    ]
    assert {(one.user, one.via, str(one.outcome)) for one in found} == {(getpass.getuser(), "command-line", "done")}


def test_what_was_refused_or_only_looked_at_is_not_noted(tmp_path, done, capsys):
    assert done("user", "remove", "nobody") != 0
    assert done("user", "list") == 0
    assert done("user", "factors", "ada", "--remove-passkeys", "--remove-second-factor") == 0
    assert [str(one.action) for one in entries(tmp_path)] == ["user-added"]


def test_no_key_is_in_it(tmp_path, done, capsys):
    assert done("user", "key", "ada", "--new") == 0
    key = capsys.readouterr().out.split()[-1]
    assert key not in repr(entries(tmp_path))


def test_a_user_without_a_name_is_told_by_number(tmp_path, done, monkeypatch):
    def nameless():
        raise KeyError("getpwuid(): uid not found: 4711")

    monkeypatch.setattr(getpass, "getuser", nameless)
    monkeypatch.setattr("os.getuid", lambda: 4711)
    assert done("key", "--new") == 0
    assert entries(tmp_path)[-1].user == "4711"
