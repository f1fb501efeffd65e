"""The programs that are compared: each is started, connected and given a job in the same way, by the API they share.

OctoPrint comes from PyPI into an environment of its own under `build/bench`, which `make bench` makes when it is not
there. Nothing of either program is imported.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path

from rig import free_port, wait_until

REPOSITORY = Path(__file__).resolve().parents[1]
BUILD = REPOSITORY / "build" / "bench"
OCTOPRINT = "1.11.8"
BOUNDARY = "boundary-of-the-bench"
"""OctoPrint takes one that also stands in a part's header for the end of that header."""

PLUGINS_OFF = ["announcements", "discovery", "firmware_check", "softwareupdate", "tracking"]


class Peer:
    """A host program with a base folder of its own."""

    name = ""

    def __init__(self, folder: Path, ports: list[str], **sections: object) -> None:
        """`sections` of the settings stand instead of those that the measurements want."""
        self.base = folder / self.name
        self.base.mkdir()
        self.port = free_port()
        self.key = secrets.token_hex(16).upper()
        self._ports = ports
        self._sections = sections
        self._process: subprocess.Popen[bytes] | None = None
        self.prepare()

    def prepare(self) -> None:
        """Write the configuration."""
        raise NotImplementedError

    def command(self) -> list[str]:
        """What starts it."""
        raise NotImplementedError

    def serial(self) -> dict[str, object]:
        """The settings of the wire, the same for all."""
        return {"additionalPorts": self._ports, "autoconnect": False, "baudrate": 115200}

    def start(self) -> float:
        """Start it and wait for the first answer; the seconds from one to the other."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        began = time.monotonic()
        self._process = subprocess.Popen(
            self.command(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment
        )
        wait_until(self._answers, 120)
        return time.monotonic() - began

    def _answers(self) -> bool:
        try:
            return self.request("GET", "/api/version")[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def stop(self) -> None:
        """End it, then whatever it left behind: a machine host outlives its server on purpose."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        for how, patience in ((signal.SIGTERM, 10), (signal.SIGKILL, 10)):
            for pid in self.pids():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, how)
            with contextlib.suppress(TimeoutError):
                wait_until(lambda: not self.pids(), patience)
                return
        raise RuntimeError(f"{self.name} left processes behind: {self.pids()}")

    def request(self, method: str, path: str, body: bytes | None = None, kind: str = "") -> tuple[int, bytes]:
        """One request with the global key: status and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"X-Api-Key": self.key} | ({"Content-Type": kind} if kind else {})
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def get(self, path: str) -> dict[str, object]:
        """The JSON of a GET."""
        return dict(json.loads(self.request("GET", path)[1]))

    def post(self, path: str, **body: object) -> None:
        """POST JSON."""
        self._insist(*self.request("POST", path, json.dumps(body).encode(), "application/json"), path)

    def upload(self, name: str, content: bytes, **fields: str) -> None:
        """Upload a file."""
        begin = f"--{BOUNDARY}\r\nContent-Disposition: form-data; name="
        parts = [f'{begin}"{key}"\r\n\r\n{fields[key]}\r\n' for key in fields]
        parts.append(f'{begin}"file"; filename="{name}"\r\n\r\n')
        body = "".join(parts).encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()
        answer = self.request("POST", "/api/files/local", body, f"multipart/form-data; boundary={BOUNDARY}")
        self._insist(*answer, f"the upload of {name}")

    def _insist(self, status: int, said: bytes, what: str) -> None:
        if status >= 300:
            raise RuntimeError(f"{self.name}: {what}: {status} {said[:300]!r}")

    def state(self) -> str:
        """The state's text."""
        return str(self.get("/api/job")["state"])

    def connect(self, port: str) -> None:
        """Connect the machine."""
        wait_until(lambda: port in str(self.get("/api/connection")["options"]), 30)
        self.post("/api/connection", command="connect", port=port, baudrate=115200)
        wait_until(lambda: self.state() == "Operational", 60)

    def disconnect(self) -> None:
        """Let go of the machine."""
        self.post("/api/connection", command="disconnect")
        wait_until(lambda: self.state() in {"Offline", "Closed"}, 60)

    def print_file(self, name: str, content: bytes) -> None:
        """Upload a file and have it printed."""
        self.upload(name, content, select="true", print="true")
        wait_until(lambda: self.state() == "Printing", 60)

    def cancel(self) -> None:
        """Cancel the job."""
        self.post("/api/job", command="cancel")
        wait_until(lambda: self.state() == "Operational", 60)

    def pids(self) -> list[int]:
        """All its processes."""
        return [pid for pid, words in processes() if str(self.base) in words]

    def wire_pid(self) -> int:
        """The process that talks to the machine."""
        raise NotImplementedError


class MrDraw(Peer):
    """This checkout."""

    name = "MrDraw"

    def prepare(self) -> None:
        """Write the configuration and add an admin."""
        config = {"serial": self.serial(), "api": {"key": self.key}, **self._sections}
        (self.base / "config.yaml").write_text(json.dumps(config), encoding="utf-8")  # JSON is YAML
        add = ["user", "add", "admin", "--password", "admin-of-the-bench", "--group", "admins"]
        command = [sys.executable, "-m", "mrdraw", *add, "--basedir", str(self.base)]
        subprocess.run(command, check=True, capture_output=True)

    def command(self) -> list[str]:
        """What starts it."""
        mrdraw = Path(sys.executable).with_name("mrdraw")
        return [str(mrdraw), "serve", "--basedir", str(self.base), "--port", str(self.port)]

    def wire_pid(self) -> int:
        """The machine host."""
        return next(pid for pid, words in processes() if str(self.base) in words and "mrdraw.machine" in words)


class OctoPrint(Peer):
    """OctoPrint from PyPI, with five of its plugins off, first run done."""

    name = "OctoPrint"

    def prepare(self) -> None:
        """Write the configuration and add an admin."""
        config = {
            "accessControl": {"salt": secrets.token_hex(8)},
            "api": {"key": self.key},
            "gcodeAnalysis": {"runAt": "never"},
            "plugins": {"_disabled": PLUGINS_OFF},
            "serial": self.serial(),
            "server": {
                "firstRun": False,
                "onlineCheck": {"enabled": False},
                "pluginBlacklist": {"enabled": False},
                "secretKey": secrets.token_hex(16),
            },
            **self._sections,
        }
        (self.base / "config.yaml").write_text(json.dumps(config), encoding="utf-8")
        self._octoprint("user", "add", "admin", "--password", "admin-of-the-bench", "--admin")

    def _octoprint(self, *words: str) -> None:
        binary = octoprint_environment() / "bin" / "octoprint"
        command = [str(binary), "--basedir", str(self.base), *words]
        subprocess.run(command, check=True, capture_output=True)

    def command(self) -> list[str]:
        """What starts it."""
        binary = octoprint_environment() / "bin" / "octoprint"
        where = ["--basedir", str(self.base), "--host", "127.0.0.1", "--port", str(self.port)]
        return [str(binary), "serve", "--iknowwhatimdoing", *where]

    def wire_pid(self) -> int:
        """The one process that does everything."""
        assert self._process is not None
        return self._process.pid


def octoprint_environment() -> Path:
    """The environment with OctoPrint, made when it is not there."""
    environment = BUILD / "octoprint"
    uv = Path(sys.executable).with_name("uv")
    if not (environment / "bin" / "octoprint").exists():
        subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, environment], check=True)
        where = ["--quiet", "--python", environment / "bin" / "python"]
        subprocess.run([uv, "pip", "install", *where, f"octoprint=={OCTOPRINT}"], check=True)
    return environment


def processes() -> list[tuple[int, str]]:
    """The processes of this computer that live, with their command lines."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                if words:
                    found.append((int(folder.name), words))
    return found
