"""Application keys: whose they are, what ends them, what is written down of their use."""

import asyncio

import pytest

from helpers_accounts import Clock, opened
from mrdraw.accounts.application_keys import LONGEST_APP, MOST_KEYS, WRITTEN_EVERY, checked_app
from mrdraw.errors import InvalidValue, LimitExceeded, NoSuchKey, NoSuchUser

DAY = 24 * 3600


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def accounts(tmp_path, clock):
    with opened(tmp_path, clock) as found:
        found.add_user("ada", "engine", ("admins",))
        found.add_user("ann", "engine", ("users",))
        yield found


def grant(accounts, user="ann", app="Cura", **more):
    return asyncio.run(accounts.applications.grant(user, app, **more))


def listed(accounts, user="ann"):
    return [(key.app, key.address) for key in accounts.applications.of_user(user)]


def wait_for_writes(accounts):
    accounts._database.write_now(lambda _connection: None)


def test_a_key_acts_as_its_user(accounts):
    who = accounts.identify_key(grant(accounts))
    assert (who.name, who.groups, who.via, who.application) == ("ann", ("users",), "apikey", "Cura")
    assert who.permissions == accounts.identify_key(accounts.new_user_key("ann")).permissions


def test_it_is_not_kept(accounts, tmp_path):
    key = grant(accounts)
    wait_for_writes(accounts)
    assert key.encode() not in b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())


def test_it_never_counts_as_a_password_that_was_just_typed(accounts):
    key = grant(accounts, user="ada")
    session = asyncio.run(accounts.open_session(accounts.identify_key(key)))
    assert not accounts.is_fresh(accounts.identify_key(key))
    assert not accounts.is_fresh(accounts.identify_session(session))
    assert accounts.is_fresh(accounts.identify_key(accounts.new_user_key("ada")))


def test_another_grant_on_the_same_computer_takes_its_place(accounts):
    first, elsewhere = grant(accounts, address="10.0.0.5"), grant(accounts, address="10.0.0.6")
    again = grant(accounts, app="CURA", address="10.0.0.5")
    assert accounts.identify_key(first) is None
    assert {accounts.identify_key(key).application for key in (elsewhere, again)} == {"Cura", "CURA"}
    assert sorted(listed(accounts)) == [("CURA", "10.0.0.5"), ("Cura", "10.0.0.6")]
    grant(accounts, user="ada", address="10.0.0.5")
    assert accounts.identify_key(again)


def test_revoking_one(accounts):
    key, other = grant(accounts), grant(accounts, app="Home Assistant")
    session = asyncio.run(accounts.open_session(accounts.identify_key(key)))
    (found,) = [one for one in accounts.applications.of_user("ann") if one.app == "Cura"]
    with pytest.raises(NoSuchKey):
        asyncio.run(accounts.applications.revoke("ada", found.id))
    asyncio.run(accounts.applications.revoke("ann", found.id))
    assert accounts.identify_key(key) is None
    assert accounts.identify_session(session) is None
    assert accounts.identify_key(other)
    with pytest.raises(NoSuchKey):
        asyncio.run(accounts.applications.revoke("ann", found.id))


def test_revoking_those_of_an_application(accounts):
    keys = [grant(accounts), grant(accounts, address="10.0.0.5")]
    other = grant(accounts, app="Cura 2")
    asyncio.run(accounts.applications.revoke_app("ann", "cura"))
    assert [accounts.identify_key(key) for key in keys] == [None, None]
    assert accounts.identify_key(other)
    with pytest.raises(NoSuchKey):
        asyncio.run(accounts.applications.revoke_app("ann", "cura"))


@pytest.mark.parametrize("end", ["remove", "deactivate", "change"])
def test_it_ends_with_its_users_access(accounts, end):
    key = grant(accounts)
    session = asyncio.run(accounts.open_session(accounts.identify_key(key)))
    if end == "remove":
        accounts.remove_user("ann")
        accounts.add_user("ann", "engine", ("users",))
    else:
        if end == "deactivate":
            accounts.set_active("ann", active=False)
        else:
            accounts.change_user("ann", active=False)
        assert accounts.identify_key(key) is None
        accounts.set_active("ann", active=True)
    assert accounts.identify_key(key) is None
    assert accounts.identify_session(session) is None
    assert listed(accounts) == []


def test_a_change_of_groups_or_password_does_not_end_it(accounts):
    key = grant(accounts)
    accounts.set_password("ann", "another")
    accounts.change_user("ann", groups=("readonly",))
    assert accounts.identify_key(key).groups == ("readonly",)


def test_a_session_stands_on_it(accounts, clock):
    key = grant(accounts, days=1)
    session = asyncio.run(accounts.open_session(accounts.identify_key(key)))
    assert asyncio.run(accounts.open_session(accounts.identify_key(key))) == session
    who = accounts.identify_session(session)
    assert (who.name, who.via, who.application, who.proven_at) == ("ann", "session", "Cura", None)
    clock.now += DAY
    assert accounts.identify_session(session) is None


def test_one_that_is_limited_ends(accounts, clock):
    key = grant(accounts, days=30)
    clock.now += 30 * DAY - 1
    assert accounts.identify_key(key)
    clock.now += 1
    assert accounts.identify_key(key) is None
    assert listed(accounts) == [("Cura", "")]
    grant(accounts)
    accounts.set_password("ada", "so that nothing is remembered")
    assert accounts.identify_key(key) is None


def used_at(accounts):
    wait_for_writes(accounts)
    return accounts.applications.of_user("ann")[0].used_at


def test_its_last_use_is_written_down_now_and_then(accounts, clock):
    key = grant(accounts)
    assert used_at(accounts) is None
    first = clock.now
    for _ in range(3):
        accounts.identify_key(key)
        clock.now += WRITTEN_EVERY / 3 - 1
    assert used_at(accounts) == first
    before = accounts.revision()
    accounts.identify_key(key)
    assert used_at(accounts) == first
    clock.now += 3
    accounts.identify_key(key)
    assert used_at(accounts) == clock.now
    assert accounts.revision() != before


def test_a_use_by_a_session_is_one_of_the_key(accounts, clock):
    key = grant(accounts)
    session = asyncio.run(accounts.open_session(accounts.identify_key(key)))
    clock.now += 2 * WRITTEN_EVERY
    accounts.identify_session(session)
    assert used_at(accounts) == clock.now


@pytest.mark.parametrize("app", ["", "  ", "a\nb", "x" * (LONGEST_APP + 1), "\x00", "\ud800"])
def test_names_that_none_has(app):
    with pytest.raises(InvalidValue, match="1 to 64 characters"):
        checked_app(app)


def test_lives_that_none_has(accounts):
    for days in (0, -1, 4000):
        with pytest.raises(InvalidValue, match="1 to 3650 days"):
            grant(accounts, days=days)


def test_only_an_active_user_can_have_one(accounts):
    with pytest.raises(NoSuchUser):
        grant(accounts, user="eve")
    accounts.set_active("ann", active=False)
    with pytest.raises(NoSuchUser):
        grant(accounts)


def test_a_user_has_not_more_than_anybody_can_look_through(accounts):
    for number in range(MOST_KEYS):
        grant(accounts, app=f"app {number}")
    with pytest.raises(LimitExceeded, match="100 application keys"):
        grant(accounts, app="one more")
    grant(accounts, app="app 7")
    assert len(listed(accounts)) == MOST_KEYS


def test_the_id_of_a_key_does_not_open_anything(accounts):
    key = grant(accounts)
    (found,) = accounts.applications.of_user("ann")
    assert len(found.id) == 16
    assert key not in repr(found)
    assert accounts.identify_key(found.id) is None
