"""The network is opened by the first admin: a real server on real sockets."""

import re
import signal

import httpx
import pytest

from helpers_serve import PATIENCE, answers, free_port, mrdraw, outward, said, serving, wait_until


def add_admin(basedir):
    done = mrdraw(basedir, "user", "add", "ada", "--group", "admins", "--password", "engine-no-1")
    assert done.returncode == 0, done.stderr


def other_addresses():
    """Where only a socket on all addresses answers: 127.0.0.2 everywhere, and this computer's own address."""
    return [host for host in ("127.0.0.2", outward()) if host]


def test_the_network_opens_with_the_first_admin_and_stays(tmp_path):
    port = free_port()
    with serving(tmp_path, port, "--host", "0.0.0.0") as process:
        for host in other_addresses():
            assert not answers(host, port)
        told = said(tmp_path)
        assert f"serves http://127.0.0.1:{port}\n" in told
        assert "opens by itself as soon as there is an admin" in told
        assert f"ssh -L {port}:127.0.0.1:{port}" in told
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
            client.get("/api/version")
            add_admin(tmp_path)
            for host in other_addresses():
                wait_until(lambda host=host: answers(host, port))
                assert httpx.get(f"http://{host}:{port}/api/version").status_code == 401
            assert client.get("/api/version").status_code == 401  # the connection of before
            assert httpx.get(f"http://127.0.0.1:{port}/api/version").status_code == 401
        wait_until(lambda: "There is an admin now: serving" in said(tmp_path))
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
    with serving(tmp_path, port, "--host", "0.0.0.0") as process:
        assert all(answers(host, port) for host in other_addresses())
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
    assert "Task was destroyed" not in said(tmp_path)


def test_the_claim_opens_the_network(tmp_path):
    port = free_port()
    with serving(tmp_path, port, "--host", "0.0.0.0"):
        code = re.search(r"claim code: (\S+)", said(tmp_path))[1]
        made = httpx.post(
            f"http://127.0.0.1:{port}/plugin/corewizard/acl",
            headers={"X-Claim-Code": code},
            json={"ac": True, "user": "ada", "pass1": "engine-no-1", "pass2": "engine-no-1"},
        )
        assert made.status_code == 204, made.text
        wait_until(lambda: answers("127.0.0.2", port))


def test_the_settings_follow_the_same_rule(tmp_path):
    (tmp_path / "config.yaml").write_text("server: {host: 0.0.0.0}\n", encoding="utf-8")
    port = free_port()
    with serving(tmp_path, port):
        assert not answers("127.0.0.2", port)


@pytest.mark.parametrize("words", [("--host", "127.0.0.2"), ("--host", "0.0.0.0", "--expose-unclaimed")])
def test_loopback_and_who_says_so_are_not_held_back(tmp_path, words):
    port = free_port()
    with serving(tmp_path, port, *words, host="127.0.0.2"):
        assert "opens by itself" not in said(tmp_path)


def test_a_network_address_that_is_taken_is_told_and_tried_again(tmp_path):
    import socket

    port = free_port()
    with serving(tmp_path, port, "--host", "0.0.0.0"):
        with socket.create_server(("127.0.0.9", port)):
            add_admin(tmp_path)
            wait_until(lambda: "cannot be opened yet" in said(tmp_path))
            assert answers("127.0.0.1", port)
        wait_until(lambda: answers("127.0.0.2", port))
    assert said(tmp_path).count("cannot be opened yet") == 1


def test_an_address_of_another_computer_is_refused_at_once(tmp_path):
    done = mrdraw(tmp_path, "serve", "--host", "192.0.2.7", "--port", free_port())
    assert done.returncode == 1
    assert done.stderr == (
        "mrdraw: This computer does not have the address 192.0.2.7. Use one of its own with --host.\n"
    )
