"""Passkeys over HTTP, with an authenticator in software: making one, logging in with it, and what is refused."""

import asyncio
import contextlib

import httpx
import pytest
from fido2.utils import websafe_decode, websafe_encode
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers_accounts import Clock
from helpers_hub import run
from helpers_passkeys import FLAG, Authenticator
from mrdraw.accounts.webauthn import answer_of, check_answer, new_credential, site_of
from mrdraw.errors import InvalidValue, NotPermitted

OWN = "/api/v1/account/passkeys"
SIGN_IN = "/api/v1/account/sign-in"
ORIGIN = "https://shed.local:5443"
LATER = 3600


@pytest.fixture
def clock():
    return Clock()


def browser(made, origin=ORIGIN):
    return httpx.AsyncClient(transport=httpx.ASGITransport(made.app), base_url=origin)


async def log_in(client, name="ann"):
    answer = await client.post("/api/login", json={"user": name, "pass": "secret"})
    with_csrf(client)
    return answer


def with_csrf(client):
    (name,) = (name for name in client.cookies if name.startswith("csrf_token"))
    client.headers["X-CSRF-Token"] = client.cookies[name]


async def make(client, device, name="Phone"):
    asked = await client.post(f"{OWN}/challenge")
    assert asked.status_code == 200, asked.text
    return await client.post(OWN, json={"name": name, "credential": device.make(asked.json()["publicKey"])})


async def challenge(client):
    return (await client.post(f"{SIGN_IN}/challenge")).json()["publicKey"]


async def enter(client, device, *, remember=False, **changed):
    """Log in with a passkey; the answer."""
    credential = device.sign(await challenge(client), **changed)
    answer = await client.post(SIGN_IN, json={"credential": credential, "remember": remember})
    if answer.status_code == 200:
        with_csrf(client)
    return answer


def play(tmp_path, clock, scenario):
    """Run `scenario(made, client, device)`: ann is logged in and has made a passkey."""

    async def with_passkey(_, made):
        device = Authenticator(ORIGIN)
        async with browser(made) as client:
            await log_in(client)
            assert (await make(client, device)).status_code == 201
            await scenario(made, client, device)

    run(tmp_path, with_passkey, clock=clock)


def refused(answer, said, status=403):
    assert (answer.status_code, said in answer.json()["error"]) == (status, True), answer.text
    assert "set-cookie" not in answer.headers
    return True


# --- making and keeping -----------------------------------------------------------------------------------------------


def test_what_the_browser_is_asked_to_make(tmp_path, clock):
    async def scenario(_, client, device):
        answer = await client.post(f"{OWN}/challenge")
        options = answer.json()["publicKey"]
        assert options["rp"] == {"id": "shed.local", "name": "MrDraw"}
        assert options["user"]["name"] == "ann"
        assert "ann" not in options["user"]["id"]
        selection = options["authenticatorSelection"]
        assert (selection["residentKey"], selection["userVerification"]) == ("required", "required")
        assert [one["id"] for one in options["excludeCredentials"]] == [device.make(options)["id"]]
        cookie = answer.headers["set-cookie"].lower()
        assert all(word in cookie for word in ("passkey_p5443=", "httponly", "samesite=strict", "secure"))

    play(tmp_path, clock, scenario)


def test_it_is_listed_renamed_and_removed(tmp_path, clock):
    async def scenario(_, client, device):
        (listed,) = (await client.get(OWN)).json()["passkeys"]
        assert listed == {
            "id": device.sign({"challenge": "AAAA"})["id"], "name": "Phone", "site": "shed.local",
            "createdAt": clock.now, "usedAt": None,
        }  # fmt: skip
        one = f"{OWN}/{listed['id']}"
        assert (await client.patch(one, json={"name": "Key ring"})).status_code == 204
        for name in ("", " ", "x" * 65, "a\nb", 1):
            assert (await client.patch(one, json={"name": name})).status_code == 400
        clock.now += 5
        assert (await enter(client, device)).status_code == 200
        (listed,) = (await client.get(OWN)).json()["passkeys"]
        assert (listed["name"], listed["usedAt"]) == ("Key ring", clock.now)
        assert (await client.delete(one)).status_code == 204
        assert (await client.get(OWN)).json()["passkeys"] == []
        for gone in (client.delete(one), client.patch(one, json={"name": "x"})):
            assert (await gone).status_code == 404

    play(tmp_path, clock, scenario)


def test_nobody_touches_the_passkeys_of_others(tmp_path, clock):
    async def scenario(made, client, _):
        (listed,) = (await client.get(OWN)).json()["passkeys"]
        made.key("rita")
        async with browser(made) as other:
            await log_in(other, "rita")
            assert (await other.get(OWN)).json()["passkeys"] == []
            assert (await other.delete(f"{OWN}/{listed['id']}")).status_code == 404
        assert len((await client.get(OWN)).json()["passkeys"]) == 1

    play(tmp_path, clock, scenario)


def test_no_key_and_no_stale_session_makes_one(tmp_path, clock):
    async def scenario(made, client, _):
        async with made.client(made.key("ann")) as with_key:
            with_key.base_url = ORIGIN
            assert refused(await with_key.post(f"{OWN}/challenge"), "No key can")
            assert refused(await with_key.post(OWN, json={}), "No key can")
        options = (await client.post(f"{OWN}/challenge")).json()["publicKey"]
        clock.now += 301
        body = {"name": "Phone", "credential": Authenticator(ORIGIN).make(options)}
        assert refused(await client.post(OWN, json=body), "reauthenticate")
        assert refused(await client.post(f"{OWN}/challenge"), "reauthenticate")

    play(tmp_path, clock, scenario)


WITHOUT = [
    ("http://shed.local", "need https"),
    ("http://192.0.2.7:5000", "its address 192.0.2.7"),
    ("https://192.0.2.7", "its address 192.0.2.7"),
    ("https://[2001:db8::1]", "its address 2001:db8::1"),
]


def test_where_browsers_have_none_it_is_said(tmp_path, clock):
    async def scenario(made, *_):
        for origin, said in WITHOUT:
            async with browser(made, origin) as client:
                await log_in(client)
                assert said in (await client.get(OWN)).json()["unavailable"]
                assert refused(await client.post(f"{OWN}/challenge"), said, 409)
                assert refused(await client.post(f"{SIGN_IN}/challenge"), said, 409)

    play(tmp_path, clock, scenario)


def test_where_browsers_have_them(tmp_path, clock):
    async def scenario(made, *_):
        for origin in ("http://localhost:5000", "https://printer.example.org"):
            device = Authenticator(origin)
            async with browser(made, origin) as client:
                await log_in(client)
                assert (await client.get(OWN)).json()["unavailable"] is None
                assert (await make(client, device)).status_code == 201
            async with browser(made, origin) as other:
                assert (await enter(other, device)).status_code == 200

    play(tmp_path, clock, scenario)


NOT_KEPT = [
    ({"origin": "https://evil.example"}, "origin"),
    ({"origin": "https://shed.local"}, "origin"),
    ({"challenge": "AAAAAAAAAAAAAAAAAAAAAA"}, "challenge"),
    ({"flags": FLAG.UP}, "Verified"),
    ({"cross_origin": True}, "frame"),
]


def test_what_is_not_kept(tmp_path, clock):
    async def scenario(_, client, __):
        for changed, said in NOT_KEPT:
            options = (await client.post(f"{OWN}/challenge")).json()["publicKey"]
            body = {"name": "Phone", "credential": Authenticator(ORIGIN).make(options, **changed)}
            assert refused(await client.post(OWN, json=body), said, 400)
        assert len((await client.get(OWN)).json()["passkeys"]) == 1

    play(tmp_path, clock, scenario)


def test_a_challenge_makes_one_passkey_in_one_session(tmp_path, clock):
    async def scenario(made, client, device):
        options = (await client.post(f"{OWN}/challenge")).json()["publicKey"]
        body = {"name": "Other", "credential": Authenticator(ORIGIN).make(options)}
        async with browser(made) as other:
            await log_in(other)
            other.cookies.set("passkey_P5443", client.cookies["passkey_P5443"])
            assert refused(await other.post(OWN, json=body), "has ended", 400)
        assert (await client.post(OWN, json=body)).status_code == 201
        assert refused(await client.post(OWN, json=body), "has ended", 400)
        assert refused(await make(client, device), "kept here already", 400)

    play(tmp_path, clock, scenario)


def test_there_is_a_bound(tmp_path, clock):
    async def scenario(_, client, __):
        for number in range(19):
            assert (await make(client, Authenticator(ORIGIN), f"Key {number}")).status_code == 201
        assert refused(await client.post(f"{OWN}/challenge"), "20 passkeys", 400)

    play(tmp_path, clock, scenario)


# --- logging in -------------------------------------------------------------------------------------------------------


def test_logging_in_without_a_name(tmp_path, clock):
    async def scenario(made, _, device):
        async with browser(made) as other:
            options = await challenge(other)
            assert (options["rpId"], options["userVerification"]) == ("shed.local", "required")
            assert not options.get("allowCredentials")
            answer = await enter(other, device)
            assert (answer.status_code, answer.json()["name"]) == (200, "ann")
            assert (await other.get("/api/currentuser")).json()["name"] == "ann"
            assert (await make(other, Authenticator(ORIGIN), "Second")).status_code == 201  # as fresh as a password

    play(tmp_path, clock, scenario)


def test_a_passkey_is_two_factors(tmp_path, clock):
    async def scenario(made, client, device):
        import pyotp

        secret = (await client.post("/api/v1/account/second-factor")).json()["secret"]
        code = {"code": pyotp.TOTP(secret).at(clock.now)}
        assert (await client.post("/api/v1/account/second-factor/confirm", json=code)).status_code == 200
        async with browser(made) as other:
            assert "mfa" in (await log_in_body(other)).json()
            assert (await enter(other, device)).status_code == 200

    play(tmp_path, clock, scenario)


async def log_in_body(client):
    return await client.post("/api/login", json={"user": "ann", "pass": "secret"})


def test_proving_once_more_who_one_is(tmp_path, clock):
    async def scenario(made, client, device):
        clock.now += LATER
        assert refused(await client.post(f"{OWN}/challenge"), "reauthenticate")
        before = client.cookies["session_P5443"]
        assert (await enter(client, device)).status_code == 200
        assert client.cookies["session_P5443"] == before
        assert (await client.post(f"{OWN}/challenge")).status_code == 200
        made.key("rita")
        async with browser(made) as other:
            await log_in(other, "rita")
            theirs = other.cookies["session_P5443"]
            assert (await enter(other, device)).json()["name"] == "ann"
            assert other.cookies["session_P5443"] != theirs

    play(tmp_path, clock, scenario)


def test_what_it_opened_ends_with_it(tmp_path, clock):
    async def scenario(made, client, device):
        async with browser(made) as other:
            await enter(other, device)
            (listed,) = (await client.get(OWN)).json()["passkeys"]
            assert (await client.delete(f"{OWN}/{listed['id']}")).status_code == 204
            assert (await other.get("/api/currentuser")).status_code == 401
        assert (await client.get("/api/currentuser")).status_code == 200
        async with browser(made) as other:
            assert refused(await enter(other, device), "not known here")

    play(tmp_path, clock, scenario)


LETS_NOBODY_IN = [
    ({"origin": "https://evil.example"}, "origin"),
    ({"origin": "http://shed.local:5443"}, "origin"),
    ({"site": "evil.example"}, "RP ID"),
    ({"challenge": "AAAAAAAAAAAAAAAAAAAAAA"}, "challenge"),
    ({"flags": FLAG.UP}, "verified"),
    ({"flags": FLAG.UV}, "Present"),
    ({"cross_origin": True}, "frame"),
    ({"handle": "AAAA"}, "not known here"),
]


def test_what_lets_nobody_in(tmp_path, clock):
    async def scenario(made, _, device):
        for changed, said in LETS_NOBODY_IN:
            async with browser(made) as other:
                assert refused(await enter(other, device, **changed), said)
                clock.now += LATER
        async with browser(made) as other:
            assert (await enter(other, device)).status_code == 200

    play(tmp_path, clock, scenario)


def test_a_passkey_is_not_good_under_another_name_of_the_host(tmp_path, clock):
    async def scenario(made, _, device):
        async with browser(made, "https://evil.example") as phished:
            device.origin = "https://evil.example"
            assert refused(await enter(phished, device, site="evil.example"), "not known here")

    play(tmp_path, clock, scenario)


def test_one_that_was_never_made_here_or_signs_with_another_key(tmp_path, clock):
    async def scenario(made, _, device):
        stranger, forger = Authenticator(ORIGIN), Authenticator(ORIGIN)
        for one in (stranger, forger):
            one.make({"rp": {"id": "shed.local"}, "user": {"id": "AAAA"}, "challenge": "AAAA"})
        forger.id, forger._handle = device.id, device._handle
        async with browser(made) as other:
            assert refused(await enter(other, stranger), "not known here")
            assert refused(await enter(other, forger), "signature")

    play(tmp_path, clock, scenario)


def test_an_answer_is_good_once_soon_and_in_its_browser(tmp_path, clock):
    async def scenario(made, _, device):
        async with browser(made) as first, browser(made) as second:
            body = {"credential": device.sign(await challenge(first))}
            await challenge(second)
            assert refused(await second.post(SIGN_IN, json=body), "challenge")
            assert (await first.post(SIGN_IN, json=body)).status_code == 200
            with_csrf(first)
            assert refused(await first.post(SIGN_IN, json=body), "has ended")
            late = {"credential": device.sign(await challenge(first))}
            clock.now += 301
            assert refused(await first.post(SIGN_IN, json=late), "has ended")
        async with browser(made) as third:
            assert refused(await third.post(SIGN_IN, json=late), "has ended")

    play(tmp_path, clock, scenario)


def test_a_copy_is_found_by_its_counter(tmp_path, clock):
    async def scenario(made, _, device):
        copied = device.copy()
        async with browser(made) as other:
            assert (await enter(other, device)).status_code == 200
            assert refused(await enter(other, copied), "copy")

    play(tmp_path, clock, scenario)


def test_one_that_does_not_count(tmp_path, clock):
    async def scenario(made, client, _):
        device = Authenticator(ORIGIN, counts=False)
        assert (await make(client, device)).status_code == 201
        for _ in range(2):
            async with browser(made) as other:
                assert (await enter(other, device)).status_code == 200

    play(tmp_path, clock, scenario)


def test_users_who_may_not_come_in(tmp_path, clock):
    async def scenario(made, _, device):
        accounts = made.services.accounts
        await asyncio.to_thread(accounts.set_active, "ann", active=False)
        async with browser(made) as other:
            assert refused(await enter(other, device), "may not come in")
        await asyncio.to_thread(accounts.set_active, "ann", active=True)
        await made.remove_user("ann")
        await asyncio.to_thread(accounts.add_user, "ann", "another", ("users",))
        async with browser(made) as other:
            assert refused(await enter(other, device), "not known here")

    play(tmp_path, clock, scenario)


def test_trying_is_limited(tmp_path, clock):
    async def scenario(made, _, device):
        async with browser(made) as other:
            seen = [(await enter(other, device, origin="https://evil.example")).status_code for _ in range(4)]
            assert seen == [403, 403, 403, 429]
            assert (await enter(other, device)).status_code == 429

    play(tmp_path, clock, scenario)


def test_an_admin_takes_all_away(tmp_path, clock):
    async def scenario(made, _, device):
        async with made.client(made.key("boss")) as boss:
            seen = (await boss.get("/api/v1/users/ann/factors")).json()["passkeys"]
            assert [one["name"] for one in seen] == ["Phone"]
            assert (await boss.delete("/api/v1/users/ann/passkeys")).status_code == 204
            assert (await boss.delete("/api/v1/users/nobody/passkeys")).status_code == 404
        async with browser(made) as other:
            assert refused(await enter(other, device), "not known here")

    play(tmp_path, clock, scenario)


def test_without_a_csrf_pair_a_session_makes_none(tmp_path, clock):
    async def scenario(_, client, __):
        del client.headers["X-CSRF-Token"]
        assert refused(await client.post(f"{OWN}/challenge"), "CSRF", 400)

    play(tmp_path, clock, scenario)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


DEVICE = Authenticator(ORIGIN)
PLACES = [
    (0, "id"), (0, "rawId"), (0, "type"), (0, "response"), (1, "rawId"), (1, "response"), (1, "clientExtensionResults"),
    (0, "response", "clientDataJSON"), (0, "response", "attestationObject"), (1, "response", "clientDataJSON"),
    (1, "response", "authenticatorData"), (1, "response", "signature"), (1, "response", "userHandle"),
]  # fmt: skip


def damaged(encoded, at, byte):
    """Bytes as they cross the wire, with one of them another and perhaps an end that is missing."""
    data = bytearray(websafe_decode(encoded))
    data[at % len(data)] = byte
    return websafe_encode(bytes(data[: len(data) - at % 3]))


@settings(max_examples=80, deadline=None)
@given(place=st.sampled_from(PLACES), value=anything, at=st.integers(0, 300), byte=st.none() | st.integers(0, 255))
def test_answers_that_make_no_sense_are_refused_and_never_an_error_of_ours(place, value, at, byte):
    site, asked = site_of(ORIGIN, "Shed"), b"c" * 32
    options = {"rp": {"id": "shed.local"}, "user": {"id": "AAAA"}, "challenge": websafe_encode(asked)}
    answers = [DEVICE.make(options), DEVICE.sign(options)]
    kept = new_credential(site, asked, answers[0])
    check_answer(site, asked, answer_of(answers[1]), kept.data)
    *path, last = place
    target = answers
    for name in path:
        target = target[name]
    target[last] = value if byte is None or len(place) == 2 else damaged(target[last], at, byte)
    with contextlib.suppress(InvalidValue):
        new_credential(site, asked, answers[0])
    with contextlib.suppress(InvalidValue, NotPermitted):
        check_answer(site, asked, answer_of(answers[1]), kept.data)
