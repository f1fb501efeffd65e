"""What somebody could try at the way back from a provider, with a provider that signs whatever the test wants."""

import asyncio
import time

import pytest
from joserfc.jwk import ECKey, OctKey

from helpers_hub import run
from helpers_openid import CLIENT_ID, CLIENT_SECRET, HostileProvider, settings_of

DONE = "/login/openid/id/done"


def _attack(tmp_path, scenario, **members):
    """Run `scenario(page, provider, made)` with an admin who is there already."""

    async def main(_, made):
        async with HostileProvider().serving() as provider:
            made.services.settings.update(settings_of(provider.issuer, addUsers=True, **members))
            async with made.client() as page:
                await scenario(page, provider, made)

    run(tmp_path, main, user="boss")


async def _begin(page, **query):
    return (await page.get("/login/openid/id", params=query)).headers["location"]


async def _come_back(page, answer):
    return (await page.get(DONE, params=answer)).headers["location"].partition("#")[2]


def _is_in(page):
    return "session_P80" in page.cookies


def test_what_is_right_lets_in(tmp_path):
    async def scenario(page, provider, _):
        answer = provider.authorize(await _begin(page))
        assert await _come_back(page, answer) == "/"
        assert (await page.get("/api/currentuser")).json()["name"] == "ann"
        head, form = provider.token_requests[0]
        assert "authorization: basic" in head.lower()
        assert form["redirect_uri"] == "http://mrdraw/login/openid/id/done"
        assert len(form["code_verifier"]) >= 43
        assert CLIENT_SECRET not in str(form)

    _attack(tmp_path, scenario)


OTHER_KEY = ECKey.generate_key("P-256", {"kid": "one"})
TOKENS = {
    "a wrong nonce": {"claims": {"nonce": "another"}},
    "no nonce": {"without": ("nonce",)},
    "another audience": {"claims": {"aud": "somebody-else"}},
    "several audiences and no azp": {"claims": {"aud": [CLIENT_ID, "somebody-else"]}},
    "several audiences and another azp": {"claims": {"aud": [CLIENT_ID, "x"], "azp": "x"}},
    "no audience": {"without": ("aud",)},
    "another issuer": {"claims": {"iss": "https://evil.example"}},
    "no issuer": {"without": ("iss",)},
    "a time that is over": {"claims": {"exp": 1_600_000_000}},
    "no end": {"without": ("exp",)},
    "an end that is no number": {"claims": {"exp": "tomorrow"}},
    "a time to come": {"claims": {"nbf": 4_000_000_000}},
    "no subject": {"without": ("sub",)},
    "a subject that is no text": {"claims": {"sub": 5}},
    "an empty subject": {"claims": {"sub": ""}},
    "no signature": {"header": {"alg": "none"}},
    "another key of the same name": {"signed_with": OTHER_KEY},
    "a key that nobody published": {"header": {"alg": "ES256", "kid": "two"}, "signed_with": OTHER_KEY},
    "our own secret as a key": {
        "header": {"alg": "HS256", "kid": "one"}, "signed_with": OctKey.import_key(CLIENT_SECRET),
    },
    "no token at all": {"id_token": "a.b.c"},
    "a token that is no text": {"id_token": {"alg": "none"}},
    "an access token that was exchanged": {"claims": {"at_hash": "another"}},
}  # fmt: skip


def test_tokens_that_do_not_hold_let_nobody_in(tmp_path):
    async def scenario(page, provider, made):
        made.services.accounts.attempts.check = lambda *_: None
        right = dict(vars(provider))
        for name, changes in TOKENS.items():
            vars(provider).update({**right, **changes})
            answer = provider.authorize(await _begin(page))
            said = await _come_back(page, answer)
            assert said in {"/sign-in?problem=unverified", "/sign-in?problem=provider"}, (name, said)
            assert not _is_in(page), name
        vars(provider).update(right)
        assert await _come_back(page, provider.authorize(await _begin(page))) == "/"

    _attack(tmp_path, scenario)


def test_a_state_counts_once_in_the_browser_that_got_it_for_ten_minutes(tmp_path, monkeypatch):
    async def scenario(page, provider, made):
        accounts = made.services.accounts
        accounts.attempts.check = lambda *_: None
        address = await _begin(page)
        for forged in ("", "x", "\ud800".encode("utf-8", "surrogatepass"), "é"):
            assert await _come_back(page, provider.authorize(address) | {"state": forged}) == "/sign-in?problem=expired"
            address = await _begin(page)
        answer = provider.authorize(address)
        async with made.client() as another:
            assert await _come_back(another, answer) == "/sign-in?problem=expired"
            await _begin(another)
            assert await _come_back(another, answer) == "/sign-in?problem=expired"
        assert not provider.token_requests
        kept = page.cookies["sign_on_P80"]
        assert await _come_back(page, answer) == "/"
        page.cookies.set("sign_on_P80", kept)
        asked = len(provider.token_requests)
        assert await _come_back(page, answer | provider.authorize(address)) == "/sign-in?problem=expired"
        assert len(provider.token_requests) == asked
        address = await _begin(page)
        later = time.time() + 601
        monkeypatch.setattr("mrdraw.server.sign_on.flow.time", lambda: later)
        assert await _come_back(page, provider.authorize(address)) == "/sign-in?problem=expired"

    _attack(tmp_path, scenario)


def test_what_the_browser_keeps_can_neither_be_read_nor_made(tmp_path):
    async def scenario(page, provider, made):
        accounts = made.services.accounts
        await _begin(page)
        kept = page.cookies["sign_on_P80"]
        assert accounts.unseal("openid", kept)
        assert accounts.unseal("something else", kept) is None
        for broken in ("", "x", "é", kept[:-4], kept[4:], "A" * len(kept), kept + "A" * 5000):
            assert accounts.unseal("openid", broken) is None or broken.startswith(kept)
        for other in ("{}", "[", '{"provider": 1}'):
            page.cookies.set("sign_on_P80", accounts.seal("openid", other))
            assert await _come_back(page, {"state": "x", "code": "y"}) == "/sign-in?problem=expired"

    _attack(tmp_path, scenario)


def test_a_log_in_of_another_provider_is_not_taken(tmp_path):
    async def scenario(page, provider, made):
        other = {"issuer": provider.issuer, "clientId": "x", "clientSecret": "y"}
        made.services.settings.update({"accessControl": {"openId": {"providers": {"other": other}}}})
        answer = provider.authorize(await _begin(page))
        back = await page.get("/login/openid/other/done", params=answer)
        assert back.headers["location"].endswith("problem=expired")
        answer = provider.authorize(await _begin(page), iss="https://evil.example")
        assert await _come_back(page, answer) == "/sign-in?problem=unverified"
        assert not provider.token_requests

    _attack(tmp_path, scenario)


def test_where_the_provider_sends_browsers_to_follows_from_no_header(tmp_path):
    async def scenario(page, provider, _):
        forged = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
        away = await page.get("/login/openid/id", headers=forged)
        assert "redirect_uri=http%3A%2F%2Fmrdraw%2Flogin" in away.headers["location"]
        methods = (await page.get("/api/v1/login-methods", headers=forged)).json()["methods"]
        assert methods[1] == {"kind": "openid", "name": "id", "address": "http://mrdraw/login/openid/id"}
        wrong = await page.get(DONE, headers=forged)
        assert wrong.headers["location"] == "http://mrdraw/#/sign-in?problem=expired"

    _attack(tmp_path, scenario)


@pytest.mark.parametrize("to", ["//evil.example", "https://evil.example", "/\\evil", "javascript:alert(1)", "/é", "x"])
def test_no_log_in_leads_out_of_the_page(tmp_path, to):
    async def scenario(page, provider, _):
        answer = provider.authorize(await _begin(page, to=to))
        assert (await page.get(DONE, params=answer)).headers["location"] == "http://mrdraw/#/"

    _attack(tmp_path, scenario)


def test_a_name_that_is_somebodys_stays_that_ones(tmp_path):
    async def scenario(page, provider, made):
        for name, problem in {"boss": "taken", "a/b": "name", "_api": "name", "": "name", 5: "name"}.items():
            made.services.accounts.attempts.check = lambda *_: None
            provider.claims = {"preferred_username": name, "groups": ["admins"], "sub": f"s{name}"}
            said = await _come_back(page, provider.authorize(await _begin(page)))
            assert said == f"/sign-in?problem={problem}", name
            assert not _is_in(page)

    _attack(tmp_path, scenario)


def test_nobody_is_an_admin_without_a_mapping(tmp_path):
    async def scenario(page, provider, made):
        provider.claims = {"groups": ["admins", "users"], "roles": ["admin"], "admin": True}
        await _come_back(page, provider.authorize(await _begin(page)))
        assert made.services.accounts.user_record("ann")["groups"] == ["readonly"]

    _attack(tmp_path, scenario, defaultGroups=["admins", "guests", "nonsense", "readonly"])


def test_who_must_prove_anew_must_have(tmp_path):
    async def scenario(page, provider, made):
        accounts = made.services.accounts
        accounts.attempts.check = lambda *_: None
        for stale in ({"claims": {"auth_time": int(time.time()) - 3600}}, {"claims": {}, "without": ("auth_time",)}):
            vars(provider).update(stale)
            address = await _begin(page, again="true")
            assert "prompt=login" in address
            assert "max_age=0" in address
            said = await _come_back(page, provider.authorize(address))
            assert said in {"/sign-in?problem=not-anew", "/sign-in?problem=unverified"}
            assert not _is_in(page)
            assert await _come_back(page, provider.authorize(await _begin(page))) == "/"
            assert not accounts.has_just_typed_password(accounts.identify_session(page.cookies["session_P80"]))
            page.cookies.clear()

    _attack(tmp_path, scenario)


def test_many_wrong_ones_make_an_address_wait(tmp_path):
    async def scenario(page, provider, _):
        for _try in range(3):
            assert await _come_back(page, {"state": "x", "code": "y"}) == "/sign-in?problem=expired"
        answer = provider.authorize(await _begin(page))
        assert await _come_back(page, answer) == "/sign-in?problem=too-many"

    _attack(tmp_path, scenario)


def test_a_provider_that_says_no_or_nothing_counts_against_nobody(tmp_path):
    async def scenario(page, provider, _):
        for word, problem in [("access_denied", "cancelled"), ("server_error", "provider"), ("<b>", "provider")] * 2:
            answer = provider.authorize(await _begin(page)) | {"error": word, "error_description": "<script>"}
            assert await _come_back(page, answer) == f"/sign-in?problem={problem}"

    _attack(tmp_path, scenario)


@pytest.mark.parametrize(
    "discovery",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": "ftp://x"},
        {"jwks_uri": None},
        {"jwks_uri": "http://169.254.169.254/latest/meta-data"},
    ],
)
def test_a_discovery_document_that_cannot_be_the_providers(tmp_path, discovery):
    async def scenario(page, provider, _):
        provider.discovery = discovery
        address = await _begin(page)
        if "problem" not in address:
            address = "#" + await _come_back(page, provider.authorize(address))
        assert address.endswith("#/sign-in?problem=provider")

    _attack(tmp_path, scenario)


def test_a_provider_that_is_away(tmp_path, monkeypatch):
    async def scenario(page, provider, _):
        monkeypatch.setattr("mrdraw.server.sign_on.provider.TIMEOUT", 0.2)
        provider.late = 1.0
        assert (await _begin(page)).endswith("#/sign-in?problem=unreachable")

    _attack(tmp_path, scenario)


def test_a_new_key_of_the_provider_is_asked_for(tmp_path, monkeypatch):
    async def scenario(page, provider, _):
        assert await _come_back(page, provider.authorize(await _begin(page))) == "/"
        monkeypatch.setattr("mrdraw.server.sign_on.provider.RENEWED_EVERY", 1800.0)
        provider.key = provider.signed_with = ECKey.generate_key("P-256", {"kid": "two"})
        provider.header = {"alg": "ES256", "kid": "two"}
        assert await _come_back(page, provider.authorize(await _begin(page))) == "/sign-in?problem=unverified"
        monkeypatch.setattr("mrdraw.server.sign_on.provider.RENEWED_EVERY", 0.0)
        assert await _come_back(page, provider.authorize(await _begin(page))) == "/"

    _attack(tmp_path, scenario)


def test_what_only_the_user_info_says_counts_for_the_same_subject(tmp_path):
    async def scenario(page, provider, made):
        provider.discovery = {"userinfo_endpoint": f"{provider.issuer}/me"}
        provider.user_info = {"sub": "another", "groups": ["makers"]}
        assert await _come_back(page, provider.authorize(await _begin(page))) == "/sign-in?problem=no-group"
        provider.user_info = {"sub": "s-1", "realm": {"roles": ["makers"]}}
        assert await _come_back(page, provider.authorize(await _begin(page))) == "/"
        assert made.services.accounts.user_record("ann")["groups"] == ["readonly"]

    _attack(tmp_path, scenario, groups={"makers": "readonly"}, groupsClaim="realm.roles")


def test_before_there_is_an_admin_nobody_comes_in_this_way(tmp_path):
    async def main(_, made):
        async with HostileProvider().serving() as provider:
            made.services.settings.update(settings_of(provider.issuer, addUsers=True, groups={"g": "admins"}))
            async with made.client() as page:
                assert (await _begin(page)).endswith("problem=first-run")

    run(tmp_path, main)


def test_the_secret_is_read_and_set_by_nobody(tmp_path):
    async def scenario(_, __, made):
        async with made.client(made.key("boss")) as boss:
            answer = await boss.get("/api/settings")
            assert CLIENT_SECRET not in answer.text
            assert "openId" not in answer.json()["accessControl"]
            refused = await boss.post("/api/settings", json={"accessControl": {"openId": {"externalUrl": "http://e"}}})
            assert refused.status_code == 403
            for name in ("trustRemoteUser", "trustBasicAuthentication", "addRemoteUsers"):
                assert (await boss.post("/api/settings", json={"accessControl": {name: True}})).status_code == 403

    _attack(tmp_path, scenario)


def test_nothing_of_it_is_loaded_before_it_is_used():
    import subprocess
    import sys

    script = "import sys, mrdraw.server.app; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert not {"authlib", "joserfc", "cryptography"} & set(loaded)


def test_two_at_once_ask_the_provider_once(tmp_path):
    async def scenario(page, provider, made):
        asked = []
        answer = provider._answer
        provider._answer = lambda path, *rest: (asked.append(path), answer(path, *rest))[1]
        async with made.client() as another:
            await asyncio.gather(_begin(page), _begin(another))
        assert asked == ["/.well-known/openid-configuration"]

    _attack(tmp_path, scenario)
