"""Application keys over HTTP: the workflow of the contract (9.1), and what a user and an administrator see of them."""

import asyncio
import json

import pytest

from helpers_fleet import until
from helpers_hub import run

REQUEST, KEYS = "/plugin/appkeys/request", "/api/plugin/appkeys"
OWN = "/api/v1/account/keys"


async def log_in(client, name="ann"):
    """Log in; the header of the CSRF pair."""
    answer = await client.post("/api/login", json={"user": name, "pass": "secret"})
    assert answer.status_code == 200, answer.text
    return {"X-CSRF-Token": client.cookies["csrf_token_P80"]}


async def pending(client):
    return (await client.get(KEYS)).json()["pending"]


async def asked_for(made, **body):
    """An application's request; its client goes on as the application."""
    app = made.client()
    answer = await app.post(REQUEST, json={"app": "Cura", **body})
    assert answer.status_code == 201, answer.text
    return app, answer


async def granted(made, client, **body):
    """A key that was asked for and granted by the user of this client."""
    app, answer = await asked_for(made, **body)
    (token,) = await pending(client)
    assert (await client.post(f"/plugin/appkeys/decision/{token}", json={"decision": True})).status_code == 204
    key = (await app.get(answer.headers["location"])).json()["api_key"]
    await app.aclose()
    return key


def test_the_whole_way(tmp_path):
    async def scenario(client, made):
        async with made.client() as app:
            assert (await app.get("/plugin/appkeys/probe")).status_code == 204
            answer = await app.post(REQUEST, json={"app": "Cura", "user": "ann"})
            assert (answer.status_code, set(answer.json())) == (201, {"app_token", "auth_dialog"})
            token, location = answer.json()["app_token"], answer.headers["location"]
            assert location == f"http://mrdraw{REQUEST}/{token}"
            assert answer.json()["auth_dialog"] == f"http://mrdraw/plugin/appkeys/auth/{token}?user=ann"
            waits = await app.get(location)
            assert (waits.status_code, waits.json()) == (202, {"message": "Awaiting decision"})

            ((user_token, record),) = (await pending(client)).items()
            assert record == {
                "app_id": "Cura", "user_id": "ann", "user_token": user_token, "remote_address": "127.0.0.1"
            }  # fmt: skip
            assert user_token != token
            decided = await client.post(f"/plugin/appkeys/decision/{user_token}", json={"decision": True})
            assert (decided.status_code, decided.content) == (204, b"")
            assert await pending(client) == {}

            assert (await app.head(location)).status_code == 202
            given = await app.get(location)
            assert (given.status_code, set(given.json())) == (200, {"api_key"})
            assert given.headers["cache-control"] == "no-store"
            assert (await app.get(location)).status_code == 404
        async with made.client(given.json()["api_key"]) as app:
            assert (await app.get("/api/currentuser")).json()["name"] == "ann"
            who = (await app.post("/api/login", json={"passive": True})).json()
            assert (who["name"], who["_login_mechanism"]) == ("ann", "apikey")

    run(tmp_path, scenario)


def test_a_machines_own_base_is_kept(tmp_path):
    async def scenario(_, made):
        async with made.client() as app:
            answer = await app.post(f"/machines/default{REQUEST}", json={"app": "Cura"})
            assert answer.headers["location"].startswith(f"http://mrdraw/machines/default{REQUEST}/")
            assert (await app.get(answer.headers["location"])).status_code == 202
            dialog = await app.get(answer.json()["auth_dialog"])
            assert dialog.headers["location"].startswith("../../../../../#/grant/")

    run(tmp_path, scenario)


@pytest.mark.parametrize("decision", [False, "no", None, 0])
def test_a_denial(tmp_path, decision):
    async def scenario(client, made):
        app, answer = await asked_for(made)
        (token,) = await pending(client)
        url = f"/plugin/appkeys/decision/{token}"
        assert (await client.post(url, json={"decision": decision})).status_code == 204
        assert (await app.get(answer.headers["location"])).status_code == 404
        assert (await client.post(url, json={"decision": True})).status_code == 404
        assert (await client.get(KEYS)).json() == {"keys": [], "pending": {}}
        await app.aclose()

    run(tmp_path, scenario)


def test_the_dialog_leads_to_the_page(tmp_path):
    async def scenario(client, made):
        app, answer = await asked_for(made)
        dialog = await app.get(answer.json()["auth_dialog"], params={"redirect": "http://evil.example/"})
        (token,) = await pending(client)
        assert (dialog.status_code, dialog.headers["location"]) == (302, f"../../../#/grant/{token}")
        assert (await app.get("/plugin/appkeys/auth/unknown")).status_code == 404
        await app.aclose()

    run(tmp_path, scenario)


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({}, 400, "app must be a string"),
        ({"app": " "}, 400, "1 to 64 characters"),
        ({"app": 5}, 400, "app must be a string"),
        ({"app": "x" * 65}, 400, "1 to 64"),
        ({"app": "Cura", "user": 5}, 400, "user must be a string"),
        ({"app": "Cura", "user": "x" * 129}, 400, "128"),
        ([], 400, "JSON object"),
    ],
)
def test_requests_that_make_no_sense(tmp_path, body, status, said):
    async def scenario(_, made):
        async with made.client() as app:
            answer = await app.post(REQUEST, json=body)
            assert (answer.status_code, said in answer.json()["error"]) == (status, True), answer.text

    run(tmp_path, scenario)


def test_an_address_may_not_ask_all_the_time(tmp_path):
    async def scenario(_, made):
        async with made.client() as app:
            statuses = [(await app.post(REQUEST, json={"app": f"app {number}"})).status_code for number in range(5)]
            assert statuses == [201, 201, 201, 429, 429]

    run(tmp_path, scenario)


def test_whom_it_names_is_not_told_apart_from_nobody(tmp_path):
    async def scenario(client, made):
        async with made.client() as app:
            answers = [await app.post(REQUEST, json={"app": "Cura", "user": name}) for name in ("ann", "nobody")]
            first, second = ((answer.status_code, sorted(answer.json())) for answer in answers)
            assert first == second
        assert [one["user_id"] for one in (await pending(client)).values()] == ["ann"]

    run(tmp_path, scenario)


def test_who_may_decide(tmp_path):
    async def scenario(ann, made):
        boss, rita = made.client(made.key("boss")), made.client(made.key("rita"))
        app, answer = await asked_for(made, user="ann")
        (token,) = await pending(ann)
        url, yes = f"/plugin/appkeys/decision/{token}", {"decision": True}
        assert await pending(boss) == await pending(rita) == {}
        assert (await rita.post(url, json=yes)).status_code == 403
        assert (await boss.post(url, json=yes)).status_code == 403
        assert list((await boss.get(f"{KEYS}?all")).json()["pending"]) == [token]
        assert (await ann.get(f"{KEYS}?all")).status_code == 403
        async with made.client(made.services.accounts.global_key()) as server:
            refused = await server.post(url, json=yes)
            assert (refused.status_code, "name the user" in refused.json()["error"]) == (400, True)
        assert (await ann.post(url, json={})).status_code == 400
        assert (await app.get(answer.headers["location"])).status_code == 202
        assert (await ann.post(url, json=yes)).status_code == 204
        for one in (app, boss, rita):
            await one.aclose()

    run(tmp_path, scenario)


def test_an_application_can_neither_make_nor_read_keys(tmp_path):
    async def scenario(boss, made):
        async with made.client(await granted(made, boss)) as app:
            for method, path, body in (
                ("POST", KEYS, {"command": "generate", "app": "another"}),
                ("POST", OWN, {"app": "another"}),
                ("POST", "/plugin/appkeys/decision/unknown", {"decision": True}),
            ):
                answer = await app.request(method, path, json=body)
                assert (answer.status_code, "password" in answer.json()["error"]) == (403, True), path
            assert (await app.get("/api/job")).status_code == 200

    run(tmp_path, scenario, user="boss")


def test_a_user_who_is_gone_when_the_key_is_fetched(tmp_path):
    async def scenario(client, made):
        app, answer = await asked_for(made)
        (token,) = await pending(client)
        await client.post(f"/plugin/appkeys/decision/{token}", json={"decision": True})
        await made.remove_user("ann")
        fetched = await app.get(answer.headers["location"])
        assert fetched.status_code == 404
        assert "ann" not in fetched.text
        await app.aclose()

    run(tmp_path, scenario)


def test_what_is_told_of_a_key(tmp_path):
    async def scenario(client, made):
        key = await granted(made, client)
        (record,) = (await client.get(KEYS)).json()["keys"]
        assert (record["app_id"], record["user_id"], record["remote_address"]) == ("Cura", "ann", "127.0.0.1")
        assert (record["used_at"], record["expires_at"]) == (None, None)
        assert (await client.get(f"{KEYS}?app=cura")).json() == {"key": record}
        missing = await client.get(f"{KEYS}?app=Other")
        assert missing.status_code == 404
        assert (await client.get(f"{KEYS}?app=cura&user=boss")).status_code == 403
        async with made.client(made.key("boss")) as boss:
            assert (await boss.get(f"{KEYS}?app=cura&user=ann")).json() == {"key": record}
            assert (await boss.get(f"{KEYS}?all")).json()["keys"] == [record]
            assert (await boss.get(KEYS)).json()["keys"] == []
            assert [one["app"] for one in (await boss.get("/api/v1/users/ann/keys")).json()["keys"]] == ["Cura"]
            assert (await boss.get("/api/v1/users/nobody/keys")).status_code == 404
        async with made.client(key) as app:
            await app.get("/api/version")

        applications = made.services.accounts.applications
        await until(lambda: applications.of_user("ann")[0].used_at is not None)
        (used,) = (await client.get(OWN)).json()["keys"]
        assert used["usedAt"] >= used["createdAt"]
        for path in (KEYS, OWN, f"{KEYS}?app=cura"):
            assert key not in (await client.get(path)).text

    run(tmp_path, scenario)


async def status_of(made, key):
    async with made.client(key) as client:
        return (await client.get("/api/version")).status_code


def test_generating_and_revoking_as_the_contract_has_it(tmp_path):
    async def scenario(client, made):
        first = await client.post(KEYS, json={"command": "generate", "app": " My App "})
        assert (first.status_code, first.json()["user_id"], first.json()["app_id"]) == (200, "ann", "My App")
        second = await client.post(KEYS, json={"command": "generate", "app": "my app"})
        keys = [answer.json()["api_key"] for answer in (first, second)]
        assert [await status_of(made, key) for key in keys] == [401, 200]
        assert (await client.post(KEYS, json={"command": "revoke", "app": "MY APP"})).status_code == 204
        assert await status_of(made, keys[1]) == 401
        assert (await client.post(KEYS, json={"command": "revoke", "app": "MY APP"})).status_code == 404

        third = (await client.post(KEYS, json={"command": "generate", "app": "Third"})).json()["api_key"]
        async with made.client(made.key("rita")) as rita:
            assert (await rita.post(KEYS, json={"command": "revoke", "key": third})).status_code == 403
        assert (await client.post(KEYS, json={"command": "revoke", "key": third})).status_code == 204
        assert (await client.post(KEYS, json={"command": "revoke", "key": third})).status_code == 404
        assert (await client.post(KEYS, json={"command": "revoke"})).status_code == 400
        assert (await client.post(KEYS, json={"command": "generate"})).status_code == 400
        assert (await client.post(KEYS, json={"command": "steal", "app": "x"})).status_code == 400

    run(tmp_path, scenario)


def test_generating_for_others(tmp_path):
    async def scenario(ann, made):
        body = {"command": "generate", "app": "Cura", "user": "ann"}
        async with made.client(made.key("boss")) as boss:
            key = (await boss.post(KEYS, json=body)).json()["api_key"]
            assert (await boss.post(KEYS, json={**body, "user": "nobody"})).status_code == 404
            assert (await ann.post(KEYS, json={**body, "user": "boss"})).status_code == 403
        async with made.client(made.services.accounts.global_key()) as server:
            assert (await server.post(KEYS, json={"command": "generate", "app": "Cura"})).status_code == 400
            assert (
                await server.post(KEYS, json={"command": "revoke", "app": "Cura", "user": "ann"})
            ).status_code == 204
        assert await status_of(made, key) == 401

    run(tmp_path, scenario)


def test_making_one_by_hand(tmp_path):
    async def scenario(client, made):
        made_key = await client.post(OWN, json={"app": "Script", "days": 30})
        assert made_key.status_code == 201
        record = made_key.json()
        key = record.pop("key")
        assert record["expiresAt"] == pytest.approx(record["createdAt"] + 30 * 24 * 3600)
        assert (await client.get(OWN)).json() == {"keys": [record]}
        assert await status_of(made, key) == 200
        async with made.client(made.key("rita")) as rita:
            assert (await rita.delete(f"{OWN}/{record['id']}")).status_code == 404
        assert (await client.delete(f"{OWN}/{record['id']}")).status_code == 204
        assert (await client.delete(f"{OWN}/{record['id']}")).status_code == 404
        assert await status_of(made, key) == 401
        for wrong in (
            {},
            {"app": ""},
            {"app": "x", "days": 0},
            {"app": "x", "days": "soon"},
            {"app": "x", "days": 1.5},
        ):
            assert (await client.post(OWN, json=wrong)).status_code == 400, wrong
        async with made.client(made.services.accounts.global_key()) as server:
            assert (await server.post(OWN, json={"app": "x"})).status_code == 400
            assert (await server.get(OWN)).json() == {"keys": []}

    run(tmp_path, scenario)


def test_an_administrator_revokes_anybodys(tmp_path):
    async def scenario(ann, made):
        key = await granted(made, ann)
        async with made.client(made.key("boss")) as boss:
            (record,) = (await boss.get("/api/v1/users/ann/keys")).json()["keys"]
            assert (await boss.delete(f"/api/v1/users/boss/keys/{record['id']}")).status_code == 404
            assert (await boss.delete(f"/api/v1/users/ann/keys/{record['id']}")).status_code == 204
        assert await status_of(made, key) == 401

    run(tmp_path, scenario)


def test_a_session_has_to_be_fresh(tmp_path):
    async def scenario(_, made):
        made.key("ann")
        async with made.client() as browser:
            csrf = await log_in(browser)
            app, answer = await asked_for(made)
            (token,) = await pending(browser)
            decision = f"/plugin/appkeys/decision/{token}"
            assert (await browser.post(decision, json={"decision": True})).status_code == 400  # no CSRF pair
            made.services.accounts._database.write_now(
                lambda connection: connection.execute("UPDATE sessions SET proven_at = proven_at - 600")
            )
            generate = {"command": "generate", "app": "x"}
            for path, body in ((decision, {"decision": True}), (KEYS, generate), (OWN, {"app": "x"})):
                refused = await browser.post(path, json=body, headers=csrf)
                assert (refused.status_code, "reauthenticate" in refused.json()["error"]) == (403, True), path
            csrf = await log_in(browser)
            assert (await browser.post(decision, json={"decision": True}, headers=csrf)).status_code == 204
            assert (await app.get(answer.headers["location"])).status_code == 200
            await app.aclose()

    run(tmp_path, scenario)


def test_a_browsers_session_does_not_stand_in_the_way_of_asking(tmp_path):
    async def scenario(_, made):
        made.key("ann")
        async with made.client() as browser:
            await log_in(browser)
            assert (await browser.post(REQUEST, json={"app": "Cura"})).status_code == 201

    run(tmp_path, scenario)


# --- the pop-up -------------------------------------------------------------------------------------------------------


class Listener:
    """What a user's page is told, over the push channel's polled transport."""

    def __init__(self, made, user):
        from mrdraw.server.push.client import PushClient

        self.told = []

        async def send(text):
            self.told.append(json.loads(text))

        audience = _audience(made)
        self.client = audience.join(made.machine, "127.0.0.1", send)
        self._running = asyncio.create_task(self.client.run())
        assert isinstance(self.client, PushClient)
        self._made, self._user, self._audience = made, user, audience

    async def open(self):
        accounts = self._made.services.accounts
        session = await accounts.open_session(accounts.identify_key(self._made.key(self._user)))
        self.client.hear(json.dumps({"subscribe": {"plugins": ["appkeys"]}}))
        self.client.hear(json.dumps({"auth": f"{self._user}:{session}"}))

    async def close(self):
        self._audience.leave(self.client)
        self._running.cancel()
        await asyncio.wait([self._running])

    def plugin(self):
        return [one["plugin"]["data"] for one in self.told if "plugin" in one]


def _audience(made):
    app = made.app
    while not hasattr(app, "state"):
        app = app._app
    return app.state.audience


def test_those_who_may_decide_are_told(tmp_path):
    async def scenario(ann, made):
        listeners = {user: Listener(made, user) for user in ("ann", "rita", "boss")}
        for one in listeners.values():
            await one.open()
        app, _ = await asked_for(made)
        await until(lambda: listeners["ann"].plugin() and listeners["boss"].plugin())
        (token,) = await pending(ann)
        message = {
            "type": "request_access", "app_name": "Cura", "user_token": token, "user_id": None,
            "remote_address": "127.0.0.1",
        }  # fmt: skip
        assert listeners["ann"].plugin() == listeners["boss"].plugin() == [message]
        await ann.post(f"/plugin/appkeys/decision/{token}", json={"decision": False})
        ended = {"type": "end_request", "user_token": token}
        await until(lambda: all(len(listeners[user].plugin()) == 2 for user in ("ann", "boss")))
        assert listeners["ann"].plugin()[1] == listeners["boss"].plugin()[1] == ended

        await app.post(REQUEST, json={"app": "Cura", "user": "boss"})
        await until(lambda: len(listeners["boss"].plugin()) == 3)
        assert (len(listeners["ann"].plugin()), listeners["rita"].plugin()) == (2, [])
        for one in listeners.values():
            await one.close()
        await app.aclose()

    run(tmp_path, scenario)
