"""A service that is restarted in mid-print: what the unit's `KillMode` does to a job, in a real cgroup."""

import json

import httpx
import pytest

from helpers_fleet import host_pid
from helpers_machine import Simulator, gcode, is_alive, job_lines, wait_until
from helpers_serve import free_port, mrdraw
from helpers_systemd import ManagedService, make_cgroup
from mrdraw.cli.unit import value_of

LINES = 4000


class Print:
    """A service that prints a file on a simulated machine."""

    def __init__(self, folder, simulator, cgroup, **instead):
        self.base = folder / "base folder"
        self.machine = self.base / "machines" / "default"
        self.simulator = simulator
        self.port = free_port()
        self.base.mkdir()
        port = str(simulator.port)
        serial = {"port": port, "baudrate": 115200, "autoconnect": True, "additionalPorts": [port]}
        (self.base / "config.yaml").write_text(json.dumps({"serial": serial}), encoding="utf-8")
        unit = mrdraw(
            self.base, "service", "install", "--user", "--print", "--host", "127.0.0.1", "--port", self.port
        ).stdout
        assert value_of(unit, "KillMode") == "process"
        for name, value in instead.items():
            unit = unit.replace(f"{name}={value_of(unit, name)}\n", f"{name}={value}\n")
        self.service = ManagedService(unit, cgroup, folder)
        key = mrdraw(self.base, "key", "--new").stdout.split()[-1]
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", headers={"X-Api-Key": key}, timeout=30.0)

    def start(self, file):
        """Start the service and the print."""
        self.service.start()
        wait_until(lambda: self.state() == "Operational")
        with file.open("rb") as content:
            uploaded = self.client.post(
                "/api/files/local", files={"file": (file.name, content)}, data={"print": "true"}
            )
        assert uploaded.status_code == 201, uploaded.text

    def state(self):
        return self.client.get("/api/job").json()["state"]

    def done(self):
        return len(self.simulator.executed())

    def more(self, lines):
        """Wait until this many more lines were executed."""
        target = self.done() + lines
        wait_until(lambda: self.done() >= target)


@pytest.fixture
def printing(tmp_path):
    """Starts a `Print`, by what its unit says instead; gives it and the lines of its file."""
    cgroup = make_cgroup("mrdraw-test")
    if cgroup is None:
        pytest.skip("no cgroup can be made here: neither cgroup v2 nor a hierarchy of v1 is writable")
    simulator = Simulator(tmp_path, "--speed", "0", "--latency", "1")
    made = []

    def start(**instead):
        one = Print(tmp_path, simulator, cgroup, **instead)
        made.append(one)
        sent = gcode(tmp_path / "job.gcode", LINES)
        one.start(tmp_path / "job.gcode")
        one.more(300)
        return one, sent

    yield start
    for one in made:
        one.client.close()
        one.service.destroy()
    simulator.stop()


def test_a_print_goes_on_while_the_service_is_restarted(printing):
    one, sent = printing()
    host = host_pid(one.machine)
    for _ in range(2):
        server = one.service.main.pid
        assert {server, host} <= one.service.processes()
        assert one.service.stop() == 0
        assert not is_alive(server)
        assert host in one.service.processes()  # left over, as systemd would say
        one.more(300)  # with no server at all
        assert one.done() < len(sent)
        one.service.start()
        assert one.state() == "Printing"
        assert host_pid(one.machine) == host
    wait_until(lambda: one.state() == "Operational")
    assert job_lines(one.simulator.executed(), sent) == sent


@pytest.mark.slow
@pytest.mark.parametrize("kill_mode", ["control-group", "mixed"])
def test_another_kill_mode_would_end_the_print(printing, kill_mode):
    """The proof that the test above can fail: the same restart by a unit that says something else."""
    one, sent = printing(KillMode=kill_mode, TimeoutStopSec=5)
    host = host_pid(one.machine)
    one.service.stop()
    wait_until(lambda: not is_alive(host))
    wait_until(lambda: one.service.processes() == set())
    one.service.start()
    wait_until(lambda: one.state() == "Operational")
    executed = job_lines(one.simulator.executed(), sent)
    assert executed != sent
    assert executed == sent[: len(executed)]
