"""What slicers, Cura's plugin and OctoDash send, byte for byte, to a machine at the root and behind its prefix.

The order of headers and the framing of forms are those of libcurl (the slicers), Qt (Cura) and Chromium (OctoDash), as
their public sources have them send; each answer is taken apart as that program does.
"""

import json
from urllib.parse import quote

import pytest

from helpers_clients import LASTING, QUICK, simulated
from helpers_proxies import WAYS, reached
from helpers_replay import WebSocketWire, Wire, crlf
from helpers_serve import wait_until
from helpers_slicers import CURL_BOUNDARY, SLICERS, Cura, curl_form, curl_get, curl_upload, qt_request


@pytest.fixture(scope="module")
def direct(tmp_path_factory):
    with simulated(tmp_path_factory.mktemp("base")) as served:
        yield served


@pytest.fixture(scope="module", params=WAYS)
def served(request, direct, tmp_path_factory):
    with reached(request.param, direct, tmp_path_factory.mktemp(request.param)) as served:
        yield served


@pytest.fixture(params=["", "/machines/default"], ids=["root", "prefix"])
def prefix(request, served):
    """What stands before the paths: what a proxy wants, and the machine."""
    served.rest()
    return served.prefix + request.param


def wire_to(served):
    return Wire(served.client_port, served.authority)


def socket_to(served, path, origin):
    return WebSocketWire(served.client_port, path, origin, served.host, served.authority)


# --- PrusaSlicer and OrcaSlicer --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("agent", "expect"), SLICERS, ids=["prusa", "orca"])
def test_a_slicer(served, prefix, agent, expect):
    folder, name = "sliced/parts", f"Würfel {agent.partition('/')[0]}.gcode"
    with wire_to(served) as wire:
        wire.send(curl_get(served, agent, f"{prefix}/api/version"))
        tested = wire.answer()
        assert tested.status == 200
        assert "api" in tested.json()
        assert tested.json()["text"].startswith("OctoPrint")
        for start, content in (("false", QUICK), ("true", LASTING)):
            body = curl_form(name, content, folder, start)
            wire.send(curl_upload(served, agent, f"{prefix}/api/files/local", len(body), expect))
            if expect:
                assert wire.head() == b"HTTP/1.1 100 Continue\r\n\r\n"
            wire.send(body)
            answer = wire.answer("POST")
            assert 200 <= answer.status < 300, answer.body
            assert answer.json()["effectivePrint"] is (start == "true")
    served.reach("Printing")
    assert served.get("/api/job")["job"]["file"]["path"] == f"{folder}/{name}"


@pytest.mark.parametrize(("agent", "expect"), SLICERS, ids=["prusa", "orca"])
def test_a_slicer_without_a_valid_key(served, prefix, agent, expect):
    """Told when the file has just begun; the slicer shows the body of the answer."""
    with wire_to(served) as wire:
        request = curl_upload(served, agent, f"{prefix}/api/files/local", 10_000_000, expect)
        wire.send(request.replace(served.key.encode(), b"wrong"))
        wire.send(curl_form("a.gcode", QUICK, "", "false").removesuffix(f"--{CURL_BOUNDARY}--\r\n".encode()))
        wire.send_until_answered(QUICK.encode())
        if served.authority:  # a proxy says 100 itself, and may cut the body short when the server hangs up
            head = wire.head()
            if head.startswith(b"HTTP/1.1 100 "):
                wire.send_until_answered(QUICK.encode())
                head = wire.head()
            assert head.startswith((b"HTTP/1.1 401 ", b"HTTP/1.1 502 "))
            return
        answer = wire.answer("POST")
    assert (answer.status, "error" in answer.json()) == (401, True)


# --- Cura's OctoPrint plugin ----------------------------------------------------------------------------------------


def test_curas_plugin(served, prefix):
    with wire_to(served) as wire:
        cura = Cura(served, prefix, wire)
        settings = cura.get("settings")
        assert settings.status == 200
        assert settings.json()["feature"]["sdSupport"] in {True, False}
        assert isinstance(settings.json()["plugins"], dict)
        assert cura.post("login", {"passive": True}).json()["name"] == "_api"
        printer = cura.get("printer").json()
        assert (printer["state"]["flags"]["operational"], printer["state"]["text"]) == (True, "Operational")
        assert printer["temperature"]["tool0"].keys() == {"actual", "target", "offset"}
        assert cura.get("job").json()["job"]["file"]["name"] is None
        sent = cura.upload("UM3 part.gcode", LASTING, "from cura", select="true", print="true")
        assert sent.status == 201
        end_point = sent.headers["location"].split("api/", 1)[1]
        assert end_point == "files/local/from%20cura/UM3%20part.gcode"
        assert cura.get(end_point).json()["path"] == "from cura/UM3 part.gcode"
        cura.reach("Printing")
        assert cura.post("printer/command", ["M105", "M114"]).status == 204
        for state in ("Paused", "Printing"):
            paused = cura.post("job", "pause")
            assert (paused.status, paused.body) == (204, b"")
            cura.reach(state)
        assert cura.post("job", "cancel").status == 204
        cura.reach("Operational")
        assert cura.post("printer/bed", {"command": "target", "target": 30}).status == 204
        assert cura.post("printer/tool", {"command": "target", "targets": {"tool0": 30}}).status == 204
        assert cura.post("printer/printhead", {"command": "jog", "x": 1, "y": 0, "z": 0}).status == 204
        assert cura.post("printer/printhead", {"command": "home", "axes": ["x", "y"]}).status == 204
        assert cura.post("connection", "disconnect").status == 204
        wait_until(lambda: cura.get("printer").status == 409)
        assert cura.post("connection", "connect").status == 204
        cura.reach("Operational")


# --- OctoDash -------------------------------------------------------------------------------------------------------

ORIGIN = "file://"


class OctoDash:
    """The app's requests, as Chromium writes them."""

    def __init__(self, served, prefix, wire):
        self.served = served
        self.prefix = prefix
        self.wire = wire

    def ask(self, method, path, command=None):
        data = b"" if command is None else json.dumps(command, separators=(",", ":")).encode()
        self.wire.send(
            crlf(
                f"{method} {self.prefix}/api/{path} HTTP/1.1",
                f"Host: {self.served.host}:{self.served.client_port}",
                "Connection: keep-alive",
                *([f"Content-Length: {len(data)}"] if data else []),
                "Accept: application/json, text/plain, */*",
                "cache-control: no-cache",
                *(["content-type: application/json"] if data else []),
                "User-Agent: Mozilla/5.0 (X11; Linux armv7l) AppleWebKit/537.36 (KHTML, like Gecko) octodash/2.5.3 "
                "Chrome/108.0.5359.215 Electron/22.3.27 Safari/537.36",
                f"x-api-key: {self.served.key}",
                f"Origin: {ORIGIN}",
                "Sec-Fetch-Site: cross-site",
                "Sec-Fetch-Mode: cors",
                "Sec-Fetch-Dest: empty",
                "Accept-Encoding: gzip, deflate",
                "Accept-Language: en-US",
            )
            + data
        )
        return self.wire.answer(method)

    def folder(self, path):
        """A folder's content as the list of files shows it."""
        found = self.ask("GET", f"files{quote(path.rstrip('/'), safe='')}").json()
        entries = found["children"] if "children" in found else found["files"]
        return {f"/{one['origin']}/{one['path']}" for one in entries if one["type"] == "folder" or one["typePath"][1:]}


@pytest.fixture
def cross_origin(served):
    """OctoDash's guide has this switched on."""
    change(served, True)
    yield
    change(served, False)


def change(served, allowed):
    with wire_to(served) as wire:
        data = json.dumps({"api": {"allowCrossOrigin": allowed}}).encode()
        kind = ("Content-Type: application/json", f"Content-Length: {len(data)}")
        wire.send(qt_request(served, "POST", f"{served.prefix}/api/settings", *kind) + data)
        assert wire.answer("POST").status == 200


@pytest.mark.usefixtures("cross_origin")
def test_octodash(served, prefix):
    with wire_to(served) as wire, socket_to(served, f"{prefix}/sockjs/websocket", ORIGIN) as socket:
        dash = OctoDash(served, prefix, wire)
        assert Cura(served, prefix, wire).upload("dash.gcode", LASTING, "folder").status == 201
        session = dash.ask("POST", "login", {"passive": True}).json()
        socket.until("connected")
        socket.say({"auth": f"{session['name']}:{session['session']}"})
        assert dash.ask("GET", "connection").json()["current"]["state"] == "Operational"
        current = socket.until("current")
        assert current["state"]["text"].lower() == "operational"
        temperatures = socket.until("current", lambda current: current["temps"])["temps"][0]
        assert {"bed", "tool0", "time"} <= temperatures.keys()
        assert "/local/folder" in dash.folder("/")
        assert dash.folder("/local/folder") == {"/local/folder/dash.gcode"}
        chosen = f"files{quote('/local/folder/dash.gcode', safe='')}"
        assert dash.ask("GET", chosen).json()["name"] == "dash.gcode"
        assert dash.ask("POST", chosen, {"command": "select", "print": True}).status == 204
        socket.until("event", lambda event: event["type"] == "PrintStarted")
        current = socket.until("current", lambda current: current["state"]["text"] == "Printing")
        assert current["job"]["file"]["display"] == "dash.gcode"
        for action, event in (("pause", "PrintPaused"), ("resume", "PrintResumed")):
            assert dash.ask("POST", "job", {"command": "pause", "action": action}).status == 204
            socket.until("event", lambda told, wanted=event: told["type"] == wanted)
        assert dash.ask("POST", "job", {"command": "cancel"}).status == 204
        socket.until("event", lambda event: event["type"] == "PrintCancelled")
        served.reach("Operational")
        assert dash.ask("POST", "printer/tool", {"command": "target", "targets": {"tool0": 30}}).status == 204
        assert dash.ask("POST", "printer/bed", {"command": "target", "target": 30}).status == 204
        jog = {"command": "jog", "x": 10, "y": 0, "z": 0, "speed": 9000}
        assert dash.ask("POST", "printer/printhead", jog).status == 204
        assert dash.ask("POST", "printer/command", {"commands": ["M106 S128"]}).status == 204
        assert dash.ask("DELETE", chosen).status == 204
        assert dash.folder("/local/folder") == set()
        assert dash.ask("POST", "connection", {"command": "disconnect"}).status == 204
        socket.until("event", lambda event: event["type"] == "Disconnected")


def test_octodash_with_a_wrong_session(served, prefix):
    """The socket stays, and says what is wanted."""
    with socket_to(served, f"{prefix}/sockjs/websocket", served.origin) as socket:
        socket.until("connected")
        socket.say({"auth": "_api:nonsense"})
        assert socket.until("reauthRequired") == {"reason": "stale"}
