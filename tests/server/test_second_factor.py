"""The second factor over HTTP: setting it up, logging in with it, guessing at it, losing it (contract, 2.4)."""

import asyncio

import pyotp
import pytest

from helpers_accounts import Clock
from helpers_hub import run

OWN = "/api/v1/account/second-factor"
ANN = {"user": "ann", "pass": "secret"}
LATER = 3600
"""s after which failed tries are forgotten and no code of before holds."""


@pytest.fixture
def clock():
    return Clock()


async def log_in(client, **tokens):
    """Log in; the answer. From then on the client shows the CSRF pair."""
    answer = await client.post("/api/login", json={**ANN, **tokens})
    if answer.status_code == 200:
        client.headers["X-CSRF-Token"] = client.cookies["csrf_token_P80"]
    return answer


async def switch_on(client, clock):
    """Log in and set it up: the app and the recovery codes; no code of the app that holds now was used."""
    await log_in(client)
    app = pyotp.TOTP((await client.post(OWN)).json()["secret"])
    confirmed = await client.post(f"{OWN}/confirm", json={"code": app.at(clock.now)})
    clock.now += 60
    return app, confirmed.json()["recoveryCodes"]


def play(tmp_path, clock, scenario):
    """Run `scenario(made, client)` with a client that has no key."""

    async def with_nobody(_, made):
        async with made.client() as client:
            await scenario(made, client)

    run(tmp_path, with_nobody, clock=clock)


def test_from_setting_up_to_switching_off(tmp_path, clock):
    async def scenario(made, client):
        await log_in(client)
        assert (await client.get(OWN)).json() == {"enabled": False, "since": None, "recoveryCodes": 0}
        begun = (await client.post(OWN)).json()
        assert pyotp.parse_uri(begun["uri"]).secret == begun["secret"]
        assert (await client.get(OWN)).json()["enabled"] is False
        wrong = await client.post(f"{OWN}/confirm", json={"code": "12345"})
        assert (wrong.status_code, "nothing was switched on" in wrong.json()["error"]) == (400, True)
        assert (await client.post(f"{OWN}/confirm", json={"code": 123456})).status_code == 400
        code = pyotp.TOTP(begun["secret"]).at(clock.now)
        codes = (await client.post(f"{OWN}/confirm", json={"code": code})).json()["recoveryCodes"]
        assert len(codes) == 10
        assert (await client.get(OWN)).json() == {"enabled": True, "since": clock.now, "recoveryCodes": 10}
        assert (await client.post(OWN)).status_code == 409
        renewed = (await client.post(f"{OWN}/recovery-codes")).json()["recoveryCodes"]
        assert not set(renewed) & set(codes)
        assert (await client.delete(OWN)).status_code == 204
        assert (await client.get(OWN)).json()["enabled"] is False
        async with made.client() as other:
            assert (await log_in(other)).status_code == 200

    play(tmp_path, clock, scenario)


@pytest.mark.parametrize("form", [False, True])
def test_logging_in(tmp_path, clock, form):
    async def scenario(made, client):
        app, codes = await switch_on(client, clock)
        async with made.client() as other:

            async def send(**tokens):
                body = {**ANN, **tokens}
                return await other.post("/api/login", **({"data": body} if form else {"json": body}))

            wanted = await send()
            assert (wanted.status_code, wanted.json()["mfa"]) == (403, ["totp", "recovery"])
            assert set(wanted.json()) == {"error", "mfa"}
            assert "session_P80" not in other.cookies
            wrong = await send(**{"mfa-totp-token": "abcdef"})
            assert (wrong.status_code, set(wrong.json())) == (403, {"error", "mfa_error"})
            with_password = await send(**{"pass": "wrong", "mfa-totp-token": app.at(clock.now)})
            assert set(with_password.json()) == {"error"}
            assert (await send(**{"mfa-totp-token": app.at(clock.now)})).status_code == 200
            assert (await other.get("/api/currentuser")).json()["name"] == "ann"
        async with made.client() as third:
            entered = await third.post("/api/login", json={**ANN, "mfa-recovery-token": codes[3]})
            assert (entered.status_code, entered.json()["name"]) == (200, "ann")

    play(tmp_path, clock, scenario)


def test_a_used_code_lets_nobody_in(tmp_path, clock):
    async def scenario(made, client):
        app, codes = await switch_on(client, clock)
        for name, token in (("mfa-totp-token", app.at(clock.now)), ("mfa-recovery-token", codes[0])):
            async with made.client() as first, made.client() as second:
                assert (await log_in(first, **{name: token})).status_code == 200
                replayed = await log_in(second, **{name: token})
                assert (replayed.status_code, "used before" in replayed.json()["mfa_error"]) == (403, True)

    play(tmp_path, clock, scenario)


def test_guessing_codes_is_limited_with_the_right_password_too(tmp_path, clock):
    async def guessing(made, client):
        app, _ = await switch_on(client, clock)
        async with made.client() as thief:
            for _ in range(5):  # being asked for the second factor is no failure
                assert (await log_in(thief)).status_code == 403
            seen = [(await log_in(thief, **{"mfa-totp-token": f"{guess:06}"})).status_code for guess in range(5)]
            assert seen == [403, 403, 403, 429, 429]
            assert (await log_in(thief, **{"mfa-totp-token": app.at(clock.now)})).status_code == 429
            clock.now += LATER
            assert (await log_in(thief, **{"mfa-totp-token": app.at(clock.now)})).status_code == 200

    play(tmp_path, clock, guessing)


def test_guessing_from_many_addresses_is_limited_too(tmp_path, clock):
    from mrdraw.accounts import Tokens
    from mrdraw.errors import TooManyAttempts, WrongSecondFactor

    async def scenario(made, client):
        await switch_on(client, clock)
        accounts = made.services.accounts
        for expected in (WrongSecondFactor, WrongSecondFactor, WrongSecondFactor, TooManyAttempts):
            with pytest.raises(expected):
                await accounts.login("ann", "secret", Tokens(totp="000000"))
        assert (await client.get("/api/currentuser")).status_code == 200  # nobody who is in is put out

    play(tmp_path, clock, scenario)


def test_basic_authentication_is_no_way_round_it(tmp_path, clock):
    async def scenario(made, client):
        made.services.settings.update({"accessControl": {"trustBasicAuthentication": True}})
        async with made.client() as basic:
            basic.auth = ("ann", "secret")
            made.key("ann")
            assert (await basic.get("/api/currentuser")).status_code == 200
            await switch_on(client, clock)
            assert (await basic.get("/api/currentuser")).status_code == 401

    play(tmp_path, clock, scenario)


def test_the_limit_and_the_last_code_survive_a_restart(tmp_path, clock):
    from helpers_accounts import opened
    from mrdraw.errors import TooManyAttempts, WrongSecondFactor

    kept = {}

    async def before(made, client):
        kept["app"], _ = await switch_on(client, clock)
        async with made.client() as other:
            assert (await log_in(other, **{"mfa-totp-token": kept["app"].at(clock.now)})).status_code == 200
        async with made.client() as thief:
            for _ in range(3):
                await log_in(thief, **{"mfa-totp-token": "000000"})

    play(tmp_path, clock, before)

    async def replay(accounts, code):
        from mrdraw.accounts import Tokens

        await accounts.login("ann", "secret", Tokens(totp=code))

    with opened(tmp_path, clock) as restarted:
        used = kept["app"].at(clock.now)
        with pytest.raises(TooManyAttempts):
            asyncio.run(replay(restarted, used))
        clock.now += 61
        with pytest.raises(WrongSecondFactor):
            asyncio.run(replay(restarted, used))
        asyncio.run(replay(restarted, kept["app"].at(clock.now)))


def test_a_key_is_never_asked_and_changes_nothing(tmp_path, clock):
    async def scenario(made, client):
        await switch_on(client, clock)
        async with made.client(made.key("ann")) as with_key:
            assert (await with_key.get("/api/version")).status_code == 200
            passive = await with_key.post("/api/login", json={"passive": True})
            assert (passive.status_code, passive.json()["name"]) == (200, "ann")
            assert (await with_key.get(OWN)).json()["enabled"] is True
            for method, path in (("POST", OWN), ("DELETE", OWN), ("POST", f"{OWN}/recovery-codes")):
                refused = await with_key.request(method, path)
                assert (refused.status_code, "No key can" in refused.json()["error"]) == (403, True)

    play(tmp_path, clock, scenario)


def test_what_needs_a_password_that_was_just_typed(tmp_path, clock):
    async def scenario(_, client):
        await switch_on(client, clock)
        clock.now += LATER
        for method, path in (("DELETE", OWN), ("POST", OWN), ("POST", f"{OWN}/recovery-codes")):
            stale = await client.request(method, path)
            assert (stale.status_code, "reauthenticate" in stale.json()["error"]) == (403, True)
        assert (await log_in(client)).status_code == 200  # the session was opened with the second factor already
        assert (await client.delete(OWN)).status_code == 204

    play(tmp_path, clock, scenario)


def test_a_session_of_somebody_else_is_no_second_factor(tmp_path, clock):
    async def scenario(made, client):
        await switch_on(client, clock)
        made.key("rita")
        async with made.client() as other:
            assert (await other.post("/api/login", json={"user": "rita", "pass": "secret"})).status_code == 200
            assert "mfa" in (await log_in(other)).json()
            remembered = await client.post("/api/login", json={**ANN, "remember": True})
            assert "mfa" in remembered.json()  # a session for months is a new one

    play(tmp_path, clock, scenario)


def test_an_own_change_of_password_needs_no_code(tmp_path, clock):
    async def scenario(made, client):
        await switch_on(client, clock)
        body = {"current": "secret", "password": "another"}
        assert (await client.put("/api/access/users/ann/password", json=body)).status_code == 200
        assert (await client.get("/api/currentuser")).json()["name"] == "ann"
        async with made.client() as other:
            asked = await other.post("/api/login", json={"user": "ann", "pass": "another"})
            assert asked.json()["mfa"] == ["totp", "recovery"]

    play(tmp_path, clock, scenario)


def test_an_admin_takes_a_lost_one_away_and_needs_to_be_fresh(tmp_path, clock):
    async def scenario(made, client):
        await switch_on(client, clock)
        made.key("boss")
        async with made.client() as boss:
            entered = await boss.post("/api/login", json={"user": "boss", "pass": "secret"})
            boss.headers["X-CSRF-Token"] = boss.cookies["csrf_token_P80"]
            seen = (await boss.get("/api/v1/users/ann/factors")).json()
            assert (seen["secondFactor"]["enabled"], seen["passkeys"], entered.status_code) == (True, [], 200)
            clock.now += LATER
            stale = await boss.delete("/api/v1/users/ann/second-factor")
            assert (stale.status_code, "reauthenticate" in stale.json()["error"]) == (403, True)
        async with made.client(made.key("boss")) as boss:
            assert (await boss.delete("/api/v1/users/nobody/second-factor")).status_code == 404
            assert (await boss.delete("/api/v1/users/ann/second-factor")).status_code == 204
        async with made.client() as other:
            assert (await log_in(other)).status_code == 200

    play(tmp_path, clock, scenario)


def test_the_global_key_has_none(tmp_path, clock):
    async def scenario(made, _):
        async with made.client(made.services.accounts.global_key()) as owner:
            assert (await owner.get(OWN)).json()["enabled"] is False
            session = (await owner.post("/api/login", json={"passive": True})).json()["session"]
        async with made.client() as browser:
            browser.cookies.set("session_P80", session)
            csrf = made.services.accounts.new_csrf_token()
            browser.cookies.set("csrf_token_P80", csrf)
            refused = await browser.post(OWN, headers={"X-CSRF-Token": csrf})
            assert refused.status_code == 403

    play(tmp_path, clock, scenario)
