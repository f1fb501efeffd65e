"""`mrdraw serve` as process 1: in a namespace of processes of its own, as a container has it."""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from helpers_fleet import host_pid
from helpers_machine import is_alive, wait_until
from helpers_serve import answers, free_port, mrdraw
from mrdraw.cli import init

UNSHARE = ["unshare", "--fork", "--pid", "--mount-proc", "--kill-child"]


def namespaces_can_be_made():
    with contextlib.suppress(OSError):
        return subprocess.run([*UNSHARE, "true"], capture_output=True, timeout=30, check=False).returncode == 0
    return False


def test_no_other_process_is_an_init():
    with pytest.raises(RuntimeError, match="is no init"):
        init.attend()


@pytest.mark.parametrize(
    ("status", "lived", "expected"), [(0, 100, False), (1, 0.5, False), (1, 100, True), (-9, 0.5, True)]
)
def test_who_is_started_again(status, lived, expected):
    assert init._starts_again(status, lived) is expected


def inside(namespace):
    """The processes of a namespace, each with its state and command."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if str((entry / "ns" / "pid").readlink()) == namespace:
                status = (entry / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
                found[int(entry.name)] = (status[0], (entry / "cmdline").read_bytes().split(b"\0"))
    return found


def server_of(namespace, first):
    """The process that serves; the first one has the same command."""
    return next((pid for pid, (_, words) in inside(namespace).items() if b"serve" in words and pid != first), None)


class Container:
    """A namespace in which `mrdraw serve` is process 1."""

    def __init__(self, base):
        self.base = base
        self.port = free_port()
        words = ["serve", "--basedir", str(base), "--port", str(self.port), "--simulate", "marlin"]
        with (base / "output.txt").open("wb") as output:
            self.outer = subprocess.Popen(
                [*UNSHARE, sys.executable, "-m", "mrdraw", *words], stdout=output, stderr=output
            )
        wait_until(self.answers)
        (children,) = Path(f"/proc/{self.outer.pid}/task").glob("*/children")
        self.first = int(children.read_text(encoding="ascii").split()[0])
        self.namespace = str(Path(f"/proc/{self.first}/ns/pid").readlink())

    def answers(self):
        assert self.outer.poll() is None, (self.base / "output.txt").read_text(encoding="utf-8")
        return answers("127.0.0.1", self.port)

    def close(self):
        self.outer.kill()
        self.outer.wait()


@pytest.fixture
def container(tmp_path):
    if not namespaces_can_be_made():
        pytest.skip("no namespace of processes can be made here")
    made = Container(tmp_path)
    yield made
    made.close()


def test_the_server_as_process_one(container):
    machine = container.base / "machines" / "default"
    wait_until(lambda: host_pid(machine) is not None)
    host, server = host_pid(machine), server_of(container.namespace, container.first)

    os.kill(server, signal.SIGKILL)  # is started again, and nobody else notices
    wait_until(lambda: server_of(container.namespace, container.first) not in {None, server})
    wait_until(container.answers)
    assert host_pid(machine) == host

    os.kill(host, signal.SIGKILL)  # leaves its simulator behind as an orphan
    wait_until(lambda: host_pid(machine) not in {None, host})
    wait_until(lambda: not is_alive(host))
    wait_until(lambda: all(state != "Z" for state, _ in inside(container.namespace).values()))

    def told(words):
        return (machine / "host.log").read_text(encoding="utf-8").count(words)

    wait_until(lambda: told(" lives in ") == 2)
    os.kill(container.first, signal.SIGTERM)
    assert container.outer.wait(60) == 0
    assert inside(container.namespace) == {}
    assert told(" ends\n") == 1  # the last machine host was not killed but ended in order


def test_what_is_refused_ends_it_at_once(tmp_path):
    if not namespaces_can_be_made():
        pytest.skip("no namespace of processes can be made here")
    command = [sys.executable, "-m", "mrdraw", "serve", "--basedir", str(tmp_path), "--host", "no.such.host.invalid"]
    done = subprocess.run([*UNSHARE, *command], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr == mrdraw(tmp_path, "serve", "--host", "no.such.host.invalid").stderr
