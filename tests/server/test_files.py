"""`/api/files` (contract, 5.3 and 5.5)."""

import hashlib
import os
import time

import pytest

from helpers_fleet import until
from helpers_hub import GCODE, READY, run
from mrdraw.events import name_of, payload_of
from mrdraw.library import Library
from mrdraw.link import messages as link
from mrdraw.link.messages import Job, JobFile, JobOutcome, MachineState

URL = "/api/files"
LOCAL = "/api/files/local"
OFFLINE = link.Snapshot(sequence=1)
SELECT = {"command": "select"}


def job_on(path):
    return Job(id="1", file=JobFile(name=path.rpartition("/")[2], path=path, display=path, source="/x", size=1))


def events_of(world):
    heard = []
    world.hub.bus.subscribe(lambda _machine, event: heard.append((name_of(event), payload_of(event))))
    return heard


def test_the_list(tmp_path):
    async def scenario(client, world):
        assert (await client.get(URL)).json()["files"] == []
        world.store("Größe 1.gcode")
        world.store("a/b/c.gco")
        world.store("a/notes.txt")
        world.store(".hidden.gcode")
        answer = await client.get(URL)
        assert answer.status_code == 200
        body = answer.json()
        assert 0 < body["free"] <= body["total"]
        file, folder = body["files"]
        assert file == {
            "name": "Größe 1.gcode", "display": "Größe 1.gcode", "path": "Größe 1.gcode",
            "type": "machinecode", "typePath": ["machinecode", "gcode"], "origin": "local",
            "size": len(GCODE), "date": file["date"],
            "refs": {
                "resource": "http://mrdraw/api/files/local/Gr%C3%B6%C3%9Fe%201.gcode",
                "download": "http://mrdraw/downloads/files/local/Gr%C3%B6%C3%9Fe%201.gcode",
            },
        }  # fmt: skip
        assert isinstance(file["date"], int)
        assert (folder["path"], folder["type"], folder["typePath"]) == ("a", "folder", ["folder"])
        assert (folder["size"], folder["children"]) == (len(GCODE), [])
        assert folder["refs"] == {"resource": "http://mrdraw/api/files/local/a"}
        assert (await client.get(LOCAL)).json()["files"] == body["files"]

    run(tmp_path, scenario)


def test_the_whole_tree(tmp_path):
    async def scenario(client, world):
        world.store("a/b/c.gco")
        (folder,) = (await client.get(URL, params={"recursive": "true"})).json()["files"]
        assert folder["children"][0]["children"][0]["path"] == "a/b/c.gco"

    run(tmp_path, scenario)


@pytest.mark.parametrize(("kind", "names"), [("gcode", ["a.g", "f"]), ("machinecode", ["a.g", "f"]), ("model", ["f"])])
def test_the_filter_keeps_folders(tmp_path, kind, names):
    async def scenario(client, world):
        world.store("a.g")
        world.store("f/b.g")
        files = (await client.get(URL, params={"filter": kind})).json()["files"]
        assert [each["name"] for each in files] == names

    run(tmp_path, scenario)


def test_no_card(tmp_path):
    async def scenario(client, world):
        assert (await client.get(f"{URL}/sdcard")).json() == {"files": []}
        assert (await client.post(f"{URL}/sdcard")).status_code == 404
        assert (await client.get(f"{URL}/sdcard/a.gco")).status_code == 404

    run(tmp_path, scenario)


def test_one_entry(tmp_path):
    async def scenario(client, world):
        world.store("a/b/c.gco")
        file = (await client.get(f"{LOCAL}/a/b/c.gco")).json()
        assert (file["name"], file["path"]) == ("c.gco", "a/b/c.gco")
        folder = (await client.get(f"{LOCAL}/a")).json()
        assert folder["children"][0]["refs"]["resource"] == "http://mrdraw/api/files/local/a/b"
        assert folder["children"][0]["children"] == []
        assert (await client.get("/api/files%2Flocal%2Fa%2Fb%2Fc.gco")).json() == file

    run(tmp_path, scenario)


@pytest.mark.parametrize(
    "path",
    ["local/none.gcode", "local/a.gcode/b", "local/.uploads", "local/", "local/%2e%2e/mrdraw.db", "local/x%00.g",
     "moon", "moon/a.gcode", "local/a.txt"],
)  # fmt: skip
def test_what_is_not_there(tmp_path, path):
    async def scenario(client, world):
        world.store("a.gcode")
        world.store("a.txt")
        for method in ("GET", "DELETE"):
            answer = await client.request(method, f"{URL}/{path}")
            assert (answer.status_code, "error" in answer.json()) == (404, True)

    run(tmp_path, scenario)


@pytest.mark.parametrize("path", ["", "/local", "/local/a.gcode", "/local/f"])
def test_who_has_the_newest_is_told_so(tmp_path, path):
    async def scenario(client, world):
        world.store("a.gcode")
        world.store("f/b.gcode")
        first = await client.get(URL + path)
        tag, date = first.headers["etag"], first.headers["last-modified"]
        assert first.headers["cache-control"] == "max-age=0"
        for headers in (
            {"If-None-Match": tag},
            {"If-Modified-Since": date},
            {"If-None-Match": f'"other", {tag}', "If-Modified-Since": date},
        ):
            known = await client.get(URL + path, headers=headers)
            assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", tag)
            assert (await client.get(URL + path, headers=headers, params={"force": "true"})).status_code == 200
            assert (await client.get(URL + path, headers=headers, params={"force": "false"})).status_code == 304
        for headers in (
            {"If-None-Match": '"other"', "If-Modified-Since": date},
            {"If-None-Match": tag, "If-Modified-Since": "Mon, 01 Jan 2001 00:00:00 GMT"},
            {"If-Modified-Since": "yesterday"},
        ):
            assert (await client.get(URL + path, headers=headers)).status_code == 200
        world.store("a.gcode", b"G28\n")
        world.store("f/b.gcode", b"G28\n")
        forced = await client.get(URL + path, headers={"If-None-Match": tag}, params={"force": "true"})
        changed = await client.get(URL + path, headers={"If-None-Match": tag})
        assert (changed.status_code, changed.headers["etag"] != tag) == (200, True)
        assert forced.headers["etag"] == changed.headers["etag"]

    run(tmp_path, scenario)


def test_reading_needs_the_permission(tmp_path):
    async def scenario(client, world):
        async with world.client() as nobody:
            for url in (URL, f"{LOCAL}/a.gcode", f"{URL}/moon"):
                assert (await nobody.get(url)).status_code == 401

    run(tmp_path, scenario)


def test_a_list_that_is_known_follows_what_happens(tmp_path, monkeypatch):
    async def scenario(client, world):
        monkeypatch.setattr("mrdraw.library.tree._SHARE", 1e6)
        reads = []
        read = Library.listing
        monkeypatch.setattr(Library, "listing", lambda library: reads.append(1) or read(library))

        async def names(**params):
            answer = await client.get(URL, params={"recursive": "true", **params})
            assert int(answer.headers["content-length"]) == len(answer.content)
            return [each["name"] for each in answer.json()["files"]]

        world.store("a.gcode")
        os.utime(world.uploads, (1e9, 1e9))
        assert await names() == await names() == ["a.gcode"]
        assert len(reads) == 1
        world.store("by hand.gcode")
        assert await names() == ["a.gcode", "by hand.gcode"]
        await client.post(LOCAL, files={"file": ("c.gcode", GCODE)})
        assert await names() == ["a.gcode", "by hand.gcode", "c.gcode"]
        await client.delete(f"{LOCAL}/a.gcode")
        assert await names() == ["by hand.gcode", "c.gcode"]
        (world.uploads / "c.gcode").write_bytes(b"other content")
        assert await names(force="true") == await names() == ["by hand.gcode", "c.gcode"]
        listed = (await client.get(URL)).json()["files"]
        assert listed[1]["size"] == len(b"other content")

    run(tmp_path, scenario)


def test_each_client_gets_the_addresses_that_it_uses(tmp_path):
    async def scenario(client, world):
        world.store("a.gcode")
        os.utime(world.uploads, (1e9, 1e9))
        for _ in range(2):
            for base, path, headers in (
                ("http://mrdraw", "", {}),
                ("http://printer.local:5000", "", {"Host": "printer.local:5000"}),
                ("http://mrdraw/machines/default", "/machines/default", {}),
                ("https://x.example/octo", "", {
                    "X-Forwarded-Host": "x.example, y", "X-Scheme": "https", "X-Script-Name": "/octo/",
                }),
            ):  # fmt: skip
                answer = await client.get(f"{path}{URL}", headers=headers)
                assert answer.json()["files"][0]["refs"]["resource"] == f"{base}/api/files/local/a.gcode"

    run(tmp_path, scenario)


def test_the_list_without_its_content(tmp_path):
    async def scenario(client, world):
        world.store("a.gcode")
        whole, head = await client.get(URL), await client.head(URL)
        assert (head.status_code, head.headers["etag"]) == (200, whole.headers["etag"])

    run(tmp_path, scenario)


def test_the_jobs_of_a_file_are_told_with_it(tmp_path):
    async def scenario(client, world):
        await client.post(LOCAL, files={"file": ("a.gcode", GCODE)}, data={"path": "f"})
        await client.post(LOCAL, files={"file": ("b.gcode", b"other")}, data={"path": "f"})
        os.utime(world.uploads / "f", (1e9, 1e9))
        os.utime(world.uploads, (1e9, 1e9))
        one, tree = f"{LOCAL}/f/a.gcode", {"recursive": "true"}
        answers = {url: await client.get(url, params=tree) for url in (URL, one)}
        assert answers[URL].json()["files"][0]["prints"] == {"success": 0, "failure": 0}
        assert not {"prints", "statistics"} & set(answers[one].json())
        assert (await client.post(one, json={"command": "select"})).status_code == 204
        assert (await client.get("/api/job")).json()["job"]["averagePrintTime"] is None
        heard = events_of(world)
        now = int(time.time()) + 100
        sha1 = hashlib.sha1(GCODE).hexdigest()
        file = JobFile(name="a.gcode", path="f/a.gcode", display="a.gcode", source="/x", size=1, sha1=sha1)
        for ended in (
            link.JobEnded(id="1", file=file, outcome=JobOutcome.DONE, ended_at=now - 1, print_time=60.0),
            link.JobEnded(id="2", file=file, outcome=JobOutcome.CANCELLED, ended_at=now, print_time=3.0),
            link.JobEnded(id="2", file=file, outcome=JobOutcome.CANCELLED, ended_at=now, print_time=3.0),
        ):
            world.host.tell(ended)
        await until(lambda: len(heard) == 2)
        assert heard == [("MetadataStatisticsUpdated", {"storage": "local", "path": "f/a.gcode"})] * 2
        prints = {"success": 1, "failure": 1, "last": {"date": now, "success": False}}
        for url, before in answers.items():
            for name, kind in (("If-None-Match", "etag"), ("If-Modified-Since", "last-modified")):
                changed = await client.get(url, params=tree, headers={name: before.headers[kind]})
                assert changed.status_code == 200
        assert (await client.get(URL, params=tree)).json()["files"][0]["prints"] == prints
        assert (await client.get(URL)).json()["files"][0]["prints"] == prints
        entry = (await client.get(one)).json()
        assert entry["prints"] == prints
        profile = {"_default": 60.0}
        assert entry["statistics"] == {"averagePrintTime": profile, "lastPrintTime": profile}
        job = (await client.get("/api/job")).json()["job"]
        assert (job["averagePrintTime"], job["lastPrintTime"]) == (60.0, 60.0)

    run(tmp_path, scenario)


def test_reading_repairs_no_name(tmp_path):
    async def scenario(client, world):
        world.store("a?.gcode")
        world.store("b.gcode")
        (entry, _) = (await client.get(URL)).json()["files"]
        assert entry["name"] == "a?.gcode"
        assert (await client.get(entry["refs"]["resource"])).json() == entry
        assert (await client.get(entry["refs"]["download"])).content == GCODE
        for path in ("b%3F.gcode", "%20b.gcode", "b.gcode%20", "%252e%252e/b.gcode", "b%252egcode"):
            assert (await client.get(f"{LOCAL}/{path}")).status_code == 404
        assert sorted(path.name for path in world.uploads.iterdir()) == ["a?.gcode", "b.gcode"]

    run(tmp_path, scenario)


# --- select and unselect --------------------------------------------------------------------------------------------


def test_select_and_unselect(tmp_path):
    async def scenario(client, world):
        world.store("f/a.gcode")
        answer = await client.post(f"{LOCAL}/f/a.gcode", json=SELECT)
        assert (answer.status_code, answer.content) == (204, b"")
        assert world.machine.selected.path == "f/a.gcode"
        assert world.asked(link.StartJob) == []
        other = await client.post(f"{LOCAL}/b.gcode", json={"command": "unselect"})
        assert (other.status_code, "f/a.gcode" in other.json()["error"]) == (400, True)
        assert (await client.post(f"{LOCAL}/current", json={"command": "unselect"})).status_code == 204
        assert world.machine.selected is None
        assert (await client.post(f"{LOCAL}/current", json={"command": "unselect"})).status_code == 409

    run(tmp_path, scenario)


def test_select_and_print(tmp_path):
    async def scenario(client, world):
        world.store("a.gcode")
        assert (await client.post(f"{LOCAL}/a.gcode", json={**SELECT, "print": True})).status_code == 204
        (asked,) = world.asked(link.StartJob)
        assert (asked.job.file.path, asked.job.file.user) == ("a.gcode", "ann")

    run(tmp_path, scenario)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("none.gcode", SELECT, 404),
        ("f", SELECT, 404),
        ("a.gcode", {"command": "dance"}, 400),
        ("a.gcode", {}, 400),
    ],
)
def test_commands_that_are_refused(tmp_path, path, body, status):
    async def scenario(client, world):
        world.store("a.gcode")
        world.store("f/b.gcode")
        answer = await client.post(f"{LOCAL}/{path}", json=body)
        assert (answer.status_code, "error" in answer.json()) == (status, True)

    run(tmp_path, scenario)


@pytest.mark.parametrize("body", [SELECT, {"command": "unselect"}])
def test_commands_need_a_ready_machine(tmp_path, body):
    async def scenario(client, world):
        world.store("a.gcode")
        assert (await client.post(f"{LOCAL}/a.gcode", json=body)).status_code == 409
        await world.tell(state=MachineState.PRINTING, job=job_on("a.gcode"))
        assert (await client.post(f"{LOCAL}/a.gcode", json=body)).status_code == 409

    run(tmp_path, scenario, OFFLINE)


def test_commands_need_the_permission(tmp_path):
    async def scenario(client, world):
        world.store("a.gcode")
        assert (await client.post(f"{LOCAL}/a.gcode", json=SELECT)).status_code == 403
        assert (await client.delete(f"{LOCAL}/a.gcode")).status_code == 403
        assert (await client.get(f"{LOCAL}/a.gcode")).status_code == 200

    run(tmp_path, scenario, OFFLINE, user="rita")


# --- delete ---------------------------------------------------------------------------------------------------------


def test_delete_a_file(tmp_path):
    async def scenario(client, world):
        world.store("f/a.gcode")
        await world.machine.select("f/a.gcode", "ann")
        heard = events_of(world)
        answer = await client.delete(f"{LOCAL}/f/a.gcode")
        assert (answer.status_code, answer.content) == (204, b"")
        assert heard[:2] == [
            (
                "FileRemoved",
                {"storage": "local", "path": "f/a.gcode", "name": "a.gcode", "type": ["machinecode", "gcode"],
                 "operation": "remove"},
            ),
            ("UpdatedFiles", {"type": "printables"}),
        ]  # fmt: skip
        assert (await client.get(f"{LOCAL}/f/a.gcode")).status_code == 404
        assert (await client.get("/api/job")).json()["job"]["file"]["path"] is None
        assert (await client.delete(f"{LOCAL}/f/a.gcode")).status_code == 404

    run(tmp_path, scenario)


def test_delete_a_folder(tmp_path):
    async def scenario(client, world):
        world.store("f/g/a.gcode")
        world.store("fg.gcode")
        heard = events_of(world)
        assert (await client.delete(f"{LOCAL}/f")).status_code == 204
        assert heard[0] == ("FolderRemoved", {"storage": "local", "path": "f", "name": "f"})
        assert [each["path"] for each in (await client.get(URL)).json()["files"]] == ["fg.gcode"]

    run(tmp_path, scenario)


@pytest.mark.parametrize("path", ["f/a.gcode", "f"])
def test_what_is_being_printed_stays(tmp_path, path):
    async def scenario(client, world):
        world.store("f/a.gcode")
        world.store("f/b.gcode")
        await world.tell(state=MachineState.PAUSED, job=job_on("f/a.gcode"))
        answer = await client.delete(f"{LOCAL}/{path}")
        assert (answer.status_code, "printed" in answer.json()["error"]) == (409, True)
        assert (world.uploads / "f/a.gcode").read_bytes() == GCODE
        assert (await client.delete(f"{LOCAL}/f/b.gcode")).status_code == 204

    run(tmp_path, scenario, READY)


def test_the_hash_is_told_where_it_is_known(tmp_path):
    async def scenario(client, world):
        await client.post(LOCAL, files={"file": ("a.gcode", GCODE)}, data={"userdata": '{"for": "me"}'})
        entry = (await client.get(f"{LOCAL}/a.gcode")).json()
        assert entry["hash"] == hashlib.sha1(GCODE).hexdigest()
        assert (entry["user"], entry["userdata"]) == ("ann", {"for": "me"})

    run(tmp_path, scenario)
