"""`POST /api/files/<location>/<path>` and `/api/files/test` (contract, 5.5)."""

import hashlib

import pytest

from helpers_hub import GCODE, run
from mrdraw.events import name_of, payload_of
from mrdraw.link import messages as link
from mrdraw.link.messages import Job, JobFile, MachineState

URL = "/api/files"
LOCAL = "/api/files/local"
OFFLINE = link.Snapshot(sequence=1)
MACHINE_CODE = ["machinecode", "gcode"]


def job_on(path):
    return Job(id="1", file=JobFile(name=path.rpartition("/")[2], path=path, display=path, source="/x", size=1))


def events_of(world):
    heard = []
    world.hub.bus.subscribe(lambda _machine, event: heard.append((name_of(event), payload_of(event))))
    return heard


def abridged(path, folder=False):
    refs = {"resource": f"http://mrdraw/api/files/local/{path}"}
    refs |= {} if folder else {"download": f"http://mrdraw/downloads/files/local/{path}"}
    return {"name": path.rpartition("/")[2], "path": path, "origin": "local", "refs": refs}


# --- copy and move --------------------------------------------------------------------------------------------------


def test_copy_a_file(tmp_path):
    async def scenario(client, world):
        await client.post(LOCAL, files={"file": ("a.gcode", GCODE)}, data={"userdata": "[1]"})
        world.store("f/b.gcode")
        heard = events_of(world)
        answer = await client.post(f"{LOCAL}/a.gcode", json={"command": "copy", "destination": "f"})
        assert (answer.status_code, answer.json()) == (201, abridged("f/a.gcode"))
        assert answer.headers["location"] == "http://mrdraw/api/files/local/f/a.gcode"
        assert heard == [
            ("FileAdded", {"storage": "local", "path": "f/a.gcode", "name": "a.gcode", "type": MACHINE_CODE,
                           "operation": "copy"}),
            ("UpdatedFiles", {"type": "printables"}),
        ]  # fmt: skip
        copied = (await client.get(f"{LOCAL}/f/a.gcode")).json()
        assert (copied["hash"], copied["userdata"]) == (hashlib.sha1(GCODE).hexdigest(), [1])
        assert (await client.get(f"{LOCAL}/a.gcode")).status_code == 200

    run(tmp_path, scenario)


def test_move_a_selected_file(tmp_path):
    async def scenario(client, world):
        world.store("f/a.gcode")
        await world.machine.select("f/a.gcode", "ann")
        heard = events_of(world)
        body = {"command": "move", "destination": "Größe?.gcode"}
        answer = await client.post(f"{LOCAL}/f/a.gcode", json=body)
        path = "Gr%C3%B6%C3%9Fe.gcode"
        assert (answer.status_code, answer.headers["location"]) == (201, f"http://mrdraw/api/files/local/{path}")
        assert (answer.json()["name"], answer.json()["path"]) == ("Größe.gcode", "Größe.gcode")
        assert heard[:4] == [
            ("FileRemoved", {"storage": "local", "path": "f/a.gcode", "name": "a.gcode", "type": MACHINE_CODE,
                             "operation": "move"}),
            ("FileAdded", {"storage": "local", "path": "Größe.gcode", "name": "Größe.gcode", "type": MACHINE_CODE,
                           "operation": "move"}),
            ("FileMoved", {"storage": "local", "source_path": "f/a.gcode", "source_name": "a.gcode",
                           "source_type": MACHINE_CODE, "destination_path": "Größe.gcode",
                           "destination_name": "Größe.gcode", "destination_type": MACHINE_CODE}),
            ("UpdatedFiles", {"type": "printables"}),
        ]  # fmt: skip
        assert (await client.get(f"{LOCAL}/{path}")).json()["display"] == "Größe?.gcode"
        assert (await client.get("/api/job")).json()["job"]["file"]["path"] is None
        assert (await client.get(f"{LOCAL}/f/a.gcode")).status_code == 404

    run(tmp_path, scenario)


def test_copy_and_move_a_folder(tmp_path):
    async def scenario(client, world):
        world.store("f/g/a.gcode")
        heard = events_of(world)
        answer = await client.post(f"{LOCAL}/f", json={"command": "copy", "destination": "h"})
        assert (answer.status_code, answer.json()) == (201, abridged("h", folder=True))
        answer = await client.post(f"{LOCAL}/f/g", json={"command": "move", "destination": "k"})
        assert (answer.status_code, answer.json()) == (201, abridged("k", folder=True))
        assert heard == [
            ("FolderAdded", {"storage": "local", "path": "h", "name": "h"}),
            ("UpdatedFiles", {"type": "printables"}),
            ("FolderRemoved", {"storage": "local", "path": "f/g", "name": "g"}),
            ("FolderAdded", {"storage": "local", "path": "k", "name": "k"}),
            ("FolderMoved", {"storage": "local", "source_path": "f/g", "source_name": "g", "destination_path": "k",
                             "destination_name": "k"}),
            ("UpdatedFiles", {"type": "printables"}),
        ]  # fmt: skip
        listed = (await client.get(URL, params={"recursive": "true"})).json()["files"]
        assert [each["path"] for each in listed] == ["f", "h", "k"]
        assert listed[1]["children"][0]["children"][0]["path"] == "h/g/a.gcode"

    run(tmp_path, scenario)


def test_rename_what_is_shown(tmp_path):
    async def scenario(client, world):
        world.store("a.gcode")
        heard = events_of(world)
        body = {"command": "move", "destination": "a?.gcode"}
        answer = await client.post(f"{LOCAL}/a.gcode", json=body)
        assert (answer.status_code, answer.json()["path"]) == (201, "a.gcode")
        assert heard == [("UpdatedFiles", {"type": "printables"})]
        entry = (await client.get(f"{LOCAL}/a.gcode")).json()
        assert (entry["name"], entry["display"]) == ("a.gcode", "a?.gcode")

    run(tmp_path, scenario)


@pytest.mark.parametrize("command", ["copy", "move"])
@pytest.mark.parametrize(
    ("path", "destination", "status"),
    [
        ("none.gcode", "x.gcode", 404),
        ("a.gcode", "none/x.gcode", 404),
        ("a.gcode", "f/b.gcode", 409),
        ("a.gcode", "../x.gcode", 409),
        ("a.gcode", "x.stl", 415),
        ("a.gcode", 5, 400),
        ("a.gcode", None, 400),
        ("f", "f/g", 409),
    ],
)
def test_what_cannot_be_copied_or_moved(tmp_path, command, path, destination, status):
    async def scenario(client, world):
        world.store("a.gcode")
        world.store("f/b.gcode")
        answer = await client.post(f"{LOCAL}/{path}", json={"command": command, "destination": destination})
        assert (answer.status_code, "error" in answer.json()) == (status, True)
        answer = await client.post(f"{LOCAL}/{path}", json={"command": command})
        assert (answer.status_code, "destination" in answer.json()["error"]) == (400, True)
        listed = (await client.get(URL, params={"recursive": "true"})).json()["files"]
        assert [each["path"] for each in listed] == ["a.gcode", "f"]

    run(tmp_path, scenario)


@pytest.mark.parametrize("path", ["f/a.gcode", "f"])
def test_what_is_being_printed_can_be_copied_but_not_moved(tmp_path, path):
    async def scenario(client, world):
        world.store("f/a.gcode")
        await world.tell(state=MachineState.PRINTING, job=job_on("f/a.gcode"))
        target = "x.gcode" if path.endswith("gcode") else "x"
        answer = await client.post(f"{LOCAL}/{path}", json={"command": "move", "destination": target})
        assert (answer.status_code, "printed" in answer.json()["error"]) == (409, True)
        answer = await client.post(f"{LOCAL}/{path}", json={"command": "copy", "destination": target})
        assert answer.status_code == 201

    run(tmp_path, scenario)


# --- permissions ----------------------------------------------------------------------------------------------------

BODIES = {
    "select": {},
    "unselect": {},
    "slice": {},
    "analyse": {},
    "copy": {"destination": "c.gcode"},
    "move": {"destination": "m.gcode"},
    "uploadSd": {},
}
NEEDED = {
    "select": {"FILES_SELECT"},
    "unselect": {"FILES_SELECT"},
    "slice": {"SLICE"},
    "analyse": {"FILES_UPLOAD"},
    "copy": {"FILES_UPLOAD"},
    "move": {"FILES_UPLOAD", "FILES_DELETE"},
    "uploadSd": {"FILES_UPLOAD"},
}


@pytest.mark.parametrize("command", sorted(NEEDED))
def test_each_command_needs_its_permissions_and_no_others(tmp_path, monkeypatch, command):
    async def scenario(client, world):
        world.store("a.gcode")
        body = {"command": command, **BODIES[command]}
        for lacking in NEEDED[command]:
            monkeypatch.setattr("mrdraw.accounts.Identity.may", lambda _self, key, lacking=lacking: key != lacking)
            answer = await client.post(f"{LOCAL}/a.gcode", json=body)
            assert (answer.status_code, lacking in answer.json()["error"]) == (403, True)
        monkeypatch.setattr("mrdraw.accounts.Identity.may", lambda _self, key: key in NEEDED[command])
        assert (await client.post(f"{LOCAL}/a.gcode", json=body)).status_code != 403

    run(tmp_path, scenario)


# --- what is not there ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("command", "status"), [("slice", 415), ("analyse", 400), ("uploadSd", 400)])
def test_what_this_server_does_not_do(tmp_path, command, status):
    async def scenario(client, world):
        world.store("a.gcode")
        answer = await client.post(f"{LOCAL}/a.gcode", json={"command": command})
        assert (answer.status_code, len(answer.json()["error"]) > 20) == (status, True)
        assert (await client.post(f"{LOCAL}/none.gcode", json={"command": command})).status_code == 404
        unknown = await client.post(f"{LOCAL}/a.gcode", json={"command": "slice", "slicer": "cura"})
        assert (unknown.status_code, "'cura'" in unknown.json()["error"]) == (404, True)

    run(tmp_path, scenario)


@pytest.mark.parametrize("path", ["", "/a.gco", "/f/a.gco"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_there_is_no_card(tmp_path, method, path):
    async def scenario(client, world):
        answer = await client.request(method, f"{URL}/sdcard{path}")
        if (method, path) == ("GET", ""):
            assert (answer.status_code, answer.json()) == (200, {"files": []})
        else:
            expected = 405 if (method, path) == ("DELETE", "") else 404
            assert (answer.status_code, "error" in answer.json()) == (expected, True)

    run(tmp_path, scenario)


# --- names ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("folder", "name", "sanitized"),
    [("", "a?.gcode", "a.gcode"), ("f?/g", ".x y.g", "f/g/x y.g"), ("/f/", "Größe.gcode", "f/Größe.gcode")],
)
def test_how_a_name_is_stored(tmp_path, folder, name, sanitized):
    async def scenario(client, world):
        body = {"command": "sanitize", "storage": "local", "path": folder, "filename": name}
        answer = await client.post(f"{URL}/test", json=body)
        assert (answer.status_code, answer.json()) == (200, {"sanitized": sanitized})
        assert list(world.uploads.iterdir()) == []

    run(tmp_path, scenario)


def test_whether_a_name_is_taken(tmp_path):
    async def scenario(client, world):
        world.store("f/a.gcode")
        world.store("f/a_1.gcode")
        body = {"command": "exists", "storage": "local", "path": "f", "filename": "a.gcode"}
        answer = (await client.post(f"{URL}/test", json=body)).json()
        date = int((world.uploads / "f/a.gcode").stat().st_mtime)
        assert answer == {"exists": True, "suggestion": "a_2.gcode", "size": len(GCODE), "date": date}
        answer = await client.post(f"{URL}/test", json={**body, "filename": "b.gcode"})
        assert answer.json() == {"exists": False}

    run(tmp_path, scenario)


@pytest.mark.parametrize(
    "body",
    [
        {"command": "dance"},
        {"command": "exists", "storage": "local", "path": ""},
        {"command": "exists", "storage": "moon", "path": "", "filename": "a.gcode"},
        {"command": "exists", "storage": "local", "path": 5, "filename": "a.gcode"},
        {"command": "sanitize", "storage": "local", "path": "", "filename": "a/b.gcode"},
        {"command": "sanitize", "storage": "local", "path": "..", "filename": "a.gcode"},
        {"command": "sanitize", "storage": "local", "path": "", "filename": ""},
    ],
)
def test_questions_that_make_no_sense(tmp_path, body):
    async def scenario(client, world):
        answer = await client.post(f"{URL}/test", json=body)
        assert (answer.status_code, "error" in answer.json()) == (400, True)

    run(tmp_path, scenario)
