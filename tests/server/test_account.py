"""One's own sessions, and for administrators everybody's, over HTTP."""

from helpers_fleet import until
from helpers_hub import run

OWN = "/api/v1/account/sessions"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


async def log_in(client, name="ann", agent=FIREFOX):
    """Log in; the header of the CSRF pair."""
    headers = {"User-Agent": agent, "X-Forwarded-For": "192.0.2.7"}
    answer = await client.post("/api/login", json={"user": name, "pass": "secret"}, headers=headers)
    assert answer.status_code == 200, answer.text
    return {"X-CSRF-Token": client.cookies["csrf_token_P80"]}


async def listed(client, path=OWN):
    return (await client.get(path)).json()["sessions"]


def test_the_sessions_of_a_user(tmp_path):
    async def scenario(_, made):
        made.key("ann")
        async with made.client() as laptop, made.client() as phone:
            await log_in(laptop)
            csrf = await log_in(phone, agent="Phone")
            here, there = sorted(await listed(phone), key=lambda one: not one["current"])
            assert (here["current"], here["agent"], here["address"]) == (True, "Phone", "192.0.2.7")
            assert (there["current"], there["agent"], there["by"], there["app"]) == (False, FIREFOX, "password", None)
            assert 0 <= there["usedAt"] - there["createdAt"] < 60
            token = phone.cookies["session_P80"]
            assert token not in str(here)

            assert (await phone.delete(f"{OWN}/{there['id']}")).status_code == 400  # no CSRF pair
            assert (await phone.delete(f"{OWN}/{there['id']}", headers=csrf)).status_code == 204
            assert (await laptop.get("/api/version")).status_code == 401
            assert (await phone.delete(f"{OWN}/{there['id']}", headers=csrf)).status_code == 404
            assert [one["current"] for one in await listed(phone)] == [True]

    run(tmp_path, scenario)


def test_ending_all_others(tmp_path):
    async def scenario(_, made):
        made.key("ann")
        async with made.client() as first, made.client() as second, made.client() as third:
            for browser in (first, second):
                await log_in(browser)
            csrf = await log_in(third)
            assert (await third.delete(OWN, headers=csrf)).status_code == 204
            statuses = [(await browser.get("/api/version")).status_code for browser in (first, second, third)]
            assert statuses == [401, 401, 200]

    run(tmp_path, scenario)


def test_sessions_of_keys_are_told_as_such(tmp_path):
    async def scenario(client, made):
        key = await made.services.accounts.applications.grant("ann", "Cura")
        async with made.client(key) as app:
            for one in (client, app):
                assert (await one.post("/api/login", json={"passive": True})).status_code == 200
            assert sorted((one["by"], one["app"]) for one in await listed(client)) == [
                ("application", "Cura"), ("key", None)
            ]  # fmt: skip
            assert not any(one["current"] for one in await listed(app))

    run(tmp_path, scenario)


def test_nobody_sees_or_ends_anothers(tmp_path):
    async def scenario(ann, made):
        made.key("boss")
        async with made.client() as browser:
            await log_in(browser, "boss")
            (session,) = await listed(browser)
            assert await listed(ann) == []
            assert (await ann.delete(f"{OWN}/{session['id']}")).status_code == 404
            assert (await ann.delete(OWN)).status_code == 204
            assert (await ann.get("/api/v1/users/boss/sessions")).status_code == 403
            assert len(await listed(browser)) == 1

    run(tmp_path, scenario)


def test_an_administrator_ends_anybodys(tmp_path):
    async def scenario(boss, made):
        made.key("ann")
        path = "/api/v1/users/ann/sessions"
        async with made.client() as first, made.client() as second:
            for browser in (first, second):
                await log_in(browser)
            one, _ = await listed(boss, path)
            assert one["agent"] == FIREFOX
            assert (await boss.delete(f"{path}/{one['id']}")).status_code == 204
            statuses = sorted([(await browser.get("/api/version")).status_code for browser in (first, second)])
            assert statuses == [200, 401]
            assert (await boss.delete(path)).status_code == 204
            assert await listed(boss, path) == []
            for method, missing in (("GET", ""), ("DELETE", ""), ("DELETE", "/1")):
                answer = await boss.request(method, f"/api/v1/users/nobody/sessions{missing}")
                assert answer.status_code == 404

    run(tmp_path, scenario, user="boss")


def test_an_administrator_who_ends_all_of_the_own_stays(tmp_path):
    async def scenario(_, made):
        made.key("boss")
        async with made.client() as here, made.client() as there:
            csrf = await log_in(here, "boss")
            await log_in(there, "boss")
            assert (await here.delete("/api/v1/users/boss/sessions", headers=csrf)).status_code == 204
            assert [(await one.get("/api/version")).status_code for one in (here, there)] == [200, 401]

    run(tmp_path, scenario)


def test_the_use_is_written_down_while_it_goes_on(tmp_path):
    async def scenario(_, made):
        made.key("ann")
        async with made.client() as browser:
            await log_in(browser)
            made.services.accounts._database.write_now(
                lambda connection: connection.execute("UPDATE sessions SET used_at = used_at - 3600")
            )
            (before,) = await listed(browser)
            sessions = made.services.accounts.sessions
            await until(lambda: sessions.of_user("ann")[0].used_at >= before["createdAt"])

    run(tmp_path, scenario)
