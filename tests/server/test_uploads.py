"""`POST /api/files/local` (contract, 5.4)."""

import pytest

from helpers_hub import GCODE, READY, run
from mrdraw.errors import DiskFull
from mrdraw.events import name_of, payload_of
from mrdraw.link import messages as link
from mrdraw.link.messages import Job, JobFile, MachineState
from mrdraw.server.multipart import names_of

LOCAL = "/api/files/local"
OFFLINE = link.Snapshot(sequence=1)
FILE = {"file": ("a.gcode", GCODE)}
BOUNDARY = "limit"
HEADERS = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


def part(name, content, filename=None):
    extra = "" if filename is None else f'; filename="{filename}"'
    content = content if isinstance(content, bytes) else content.encode()
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{extra}\r\nContent-Type: text/plain\r\n\r\n'
    return head.encode() + content + b"\r\n"


def form(*parts):
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def events_of(world):
    heard = []
    world.hub.bus.subscribe(lambda _machine, event: heard.append((name_of(event), payload_of(event))))
    return heard


def stored(world):
    world.services.library.settle()
    return sorted(str(path.relative_to(world.uploads)) for path in world.uploads.rglob("*") if path.is_file())


def job_on(path):
    return Job(id="1", file=JobFile(name=path, path=path, display=path, source="/x", size=1))


def test_a_file(tmp_path):
    async def scenario(client, world):
        heard = events_of(world)
        answer = await client.post(LOCAL, files={"file": ("Größe?.gcode", GCODE)}, data={"path": "new/folder"})
        address = "http://mrdraw/api/files/local/new/folder/Gr%C3%B6%C3%9Fe.gcode"
        assert (answer.status_code, answer.headers["location"]) == (201, address)
        assert answer.json() == {
            "files": {"local": {
                "name": "Größe.gcode", "path": "new/folder/Größe.gcode", "origin": "local",
                "refs": {"resource": address, "download": address.replace("/api/", "/downloads/")},
            }},
            "done": True, "effectiveSelect": False, "effectivePrint": False,
        }  # fmt: skip
        assert (world.uploads / "new/folder/Größe.gcode").read_bytes() == GCODE
        assert (await client.get(address)).json()["display"] == "Größe?.gcode"
        file = {"path": "new/folder/Größe.gcode", "name": "Größe.gcode"}
        assert heard == [
            ("FolderAdded", {"storage": "local", "path": "new", "name": "new"}),
            ("FolderAdded", {"storage": "local", "path": "new/folder", "name": "folder"}),
            ("FileAdded", {"storage": "local", **file, "type": ["machinecode", "gcode"], "operation": "add"}),
            ("UpdatedFiles", {"type": "printables"}),
            ("Upload", {**file, "target": "local", "select": False, "print": False,
                        "effective_select": False, "effective_print": False}),
        ]  # fmt: skip

    run(tmp_path, scenario)


def test_through_a_machine_and_a_proxy(tmp_path):
    async def scenario(client, world):
        headers = {"Host": "printer.example:8443"}
        answer = await client.post(f"/machines/default{LOCAL}", files=FILE, headers=headers)
        assert answer.status_code == 201
        assert answer.headers["location"] == "http://printer.example:8443/machines/default/api/files/local/a.gcode"

    run(tmp_path, scenario)


@pytest.mark.parametrize(
    ("filename", "fields", "path"),
    [
        ("f/a.gcode", {}, "f/a.gcode"),
        ("f/a.gcode", {"path": ""}, "f/a.gcode"),
        ("f/a.gcode", {"path": "g"}, "g/a.gcode"),
        ("a.gcode", {"path": "/g//h/"}, "g/h/a.gcode"),
        ("a.stl", {"filename": "b.gcode"}, "b.gcode"),
        ("a.gcode", {"filename": "f/b.gcode", "path": "g"}, "g/b.gcode"),
        (".a.gcode", {"unknown": "x"}, "a.gcode"),
    ],
)
def test_where_it_goes(tmp_path, filename, fields, path):
    async def scenario(client, world):
        body = [part(name, value) for name, value in fields.items()]
        file = part("file", GCODE, filename)
        for order in ([*body, file], [file, *body]):
            answer = await client.post(LOCAL, content=form(*order), headers=HEADERS)
            assert (answer.status_code, answer.json()["files"]["local"]["path"]) == (201, path)
        assert stored(world) == [path]

    run(tmp_path, scenario)


def test_parts_in_pieces_and_without_a_length(tmp_path):
    content = bytes(range(256)) * 9000 + f"\r\n--{BOUNDARY}x".encode()
    body = form(part("print", "false"), part("file", content, "a.gcode"), part("select", "false"))

    async def pieces():
        for start in range(0, len(body), 7919):
            yield body[start : start + 7919]

    async def scenario(client, world):
        answer = await client.post(LOCAL, content=pieces(), headers=HEADERS)
        assert answer.status_code == 201
        assert (world.uploads / "a.gcode").read_bytes() == content

    run(tmp_path, scenario)


def test_every_byte_on_its_own(tmp_path):
    body = form(part("path", "f"), part("file", GCODE, "ä.gcode"))

    async def pieces():
        for index in range(len(body)):
            yield body[index : index + 1]

    async def scenario(client, world):
        assert (await client.post(LOCAL, content=pieces(), headers=HEADERS)).status_code == 201
        assert stored(world) == ["f/ä.gcode"]

    run(tmp_path, scenario)


def test_of_several_the_last_counts_and_only_the_one_named_file(tmp_path):
    async def scenario(client, world):
        body = form(
            part("path", "f"), part("file", "first", "a.gcode"), part("thumbnail", "stray", "b.gcode"),
            part("file", "second", "c.gcode"), part("path", "g"), part("file", "", ""),
        )  # fmt: skip
        answer = await client.post(LOCAL, content=body, headers=HEADERS)
        assert answer.status_code == 201
        assert stored(world) == ["g/c.gcode"]
        assert (world.uploads / "g/c.gcode").read_bytes() == b"second"

    run(tmp_path, scenario)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (form(part("file", GCODE, "a.gcode"))[:-6], 400),
        (part("file", GCODE, "a.gcode"), 400),
        (b"", 400),
        (b"nonsense", 400),
        (form(part("select", "true")), 400),
        (form(part("file", GCODE)), 400),
        (form(part("other", GCODE, "a.gcode")), 400),
        (form(part("file", GCODE, "")), 400),
        (form(part("file", GCODE, "f/")), 400),
        (form(part("file", GCODE, "..")), 400),
        (form(part("path", "../out"), part("file", GCODE, "a.gcode")), 400),
        (form(part("file", GCODE, "a.gcode"), part("path", "../out")), 400),
        (form(part("file", GCODE, "a.gcode"), part("userdata", "{")), 400),
        (form(part("file", GCODE, "a.stl")), 415),
        (form(part("file", GCODE, "gcode")), 415),
        (form(*[part("x", "y")] * 101), 400),
        (form(part("file.path", "/etc/passwd"), part("file", GCODE, "a.gcode")), 400),
        (form(part("userdata", "x" * 200_000), part("file", GCODE, "a.gcode")), 413),
    ],
)
def test_forms_that_are_refused_leave_nothing(tmp_path, body, status):
    async def scenario(client, world):
        answer = await client.post(LOCAL, content=body, headers=HEADERS)
        assert (answer.status_code, "error" in answer.json()) == (status, True)
        assert stored(world) == []

    run(tmp_path, scenario)


@pytest.mark.parametrize(
    ("kind", "status"),
    [("application/json", 400), ("multipart/form-data", 400), (f"multipart/form-data; boundary={'x' * 9999}", 400)],
)
def test_content_types_that_are_refused(tmp_path, kind, status):
    async def scenario(client, world):
        answer = await client.post(LOCAL, content=form(), headers={"Content-Type": kind})
        assert (answer.status_code, "error" in answer.json()) == (status, True)

    run(tmp_path, scenario)


def test_too_large(tmp_path):
    async def chunked():
        yield form(part("file", b"x" * 3_000_000, "a.gcode"))

    async def scenario(client, world):
        world.services.settings.update({"server": {"uploads": {"maxSize": 2_000_000}}})
        assert (await client.post(LOCAL, files={"file": ("a.gcode", b"x" * 3_000_000)})).status_code == 413
        assert (await client.post(LOCAL, content=chunked(), headers=HEADERS)).status_code == 413
        assert stored(world) == []
        assert (await client.post(LOCAL, files={"file": ("a.gcode", b"x" * 1_000_000)})).status_code == 201

    run(tmp_path, scenario)


def test_a_full_disk(tmp_path, monkeypatch):
    def full(_upload, _content):
        raise DiskFull("There is no space left.")

    async def scenario(client, world):
        monkeypatch.setattr("mrdraw.library.upload.Upload._write", full)
        assert (await client.post(LOCAL, files=FILE)).status_code == 507
        assert stored(world) == []

    run(tmp_path, scenario)


# --- overwriting ----------------------------------------------------------------------------------------------------


def test_overwriting_is_the_default(tmp_path):
    async def scenario(client, world):
        world.store("a.gcode", b"old")
        refused = await client.post(LOCAL, files=FILE, data={"noOverwrite": "true"})
        assert (refused.status_code, (world.uploads / "a.gcode").read_bytes()) == (409, b"old")
        assert (await client.post(LOCAL, files=FILE)).status_code == 201
        assert (world.uploads / "a.gcode").read_bytes() == GCODE

    run(tmp_path, scenario)


def test_overwriting_needs_the_permission_to_delete(tmp_path, monkeypatch):
    async def scenario(client, world):
        allowed = type(world.services.accounts.identify_key(world.key("ann"))).may
        monkeypatch.setattr(
            "mrdraw.accounts.Identity.may", lambda self, key, on=None: key != "FILES_DELETE" and allowed(self, key, on)
        )
        world.store("a.gcode", b"old")
        assert (await client.post(LOCAL, files=FILE)).status_code == 403
        assert (await client.post(LOCAL, files={"file": ("b.gcode", GCODE)})).status_code == 201
        assert (world.uploads / "a.gcode").read_bytes() == b"old"

    run(tmp_path, scenario)


def test_a_folder_is_in_the_way(tmp_path):
    async def scenario(client, world):
        world.store("a.gcode/b.gcode")
        assert (await client.post(LOCAL, files=FILE)).status_code == 409
        assert stored(world) == ["a.gcode/b.gcode"]

    run(tmp_path, scenario)


@pytest.mark.parametrize("path_first", [True, False])
def test_what_is_being_printed_is_not_replaced(tmp_path, path_first):
    async def scenario(client, world):
        world.store("f/a.gcode", b"old")
        await world.tell(state=MachineState.PRINTING, job=job_on("f/a.gcode"))
        parts = [part("path", "f"), part("file", GCODE, "a.gcode")]
        body = form(*(parts if path_first else reversed(parts)))
        assert (await client.post(LOCAL, content=body, headers=HEADERS)).status_code == 409
        assert stored(world) == ["f/a.gcode"]
        assert (world.uploads / "f/a.gcode").read_bytes() == b"old"
        assert (await client.post(LOCAL, files=FILE)).status_code == 201

    run(tmp_path, scenario)


@pytest.mark.parametrize("early", ["query", "path"])
def test_refused_before_the_content_where_the_place_is_known(tmp_path, early):
    sent = []

    async def pieces():
        yield part("path", "f")
        yield part("file", GCODE, "a.gcode")
        sent.append("more")
        yield form()

    async def scenario(client, world):
        world.store("f/a.gcode", b"old")
        await world.tell(state=MachineState.PRINTING, job=job_on("f/a.gcode"))
        query = {"path": "f", "filename": "a.gcode"} if early == "query" else {}
        assert (await client.post(LOCAL, content=pieces(), headers=HEADERS, params=query)).status_code == 409
        assert sent == []

    run(tmp_path, scenario)


@pytest.mark.parametrize("snapshot", [READY, OFFLINE])
def test_a_selected_file_that_is_replaced_stays_selected(tmp_path, snapshot):
    async def scenario(client, world):
        world.store("a.gcode", b"old")
        world.machine.restore_selection("a.gcode")
        assert (await client.post(LOCAL, files=FILE)).status_code == 201
        assert world.machine.selected.size == len(GCODE)
        assert world.asked(link.StartJob) == []

    run(tmp_path, scenario, snapshot)


# --- select and print -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "select", "start"),
    [
        ({"select": "true"}, True, False),
        ({"print": "true"}, False, True),
        ({"select": "Yes", "print": "1"}, True, True),
        ({"select": "false", "print": "no"}, False, False),
    ],
)
def test_select_and_print(tmp_path, fields, select, start):
    async def scenario(client, world):
        heard = events_of(world)
        answer = (await client.post(LOCAL, files=FILE, data=fields)).json()
        assert (answer["effectiveSelect"], answer["effectivePrint"]) == (select, start)
        assert (world.machine.selected is not None) == (select or start)
        assert [each.job.file.path for each in world.asked(link.StartJob)] == ["a.gcode"] * start
        told = dict(heard)["Upload"]
        assert (told["effective_select"], told["effective_print"]) == (select, start)

    run(tmp_path, scenario)


BOTH = {"select": "true", "print": "true"}


@pytest.mark.parametrize("state", [MachineState.OFFLINE, MachineState.PRINTING])
def test_a_machine_that_is_not_ready_only_stores(tmp_path, state):
    async def scenario(client, world):
        await world.tell(state=state, job=job_on("other.gcode") if state is MachineState.PRINTING else None)
        answer = await client.post(LOCAL, files=FILE, data=BOTH)
        assert answer.status_code == 201
        assert (answer.json()["effectiveSelect"], answer.json()["effectivePrint"]) == (False, False)
        assert world.asked(link.StartJob) == []

    run(tmp_path, scenario)


def test_who_may_not_print_only_stores(tmp_path, monkeypatch):
    async def scenario(client, world):
        allowed = type(world.services.accounts.identify_key(world.key("ann"))).may
        lacking = {"PRINT", "FILES_SELECT"}
        monkeypatch.setattr(
            "mrdraw.accounts.Identity.may", lambda self, key, on=None: key not in lacking and allowed(self, key, on)
        )
        answer = (await client.post(LOCAL, files=FILE, data=BOTH)).json()
        assert (answer["effectiveSelect"], answer["effectivePrint"]) == (False, False)
        assert world.machine.selected is None

    run(tmp_path, scenario)


def test_uploading_needs_the_permission(tmp_path):
    async def scenario(client, world):
        assert (await client.post(LOCAL, files=FILE)).status_code == 403
        async with world.client() as nobody:
            assert (await nobody.post(LOCAL, files=FILE)).status_code == 401
            form_key = await nobody.post(LOCAL, files=FILE, data={"apikey": world.key("ann")})
            assert form_key.status_code == 201
        assert stored(world) == ["a.gcode"]

    run(tmp_path, scenario, user="rita")


# --- folders --------------------------------------------------------------------------------------------------------


def test_make_a_folder(tmp_path):
    async def scenario(client, world):
        heard = events_of(world)
        answer = await client.post(LOCAL, files={"foldername": (None, "néw"), "path": (None, "f")})
        address = "http://mrdraw/api/files/local/f/n%C3%A9w"
        assert (answer.status_code, answer.headers["location"]) == (201, address)
        assert answer.json() == {
            "folder": {"name": "néw", "path": "f/néw", "origin": "local", "refs": {"resource": address}},
            "done": True,
        }
        assert [name for name, _ in heard] == ["FolderAdded", "FolderAdded", "UpdatedFiles"]
        again = await client.post(LOCAL, files={"foldername": (None, "néw"), "path": (None, "f")})
        assert (again.status_code, again.json()) == (201, answer.json())
        assert len(heard) == 3

    run(tmp_path, scenario)


@pytest.mark.parametrize(("name", "status"), [("", 400), ("..", 400), ("/", 400), ("a.gcode", 409), ("x", 409)])
def test_folders_that_are_refused(tmp_path, name, status):
    async def scenario(client, world):
        (world.uploads / "x").write_bytes(b"")
        answer = await client.post(LOCAL, files={"foldername": (None, name)})
        assert (answer.status_code, "error" in answer.json()) == (status, True)

    run(tmp_path, scenario)


# --- names in the form ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("disposition", "filename"),
    [
        (b'form-data; name="file"; filename="a b.gcode"', "a b.gcode"),
        ('form-data; name="file"; filename="ä.g"'.encode(), "ä.g"),
        ('form-data; name="file"; filename="ä.g"'.encode("latin-1"), "ä.g"),
        (b'form-data; name="file"; filename="x.g"; filename*=UTF-8\'\'%C3%A4.g', "ä.g"),
        (b"form-data; name=\"file\"; filename*=iso-8859-1'de'%E4.g; filename=x.g", "ä.g"),
        (b'form-data; name="file"; filename="x.g"; filename*=moon\'\'%C3%A4.g', "x.g"),
        (b'form-data; name="file"; filename="; filename*=UTF-8\'\'y.g"', "; filename*=UTF-8''y.g"),
        (b'form-data; name="file"', None),
    ],
)
def test_the_name_of_a_file(disposition, filename):
    assert names_of(disposition) == ("file", filename)
