"""Who somebody is; what another process changes is seen at once."""

import asyncio
import subprocess
import sys
import threading
import time

import pytest

from helpers_accounts import opened
from mrdraw.accounts import Permission
from mrdraw.accounts.attempts import ACCOUNT_LIMITS
from mrdraw.errors import InvalidValue, NoSuchUser, NotPermitted, UserExists
from mrdraw.settings import settings
from mrdraw.store.database import STAT_EVERY


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


def test_another_process_is_seen_within_a_moment(accounts, tmp_path):
    def seen(key):
        time.sleep(STAT_EVERY)
        return accounts.identify_key(key)

    key = accounts.new_user_key("ada")
    assert accounts.identify_key(key)
    with opened(tmp_path) as other:
        assert other.identify_key(key).name == "ada"
        other.revoke_user_key("ada")
        assert seen(key) is None
        new = other.new_user_key("ada")
        assert seen(new).name == "ada"
        other.set_active("ada", active=False)
        assert seen(new) is None
        other.set_active("ada", active=True)
        assert seen(new)
        other.remove_user("ada")
    assert seen(new) is None


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


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        " ada",
        "ada ",
        "a:b",
        "a/b",
        "a\\b",
        "_api",
        "a\nb",
        "a\x7fb",
        "a\x85b",
        "a\u2028b",
        "a\udc80b",
        "a" * 129,
    ],
)
def test_names_that_cannot_be(accounts, name):
    with pytest.raises(InvalidValue, match="user's name"):
        accounts.add_user(name, "x", ("users",))
    assert len(accounts.users()) == 2


@pytest.mark.parametrize("name", ["Ada", "ada lovelace", "Åda", "ада", "a.b@c", "O'Neil", "%_", "👩‍🔧", "ada--"])
def test_names_that_can_be(accounts, name):
    accounts.add_user(name, "x", ("users",))
    assert accounts.identify_key(accounts.new_user_key(name)).name == name
    assert accounts.user_record(name)["name"] == name


def test_what_is_refused(accounts):
    with pytest.raises(UserExists):
        accounts.add_user("ada", "x", ("users",))
    with pytest.raises(InvalidValue, match="admins, users, readonly"):
        accounts.add_user("eve", "x", ("guests",))
    with pytest.raises(NoSuchUser, match="ada, bob"):
        accounts.new_user_key("eve")
    for password in ("", "\udc80"):
        with pytest.raises(InvalidValue, match="A password"):
            accounts.set_password("ada", password)
    for refused in (
        lambda: accounts.remove_user("eve"),
        lambda: accounts.set_password("eve", "x"),
        lambda: accounts.set_active("eve", active=False),
        lambda: accounts.revoke_user_key("eve"),
        lambda: accounts.user_key("eve"),
        lambda: accounts.user_record("eve"),
        lambda: accounts.user_record("\udc80"),
    ):
        with pytest.raises(NoSuchUser):
            refused()


# --- keys ------------------------------------------------------------------------------------------------------------


def test_a_key_is_unknown_when_it_is_not_a_key_at_all(accounts):
    for key in ("", " ", "k" * 100_000, "\udc80", "\x00", "' OR 1=1 --"):
        assert accounts.identify_key(key) is None
        assert accounts.identify_session(key) is None


def test_many_wrong_keys_do_not_fill_the_memory_or_hide_the_right_one(accounts):
    key = accounts.new_user_key("ada")
    for number in range(3000):
        assert accounts.identify_key(f"wrong-{number}") is None
    assert accounts.identify_key(key).name == "ada"
    assert len(accounts._known_keys) < 1100


def test_what_was_looked_up_is_answered_from_memory(accounts):
    key = accounts.new_user_key("ada")
    assert accounts.identify_key(key) is accounts.identify_key(key)


def test_a_new_key_ends_the_one_before(accounts):
    first, second = accounts.new_user_key("ada"), accounts.new_user_key("ada")
    assert accounts.identify_key(first) is None
    assert accounts.identify_key(second).name == "ada"


def test_who_comes_back_under_the_same_name_gets_nothing_of_the_one_before(accounts):
    key = accounts.new_user_key("ada")
    session = asyncio.run(accounts.open_session(asyncio.run(accounts.login("ada", "engine"))))
    accounts.remove_user("ada")
    accounts.add_user("ada", "engine", ("admins",))
    assert accounts.identify_key(key) is None
    assert accounts.user_key("ada") is None
    assert accounts.identify_session(session) is None


def test_with_another_key_file_keys_work_and_are_not_shown(accounts, tmp_path):
    accounts.ensure_global_key()
    key, global_key = accounts.new_user_key("ada"), accounts.global_key()
    (tmp_path / "secret.key").unlink()
    with opened(tmp_path) as later:
        assert later.identify_key(key).name == "ada"
        assert later.user_key("ada") is None
        assert later.users()[0]["apikey"] is None
        later.ensure_global_key()
        assert later.global_key() is None
        assert later.identify_key(global_key).is_global


def test_a_global_key_that_is_taken_out_of_the_settings_leaves_the_one_in_the_database(accounts, tmp_path):
    in_database = accounts.new_global_key()
    (tmp_path / "config.yaml").write_text("api: {key: chosen-by-hand}\n", encoding="utf-8")
    assert accounts.global_key() == "chosen-by-hand"
    (tmp_path / "config.yaml").write_text("api: {}\n", encoding="utf-8")
    assert accounts.identify_key("chosen-by-hand") is None
    assert accounts.identify_key(in_database).is_global


def test_switching_the_global_key_off_takes_it_out_of_the_settings(accounts, tmp_path):
    (tmp_path / "config.yaml").write_text(
        "api:\n  key: chosen-by-hand # ours\nserver: {port: 5001}\n", encoding="utf-8"
    )
    assert accounts.identify_key("chosen-by-hand").is_global
    accounts.revoke_global_key()
    assert accounts.identify_key("chosen-by-hand") is None
    assert accounts.global_key() is None
    assert "port: 5001" in (tmp_path / "config.yaml").read_text(encoding="utf-8")
    accounts.ensure_global_key()
    assert accounts.global_key() is None
    assert accounts.identify_key(accounts.new_global_key()).is_global


ENSURE = """
import sys
from pathlib import Path
from mrdraw.cli.opened import opened_accounts

sys.stdin.read()  # the start, for all at once
with opened_accounts(Path(sys.argv[1])) as accounts:
    accounts.ensure_global_key()
    accounts.add_user(sys.argv[2], "x", ("users",))
    print(accounts.global_key(), accounts.new_user_key(sys.argv[2]))
"""


def test_processes_that_start_at_once_agree_on_everything(tmp_path):
    command = [sys.executable, "-c", ENSURE, tmp_path]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    processes = [subprocess.Popen([*command, f"user{number}"], **pipes) for number in range(3)]
    for process in processes:
        process.stdin.close()
    shown = [process.stdout.read().split() for process in processes]
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    for process in processes:
        process.stdout.close()
    global_keys, keys = zip(*shown, strict=True)
    assert len(set(global_keys)) == 1
    with opened(tmp_path) as accounts:
        assert accounts.identify_key(global_keys[0]).is_global
        assert [accounts.identify_key(key).name for key in keys] == ["user0", "user1", "user2"]
        assert [accounts.user_key(f"user{number}") for number in range(3)] == list(keys)


# --- what clients read -----------------------------------------------------------------------------------------------


def test_a_users_record(accounts):
    key = accounts.new_user_key("bob")
    record = accounts.user_record("bob")
    assert record.pop("needs")["group"] == ["readonly"]
    assert record == {
        "name": "bob", "active": True, "permissions": [], "groups": ["readonly"], "apikey": key, "settings": {},
        "machines": {"groups": {}, "permissions": {}},
        "admin": False, "user": True, "roles": ["user"],
    }  # fmt: skip
    assert accounts.user_record("ada")["roles"] == ["user", "admin"]
    assert [user["name"] for user in accounts.users()] == ["ada", "bob"]
    assert accounts.users()[1]["apikey"] == key


def test_the_record_of_a_login_with_a_password(accounts):
    who = asyncio.run(accounts.login("ada", "engine"))
    session = asyncio.run(accounts.open_session(who))
    record = accounts.login_record(who, session, "password")
    assert record["session"] == session
    assert record["_login_mechanism"] == "password"
    assert record["_credentials_seen"] == "2027-01-15T08:00:00+00:00"
    assert record["apikey"] is None
    assert record["_is_external_client"] is False
    assert record["admin"] is True


def test_the_record_of_the_global_key(accounts):
    who = accounts.identify_key(accounts.new_global_key())
    session = asyncio.run(accounts.open_session(who))
    record = accounts.login_record(who, session, "apikey")
    assert record["name"] == "_api"
    assert record["groups"] == ["admins", "users"]
    assert record["_credentials_seen"] is False
    assert accounts.identify_session(session).is_global


# --- passwords -------------------------------------------------------------------------------------------------------


def test_at_most_two_passwords_are_computed_at_a_time(accounts, monkeypatch):
    computing, most, lock, both = 0, 0, threading.Lock(), threading.Event()
    genuine = accounts._passwords._check

    def counted(kept, password):
        nonlocal computing, most
        with lock:
            computing += 1
            most = max(most, computing)
            if computing == 2:
                both.set()
        both.wait(60)
        found = genuine(kept, password)
        with lock:
            computing -= 1
        return found

    monkeypatch.setattr(accounts._passwords, "_check", counted)

    async def try_often():
        tries = [accounts.login(name, "engine") for name in ("ada", "nobody") * 4]
        return await asyncio.gather(*tries, return_exceptions=True)

    found = asyncio.run(try_often())
    assert most == 2
    assert sum(isinstance(one, NotPermitted) for one in found) == 4


def test_a_user_who_does_not_exist_costs_a_check_as_well(accounts, monkeypatch):
    checked = []
    genuine = type(accounts._passwords._hasher).verify

    def seen(hasher, kept, password):
        checked.append(kept)
        return genuine(hasher, kept, password)

    monkeypatch.setattr(type(accounts._passwords._hasher), "verify", seen)
    accounts.set_active("bob", active=False)
    for name, password in (("nobody", "engine"), ("bob", "look"), ("ada", "wrong")):
        with pytest.raises(NotPermitted):
            asyncio.run(accounts.login(name, password))
    assert len(checked) == 3
    assert {kept.rpartition("$")[0].rpartition("$")[0] for kept in checked} == {"$argon2id$v=19$m=19456,t=2,p=1"}


@pytest.mark.parametrize("how", ["deactivated", "removed", "another password"])
def test_whoever_loses_access_while_the_password_is_hashed_does_not_come_in(accounts, monkeypatch, how):
    genuine = accounts._passwords.check
    lose = {
        "deactivated": lambda: accounts.set_active("bob", active=False),
        "removed": lambda: accounts.remove_user("bob"),
        "another password": lambda: accounts.set_password("bob", "other"),
    }[how]

    async def check(kept, password):
        right = await genuine(kept, password)
        await asyncio.to_thread(lose)
        return right

    async def come():
        assert (await accounts.identify_password("bob", "look", "192.0.2.1")).name == "bob"
        await asyncio.to_thread(accounts.add_user, "cora", "x")  # what was remembered is forgotten
        monkeypatch.setattr(accounts._passwords, "check", check)
        assert await accounts.identify_password("bob", "look", "192.0.2.1") is None
        monkeypatch.setattr(accounts._passwords, "check", genuine)
        assert await accounts.identify_password("bob", "look", "192.0.2.1") is None

    asyncio.run(come())


def test_passwords_that_come_with_requests_count_at_the_account(accounts):
    async def come(number, password):
        return await accounts.identify_password("bob", password, f"192.0.2.{number}")

    async def guess():
        for number in range(ACCOUNT_LIMITS[0][1]):
            assert await come(number, "wrong") is None
        return await come(99, "look")

    assert asyncio.run(guess()) is None


def test_how_passwords_are_kept(accounts):
    accounts.add_user("eve", "engine", ("users",))
    hashes = [row[0] for row in accounts._database.read("SELECT password_hash FROM users")]
    assert all(kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$") for kept in hashes)
    assert len(set(hashes)) == 3
