"""Clients from PyPI, as they come from there, against a real server with a simulated machine."""

import json
import subprocess

import pytest

from helpers_clients import LASTING, QUICK, client_environment, install, python_clients, run_client, simulated
from helpers_proxies import WAYS, reached
from peers import octoprint_environment

HERE = __file__.rpartition("/")[0]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def direct(tmp_path_factory):
    with simulated(tmp_path_factory.mktemp("base")) as served:
        yield served


@pytest.fixture(scope="module", params=WAYS)
def served(request, direct, tmp_path_factory):
    with reached(request.param, direct, tmp_path_factory.mktemp(request.param)) as served:
        yield served


@pytest.fixture(autouse=True)
def at_rest(direct):
    direct.rest()


@pytest.fixture
def jobs(tmp_path):
    """Two jobs: one that is done at once, one that lasts."""
    for name, text in (("quick.gcode", QUICK), ("lasting.gcode", LASTING)):
        (tmp_path / name).write_text(text, encoding="ascii")
    return tmp_path / "quick.gcode", tmp_path / "lasting.gcode"


def words(output):
    return [json.loads(line) for line in output.splitlines()]


@pytest.mark.parametrize("way", WAYS)
def test_octorest(direct, way, jobs, tmp_path):
    """It knows no prefix: it puts its paths behind the host, whatever stands there."""
    with reached(way, direct, tmp_path / "proxied", prefix="") as served:
        follow_octorest(served, jobs, tmp_path)


def follow_octorest(served, jobs, tmp_path):
    before = printed(served)
    client = [python_clients() / "python", f"{HERE}/octorest_trip.py", served.address, served.key]
    said = run_client(*client, *jobs, home=tmp_path, authority=served.authority)
    assert words(said) == ["connection", "files", "job", "machine", "records", "sockets"]
    assert printed(served) == before + 1


def printed(served):
    """How often the quick job was done."""
    files = served.get("/api/files")["files"]
    return sum(file["prints"]["success"] for file in files if file["name"] == "quick.gcode")


def test_pyoctoprintapi(served, jobs, tmp_path):
    stored(served, tmp_path, jobs[1])
    client = [python_clients() / "python", f"{HERE}/pyoctoprintapi_trip.py", served.key, served.address]
    said = run_client(*client, home=tmp_path, authority=served.authority)
    assert words(said) == ["machine", "job", "server", "application_key"]


def stored(served, home, *files):
    for file in files:
        run_client(*octoprint_client(served), "upload", "/api/files/local", file, home=home, authority=served.authority)


def test_octoprint_cli(served, jobs, tmp_path):
    config = tmp_path / "cli.ini"
    server = f"[server]\nServerAddress = {served.address}\nApiKey = {served.key}\n"
    config.write_text(f"{server}[preferences]\nFormattedText = false\nUpdateCheck = false\n", encoding="ascii")

    def cli(*arguments):
        program = [python_clients() / "octoprint-cli", "-c", config]
        return run_client(*program, *arguments, home=tmp_path, authority=served.authority)

    assert "OctoPrint v1.11.8 - API v0.1" in cli("version")
    assert "Printer disconnected" in cli("connection", "disconnect")
    assert "Disconnected" in cli("connection", "status")
    cli("connection", "connect", "-p", "VIRTUAL", "-b", "115200")
    served.reach("Operational")
    served.rest()
    for job in jobs:
        assert "File uploaded" in cli("files", "upload", job)
    listed = cli("files", "list")
    assert "quick.gcode" in listed
    assert "Free space" in listed
    assert "Path: lasting.gcode" in cli("files", "info", "lasting.gcode")
    assert "has been loaded" in cli("print", "select", "lasting.gcode")
    for command, state in (("start", "Printing"), ("pause", "Paused"), ("resume", "Printing")):
        cli("print", command)
        served.reach(state)
        assert state in cli("print", "status")
    cli("print", "cancel")
    served.reach("Operational")
    assert "Bed temp set" in cli("temp", "bed", "30")
    assert "Extruder temp set" in cli("temp", "extruder", "30")
    assert "Bed Target" in cli("temp", "status")
    cli("temp", "bed", "0")
    cli("temp", "extruder", "0")
    cli("gcode", "M105")


def octoprint_client(served):
    """The command `octoprint client`, from OctoPrint's package."""
    address = ["--host", served.host, "--port", served.client_port, "--apikey", served.key]
    behind = ["--https", "--prefix", served.prefix] if served.authority else []
    return [octoprint_environment() / "bin" / "octoprint", "client", *address, *behind]


def test_the_client_command_of_octoprint(served, jobs, tmp_path):
    def client(*arguments):
        said = run_client(*octoprint_client(served), *arguments, home=tmp_path, authority=served.authority)
        return said.partition("\n")

    status, _, said = client("get", "/api/version")
    assert (status, json.loads(said)["api"]) == ("Status Code: 200", "0.1")
    assert client("command", "/api/connection", "disconnect")[0] == "Status Code: 204"
    served.reach("Offline")
    assert client("get", "/api/printer")[0] == "Status Code: 409"
    connect = ["connect", "-s", "port", "VIRTUAL", "-i", "baudrate", "115200", "-b", "save", "true"]
    assert client("command", "/api/connection", *connect)[0] == "Status Code: 204"
    served.reach("Operational")
    for job in jobs:
        status, _, said = client("upload", "/api/files/local", job, "-P", "path", "by/client")
        assert (status, json.loads(said)["files"]["local"]["path"]) == ("Status Code: 201", f"by/client/{job.name}")
    chosen = "/api/files/local/by/client/lasting.gcode"
    assert client("command", chosen, "select", "-b", "print", "true")[0] == "Status Code: 204"
    served.reach("Printing")
    for action, state in (("pause", "Paused"), ("resume", "Printing"), ("toggle", "Paused")):
        assert client("command", "/api/job", "pause", "-s", "action", action)[0] == "Status Code: 204"
        served.reach(state)
    assert client("post_json", "/api/job", '{"command": "cancel"}')[0] == "Status Code: 204"
    served.reach("Operational")
    assert client("command", "/api/printer/printhead", "jog", "-f", "x", "1.5")[0] == "Status Code: 204"
    assert client("command", "/api/printer/bed", "target", "-i", "target", "30")[0] == "Status Code: 204"
    assert client("post_json", "/api/printer/command", '{"commands": ["M105"]}')[0] == "Status Code: 204"
    assert client("patch_json", "/api/printerprofiles/_default", '{"profile": {"model": "M"}}')[0] == "Status Code: 200"
    assert client("delete", chosen)[0] == "Status Code: 204"
    assert client("get", chosen)[0] == "Status Code: 404"


def test_the_client_command_of_octoprint_listens(direct, tmp_path):
    """Not behind TLS: it opens a plain socket, whatever its addresses begin with."""
    with subprocess.Popen(
        [*map(str, octoprint_client(direct)), "listen"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=client_environment(tmp_path),
    ) as process:
        try:
            heard = iter(process.stdout.readline, "")
            until(heard, "<<< connected")
            until(heard, '>>> {"auth": "_api:')
            until(heard, "<<< history")
            direct.command("/api/printer/printhead", command="home", axes=["x"])
            until(heard, '<<< event, Payload: {"payload": null, "type": "Home"}', '<<< event, Payload: {"type": "Home"')
        finally:
            process.kill()


def until(heard, *beginnings):
    for line in heard:
        if line.startswith(beginnings):
            return
    raise AssertionError(beginnings)


def test_what_cannot_be_installed_is_named():
    with pytest.raises(AssertionError, match=r"cannot be installed: .*no-such-file"):
        install(["sh", "-c", "echo no-such-file >&2; exit 1"])
