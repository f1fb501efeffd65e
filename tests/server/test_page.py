"""The page: its frame, its assets and what a browser may keep of them."""

import asyncio
import json
import os
import re
from dataclasses import replace

import pytest

from helpers_hub import world
from mrdraw import __version__
from mrdraw.server import page_files
from mrdraw.server.app import create_app
from mrdraw.server.page_files import PageFiles, accepted_encodings

FRAME = '<!doctype html><title>x</title><!--mrdraw-state--><script src="./assets/index-AbC1.js"></script>'
STATE = re.compile(r'<script type="application/json" id="mrdraw-state">(.*?)</script>')


def build(folder):
    """A page as the build leaves it."""
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(FRAME, encoding="utf-8")
    (folder / "favicon.svg").write_text("<svg/>", encoding="utf-8")
    (folder / "manifest.webmanifest").write_text("{}", encoding="utf-8")
    (folder / "icon-192.png").write_bytes(b"png")
    (folder / "assets" / "index-AbC1.js").write_text("plain", encoding="utf-8")
    (folder / "assets" / "index-AbC1.js.br").write_bytes(b"as brotli")
    (folder / "assets" / "index-AbC1.js.gz").write_bytes(b"as gzip")
    (folder / "assets" / "index.css").write_text("a{}", encoding="utf-8")


def serving(tmp_path, scenario, *, built=True):
    """Run `scenario(nobody's client, the world, the folder)`."""

    async def main():
        folder = tmp_path / "static"
        if built:
            build(folder)
        async with world(tmp_path) as made:
            made.app = create_app(replace(made.services, page=PageFiles(folder)))
            async with made.client() as client:
                client.headers["accept-encoding"] = "identity"
                await scenario(client, made, folder)

    asyncio.run(main())


def state_of(answer):
    return json.loads(STATE.search(answer.text)[1])


def test_the_frame_carries_what_the_page_has_to_know(tmp_path):
    async def scenario(client, made, _):
        answer = await client.get("/")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.headers["cache-control"] == "no-store"
        assert "mrdraw-state-->" not in answer.text
        assert state_of(answer) == {"firstRun": True, "accessControl": True, "name": "", "version": __version__}
        made.key("boss")
        name = '</script><script>alert("1")</script><!--'
        made.services.settings.update({"appearance": {"name": name}})
        changed = await client.get("/")
        assert state_of(changed) == {"firstRun": False, "accessControl": True, "name": name, "version": __version__}
        assert changed.text.count("</script>") == 2

    serving(tmp_path, scenario)


def test_what_the_frame_may_load(tmp_path):
    async def scenario(client, made, _):
        policy = (await client.get("/")).headers["content-security-policy"]
        parts = {part.split()[0]: part.split()[1:] for part in policy.split("; ")}
        assert parts["default-src"] == parts["script-src"] == parts["frame-ancestors"] == ["'self'"]
        assert parts["style-src"] == ["'self'", "'unsafe-inline'"]
        assert parts["img-src"] == ["'self'", "data:"]
        assert parts["connect-src"] == ["'self'", "ws://mrdraw"]
        assert parts["worker-src"] == parts["font-src"] == parts["form-action"] == ["'self'"]
        assert parts["object-src"] == parts["base-uri"] == ["'none'"]
        made.services.settings.update({"server": {"allowFraming": True}})
        answer = await client.get("/")
        assert "frame-ancestors" not in answer.headers["content-security-policy"]
        assert "x-frame-options" not in answer.headers

    serving(tmp_path, scenario)


def test_without_a_built_page(tmp_path):
    async def scenario(client, made, _):
        answer = await client.get("/")
        assert answer.status_code == 503
        assert answer.headers["content-type"].startswith("text/html")
        assert "make run" in answer.text
        assert "npm run build" in answer.text
        assert (await client.get("/assets/index.css")).status_code == 404
        assert (await client.get("/favicon.svg")).status_code == 404
        key = {"X-Api-Key": made.key("rita")}
        assert (await client.get("/api/version", headers=key)).status_code == 200

    serving(tmp_path, scenario, built=False)


def test_assets_are_kept_for_good(tmp_path):
    async def scenario(client, *_):
        answer = await client.get("/assets/index.css")
        assert (answer.status_code, answer.text) == (200, "a{}")
        assert answer.headers["content-type"] == "text/css; charset=utf-8"
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        again = await client.get("/assets/index.css", headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")

    serving(tmp_path, scenario)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("favicon.svg", "image/svg+xml"),
        ("manifest.webmanifest", "application/manifest+json"),
        ("icon-192.png", "image/png"),
    ],
)
def test_what_stands_beside_the_frame_is_asked_for_each_time(tmp_path, name, kind):
    async def scenario(client, _, folder):
        answer = await client.get(f"/{name}")
        assert (answer.status_code, answer.content) == (200, (folder / name).read_bytes())
        assert answer.headers["content-type"].partition(";")[0] == kind
        assert answer.headers["cache-control"] == "no-cache"
        known = {"If-None-Match": answer.headers["etag"]}
        assert (await client.get(f"/{name}", headers=known)).status_code == 304
        since = {"If-Modified-Since": answer.headers["last-modified"]}
        assert (await client.get(f"/{name}", headers=since)).status_code == 304
        (folder / name).write_bytes(b"another one")
        changed = await client.get(f"/{name}", headers=known)
        assert (changed.status_code, changed.content) == (200, b"another one")

    serving(tmp_path, scenario)


@pytest.mark.parametrize(
    ("accepted", "encoding", "content"),
    [
        ("gzip, deflate, br", "br", b"as brotli"),
        ("gzip", "gzip", b"as gzip"),
        ("br;q=0, gzip;q=0.5", "gzip", b"as gzip"),
        ("*", "br", b"as brotli"),
        ("identity", None, b"plain"),
        ("br;q=x", None, b"plain"),
        ("", None, b"plain"),
    ],
)
def test_what_was_compressed_beforehand(tmp_path, accepted, encoding, content):
    async def scenario(client, *_):
        async with client.stream("GET", "/assets/index-AbC1.js", headers={"Accept-Encoding": accepted}) as answer:
            raw = b"".join([chunk async for chunk in answer.aiter_raw()])
        assert (answer.status_code, raw) == (200, content)
        assert answer.headers.get("content-encoding") == encoding
        assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
        assert answer.headers["vary"] == "accept-encoding"
        known = {"If-None-Match": answer.headers["etag"], "Accept-Encoding": accepted}
        assert (await client.get("/assets/index-AbC1.js", headers=known)).status_code == 304
        other = {"If-None-Match": answer.headers["etag"], "Accept-Encoding": "identity" if encoding else "gzip"}
        assert (await client.head("/assets/index-AbC1.js", headers=other)).status_code == 200

    serving(tmp_path, scenario)


def test_only_the_plain_file_lies_there(tmp_path):
    async def scenario(client, *_):
        answer = await client.get("/assets/index.css", headers={"Accept-Encoding": "br, gzip"})
        assert (answer.text, "content-encoding" in answer.headers) == ("a{}", False)

    serving(tmp_path, scenario)


@pytest.mark.parametrize(
    "path",
    [
        "/assets/nothing.js", "/assets/", "/assets/inside", "/assets/.hidden", "/assets/../index.html",
        "/assets/..%2f..%2fsecret", "/assets/%2e%2e/index.html", "/assets/inside/%2e%2e/index.css", "/assets/link",
        "/assets/index.css/", "/assets/%00", "/assets/a%5cb", "/icon-512.png", "/icon-...png",
    ],
)  # fmt: skip
def test_nothing_but_files_of_the_page(tmp_path, path):
    async def scenario(client, _, folder):
        (tmp_path / "secret").write_text("secret", encoding="utf-8")
        (folder / "assets" / ".hidden").write_text("hidden", encoding="utf-8")
        (folder / "assets" / "inside").mkdir()
        (folder / "assets" / "link").symlink_to(tmp_path / "secret")
        answer = await client.get(path)
        assert answer.status_code in {401, 404}
        assert "error" in answer.json()

    serving(tmp_path, scenario)


def test_large_files_come_from_the_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(page_files, "LARGEST_KEPT", 10)
    large = b"0123456789abcdef"

    async def scenario(client, _, folder):
        (folder / "assets" / "large.wasm").write_bytes(large)
        answer = await client.get("/assets/large.wasm")
        assert (answer.content, answer.headers["content-type"]) == (large, "application/wasm")
        assert answer.headers["cache-control"].endswith("immutable")
        part = await client.get("/assets/large.wasm", headers={"Range": "bytes=10-"})
        assert (part.status_code, part.content) == (206, b"abcdef")
        known = {"If-None-Match": answer.headers["etag"]}
        assert (await client.get("/assets/large.wasm", headers=known)).status_code == 304
        head = await client.head("/assets/large.wasm")
        assert head.headers["content-length"] == str(len(large))

    serving(tmp_path, scenario)


def test_what_is_kept_is_bounded_and_read_once(tmp_path, monkeypatch):
    monkeypatch.setattr(page_files, "MOST_KEPT", 8)
    (tmp_path / "a.js").write_bytes(b"123456")
    (tmp_path / "b.js").write_bytes(b"abcdef")
    files = PageFiles(tmp_path)

    async def contents(*names):
        return [(await files.find(name)).content for name in names]

    assert asyncio.run(contents("a.js", "b.js", "a.js")) == [b"123456", b"abcdef", b"123456"]
    stamp = (tmp_path / "a.js").stat()
    (tmp_path / "a.js").write_bytes(b"654321")
    os.utime(tmp_path / "a.js", ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert asyncio.run(contents("a.js")) == [b"123456"]  # same time and size: not read again
    os.utime(tmp_path / "a.js", ns=(stamp.st_atime_ns, stamp.st_mtime_ns + 1))
    assert asyncio.run(contents("a.js")) == [b"654321"]


def test_encodings_in_the_order_of_the_build():
    assert accepted_encodings("gzip;q=1.0, br;q=0.1") == ["br", "gzip"]
    assert accepted_encodings("*;q=0, gzip") == ["gzip"]
    assert accepted_encodings("deflate") == []
