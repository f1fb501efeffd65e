"""Users, their passwords and keys, groups and permissions over HTTP (contract, 5.15)."""

import asyncio

import pytest

from helpers_hub import run, world
from helpers_users import USERS, later, logged_in, names, record_of

# --- groups and permissions -------------------------------------------------------------------------------------------


def test_permissions(tmp_path):
    async def scenario(client, _):
        found = (await client.get("/api/access/permissions")).json()["permissions"]
        by_key = {record["key"]: record for record in found}
        assert by_key["ADMIN"]["dangerous"] is True
        assert by_key["PRINT"]["default_groups"] == ["users"]
        assert by_key["GCODE_VIEWER"]["needs"] == {"role": ["gcodeviewer"]}
        assert set(by_key["STATUS"]) == {"key", "name", "description", "dangerous", "default_groups", "needs", "scope"}

    run(tmp_path, scenario, user="rita")


def test_groups(tmp_path):
    async def scenario(client, _):
        found = (await client.get("/api/access/groups")).json()["groups"]
        assert [(one["key"], one["name"], one["default"], one["toggleable"], one["dangerous"]) for one in found] == [
            ("admins", "Admins", False, True, True),
            ("users", "Operator", True, True, False),
            ("readonly", "Read-only Access", False, True, False),
            ("guests", found[3]["name"], False, False, False),
        ]
        readonly = (await client.get("/api/access/groups/readonly")).json()
        assert readonly == found[2]
        assert readonly["permissions"] == sorted([
            "STATUS", "WEBCAM", "FILES_LIST", "FILES_DOWNLOAD", "GCODE_VIEWER", "MONITOR_TERMINAL", "TIMELAPSE_LIST",
            "TIMELAPSE_DOWNLOAD", "SETTINGS_READ", "PLUGIN_PLUGINMANAGER_LIST", "PLUGIN_ACHIEVEMENTS_VIEW",
        ])  # fmt: skip
        assert readonly["needs"]["group"] == ["readonly"]
        assert readonly["subgroups"] == found[3]["permissions"] == []
        missing = await client.get("/api/access/groups/nobody")
        assert (missing.status_code, "admins, users, readonly, guests" in missing.json()["error"]) == (404, True)

    run(tmp_path, scenario, user="boss")


# --- the list of users ------------------------------------------------------------------------------------------------


def test_the_list_shows_keys(tmp_path):
    async def scenario(client, made):
        key = made.key("ann")
        answer = await client.get(USERS)
        assert names(answer) == ["ann", "boss"]
        assert record_of(answer, "ann")["apikey"] == key
        assert record_of(answer, "ann")["groups"] == ["users"]

    run(tmp_path, scenario, user="boss")


def test_adding_a_user(tmp_path):
    async def scenario(client, made):
        body = {"name": "cora", "password": "x", "active": True}
        answer = await client.post(USERS, json=body)
        assert (answer.status_code, names(answer)) == (200, ["boss", "cora"])
        assert record_of(answer, "cora")["groups"] == ["users"]
        assert (await client.post(USERS, json=body)).status_code == 409
        inactive = {"name": "dora", "password": "x", "active": False, "groups": ["readonly"], "permissions": []}
        added = record_of(await client.post(USERS, json=inactive), "dora")
        assert (added["active"], added["groups"]) == (False, ["readonly"])
        old = {"name": "emma", "password": "x", "active": True, "admin": True}
        assert record_of(await client.post(USERS, json=old), "emma")["groups"] == ["admins", "users"]
        async with made.client() as other:
            await logged_in(other, "cora", "x")
            refused = await other.post("/api/login", json={"user": "dora", "pass": "x"})
        assert refused.status_code == 403

    run(tmp_path, scenario, user="boss")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": None}, "name must be a string"),
        ({"name": " cora"}, "cannot be a user's name"),
        ({"name": ""}, "cannot be a user's name"),
        ({"name": "a:b"}, "cannot be a user's name"),
        ({"name": "../boss"}, "cannot be a user's name"),
        ({"name": ".."}, "cannot be a user's name"),
        ({"name": "ann\u202e"}, "cannot be a user's name"),
        ({"password": ""}, "cannot be empty"),
        ({"password": 1}, "password must be a string"),
        ({"active": "false"}, "active must be true or false"),
        ({"groups": "admins"}, "groups must be a list"),
        ({"groups": ["nobody"]}, "groups are admins, users, readonly"),
        ({"groups": ["guests"]}, "groups are admins, users, readonly"),
        ({"permissions": ["FLY"]}, "no permission 'FLY'"),
        ({"permissions": "ADMIN"}, "permissions must be a list"),
        ({"machines": []}, "machines must be an object"),
        ({"machines": {"users": {}}}, "members are: groups, permissions"),
        ({"machines": {"groups": {"users": ["nowhere"]}}}, "'nowhere', which is no machine"),
        ({"machines": {"groups": {"users": []}}}, "leave it out for all machines"),
        ({"machines": {"groups": {"readonly": ["default"]}}}, "what the user does not have"),
        ({"permissions": ["ADMIN"], "machines": {"permissions": {"ADMIN": ["default"]}}}, "whole installation"),
        ({"admin": "yes"}, "admin must be true or false"),
    ],
)
def test_what_cannot_be_added(tmp_path, change, said):
    async def scenario(client, _):
        answer = await client.post(USERS, json={"name": "cora", "password": "x", "active": True, **change})
        assert (answer.status_code, said in answer.json()["error"]) == (400, True)
        assert names(await client.get(USERS)) == ["boss"]

    run(tmp_path, scenario, user="boss")


def test_a_new_user_needs_all_members(tmp_path):
    async def scenario(client, _):
        answer = await client.post(USERS, json={"name": "cora"})
        assert (answer.status_code, "password, active" in answer.json()["error"]) == (400, True)

    run(tmp_path, scenario, user="boss")


def test_changing_groups_changes_what_a_session_may_do(tmp_path):
    async def scenario(client, made):
        made.key("ann")
        async with made.client() as page:
            await logged_in(page, "ann")
            assert (await page.get(USERS)).status_code == 403
            answer = await client.put(f"{USERS}/ann", json={"groups": ["admins", "users", "admins"]})
            assert record_of(answer, "ann")["groups"] == ["admins", "users"]
            assert (await page.get(USERS)).status_code == 200
            assert record_of(await client.put(f"{USERS}/ann", json={"admin": False}), "ann")["groups"] == ["users"]
            assert (await page.get(USERS)).status_code == 403
        unchanged = await client.put(f"{USERS}/ann", json={"permissions": []})
        assert (unchanged.status_code, record_of(unchanged, "ann")["groups"]) == (200, ["users"])

    run(tmp_path, scenario, user="boss")


def test_what_cannot_be_changed(tmp_path):
    async def scenario(client, made):
        made.key("ann")
        for body in ({"active": 1}, {"groups": ["x"]}, {"groups": [1]}, {"permissions": ["FLY"]}, {"admin": 0}):
            assert (await client.put(f"{USERS}/ann", json=body)).status_code == 400, body
        assert (await client.put(f"{USERS}/eve", json={"active": True})).status_code == 404
        assert (await client.delete(f"{USERS}/eve")).status_code == 404
        assert (await client.get(f"{USERS}/eve")).status_code == 404

    run(tmp_path, scenario, user="boss")


@pytest.mark.parametrize("how", ["deactivated", "removed"])
def test_sessions_and_keys_of_somebody_who_may_not_come_in_any_more_end(tmp_path, how):
    async def scenario(client, made):
        key = {"X-Api-Key": made.key("ann")}
        async with made.client() as page, made.client() as other:
            await logged_in(page, "ann")
            assert (await page.get("/api/version")).status_code == 200
            if how == "removed":
                assert names(await client.delete(f"{USERS}/ann")) == ["boss"]
            else:
                answer = await client.put(f"{USERS}/ann", json={"active": False})
                assert record_of(answer, "ann")["active"] is False
            assert (await page.get("/api/version")).status_code == 401
            assert (await other.get("/api/version", headers=key)).status_code == 401
            if how == "deactivated":
                await client.put(f"{USERS}/ann", json={"active": True})
                assert (await page.get("/api/version")).status_code == 401
                assert (await other.get("/api/version", headers=key)).status_code == 200

    run(tmp_path, scenario, user="boss")


def test_the_last_active_admin_stays(tmp_path):
    async def main():
        async with world(tmp_path) as made, made.client(made.services.accounts.global_key()) as client:
            made.key("boss")
            await client.post(USERS, json={"name": "bea", "password": "x", "active": False, "groups": ["admins"]})
            for answer in (
                await client.put(f"{USERS}/boss", json={"active": False}),
                await client.put(f"{USERS}/boss", json={"groups": ["users"]}),
                await client.put(f"{USERS}/boss", json={"groups": []}),
                await client.delete(f"{USERS}/boss"),
            ):
                assert (answer.status_code, "last active admin" in answer.json()["error"]) == (409, True)
            boss = (await client.get(f"{USERS}/boss")).json()
            assert (boss["active"], boss["groups"]) == (True, ["admins"])
            assert (await client.put(f"{USERS}/bea", json={"active": True})).status_code == 200
            assert names(await client.delete(f"{USERS}/boss")) == ["bea"]

    asyncio.run(main())


def test_nobody_removes_the_own_user(tmp_path):
    async def scenario(client, _):
        answer = await client.delete(f"{USERS}/boss")
        assert (answer.status_code, "own user" in answer.json()["error"]) == (400, True)

    run(tmp_path, scenario, user="boss")


# --- oneself ----------------------------------------------------------------------------------------------------------


def test_the_own_record_and_nobody_elses(tmp_path):
    async def scenario(client, made):
        mine = (await client.get(f"{USERS}/ann")).json()
        assert (mine["name"], mine["apikey"], mine["settings"]) == ("ann", made.key("ann"), {})
        for method, path in (
            ("GET", ""), ("PUT", "/password"), ("GET", "/settings"), ("PATCH", "/settings"), ("POST", "/apikey"),
            ("DELETE", "/apikey"),
        ):  # fmt: skip
            for name in ("boss", "nobody"):
                answer = await client.request(method, f"{USERS}/{name}{path}", json={})
                assert answer.status_code == 403, (method, name, path)

    run(tmp_path, scenario, user="ann")


def test_changing_the_own_password(tmp_path):
    async def scenario(client, made):
        path = f"{USERS}/ann/password"
        for body in ({}, {"password": "new"}, {"password": "new", "current": None}):
            assert (await client.put(path, json=body)).status_code == 400
        wrong = await client.put(path, json={"password": "new", "current": "wrong"})
        assert (wrong.status_code, "current password" in wrong.json()["error"]) == (403, True)
        empty = await client.put(path, json={"password": "", "current": "secret"})
        assert empty.status_code == 400
        right = await client.put(path, json={"password": "new", "current": "secret"})
        assert (right.status_code, right.json()) == (200, {})
        assert "set-cookie" not in right.headers
        async with made.client() as page:
            await logged_in(page, "ann", "new")

    run(tmp_path, scenario, user="ann")


def test_guessing_the_current_password_is_limited(tmp_path):
    async def scenario(client, _):
        body = {"password": "new", "current": "wrong"}
        codes = [(await client.put(f"{USERS}/boss/password", json=body)).status_code for _ in range(4)]
        assert codes == [403, 403, 403, 429]

    run(tmp_path, scenario, user="boss")


def test_whoever_changes_the_own_password_stays_logged_in_and_other_sessions_end(tmp_path):
    async def scenario(_, made):
        async with made.client() as page, made.client() as other:
            pair = await logged_in(page, "ann")
            await logged_in(other, "ann")
            body = {"password": "new", "current": "secret"}
            assert (await page.put(f"{USERS}/ann/password", json=body, headers=pair)).status_code == 200
            assert (await page.get("/api/currentuser")).json()["name"] == "ann"
            assert (await other.get("/api/currentuser")).status_code == 401

    run(tmp_path, scenario, user="ann")


def test_a_remembered_session_is_remembered_after_another_password_too(tmp_path):
    async def scenario(_, made):
        async with made.client() as page:
            body = {"user": "ann", "pass": "secret", "remember": True}
            assert (await page.post("/api/login", json=body)).status_code == 200
            pair = {"X-CSRF-Token": page.cookies["csrf_token_P80"]}
            body = {"password": "new", "current": "secret"}
            changed = await page.put(f"{USERS}/ann/password", json=body, headers=pair)
            cookies = changed.headers.get_list("set-cookie")
            assert len(cookies) == 2
            assert all("Max-Age=7776000" in cookie for cookie in cookies)
            later(made, minutes=60 * 24 * 80)
            assert (await page.get("/api/currentuser")).json()["name"] == "ann"
            later(made, minutes=60 * 24 * 91)
            assert (await page.get("/api/currentuser")).status_code == 401

    run(tmp_path, scenario, user="ann")


def test_an_admin_sets_somebody_elses_password(tmp_path):
    async def scenario(client, made):
        made.key("ann")
        async with made.client() as page:
            await logged_in(page, "ann")
            assert (await client.put(f"{USERS}/ann/password", json={"password": "new"})).json() == {}
            assert (await page.get("/api/currentuser")).status_code == 401
            await logged_in(page, "ann", "new")
        assert (await client.put(f"{USERS}/eve/password", json={"password": "new"})).status_code == 404

    run(tmp_path, scenario, user="boss")


def test_the_own_key(tmp_path):
    async def scenario(client, made):
        before = made.key("ann")
        answer = await client.post(f"{USERS}/ann/apikey")
        key = answer.json()["apikey"]
        assert (answer.status_code, list(answer.json()), key != before) == (200, ["apikey"], True)
        assert (await client.get(f"{USERS}/ann")).status_code == 401
        client.headers["X-Api-Key"] = key
        assert (await client.get(f"{USERS}/ann")).json()["apikey"] == key
        revoked = await client.delete(f"{USERS}/ann/apikey")
        assert (revoked.status_code, revoked.json()) == (200, {})
        assert (await client.get(f"{USERS}/ann")).status_code == 401

    run(tmp_path, scenario, user="ann")


def test_an_admin_and_somebody_elses_key(tmp_path):
    async def scenario(client, made):
        made.key("rita")
        key = (await client.post(f"{USERS}/rita/apikey")).json()["apikey"]
        assert (await client.get(f"{USERS}/rita")).json()["apikey"] == key
        assert (await client.delete(f"{USERS}/rita/apikey")).status_code == 200
        assert (await client.get(f"{USERS}/rita")).json()["apikey"] is None
        assert (await client.post(f"{USERS}/eve/apikey")).status_code == 404
        assert (await client.delete(f"{USERS}/eve/apikey")).status_code == 404

    run(tmp_path, scenario, user="boss")


def test_what_clients_keep_with_a_user(tmp_path):
    async def scenario(client, made):
        path = f"{USERS}/ann/settings"
        assert (await client.get(path)).json() == {}
        first = {"theme": {"dark": True}, "name": "Ann ✎", "none": None}
        assert (await client.patch(path, json=first)).json() == {}
        await client.patch(path, json={"theme": {"size": 2}})
        expected = {"theme": {"size": 2}, "name": "Ann ✎", "none": None}
        assert (await client.get(path)).json() == expected
        assert (await client.get(f"{USERS}/ann")).json()["settings"] == expected
        async with made.client(made.key("boss")) as boss:
            assert (await boss.get(path)).json() == expected
            assert (await boss.patch(f"{USERS}/eve/settings", json={})).status_code == 404

    run(tmp_path, scenario, user="ann")


def test_what_cannot_be_kept_with_a_user(tmp_path):
    async def scenario(client, _):
        path = f"{USERS}/ann/settings"
        for content in (b"[]", b"1", b"{", b'{"a": "\\ud800"}', b'{"a": NaN}', b"[" * 50_000):
            answer = await client.patch(path, content=content, headers={"Content-Type": "application/json"})
            assert (answer.status_code, "error" in answer.json()) == (400, True), content[:20]
        for number in range(4):
            answer = await client.patch(path, json={str(number): "x" * 90_000})
        assert answer.status_code == 413
        assert sorted((await client.get(path)).json()) == ["0", "1"]

    run(tmp_path, scenario, user="ann")


# --- where users were in 2014 -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["", "/boss", "/boss/password", "/boss/apikey", "/%C3%A4%20%3F"])
def test_the_old_place(tmp_path, path):
    async def scenario(client, _):
        methods = ("GET", "POST") if not path else ("GET", "POST", "PUT", "PATCH", "DELETE")
        for method in methods:
            answer = await client.request(method, f"/api/users{path}")
            assert answer.status_code == 307
            assert answer.headers["location"] == f"http://mrdraw{USERS}{path}"
        with_query = await client.get("/api/users?force=1")
        assert with_query.headers["location"] == f"http://mrdraw{USERS}?force=1"
        followed = await client.get("/api/users/boss", follow_redirects=True)
        assert followed.json()["name"] == "boss"

    run(tmp_path, scenario, user="boss")
