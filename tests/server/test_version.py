"""`/api/version` and `/api/server` (contract, 0, 5.1, 13, 16)."""

import pytest

from helpers_hub import run
from mrdraw import __version__
from mrdraw.link import messages as link
from mrdraw.link.messages import MachineState


def test_version(tmp_path):
    async def scenario(client, _):
        record = (await client.get("/api/version")).json()
        assert record == {
            "api": "0.1",
            "server": "1.11.8",
            "text": f"OctoPrint 1.11.8 (MrDraw {__version__})",
            "mrdraw": __version__,
        }
        assert [int(part) for part in record["server"].split(".")] == [1, 11, 8]
        for newer in ({"headers": {"X-OctoPrint-Api-Version": "2.0.0"}}, {"params": {"api_version": "2.0.0"}}):
            assert "api" not in (await client.get("/api/version", **newer)).json()
        older = await client.get("/api/version", headers={"X-OctoPrint-Api-Version": "1.11.0"})
        assert older.json()["api"] == "0.1"
        wrong = await client.get("/api/version", headers={"X-OctoPrint-Api-Version": "new"})
        assert wrong.status_code == 400

    run(tmp_path, scenario)


def test_server(tmp_path):
    async def scenario(client, _):
        assert (await client.get("/api/server")).json() == {"version": "1.11.8", "safemode": None}

    run(tmp_path, scenario)


NEWER = {"X-OctoPrint-Api-Version": "2.0.0"}
"""The shapes below are those that OctoPrint 2.0.0rc3 answers (contract, section 16)."""


def test_the_connection_of_2_0(tmp_path):
    async def scenario(client, world):
        found = (await client.get("/api/connection", headers=NEWER)).json()
        assert found["current"] == {
            "state": "Operational", "connector": "serial", "profile": "_default",
            "parameters": {"port": "/dev/ttyUSB10", "baudrate": 115200},
            "capabilities": {"job_on_hold": False, "temperature_offsets": True},
        }  # fmt: skip
        (connector,) = found["options"].pop("connectors")
        assert (connector["connector"], connector["parameters"]["port"]) == (
            "serial",
            ["/dev/ttyUSB9", "/dev/ttyUSB10"],
        )
        assert found["options"] == {
            "profiles": [{"id": "_default", "name": "Default"}], "preferredProfile": "_default",
            "preferredConnector": {"connector": "serial", "parameters": {"port": None, "baudrate": None}},
        }  # fmt: skip
        await world.tell(state=MachineState.OFFLINE, port=None, baudrate=None)
        assert (await client.get("/api/connection", params={"api_version": "2.0"})).json()["current"] == {
            "state": "Offline", "connector": None, "parameters": {}, "profile": None, "capabilities": None,
        }  # fmt: skip
        body = {"command": "connect", "connector": "serial", "parameters": {"port": "/dev/ttyUSB9", "baudrate": 250000}}
        assert (await client.post("/api/connection", headers=NEWER, json=body)).status_code == 204
        asked = world.asked(link.Connect)[-1]
        assert (asked.port, asked.baudrate) == ("/dev/ttyUSB9", 250000)
        for wrong in ({"connector": "bambu"}, {"parameters": 5}, {"parameters": {"port": "/dev/none"}}):
            answer = await client.post("/api/connection", headers=NEWER, json={**body, **wrong})
            assert answer.status_code == 400, wrong

    run(tmp_path, scenario)


def test_the_job_of_2_0(tmp_path):
    async def scenario(client, world):
        empty = (await client.get("/api/job", headers=NEWER)).json()
        assert empty == {"job": {"file": {}}, "progress": {}, "state": "Operational"}
        world.store("a.gcode")
        await client.post("/api/files/local/a.gcode", json={"command": "select"})
        found = (await client.get("/api/job", headers=NEWER)).json()
        assert found["job"]["user"] == "ann"
        assert found["job"]["file"].keys() == {"name", "path", "display", "origin", "size", "date"}
        assert (await client.get("/api/job")).json()["progress"]["completion"] is None

    run(tmp_path, scenario)


def test_the_files_of_2_0(tmp_path):
    async def scenario(client, world):
        world.store("a.gcode")
        older = await client.get("/api/files")
        newer = await client.get("/api/files", headers=NEWER)
        storage = newer.json()["local"]
        assert storage["files"] == older.json()["files"]
        assert (storage["key"], storage["name"], storage["usage"].keys()) == ("local", "Local", {"free", "total"})
        assert (storage["capabilities"]["write_file"], storage["capabilities"]["thumbnails"]) == (True, False)
        assert (await client.get("/api/files/local", headers=NEWER)).json().keys() == storage.keys()
        assert older.headers["vary"] == newer.headers["vary"] == "X-OctoPrint-Api-Version"
        kept = {"If-None-Match": older.headers["etag"]}
        assert (await client.get("/api/files", headers=kept)).status_code == 304
        assert (await client.get("/api/files", headers=kept | NEWER)).status_code == 200
        kept = {"If-None-Match": newer.headers["etag"]}
        assert (await client.get("/api/files", headers=kept | NEWER)).status_code == 304

    run(tmp_path, scenario)


@pytest.mark.parametrize("asked", ["new", "2.0.0; drop", "9" * 5000, "2..0"])
@pytest.mark.parametrize("path", ["/api/version", "/api/connection", "/api/job", "/api/files"])
def test_a_version_that_is_none(tmp_path, asked, path):
    async def scenario(client, _):
        answer = await client.get(path, headers={"X-OctoPrint-Api-Version": asked})
        assert (answer.status_code, "as in 2.0.0" in answer.json()["error"]) == (400, True)

    run(tmp_path, scenario)
