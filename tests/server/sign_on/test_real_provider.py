"""Log-in through a certified provider that runs as a process of its own; its form is filled in as a browser does."""

import asyncio
import time

import pytest

from helpers_hub import run
from helpers_openid import Browser, real_provider, settings_of
from mrdraw.accounts.sign_on import Subject

DONE = "http://mrdraw/login/openid/id/done"


@pytest.fixture(scope="module")
def issuer():
    with real_provider(DONE) as address:
        yield address


def _set(made, issuer, **members):
    made.services.settings.update(settings_of(issuer, **members))


async def _who(browser):
    return (await browser.post("/api/login", json={"passive": True})).json()


def _csrf(client):
    return {"X-CSRF-Token": client.cookies["csrf_token_P80"]}


def test_somebody_comes_for_the_first_time_and_again(tmp_path, issuer):
    async def scenario(_, made):
        _set(made, issuer, addUsers=True)
        async with made.client() as page:
            ada = Browser(page)
            back = await ada.log_in(to="/files")
            assert (back.status_code, back.headers["location"]) == (303, "http://mrdraw/#/files")
            record = await _who(page)
            assert (record["name"], record["groups"]) == ("ada@makers", ["users"])
            assert record["_login_mechanism"] == "openid"
            first = page.cookies["session_P80"]
            assert (await page.post("/api/logout", headers=_csrf(page))).status_code == 200
            assert (await _who(page)).get("name") is None
            await ada.log_in()
            assert (await _who(page))["name"] == "ada@makers"
            assert page.cookies["session_P80"] != first
            await ada.close()
        subjects = [subject.id for subject in made.services.accounts.sign_on.subjects_of("ada@makers")]
        assert subjects == ["ada"]

    run(tmp_path, scenario, user="boss")


def test_nobody_becomes_a_user_unless_so_configured_and_a_link_lets_in(tmp_path, issuer):
    async def scenario(_, made):
        _set(made, issuer)
        async with made.client() as page:
            ada = Browser(page)
            back = await ada.log_in()
            assert back.headers["location"] == "http://mrdraw/#/sign-in?problem=unknown"
            assert "session_P80" not in page.cookies
            await asyncio.to_thread(made.services.accounts.sign_on.link, Subject(issuer, "ada"), "boss")
            await ada.log_in()
            assert (await _who(page))["name"] == "boss"
            await ada.close()

    run(tmp_path, scenario, user="boss")


def test_groups_follow_the_providers_at_each_log_in(tmp_path, issuer):
    async def scenario(_, made):
        _set(made, issuer, addUsers=True, groups={"makers": "users", "printer-admins": "admins", "x": "guests"})
        async with made.client() as page:
            ada, eve = Browser(page), Browser(page, "eve")
            await ada.log_in()
            assert sorted((await _who(page))["groups"]) == ["admins", "users"]
            back = await eve.log_in()
            assert back.headers["location"] == "http://mrdraw/#/sign-in?problem=no-group"
            _set(made, issuer, addUsers=True, groups={"makers": "readonly", "printer-admins": None})
            await ada.log_in()
            assert (await _who(page))["groups"] == ["readonly"]
            await ada.close()
            await eve.close()

    run(tmp_path, scenario, user="boss")


def test_who_is_deactivated_unlinked_or_removed_stays_out(tmp_path, issuer):
    async def scenario(_, made):
        accounts = made.services.accounts
        _set(made, issuer, addUsers=True)
        async with made.client() as page:
            ada = Browser(page)
            await ada.log_in()
            await asyncio.to_thread(accounts.set_active, "ada@makers", active=False)
            assert (await page.get("/api/currentuser")).status_code == 401
            assert (await ada.log_in()).headers["location"].endswith("problem=inactive")
            await asyncio.to_thread(accounts.set_active, "ada@makers", active=True)
            await ada.log_in()
            assert (await page.get("/api/currentuser")).status_code == 200
            made.services.settings.update({"accessControl": {"openId": {"providers": None}}})
            assert (await page.get("/api/currentuser")).status_code == 401
            _set(made, issuer)
            assert (await page.get("/api/currentuser")).status_code == 200
            await made.remove_user("ada@makers")
            assert (await page.get("/api/currentuser")).status_code == 401
            assert (await ada.log_in()).headers["location"].endswith("problem=unknown")
            await ada.close()

    run(tmp_path, scenario, user="boss")


def test_what_needs_a_fresh_proof_is_open_after_proving_anew(tmp_path, issuer):
    async def scenario(_, made):
        accounts = made.services.accounts
        _set(made, issuer, addUsers=True, groups={"printer-admins": "admins"})
        async with made.client() as page:
            ada = Browser(page)
            await ada.log_in()
            session = page.cookies["session_P80"]
            who = accounts.identify_session(session)
            assert accounts.has_just_typed_password(who)
            await accounts.sessions.prove(session, time.time() - 3600)
            assert not accounts.has_just_typed_password(accounts.identify_session(session))
            await ada.log_in(again="true")
            assert page.cookies["session_P80"] == session
            assert accounts.has_just_typed_password(accounts.identify_session(session))
            await ada.close()

    run(tmp_path, scenario, user="boss")


def test_a_code_is_taken_once_and_the_provider_wants_our_verifier(tmp_path, issuer):
    async def scenario(_, made):
        _set(made, issuer, addUsers=True)
        async with made.client() as page:
            ada = Browser(page)
            address = await ada.go()
            kept = dict(page.cookies)
            assert (await page.get(address)).headers["location"] == "http://mrdraw/#/"
            for name, value in kept.items():
                page.cookies.set(name, value)
            assert (await page.get(address)).headers["location"].endswith("problem=expired")
            page.cookies.clear()
            stolen = await ada.go()
            page.cookies.clear()
            async with made.client() as thief:
                own = await thief.get("/login/openid/id")
                state = dict(part.split("=") for part in own.headers["location"].partition("?")[2].split("&"))["state"]
                code = stolen.partition("code=")[2].partition("&")[0]
                injected = f"{DONE}?code={code}&state={state}&iss={issuer}"
                assert (await thief.get(injected)).headers["location"].endswith("problem=unverified")
            await ada.close()

    run(tmp_path, scenario, user="boss")
