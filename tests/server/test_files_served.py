"""Files over real HTTP: one connection for everything, and a server that is killed right after an upload."""

import contextlib
import http.client
import io
import json
import zipfile

from helpers_serve import free_port, mrdraw, serving

KEY = "0123456789ABCDEF0123456789ABCDEF"
CONTENT = b"G28\nG1 X10\n"
LIST = "/api/files?recursive=true"


def form(name):
    head = f'--b\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    return head.encode() + CONTENT + b"\r\n--b--\r\n"


class Client:
    """Asks over one connection that stays open."""

    def __init__(self, port):
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def ask(self, method, path, body=None, **headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._connection.request(method, path, body, {"X-Api-Key": KEY, **named})
        answer = self._connection.getresponse()
        return answer, answer.read()

    def close(self):
        self._connection.close()

    def upload(self, name):
        answer, _ = self.ask("POST", "/api/files/local", form(name), Content_Type="multipart/form-data; boundary=b")
        assert answer.status == 201


def test_one_connection_for_everything_and_a_server_that_is_killed(tmp_path):
    (tmp_path / "config.yaml").write_text(json.dumps({"api": {"key": KEY}}))
    assert mrdraw(tmp_path, "user", "add", "admin", "--password", "secret-enough", "--group", "admins").returncode == 0
    port = free_port()
    with serving(tmp_path, port) as server, contextlib.closing(Client(port)) as client:
        for number in range(20):
            client.upload(f"f/part {number}.gcode")
        answer, listed = client.ask("GET", LIST)
        tag = answer.headers["ETag"]
        assert len(json.loads(listed)["files"][0]["children"]) == 20
        answer, nothing = client.ask("HEAD", LIST)
        assert (answer.status, answer.headers["ETag"], nothing) == (200, tag, b"")
        answer, nothing = client.ask("GET", LIST, If_None_Match=tag)
        assert (answer.status, nothing) == (304, b"")
        answer, part = client.ask("GET", "/downloads/files/local/f/part%203.gcode", Range="bytes=4-")
        assert (answer.status, part) == (206, CONTENT[4:])
        answer, packed = client.ask("GET", "/downloads/files/local?files=f")
        assert answer.status == 200
        assert len(zipfile.ZipFile(io.BytesIO(packed)).namelist()) == 20
        client.upload("last.gcode")
        server.kill()
        server.wait()
    with serving(tmp_path, port), contextlib.closing(Client(port)) as client:
        answer, listed = client.ask("GET", LIST)
        folder, last = json.loads(listed)["files"]
        assert (len(folder["children"]), last["name"]) == (20, "last.gcode")
        assert (tmp_path / "uploads" / "last.gcode").read_bytes() == CONTENT
        assert list((tmp_path / "uploads").glob(".uploads/*")) == []
