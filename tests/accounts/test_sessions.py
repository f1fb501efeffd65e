"""Sessions: how long they live, and what ends them."""

import asyncio

import pytest

from helpers_accounts import Clock, opened
from mrdraw.accounts.sessions import REMEMBERED, WRITTEN_EVERY, Origin
from mrdraw.errors import NoSuchSession
from mrdraw.settings import Settings

IDLE = 24 * 3600.0


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def accounts(tmp_path, clock):
    with opened(tmp_path, clock) as found:
        found.add_user("ada", "engine", ("admins",))
        yield found


def log_in(accounts, *, remember=False):
    async def run():
        return await accounts.open_session(await accounts.login("ada", "engine"), remember=remember)

    return asyncio.run(run())


def session_of_key(accounts, key):
    return asyncio.run(accounts.open_session(accounts.identify_key(key)))


def sessions_in(accounts):
    return accounts._database.read("SELECT digest, user, used_at FROM sessions")


def wait_for_writes(accounts):
    accounts._database.write_now(lambda _connection: None)


def test_a_session_is_its_users(accounts):
    who = accounts.identify_session(log_in(accounts))
    assert (who.name, who.via, who.is_global) == ("ada", "session", False)


def test_each_login_has_a_session_of_its_own(accounts):
    first, second = log_in(accounts), log_in(accounts)
    assert first != second
    asyncio.run(accounts.close_session(first))
    assert accounts.identify_session(first) is None
    assert accounts.identify_session(second)


def test_the_token_is_not_kept(accounts):
    token = log_in(accounts)
    assert token not in str(sessions_in(accounts))


@pytest.mark.parametrize(("remember", "lifetime"), [(False, IDLE), (True, REMEMBERED)])
def test_a_session_that_is_not_used_ends(accounts, clock, remember, lifetime):
    session = log_in(accounts, remember=remember)
    clock.now += lifetime
    assert accounts.identify_session(session)
    clock.now += lifetime + 1
    assert accounts.identify_session(session) is None
    assert accounts.identify_session(session) is None


def test_how_long_a_session_lives_without_use_can_be_set(accounts, clock, tmp_path):
    Settings(tmp_path).update({"accessControl": {"sessionStaleAfter": 15}})
    accounts._settings = Settings(tmp_path)
    session, remembered = log_in(accounts), log_in(accounts, remember=True)
    clock.now += 15 * 60
    assert accounts.identify_session(session)
    clock.now += 15 * 60 + 1
    assert accounts.identify_session(session) is None
    assert accounts.identify_session(remembered)


def test_a_session_that_is_used_lives_on(accounts, clock):
    session = log_in(accounts)
    for _ in range(5):
        clock.now += IDLE - 1
        assert accounts.identify_session(session)
        wait_for_writes(accounts)  # a day passes here at once


def test_the_last_use_is_written_at_most_once_a_minute(accounts, clock):
    session = log_in(accounts)
    ((_, _, opened_at),) = sessions_in(accounts)
    for _ in range(10):
        clock.now += WRITTEN_EVERY / 11
        accounts.identify_session(session)
    wait_for_writes(accounts)
    assert [used_at for *_, used_at in sessions_in(accounts)] == [opened_at]
    clock.now += WRITTEN_EVERY / 11
    accounts.identify_session(session)
    wait_for_writes(accounts)
    assert [used_at for *_, used_at in sessions_in(accounts)] == [clock.now]


def test_a_clock_that_is_set_back_does_not_keep_a_session_for_ever(accounts, clock):
    clock.now += 365 * 86400.0
    session = log_in(accounts)
    clock.now -= 365 * 86400.0
    assert accounts.identify_session(session)
    wait_for_writes(accounts)
    clock.now += IDLE + 1
    assert accounts.identify_session(session) is None


@pytest.mark.parametrize(
    "ending",
    [
        lambda accounts: accounts.set_password("ada", "difference"),
        lambda accounts: accounts.set_password("ada", "engine"),
        lambda accounts: accounts.set_active("ada", active=False),
        lambda accounts: accounts.remove_user("ada"),
    ],
)
def test_what_ends_a_session_in_another_process_as_well(accounts, tmp_path, clock, ending):
    session = log_in(accounts)
    assert accounts.identify_session(session)
    with opened(tmp_path, clock) as other:
        ending(other)
    assert accounts.identify_session(session) is None
    assert sessions_in(accounts) == []


def test_a_user_who_is_let_in_again_logs_in_again(accounts):
    session = log_in(accounts)
    accounts.set_active("ada", active=False)
    accounts.set_active("ada", active=True)
    assert accounts.identify_session(session) is None
    assert accounts.identify_session(log_in(accounts))


def test_a_session_survives_the_server(accounts, tmp_path, clock):
    session = log_in(accounts)
    with opened(tmp_path, clock) as later:
        assert later.identify_session(session).name == "ada"


def test_sessions_that_ended_are_swept_when_one_is_opened(accounts, clock):
    log_in(accounts)
    log_in(accounts, remember=True)
    clock.now += IDLE + 1
    log_in(accounts)
    assert len(sessions_in(accounts)) == 2


# --- of keys ---------------------------------------------------------------------------------------------------------


def test_a_key_has_one_session_while_it_lives(accounts, tmp_path, clock):
    key = accounts.new_user_key("ada")
    first = session_of_key(accounts, key)
    assert session_of_key(accounts, key) == first
    with opened(tmp_path, clock) as later:
        assert session_of_key(later, key) == first
    assert accounts.identify_session(first).name == "ada"
    assert len(sessions_in(accounts)) == 1


def test_asking_for_a_keys_session_is_a_use(accounts, clock):
    key = accounts.new_user_key("ada")
    first = session_of_key(accounts, key)
    for _ in range(3):
        clock.now += IDLE - 1
        assert session_of_key(accounts, key) == first
        wait_for_writes(accounts)


def test_a_keys_session_that_was_ended_stays_so(accounts, clock):
    key = accounts.new_user_key("ada")
    first = session_of_key(accounts, key)
    asyncio.run(accounts.close_session(first))
    assert accounts.identify_session(first) is None
    second = session_of_key(accounts, key)
    clock.now += IDLE + 1
    third = session_of_key(accounts, key)
    assert len({first, second, third}) == 3
    assert accounts.identify_session(first) is None
    assert accounts.identify_session(second) is None
    assert accounts.identify_session(third)


@pytest.mark.parametrize(
    "ending", [lambda accounts: accounts.new_user_key("ada"), lambda accounts: accounts.revoke_user_key("ada")]
)
def test_a_keys_session_ends_with_the_key(accounts, ending):
    session = session_of_key(accounts, accounts.new_user_key("ada"))
    by_password = log_in(accounts)
    assert accounts.identify_session(session)
    ending(accounts)
    assert accounts.identify_session(session) is None
    assert accounts.identify_session(by_password)


@pytest.mark.parametrize(
    "ending", [lambda accounts: accounts.new_global_key(), lambda accounts: accounts.revoke_global_key()]
)
def test_the_global_keys_session_ends_with_it(accounts, ending):
    session = session_of_key(accounts, accounts.new_global_key())
    assert accounts.identify_session(session).is_global
    ending(accounts)
    assert accounts.identify_session(session) is None


def test_with_another_key_file_a_key_gets_another_session(accounts, tmp_path, clock):
    key = accounts.new_user_key("ada")
    first = session_of_key(accounts, key)
    (tmp_path / "secret.key").unlink()
    with opened(tmp_path, clock) as later:
        second = session_of_key(later, key)
        assert second != first
        assert later.identify_session(second).name == "ada"
        assert session_of_key(later, key) == second


def test_who_asks_at_once_gets_the_same_session(accounts):
    who = accounts.identify_key(accounts.new_user_key("ada"))

    async def ask_often():
        return await asyncio.gather(*(accounts.open_session(who) for _ in range(5)))

    assert len(set(asyncio.run(ask_often()))) == 1
    assert len(sessions_in(accounts)) == 1


# --- what a user sees of them -----------------------------------------------------------------------------------------


def test_they_are_told_apart_by_where_they_were_begun(accounts, clock):
    async def begin(address):
        who = await accounts.login("ada", "engine")
        return await accounts.open_session(who, origin=Origin(address, "Browser " + "x" * 1000))

    first = asyncio.run(begin("10.0.0.5"))
    clock.now += 100
    second = asyncio.run(begin("10.0.0.6"))
    found = accounts.sessions.of_user("ada")
    assert [one.origin.address for one in found] == ["10.0.0.6", "10.0.0.5"]
    assert all(one.origin.agent.startswith("Browser x") and len(one.origin.agent) == 256 for one in found)
    assert first not in repr(found)
    clock.now += IDLE - 50
    assert accounts.identify_session(second)
    assert [one.origin.address for one in accounts.sessions.of_user("ada")] == ["10.0.0.6"]


def test_typing_the_password_again_does_not_make_a_session_younger(accounts, clock):
    token, begun = log_in(accounts), clock.now
    clock.now += 1000
    asyncio.run(accounts.prove_session(token))
    found = accounts.sessions.find(token)
    assert (found.created_at, found.proven_at) == (begun, clock.now)


def test_ending_one_of_them(accounts):
    accounts.add_user("ann", "engine", ("users",))
    kept, ended = log_in(accounts), log_in(accounts)
    session_id = accounts.sessions.find(ended).id
    with pytest.raises(NoSuchSession):
        asyncio.run(accounts.sessions.end("ann", session_id))
    asyncio.run(accounts.sessions.end("ada", session_id))
    assert accounts.identify_session(ended) is None
    assert accounts.identify_session(kept)
    with pytest.raises(NoSuchSession):
        asyncio.run(accounts.sessions.end("ada", session_id))


def test_ending_all_others(accounts):
    tokens = [log_in(accounts) for _ in range(3)]
    asyncio.run(accounts.sessions.end_others("ada", tokens[1]))
    assert [accounts.identify_session(token) is not None for token in tokens] == [False, True, False]
    asyncio.run(accounts.sessions.end_others("ada"))
    assert accounts.identify_session(tokens[1]) is None
