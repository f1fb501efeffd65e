"""`mrdraw serve` as a process: what it says, what it refuses, and that it leaves machine hosts alone."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time

import httpx
import pytest

from helpers_fleet import end_host, host_pid

PATIENCE = 60.0


def _serve(basedir, *words):
    command = [sys.executable, "-m", "mrdraw", "serve", "--basedir", str(basedir), *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


@contextlib.contextmanager
def serving(basedir, port, *words):
    process = _serve(basedir, "--port", str(port), *words)
    try:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.02)
        yield process
    finally:
        process.kill()
        process.communicate()
        end_host(basedir / "machines" / "default")


def test_it_says_how_to_talk_to_it_and_never_a_key(tmp_path):
    port = _free_port()
    with serving(tmp_path, port) as process:
        process.send_signal(signal.SIGTERM)
        said, complained = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert f"http://127.0.0.1:{port}" in said
    assert "X-Api-Key" in said
    assert complained == ""
    shown = subprocess.run(
        [sys.executable, "-m", "mrdraw", "key", "--basedir", str(tmp_path)], capture_output=True, text=True, check=True
    ).stdout.split()[-1]
    assert shown not in said
    assert shown not in (tmp_path / "logs" / "mrdraw.log").read_text(encoding="utf-8")


def test_no_key_reaches_a_log_however_much_is_logged(tmp_path):
    port, keys = _free_port(), ["wrong-key-0123456789", "claim-code-0123456789"]
    (tmp_path / "config.yaml").write_text("plugins: {logging: {levels: {mrdraw: DEBUG, websockets: DEBUG}}}\n")
    base = f"http://127.0.0.1:{port}"
    with serving(tmp_path, port):
        shown = subprocess.run(
            [sys.executable, "-m", "mrdraw", "key", "--basedir", str(tmp_path)],
            capture_output=True, text=True, check=True,
        ).stdout.split()[-1]  # fmt: skip
        keys.append(shown)
        with httpx.Client(base_url=base, timeout=PATIENCE) as client:
            for key in keys:
                for request in (
                    {"headers": {"X-Api-Key": key}},
                    {"headers": {"Authorization": f"Bearer {key}"}},
                    {"headers": {"X-Claim-Code": key}},
                    {"headers": {"Cookie": f"session_P{port}={key}"}},
                    {"params": {"apikey": key}},
                ):
                    for method, path in (("GET", "/api/version"), ("GET", "/api/nothing"), ("POST", "/api/job")):
                        assert client.request(method, path, **request).status_code < 500
                client.post("/api/login", json={"user": "ann", "pass": key})
                client.post("/api/files/local", data={"apikey": key}, files={"file": ("a.txt", b"x")})
                client.post("/plugin/corewizard/acl", json={"ac": True, "pass1": key}, headers={"X-Claim-Code": key})
    written = [*(tmp_path / "logs").iterdir(), *tmp_path.glob("machines/*/*.log*")]
    text = "".join(path.read_text(encoding="utf-8") for path in written)
    assert "serving" in text
    assert not [key for key in keys if key in text]


def test_a_taken_port_names_who_usually_holds_it(tmp_path):
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            holder.bind(("127.0.0.1", 5000))
        except OSError:
            pytest.skip("port 5000 is taken by somebody else")
        holder.listen()
        process = _serve(tmp_path)
        _, complained = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert "Another program listens on 127.0.0.1:5000" in complained
    assert "OctoPrint" in complained
    assert "AirPlay" in complained
    assert "--port" in complained
    assert "Traceback" not in complained


def test_one_server_for_a_base_folder(tmp_path):
    with serving(tmp_path, _free_port()):
        second = _serve(tmp_path, "--port", str(_free_port()))
        _, complained = second.communicate(timeout=PATIENCE)
    assert second.returncode == 1
    assert "already serves" in complained


def test_the_settings_name_host_and_port(tmp_path):
    port = _free_port()
    (tmp_path / "config.yaml").write_text(f"server: {{host: 127.0.0.1, port: {port}}}\n", encoding="utf-8")
    process = _serve(tmp_path)
    try:
        assert f":{port}" in process.stdout.readline()
    finally:
        process.kill()
        process.communicate()
        end_host(tmp_path / "machines" / "default")


def test_the_machine_host_outlives_the_server(tmp_path):
    folder = tmp_path / "machines" / "default"
    with serving(tmp_path, _free_port(), "--simulate", "marlin") as process:
        before = host_pid(folder)
        assert before is not None
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE)
        assert before is not None
        os.kill(before, 0)
        with serving(tmp_path, _free_port()):
            assert host_pid(folder) == before
