"""Users, keys and sessions; what another process changes is seen at once."""

import asyncio
import contextlib

import pytest

from mrdraw.accounts import Accounts, Permission, permission_records
from mrdraw.accounts.permissions import GROUPS, permissions_of
from mrdraw.errors import InvalidValue, MrDrawError, NoSuchUser, NotPermitted, TooManyAttempts, UserExists
from mrdraw.settings import Settings, settings
from mrdraw.store import Database


@contextlib.contextmanager
def opened(folder):
    database = Database(folder / "mrdraw.db")
    accounts = Accounts(database, Settings(folder), folder)
    yield accounts
    accounts.close()
    database.close()


@pytest.fixture
def accounts(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "LOOK_EVERY", 0.0)
    with opened(tmp_path) as found:
        found.add_user("ada", "engine", ("admins",))
        found.add_user("bob", "look", ("readonly",))
        yield found


def test_a_key_is_its_users(accounts):
    key = accounts.new_user_key("bob")
    who = accounts.identify_key(key)
    assert (who.name, who.via) == ("bob", "apikey")
    assert who.may(Permission.STATUS)
    assert not who.may(Permission.PRINT)
    assert accounts.user_key("bob") == key
    assert accounts.identify_key("unknown") is None


def test_another_process_is_seen_at_once(accounts, tmp_path):
    key = accounts.new_user_key("ada")
    assert accounts.identify_key(key)
    with opened(tmp_path) as other:
        assert other.identify_key(key).name == "ada"
        other.revoke_user_key("ada")
        assert accounts.identify_key(key) is None
        new = other.new_user_key("ada")
        assert accounts.identify_key(new).name == "ada"
        other.set_active("ada", active=False)
        assert accounts.identify_key(new) is None
        other.set_active("ada", active=True)
        assert accounts.identify_key(new)
        other.remove_user("ada")
    assert accounts.identify_key(new) is None


def test_keys_are_not_kept_in_the_clear(accounts, tmp_path):
    keys = [accounts.new_user_key("ada"), accounts.new_global_key()]
    session = asyncio.run(accounts.open_session(accounts.identify_key(keys[0])))
    files = [path.read_bytes() for path in tmp_path.iterdir() if path.is_file()]
    for secret in (*keys, session, "engine"):
        assert not any(secret.encode() in content for content in files)
    assert (tmp_path / "secret.key").stat().st_mode & 0o777 == 0o600


def test_the_global_key(accounts):
    assert accounts.global_key() is None
    accounts.ensure_global_key()
    key = accounts.global_key()
    who = accounts.identify_key(key)
    assert who.is_global
    assert who.may(Permission.ADMIN)
    accounts.ensure_global_key()
    assert accounts.global_key() == key
    accounts.revoke_global_key()
    assert accounts.identify_key(key) is None
    accounts.ensure_global_key()
    assert accounts.global_key() is None


def test_the_global_key_of_the_settings(accounts, tmp_path):
    in_database = accounts.new_global_key()
    (tmp_path / "config.yaml").write_text("api: {key: chosen-by-hand}  # ours\n", encoding="utf-8")
    assert accounts.identify_key("chosen-by-hand").is_global
    assert accounts.identify_key(in_database) is None
    new = accounts.new_global_key()
    assert accounts.identify_key("chosen-by-hand") is None
    assert accounts.identify_key(new).is_global
    assert "chosen-by-hand" not in (tmp_path / "config.yaml").read_text(encoding="utf-8")


def test_logging_in(accounts):
    who = asyncio.run(accounts.login("ada", "engine"))
    assert (who.name, who.via) == ("ada", "session")
    for name, password in (("ada", "wrong"), ("nobody", "engine"), ("ada", "")):
        with pytest.raises(NotPermitted, match="wrong"):
            asyncio.run(accounts.login(name, password))


def test_how_passwords_are_kept(accounts):
    (hashed,) = accounts._database.read("SELECT password_hash FROM users WHERE name = 'ada'")[0]
    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_a_session_lives_as_long_as_its_password(accounts):
    who = asyncio.run(accounts.login("ada", "engine"))
    session = asyncio.run(accounts.open_session(who))
    assert accounts.identify_session(session).name == "ada"
    accounts.set_password("ada", "difference")
    assert accounts.identify_session(session) is None


def test_a_session_survives_the_server(accounts, tmp_path):
    session = asyncio.run(accounts.open_session(asyncio.run(accounts.login("ada", "engine"))))
    with opened(tmp_path) as later:
        assert later.identify_session(session).name == "ada"
        asyncio.run(later.close_session(session))
    assert accounts.identify_session(session) is None


def test_a_key_has_one_session(accounts):
    who = accounts.identify_key(accounts.new_user_key("ada"))
    first, second = asyncio.run(accounts.open_session(who)), asyncio.run(accounts.open_session(who))
    assert first == second
    assert accounts.identify_session(first).name == "ada"
    accounts.revoke_user_key("ada")
    assert accounts.identify_session(first) is None


def test_too_many_attempts(accounts):
    for _ in range(3):
        accounts.attempts.check("192.0.2.1")
        asyncio.run(accounts.attempts.failed("192.0.2.1"))
    with pytest.raises(TooManyAttempts):
        accounts.attempts.check("192.0.2.1")
    accounts.attempts.check("192.0.2.2")


@pytest.mark.parametrize("name", ["", " ada", "a:b", "a/b", "_api", "a\nb"])
def test_names_that_cannot_be(accounts, name):
    with pytest.raises(InvalidValue):
        accounts.add_user(name, "x", ("users",))


def test_what_is_refused(accounts):
    with pytest.raises(UserExists):
        accounts.add_user("ada", "x", ("users",))
    with pytest.raises(InvalidValue, match="admins, users, readonly"):
        accounts.add_user("eve", "x", ("guests",))
    with pytest.raises(NoSuchUser, match="ada, bob"):
        accounts.new_user_key("eve")
    with pytest.raises(InvalidValue):
        accounts.set_password("ada", "")


def test_a_damaged_key_file_is_named(tmp_path):
    (tmp_path / "secret.key").write_bytes(b"short")
    with pytest.raises(MrDrawError, match="damaged"), opened(tmp_path):
        pass


def test_the_groups_of_the_contract():
    readers = {"STATUS", "WEBCAM", "FILES_LIST", "FILES_DOWNLOAD", "GCODE_VIEWER", "MONITOR_TERMINAL", "SETTINGS_READ",
               "TIMELAPSE_LIST", "TIMELAPSE_DOWNLOAD", "PLUGIN_PLUGINMANAGER_LIST",
               "PLUGIN_ACHIEVEMENTS_VIEW"}  # fmt: skip
    assert permissions_of(("readonly",)) == readers
    assert permissions_of(("users",)) > readers
    assert {"PRINT", "CONTROL", "CONNECTION", "FILES_UPLOAD", "FILES_DELETE"} <= permissions_of(("users",))
    assert not {"SETTINGS", "SYSTEM", "ADMIN"} & permissions_of(("users",))
    assert GROUPS["guests"].permissions == frozenset()
    records = {record["key"]: record for record in permission_records()}
    assert records["GCODE_VIEWER"]["needs"] == {"role": ["gcodeviewer"]}
    assert records["SYSTEM"]["dangerous"]
    assert records["PLUGIN_SOFTWAREUPDATE_CHECK"]["plugin"] == "softwareupdate"
