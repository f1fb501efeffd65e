"""Groups over HTTP (contract, 5.15)."""

import pytest

from helpers_hub import run
from helpers_users import USERS, later, logged_in, record_of

GROUPS = "/api/access/groups"
MAKERS = {"key": "makers", "name": "Makers", "permissions": ["PRINT"], "subgroups": ["readonly"]}


def keys(answer):
    return [one["key"] for one in answer.json()["groups"]]


def test_adding_changing_and_removing(tmp_path):
    async def scenario(client, _):
        added = await client.post(GROUPS, json=MAKERS)
        assert (added.status_code, keys(added)) == (200, ["admins", "users", "readonly", "guests", "makers"])
        record = (await client.get(f"{GROUPS}/makers")).json()
        assert record == added.json()["groups"][4]
        assert (record["permissions"], record["subgroups"], record["default"]) == (["PRINT"], ["readonly"], False)
        assert {"print", "status"} <= set(record["needs"]["role"])
        assert (await client.post(GROUPS, json=MAKERS)).status_code == 409
        changed = await client.put(f"{GROUPS}/makers", json={"subgroups": [], "description": "x", "default": True})
        assert changed.status_code == 200
        assert (await client.get(f"{GROUPS}/makers")).json()["needs"] == {"role": ["print"], "group": ["makers"]}
        added = await client.post(USERS, json={"name": "cora", "password": "x", "active": True})
        assert record_of(added, "cora")["groups"] == ["users", "makers"]
        assert keys(await client.delete(f"{GROUPS}/makers")) == ["admins", "users", "readonly", "guests"]
        assert (await client.get(f"{USERS}/cora")).json()["groups"] == ["users"]
        for method in ("GET", "PUT", "DELETE"):
            assert (await client.request(method, f"{GROUPS}/makers", json={})).status_code == 404

    run(tmp_path, scenario, user="boss")


@pytest.mark.parametrize("key", ["admins", "readonly", "guests"])
def test_what_stays_as_it_is(tmp_path, key):
    async def scenario(client, _):
        before = (await client.get(f"{GROUPS}/{key}")).json()
        assert (before["changeable"], before["removable"]) == (False, False)
        assert (await client.put(f"{GROUPS}/{key}", json={"permissions": ["STATUS"]})).status_code == 403
        assert (await client.delete(f"{GROUPS}/{key}")).status_code == 403
        assert (await client.get(f"{GROUPS}/{key}")).json() == before

    run(tmp_path, scenario, user="boss")


def test_changing_the_operators_changes_what_they_may_do_at_once(tmp_path):
    async def scenario(client, made):
        async with made.client(made.key("ann")) as ann:
            assert (await ann.get("/api/files")).status_code == 200
            assert (await client.put(f"{GROUPS}/users", json={"permissions": ["STATUS"]})).status_code == 200
            assert (await ann.get("/api/files")).status_code == 403
            assert (await ann.get("/api/printer")).status_code == 200
            assert (await ann.get("/api/currentuser")).json()["permissions"] == ["STATUS"]
        assert (await client.delete(f"{GROUPS}/users")).status_code == 403

    run(tmp_path, scenario, user="boss")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"key": None}, "key must be a string"),
        ({"key": "../x"}, "cannot be a group's key"),
        ({"name": 1}, "name must be a string"),
        ({"permissions": "PRINT"}, "permissions must be a list"),
        ({"permissions": [1]}, "permissions[0] must be a string"),
        ({"permissions": ["FLY"]}, "no permission 'FLY'"),
        ({"subgroups": ["nobody"]}, "no group 'nobody'"),
        ({"subgroups": ["guests"]}, "no group 'guests' for users"),
        ({"subgroups": ["makers"]}, "no group 'makers'"),
        ({"default": "yes"}, "default must be true or false"),
        ({"description": []}, "description must be a string"),
    ],
)
def test_what_cannot_be_added(tmp_path, change, said):
    async def scenario(client, _):
        answer = await client.post(GROUPS, json={**MAKERS, **change})
        assert (answer.status_code, said in answer.json()["error"]) == (400, True), answer.json()
        assert len(keys(await client.get(GROUPS))) == 4

    run(tmp_path, scenario, user="boss")


def test_a_new_group_needs_all_members_and_never_holds_itself(tmp_path):
    async def scenario(client, _):
        answer = await client.post(GROUPS, json={"key": "makers"})
        assert (answer.status_code, "name, permissions, subgroups" in answer.json()["error"]) == (400, True)
        await client.post(GROUPS, json=MAKERS)
        await client.post(GROUPS, json={**MAKERS, "key": "outer", "subgroups": ["makers"]})
        answer = await client.put(f"{GROUPS}/makers", json={"subgroups": ["outer"]})
        assert (answer.status_code, "makers in outer in makers" in answer.json()["error"]) == (400, True)

    run(tmp_path, scenario, user="boss")


FRESH = [
    ("POST", GROUPS, MAKERS),
    ("PUT", f"{GROUPS}/users", {"permissions": []}),
    ("DELETE", f"{GROUPS}/users", None),
    ("POST", USERS, {"name": "cora", "password": "x", "active": True}),
    ("PUT", f"{USERS}/ann", {"groups": ["admins"]}),
    ("DELETE", f"{USERS}/ann", None),
    ("PUT", f"{USERS}/ann/password", {"password": "new"}),
    ("PATCH", f"{USERS}/ann/settings", {"a": 1}),
    ("POST", f"{USERS}/ann/apikey", None),
    ("DELETE", f"{USERS}/ann/apikey", None),
    ("POST", f"{USERS}/boss/apikey", None),
    ("DELETE", f"{USERS}/boss/apikey", None),
    ("POST", "/api/settings/apikey", None),
    ("DELETE", "/api/settings/apikey", None),
    ("POST", "/api/settings", {"api": {"allowCrossOrigin": True}}),
    ("POST", "/api/settings", {"accessControl": {"autologinLocal": True}}),
    ("POST", "/api/settings", {"folder": {"watched": "/tmp"}}),
    ("POST", "/api/settings", {"system": {"actions": [{"action": "a", "name": "A", "command": "true"}]}}),
    ("POST", "/api/settings", {"server": {"commands": {"serverRestartCommand": "true"}}}),
    ("POST", "/api/util/test", {"command": "address"}),
]
"""What the contract marks (fresh), and settings that open the server or run on the computer."""


def test_what_a_session_does_only_after_the_password_was_typed_again(tmp_path):
    async def scenario(_, made):
        keys = {name: made.key(name) for name in ("ann", "boss")}
        async with made.client() as page:
            pair = await logged_in(page, "boss")
            later(made, minutes=10)
            before = (await page.get(USERS)).json(), (await page.get(GROUPS)).json()
            for method, path, body in FRESH:
                answer = await page.request(method, path, json=body, headers=pair)
                assert answer.status_code == 403, (method, path, body)
                assert "password" in answer.json()["error"], (method, path, body)
            assert ((await page.get(USERS)).json(), (await page.get(GROUPS)).json()) == before
            for record in before[0]["users"]:
                assert (record["apikey"], record["apikeyHidden"]) == (None, True)
            own = (await page.get(f"{USERS}/boss")).json()
            assert (own["apikey"], own["apikeyHidden"]) == (None, True)
            pair = await logged_in(page, "boss")
            shown = await page.get(USERS)
            assert {name: record_of(shown, name)["apikey"] for name in keys} == keys
            assert "apikeyHidden" not in record_of(shown, "ann")
            assert (await page.post(GROUPS, json=MAKERS, headers=pair)).status_code == 200

    run(tmp_path, scenario, user="boss")
