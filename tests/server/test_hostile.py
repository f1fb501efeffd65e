"""Thousands of requests that nobody should send, over bare sockets, while a machine prints.

Nothing of it is answered 5xx, is written outside the base folder, stays in memory or reaches the machine.
"""

import contextlib
import json
import re
import socket
import threading

import pytest

from helpers_hostile import GCODE, recording, served
from helpers_requests import Requests, operations_of

MOST_GROWTH = 24
"""MiB that the server may grow by, once it has done everything a few times."""
SLOW = 16
"""Requests whose body comes byte by byte all the while."""
OFTEN = 50
"""Requests after which what they name is there again."""
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3}) ")
_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)


def _answer_to(port, data, *, cut):
    """The head and the beginning of the body of what is answered; nothing where the connection is just closed."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        with contextlib.suppress(ConnectionError):
            connection.sendall(data)
            if cut:
                connection.shutdown(socket.SHUT_WR)
        return _received(connection)


def _received(connection):
    received = b""
    with contextlib.suppress(ConnectionError):
        while not _is_enough(received) and (piece := connection.recv(65536)):
            received += piece
    return received


def _is_enough(received):
    head, end, body = received.partition(b"\r\n\r\n")
    if not end:
        return False
    length = _LENGTH.search(head + b"\r\n")
    return length is None or len(body) >= min(int(length[1]), 10_000)


def _judge(request, received):
    """An answer is no 5xx, and a refusal says what was wrong."""
    found = _STATUS.match(received)
    if found is None:
        assert not received, (request[:300], received[:300])
        return
    status, body = int(found[1]), received.partition(b"\r\n\r\n")[2]
    assert status < 500, (request[:500], received[:1000])
    if status >= 400 and not request.startswith(b"HEAD") and b"application/json" in received.partition(b"\r\n\r\n")[0]:
        assert len(json.loads(body)["error"].split()) >= 3, (request[:300], received)


def _snapshot(folder, *, spared):
    """What lies in a folder and how, beside one folder in it."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if spared not in (path, *path.parents):
            stat = path.lstat()
            content = path.read_bytes() if path.is_file() and not path.is_symlink() else None
            found[str(path.relative_to(folder))] = (stat.st_mode, stat.st_mtime_ns, stat.st_size, content)
    return found


class _Slowly(threading.Thread):
    """Sends bodies byte by byte until it is told to end."""

    def __init__(self, made):
        super().__init__()
        self._over = threading.Event()
        self._made = made

    def run(self):
        head = (
            "POST {} HTTP/1.1\r\nHost: x\r\nX-Api-Key: " + self._made.key + "\r\nContent-Length: 100000\r\n"
            "Content-Type: multipart/form-data; boundary=b\r\n\r\n--b\r\nContent-Disposition: form-data; "
            'name="file"; filename="slow.gcode"\r\n\r\n'
        )
        with contextlib.ExitStack() as stack:
            sockets = [socket.create_connection(("127.0.0.1", self._made.port), timeout=30) for _ in range(SLOW)]
            for connection in sockets:
                stack.enter_context(connection)
                connection.sendall(head.format("/api/files/local").encode())
            while not self._over.wait(0.2):
                for connection in sockets:
                    connection.sendall(b"G")

    def end(self):
        self._over.set()
        self.join()


@contextlib.contextmanager
def _sending_slowly(made):
    slowly = _Slowly(made)
    slowly.start()
    try:
        yield
    finally:
        slowly.end()


def _send(made, requests, count):
    for number in range(count):
        if number % OFTEN == 0:
            _store(made)
        request, cut = requests.next()
        _judge(request, _answer_to(made.port, request, cut=cut))


def _store(made):
    for path, name in (("", "a.gcode"), ("f", "b.gcode")):
        made.client.post("/api/files/local", data={"path": path}, files={"file": (name, GCODE)})
    if made.client.get("/api/access/users/eve").status_code == 404:
        made.client.post("/api/access/users", json={"name": "eve", "password": "secret-secret", "active": True})


def _job(lines):
    return [line for number in range(lines) for line in (f"G1 X{number / 1000:.3f} F6000", "G4 P20")]


def _attack(tmp_path, count):
    guarded = tmp_path / "guarded"
    outside = guarded / "outside"
    outside.mkdir(parents=True)
    (outside / "secret.gcode").write_bytes(b"secret")
    base = guarded / "base"
    with recording(tmp_path) as simulator, served(base, simulator.port) as made:
        (base / "uploads" / "link").symlink_to(outside)
        (base / "uploads" / "secret.gcode").symlink_to(outside / "secret.gcode")
        operations = operations_of(made.client.get("/api/v1/openapi.json").json())
        harmless = [one for one in operations if not one.asks_for_nothing]
        _send(made, Requests(harmless, made.key, 1), count // 4)
        around, memory = _snapshot(guarded, spared=base), made.memory()
        job = _job(count // 10)
        sent = made.client.post(
            "/api/files/local", files={"file": ("job.gcode", "\n".join(job))}, data={"print": "true"}
        )
        assert sent.json()["effectivePrint"]
        with _sending_slowly(made):
            _send(made, Requests(harmless, made.key, 2), count // 4)
            assert made.state() in {"Printing", "Operational"}, "a slow computer may be at its end already"
            _send(made, Requests(harmless, made.key, 4), count // 4)
        made.until_state("Operational")
        assert [line for line in simulator.executed() if line in job] == job
        _send(made, Requests(operations, made.key, 3), count - count // 4 - count // 2)
        assert made.memory() - memory < MOST_GROWTH
        assert made.process.poll() is None
    assert _snapshot(guarded, spared=base) == around
    assert "a request failed" not in (base / "logs" / "mrdraw.log").read_text(encoding="utf-8")
    assert "Traceback" not in (base / "output.txt").read_text(encoding="utf-8")


def test_some_hundred_requests(tmp_path):
    _attack(tmp_path, 400)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_ten_thousand_requests(tmp_path):
    _attack(tmp_path, 10_000)
