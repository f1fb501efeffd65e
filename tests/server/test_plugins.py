"""What clients ask of bundled plugins (contract, 5.17 and 9.2)."""

import pytest

from helpers_hub import run
from mrdraw import __version__

MANAGER = "/plugin/pluginmanager"


def test_the_list_names_what_is_there_and_nothing_else(tmp_path):
    async def scenario(client, _):
        told = (await client.get(f"{MANAGER}/plugins")).json()
        versions = (await client.get(f"{MANAGER}/plugins/versions")).json()
        assert {one["key"]: one["version"] for one in told["plugins"]} == versions
        assert set(versions.values()) == {__version__}
        assert {"discovery", "virtual_printer", "softwareupdate"} <= set(versions)
        assert "multicam" not in versions
        assert all(one["enabled"] and one["bundled"] and not one["managable"] for one in told["plugins"])
        assert told["octoprint"] == "1.11.8"
        assert told["pip"]["available"] is False
        one = (await client.get(f"{MANAGER}/plugins/discovery")).json()["plugin"]
        assert one in told["plugins"]
        assert (await client.get(f"{MANAGER}/plugins/multicam")).status_code == 404
        assert (await client.get(f"{MANAGER}/repository")).json() == {"repository": {"available": False, "plugins": []}}
        assert (await client.get(f"{MANAGER}/orphans")).json() == {"orphan_data": {}}
        assert (await client.get(f"{MANAGER}/export")).json() == []
        everything = (await client.get("/api/plugin/pluginmanager")).json()
        assert everything["plugins"] == told["plugins"]
        assert everything["safe_mode"] is False

    run(tmp_path, scenario, user="boss")


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"command": "install", "url": "https://example.com/a.zip"}, 409, "built in"),
        ({"command": "install"}, 400, "url"),
        ({"command": "uninstall", "plugin": "discovery"}, 409, "part of MrDraw"),
        ({"command": "disable", "plugin": "multicam"}, 404, "multicam"),
        ({"command": "enable", "plugin": 7}, 400, "plugin"),
        ({"command": "explode"}, 400, "install"),
    ],
)
def test_nothing_can_be_installed_or_switched(tmp_path, body, status, said):
    async def scenario(client, _):
        answer = await client.post("/api/plugin/pluginmanager", json=body)
        assert answer.status_code == status
        assert said in answer.json()["error"]

    run(tmp_path, scenario, user="boss")


def test_what_there_is_nothing_of_is_done(tmp_path):
    async def scenario(client, _):
        for command in ({"command": "cleanup_all"}, {"command": "clear_queued_plugin", "plugin": "a"}):
            assert (await client.post("/api/plugin/pluginmanager", json=command)).status_code == 204
        answer = await client.post("/api/plugin/pluginmanager", json={"command": "refresh_repository"})
        assert answer.json() == {"repository": {"available": False, "plugins": []}}
        upload = await client.post(f"{MANAGER}/upload_file", files={"file": ("a.zip", b"PK")})
        assert upload.status_code == 409

    run(tmp_path, scenario, user="boss")


def test_this_release_is_the_newest_that_is_known(tmp_path):
    async def scenario(client, _):
        told = (await client.get("/plugin/softwareupdate/check")).json()
        assert told["status"] == "current"
        server = told["information"]["octoprint"]
        assert (server["displayName"], server["displayVersion"]) == ("MrDraw", __version__)
        assert not server["updateAvailable"]
        assert told["environment"]["supported"] is False
        assert told["storage"]["free"] > 0
        assert (await client.get("/plugin/softwareupdate/check?targets=other")).json()["information"] == {}
        assert (
            "octoprint" in (await client.get("/plugin/softwareupdate/check?targets=a,octoprint")).json()["information"]
        )
        assert (await client.get("/plugin/softwareupdate/updatelog")).json() == {"updatelog": []}
        for path in ("update", "update/queued", "configure"):
            answer = await client.post(f"/plugin/softwareupdate/{path}", json={"targets": ["octoprint"]})
            assert answer.status_code == 409
            assert "pip" in answer.json()["error"]

    run(tmp_path, scenario, user="boss")


def test_small_answers(tmp_path):
    async def scenario(client, _):
        assert (await client.get("/plugin/announcements/channels")).json() == {"channels": []}
        read = {"command": "read", "until": 1}
        assert (await client.post("/plugin/announcements/channels/_blog", json=read)).status_code == 404
        track = {"command": "track", "event": "loaded", "payload": {}}
        assert (await client.post("/api/plugin/tracking", json=track)).status_code == 204
        assert (await client.post("/api/plugin/tracking", json={**track, "payload": 1})).status_code == 400
        health = (await client.get("/api/plugin/health_check")).json()["health"]["filesystem_storage"]
        assert health["result"] in {"ok", "warning", "issue"}
        assert 0 <= health["context"]["uploads"] <= 100

    run(tmp_path, scenario, user="boss")


def test_the_line_at_which_a_view_begins(tmp_path):
    async def scenario(client, made):
        path = "/plugin/gcodeviewer/skipuntilcheck/local/a/b.gcode"
        assert (await client.get(path)).status_code == 404
        made.store("a/b.gcode", b"G28\n;start here\nG1 X10\n")
        assert (await client.get(path)).json() == {"present": False}
        for mark, present in ((";start", True), ("start", False), ("G1 X10", True), ("M84", False)):
            made.services.settings.update({"plugins": {"gcodeviewer": {"skipUntilThis": mark}}})
            assert (await client.get(path)).json() == {"present": present}, mark
        assert (await client.get(path.replace("local", "sdcard"))).status_code == 404

    run(tmp_path, scenario)


def test_a_plugin_that_is_not_there_is_404(tmp_path):
    async def scenario(client, _):
        for method, path in (
            ("GET", "/api/plugin/multicam"),
            ("POST", "/api/plugin/multicam"),
            ("GET", "/api/plugin/virtual_printer"),
            ("GET", "/plugin/multicam/anything"),
        ):
            answer = await client.request(method, path)
            assert answer.status_code == 404
            assert path in answer.json()["error"]

    run(tmp_path, scenario)
