"""Requests that nobody should send, as bytes: libraries refuse to send most of them."""

import json
import random
from dataclasses import dataclass

LONG = "x" * 5000
TEXTS = [
    "..",
    ".",
    "",
    " ",
    "/",
    "//",
    "\\",
    "..\\..",
    "../..",
    "../../../etc/passwd",
    "%2e%2e",
    "%252e%252e",
    "..%2f..%2fmrdraw.db",
    "..%252f..%252fmrdraw.db",
    "%00",
    "a%00.gcode",
    "%0a",
    "%0d%0aX: y",
    "%",
    "%zz",
    "%ff%fe",
    "%ed%a0%80",
    "%c0%ae%c0%ae",
    "~",
    "~root",
    ".uploads",
    ".mrdraw",
    "a.gcode/",
    "a.gcode/b",
    "a.gcode%2F",
    "con",
    "nul.gcode",
    "link",
    "link/secret.gcode",
    "secret.gcode",
    "f",
    "f/..",
    "*",
    "?",
    "#",
    "{}",
    "%s%s%n",
    "{{7*7}}",
    "${x}",
    "';--",
    "é" * 300,
    "\u202e.gcode",
    "😀.gcode",
    LONG,
    "d/" * 300 + "x.gcode",
    "a/../a.gcode",
    "file:///etc/passwd",
]
"""For paths, names and everything else that is a text."""

VALUES = [
    None,
    True,
    False,
    0,
    -1,
    5,
    0.5,
    -1e300,
    1e300,
    10**30,
    [],
    {},
    [[]],
    [None],
    {"": {}},
    {"a": [1, {"b": None}]},
    ["a.gcode"],
    "\0",
    "\ud800",
    "a\nM104 S200\nb",
    "M104\rS200",
    *(text for text in TEXTS if text),
]
"""For members of bodies."""

BROKEN = [
    b"{",
    b"[",
    b'{"a":}',
    b"{'a': 1}",
    b"NaN",
    b"\xff\xfe{",
    b'{"a": "\xff"}',
    b'"\\ud800',
    b"{" * 1000,
    b"[" * 100_000,
    b'{"a":' * 50_000,
    b"9" * 50_000,
    b"\0" * 100,
    '{"a": 1}'.encode("utf-16"),
    b"",
    b"x" * 200_000,
    b'{"a":"' + b"y" * 200_000 + b'"}',
    b"null",
    b"5",
    b"[]",
    b'"command"',
    b"[null]",
]
"""Bodies that no endpoint can take."""

MEMBERS = (
    "command",
    "destination",
    "print",
    "storage",
    "path",
    "filename",
    "files",
    "user",
    "pass",
    "passive",
    "name",
    "password",
    "active",
    "groups",
    "admin",
    "handled",
    "profile",
    "serial",
    "server",
    "plugins",
    "scripts",
    "temperature",
    "current",
    "terminalFilters",
    "folder",
    "api",
    "limit",
    "recursive",
    "filter",
    "foldername",
    "userdata",
    "apikey",
)
COMMANDS = ("copy", "move", "slice", "analyse", "uploadSd", "exists", "sanitize", "unselect")
"""Commands that leave a machine alone whatever comes with them."""

HEADERS = {
    "Cookie": ["session_P80=", "=;=;=", "a" * 3000, 'x="\\', "session=\xff"],
    "Range": [
        "bytes=",
        "bytes=a-b",
        "bytes=9-1",
        "bytes=-",
        "bytes=" + "0-0," * 200 + "0-0",
        "bytes=99999999999999999999-",
        "lines=1-2",
    ],
    "If-None-Match": ["*", '"', "W/", '"' * 500, "\xff"],
    "If-Modified-Since": ["never", "Mon, 99 Foo 9999 99:99:99 GMT", "-1", "Thu, 01 Jan 99999 00:00:00 GMT"],
    "If-Range": ['"x', "yesterday"],
    "Accept-Encoding": ["*;q=9", "gzip;q=x", ",,,", "br;" * 200],
    "Authorization": ["Bearer", "Bearer ", "Basic !!!", "Digest", "Bearer \xff"],
    "X-Forwarded-For": [",,,", "::::", "a" * 500],
    "X-Forwarded-Host": ["evil/..", "a b", "\xff"],
    "X-Forwarded-Prefix": ["/../..", "//evil"],
    "Origin": ["null", "http://[", "http://evil.example:99999999"],
    "X-OctoPrint-Api-Version": ["two", "9" * 100, "-1"],
    "X-CSRF-Token": ["", "x"],
    "X-Claim-Code": ["", "\xff", "0000-0000"],
    "Accept": ["*", "a" * 1000],
}

DISPOSITIONS = [
    'form-data; name="file"; filename="{}"',
    'form-data; name="file"; filename={}',
    "form-data; name=\"file\"; filename*=UTF-8''{}",
    "form-data; name=\"file\"; filename*=x-none''{}",
    'form-data; name="{}"',
    'form-data; filename="{}"',
    "{}",
    'attachment; name="path"',
    'form-data; name="foldername"',
    'form-data; name="path"',
    'form-data; name="userdata"',
    'form-data; name="filename"',
]
KINDS = [
    "application/json",
    "application/json; charset=utf-16",
    "application/x+json",
    "text/plain",
    "multipart/form-data",
    "multipart/form-data; boundary=",
    "multipart/form-data; boundary=" + "b" * 300,
    "application/x-www-form-urlencoded",
    "",
    "/",
    "\xff",
]

LINES = [
    b"GET\r\n\r\n",
    b"\r\n\r\n",
    b"\0\0\0\0\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET / HTTP/1.1\r\n\r\n",
    b"G\xffT / HTTP/1.1\r\n\r\n",
    b"GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /api/\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
    b"CONNECT evil:80 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET http://evil/api/version HTTP/1.1\r\nHost: x\r\n\r\n",
    b"TRACE /api/version HTTP/1.1\r\nHost: x\r\n\r\n",
    b"get /api/version HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /api/version HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"GET /api/version HTTP/1.1\r\n Folded: x\r\n\r\n",
    b"POST /api/job HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    b"POST /api/job HTTP/1.1\r\nHost: x\r\nContent-Length: 9e9\r\n\r\n",
    b"POST /api/job HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
    b"POST /api/job HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /api/job HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"POST /api/job HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"GET /api/version HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"GET /api/version HTTP/1.1\r\n" + b"X: y\r\n" * 3000 + b"\r\n",
    b"GET /sockjs/websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
    b"Connection: Upgrade\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 99\r\n\r\n",
]
"""What is no request at all, or one that means two things."""


@dataclass(frozen=True)
class Operation:
    """An operation of the document."""

    method: str
    path: str

    @property
    def leaves_machines_alone(self):
        """Whether nothing that is not broken can reach a machine."""
        return not self.path.startswith(MACHINES)

    @property
    def asks_for_nothing(self):
        """Whether the path alone changes something of a machine or of the key that is sent."""
        return self.path.endswith(("/emergency-stop", "/attend", "/dismiss", "/apikey"))


MACHINES = ("/api/job", "/api/printer", "/api/connection", "/api/v1/machines")


def operations_of(document):
    return [Operation(method.upper(), path) for path, methods in document["paths"].items() for method in methods]


class Requests:
    """An endless stream of requests for these operations, the same for one seed."""

    def __init__(self, operations, key, number):
        self._operations = operations
        self._key = key
        self._random = random.Random(number)
        self._ways = (
            self._path,
            self._path,
            self._broken,
            self._odd,
            self._odd,
            self._form,
            self._form,
            self._cut,
            self._line,
            self._query,
        )

    def next(self):
        """The bytes of a request, and whether it is cut off."""
        return self._random.choice(self._ways)()

    def _operation(self):
        return self._random.choice(self._operations)

    def _path(self):
        one = self._operation()
        return self._request(one.method, _filled(one.path, lambda _: self._text()), b"", {}), False

    def _query(self):
        one = self._operation()
        pairs = "&".join(f"{self._random.choice(MEMBERS)}={self._text()}" for _ in range(self._random.randrange(4)))
        return self._request(one.method, f"{self._known(one.path)}?{pairs}", b"", {}), False

    def _broken(self):
        one = self._operation()
        return self._request(one.method, self._known(one.path), self._random.choice(BROKEN), JSON), False

    def _odd(self):
        one = self._operation()
        if not one.leaves_machines_alone:
            return self._broken()
        body = {name: self._random.choice(VALUES) for name in self._random.sample(MEMBERS, 6)}
        if self._random.random() < 0.5:
            body["command"] = self._random.choice(COMMANDS)
        return self._request(one.method, self._known(one.path), json.dumps(body).encode(), JSON), False

    def _form(self):
        """A multipart form, mostly a bad one."""
        chance = self._random
        end = chance.choice([b"--b--\r\n", b"--b--\r\n", b"--b", b"", b"--c--\r\n"])
        parts = [self._part() for _ in range(chance.choice([0, 1, 1, 2, 3, 200]))]
        kind = chance.choice([*KINDS, *["multipart/form-data; boundary=b"] * 20])
        return self._request("POST", chance.choice(FORMS), b"".join(parts) + end, {"Content-Type": kind}), False

    def _part(self):
        name = self._random.choice([self._text(), self._text(), "new.gcode", "g/new.gcode"])
        disposition = self._random.choice(DISPOSITIONS).format(name)
        content = self._random.choice([b"G28\n", b"", b"\0" * 100, b"--b\r\n", self._text().encode()])
        return (
            b"--b\r\nContent-Disposition: " + disposition.encode("utf-8", "replace") + b"\r\n\r\n" + content + b"\r\n"
        )

    def _cut(self):
        """A body that is longer in words than in bytes."""
        one = self._operation()
        kind = self._random.choice(
            ["application/json", "multipart/form-data; boundary=b", "application/x-www-form-urlencoded"]
        )
        body = self._random.choice([b'{"command": "sel', b"", b"--b\r\nContent-Disp", self._part(), b"a=b&passive"])
        headers = {"Content-Type": kind, "Content-Length": str(len(body) + self._random.choice([1, 1000, 10**15]))}
        return self._request(one.method, self._known(one.path), body, headers), True

    def _line(self):
        line = self._random.choice(LINES)
        if self._random.random() < 0.3:
            place = self._random.randrange(len(line))
            line = line[:place] + bytes([self._random.randrange(256)]) + line[place + 1 :]
        return line, True

    def _text(self):
        return self._random.choice(TEXTS)

    def _known(self, path):
        """The path with parameters that mean something."""
        return _filled(path, lambda name: self._random.choice(KNOWN.get(name, ("0",))))

    def _request(self, method, path, body, headers):
        chance = self._random
        sent = {"Host": "127.0.0.1", "Connection": "close", "Content-Length": str(len(body)), **headers}
        if chance.random() < 0.85:
            sent["X-Api-Key"] = self._key
        for name in chance.sample(list(HEADERS), chance.choice([0, 0, 1, 2])):
            sent[name] = chance.choice(HEADERS[name])
        prefix = chance.choice(["", "", "", "/machines/default", f"/machines/{self._text()}", "/"])
        line = f"{method} {_one_line(prefix + path)} HTTP/1.1\r\n".encode("utf-8", "replace")
        return (
            line + b"".join(f"{name}: {value}\r\n".encode("latin-1") for name, value in sent.items()) + b"\r\n" + body
        )


JSON = {"Content-Type": "application/json"}
KNOWN = {
    "path": ("a.gcode", "a.gcode", "f", "f/b.gcode"),
    "machine_id": ("default",),
    "profile_id": ("_default", "other"),
    "name": ("eve",),
    "key": ("users",),
    "session": ("a", "b"),
    "server": ("0",),
    "locale": ("de",),
    "pack": ("core",),
}
"""Parameters of the path that mean something."""
FORMS = ("/api/files/local", "/api/files/local", "/downloads/files/local", "/api/login", "/api/languages")


def _filled(path, text):
    while "{" in path:
        before, _, rest = path.partition("{")
        name, _, after = rest.partition("}")
        path = before + text(name).replace("{", "(") + after
    return path


def _one_line(path):
    return path.replace(" ", "%20").replace("\n", "%0a").replace("\r", "%0d")
