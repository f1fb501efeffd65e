"""`/plugin/logging`, `/api/logs` and `/downloads/logs` (contract, 5.16, 9.2 and 10)."""

import asyncio
import io
import logging
import os
import zipfile

import pytest
from starlette.responses import FileResponse

from helpers_hub import run
from mrdraw.server.log_downloads import _AsAnnounced
from mrdraw.server.log_levels import apply_levels
from mrdraw.settings import Settings

LOGS = "/plugin/logging/logs"
TEXT = "one\ntwo\nthree\n"


def write_logs(basedir):
    """Logs of a server and of a machine host, and what is none."""
    logs = basedir / "logs"
    logs.mkdir()
    for name in ("mrdraw.log", "mrdraw.log.1", "notes.txt", ".hidden.log"):
        (logs / name).write_text(TEXT)
    os.utime(logs / "mrdraw.log", (1_700_000_000, 1_700_000_000))
    (logs / "secret.log").symlink_to(basedir / "config.yaml")
    (logs / "folder.log").mkdir()
    for name in ("host.log", "host.log.1", "host.lock"):
        (basedir / "machines" / "default" / name).write_text(TEXT)


def test_the_list(tmp_path):
    async def scenario(client, _):
        write_logs(tmp_path)
        record = (await client.get(LOGS)).json()
        names = [log["name"] for log in record["files"]]
        assert names == ["machine-default.log", "machine-default.log.1", "mrdraw.log", "mrdraw.log.1"]
        assert record["files"][2] == {
            "name": "mrdraw.log",
            "date": 1_700_000_000,
            "size": len(TEXT),
            "refs": {
                "resource": "http://mrdraw/plugin/logging/logs/mrdraw.log",
                "download": "http://mrdraw/downloads/logs/mrdraw.log",
            },
        }
        assert 0 < record["free"] <= record["total"]
        in_place = await client.get("/api/logs")
        assert (in_place.status_code, in_place.json()["files"]) == (200, record["files"])
        overview = (await client.get("/plugin/logging/")).json()
        assert overview["logs"]["files"] == record["files"]
        assert overview["serial_log"] == overview["plugintimings_log"] == {"enabled": False}
        assert overview["setup"]["levels"] == {}

    run(tmp_path, scenario, user="boss")


def test_no_logs_yet(tmp_path):
    async def scenario(client, _):
        assert (await client.get(LOGS)).json()["files"] == []

    run(tmp_path, scenario, user="boss")


@pytest.mark.parametrize("base", [LOGS, "/api/logs", "/downloads/logs"])
def test_content_in_whole_and_in_part(tmp_path, base):
    async def scenario(client, _):
        write_logs(tmp_path)
        for name in ("mrdraw.log", "machine-default.log"):
            whole = await client.get(f"{base}/{name}")
            assert (whole.status_code, whole.text) == (200, TEXT)
            assert whole.headers["content-type"].startswith("text/plain")
            assert whole.headers["content-disposition"].startswith(f'attachment; filename="{name}"')
        head = await client.head(f"{base}/mrdraw.log")
        assert (head.content, head.headers["content-length"]) == (b"", str(len(TEXT)))
        part = await client.get(f"{base}/mrdraw.log", headers={"Range": "bytes=-6"})
        assert (part.status_code, part.text) == (206, "three\n")
        assert part.headers["content-range"] == f"bytes 8-13/{len(TEXT)}"
        beyond = await client.get(f"{base}/mrdraw.log", headers={"Range": "bytes=99-"})
        assert beyond.status_code == 416
        known = await client.get(f"{base}/mrdraw.log", headers={"If-None-Match": head.headers["etag"]})
        assert known.status_code == 304

    run(tmp_path, scenario, user="boss")


@pytest.mark.parametrize(
    "name", ["nope.log", "..%2f..%2fconfig.yaml", "secret.log", "folder.log", "notes.txt", ".hidden.log", "host.lock"]
)
def test_what_is_no_log(tmp_path, name):
    async def scenario(client, _):
        write_logs(tmp_path)
        for base in (LOGS, "/api/logs", "/downloads/logs"):
            assert (await client.get(f"{base}/{name}")).status_code == 404, base
        assert (await client.delete(f"{LOGS}/{name}")).status_code == 404
        assert (await client.get("/downloads/logs", params={"files": name})).status_code == 404

    run(tmp_path, scenario, user="boss")


def test_a_log_is_deleted_and_one_that_is_written_is_emptied(tmp_path):
    async def scenario(client, _):
        write_logs(tmp_path)
        deleted = await client.delete(f"{LOGS}/mrdraw.log.1")
        assert (deleted.status_code, deleted.content) == (204, b"")
        assert not (tmp_path / "logs" / "mrdraw.log.1").exists()
        assert (await client.delete("/api/logs/machine-default.log.1")).status_code == 204
        assert not (tmp_path / "machines" / "default" / "host.log.1").exists()
        with (tmp_path / "logs" / "mrdraw.log").open("a") as writer:
            assert (await client.delete(f"{LOGS}/mrdraw.log")).status_code == 204
            writer.write("after\n")
        assert (tmp_path / "logs" / "mrdraw.log").read_text() == "after\n"

    run(tmp_path, scenario, user="boss")


def test_several_in_an_archive(tmp_path):
    async def scenario(client, _):
        write_logs(tmp_path)
        names = ["mrdraw.log", "machine-default.log"]
        for answer in (
            await client.get("/downloads/logs", params={"files": names}),
            await client.post("/downloads/logs", json={"files": names}),
            await client.post("/downloads/logs", data={"files": names}),
        ):
            with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
                assert {name: archive.read(name).decode() for name in archive.namelist()} == dict.fromkeys(names, TEXT)
        assert (await client.get("/downloads/logs")).status_code == 400
        assert (await client.head("/downloads/logs", params={"files": names})).status_code == 200

    run(tmp_path, scenario, user="boss")


def test_a_log_that_grows_while_it_is_sent(tmp_path):
    path = tmp_path / "a.log"
    path.write_text(TEXT)
    response = _AsAnnounced(FileResponse(path, stat_result=path.stat()))
    path.write_text(TEXT * 100_000)
    sent = []

    async def send(message):
        sent.append(message)

    async def receive():
        await asyncio.Event().wait()

    asyncio.run(response({"type": "http", "method": "GET", "headers": []}, receive, send))
    body = b"".join(message.get("body", b"") for message in sent)
    assert body == TEXT.encode()
    assert dict(sent[0]["headers"])[b"content-length"] == str(len(body)).encode()


@pytest.fixture
def levels_are_put_back():
    yield
    for name in ("mrdraw", "mrdraw.server", "mrdraw.hub.hub"):
        logging.getLogger(name).setLevel(logging.NOTSET)


@pytest.mark.usefixtures("levels_are_put_back")
def test_levels(tmp_path):
    async def scenario(client, made):
        setup = (await client.get("/plugin/logging/setup")).json()
        assert {"mrdraw", "mrdraw.server", "mrdraw.hub.hub"} < set(setup["loggers"])
        assert all(name.split(".")[0] == "mrdraw" for name in setup["loggers"])
        levels = {"mrdraw.server": "DEBUG", "mrdraw.hub.hub": "ERROR"}
        assert (await client.put("/plugin/logging/setup/levels", json=levels)).json() == levels
        assert logging.getLogger("mrdraw.server").level == logging.DEBUG
        fewer = {"mrdraw.server": "INFO"}
        assert (await client.put("/plugin/logging/setup/levels", json=fewer)).json() == fewer
        assert logging.getLogger("mrdraw.hub.hub").level == logging.NOTSET
        assert (await client.get("/plugin/logging/setup/levels")).json() == fewer
        logging.getLogger("mrdraw.server").setLevel(logging.NOTSET)
        apply_levels(Settings(tmp_path))
        assert logging.getLogger("mrdraw.server").level == logging.INFO
        for wrong in ({"websockets": "DEBUG"}, {"": "DEBUG"}, {"mrdraw.server": "LOUD"}, {"mrdraw.server": 10}, [1]):
            answer = await client.put("/plugin/logging/setup/levels", json=wrong)
            assert (answer.status_code, bool(answer.json()["error"])) == (400, True), wrong
        assert (await client.get("/plugin/logging/setup/levels")).json() == fewer
        assert (await client.put("/plugin/logging/setup/levels", json={})).json() == {}
        assert made.services.settings.current().plugins == {"logging": {}}

    run(tmp_path, scenario, user="boss")


@pytest.mark.usefixtures("levels_are_put_back")
@pytest.mark.parametrize("kept", ["7", "{levels: 7}", "{levels: {mrdraw.server: 3, websockets: DEBUG, root: DEBUG}}"])
def test_levels_in_the_file_that_make_no_sense(tmp_path, kept):
    (tmp_path / "config.yaml").write_text(f"plugins: {{logging: {kept}}}\n")
    settings = Settings(tmp_path)
    assert settings.notice is None
    apply_levels(settings)
    assert logging.getLogger("websockets").level != logging.DEBUG
