"""`mrdraw serve` as a process of its own."""

import contextlib
import os
import socket
import subprocess
import sys
import time

from helpers_fleet import end_host

PATIENCE = 60.0
"""s that a condition may take before a test gives up."""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def outward():
    """An address of this computer that is not its loopback, or `None`."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        found = probe.getsockname()[0]
    return None if found.startswith("127.") else found


def answers(host, port):
    """Whether somebody listens there."""
    with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=5):
        return True
    return False


def wait_until(condition, patience=PATIENCE):
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, condition
        time.sleep(0.02)


def mrdraw(basedir, *words, stdin="", **environment):
    """Run a command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "mrdraw", *map(str, words), "--basedir", str(basedir)],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        env={**os.environ, **environment},
    )


@contextlib.contextmanager
def serving(basedir, port, *words, host="127.0.0.1", **environment):
    """A server that listens and has said so; what it says goes to `output.txt` in the base folder."""
    basedir.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "mrdraw", "serve", "--basedir", str(basedir), "--port", str(port), *words]
    with (basedir / "output.txt").open("ab") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env={**os.environ, **environment}
        )
    try:
        greets = "JOURNAL_STREAM" not in environment
        wait_until(
            lambda: process.poll() is not None or (answers(host, port) and ("Ctrl-C" in said(basedir) or not greets))
        )
        assert process.poll() is None, (basedir / "output.txt").read_text(encoding="utf-8")
        yield process
    finally:
        process.kill()
        process.wait()
        end_host(basedir / "machines" / "default")


def said(basedir):
    return (basedir / "output.txt").read_text(encoding="utf-8")
