"""The manual's examples: accepted as they stand, and the proxy's tried with the nginx that it is for."""

import re
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest
from ruamel.yaml import YAML

from helpers_serve import PATIENCE, answers, free_port, mrdraw, serving, wait_until
from mrdraw.errors import InvalidValue
from mrdraw.settings.build import build, unknown_keys

PROVIDER = {"issuer": "https://id.example", "clientId": "mrdraw", "clientSecret": "a-secret"}
MANUAL = (Path(__file__).parents[3] / "docs" / "sign-on.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", MANUAL, re.DOTALL)
LOCATION = re.search(r"```nginx\n(.*?)```", MANUAL, re.DOTALL)[1]


def test_every_example_is_accepted_and_means_something():
    assert len(EXAMPLES) == 2
    for example in EXAMPLES:
        data = YAML(typ="safe").load(example)
        build(data)
        assert unknown_keys(data) == []


def test_every_setting_is_named_in_the_manual():
    from msgspec.structs import fields

    from mrdraw.settings.sections import AccessControlTree
    from mrdraw.settings.sign_on import OpenIdTree, ProviderTree

    elsewhere = {"autologinLocal", "autologinHeadsupAcknowledged", "defaultReauthenticationTimeout"}
    elsewhere |= {"sessionStaleAfter", "enabled", "localNetworks", "localHosts", "auditDays"}
    for shape in (AccessControlTree, OpenIdTree, ProviderTree):
        for field in fields(shape):
            assert field.encode_name in elsewhere or field.encode_name in MANUAL, field.encode_name


@pytest.mark.slow
def test_nginx_says_who_it_is(tmp_path):
    port, public = free_port(), free_port()
    base = tmp_path / "base"
    base.mkdir()
    for name in ("ada", "boss"):
        assert mrdraw(base, "user", "add", name, "--password", "x", "--group", "admins").returncode == 0
    (base / "config.yaml").write_text(EXAMPLES[1], encoding="utf-8")
    (tmp_path / "printer.users").write_text("ada:{PLAIN}right\n", encoding="ascii")
    location = LOCATION.replace("/etc/nginx/printer.users", str(tmp_path / "printer.users"))
    location = location.replace("127.0.0.1:5000", f"127.0.0.1:{port}")
    (tmp_path / "nginx.conf").write_text(
        f"daemon off; pid {tmp_path}/pid; error_log stderr; user root; events {{}}\n"
        f"http {{ access_log off; client_body_temp_path {tmp_path}; proxy_temp_path {tmp_path};\n"
        f"server {{ listen 127.0.0.1:{public}; {location} }} }}\n",
        encoding="ascii",
    )
    with serving(base, port):
        nginx = subprocess.Popen([shutil.which("nginx"), "-c", str(tmp_path / "nginx.conf")])
        try:
            wait_until(lambda: answers("127.0.0.1", public))
            with httpx.Client(base_url=f"http://127.0.0.1:{public}", headers={"X-Remote-User": "boss"}) as client:
                assert client.get("/api/currentuser").status_code == 401
                assert client.get("/api/currentuser", auth=("ada", "wrong")).status_code == 401
                assert client.get("/api/currentuser", auth=("ada", "right")).json()["name"] == "ada"
                client.post("/api/login", json={"passive": True}, auth=("ada", "right"))
                pair = {"X-CSRF-Token": client.cookies[f"csrf_token_P{public}"]}
                folder = {"foldername": (None, "f")}
                assert client.post("/api/files/local", files=folder, auth=("ada", "right")).status_code == 400
                made = client.post("/api/files/local", files=folder, headers=pair, auth=("ada", "right"))
                assert made.status_code == 201
        finally:
            nginx.terminate()
            nginx.wait(PATIENCE)


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"providers": {"home": {"clientId": "x"}}}, "providers.home: its value is not accepted.*member issuer"),
        ({"providers": {"home": {"issuer": "id.example"}}}, "home.issuer: its value.*https://host"),
        ({"providers": {"Home!": PROVIDER}}, "small letters"),
        ({"providers": {"home": PROVIDER}}, "externalUrl is missing"),
        ({"externalUrl": "https://p.example/?a=b"}, "externalUrl: its value"),
        ({"externalUrl": "https://p.example", "providers": {"home": PROVIDER | {"scopes": ["email"]}}}, "lacks openid"),
        ({"providers": {"home": PROVIDER | {"clientSecret": "my secret"}}}, "clientSecret: its value is not accepted"),
        ({"providers": ["home"]}, "named members"),
    ],
)
def test_what_is_wrong_is_named_and_no_secret_is(members, said):
    with pytest.raises(InvalidValue, match=said) as refused:
        build({"accessControl": {"openId": members}})
    assert "secret" not in str(refused.value).replace("clientSecret", "")


def test_a_member_of_a_provider_that_means_nothing_is_reported():
    data = {
        "accessControl": {"openId": {"externalUrl": "https://p", "providers": {"home": PROVIDER | {"clientID": 1}}}}
    }
    assert unknown_keys(data) == ["accessControl.openId.providers.home.clientID"]
