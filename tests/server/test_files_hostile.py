"""What nobody should send: no 5xx, and nothing outside the uploads folder is touched."""

import itertools
import json

import pytest

from helpers_hub import GCODE, run

SEGMENTS = [
    "..", "%2e%2e", "%252e%252e", "..%2f..%2fmrdraw.db", "%00", "a%00.gcode", "x" * 300, "%ff%fe", "%ed%a0%80",
    "~", ".", ".uploads", "a.gcode/b", "a.gcode%2F", "con", "%0a", "link", "link/secret.gcode", "secret.gcode",
    "\\..\\..", "%5c..%5c", "f", "*", "%e2%80%ae.gcode", "/".join("d" * 200),
]  # fmt: skip
NAMES = [
    "../../x.gcode", "/etc/x.gcode", "..\\x.gcode", "x\0.gcode", "x\n.gcode", "x" * 5000 + ".gcode", "\u202e.gcode",
    "d/" * 300 + "x.gcode", f"{'é' * 200}/" * 20 + "x.gcode", ".gcode", "...gcode", "link/x.gcode", "a.gcode/x.gcode",
    "?" * 5000 + ".gcode", "", " ", "/", "..", "\ud800.gcode",
]  # fmt: skip
VALUES = [None, 5, -1, 1e300, [], {}, True, ["a.gcode"], {"a": {}}, *NAMES]


@pytest.fixture
def guarded(tmp_path):
    """A base folder with something beside it, and a link that leads there."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.gcode").write_bytes(b"secret")
    base = tmp_path / "base"
    base.mkdir()
    return base, outside


def hostile(guarded, scenario):
    base, outside = guarded

    async def guard(client, world):
        world.store("a.gcode")
        world.store("f/b.gcode")
        (world.uploads / "link").symlink_to(outside)
        (world.uploads / "secret.gcode").symlink_to(outside / "secret.gcode")
        before = {path.name for path in base.iterdir()}
        await scenario(client, world)
        assert {path.name for path in base.iterdir()} == before
        assert {path.name: path.read_bytes() for path in outside.iterdir()} == {"secret.gcode": b"secret"}
        assert (world.uploads / "a.gcode").read_bytes() == (world.uploads / "f/b.gcode").read_bytes() == GCODE

    run(base, guard)


def test_paths(guarded):
    async def scenario(client, _world):
        for method, base, segment in itertools.product(
            ("GET", "HEAD", "POST"), ("/api/files/local/", "/downloads/files/local/", "/api/files/"), SEGMENTS
        ):
            answer = await client.request(method, base + segment, json={"command": "select"}, follow_redirects=True)
            assert answer.status_code < 500, (method, base, segment, answer.text)
            assert b"secret" not in answer.content or b"error" in answer.content
            assert (method, "secret" in segment, answer.status_code) != ("GET", True, 200)

    hostile(guarded, scenario)


def test_deleting(guarded):
    async def scenario(client, _world):
        for segment in SEGMENTS:
            if segment != "f":
                answer = await client.delete(f"/api/files/local/{segment}")
                assert answer.status_code in {308, 404, 405}, (segment, answer.text)

    hostile(guarded, scenario)


def test_commands(guarded):
    async def scenario(client, _world):
        for command, value in itertools.product(("copy", "move", "slice", "analyse", "uploadSd"), VALUES):
            if command == "move" and value == "?" * 5000 + ".gcode":
                continue
            path = "none.gcode" if command == "move" else "a.gcode"
            body = {"command": command, "destination": value, "print": value}
            answer = await client.post(f"/api/files/local/{path}", content=_json(body), headers=JSON)
            assert answer.status_code < 500, (command, value, answer.text)
        for value, member in itertools.product(VALUES, ("storage", "path", "filename", "command")):
            body = {"command": "exists", "storage": "local", "path": "", "filename": "a.gcode", member: value}
            answer = await client.post("/api/files/test", content=_json(body), headers=JSON)
            assert answer.status_code < 500, (member, value, answer.text)

    hostile(guarded, scenario)


def test_names_of_uploads(guarded):
    async def scenario(client, _world):
        for name, place in itertools.product(NAMES, ("path", "filename", "foldername")):
            data = {place: name.encode("utf-8", "surrogatepass")}
            file = {"file": ("x.gcode", GCODE)} if place != "foldername" else {"none": (None, b"")}
            answer = await client.post("/api/files/local", data=data, files=file)
            assert answer.status_code < 500, (place, name, answer.text)

    hostile(guarded, scenario)


def test_archives(guarded):
    async def scenario(client, _world):
        for value in VALUES:
            for body in ({"files": value}, {"files": [value]}, [value], value):
                answer = await client.post("/downloads/files/local", content=_json(body), headers=JSON)
                assert answer.status_code < 500, (body, answer.text)
                assert b"secret" not in answer.content or b"error" in answer.content

    hostile(guarded, scenario)


def test_userdata(guarded):
    async def scenario(client, _world):
        for text in ("[" * 100_000, "{", "\0", "9" * 5000, '"\\ud800"', "NaN"):
            answer = await client.post(
                "/api/files/local", data={"userdata": text}, files={"file": ("new.gcode", GCODE)}
            )
            assert answer.status_code < 500, (text[:20], answer.text)
            listed = await client.get("/api/files")
            assert listed.status_code == 200, text[:20]

    hostile(guarded, scenario)


def test_folders_in_each_other(guarded):
    """Whatever is moved and copied into what: nothing gets deeper than can be handled."""

    async def scenario(client, world):
        chain = "/".join("d" * 200 for _ in range(9))
        for number in range(30):
            made = await client.post("/api/files/local", data={"foldername": f"c{number}/{chain}"}, files=EMPTY)
            assert made.status_code == 201, made.text
        for command, first in (("move", 0), ("copy", 15)):
            for number in range(first, first + 14):
                body = {"command": command, "destination": f"c{number + 1}/{chain}"}
                answer = await client.post(f"/api/files/local/c{number}", json=body)
                assert answer.status_code < 500, (command, number, answer.text)
        assert (await client.get("/api/files?recursive=true")).status_code == 200
        for number in range(30):
            assert (await client.delete(f"/api/files/local/c{number}")).status_code in {204, 404}
        assert (await client.get("/api/files?recursive=true")).status_code == 200

    hostile(guarded, scenario)


EMPTY = {"none": (None, b"")}
JSON = {"Content-Type": "application/json"}


def _json(value):
    return json.dumps(value).encode()
