"""Whoever guesses passwords has to wait, and nobody who is in (contract, 2.4; section 15, 35)."""

import asyncio

import httpx
import pytest

from helpers_accounts import opened
from helpers_hub import run
from helpers_users import USERS, logged_in
from mrdraw.accounts import account_of
from mrdraw.accounts.attempts import ACCOUNT_LIMITS
from mrdraw.errors import TooManyAttempts
from mrdraw.link import messages as link

STOP = "/api/v1/machines/default/emergency-stop"
AT_AN_ACCOUNT = ACCOUNT_LIMITS[0][1]


def client_from(made, address):
    transport = httpx.ASGITransport(made.app, client=(address, 40000))
    return httpx.AsyncClient(transport=transport, base_url="http://mrdraw")


async def tried(made, address, name, password="wrong", times=1):
    """The answers to so many log-ins from an address."""
    async with client_from(made, address) as client:
        return [
            (await client.post("/api/login", json={"user": name, "pass": password})).status_code for _ in range(times)
        ]


async def lock(made, name):
    """Fail as often as an account bears, from as many addresses as that takes."""
    for number in range(AT_AN_ACCOUNT):
        assert await tried(made, f"192.0.2.{number}", name) == [403]


def test_one_address_waits_and_others_do_not(tmp_path):
    async def scenario(_, made):
        assert await tried(made, "192.0.2.1", "ann", times=5) == [403, 403, 403, 429, 429]
        assert await tried(made, "192.0.2.1", "ann", "secret") == [429]
        assert await tried(made, "192.0.2.2", "ann", "secret") == [200]

    run(tmp_path, scenario)


def test_the_addresses_of_one_network_count_together(tmp_path):
    async def scenario(_, made):
        for number in range(3):
            assert await tried(made, f"2001:db8:0:1::{number}", "ann") == [403]
        assert await tried(made, "2001:db8:0:1:ffff::1", "ann", "secret") == [429]
        assert await tried(made, "2001:db8:0:2::1", "ann", "secret") == [200]

    run(tmp_path, scenario)


def test_an_account_waits_wherever_the_guesses_come_from_and_across_a_restart(tmp_path):
    async def scenario(_, made):
        await lock(made, "ann")
        assert await tried(made, "198.51.100.1", "ann", "secret") == [429]
        made.key("rita")
        assert await tried(made, "198.51.100.1", "rita", "secret") == [200]
        with opened(tmp_path, made.services.accounts._clock) as restarted, pytest.raises(TooManyAttempts):
            restarted.attempts.check(account_of("ann"))

    run(tmp_path, scenario)


def test_a_name_that_nobody_has_is_answered_as_one_that_somebody_has(tmp_path):
    async def scenario(_, made):
        for name in ("ann", "nobody"):
            await lock(made, name)
            assert await tried(made, "198.51.100.1", name) == [429]

    run(tmp_path, scenario)


def test_guesses_of_others_lock_nobody_out_who_is_in(tmp_path):
    async def scenario(_, made):
        key = {"X-Api-Key": made.key("ann")}
        async with client_from(made, "192.0.2.1") as page:
            pair = await logged_in(page, "ann")
            await lock(made, "ann")
            assert await tried(made, "192.0.2.1", "ann", times=2) == [429, 429]
            assert (await page.get("/api/printer")).status_code == 200
            assert (await page.post(STOP, headers=pair)).status_code == 204
            again = await page.post("/api/login", json={"user": "ann", "pass": "secret"}, headers=pair)
            assert again.status_code == 200
            pair = {"X-CSRF-Token": page.cookies["csrf_token_P80"]}
            body = {"password": "other", "current": "secret"}
            assert (await page.put(f"{USERS}/ann/password", json=body, headers=pair)).status_code == 200
            assert (await page.get("/api/printer")).status_code == 200
            assert (await page.get("/api/printer", headers=key)).status_code == 200
        async with client_from(made, "192.0.2.1") as client:
            assert (await client.post(STOP, headers=key)).status_code == 204
            body = {"password": "third", "current": "other"}
            assert (await client.put(f"{USERS}/ann/password", json=body, headers=key)).status_code == 200
        assert len(made.asked(link.EmergencyStop)) == 2

    run(tmp_path, scenario)


def test_whoever_sat_down_at_a_session_cannot_guess_on(tmp_path):
    async def scenario(_, made):
        async with client_from(made, "192.0.2.1") as page:
            pair = await logged_in(page, "ann")
            body = {"user": "ann", "pass": "wrong"}
            answers = [(await page.post("/api/login", json=body, headers=pair)).status_code for _ in range(4)]
            assert answers == [403, 403, 403, 429]
            body = {"password": "new", "current": "secret"}
            assert (await page.put(f"{USERS}/ann/password", json=body, headers=pair)).status_code == 429
            assert (await page.post(STOP, headers=pair)).status_code == 204
        assert await tried(made, "192.0.2.1", "ann", "secret") == [200]

    run(tmp_path, scenario)


def test_a_session_is_no_licence_to_guess_at_others(tmp_path):
    async def scenario(_, made):
        made.key("rita")
        async with client_from(made, "192.0.2.1") as page:
            await logged_in(page, "ann")
            body = {"user": "rita", "pass": "wrong"}
            answers = [(await page.post("/api/login", json=body)).status_code for _ in range(4)]
            assert answers == [403, 403, 403, 429]

    run(tmp_path, scenario)


def test_what_was_typed_as_a_name_is_not_kept(tmp_path):
    async def scenario(_, made):
        await tried(made, "192.0.2.1", "my secret password")
        rows = made.services.accounts._database.read("SELECT counted FROM failed_logins")
        assert len(rows) == 2
        assert "secret" not in str(rows)

    run(tmp_path, scenario)


def test_many_at_once_at_one_account_gain_nothing(tmp_path):
    async def scenario(_, made):
        answers = await asyncio.gather(*(tried(made, f"192.0.2.{number}", "ann") for number in range(20)))
        assert sorted(code for (code,) in answers) == [403] * AT_AN_ACCOUNT + [429] * (20 - AT_AN_ACCOUNT)

    run(tmp_path, scenario)
