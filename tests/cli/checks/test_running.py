import os
import socket
from pathlib import Path

import pytest

from mrdraw.cli.checks import running
from mrdraw.cli.checks.finding import Level
from mrdraw.cli.checks.running import ServiceFacts, TcpFacts
from mrdraw.cli.processes import HostState, programs


@pytest.mark.parametrize(
    ("facts", "server", "lives", "level", "said"),
    [
        ({"taken": False}, None, False, Level.OK, "is free"),
        ({"taken": True, "held_by": (7,)}, 7, True, Level.OK, "The server listens"),
        ({"taken": True}, None, True, Level.OK, "The server listens"),
        (
            {"taken": True, "held_by": (8,), "holder": "nginx (process 8)"},
            7,
            True,
            Level.PROBLEM,
            "by nginx (process 8)",
        ),
        ({"taken": True}, None, False, Level.PROBLEM, "usually OctoPrint itself"),
        ({"taken": False}, 7, True, Level.WARNING, "does not listen"),
        ({"taken": False, "may_be_used": False}, None, False, Level.PROBLEM, "for root only"),
    ],
)
def test_the_tcp_port(facts, server, lives, level, said):
    finding = running.check_tcp(TcpFacts(5000, **facts), server, server_lives=lives)
    assert finding.level is level
    assert said in finding.text


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_who_listens_is_found(host):
    try:
        listening = socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError:
        pytest.skip(f"no {host} here")
    with listening:
        port = listening.getsockname()[1]
        facts = running.gather_tcp(port, programs(), 1024)
        assert facts.taken
        assert os.getpid() in facts.held_by
        assert running.check_tcp(facts, os.getpid(), server_lives=True).level is Level.OK
    assert not running.gather_tcp(port, programs(), 1024).taken
    assert not running.gather_tcp(80, [], 1024).may_be_used
    assert running.first_unprivileged_port() >= 0


@pytest.mark.parametrize(
    ("facts", "levels"),
    [
        (ServiceFacts(), []),
        (ServiceFacts(Path("/u"), "active"), [Level.OK]),
        (ServiceFacts(Path("/u"), "failed"), [Level.PROBLEM]),
        (ServiceFacts(Path("/u"), "active", "pi", lingers=False), [Level.OK, Level.WARNING]),
        (ServiceFacts(Path("/u"), "active", "pi", lingers=True), [Level.OK]),
    ],
)
def test_the_service(facts, levels):
    assert [finding.level for finding in running.check_service(facts)] == levels


def test_the_server():
    assert "process 7" in running.check_server(7, lives=True, basedir=Path("/b")).text
    assert "No server runs" in running.check_server(None, lives=False, basedir=Path("/b")).text


@pytest.mark.parametrize(
    ("hosts", "lives", "levels"),
    [
        ([], False, []),
        ([], True, [Level.PROBLEM]),
        ([HostState("default", True, 5, False)], True, [Level.OK]),
        ([HostState("default", False, None, True)], True, [Level.PROBLEM]),
        ([HostState("default", True, 5, True)], False, [Level.WARNING]),
        ([HostState("default", True, 5, False)], False, [Level.OK]),
    ],
)
def test_machine_hosts(hosts, lives, levels):
    assert [finding.level for finding in running.check_hosts(hosts, ["default"], server_lives=lives)] == levels
