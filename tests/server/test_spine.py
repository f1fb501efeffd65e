"""From an HTTP upload to a simulated firmware's wire and back: a real server, a real machine host, real sockets."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time

import httpx
import pytest
from websockets.sync.client import connect

from helpers_fleet import end_host, host_pid

PATIENCE = 60.0
"""s that a condition may take before a test gives up."""

MACHINE = "/api/v1/machines/default"
LONG = "\n".join(["G90", *(f"G1 X{number % 50} F6000\nG4 P50" for number in range(400))]) + "\n"
SHORT = "\n".join(["G90", *(f"G1 X{number}\nG4 P30" for number in range(50))]) + "\n"


def run_command(basedir, *words):
    program = "import sys; from mrdraw.cli.main import main; sys.exit(main(sys.argv[1:]))"
    return [sys.executable, "-c", program, *words, "--basedir", str(basedir)]


def wait_for(read, accepted, what="the condition"):
    """What `read` gives as soon as it is accepted."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = read()
        if accepted(found):
            return found
        time.sleep(0.02)
    raise AssertionError(f"{what} did not come: {found}")


class Spine:
    """A server as its own process, and a client that has the global key."""

    def __init__(self, basedir):
        self.basedir = basedir
        self.folder = basedir / "machines" / "default"
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=10.0)
        self._process = None

    def start(self):
        command = run_command(self.basedir, "serve", "--port", str(self.port), "--simulate", "marlin")
        with (self.basedir / "output.txt").open("ab") as output:
            self._process = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
        wait_for(self._listens, bool, "the server")

    def _listens(self):
        assert self._process.poll() is None, (self.basedir / "output.txt").read_text()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
            return True
        return False

    def log_in(self):
        found = subprocess.run(run_command(self.basedir, "key"), capture_output=True, text=True, check=True)
        self.client.headers["X-Api-Key"] = found.stdout.split()[-1]
        return self.post("/api/login", 200, passive=True).json()

    def kill(self):
        self._process.kill()
        self._process.wait(PATIENCE)

    def stop(self):
        if self._process.poll() is None:
            self._process.terminate()
        status = self._process.wait(PATIENCE)
        self.client.close()
        return status

    def get(self, path):
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path, status=204, **body):
        answer = self.client.post(path, json=body)
        assert answer.status_code == status, answer.text
        return answer

    def upload(self, name, text, **fields):
        answer = self.client.post("/api/files/local", data=fields, files={"file": (name, text)})
        assert answer.status_code == 201, answer.text
        return answer.json()

    def state(self):
        return self.get("/api/job")["state"]

    def until_state(self, text):
        wait_for(self.state, lambda state: state == text, f"the state {text}")


class Watcher:
    """A push socket and everything that came over it."""

    def __init__(self, connection, login):
        self._connection = connection
        self.messages = []
        assert self.next()[0] == "connected"
        connection.send(json.dumps({"auth": f"{login['name']}:{login['session']}"}))
        self.until(lambda kind, _: kind == "history")

    def next(self):
        ((kind, payload),) = json.loads(self._connection.recv(timeout=PATIENCE)).items()
        self.messages.append((kind, payload))
        return kind, payload

    def until(self, condition):
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            kind, payload = self.next()
            if condition(kind, payload):
                return payload
        raise AssertionError(f"it did not come; there were {self.events()}")

    def event(self, name):
        return self.until(lambda kind, payload: kind == "event" and payload["type"] == name)["payload"]

    def state(self, text):
        return self.until(lambda kind, payload: kind == "current" and payload["state"]["text"] == text)

    def line(self, wanted):
        """Wait for a line of the terminal, or find it among those that came."""

        def holds(kind, payload):
            return kind == "current" and any(wanted(line) for line in payload["logs"])

        if not any(holds(*message) for message in self.messages):
            self.until(holds)

    def events(self):
        return [payload["type"] for kind, payload in self.messages if kind == "event"]


@pytest.fixture
def spine(tmp_path):
    spine = Spine(tmp_path)
    spine.start()
    try:
        yield spine
    finally:
        spine.stop()
        end_host(spine.folder)


@contextlib.contextmanager
def watching(spine, login):
    with connect(f"ws://127.0.0.1:{spine.port}/sockjs/websocket") as connection:
        yield Watcher(connection, login)


def test_upload_print_pause_resume_cancel_and_done(spine):
    login = spine.log_in()
    spine.until_state("Operational")
    with watching(spine, login) as watcher:
        uploaded = spine.upload("long.gcode", LONG, select="true", print="true")
        assert uploaded["effectivePrint"] is True
        assert watcher.event("FileSelected")["path"] == "long.gcode"
        started = watcher.event("PrintStarted")
        assert (started["name"], started["origin"], started["size"]) == ("long.gcode", "local", len(LONG))
        current = watcher.state("Printing")
        assert current["busyFiles"] == [{"origin": "local", "path": "long.gcode"}]
        watcher.until(lambda kind, payload: kind == "current" and (payload["progress"]["completion"] or 0) > 0)
        assert spine.client.delete("/api/files/local/long.gcode").status_code == 409

        spine.post("/api/job", command="pause", action="pause")
        watcher.event("PrintPaused")
        spine.until_state("Paused")
        assert spine.get("/api/printer")["state"]["flags"]["paused"] is True
        spine.post("/api/job", command="pause", action="resume")
        watcher.event("PrintResumed")
        spine.until_state("Printing")
        spine.post("/api/job", command="cancel")
        watcher.event("PrintCancelled")
        assert watcher.event("PrintFailed")["reason"] == "cancelled"
        spine.until_state("Operational")
        assert spine.get("/api/job")["progress"]["completion"] is None

        spine.upload("short.gcode", SHORT)
        spine.post("/api/files/local/short.gcode", command="select", print=True)
        done = watcher.event("PrintDone")
        assert done["path"] == "short.gcode"
        assert done["time"] > 0
        spine.until_state("Operational")
        job = spine.get("/api/job")
        assert job["progress"]["completion"] == 100
        assert job["progress"]["printTimeLeft"] == 0
        watcher.line(lambda line: line.startswith("Send: N") and "G1 X49" in line)
        watcher.line(lambda line: line.startswith("Recv: ok"))
        assert spine.client.delete("/api/files/local/short.gcode").status_code == 204
        watcher.event("FileDeselected")
    assert spine.get("/api/job")["job"]["file"]["path"] is None
    newest, older = wait_for(lambda: spine.get(f"{MACHINE}/jobs")["jobs"], lambda jobs: len(jobs) == 2)
    assert (newest["outcome"], newest["file"]["path"]) == ("done", "short.gcode")
    assert (older["outcome"], older["file"]["path"]) == ("cancelled", "long.gcode")
    wire = spine.get(f"{MACHINE}/wire")
    assert (wire["job"], wire["running"], wire["verdict"]) == (newest["id"], False, newest["wire"])
    assert spine.get(f"{MACHINE}/jobs/{older['id']}/wire")["figures"]["lines"] > 0


def test_a_job_that_ended_while_no_server_was_there_is_in_the_history(spine):
    spine.log_in()
    spine.until_state("Operational")
    spine.upload("short.gcode", SHORT, print="true")
    pinned = spine.folder / "jobs"
    wait_for(lambda: list(pinned.glob("*")), bool, "the pinned job")
    spine.kill()
    wait_for(lambda: list(pinned.glob("*")), lambda found: not found, "the job's end")
    spine.start()
    (job,) = wait_for(lambda: spine.get(f"{MACHINE}/jobs")["jobs"], bool, "the job in the history")
    assert (job["outcome"], job["file"]["path"]) == ("done", "short.gcode")
    assert job["startedAt"] <= job["endedAt"]


def test_a_killed_server_finds_the_job_again(spine):
    spine.log_in()
    spine.until_state("Operational")
    spine.upload("long.gcode", LONG, print="true")
    wait_for(lambda: spine.get("/api/job")["progress"]["filepos"] or 0, lambda position: position > 0)
    pid = host_pid(spine.folder)
    before = spine.get("/api/job")
    spine.kill()
    spine.start()
    first = spine.get("/api/job")
    assert first["state"] == "Printing"
    assert first["job"]["file"] == before["job"]["file"]
    assert first["progress"]["filepos"] >= before["progress"]["filepos"]
    assert host_pid(spine.folder) == pid
    spine.post("/api/v1/machines/default/emergency-stop")
    spine.until_state("Offline after error")


def test_a_killed_host_is_back_and_says_where_the_job_was_interrupted(spine):
    spine.log_in()
    spine.until_state("Operational")
    spine.upload("long.gcode", LONG, print="true")
    wait_for(lambda: spine.get("/api/job")["progress"]["filepos"] or 0, lambda position: position > 1200)
    os.kill(host_pid(spine.folder), signal.SIGKILL)
    machine = wait_for(
        lambda: spine.get("/api/v1/machines/default"), lambda machine: machine["interrupted"] is not None
    )
    assert machine["interrupted"]["line"] > 1
    assert machine["interrupted"]["file"]["path"] == "long.gcode"
    spine.post("/api/v1/machines/default/interrupted/dismiss")
    wait_for(lambda: spine.get("/api/v1/machines/default")["interrupted"], lambda found: found is None)


def test_the_server_stops_in_order_and_the_host_lives_on(spine):
    spine.log_in()
    spine.until_state("Operational")
    pid = host_pid(spine.folder)
    assert spine.stop() == 0
    assert host_pid(spine.folder) == pid
