"""`/downloads/files/local` (contract, section 10)."""

import io
import os
import zipfile

import pytest

from helpers_hub import GCODE, run
from mrdraw.server import archives
from mrdraw.server.downloads import disposition

URL = "/downloads/files/local"


def test_a_file(tmp_path):
    async def scenario(client, world):
        world.store("f/a b.gcode")
        answer = await client.get(f"{URL}/f/a%20b.gcode")
        assert (answer.status_code, answer.content) == (200, GCODE)
        headers = answer.headers
        assert headers["content-type"].startswith("text/plain")
        assert headers["content-length"] == headers["x-original-content-length"] == str(len(GCODE))
        assert headers["cache-control"] == "max-age=0, must-revalidate, private"
        assert headers["content-disposition"] == "attachment; filename=\"a%20b.gcode\"; filename*=UTF-8''a%20b.gcode"
        assert headers["accept-ranges"] == "bytes"
        head = await client.head(f"{URL}/f/a%20b.gcode")
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers == headers

    run(tmp_path, scenario)


def test_an_upload_comes_back_under_the_name_it_had(tmp_path):
    async def scenario(client, world):
        answer = await client.post("/api/files/local", files={"file": ("Größe?.gcode", GCODE)})
        answer = await client.get(answer.json()["files"]["local"]["refs"]["download"])
        assert answer.content == GCODE
        assert "filename*=UTF-8''Gr%C3%B6%C3%9Fe%3F.gcode" in answer.headers["content-disposition"]

    run(tmp_path, scenario)


@pytest.mark.parametrize(
    ("asked", "status", "content"),
    [
        ("bytes=0-3", 206, GCODE[:4]),
        ("bytes=4-", 206, GCODE[4:]),
        ("bytes=-4", 206, GCODE[-4:]),
        ("bytes=900-", 416, None),
    ],
)
def test_a_part(tmp_path, asked, status, content):
    async def scenario(client, world):
        world.store("a.gcode")
        answer = await client.get(f"{URL}/a.gcode", headers={"Range": asked})
        assert answer.status_code == status
        if content is not None:
            assert answer.content == content
            assert answer.headers["content-range"].endswith(f"/{len(GCODE)}")
        other = await client.get(f"{URL}/a.gcode", headers={"Range": asked, "If-Range": '"another version"'})
        assert (other.status_code, other.content) == (200, GCODE)

    run(tmp_path, scenario)


@pytest.mark.parametrize(("asked", "status"), [("bytes=900-", 416), ("bytes=x", 400), ("lines=1-2", 400)])
def test_a_part_that_cannot_be_given(tmp_path, asked, status):
    async def scenario(client, world):
        world.store("a.gcode")
        answer = await client.get(f"{URL}/a.gcode", headers={"Range": asked})
        assert answer.status_code == status
        assert "Range" in answer.json()["error"]
        assert answer.headers.get("content-range") == (f"bytes */{len(GCODE)}" if status == 416 else None)

    run(tmp_path, scenario)


def test_who_has_the_newest_is_told_so(tmp_path):
    async def scenario(client, world):
        world.store("a.gcode")
        headers = (await client.get(f"{URL}/a.gcode")).headers
        for known in ({"If-None-Match": headers["etag"]}, {"If-Modified-Since": headers["last-modified"]}):
            answer = await client.get(f"{URL}/a.gcode", headers=known)
            assert (answer.status_code, answer.content) == (304, b"")
        world.store("a.gcode", b"G28\n")
        answer = await client.get(f"{URL}/a.gcode", headers={"If-None-Match": headers["etag"]})
        assert (answer.status_code, answer.content) == (200, b"G28\n")

    run(tmp_path, scenario)


@pytest.mark.parametrize("path", ["none.gcode", "f", "a.txt", ".h.gcode", "%2e%2e/mrdraw.db", "link.gcode", ""])
def test_what_cannot_be_had(tmp_path, path):
    async def scenario(client, world):
        world.store("f/a.gcode")
        world.store("a.txt")
        world.store(".h.gcode")
        (tmp_path / "secret.gcode").write_bytes(b"secret")
        (world.uploads / "link.gcode").symlink_to(tmp_path / "secret.gcode")
        assert (await client.get(f"{URL}/{path}")).status_code == 404

    run(tmp_path, scenario)


def test_who_may_not(tmp_path, monkeypatch):
    async def scenario(client, world):
        world.store("a.gcode")
        async with world.client() as nobody:
            assert (await nobody.get(f"{URL}/a.gcode")).status_code == 401
        monkeypatch.setattr("mrdraw.accounts.Identity.may", lambda _self, key: key != "FILES_DOWNLOAD")
        assert (await client.get(f"{URL}/a.gcode")).status_code == 403

    run(tmp_path, scenario)


def test_a_name_cannot_break_the_header():
    assert (
        disposition('a"\\\r\n; x=é')
        == "attachment; filename=\"a%22%5C%0D%0A%3B%20x%3D%C3%A9\"; filename*=UTF-8''a%22%5C%0D%0A%3B%20x%3D%C3%A9"
    )


# --- several in one archive -----------------------------------------------------------------------------------------

WANTED = ["a.gcode", "f"]


def unpacked(answer):
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    return {each.filename: archive.read(each) for each in archive.infolist()}


@pytest.mark.parametrize(
    ("method", "options"),
    [
        ("GET", {"params": {"files": WANTED}}),
        ("POST", {"params": {"files": WANTED}}),
        ("POST", {"data": {"files": WANTED}}),
        ("POST", {"files": [("files", (None, path)) for path in WANTED]}),
        ("POST", {"json": {"files": WANTED}}),
        ("POST", {"json": WANTED}),
        ("POST", {"params": {"files": "f"}, "json": {"files": ["a.gcode", "f/g/Größe.gcode", "f"]}}),
    ],
)
def test_several_files_in_one_archive(tmp_path, method, options):
    async def scenario(client, world):
        world.store("a.gcode")
        world.store("f/g/Größe.gcode", b"G1 X1\n" * 100_000)
        world.store("f/notes.txt")
        world.store("f/.hidden.gcode")
        world.store("other.gcode")
        (world.uploads / "f/link.gcode").symlink_to(world.uploads / "a.gcode")
        answer = await client.request(method, URL, **options)
        assert unpacked(answer) == {"a.gcode": GCODE, "f/g/Größe.gcode": b"G1 X1\n" * 100_000}
        assert answer.headers["content-disposition"].startswith('attachment; filename="files.zip"')
        assert len(answer.content) < 100_000

    run(tmp_path, scenario)


def test_an_archive_keeps_the_times(tmp_path):
    async def scenario(client, world):
        world.store("a.gcode")
        os.utime(world.uploads / "a.gcode", (0, 0))
        world.store("b.gcode")
        os.utime(world.uploads / "b.gcode", (1e9, 1e9))
        answer = await client.get(URL, params={"files": ["a.gcode", "b.gcode"]})
        times = [each.date_time[0] for each in zipfile.ZipFile(io.BytesIO(answer.content)).infolist()]
        assert times == [1980, 2001]

    run(tmp_path, scenario)


def test_the_head_of_an_archive_packs_nothing(tmp_path, monkeypatch):
    async def scenario(client, world):
        world.store("a.gcode")
        monkeypatch.setattr("mrdraw.server.downloads.packed", lambda _: pytest.fail("it was packed"))
        answer = await client.head(URL, params={"files": "a.gcode"})
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")

    run(tmp_path, scenario)


@pytest.mark.parametrize(
    ("method", "options", "status"),
    [
        ("GET", {}, 400),
        ("POST", {}, 400),
        ("POST", {"json": {"files": "a.gcode"}}, 400),
        ("POST", {"json": {"files": [5]}}, 400),
        ("POST", {"json": 5}, 400),
        ("POST", {"json": {}}, 400),
        ("POST", {"json": []}, 400),
        ("POST", {"data": {"other": "a.gcode"}}, 400),
        ("POST", {"content": b"files=%ff\xff", "headers": {"Content-Type": "application/x-www-form-urlencoded"}}, 400),
        ("GET", {"params": {"files": ["a.gcode", "none.gcode"]}}, 404),
        ("GET", {"params": {"files": "../mrdraw.db"}}, 404),
        ("GET", {"params": {"files": ""}}, 404),
        ("GET", {"params": {"files": "empty"}}, 404),
        ("POST", {"json": {"files": ["a.gcode"] * 20_000}}, 413),
    ],
)
def test_archives_that_are_refused(tmp_path, method, options, status):
    async def scenario(client, world):
        world.store("a.gcode")
        (world.uploads / "empty").mkdir()
        answer = await client.request(method, URL, **options)
        assert (answer.status_code, "error" in answer.json()) == (status, True)

    run(tmp_path, scenario)


@pytest.mark.parametrize(("limit", "most"), [("MOST_ENTRIES", 2), ("MOST_BYTES", 2 * len(GCODE))])
def test_archives_are_bounded(tmp_path, monkeypatch, limit, most):
    async def scenario(client, world):
        monkeypatch.setattr(archives, limit, most)
        for name in "abc":
            world.store(f"f/{name}.gcode")
        assert (await client.get(URL, params={"files": "f"})).status_code == 413
        (world.uploads / "f/c.gcode").unlink()
        assert (await client.get(URL, params={"files": "f"})).status_code == 200

    run(tmp_path, scenario)


def test_an_archive_is_made_in_pieces(tmp_path):
    source = tmp_path / "a.gcode"
    with source.open("wb") as file:
        file.truncate(50_000_000)
    members = [archives.Member(source, "a.gcode", 50_000_000, 0)]
    longest = pieces = 0
    for piece in archives.packed(members):
        longest, pieces = max(longest, len(piece)), pieces + 1
    assert (longest < 300_000, pieces > 100) == (True, True)


def test_a_file_that_goes_leaves_no_archive_that_looks_whole(tmp_path):
    source = tmp_path / "a.gcode"
    source.write_bytes(GCODE)
    members = [archives.Member(path, path.name, len(GCODE), 0) for path in (source, tmp_path / "gone.gcode")]
    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile(io.BytesIO(b"".join(archives.packed(members))))
