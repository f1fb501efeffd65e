"""`mrdraw tls`, and a server that speaks it."""

import signal
import ssl
from datetime import UTC, datetime

import httpx
import pytest

from helpers_serve import PATIENCE, free_port, mrdraw, said, serving, wait_until
from mrdraw.cli import certificate
from mrdraw.errors import InvalidValue


def test_https_is_served_with_what_was_made(tmp_path):
    done = mrdraw(tmp_path, "tls", "self-signed", "--name", "printer.example", "--name", "192.168.7.7")
    assert done.returncode == 0, done.stderr
    fingerprint = next(line.split()[-1] for line in done.stdout.splitlines() if "Fingerprint" in line)
    assert (tmp_path / "tls" / "key.pem").stat().st_mode & 0o777 == 0o600
    port = free_port()
    with serving(tmp_path, port, "--host", "0.0.0.0") as process:
        wait_until(lambda: f"serves https://127.0.0.1:{port}\n" in said(tmp_path))
        trusted = ssl.create_default_context(cafile=str(tmp_path / "tls" / "cert.pem"))
        with httpx.Client(verify=trusted) as client:
            for host in ("127.0.0.1", "localhost"):
                assert client.get(f"https://{host}:{port}/api/version").status_code == 401
            add = mrdraw(tmp_path, "user", "add", "ada", "--group", "admins", "--password", "engine-no-1")
            assert add.returncode == 0
            wait_until(lambda: "serving https://" in said(tmp_path))  # the second socket speaks TLS as well
            logged_in = client.post(f"https://127.0.0.1:{port}/api/login", json={"user": "ada", "pass": "engine-no-1"})
            assert logged_in.status_code == 200
            assert all("Secure" in cookie for cookie in logged_in.headers.get_list("set-cookie"))
        served = ssl.get_server_certificate(("127.0.0.2", port), timeout=PATIENCE)
        assert served == (tmp_path / "tls" / "cert.pem").read_text(encoding="ascii")
        with pytest.raises(httpx.TransportError):
            httpx.get(f"http://127.0.0.1:{port}/api/version")
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
    shown = mrdraw(tmp_path, "tls", "status").stdout
    assert fingerprint in shown
    assert "printer.example, 192.168.7.7" in shown


def test_nothing_is_overwritten_without_being_asked_to(tmp_path):
    assert "TLS is off." in mrdraw(tmp_path, "tls", "status").stdout
    assert mrdraw(tmp_path, "tls", "self-signed", "--days", "10").returncode == 0
    before = (tmp_path / "tls" / "cert.pem").read_bytes()
    for said_before in ("TLS is on already", "There is"):
        again = mrdraw(tmp_path, "tls", "self-signed")
        assert (again.returncode, again.stdout) == (1, "")
        assert said_before in again.stderr
        assert "--force" in again.stderr
        assert (tmp_path / "tls" / "cert.pem").read_bytes() == before
        assert mrdraw(tmp_path, "tls", "off").stdout.startswith("TLS is off")
    assert mrdraw(tmp_path, "tls", "self-signed", "--force").returncode == 0
    assert (tmp_path / "tls" / "cert.pem").read_bytes() != before
    assert not [path for path in (tmp_path / "tls").iterdir() if "partial" in path.name]


def test_settings_that_cannot_be_changed(tmp_path):
    (tmp_path / "config.yaml").write_text("server: {port: torn", encoding="utf-8")
    done = mrdraw(tmp_path, "tls", "self-signed")
    assert done.returncode == 1
    assert "Mend the file first; nothing was changed." in done.stderr
    assert not (tmp_path / "tls").exists()


@pytest.mark.parametrize("words", [("--name", "two words"), ("--name", "a/b"), ("--name", "-x.example")])
def test_names_that_are_none(tmp_path, words):
    done = mrdraw(tmp_path, "tls", "self-signed", "=".join(words))
    assert done.returncode == 1
    assert "is no name of a computer" in done.stderr
    assert not (tmp_path / "tls").exists()


@pytest.mark.parametrize("days", ["0", "826", "-1", "x"])
def test_days_that_devices_would_not_accept(tmp_path, days):
    done = mrdraw(tmp_path, "tls", "self-signed", f"--days={days}")
    assert (done.returncode, "use 1 to 825" in done.stderr) == (2, True)


def test_a_server_without_a_usable_certificate_says_so_in_one_line(tmp_path):
    (tmp_path / "config.yaml").write_text("server: {tls: {cert: tls/none.pem, key: tls/key.pem}}\n", encoding="utf-8")
    done = mrdraw(tmp_path, "serve", "--port", free_port())
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "tls/none.pem cannot be read: No such file or directory" in done.stderr
    assert mrdraw(tmp_path, "tls", "status").returncode == 1


def test_a_certificate_says_what_it_was_made_for(tmp_path):
    cert, key = certificate.make(["a.example", "10.0.0.1", "::1"], 10, now=datetime(2030, 1, 1, tzinfo=UTC))
    certificate.write(tmp_path / "c.pem", cert, 0o644)
    found = certificate.read(tmp_path / "c.pem")
    assert found.names == ("a.example", "10.0.0.1", "::1")
    assert found.not_after == datetime(2030, 1, 11, tzinfo=UTC)
    assert found.self_signed
    assert b"PRIVATE" in key
    assert b"PRIVATE" not in cert
    with pytest.raises(InvalidValue):
        certificate.make(["a" * 300], 10)


def test_own_names():
    assert certificate.own_names("pi") == ["pi", "pi.local", "localhost", "127.0.0.1", "::1"]
    assert certificate.own_names("pi.lan.")[:2] == ["pi.lan", "localhost"]
    assert certificate.own_names("what ever") == ["localhost", "127.0.0.1", "::1"]
