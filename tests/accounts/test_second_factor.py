"""The second factor: switched on with its first code, each code good once, what ends it."""

import asyncio

import pyotp
import pytest

from helpers_accounts import Clock, opened
from mrdraw.accounts import Tokens
from mrdraw.accounts.recovery import CODES
from mrdraw.accounts.secrets import KEY_FILE
from mrdraw.errors import InvalidValue, NoSuchUser, SecondFactorOn, SecondFactorWanted, WrongSecondFactor


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def accounts(tmp_path, clock):
    with opened(tmp_path, clock) as found:
        found.add_user("ada", "engine", ("admins",))
        yield found


def switch_on(accounts, clock):
    """The app, and the recovery codes; the code of now is used up."""

    async def run():
        made = await accounts.second_factors.begin("ada", "Shed")
        app = pyotp.TOTP(made.secret)
        return app, await accounts.second_factors.confirm("ada", app.at(clock.now), "")

    return asyncio.run(run())


def check(accounts, **tokens):
    asyncio.run(accounts.second_factors.check("ada", Tokens(**tokens)))


def refused(accounts, **tokens):
    with pytest.raises(WrongSecondFactor):
        check(accounts, **tokens)
    return True


def test_nothing_is_asked_for_before_the_first_code(accounts, clock):
    made = asyncio.run(accounts.second_factors.begin("ada", "Shed"))
    assert accounts.second_factors.standing("ada").since is None
    check(accounts)
    with pytest.raises(InvalidValue, match="nothing was switched on"):
        asyncio.run(accounts.second_factors.confirm("ada", "000000", ""))
    check(accounts)
    app = pyotp.TOTP(made.secret)
    assert len(asyncio.run(accounts.second_factors.confirm("ada", app.at(clock.now), ""))) == CODES
    with pytest.raises(SecondFactorWanted) as wanted:
        check(accounts)
    assert wanted.value.kinds == ("totp", "recovery")


def test_an_enrolment_that_was_begun_anew_forgets_the_first_secret(accounts, clock):
    first = asyncio.run(accounts.second_factors.begin("ada", "Shed"))
    second = asyncio.run(accounts.second_factors.begin("ada", "Shed"))
    with pytest.raises(InvalidValue):
        asyncio.run(accounts.second_factors.confirm("ada", pyotp.TOTP(first.secret).at(clock.now), ""))
    asyncio.run(accounts.second_factors.confirm("ada", pyotp.TOTP(second.secret).at(clock.now), ""))


def test_another_one_needs_the_first_to_be_off(accounts, clock):
    switch_on(accounts, clock)
    with pytest.raises(SecondFactorOn):
        asyncio.run(accounts.second_factors.begin("ada", "Shed"))
    with pytest.raises(SecondFactorOn):
        asyncio.run(accounts.second_factors.confirm("ada", "000000", ""))


def test_the_code_that_switched_it_on_lets_nobody_in(accounts, clock):
    app, _ = switch_on(accounts, clock)
    assert refused(accounts, totp=app.at(clock.now))


def test_a_code_is_taken_once_and_after_a_restart_neither(tmp_path, accounts, clock):
    app, _ = switch_on(accounts, clock)
    clock.now += 60
    check(accounts, totp=app.at(clock.now))
    assert refused(accounts, totp=app.at(clock.now))
    assert refused(accounts, totp=app.at(clock.now - 30))  # the one before, which was not used
    with opened(tmp_path, clock) as restarted:
        assert refused(restarted, totp=app.at(clock.now))
        clock.now += 30
        check(restarted, totp=app.at(clock.now))


def test_of_many_tries_at_once_one_succeeds(accounts, clock):
    app, codes = switch_on(accounts, clock)
    clock.now += 60

    async def run(**tokens):
        tries = (accounts.second_factors.check("ada", Tokens(**tokens)) for _ in range(8))
        return sum(one is None for one in await asyncio.gather(*tries, return_exceptions=True))

    assert asyncio.run(run(totp=app.at(clock.now))) == 1
    assert asyncio.run(run(recovery=codes[0])) == 1


def test_a_recovery_code_is_taken_once_however_it_is_typed(accounts, clock):
    _, codes = switch_on(accounts, clock)
    assert len(set(codes)) == CODES
    check(accounts, recovery=f" {codes[0].replace('-', ' ').upper()} ")
    assert refused(accounts, recovery=codes[0])
    assert accounts.second_factors.standing("ada").recovery_codes == CODES - 1
    for code in codes[1:]:
        check(accounts, recovery=code)
    assert accounts.second_factors.kinds("ada") == ("totp",)


def test_new_recovery_codes_end_the_old_ones(accounts, clock):
    _, old = switch_on(accounts, clock)
    new = asyncio.run(accounts.second_factors.renew_recovery_codes("ada"))
    assert refused(accounts, recovery=old[0])
    check(accounts, recovery=new[0])


def test_recovery_codes_belong_to_a_second_factor(accounts):
    with pytest.raises(InvalidValue, match="none is on"):
        asyncio.run(accounts.second_factors.renew_recovery_codes("ada"))


def test_nothing_readable_is_kept(tmp_path, accounts, clock):
    app, codes = switch_on(accounts, clock)
    stored = b"".join(file.read_bytes() for file in tmp_path.glob("mrdraw.db*"))
    for secret in (app.secret, *codes, *(code.replace("-", "") for code in codes)):
        assert secret.encode() not in stored


def test_removing_it(accounts, clock):
    app, codes = switch_on(accounts, clock)
    clock.now += 60
    assert asyncio.run(accounts.second_factors.remove("ada")) is True
    check(accounts)
    assert asyncio.run(accounts.second_factors.remove("ada")) is False
    new_app, _ = switch_on(accounts, clock)
    assert new_app.secret != app.secret
    assert refused(accounts, recovery=codes[0])
    with pytest.raises(NoSuchUser):
        asyncio.run(accounts.second_factors.remove("eve"))


def test_it_ends_with_the_user(accounts, clock):
    switch_on(accounts, clock)
    accounts.remove_user("ada")
    accounts.add_user("ada", "another", ("users",))
    check(accounts)


def test_with_another_key_file_recovery_codes_still_let_in(tmp_path, accounts, clock):
    app, codes = switch_on(accounts, clock)
    clock.now += 60
    (tmp_path / KEY_FILE).unlink()
    with opened(tmp_path, clock) as restarted:
        assert refused(restarted, totp=app.at(clock.now))
        check(restarted, recovery=codes[0])


def test_sessions_from_before_end_but_the_own_one(accounts, clock):
    async def log_in():
        return await accounts.open_session(await accounts.login("ada", "engine"))

    key = accounts.new_user_key("ada")
    own, other = asyncio.run(log_in()), asyncio.run(log_in())
    of_key = asyncio.run(accounts.open_session(accounts.identify_key(key)))

    async def run():
        made = await accounts.second_factors.begin("ada", "Shed")
        await accounts.second_factors.confirm("ada", pyotp.TOTP(made.secret).at(clock.now), own)

    asyncio.run(run())
    assert accounts.identify_session(own)
    assert accounts.identify_session(other) is None
    assert accounts.identify_session(of_key)
    assert accounts.identify_key(key)
