"""`mrdraw doctor` on this computer."""

import json
import os
import pwd
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from helpers_fleet import host_pid
from helpers_machine import wait_until
from helpers_serve import free_port, mrdraw, serving
from mrdraw.cli.checks.finding import ok, problem
from mrdraw.cli.doctor import as_json, as_lines


def examined(basedir, **environment):
    done = mrdraw(basedir, "doctor", "--json", **environment)
    assert done.stderr == ""
    found = json.loads(done.stdout)
    assert done.returncode == int(any(one["level"] == "problem" for one in found))
    return {one["check"]: one for one in found}


def test_lines_and_objects():
    findings = [ok("a", "Well."), problem("b", "Not well.", "Do something.")]
    assert as_lines(findings) == ["ok       a: Well.", "problem  b: Not well. → Do something."]
    assert json.loads(as_json(findings))[1] == {
        "check": "b", "level": "problem", "text": "Not well.", "advice": "Do something.",
    }  # fmt: skip


def test_with_a_server_and_without(tmp_path):
    base = tmp_path / "base"
    base.mkdir()
    port = free_port()
    (base / "config.yaml").write_text(f"server: {{port: {port}}}\n", encoding="utf-8")
    before = set(base.iterdir())
    assert examined(base)["server"]["text"] == f"No server runs for {base}."
    assert set(base.iterdir()) == before  # looking made nothing
    with serving(base, port) as process:
        wait_until(lambda: host_pid(base / "machines" / "default") is not None)
        found = examined(base)
        assert found["server"]["text"] == f"A server runs for {base} (process {process.pid})."
        assert found["port"]["text"] == f"The server listens on TCP port {port}."
        assert f"(process {host_pid(base / 'machines' / 'default')})" in found["machine"]["text"]
        for check in ("folder", "uploads", "secret.key", "settings", "database", "port", "machine"):
            assert found[check]["level"] == "ok", found[check]
        shown = mrdraw(base, "doctor").stdout.splitlines()
        assert shown[0].startswith(f"Looked at {base} as ")
        assert all(line.startswith(("ok  ", "warning  ", "problem  ")) for line in shown[1:])


def test_what_is_broken_is_said(tmp_path):
    (tmp_path / "config.yaml").write_text("server: {port: torn", encoding="utf-8")
    (tmp_path / "mrdraw.db").write_bytes(b"no database" * 500)
    (tmp_path / "secret.key").write_bytes(bytes(32))
    (tmp_path / "secret.key").chmod(0o644)
    (tmp_path / "uploads").touch()
    found = examined(tmp_path)
    levels = {check: found[check]["level"] for check in ("settings", "database", "secret.key", "uploads")}
    assert levels == {"settings": "problem", "database": "problem", "secret.key": "warning", "uploads": "problem"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_folder_that_its_owner_cannot_reach(tmp_path):
    daemon = pwd.getpwnam("daemon")
    (tmp_path / "closed").mkdir(mode=0o700)
    base = tmp_path / "closed" / "base"
    base.mkdir()
    os.chown(base, daemon.pw_uid, daemon.pw_gid)
    done = mrdraw(base, "doctor")
    assert (done.returncode, done.stderr) == (1, "")
    assert "problem  folder: " in done.stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_root_looks_as_the_owner_does():
    daemon = pwd.getpwnam("daemon")
    with tempfile.TemporaryDirectory() as folder:  # pytest's own folders are closed to others
        os.chown(folder, daemon.pw_uid, daemon.pw_gid)
        (Path(folder) / "uploads").mkdir(mode=0o755)  # root's
        done = mrdraw(Path(folder), "doctor")
    assert done.stdout.startswith(f"Looked at {folder} as daemon.")
    assert "uploads belongs to root; daemon may not write there. → sudo chown -R daemon:" in done.stdout
    assert done.returncode == 1


def test_the_folder_of_the_service_when_none_is_named(tmp_path):
    base = tmp_path / "of the service"
    home = {"XDG_CONFIG_HOME": str(tmp_path / "config"), "PATH": str(tmp_path)}
    assert mrdraw(base, "service", "install", "--user", **home).returncode == 0
    environment = {key: value for key, value in os.environ.items() if key != "MRDRAW_BASEDIR"} | home
    command = [sys.executable, "-m", "mrdraw", "doctor"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment)
    assert done.stdout.startswith(f"Looked at {base} as "), done
    assert "service: The service is unknown" in done.stdout
    assert "loginctl enable-linger" in done.stdout
