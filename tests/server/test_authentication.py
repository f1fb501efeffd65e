"""The founding rules: who is answered 401, who 403, and what is open (contract, section 0).

The tables here are typed from section 0 of the contract and from section 3's groups, never taken from the code.
"""

import asyncio

import pytest

from helpers_hub import run, world

PAGE = {
    ("GET", "/"),
    ("GET", "/assets/a.gcode"),
    ("GET", "/favicon.svg"),
    ("GET", "/favicon.ico"),
    ("GET", "/manifest.webmanifest"),
    ("GET", "/robots.txt"),
    ("GET", "/login"),
    ("GET", "/login/"),
    ("GET", "/icon-192.png"),
}
OPEN = PAGE | {
    ("POST", "/api/login"),
    ("POST", "/api/logout"),
    ("GET", "/sockjs"),
    ("GET", "/sockjs/"),
    ("GET", "/sockjs/info"),
    ("POST", "/sockjs/0/a.b/xhr"),
    ("POST", "/sockjs/0/a.b/xhr_send"),
    ("POST", "/sockjs/0/a.b/xhr_streaming"),
    ("GET", "/sockjs/0/a.b/eventsource"),
    ("GET", "/online.txt"),
    ("GET", "/online.gif"),
    ("GET", "/plugin/discovery/discovery.xml"),
    ("GET", "/api/v1/login-methods"),
    ("GET", "/login/openid/eve"),
    ("GET", "/login/openid/eve/done"),
    ("GET", "/plugin/appkeys/probe"),
    ("POST", "/plugin/appkeys/request"),
    ("GET", "/plugin/appkeys/request/unasked"),
    ("GET", "/plugin/appkeys/auth/unasked"),
    ("POST", "/api/v1/account/sign-in"),
    ("POST", "/api/v1/account/sign-in/challenge"),
}
"""Of what is served today; the rest of section 0's open list is not built yet."""

ROUTES = {
    # route: who may use it (a = admins, u = users, r = readonly)
    ("GET", "/api/currentuser"): "aur",
    ("GET", "/api/version"): "aur",
    ("GET", "/api/server"): "aur",
    ("GET", "/api/connection"): "aur",
    ("POST", "/api/connection"): "au",
    ("GET", "/api/files"): "aur",
    ("GET", "/api/files/local"): "aur",
    ("GET", "/api/files/sdcard"): "aur",
    ("GET", "/api/files/local/a.gcode"): "aur",
    ("GET", "/api/files/sdcard/a.gcode"): "aur",
    ("POST", "/api/files/sdcard/a.gcode"): "au",
    ("DELETE", "/api/files/sdcard/a.gcode"): "au",
    ("POST", "/api/files/test"): "aur",
    ("POST", "/api/files/local"): "au",
    ("POST", "/api/files/sdcard"): "au",
    ("POST", "/api/files/local/a.gcode"): "au",
    ("DELETE", "/api/files/local/a.gcode"): "au",
    ("GET", "/downloads/files/local/a.gcode"): "aur",
    ("GET", "/downloads/files/local"): "aur",
    ("POST", "/downloads/files/local"): "aur",
    ("GET", "/api/job"): "aur",
    ("POST", "/api/job"): "au",
    ("GET", "/api/printer"): "aur",
    ("GET", "/api/printer/error"): "aur",
    ("GET", "/api/printer/sd"): "aur",
    ("POST", "/api/printer/sd"): "au",
    ("GET", "/api/printer/tool"): "aur",
    ("POST", "/api/printer/tool"): "au",
    ("GET", "/api/printer/bed"): "aur",
    ("POST", "/api/printer/bed"): "au",
    ("GET", "/api/printer/chamber"): "aur",
    ("POST", "/api/printer/chamber"): "au",
    ("POST", "/api/printer/printhead"): "au",
    ("POST", "/api/printer/command"): "au",
    ("GET", "/api/printer/command/custom"): "au",
    ("GET", "/api/plugin/action_command_prompt"): "au",
    ("POST", "/api/plugin/action_command_prompt"): "au",
    ("GET", "/api/plugin/action_command_notification"): "au",
    ("POST", "/api/plugin/action_command_notification"): "au",
    ("GET", "/api/printerprofiles"): "aur",
    ("POST", "/api/printerprofiles"): "a",
    ("GET", "/api/printerprofiles/_default"): "aur",
    ("PATCH", "/api/printerprofiles/_default"): "a",
    ("DELETE", "/api/printerprofiles/_default"): "a",
    ("GET", "/api/v1/machines"): "aur",
    ("GET", "/api/v1/machines/default"): "aur",
    ("PATCH", "/api/v1/machines/default"): "a",
    ("GET", "/api/v1/machines/default/jobs"): "aur",
    ("GET", "/api/v1/machines/default/jobs/1/wire"): "aur",
    ("GET", "/api/v1/machines/default/wire"): "aur",
    ("GET", "/api/v1/openapi.json"): "aur",
    ("POST", "/api/v1/machines/default/emergency-stop"): "aur",
    ("POST", "/api/v1/machines/default/attend"): "au",
    ("GET", "/api/v1/machines/default/interrupted"): "aur",
    ("POST", "/api/v1/machines/default/interrupted/resume"): "au",
    ("POST", "/api/v1/machines/default/interrupted/dismiss"): "au",
    ("GET", "/api/v1/account/second-factor"): "aur",
    ("POST", "/api/v1/account/second-factor"): "",  # these are for a person at the page, never for a key
    ("DELETE", "/api/v1/account/second-factor"): "",
    ("POST", "/api/v1/account/second-factor/confirm"): "",
    ("POST", "/api/v1/account/second-factor/recovery-codes"): "",
    ("GET", "/api/v1/account/passkeys"): "aur",
    ("POST", "/api/v1/account/passkeys"): "",
    ("POST", "/api/v1/account/passkeys/challenge"): "",
    ("PATCH", "/api/v1/account/passkeys/abc"): "",
    ("DELETE", "/api/v1/account/passkeys/abc"): "",
    ("GET", "/api/v1/users/eve/factors"): "a",
    ("DELETE", "/api/v1/users/eve/second-factor"): "a",
    ("DELETE", "/api/v1/users/eve/passkeys"): "a",
    ("GET", "/api/v1/audit"): "a",
    ("GET", "/api/access/permissions"): "aur",
    ("GET", "/api/access/groups"): "a",
    ("POST", "/api/access/groups"): "a",
    ("GET", "/api/access/groups/eve"): "a",
    ("PUT", "/api/access/groups/eve"): "a",
    ("DELETE", "/api/access/groups/eve"): "a",
    ("GET", "/api/access/users"): "a",
    ("POST", "/api/access/users"): "a",
    ("GET", "/api/access/users/eve"): "a",
    ("PUT", "/api/access/users/eve"): "a",
    ("PUT", "/api/access/users/eve/password"): "a",
    ("GET", "/api/access/users/eve/settings"): "a",
    ("PATCH", "/api/access/users/eve/settings"): "a",
    ("GET", "/api/users"): "aur",
    ("POST", "/api/users"): "aur",
    ("GET", "/api/users/a.gcode"): "aur",
    ("POST", "/api/users/a.gcode"): "aur",
    ("PUT", "/api/users/a.gcode"): "aur",
    ("PATCH", "/api/users/a.gcode"): "aur",
    ("DELETE", "/api/users/a.gcode"): "aur",
    ("POST", "/api/access/users/eve/apikey"): "a",
    ("DELETE", "/api/access/users/eve/apikey"): "a",
    ("DELETE", "/api/access/users/eve"): "a",
    ("POST", "/api/settings/apikey"): "a",
    ("DELETE", "/api/settings/apikey"): "a",
    ("GET", "/api/settings"): "aur",
    ("POST", "/api/settings"): "a",
    ("GET", "/api/settings/templates"): "a",
    ("GET", "/api/setup/wizard"): "a",
    ("POST", "/api/setup/wizard"): "a",
    ("POST", "/plugin/corewizard/acl"): "",
    ("GET", "/plugin/logging/"): "a",
    ("GET", "/plugin/logging/logs"): "a",
    ("GET", "/plugin/logging/logs/eve"): "a",
    ("DELETE", "/plugin/logging/logs/eve"): "a",
    ("GET", "/api/logs"): "a",
    ("GET", "/api/logs/eve"): "a",
    ("DELETE", "/api/logs/eve"): "a",
    ("GET", "/plugin/logging/setup"): "a",
    ("GET", "/plugin/logging/setup/levels"): "a",
    ("PUT", "/plugin/logging/setup/levels"): "a",
    ("GET", "/downloads/logs"): "a",
    ("POST", "/downloads/logs"): "a",
    ("GET", "/downloads/logs/eve"): "a",
    ("GET", "/api/system/commands"): "a",
    ("GET", "/api/system/commands/core"): "a",
    ("POST", "/api/system/commands/core/shutdown"): "a",
    ("POST", "/api/system"): "a",
    ("GET", "/api/system/info"): "a",
    ("GET", "/api/system/usage"): "a",
    ("GET", "/api/system/startup"): "a",
    ("GET", "/downloads/systeminfo.zip"): "a",
    ("POST", "/api/util/test"): "a",
    ("GET", "/api/slicing"): "au",
    ("GET", "/api/slicing/cura/profiles"): "au",
    ("GET", "/api/slicing/cura/profiles/users"): "au",
    ("PUT", "/api/slicing/cura/profiles/users"): "a",
    ("PATCH", "/api/slicing/cura/profiles/users"): "a",
    ("DELETE", "/api/slicing/cura/profiles/users"): "a",
    ("GET", "/api/languages"): "a",
    ("POST", "/api/languages"): "a",
    ("DELETE", "/api/languages/de/_core"): "a",
    ("GET", "/downloads/camera/current"): "aur",
    ("GET", "/api/timelapse"): "aur",
    ("POST", "/api/timelapse"): "au",
    ("GET", "/api/timelapse/eve"): "aur",
    ("DELETE", "/api/timelapse/eve"): "au",
    ("DELETE", "/api/timelapse/unrendered/eve"): "au",
    ("POST", "/api/timelapse/unrendered/eve"): "au",
    ("GET", "/downloads/timelapse/eve"): "aur",
    ("GET", "/downloads/timelapses"): "aur",
    ("POST", "/downloads/timelapses"): "aur",
    ("GET", "/plugin/pluginmanager/plugins"): "a",
    ("GET", "/plugin/pluginmanager/plugins/versions"): "aur",
    ("GET", "/plugin/pluginmanager/plugins/users"): "a",
    ("GET", "/plugin/pluginmanager/repository"): "a",
    ("GET", "/plugin/pluginmanager/orphans"): "a",
    ("GET", "/plugin/pluginmanager/export"): "a",
    ("POST", "/plugin/pluginmanager/upload_file"): "a",
    ("GET", "/api/plugin/pluginmanager"): "a",
    ("POST", "/api/plugin/pluginmanager"): "a",
    ("GET", "/plugin/softwareupdate/check"): "au",
    ("POST", "/plugin/softwareupdate/update"): "a",
    ("POST", "/plugin/softwareupdate/update/queued"): "a",
    ("POST", "/plugin/softwareupdate/configure"): "a",
    ("GET", "/plugin/softwareupdate/updatelog"): "a",
    ("GET", "/plugin/announcements/channels"): "a",
    ("POST", "/plugin/announcements/channels/eve"): "a",
    ("POST", "/api/plugin/tracking"): "aur",
    ("GET", "/api/plugin/health_check"): "a",
    ("POST", "/plugin/appkeys/decision/unasked"): "au",
    ("GET", "/api/plugin/appkeys"): "aur",
    ("POST", "/api/plugin/appkeys"): "aur",
    ("GET", "/api/v1/account/sessions"): "aur",
    ("DELETE", "/api/v1/account/sessions"): "aur",
    ("DELETE", "/api/v1/account/sessions/ended"): "aur",
    ("GET", "/api/v1/account/keys"): "aur",
    ("POST", "/api/v1/account/keys"): "aur",
    ("DELETE", "/api/v1/account/keys/revoked"): "aur",
    ("GET", "/api/v1/users/eve/sessions"): "a",
    ("DELETE", "/api/v1/users/eve/sessions"): "a",
    ("DELETE", "/api/v1/users/eve/sessions/ended"): "a",
    ("GET", "/api/v1/users/eve/keys"): "a",
    ("DELETE", "/api/v1/users/eve/keys/revoked"): "a",
    ("GET", "/plugin/gcodeviewer/skipuntilcheck/local/a.gcode"): "aur",
}
ROUTES |= dict.fromkeys(OPEN, "open")
USERS = {"a": "boss", "u": "ann", "r": "rita"}

NOWHERE = [
    ("GET", "/api/nothing"),
    ("POST", "/"),
    ("GET", "/index.html"),
    ("GET", "/assets"),
    ("GET", "/icon-192.svg"),
    ("GET", "/icon-a/b.png"),
    ("DELETE", "/favicon.svg"),
    ("GET", "/machines/default/"),
    ("GET", "/machines/default/login/"),
    ("GET", "/machines/default/login/openid/eve"),
    ("POST", "/login/openid/eve"),
    ("GET", "/machines/default/assets/a.js"),
    ("GET", "/nothing/at/all"),
    ("DELETE", "/api/version"),
    ("GET", "/machines/unknown/api/version"),
    ("GET", "/machines/default/api/version"),
    ("POST", "/machines/default/api/files/local"),
    ("GET", "//api/version"),
    ("GET", "/api//version"),
    ("GET", "/api/login/"),
    ("GET", "/apikey=x"),
]


PARAMETERS = {
    "server": "0",
    "session": "a.b",  # which is no session: one that is would be answered without end
    "path:path": "a.gcode",
    "provider": "eve",
    "origin": "local",
    "machine_id": "default",
    "profile_id": "_default",
    "job_id": "1",
    "size": "192",
    "name": "eve",
    "key": "users",
    "group": "eve",
    "locale": "de",
    "pack": "_core",
    "slicer": "cura",
    "source": "core",
    "action": "shutdown",
    "app_token": "unasked",
    "user_token": "unasked",
    "session_id": "ended",
    "key_id": "revoked",
    "passkey": "abc",
}


def _with_parameters(path):
    for name, value in PARAMETERS.items():
        path = path.replace(f"{{{name}}}", value)
    return path


def test_the_table_here_names_every_route():
    from mrdraw.server.app import all_routes

    assert {(route.method, _with_parameters(route.path)) for route in all_routes()} == set(ROUTES)
    assert {(route.method, _with_parameters(route.path)) for route in all_routes() if route.open} == OPEN


@pytest.mark.parametrize(
    "who", ["no key", "an unknown key", "a revoked key", "an unknown bearer", "an unknown session"]
)
def test_nobody_is_answered_401_everywhere_but_on_the_open_list(tmp_path, who):
    async def scenario(_, made):
        accounts = made.services.accounts
        revoked = accounts.new_user_key("ann")
        await asyncio.to_thread(accounts.revoke_user_key, "ann")
        headers = {
            "no key": {},
            "an unknown key": {"X-Api-Key": "unknown"},
            "a revoked key": {"X-Api-Key": revoked},
            "an unknown bearer": {"Authorization": "Bearer unknown"},
            "an unknown session": {"Cookie": "session_P80=unknown"},
        }[who]
        async with made.client() as client:
            for method, path in [*ROUTES, *NOWHERE]:
                answer = await client.request(method, path, headers=headers)
                expected_open = (method, path) in OPEN
                assert (answer.status_code == 401) is not expected_open, (method, path, answer.status_code)
                assert "www-authenticate" not in answer.headers
                if not expected_open:
                    assert "API key" in answer.json()["error"]

    run(tmp_path, scenario)


def test_a_known_user_without_the_permission_is_answered_403_and_with_it_never(tmp_path):
    async def scenario(_, made):
        for letter, user in USERS.items():
            async with made.client(made.key(user)) as client:
                for (method, path), allowed in ROUTES.items():
                    answer = await client.request(method, path)
                    forbidden = allowed != "open" and letter not in allowed
                    assert (answer.status_code == 403) is forbidden, (user, method, path, answer.status_code)
                    assert answer.status_code != 401, (user, method, path)

    run(tmp_path, scenario)


def test_403_comes_before_the_state_of_the_machine(tmp_path):
    from mrdraw.link.messages import Snapshot

    async def scenario(client, _):
        for path in ("/api/job", "/api/printer/command", "/api/printer/printhead", "/api/printer/tool"):
            assert (await client.post(path, json={"command": "start"})).status_code == 403

    run(tmp_path, scenario, snapshot=Snapshot(sequence=1), user="rita")


def test_places_of_the_key(tmp_path):
    async def scenario(_, made):
        key = made.key("ann")
        async with made.client() as client:
            for request in (
                {"headers": {"X-Api-Key": key}},
                {"headers": {"x-api-key": key}},
                {"headers": {"Authorization": f"Bearer {key}"}},
                {"params": {"apikey": key}},
            ):
                answer = await client.get("/api/currentuser", **request)
                assert answer.json()["name"] == "ann", request

    run(tmp_path, scenario)


def test_a_key_in_a_form(tmp_path):
    async def scenario(_, made):
        key = made.key("ann")
        file = {"file": ("a.gcode", b"G28\n")}
        async with made.client() as client:
            before = await client.post("/api/files/local", data={"apikey": key}, files=file)
            assert before.status_code == 201
            wrong = await client.post("/api/files/local", data={"apikey": "wrong"}, files=file)
            assert wrong.status_code == 401
            behind = {"file": ("b.gcode", b"G28\n"), "apikey": (None, key)}
            assert (await client.post("/api/files/local", files=behind)).status_code == 401
            urlencoded = await client.post("/api/job", data={"apikey": key, "command": "start"})
            assert urlencoded.status_code == 415
            long = await client.post("/api/job", data={"a": "x" * 200_000, "apikey": key})
            assert long.status_code == 401
        assert not (made.uploads / "b.gcode").exists()

    run(tmp_path, scenario)


def test_a_form_that_makes_no_sense_holds_no_key(tmp_path):
    async def scenario(_, made):
        async with made.client() as client:
            for boundary in ("", "b" * 300, "\xff"):
                kind = f"multipart/form-data; boundary={boundary}".encode("latin-1")
                answer = await client.post("/api/files/local", content=b"--b--", headers={"Content-Type": kind})
                assert answer.status_code == 401, boundary

    run(tmp_path, scenario)


NOBODYS = [
    {"Content-Type": "application/octet-stream"},
    {"Content-Type": "multipart/form-data; boundary=b", "X-Api-Key": "nobody-owns-this"},
    {"Content-Type": "multipart/form-data; boundary=b", "Authorization": "Bearer nobody-owns-this"},
]
"""A form could hold a key, unless the request came with one already."""


@pytest.mark.parametrize("headers", NOBODYS)
def test_the_body_of_nobody_is_not_read(tmp_path, headers):
    async def scenario(_, made):
        asked = []

        async def body():
            asked.append(True)
            yield b"x"

        async with made.client() as client:
            sent = {**headers, "Content-Length": "1"}
            answer = await client.post("/api/files/local", content=body(), headers=sent)
        assert answer.status_code == 401
        assert answer.headers["connection"] == "close"
        assert asked == []

    run(tmp_path, scenario)


def test_a_setting_for_clients_that_understand_403_only(tmp_path):
    async def scenario(_, made):
        made.services.settings.update({"api": {"anonymousStatus": 403}})
        async with made.client() as client:
            assert (await client.get("/api/version")).status_code == 403

    run(tmp_path, scenario)


def test_every_way_to_the_same_machine(tmp_path):
    async def scenario(client, _):
        for path in ("/api/version", "//api/version", "///api/version", "/machines/default/api/version"):
            assert (await client.get(f"http://mrdraw{path}")).status_code == 200, path
        assert (await client.get("/api%2Fversion")).status_code == 200
        assert (await client.get("/machines/unknown/api/version")).status_code == 404
        moved = await client.get("/api//version")
        assert (moved.status_code, moved.headers["location"]) == (308, "http://mrdraw/api/version")

    run(tmp_path, scenario)


def test_methods(tmp_path):
    async def scenario(client, _):
        assert (await client.head("/api/version")).status_code == 200
        options = await client.options("/api/version")
        assert (options.status_code, options.headers["allow"]) == (200, "GET, HEAD, OPTIONS")
        wrong = await client.delete("/api/version")
        assert (wrong.status_code, wrong.headers["allow"]) == (405, "GET, HEAD")
        assert "DELETE is not allowed" in wrong.json()["error"]
        assert (await client.get("/api/nothing")).json() == {"error": "There is nothing at /api/nothing."}

    run(tmp_path, scenario)


def test_cross_origin(tmp_path):
    origin = {"Origin": "http://page.example", "Access-Control-Request-Method": "POST"}

    async def scenario(client, made):
        assert "access-control-allow-origin" not in (await client.get("/api/version", headers=origin)).headers
        made.services.settings.update({"api": {"allowCrossOrigin": True}})
        answer = await client.get("/api/version", headers=origin)
        assert answer.headers["access-control-allow-origin"] == "http://page.example"
        async with made.client() as nobody:
            preflight = await nobody.options("/api/job", headers=origin)
        assert preflight.status_code == 200
        assert preflight.headers["access-control-allow-methods"] == "POST"

    run(tmp_path, scenario)


def test_common_headers_stand_on_refusals_too(tmp_path):
    async def scenario(_, made):
        async with made.client() as client:
            headers = (await client.get("/api/version")).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "sameorigin"

    run(tmp_path, scenario)


# --- logging in -----------------------------------------------------------------------------------------------------


def test_logging_in_and_the_csrf_pair(tmp_path):
    async def scenario(_, made):
        made.key("ann")
        async with made.client() as client:
            answer = await client.post("/api/login", json={"user": "ann", "pass": "secret"})
            record = answer.json()
            assert (answer.status_code, record["name"], record["_login_mechanism"]) == (200, "ann", "password")
            assert set(client.cookies) == {"session_P80", "csrf_token_P80"}
            assert (await client.get("/api/currentuser")).json()["name"] == "ann"
            without = await client.post("/api/connection", json={"command": "connect"})
            assert (without.status_code, "CSRF" in without.json()["error"]) == (400, True)
            for forged in ("x", "x.y", client.cookies["csrf_token_P80"][:-1]):
                wrong = {"X-CSRF-Token": forged}
                assert (await client.post("/api/connection", json={}, headers=wrong)).status_code == 400
            pair = {"X-CSRF-Token": client.cookies["csrf_token_P80"]}
            right = await client.post("/api/connection", json={"command": "connect"}, headers=pair)
            assert right.status_code == 204
            with_key = {"X-Api-Key": made.key("boss")}
            assert (
                await client.post("/api/connection", json={"command": "connect"}, headers=with_key)
            ).status_code == 204
            assert (await client.post("/api/logout", headers=pair)).status_code == 200
            assert (await client.get("/api/currentuser")).status_code == 401

    run(tmp_path, scenario)


def test_logging_in_with_what_is_wrong(tmp_path):
    async def scenario(_, made):
        made.key("ann")
        async with made.client() as client:
            for body in ({}, {"user": "ann"}, {"user": 1, "pass": 2}):
                assert (await client.post("/api/login", json=body)).status_code == 400
            answers = [
                (await client.post("/api/login", json={"user": "ann", "pass": "wrong"})).status_code for _ in range(4)
            ]
            assert answers == [403, 403, 403, 429]

    run(tmp_path, scenario)


@pytest.mark.parametrize("how", ["json", "data", "params"])
def test_passive_log_in(tmp_path, how):
    async def scenario(client, made):
        passive = {how: {"passive": True if how == "json" else "true"}}
        record = (await client.post("/api/login", **passive)).json()
        assert (record["name"], record["_login_mechanism"]) == ("ann", "apikey")
        assert record["groups"] == ["users"]
        assert record["apikey"] is None
        assert made.services.accounts.identify_session(record["session"]).name == "ann"
        again = (await client.post("/api/login", **passive)).json()
        assert again["session"] == record["session"]
        async with made.client() as nobody:
            guest = (await nobody.post("/api/login", **passive)).json()
        assert "name" not in guest
        assert guest["needs"]["group"] == ["guests"]

    run(tmp_path, scenario)


def test_the_global_key_passively(tmp_path):
    async def scenario(_, made):
        async with made.client(made.services.accounts.global_key()) as client:
            record = (await client.post("/api/login", json={"passive": True})).json()
        assert (record["name"], record["groups"], record["admin"]) == ("_api", ["admins", "users"], True)

    run(tmp_path, scenario)


def test_a_user_added_by_another_process_is_known_at_once(tmp_path):
    async def main():
        async with world(tmp_path) as made:
            from mrdraw.accounts import Accounts
            from mrdraw.settings import Settings
            from mrdraw.store import Database

            async with made.client() as client:
                other = Database(tmp_path / "mrdraw.db")
                accounts = Accounts(other, Settings(tmp_path), tmp_path)
                accounts.add_user("new", "x", ("users",))
                key = accounts.new_user_key("new")
                assert (await client.get("/api/version", headers={"X-Api-Key": key})).status_code == 200
                accounts.revoke_user_key("new")
                assert (await client.get("/api/version", headers={"X-Api-Key": key})).status_code == 401
                accounts.close()
                other.close()

    asyncio.run(main())
