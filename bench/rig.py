"""The rig of the measurements: a real server, a real machine host, and the simulator on a pseudo-terminal."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from itertools import pairwise
from pathlib import Path

PATIENCE = 600.0


def free_port() -> int:
    """A TCP port of the loopback that nobody uses."""
    with socket.socket() as probing:
        probing.bind(("127.0.0.1", 0))
        return int(probing.getsockname()[1])


def wait_until(condition, patience: float = PATIENCE) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"after {patience:g} s still not: {condition}")
        time.sleep(0.01)


def write_job(path: Path, lines: int) -> list[str]:
    """Write a file of short moves and say which lines are sent."""
    sent = []
    with path.open("w", encoding="ascii") as file:
        file.write("; made for a measurement\n")
        for number in range(lines):
            line = f"G1 X{number % 200}.{number % 7} Y{number // 200 % 200} E{number / 100:.2f}"
            file.write(f"{line} ; {number}\n" if number % 5 == 0 else f"{line}\n")
            sent.append(line)
    return sent


class Simulator:
    """The simulator, with the time at which each line arrived."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.port = folder / "tty"
        self.record = folder / "executed.txt"
        self.process = subprocess.Popen([
            *(sys.executable, "-m", "mrdraw.simulator", "marlin", "--port", str(self.port)),
            *("--record", str(self.record), "--record-times", *options),
        ])  # fmt: skip
        wait_until(self.port.exists)

    def executed(self) -> list[tuple[float, str]]:
        """When each executed line arrived (monotonic s), and its text."""
        rows = (line.split(" ", 1) for line in self.record.read_text(encoding="utf-8").splitlines())
        return [(float(row[0]), row[1]) for row in rows if len(row) == 2]

    def stop(self) -> None:
        """End the simulator."""
        self.process.terminate()
        self.process.wait(10)


class Server:
    """`mrdraw serve` on a base folder of its own."""

    def __init__(self, folder: Path, port: Path, *, prefix: tuple[str, ...] = (), **sections: object) -> None:
        """`prefix` are the words before its command."""
        self._prefix = prefix
        self.base = folder / "base"
        self.base.mkdir()
        serial = {"port": str(port), "baudrate": 115200, "autoconnect": True, "additionalPorts": [str(port)]}
        config = {"serial": serial, **sections}
        (self.base / "config.yaml").write_text(json.dumps(config), encoding="utf-8")  # JSON is YAML
        self.http_port = free_port()
        self.key = self._mrdraw("key", "--new").split()[-1]
        self.process: subprocess.Popen[bytes] | None = None

    def _mrdraw(self, *arguments: str) -> str:
        command = [sys.executable, "-m", "mrdraw", "--basedir", str(self.base), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def start(self) -> None:
        """Start serving."""
        command = [sys.executable, "-m", "mrdraw", "serve", "--basedir", str(self.base), "--port", str(self.http_port)]
        self.process = subprocess.Popen(
            [*self._prefix, *command],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def first_answer(self, path: str) -> dict[str, object]:
        """The first answer of a server that has just been started."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return self.get(path)
            except (urllib.error.URLError, ConnectionError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.005)

    def request(self, method: str, path: str, body: bytes | None = None, kind: str = "application/json") -> bytes:
        """One request with the global key."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.http_port}{path}", data=body, method=method)
        request.add_header("X-Api-Key", self.key)
        if body is not None:
            request.add_header("Content-Type", kind)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return bytes(answer.read())

    def get(self, path: str) -> dict[str, object]:
        """The JSON of a GET."""
        return dict(json.loads(self.request("GET", path)))

    def post(self, path: str, **body: object) -> None:
        """POST JSON."""
        self.request("POST", path, json.dumps(body).encode())

    def upload(self, file: Path) -> None:
        """Upload a file."""
        head = f'--b\r\nContent-Disposition: form-data; name="file"; filename="{file.name}"\r\n\r\n'
        body = head.encode() + file.read_bytes() + b"\r\n--b--\r\n"
        self.request("POST", "/api/files/local", body, "multipart/form-data; boundary=b")

    def state(self) -> str:
        """The state's text."""
        return str(self.get("/api/job")["state"])

    def interrupted(self) -> dict[str, object] | None:
        """What is known of an interrupted job."""
        found = self.get("/api/v1/machines/default")["interrupted"]
        return dict(found) if isinstance(found, dict) else None

    def kill(self) -> None:
        """`kill -9`."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the server."""
        if self.process is not None:
            self.process.send_signal(number)

    def host_pid(self) -> int:
        """The machine host's process."""
        for folder in Path("/proc").iterdir():
            try:
                words = (folder / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"mrdraw.machine" in words and str(self.base).encode() in b" ".join(words):
                return int(folder.name)
        raise LookupError("no machine host")

    def stop(self) -> None:
        """End the server and its machine host."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            self.process.wait(30)
        try:
            os.kill(self.host_pid(), signal.SIGTERM)
        except (LookupError, ProcessLookupError):
            return


def workshop() -> tempfile.TemporaryDirectory[str]:
    """A folder for one measurement."""
    return tempfile.TemporaryDirectory(prefix="mrdraw-bench-")


def gaps(executed: list[tuple[float, str]], sent: list[str]) -> list[float]:
    """The times between two lines of the job, s."""
    wanted = set(sent)
    times = [at for at, text in executed if text in wanted]
    return [after - before for before, after in pairwise(times)]
