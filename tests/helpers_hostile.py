"""A served MrDraw with the simulator, for those who send it whatever comes to their mind."""

import contextlib
import json
import os
import signal
from pathlib import Path

import httpx

from helpers_fleet import host_pid
from helpers_machine import Simulator
from helpers_serve import free_port, mrdraw, serving, wait_until

GCODE = b"G28\nG1 X10\nG1 X20\n"
USER = "tester"
"""Who sends; an admin whose key nobody changes."""


class Served:
    """The server's address, its folder, and a client that may do everything."""

    def __init__(self, base, port, process, client, serial):
        self._serial = serial
        self.base = base
        self.port = port
        self.process = process
        self.client = client

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def key(self):
        return self.client.headers["X-Api-Key"]

    def state(self):
        return self.client.get("/api/connection").json()["current"]["state"]

    def until_state(self, text):
        wait_until(lambda: self.state() == text)

    def connect(self):
        """Have the machine ready, whatever happened to it: it may be about to end as well."""
        wait_until(self._is_ready)

    def _is_ready(self):
        if self.client.get("/api/printer").status_code == 200:
            return True
        if self.state() in {"Closed", "Offline"}:
            self._reset()
            self.client.post("/api/settings", json={"serial": self._serial})
            self.client.post("/api/connection", json={"command": "connect"})
        return False

    def _reset(self):
        """Switch the simulated machine off, which the machine host switches on again: an emergency stop halts it."""
        for tasks in Path(f"/proc/{self.host()}/task").glob("*/children"):
            for child in tasks.read_text(encoding="ascii").split():
                with contextlib.suppress(ProcessLookupError):  # it may have ended by itself
                    os.kill(int(child), signal.SIGKILL)

    def memory(self):
        """Of the server, MiB: its proportional set size."""
        rollup = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text(encoding="ascii")
        return next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")) / 1024

    def host(self):
        return host_pid(self.base / "machines" / "default")


@contextlib.contextmanager
def recording(folder):
    """A simulator of ours, which records what it executes."""
    simulator = Simulator(folder)
    try:
        yield simulator
    finally:
        simulator.stop()


HARMLESS = {name: ["true"] for name in ("systemShutdownCommand", "systemRestartCommand", "serverRestartCommand")}
"""In the place of what stops the computer or the server."""


@contextlib.contextmanager
def served(base, serial_port="VIRTUAL"):
    """A server in this folder, its machine on this port and ready."""
    base.mkdir(parents=True)
    serial = {"port": str(serial_port), "baudrate": 115200, "autoconnect": True}
    config = {"serial": serial, "server": {"commands": HARMLESS}}
    (base / "config.yaml").write_text(json.dumps(config), encoding="utf-8")
    added = mrdraw(base, "user", "add", USER, "--password", "secret-secret", "--group", "admins")
    assert added.returncode == 0, added.stderr
    key = mrdraw(base, "user", "key", USER, "--new").stdout.split()[-1]
    port = free_port()
    headers = {"X-Api-Key": key}
    with (
        serving(base, port, *(["--simulate", "marlin"] if serial_port == "VIRTUAL" else ())) as process,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=30) as client,
    ):
        made = Served(base, port, process, client, serial)
        made.connect()
        yield made
