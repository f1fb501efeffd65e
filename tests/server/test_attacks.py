"""What somebody outside tries, and what comes of it (issue: accounts, keys, sessions, proxies).

Sockets of removed users are in test_push.py, replayed codes where second factors and single sign-on are tested, and
keys in logs are looked for after the whole run (conftest.py).
"""

import asyncio
import contextlib
import itertools
import shutil
from urllib.parse import quote

import httpx
import pytest
from argon2 import PasswordHasher

from helpers_access_off import browser, enter, off
from helpers_hub import world
from helpers_leaks import CLIENTS, keys_of, leaked
from mrdraw.link import messages as link

LOG_IN = {"user": "ann", "pass": "secret"}
OUTSIDE = "203.0.113.9"
"""An address of the internet."""


def run(basedir, scenario):
    async def main():
        async with world(basedir) as made:
            await scenario(made)

    asyncio.run(main())


@contextlib.asynccontextmanager
async def from_outside(made, address=OUTSIDE, **headers):
    async with browser(made, "mrdraw", address, **headers) as client:
        yield client


async def log_in(client, **credentials):
    answer = await client.post("/api/login", json={**LOG_IN, **credentials})
    token = next((one.value for one in client.cookies.jar if one.name.startswith("csrf_token")), "")
    client.headers["X-CSRF-Token"] = token
    return answer


# --- guessing ---------------------------------------------------------------------------------------------------------


def test_guessing_the_claim_code(tmp_path):
    """Five wrong tries, by whichever route and from wherever, and the code is another one."""

    async def scenario(made):
        first = await asyncio.to_thread(made.services.accounts.claim.code)
        wrong = {"X-Claim-Code": "2222-2222-2222"}
        routes = [("GET", "/api/setup/wizard"), ("GET", "/api/settings"), ("POST", "/plugin/corewizard/acl")]

        async def attempt(number):
            method, path = routes[number % len(routes)]
            async with from_outside(made, f"203.0.113.{number}") as client:
                return (await client.request(method, path, headers=wrong)).status_code

        assert set(await asyncio.gather(*map(attempt, range(5)))) == {401}
        async with from_outside(made) as client:
            assert (await client.get("/api/setup/wizard", headers={"X-Claim-Code": first})).status_code == 401
            now = await asyncio.to_thread(made.services.accounts.claim.code)
            assert now != first
            assert (await client.get("/api/setup/wizard", headers={"X-Claim-Code": now})).status_code == 200
            assert (await client.get("/api/job", headers={"X-Claim-Code": now})).status_code == 401

    run(tmp_path, scenario)


def test_guessing_a_password_across_restarts(tmp_path):
    """Who guessed too often waits, after a restart too; an emergency stop never does."""

    async def guess(made):
        made.key("ann")
        async with from_outside(made) as client:
            statuses = [(await log_in(client, **{"pass": f"guess {number}"})).status_code for number in range(5)]
        assert statuses == [403] * 3 + [429] * 2

    async def guess_on(made):
        key = made.services.accounts.new_user_key("ann")
        async with from_outside(made) as client:
            assert (await log_in(client)).status_code == 429
            forged = {"X-Forwarded-For": "198.51.100.7", "X-Real-IP": "198.51.100.7"}
            assert (await client.post("/api/login", json=LOG_IN, headers=forged)).status_code == 429
            stop = await client.post("/api/v1/machines/default/emergency-stop", headers={"X-Api-Key": key})
            assert stop.status_code == 204
        async with from_outside(made, "198.51.100.7") as owner:
            assert (await log_in(owner)).status_code == 200

    run(tmp_path, guess)
    shutil.rmtree(tmp_path / "uploads")
    run(tmp_path, guess_on)


def test_names_of_users_are_not_told_by_the_work_that_is_done(tmp_path, monkeypatch):
    """A hash of the same cost is computed for nobody, for somebody, and for somebody who may not come in."""
    checked = []
    verify = PasswordHasher.verify

    def counting(hasher, kept, password):
        checked.append(kept.rpartition("$")[0].rpartition("$")[0])  # the parameters, without salt and hash
        return verify(hasher, kept, password)

    monkeypatch.setattr(PasswordHasher, "verify", counting)

    async def scenario(made):
        made.key("ann")
        made.services.accounts.add_user("out", "secret", active=False)
        answers = []
        for number, name in enumerate(("ann", "nobody", "out", "_api", "_page", "a" * 5000)):
            async with from_outside(made, f"203.0.113.{number}") as client:
                answers.append(await log_in(client, user=name, **{"pass": "wrong"}))
        assert len(checked) == len(answers)
        assert len(set(checked)) == 1
        assert {(answer.status_code, answer.text) for answer in answers} == {(403, answers[0].text)}

    run(tmp_path, scenario)


# --- other people's sessions ------------------------------------------------------------------------------------------


def test_a_session_that_was_planted_is_not_the_one_that_is_logged_in(tmp_path):
    async def scenario(made):
        made.key("ann")
        made.key("rita")
        async with from_outside(made) as attacker:
            await log_in(attacker, user="rita")
            own = attacker.cookies["session_P80"]
        for planted in (own, "a-token-that-the-attacker-made-up"):
            async with from_outside(made) as victim:  # a browser that was given a cookie by the attacker
                victim.cookies.set("session_P80", planted)
                answer = await log_in(victim)
                given = [line for line in answer.headers.get_list("set-cookie") if line.startswith("session_P80=")]
                assert (answer.status_code, len(given)) == (200, 1)
                assert planted not in given[0]
                holder = made.services.accounts.identify_session(planted)
                assert holder is None or holder.name == "rita"
        async with from_outside(made) as attacker:
            attacker.cookies.set("session_P80", own)
            assert (await attacker.get("/api/currentuser")).json()["name"] == "rita"
            attacker.cookies.clear()
            attacker.cookies.set("session_P80", "a-token-that-the-attacker-made-up")
            assert (await attacker.get("/api/currentuser")).status_code == 401

    run(tmp_path, scenario)


def test_a_session_that_was_left_is_worth_nothing(tmp_path):
    async def scenario(made):
        made.key("ann")
        async with from_outside(made) as client, from_outside(made) as thief:
            await log_in(client)
            thief.cookies.set("session_P80", client.cookies["session_P80"])
            assert (await thief.get("/api/currentuser")).status_code == 200
            assert (await client.post("/api/logout")).status_code == 200
            assert (await thief.get("/api/currentuser")).status_code == 401

    run(tmp_path, scenario)


FORMS = [
    {"content": b'{"command": "disconnect"}', "headers": {"Content-Type": "text/plain"}},
    {"content": b'{"command": "disconnect"}', "headers": {"Content-Type": "application/json"}},
    {"data": {"command": "disconnect"}},
    {"files": {"file": ("evil.gcode", b"M112\n")}},
]
"""What a page of another site can have a browser send, with the cookies if it has its way."""


def test_what_another_sites_page_has_a_browser_send_does_nothing(tmp_path):
    async def scenario(made):
        made.key("ann")
        async with from_outside(made) as client:
            await log_in(client)
            good = client.headers.pop("X-CSRF-Token")
            evil = {"Origin": "http://evil.example", "Referer": "http://evil.example/"}
            for path in ("/api/connection", "/api/files/local", "/api/job", "/api/v1/machines/default/emergency-stop"):
                for sent in FORMS:
                    for token in ({}, {"X-CSRF-Token": f"{good}x"}, {"X-CSRF-Token": "forged.token"}):
                        headers = {**sent.get("headers", {}), **evil, **token}
                        answer = await client.post(path, **{**sent, "headers": headers})
                        assert answer.status_code == 400, (path, sent)
                        assert "CSRF" in answer.json()["error"]
        assert not list(made.uploads.iterdir())
        assert not made.asked(link.Disconnect)
        assert not made.asked(link.EmergencyStop)

    run(tmp_path, scenario)


def test_another_sites_page_never_gets_the_cookies_along(tmp_path):
    """Where pages of other sites may use the API they need a key; a browser is never told to send its cookies."""

    async def scenario(made):
        made.key("ann")
        made.services.settings.update({"api": {"allowCrossOrigin": True}})
        async with from_outside(made, Origin="http://evil.example") as client:
            answer = await log_in(client)
            for line in answer.headers.get_list("set-cookie"):
                assert "samesite=lax" in line.lower()
            (session,) = [line for line in answer.headers.get_list("set-cookie") if line.startswith("session_")]
            assert "httponly" in session.lower()
            asks = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-csrf-token"}
            preflight = await client.options("/api/job", headers=asks)
            for response in (answer, preflight, await client.get("/api/job")):
                assert response.headers.get("access-control-allow-origin") in {None, "http://evil.example"}
                assert "access-control-allow-credentials" not in response.headers

    run(tmp_path, scenario)


# --- other names, other addresses -------------------------------------------------------------------------------------

REBOUND = [
    {},
    {"X-Forwarded-Host": "localhost"},
    {"X-Forwarded-Host": "localhost, evil.example"},
    {"X-Forwarded-For": "127.0.0.1"},
    {"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Host": "127.0.0.1", "X-Forwarded-Proto": "https"},
    {"Forwarded": "for=127.0.0.1;host=localhost"},
    {"Origin": "http://evil.example"},
    {"Origin": "http://localhost"},
    {"X-Real-IP": "127.0.0.1"},
]
"""What a page can have sent whose own name was pointed at this computer: to the browser that is the same site."""


EVIL = ("evil.example", "evil.example:5000", "localhost.evil.example", "127.0.0.1.evil.example")


def test_a_name_that_was_pointed_at_this_computer(tmp_path):
    async def scenario(made):
        off(made)
        async with browser(made, "localhost:5000") as page:
            assert await enter(page) == "_page"
            stolen = dict(page.cookies)
        for name, headers in itertools.product(EVIL, REBOUND):
            async with browser(made, name, **headers) as evil:
                assert await enter(evil) is None, headers
                assert (await evil.get("/api/job")).status_code == 401
                evil.cookies.update(stolen)
                assert (await evil.get("/api/job")).status_code == 401, headers

    run(tmp_path, scenario)


def test_a_page_of_another_site_on_the_same_computer_is_not_our_page(tmp_path):
    async def scenario(made):
        off(made)
        for origin in ("http://evil.example", "http://localhost:8080", "null"):
            async with browser(made, "localhost:5000", Origin=origin) as page:
                assert await enter(page) is None, origin

    run(tmp_path, scenario)


FORGED = [
    {"X-Forwarded-For": "127.0.0.1"},
    {"X-Forwarded-For": "127.0.0.1, 127.0.0.1"},
    {"X-Real-IP": "127.0.0.1"},
    {"Forwarded": "for=127.0.0.1"},
    {"X-Forwarded-For": "::1", "X-Forwarded-Host": "localhost", "X-Forwarded-Proto": "https", "X-Script-Name": "/evil"},
]


def test_headers_of_proxies_that_are_forged(tmp_path):
    """Neither let in, nor believed in an address, nor written down as somebody else."""

    async def scenario(made):
        off(made)
        key = made.services.accounts.global_key()
        for headers in FORGED:
            async with browser(made, "localhost", OUTSIDE, **headers) as client:
                assert await enter(client) is None, headers
                assert (await client.get("/api/job")).status_code == 401
                answer = await client.post(
                    "/api/connection", json={"command": "disconnect"}, headers={"X-Api-Key": key}
                )
                assert answer.status_code == 204
                redirect = await client.get("/api/users", headers={"X-Api-Key": key})
                assert redirect.headers["location"] == "http://localhost/api/access/users"
        found = made.services.accounts.audit.page(everything(), before=None, limit=100)
        assert {one.entry.address for one in found} == {OUTSIDE}

    run(tmp_path, scenario)


def test_a_proxy_speaks_for_its_client_and_one_that_does_not_say_for_nobody(tmp_path):
    async def scenario(made):
        off(made)
        for headers, name in (
            ({"X-Forwarded-For": OUTSIDE}, None),
            ({"X-Forwarded-For": f"127.0.0.1, {OUTSIDE}"}, None),
            ({"X-Forwarded-Host": "printer.local"}, None),
            ({"X-Forwarded-Proto": "https"}, None),
            ({"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Host": "printer.local"}, "_page"),
        ):
            async with browser(made, "localhost", **headers) as client:
                assert await enter(client) == name, headers

    run(tmp_path, scenario)


def everything():
    from mrdraw.accounts.audit_search import Search

    return Search()


# --- names that are paths ---------------------------------------------------------------------------------------------

TRICKS = [
    "..", ".", "../..", "../../etc/passwd", "/etc/passwd", "a/b", "a\\b", "..\\..", "%2e%2e%2f", "a\0b", "a\nb", "~x",
    "\u2025", "\u2215etc", "C:", "con", "mrdraw.db", "secret.key", "$(id)", "`id`", "; rm -rf /", "' OR 1=1 --",
    "<script>alert(1)</script>", "\u202egnp.exe", "_api", "", " ann", "ann ", "a" * 300,
]  # fmt: skip


def test_names_of_users_and_groups_that_are_paths(tmp_path):
    """Whatever is taken as a name is a name and nothing else: it can be had, changed and removed, and makes no file."""

    async def scenario(made):
        key = made.key("boss")
        files = tree(tmp_path)
        async with made.client(key) as client:
            for name in TRICKS:
                user = {"name": name, "password": "secret", "active": True}
                group = {"key": name, "name": name, "permissions": [], "subgroups": []}
                await try_out(client, "/api/access/users", name, user)
                await try_out(client, "/api/access/groups", name, group)
            users = (await client.get("/api/access/users")).json()["users"]
            assert [one["name"] for one in users] == ["boss"]
        assert tree(tmp_path) == files

    run(tmp_path, scenario)


async def try_out(client, path, name, body):
    """Make one of this name; where that is let, it is found under its name, and goes again."""
    made = await client.post(path, json=body)
    assert made.status_code in {200, 400}, (path, name, made.text)
    if made.status_code == 200:
        one = f"{path}/{quote(name, safe='')}"
        assert (await client.get(one)).status_code == 200, (path, name)
        assert (await client.delete(one)).status_code == 200, (path, name)


def tree(folder):
    return {path for path in folder.rglob("*") if not path.name.startswith("mrdraw.db")}


# --- keys in logs -----------------------------------------------------------------------------------------------------


def test_a_key_in_a_log_is_found(tmp_path, no_key_in_any_log):
    """The search that stands at the end of every run finds what it looks for."""

    async def scenario(made):
        key = made.key("ann")
        assert key in no_key_in_any_log.known
        assert key in set(keys_of(tmp_path))
        logs = tmp_path / "logs"
        logs.mkdir()
        (logs / "mrdraw.log").write_text("GET /api/job\n", encoding="utf-8")
        assert leaked(tmp_path, ()) == []
        (logs / "mrdraw.log").write_text(f"GET /api/job?apikey={key}&x=1\n", encoding="utf-8")
        assert leaked(tmp_path, ()) == [str(logs / "mrdraw.log")]
        (logs / "mrdraw.log").unlink()

    run(tmp_path, scenario)


def test_keys_of_requests_that_go_wrong_are_not_logged(tmp_path, caplog):
    """In whichever place a key is, and however the request fails."""

    async def scenario(made):
        key, unknown = made.key("ann"), "an-unknown-key-of-somebody-else-0123456789"

        def fail(*_):
            raise RuntimeError("broken")

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("mrdraw.server.api.version.json_response", fail, raising=False)
            async with made.client() as client:
                for sent in (key, unknown):
                    for request in (
                        {"headers": {"X-Api-Key": sent}},
                        {"headers": {"Authorization": f"Bearer {sent}"}},
                        {"params": {"apikey": sent}},
                    ):
                        for path in ("/api/version", "/api/nothing", "/machines/none/api/version", "/api//job"):
                            with contextlib.suppress(httpx.HTTPError):
                                await client.get(path, **request)
        said = [record.getMessage() for record in caplog.records if not record.name.startswith(CLIENTS)]
        assert any("broken" in text for text in said)
        assert not [text for text in said if key in text or unknown in text]

    caplog.set_level(0)
    run(tmp_path, scenario)
