"""The first run: what the claim code lets through to, and that nothing else does (contract, section 0)."""

import asyncio

import pytest

from helpers_hub import run, world
from mrdraw.accounts.claim import FAILURES

ACL = "/plugin/corewizard/acl"
WIZARD = "/api/setup/wizard"
ADMIN = {"ac": True, "user": "ada", "pass1": "analytical", "pass2": "analytical"}
LET_THROUGH = [("POST", ACL), ("GET", WIZARD), ("POST", WIZARD), ("GET", "/api/settings"), ("POST", "/api/settings")]
WRONG = {"X-Claim-Code": "2222-2222-2222"}


def first_run(tmp_path, scenario):
    """Run `scenario(nobody's client, the world, the header with the code)` where there is no user."""

    async def main():
        async with world(tmp_path) as made, made.client() as client:
            code = await asyncio.to_thread(made.services.accounts.claim.code)
            await scenario(client, made, {"X-Claim-Code": code})

    asyncio.run(main())


def test_the_code_lets_through_to_these_routes_only(tmp_path):
    async def scenario(client, _, claim):
        for method, path in LET_THROUGH:
            for headers in ({}, {"X-Claim-Code": ""}):
                answer = await client.request(method, path, headers=headers)
                assert (answer.status_code, "claim code" in answer.json()["error"]) == (401, True), (method, path)
            assert (await client.request(method, path, headers=claim)).status_code not in {401, 403, 404}, path
        for method, path in (
            ("GET", "/api/version"), ("GET", "/api/connection"), ("POST", "/api/files/local"), ("PATCH", WIZARD),
            ("GET", "/api/access/users"), ("DELETE", "/api/settings"), ("POST", "/api/settings/apikey"),
            ("GET", "/machines/unknown/api/version"), ("GET", "/nothing"),
        ):  # fmt: skip
            assert (await client.request(method, path, headers=claim)).status_code == 401, (method, path)

    first_run(tmp_path, scenario)


def test_a_wrong_code(tmp_path):
    async def scenario(client, made, claim):
        for _ in range(FAILURES):
            answer = await client.get(WIZARD, headers=WRONG)
            assert (answer.status_code, "wrong" in answer.json()["error"]) == (401, True)
        assert (await client.get(WIZARD, headers=claim)).status_code == 401
        code = await asyncio.to_thread(made.services.accounts.claim.code)
        assert (await client.get(WIZARD, headers={"X-Claim-Code": code.lower()})).status_code == 200

    first_run(tmp_path, scenario)


def test_the_whole_first_run(tmp_path):
    async def scenario(client, made, claim):
        wizard = (await client.get(WIZARD, headers=claim)).json()
        assert wizard == {
            "corewizard": {"required": True, "details": {"acl": {"required": True}}, "version": 1, "ignored": False}
        }
        made_admin = await client.post(ACL, json=ADMIN, headers=claim)
        assert (made_admin.status_code, made_admin.content) == (204, b"")
        for method, path in LET_THROUGH:
            assert (await client.request(method, path, headers=claim)).status_code == 401, (method, path)
        record = (await client.post("/api/login", json={"user": "ada", "pass": "analytical"})).json()
        assert (record["groups"], record["admin"]) == (["admins", "users"], True)
        pair = {"X-CSRF-Token": client.cookies["csrf_token_P80"]}
        assert (await client.get(WIZARD)).json()["corewizard"]["required"] is False
        assert (await client.post(WIZARD, json={"handled": ["corewizard"]}, headers=pair)).status_code == 204
        again = await client.post(ACL, json={**ADMIN, "user": "eve"}, headers={**pair, **claim})
        assert again.status_code == 403

    first_run(tmp_path, scenario)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"ac": False}, "config.yaml"),
        ({"ac": None}, '"ac": true'),
        ({"pass1": "short", "pass2": "short"}, "at least 8"),
        ({"pass1": "", "pass2": ""}, "at least 8"),
        ({"pass2": "analyticaL"}, "differ"),
        ({"pass1": 12345678}, "pass1 must be a string"),
        ({"user": ""}, "cannot be a user's name"),
        ({"user": " ada"}, "cannot be a user's name"),
        ({"user": "_api"}, "cannot be a user's name"),
        ({"user": "a/b"}, "cannot be a user's name"),
        ({"user": None}, "user must be a string"),
    ],
)
def test_what_is_refused_says_what_is_right(tmp_path, change, said):
    async def scenario(client, made, claim):
        answer = await client.post(ACL, json={**ADMIN, **change}, headers=claim)
        assert answer.status_code == 400
        assert said in answer.json()["error"]
        assert made.services.accounts.users() == []
        assert made.services.accounts.claim.is_open()

    first_run(tmp_path, scenario)


def test_the_wizard_needs_handled(tmp_path):
    async def scenario(client, _, claim):
        for body in ({}, {"handled": "corewizard"}, {"handled": [1]}):
            assert (await client.post(WIZARD, json=body, headers=claim)).status_code == 400
        assert (await client.post(WIZARD, json={"handled": []}, headers=claim)).status_code == 204

    first_run(tmp_path, scenario)


def test_two_at_once_make_one_admin(tmp_path):
    async def scenario(client, made, claim):
        bodies = [{**ADMIN, "user": name} for name in ("ada", "eve", "kay")]
        answers = await asyncio.gather(*(client.post(ACL, json=body, headers=claim) for body in bodies))
        codes = sorted(answer.status_code for answer in answers)
        assert codes[0] == 204
        assert set(codes[1:]) <= {401, 403}
        assert len(made.services.accounts.users()) == 1

    first_run(tmp_path, scenario)


def test_a_key_is_as_good_as_ever_in_the_first_run(tmp_path):
    async def scenario(client, made, claim):
        key = {"X-Api-Key": made.services.accounts.global_key()}
        assert (await client.get(WIZARD, headers=key)).json()["corewizard"]["required"] is True
        assert (await client.post(ACL, json=ADMIN, headers=key)).status_code == 403
        assert (await client.get(WIZARD, headers={**key, **WRONG})).status_code == 200
        reader = {"X-Api-Key": made.key("rita")}
        assert (await client.get(WIZARD, headers=reader)).status_code == 403
        assert (await client.post(ACL, json=ADMIN, headers={**reader, **claim})).status_code == 204

    first_run(tmp_path, scenario)


def test_with_an_admin_a_code_means_nothing(tmp_path):
    async def scenario(client, made):
        code = await asyncio.to_thread(made.services.accounts.claim.code)
        assert code is None
        assert (await client.get(WIZARD, headers=WRONG)).status_code == 200
        async with made.client() as nobody:
            answer = await nobody.post(ACL, json=ADMIN, headers=WRONG)
        assert (answer.status_code, "claim" in answer.json()["error"]) == (401, False)

    run(tmp_path, scenario, user="boss")
