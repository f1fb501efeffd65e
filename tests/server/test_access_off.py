"""Access control off: who is let in at the page, as what, and what is asked for all the same (contract, section 0)."""

import asyncio

import pytest

from helpers_access_off import browser, enter, off
from helpers_hub import run
from mrdraw.accounts import Permission
from mrdraw.errors import InvalidValue
from mrdraw.server.access_off import is_own_name
from mrdraw.settings import Settings

ADMIN = {"user": "boss", "pass": "secret"}


def test_the_page_is_an_operator_for_this_computer(tmp_path):
    async def scenario(_, made):
        off(made)
        async with browser(made) as page:
            assert '"accessControl":false' in (await page.get("/")).text.replace(" ", "")
            assert await enter(page) == "_page"
            assert await enter(page) == "_page"
            who = (await page.get("/api/currentuser")).json()
            assert {"STATUS", "PRINT", "CONTROL", "FILES_UPLOAD"} <= set(who["permissions"])
            assert (await page.get("/api/job")).status_code == 200
            assert (await page.post("/api/connection", json={"command": "disconnect"})).status_code == 204
            assert (await page.post("/api/v1/machines/default/emergency-stop")).status_code == 204

    run(tmp_path, scenario)


def test_the_api_asks_for_a_key_all_the_same(tmp_path):
    async def scenario(_, made):
        off(made)
        async with browser(made) as client:
            assert (await client.get("/api/job")).status_code == 401
            assert (await client.post("/api/job", json={"command": "start"})).status_code == 401
            wrong = {"X-Api-Key": "wrong"}
            assert (await client.get("/api/job", headers=wrong)).status_code == 401
            answer = await client.post("/api/login", json={"passive": True}, headers=wrong)
            assert "name" not in answer.json()
            key = {"X-Api-Key": made.services.accounts.global_key()}
            assert (await client.get("/api/job", headers=key)).status_code == 200

    run(tmp_path, scenario)


GUARDED = [
    ("POST", "/api/settings", {"appearance": {"name": "x"}}),
    ("POST", "/api/settings/apikey", None),
    ("POST", "/api/system/commands/core/restart", None),
    ("POST", "/api/system", {"action": "x"}),
    ("GET", "/api/access/users", None),
    ("POST", "/api/access/users", {"name": "eve", "password": "secret", "active": True}),
    ("PUT", "/api/access/users/boss/password", {"password": "x"}),
    ("PUT", "/api/access/users/_page/password", {"password": "x", "current": ""}),
    ("POST", "/api/access/users/boss/apikey", None),
    ("POST", "/api/access/users/_page/apikey", None),
    ("GET", "/api/v1/audit", None),
    ("GET", "/plugin/logging/logs", None),
    ("POST", "/plugin/corewizard/acl", {"ac": True, "user": "eve", "pass1": "12345678", "pass2": "12345678"}),
]


def test_settings_system_and_keys_ask_for_an_admins_password(tmp_path, monkeypatch):
    """Even if somebody gave all that to the group of operators."""

    async def scenario(_, made):
        off(made)
        async with browser(made) as page:
            assert await enter(page) == "_page"
            for method, path, body in GUARDED:
                answer = await page.request(method, path, json=body)
                assert answer.status_code in {403, 404}, (method, path, answer.text)
            assert (await page.post("/api/login", json=ADMIN)).status_code == 200
            assert await enter(page) == "boss"
            assert (await page.get("/api/access/users")).status_code == 200

    monkeypatch.setattr("mrdraw.accounts.groups.Groups.permissions_of", lambda *_: frozenset(Permission))
    run(tmp_path, scenario)


NETWORKS = [
    ("127.0.0.1", None, True),
    ("127.8.9.1", None, True),
    ("::1", None, True),
    ("::ffff:127.0.0.1", None, True),
    ("192.168.1.7", None, False),
    ("fe80::1%eth0", None, False),
    ("testclient", None, False),
    ("192.168.1.7", ["192.168.1.0/24"], True),
    ("127.0.0.1", ["192.168.1.0/24"], False),
    ("192.168.2.7", ["192.168.1.0/24"], False),
]
"""A client's address, the networks that are listed, whether it is let in."""


def test_only_listed_networks_are_let_in(tmp_path):
    async def scenario(_, made):
        for address, networks, lets_in in NETWORKS:
            off(made, localNetworks=networks)
            async with browser(made, address=address) as page:
                assert (await enter(page) == "_page") is lets_in, (address, networks)
                assert (await page.get("/api/job")).status_code == (200 if lets_in else 401), (address, networks)

    run(tmp_path, scenario)


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("localhost", True),
        ("LOCALHOST", True),
        ("127.0.0.1", True),
        ("::1", True),
        ("[::1]", True),
        ("192.168.1.5", True),
        ("printer.local", True),
        ("printer.local.", True),
        ("listed.example", True),
        ("", False),
        ("evil.example", False),
        ("localhost.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("printer.local.evil.example", False),
        ("local", False),
        ("127.0.0.1@evil.example", False),
        ("not-listed.example", False),
    ],
)
def test_which_names_no_foreign_site_can_have(name, own):
    assert is_own_name(name, ("Listed.example",)) is own


def test_a_session_of_the_page_is_worth_nothing_elsewhere(tmp_path):
    async def scenario(_, made):
        off(made)
        async with browser(made) as page:
            await enter(page)
            cookies = dict(page.cookies)
        for host, address in (("evil.example", "127.0.0.1"), ("localhost", "192.168.1.7")):
            async with browser(made, host, address) as other:
                other.cookies.update(cookies)
                assert (await other.get("/api/job")).status_code == 401, (host, address)

    run(tmp_path, scenario)


def test_the_pages_session_needs_the_csrf_pair(tmp_path):
    async def scenario(_, made):
        off(made)
        async with browser(made) as page:
            await enter(page)
            del page.headers["X-CSRF-Token"]
            assert (await page.post("/api/connection", json={"command": "disconnect"})).status_code == 400

    run(tmp_path, scenario)


def test_it_ends_when_access_control_is_on_again(tmp_path):
    async def scenario(_, made):
        off(made)
        async with browser(made) as page:
            assert await enter(page) == "_page"
            made.services.settings.update({"accessControl": {"enabled": True}})
            assert (await page.get("/api/job")).status_code == 401
            assert await enter(page) is None

    run(tmp_path, scenario)


def test_the_first_run_comes_first(tmp_path):
    async def scenario(_, made):
        made.services.settings.update({"accessControl": {"enabled": False}})
        async with browser(made) as page:
            assert await enter(page) is None
            assert '"accessControl":true' in (await page.get("/")).text.replace(" ", "")
            await asyncio.to_thread(made.services.accounts.add_user, "root", "secret", ("admins",))
            assert await enter(page) == "_page"

    run(tmp_path, scenario)


def test_nobody_can_be_called_like_the_pages_user(tmp_path):
    async def scenario(client, _):
        new = {"name": "_page", "password": "secret", "active": True}
        assert (await client.post("/api/access/users", json=new)).status_code == 400

    run(tmp_path, scenario, user="boss")


def test_it_cannot_be_turned_off_through_the_api(tmp_path):
    async def scenario(client, made):
        for members in ({"enabled": False}, {"localNetworks": ["10.0.0.0/8"]}, {"localHosts": ["a.example"]}):
            answer = await client.post("/api/settings", json={"accessControl": members})
            assert answer.status_code == 403, members
            assert "config.yaml" in answer.json()["error"]
        assert made.services.settings.current().access_control.enabled

    run(tmp_path, scenario, user="boss")


def test_other_sites_may_not_use_the_api_then(tmp_path):
    async def scenario(_, made):
        made.services.settings.update({"api": {"allowCrossOrigin": True}})
        off(made)
        asks = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
        key = {"X-Api-Key": made.services.accounts.global_key(), "Origin": "http://evil.example"}
        async with browser(made) as page:
            preflight = await page.options("/api/job", headers=asks)
            answer = await page.get("/api/job", headers=key)
        for response in (preflight, answer):
            assert not [name for name in response.headers if name.startswith("access-control-allow")]

    run(tmp_path, scenario)


def test_the_command_line_turns_it_off_whatever_the_file_says(tmp_path):
    settings = Settings(tmp_path, open_page=True)
    settings.update({"accessControl": {"enabled": True}, "api": {"allowCrossOrigin": True}})
    assert not settings.current().access_control.enabled
    assert not settings.current().api.allow_cross_origin
    assert Settings(tmp_path).current().access_control.enabled


@pytest.mark.parametrize("network", ["0.0.0.0/0", "::/0", "everybody", "192.168.1.0/33"])
def test_networks_that_are_none_or_everybody_are_refused(tmp_path, network):
    with pytest.raises(InvalidValue, match="localNetworks"):
        Settings(tmp_path).update({"accessControl": {"localNetworks": [network]}})
