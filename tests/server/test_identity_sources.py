"""Basic authentication and users whom a proxy names: off unless switched on, and believed of nobody else."""

import base64

import httpx
import pytest

from helpers_hub import run

PROXY, STRANGER = "127.0.0.1", "192.0.2.7"


def _client(made, peer, **headers):
    transport = httpx.ASGITransport(made.app, client=(peer, 1234))
    return httpx.AsyncClient(transport=transport, base_url="http://mrdraw", headers=headers)


def _basic(name, password):
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def _set(made, **members):
    made.services.settings.update({"accessControl": members})


async def _who(client):
    answer = await client.get("/api/currentuser")
    return answer.json()["name"] if answer.status_code == 200 else answer.status_code


def test_a_header_counts_only_when_switched_on_and_from_a_trusted_proxy(tmp_path):
    async def scenario(_, made):
        async with _client(made, PROXY, REMOTE_USER="ann") as proxied, _client(made, STRANGER, REMOTE_USER="ann") as no:
            assert await _who(proxied) == 401
            _set(made, trustRemoteUser=True)
            assert (await _who(proxied), await _who(no)) == ("ann", 401)
            forged = {"X-Forwarded-For": PROXY, "X-Real-IP": PROXY, "Forwarded": f"for={PROXY}"}
            assert (await no.get("/api/currentuser", headers=forged)).status_code == 401
            record = (await proxied.post("/api/login", json={"passive": True})).json()
            assert (record["name"], record["_login_mechanism"]) == ("ann", "remote_user")
            again = (await proxied.post("/api/login", json={"passive": True})).json()
            assert again["session"] == record["session"]
            assert made.services.accounts.identify_session(record["session"]).name == "ann"
            _set(made, trustRemoteUser=False)
            assert made.services.accounts.identify_session(record["session"]) is None

    run(tmp_path, scenario)


def test_the_name_of_the_header_is_exact_and_what_comes_twice_says_nothing(tmp_path):
    async def scenario(_, made):
        made.key("boss")
        _set(made, trustRemoteUser=True, remoteUserHeader="X-Auth-User")
        async with _client(made, PROXY) as client:
            for headers, name in [
                ([("x-auth-user", "ann")], "ann"),
                ([("x_auth_user", "boss")], 401),
                ([("REMOTE_USER", "boss")], 401),
                ([("X-Auth-User", "ann"), ("X-Auth-User", "boss")], 401),
                ([("X-Auth-User", "")], 401),
                ([("X-Auth-User", "_api")], 401),
                ([("X-Auth-User", "nobody")], 401),
                ([("X-Auth-User", "\xff")], 401),
            ]:
                raw = [(key.encode(), value.encode("latin-1")) for key, value in headers]
                answer = await client.get("/api/currentuser", headers=raw)
                assert (answer.json()["name"] if answer.status_code == 200 else answer.status_code) == name, headers

    run(tmp_path, scenario)


def test_those_whom_a_proxy_names_first_become_users_if_so_wished(tmp_path):
    async def scenario(_, made):
        made.key("boss")
        _set(made, trustRemoteUser=True)
        async with _client(made, PROXY, REMOTE_USER="new") as client:
            assert await _who(client) == 401
            _set(made, addRemoteUsers=True)
            assert await _who(client) == "new"
            assert made.services.accounts.user_record("new")["groups"] == ["users"]
            made.services.accounts.set_active("new", active=False)
            assert await _who(client) == 401
        async with _client(made, PROXY, REMOTE_USER="a/b") as client:
            assert await _who(client) == 401

    run(tmp_path, scenario)


def test_before_there_is_an_admin_nobody_is_added(tmp_path):
    async def scenario(_, made):
        _set(made, trustRemoteUser=True, addRemoteUsers=True)
        async with _client(made, PROXY, REMOTE_USER="new") as client:
            assert await _who(client) == 401

    run(tmp_path, scenario)


def test_a_key_goes_before_all_and_a_wrong_one_is_nobody(tmp_path):
    async def scenario(_, made):
        key = made.key("rita")
        made.key("boss")
        _set(made, trustRemoteUser=True)
        async with _client(made, PROXY, REMOTE_USER="boss") as client:
            assert await _who(client) == "boss"
            for headers, name in [({"X-Api-Key": key}, "rita"), ({"X-Api-Key": "wrong"}, 401)]:
                client.headers.update(headers)
                assert await _who(client) == name
        async with _client(made, PROXY, REMOTE_USER="boss") as client:
            wrong = {"apikey": (None, "wrong"), "foldername": (None, "f")}
            assert (await client.post("/api/files/local", files=wrong)).status_code == 401
        async with made.client() as page:
            await page.post("/api/login", json={"user": "ann", "pass": "secret"})
            page.headers["X-Api-Key"] = key
            assert await _who(page) == "rita"

    run(tmp_path, scenario)


@pytest.mark.parametrize("how", ["remote user", "basic"])
def test_what_a_browser_sends_by_itself_needs_the_csrf_pair(tmp_path, how):
    async def scenario(_, made):
        _set(made, trustRemoteUser=True, trustBasicAuthentication=True)
        headers = {"REMOTE_USER": "ann"} if how == "remote user" else {"Authorization": _basic("ann", "secret")}
        async with _client(made, PROXY, **headers) as client:
            assert (await client.post("/api/files/local", files={"foldername": (None, "f")})).status_code == 400
            await client.post("/api/login", json={"passive": True})
            pair = {"X-CSRF-Token": client.cookies["csrf_token_P80"]}
            assert "session_P80" not in client.cookies
            answer = await client.post("/api/files/local", files={"foldername": (None, "f")}, headers=pair)
            assert answer.status_code == 201

    run(tmp_path, scenario)


def test_basic_authentication_checks_the_password_and_makes_who_guesses_wait(tmp_path):
    async def scenario(_, made):
        async with _client(made, STRANGER) as client:
            right, wrong = _basic("ann", "secret"), _basic("ann", "guess")
            client.headers["Authorization"] = right
            assert await _who(client) == 401
            _set(made, trustBasicAuthentication=True)
            assert await _who(client) == "ann"
            record = (await client.post("/api/login", json={"passive": True})).json()
            assert record["_login_mechanism"] == "authheader"
            client.headers["Authorization"] = wrong
            for _try in range(4):
                assert await _who(client) == 401
            client.headers["Authorization"] = right
            assert await _who(client) == 401
            client.headers["X-Api-Key"] = made.key("ann")
            assert await _who(client) == "ann"
            made.services.accounts.set_password("ann", "another")
            assert made.services.accounts.identify_session(record["session"]) is None

    run(tmp_path, scenario)


def test_a_password_that_nobody_checks_is_believed_of_a_proxy_only(tmp_path):
    async def scenario(_, made):
        _set(made, trustBasicAuthentication=True, checkBasicAuthenticationPassword=False)
        headers = {"Authorization": _basic("ann", "whatever")}
        async with _client(made, PROXY, **headers) as proxied, _client(made, STRANGER, **headers) as stranger:
            assert (await _who(proxied), await _who(stranger)) == ("ann", 401)

    run(tmp_path, scenario)


@pytest.mark.parametrize(
    "value", ["Basic", "Basic ", "Basic !!!", "Basic " + "A" * 4000, "Basic /////w==", _basic("", "")]
)
def test_what_makes_no_sense_is_nobody(tmp_path, value):
    async def scenario(_, made):
        _set(made, trustBasicAuthentication=True)
        async with _client(made, PROXY, Authorization=value) as client:
            assert await _who(client) == 401

    run(tmp_path, scenario)
