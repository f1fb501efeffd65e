"""What systemd does with a service, where systemd itself is not to be had: a real cgroup, and the unit's own words.

`start`, `stop` and `restart` do what systemd.service(5) and systemd.kill(5) say of `ExecStart`, `Type=notify`,
`KillMode` and `TimeoutStopSec`; which processes are killed is decided by what the unit says, nothing else.
"""

import contextlib
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

from mrdraw.cli.unit import command_of, value_of

PATIENCE = 60.0
_INTO_CGROUP = 'echo $$ > "$0/cgroup.procs" && exec "$@"'


def make_cgroup(name):
    """A new cgroup (version 2, or one of version 1), or `None` when none can be made here."""
    for parent in _parents():
        folder = parent / f"{name}-{os.getpid()}"
        with contextlib.suppress(OSError):
            folder.mkdir()
            if (folder / "cgroup.procs").exists():
                return folder
            folder.rmdir()
    return None


def _parents():
    """Where cgroups may be made: below our own, then at the top, of every mounted hierarchy that systemd could use."""
    own = {line.split(":", 2)[1]: line.split(":", 2)[2] for line in _lines("/proc/self/cgroup")}
    for line in _lines("/proc/self/mounts"):
        _, place, kind, options, *_ = line.split()
        if kind == "cgroup2":
            hierarchy = ""
        elif kind == "cgroup" and ("name=systemd" in options or "pids" in options):
            hierarchy = "name=systemd" if "name=systemd" in options else "pids"
        else:
            continue
        yield Path(place + own.get(hierarchy, "/"))
        yield Path(place)


def _lines(path):
    return Path(path).read_text(encoding="utf-8").splitlines()


class ManagedService:
    """A service of a unit, in a cgroup of its own."""

    def __init__(self, unit, cgroup, folder):
        self.unit = unit
        self.cgroup = cgroup
        self._output = folder / "journal.txt"
        self._notify = folder / "notify"
        self.main = None

    def processes(self):
        """The processes in the cgroup."""
        return {int(line) for line in _lines(self.cgroup / "cgroup.procs")}

    def start(self):
        """Start what the unit says and wait until it tells that it is ready. What is left over is left alone."""
        assert value_of(self.unit, "Type") == "notify"
        command = ["sh", "-c", _INTO_CGROUP, str(self.cgroup), *command_of(self.unit)]
        self._notify.unlink(missing_ok=True)
        with (
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager,
            self._output.open("ab") as output,
        ):
            manager.bind(str(self._notify))
            manager.settimeout(PATIENCE)
            self.main = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
                env={**os.environ, "NOTIFY_SOCKET": str(self._notify)},
            )  # fmt: skip
            told = manager.recv(4096)
        assert told.startswith(b"READY=1\n"), told

    def stop(self):
        """Stop the service as its `KillMode` says; the exit code of the main process."""
        mode = value_of(self.unit, "KillMode") or "control-group"
        others = self.processes() - {self.main.pid}
        self.main.send_signal(signal.SIGTERM)
        if mode == "control-group":
            _kill(others, signal.SIGTERM)
        try:
            code = self.main.wait(float(value_of(self.unit, "TimeoutStopSec")))
        except subprocess.TimeoutExpired:
            self.main.kill()
            code = self.main.wait()
        if mode == "control-group":
            self._wait_for_the_others()
        if mode in {"control-group", "mixed"}:
            _kill(self.processes(), signal.SIGKILL)
        return code

    def _wait_for_the_others(self):
        deadline = time.monotonic() + float(value_of(self.unit, "TimeoutStopSec"))
        while self.processes() and time.monotonic() < deadline:
            time.sleep(0.02)

    def destroy(self):
        """End everything in the cgroup and remove it."""
        if self.main is not None and self.main.poll() is None:
            self.main.kill()
            self.main.wait()
        deadline = time.monotonic() + PATIENCE
        while self.processes() and time.monotonic() < deadline:
            _kill(self.processes(), signal.SIGKILL)
            time.sleep(0.02)
        self.cgroup.rmdir()


def _kill(pids, number):
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
