"""`/downloads/files/local` (contract, section 10)."""

import pytest

from helpers_hub import GCODE, run
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
        assert headers["content-disposition"] == "attachment; filename=\"a b.gcode\"; filename*=UTF-8''a%20b.gcode"
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
        == "attachment; filename=\"a____; x=_\"; filename*=UTF-8''a%22%5C%0D%0A%3B%20x%3D%C3%A9"
    )
