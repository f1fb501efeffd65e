"""How clients reach the server: behind a prefix, from other sites, from the internet."""

import asyncio
import logging

import httpx
import pytest

from helpers_fleet import until
from helpers_hub import run
from mrdraw.server import exposure
from mrdraw.server.exposure import NOTICE, REFUSAL, Exposure
from mrdraw.server.peer import PeerRule
from mrdraw.settings.reverse_proxy import ReverseProxyTree

LOCAL = "/api/files/local"
BEHIND = {"X-Forwarded-Host": "printer.example", "X-Forwarded-Proto": "https", "X-Forwarded-Prefix": "/mrdraw"}
BASE = "https://printer.example/mrdraw"
FAR, NEAR = "8.8.8.8", "192.168.1.5"


def client_from(made, address, key=None, **headers):
    sent = {**({"X-Api-Key": key} if key else {}), **headers}
    transport = httpx.ASGITransport(made.app, client=(address, 4711))
    return httpx.AsyncClient(transport=transport, base_url="http://mrdraw", headers=sent)


def cookies_set(answer):
    """Each cookie's attributes by its name."""
    lines = [line.split("; ") for line in answer.headers.get_list("set-cookie")]
    return {line[0].partition("=")[0]: {part.lower() for part in line[1:]} for line in lines}


# --- the prefix -------------------------------------------------------------------------------------------------------


def test_every_address_is_the_one_that_the_client_uses(tmp_path):
    async def scenario(_, made):
        made.store("a.gcode")
        async with client_from(made, "127.0.0.1", made.key("boss"), **BEHIND) as client:
            for taken_off in ("", "/mrdraw", "//mrdraw/"):
                listed = (await client.get(f"http://mrdraw{taken_off}/api/files")).json()["files"][0]["refs"]
                assert listed["resource"] == f"{BASE}{LOCAL}/a.gcode"
                assert listed["download"] == f"{BASE}/downloads/files/local/a.gcode"
                one = f"http://mrdraw{taken_off}/machines/default{LOCAL}"
                stored = await client.post(one, files={"file": ("b.gcode", b"G28\n")})
                assert stored.headers["location"] == f"{BASE}/machines/default{LOCAL}/b.gcode"
                profiles = (await client.get(f"http://mrdraw{taken_off}/api/printerprofiles")).json()["profiles"]
                assert profiles["_default"]["resource"] == f"{BASE}/api/printerprofiles/_default"
                described = await client.get(f"http://mrdraw{taken_off}/plugin/discovery/discovery.xml")
                assert f"<presentationURL>{BASE}/</presentationURL>" in described.text
        async with client_from(made, NEAR, made.key("boss"), **BEHIND) as stranger:
            listed = (await stranger.get("/api/files")).json()["files"][0]["refs"]
            assert listed["resource"] == f"http://mrdraw{LOCAL}/a.gcode"
            assert (await stranger.get("/mrdraw/api/version")).status_code == 404

    run(tmp_path, scenario)


def test_every_redirection_leads_below_the_prefix(tmp_path):
    async def scenario(_, made):
        async with client_from(made, "127.0.0.1", made.key("boss"), **BEHIND) as client:
            for path, status, place in (
                ("/mrdraw", 308, f"{BASE}/"),
                ("/mrdraw/api//version?a=b", 308, f"{BASE}/api/version?a=b"),
                ("/machines/default/api//version", 308, f"{BASE}/machines/default/api/version"),
                ("/login/?redirect=x", 302, f"{BASE}/#/sign-in"),
                ("/mrdraw/api/users?a=b", 307, f"{BASE}/api/access/users?a=b"),
                ("/api/timelapse/a.mp4?a=b", 302, f"{BASE}/downloads/timelapse/a.mp4?a=b"),
            ):
                answer = await client.get(path)
                assert (answer.status_code, answer.headers["location"]) == (status, place)

    run(tmp_path, scenario)


def test_the_cookies_of_a_session_behind_a_prefix(tmp_path):
    async def scenario(_, made):
        made.key("ann")
        who = {"user": "ann", "pass": "secret"}
        async with client_from(made, "127.0.0.1", **BEHIND) as client:
            answer = await client.post("/api/login", json=who)
            given = cookies_set(answer)
            session, csrf = "session_P443_R|mrdraw", "csrf_token_P443_R|mrdraw"
            assert given[session] == {"httponly", "path=/mrdraw", "samesite=lax", "secure"}
            assert given[csrf] == {"path=/mrdraw", "samesite=lax", "secure"}
            token = answer.cookies[csrf]
            client.headers["cookie"] = f"{session}={answer.cookies[session]}; {csrf}={token}"
            assert (await client.get("/mrdraw/api/currentuser")).json()["name"] == "ann"
            refused = await client.post("/api/connection", json={"command": "connect"})
            assert (refused.status_code, "CSRF" in refused.json()["error"]) == (400, True)
            pair = {"X-CSRF-Token": token}
            assert (await client.post("/api/connection", json={"command": "connect"}, headers=pair)).status_code == 204
            ended = cookies_set(await client.post("/api/logout", headers=pair))
            assert ended.keys() == {session, csrf}
            assert all({"max-age=0", "path=/mrdraw"} <= each for each in ended.values())
        async with made.client() as direct:
            given = cookies_set(await direct.post("/api/login", json=who))
            assert given["session_P80"] == {"httponly", "path=/", "samesite=lax"}
        async with client_from(made, "127.0.0.1", **BEHIND) as other:
            other.headers["cookie"] = f"session_P80={answer.cookies[session]}"
            assert (await other.get("/api/currentuser")).status_code == 401  # it is another server's

    run(tmp_path, scenario)


def test_one_session_for_all_machines_and_a_csrf_pair_by_the_name_that_clients_compute(tmp_path):
    async def scenario(_, made):
        made.key("ann")
        base, at_base = "/machines/default", "csrf_token_P80_R|machines|default"
        async with made.client() as client:
            await client.post("/api/login", json={"user": "ann", "pass": "secret"})
            assert set(client.cookies) == {"session_P80", "csrf_token_P80"}
            assert (await client.post(f"{base}/api/login", json={"passive": True})).json()["name"] == "ann"
            assert set(client.cookies) == {"session_P80", "csrf_token_P80", at_base}
            for name, path in ((at_base, base), ("csrf_token_P80", base), ("csrf_token_P80", "")):
                pair = {"X-CSRF-Token": client.cookies[name]}
                answer = await client.post(f"{path}/api/connection", json={"command": "connect"}, headers=pair)
                assert answer.status_code == 204, (name, path)
            pair = {"X-CSRF-Token": client.cookies[at_base]}
            assert (await client.post("/api/connection", json={}, headers=pair)).status_code == 400
            given = cookies_set(await client.post(f"{base}/api/login", json={"user": "ann", "pass": "secret"}))
            assert {name for name in given if name.startswith("session")} == {"session_P80"}
            assert all("path=/" in each for each in given.values())

    run(tmp_path, scenario)


def test_log_ins_are_counted_by_the_address_of_the_client_and_not_of_the_proxy(tmp_path):
    async def scenario(_, made):
        made.key("ann")

        async def fails(sender, hops):
            async with client_from(made, sender, **{"X-Forwarded-For": hops}) as client:
                return (await client.post("/api/login", json={"user": "ann", "pass": "x"})).status_code

        assert [await fails("127.0.0.1", "198.51.100.7") for _ in range(4)] == [403, 403, 403, 429]
        assert await fails("127.0.0.1", "198.51.100.8") == 403
        assert await fails("127.0.0.1", "1.2.3.4, 198.51.100.7") == 429  # made up in front of the true one
        assert [await fails(NEAR, f"10.0.0.{number}") for number in range(4)] == [403, 403, 403, 429]

    run(tmp_path, scenario)


# --- other sites ------------------------------------------------------------------------------------------------------

PREFLIGHT = {
    "Origin": "http://page.example", "Access-Control-Request-Method": "DELETE",
    "Access-Control-Request-Headers": "x-api-key, content-type",
}  # fmt: skip
PATHS = (
    "/api/job", "/api/files/local/a.gcode", "/machines/default/api/job", "/machines/unknown/api/job", "/api/nothing",
    "/downloads/files/local/a.gcode", "/plugin/logging/logs", "/api/v1/machines", "/", "/assets/x.js", "//api/job",
)  # fmt: skip


def test_a_preflight_is_answered_alike_for_every_path_where_other_sites_may_ask(tmp_path):
    async def scenario(_, made):
        made.services.settings.update({"api": {"allowCrossOrigin": True}})
        async with client_from(made, NEAR) as nobody:
            answers = {path: await nobody.options(f"http://mrdraw{path}", headers=PREFLIGHT) for path in PATHS}
        told = {name: value for name, value in answers["/api/job"].headers.items() if name.startswith("access")}
        assert told == {
            "access-control-allow-origin": "http://page.example",
            "access-control-allow-methods": "DELETE",
            "access-control-allow-headers": "x-api-key, content-type",
            "access-control-max-age": "10",
        }
        for path, answer in answers.items():
            assert (answer.status_code, answer.content) == (200, b""), path
            assert dict(answer.headers) == dict(answers["/api/job"].headers), path

    run(tmp_path, scenario)


def test_where_other_sites_may_not_ask_a_preflight_is_a_request_like_any_other(tmp_path):
    async def scenario(client, made):
        async with made.client() as nobody:
            for path in (path for path in PATHS if path not in {"/", "/assets/x.js"}):
                answer = await nobody.options(f"http://mrdraw{path}", headers=PREFLIGHT)
                assert answer.status_code == 401, path
                assert not [name for name in answer.headers if name.startswith("access-control")], path
        known = await client.options("/api/job", headers=PREFLIGHT)
        assert (known.status_code, known.headers["allow"]) == (200, "GET, HEAD, OPTIONS, POST")
        assert not [name for name in known.headers if name.startswith("access-control")]

    run(tmp_path, scenario)


def test_other_sites_never_come_with_a_session(tmp_path):
    async def scenario(_, made):
        made.key("ann")
        made.services.settings.update({"api": {"allowCrossOrigin": True}})
        async with made.client() as client:
            await client.post("/api/login", json={"user": "ann", "pass": "secret"})
            client.headers["origin"] = "http://page.example"
            for path in ("/api/version", "/", "/sockjs/info", "/api/nothing"):
                answer = await client.get(path)
                assert "access-control-allow-credentials" not in answer.headers
                assert "origin" in answer.headers["vary"]
                assert len(answer.headers.get_list("access-control-allow-origin")) == 1
            without = await client.post("/api/connection", json={"command": "disconnect"})
            assert without.status_code == 400

    run(tmp_path, scenario)


# --- what never runs as script ----------------------------------------------------------------------------------------


def test_what_is_no_part_of_the_page_never_runs(tmp_path):
    async def scenario(_, made):
        made.store("a.gcode", b"<script>alert(1)</script>")
        (tmp_path / "logs").mkdir()
        (tmp_path / "logs" / "mrdraw.log").write_text("<script>alert(1)</script>", encoding="ascii")
        async with made.client(made.key("boss")) as client:
            for path in (
                "/downloads/files/local/a.gcode", "/downloads/files/local?files=a.gcode", "/downloads/logs/mrdraw.log",
                "/downloads/logs?files=mrdraw.log", "/plugin/logging/logs/mrdraw.log", "/downloads/systeminfo.zip",
                "/api/files", "/api/nothing", "/plugin/discovery/discovery.xml",
            ):  # fmt: skip
                answer = await client.get(path)
                assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox", path
                assert answer.headers["x-content-type-options"] == "nosniff", path
                assert answer.headers["referrer-policy"] == "same-origin", path
                kind = answer.headers["content-type"].partition(";")[0]
                assert kind in {"text/plain", "application/zip", "application/json", "application/xml"}, path
                is_download = "downloads" in path or "/logs/" in path
                assert answer.headers.get("content-disposition", "").startswith("attachment") is is_download, path

    run(tmp_path, scenario)


# --- the internet without TLS -----------------------------------------------------------------------------------------


def notices(made):
    return list(made.machine.view.server_notices.values())


@pytest.mark.parametrize(
    ("sender", "headers"),
    [
        (FAR, {}),
        ("2606:4700::1111", {}),
        ("127.0.0.1", {"X-Forwarded-For": FAR}),
        (FAR, {"X-Forwarded-Proto": "https"}),
    ],
    ids=["from far", "by IPv6", "through a proxy", "with a forged header"],
)
def test_people_are_told_when_somebody_comes_from_the_internet_without_tls(tmp_path, caplog, sender, headers):
    async def scenario(_, made):
        with caplog.at_level(logging.WARNING):
            async with client_from(made, sender, made.key("ann"), **headers) as client:
                for _ in range(3):
                    assert (await client.get("/api/version")).status_code == 200
        assert notices(made) == [NOTICE]
        assert sum("without TLS" in text for text in caplog.messages) == 1

    run(tmp_path, scenario)


@pytest.mark.parametrize(
    ("sender", "headers"),
    [
        ("127.0.0.1", {}),
        (NEAR, {}),
        ("100.64.1.2", {}),
        ("fd00::1", {}),
        (NEAR, {"X-Forwarded-For": FAR}),
        ("127.0.0.1", {"X-Forwarded-For": FAR, "X-Forwarded-Proto": "https"}),
    ],
    ids=["this computer", "the house", "a carrier's network", "by IPv6", "forged", "with TLS"],
)
def test_nobody_is_told_of_others(tmp_path, sender, headers):
    async def scenario(_, made):
        made.services.settings.update({"server": {"refuseInsecurePublic": True}})
        async with client_from(made, sender, made.key("ann"), **headers) as client:
            assert (await client.get("/api/version")).status_code == 200
        assert notices(made) == []

    run(tmp_path, scenario)


def test_they_are_refused_if_so_configured_but_an_emergency_stop_never(tmp_path):
    async def scenario(_, made):
        made.services.settings.update({"server": {"refuseInsecurePublic": True}})
        async with client_from(made, FAR, made.key("ann")) as client:
            for method, path in (("GET", "/api/version"), ("POST", "/api/files/local"), ("GET", "/"), ("GET", "/x")):
                answer = await client.request(method, path)
                assert (answer.status_code, answer.json()) == (403, {"error": REFUSAL})
                assert answer.headers["connection"] == "close"
            stopped = await client.post("/api/v1/machines/default/emergency-stop")
            assert stopped.status_code not in {401, 403}
        said = []

        async def say(message):
            said.append(message)

        async def hear():
            return {"type": "websocket.connect"}

        scope = {"type": "websocket", "path": "/sockjs/websocket", "scheme": "ws", "headers": [], "client": (FAR, 1)}
        await made.app(scope, hear, say)
        assert [(message["type"], message["code"]) for message in said] == [("websocket.close", 1008)]

    run(tmp_path, scenario)


def test_they_are_forgotten(monkeypatch):
    told = []
    monkeypatch.setattr(exposure, "FORGET_AFTER", 0.05)
    scope = {"client": (FAR, 1), "scheme": "http", "headers": []}
    peer = PeerRule(ReverseProxyTree()).find(scope)

    async def main():
        watch = Exposure(told.append)
        assert watch.is_insecure(peer)
        assert watch.is_insecure(peer)
        await until(lambda: len(told) == 2)
        assert watch.is_insecure(peer)

    asyncio.run(main())
    assert told == [NOTICE, None, NOTICE]


def test_a_network_that_this_computer_is_in_is_not_the_internet(monkeypatch):
    scope = {"client": (FAR, 1), "scheme": "http", "headers": []}
    monkeypatch.setattr(exposure, "local_network_of", lambda address: str(address) == FAR or None)
    assert not Exposure(lambda text: None).is_insecure(PeerRule(ReverseProxyTree()).find(scope))
