"""Behind real proxies, configured as the manual says: addresses, cookies, sockets, streams, large files, forgers."""

import contextlib
import json
import sqlite3
import subprocess
import threading
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from helpers_clients import simulated
from helpers_proxies import PREFIX, PROXIES, STRIPPING, configuration, reached
from helpers_serve import wait_until
from mrdraw.settings import Settings

pytestmark = pytest.mark.slow

TRUSTED = {"trustLocalhostProxies": False, "trustedProxies": ["127.0.0.1"]}
STRANGER = "127.0.0.2"
"""An address of the loopback that is not the proxy's."""
LARGE = 200 * 1000 * 1000
"""bytes of an upload."""
MOST_MORE = 48 * 1000 * 1000
"""bytes that the server may hold more than before, while it comes."""
FORGED = {
    "X-Forwarded-For": "8.8.8.8", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http",
    "X-Scheme": "http", "X-Script-Name": "/evil", "X-Forwarded-Prefix": "/evil", "Forwarded": "for=8.8.8.8;host=evil",
}  # fmt: skip
LOCAL = "/api/files/local"
PATIENCE = 60


@pytest.fixture(scope="module")
def direct(tmp_path_factory):
    folder = tmp_path_factory.mktemp("base")
    Settings(folder).update({"server": {"reverseProxy": TRUSTED}})
    with simulated(folder) as served:
        yield served


@pytest.fixture(scope="module", params=[(kind, stripping) for kind in PROXIES for stripping in (True, False)], ids=str)
def proxied(request, direct, tmp_path_factory):
    kind, stripping = request.param
    with reached(kind, direct, tmp_path_factory.mktemp(kind), stripping=stripping) as served:
        yield served


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A file that is larger than anything that should be kept in memory."""
    path = tmp_path_factory.mktemp("large") / "large.gcode"
    line = b"G1 X10.000 Y20.000 E0.12345 ; nothing happens here\n" * 20_000
    with path.open("wb") as file:
        while file.tell() < LARGE:
            file.write(line)
    return path


def browser(served, **headers):
    """A client that keeps cookies, and comes from somewhere else than the proxy does."""
    transport = httpx.HTTPTransport(verify=served.context(), local_address=STRANGER)
    return httpx.Client(base_url=served.address, headers=headers, transport=transport, timeout=PATIENCE)


def program(served, **headers):
    """A client with a key."""
    return browser(served, **{"X-Api-Key": served.key, **headers})


def upload(client, path, folder="", content=b"G28\n"):
    return client.post(LOCAL, files={"file": (path, content)}, data={"path": folder})


def test_every_address_is_the_one_that_the_client_uses(proxied):
    with program(proxied) as client:
        stored = upload(client, "ä b.gcode", "by proxy")
        assert stored.headers["location"] == f"{proxied.address}{LOCAL}/by%20proxy/%C3%A4%20b.gcode"
        refs = client.get(stored.headers["location"]).json()["refs"]
        assert refs["resource"] == stored.headers["location"]
        assert refs["download"].startswith(f"{proxied.address}/downloads/")
        assert client.get(refs["download"]).content == b"G28\n"
        whole = LOCAL + "%2Fby%20proxy%2F%C3%A4%20b.gcode"
        assert client.get(whole).json()["refs"] == refs
        machine = client.get(f"/machines/default{LOCAL}/by%20proxy/%C3%A4%20b.gcode").json()["refs"]
        assert machine["resource"].startswith(f"{proxied.address}/machines/default/")
        assert client.get(machine["resource"]).status_code == 200
        assert client.post("//api/system/commands/core/nothing").status_code == 404


def test_the_page_is_found_below_the_prefix(proxied):
    with browser(proxied) as client:
        without = client.get(proxied.address)
        assert (without.status_code, str(without.next_request.url)) == (308, f"{proxied.address}/")
        frame = client.get("/")
        assert frame.status_code == 200
        assert f"connect-src 'self' wss://localhost:{proxied.client_port}" in frame.headers["content-security-policy"]
        script = frame.text.partition('src="./assets/')[2].partition('"')[0]
        assert client.get(f"/assets/{script}").headers["content-type"].startswith("text/javascript")
        assert client.get("/login/").headers["location"] == f"{proxied.address}/#/sign-in"


def test_a_session(proxied):
    suffix = f"_P{proxied.client_port}_R|mrdraw"
    with browser(proxied) as client:
        answer = client.post("/api/login", json={"user": "ann", "pass": "a-long-password"})
        assert answer.status_code == 200, answer.text
        assert set(client.cookies) == {f"session{suffix}", f"csrf_token{suffix}"}
        for line in answer.headers.get_list("set-cookie"):
            assert {f"Path={PREFIX}", "Secure", "SameSite=lax"} <= set(line.split("; "))
        assert client.get("/api/currentuser").json()["name"] == "ann"
        assert client.post("/api/files/local", json={}).status_code == 400
        pair = {"X-CSRF-Token": client.cookies[f"csrf_token{suffix}"]}
        assert client.post("/api/logout", headers=pair).status_code == 200
        assert client.get("/api/currentuser").status_code == 401


def test_sockets(proxied):
    with program(proxied) as client:
        who = client.post("/api/login", json={"passive": True}).json()
    for base in ("", "/machines/default"):
        address = f"{proxied.address}{base}/sockjs/websocket".replace("https", "wss")
        with connect(address, ssl=proxied.context(), origin=proxied.origin) as socket:
            assert "connected" in json.loads(socket.recv(PATIENCE))
            socket.send(json.dumps({"auth": f"{who['name']}:{who['session']}"}))
            heard = (json.loads(socket.recv(PATIENCE)) for _ in range(100))
            assert next(one for one in heard if "current" in one)["current"]["state"]["text"] == "Operational"
    with pytest.raises(InvalidStatus, match="403"):
        connect(address, ssl=proxied.context(), origin="https://evil.example")


def test_streams_are_not_held_back(proxied):
    with (
        program(proxied) as client,
        client.stream("POST", f"/sockjs/000/at{proxied.client_port}/xhr_streaming") as answer,
    ):
        pieces = answer.iter_bytes()
        said = b""
        while b"connected" not in said:
            said += next(pieces)
    assert b"o\n" in said


def test_forged_headers_do_not_get_through(proxied):
    with program(proxied, **FORGED) as client:
        upload(client, "forged.gcode")
        refs = client.get(f"{LOCAL}/forged.gcode").json()["refs"]
    assert refs["resource"] == f"{proxied.address}{LOCAL}/forged.gcode"
    with browser(proxied) as guesser:
        statuses = []
        for number in range(11):
            sent = FORGED | {"X-Forwarded-For": f"198.51.100.{number}"}
            guess = {"user": "nobody", "pass": "x"}
            statuses.append(guesser.post("/api/login", json=guess, headers=sent).status_code)
    assert statuses[-1] == 429
    _forget_failures(proxied)


def _forget_failures(served):
    """Have the next proxy's guesses counted from none."""
    with contextlib.closing(sqlite3.connect(served.folder / "mrdraw.db", timeout=PATIENCE)) as database, database:
        database.execute("DELETE FROM failed_logins")


def test_a_proxy_that_is_not_trusted_says_nothing(proxied):
    settings = Settings(proxied.folder)
    own = f"http://localhost:{proxied.client_port}/api/"
    with program(proxied) as client:
        upload(client, "trust.gcode")

        def resource():
            """Where a file is said to be; nowhere, if the prefix that was passed on leads to nothing."""
            answer = client.get(f"{LOCAL}/trust.gcode")
            return answer.json()["refs"]["resource"] if answer.status_code == 200 else own

        assert resource().startswith(proxied.address)
        settings.update({"server": {"reverseProxy": {"trustedProxies": None}}})
        try:
            wait_until(lambda: resource().startswith(own))
        finally:
            settings.update({"server": {"reverseProxy": TRUSTED}})
        wait_until(lambda: resource().startswith(proxied.address))


def resident(process):
    """bytes of memory that the process has now."""
    lines = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))


@contextlib.contextmanager
def watched(process):
    """Look at the memory of a process again and again; what was seen."""
    seen, done = [resident(process)], threading.Event()

    def look():
        while not done.wait(0.02):
            seen.append(resident(process))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        done.set()
        thread.join()


def curl(served, *arguments, key=None):
    """What curl, as slicers have it in them, is told: the answer and its status."""
    head = ["curl", "-sS", "--http1.1", "--cacert", served.authority, "-H", f"X-Api-Key: {key or served.key}"]
    command = [*head, "-w", "\n%{http_code}", *arguments, f"{served.address}{LOCAL}"]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=PATIENCE * 5, check=False)
    body, _, status = done.stdout.rpartition("\n")
    return int(status), body, done.stderr


def test_a_large_file_is_stored_and_kept_in_nobodys_memory(proxied, large):
    with watched(proxied.process) as seen:
        status, body, error = curl(proxied, "-F", f"file=@{large}")
    assert status == 201, (body, error)
    stored = proxied.folder / "uploads" / large.name
    assert stored.stat().st_size == large.stat().st_size
    assert len(seen) > 5
    assert max(seen) - seen[0] < MOST_MORE, [number // 10**6 for number in seen]
    with program(proxied) as client:
        assert client.delete(f"{LOCAL}/{large.name}").status_code == 204


def test_a_large_file_of_nobody_is_refused_before_it_came(proxied, large):
    """A proxy that is answered before it has sent everything may take that for a failure, and says 502 itself."""
    status, _, _ = curl(proxied, "-F", f"file=@{large}", key="wrong")
    assert status in {401, 502}
    assert not (proxied.folder / "uploads" / large.name).exists()


def test_a_file_whose_size_is_not_told(proxied, tmp_path):
    (tmp_path / "chunked.gcode").write_bytes(b"G28\n" * 100_000)
    unknown = ["-H", "Transfer-Encoding: chunked", "-F", f"file=@{tmp_path / 'chunked.gcode'}"]
    status, body, error = curl(proxied, *unknown)
    assert status == 201, (body, error)


@pytest.mark.parametrize("kind", PROXIES)
def test_the_manual_shows_what_is_tested(kind):
    assert STRIPPING[kind][0] in configuration(kind)
