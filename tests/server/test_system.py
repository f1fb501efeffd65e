"""`/api/system` (contract, 5.12)."""

import io
import sys
import zipfile

import pytest

from helpers_fleet import until
from helpers_hub import READY, run
from mrdraw.link.messages import Job, JobFile, MachineState

URL = "/api/system/commands"


def writing(path, text="x"):
    """A program that leaves something behind."""
    return [sys.executable, "-c", f"open({str(path)!r}, 'a').write({text!r})"]


def configure(made, core=None, actions=()):
    made.services.settings.update({"server": {"commands": core or {}}, "system": {"actions": list(actions)}})


def test_only_what_is_configured_is_listed(tmp_path):
    async def scenario(client, made):
        assert (await client.get(URL)).json() == {"core": [], "plugin": [], "custom": []}
        core = {"systemShutdownCommand": "sudo shutdown -h now", "serverRestartCommand": ["true"]}
        configure(made, core, [
            {"action": "light", "name": "Light", "command": "true", "confirm": "Sure?"}, {"action": "divider"},
            {"action": "empty", "name": "No program"},
        ])  # fmt: skip
        found = (await client.get(URL)).json()
        assert [command["action"] for command in found["core"]] == ["shutdown", "restart", "restart_safe"]
        shutdown = found["core"][0]
        assert (shutdown["source"], shutdown["fresh_credentials"]) == ("core", True)
        assert shutdown["resource"] == f"http://mrdraw{URL}/core/shutdown"
        assert "fresh_credentials" not in found["core"][1]
        light = {"action": "light", "name": "Light", "source": "custom", "confirm": "Sure?"}
        divider = {"action": "divider", "source": "custom"}
        resource = f"http://mrdraw{URL}/custom/"
        assert found["custom"] == [{**each, "resource": resource + each["action"]} for each in (light, divider)]
        for source, commands in found.items():
            assert (await client.get(f"{URL}/{source}")).json() == commands
        assert (await client.get(f"{URL}/other")).status_code == 404

    run(tmp_path, scenario, user="boss")


def test_commands_are_run_as_clients_ask(tmp_path):
    mark = tmp_path / "mark"

    async def scenario(client, made):
        configure(made, {"serverRestartCommand": writing(mark)}, [{"action": "light", "command": writing(mark)}])
        answer = await client.post(f"http://mrdraw//{URL[1:]}/core/restart")
        assert (answer.status_code, answer.content) == (204, b"")
        await until(lambda: mark.exists() and mark.read_text() == "x")
        for request in (
            {"json": {}}, {"data": {"a": "1"}}, {"content": b"", "headers": {"content-type": "application/json"}},
            {"content": b"x", "headers": {"content-type": "text/plain"}},
        ):  # fmt: skip
            assert (await client.post(f"{URL}/custom/light", **request)).status_code == 204, request
        for request in ({"json": {"action": "light"}}, {"data": {"action": "light"}}, {"params": {"action": "light"}}):
            assert (await client.post("/api/system", **request)).status_code == 204, request
        assert mark.read_text() == "x" * 8

    run(tmp_path, scenario, user="boss")


def test_what_cannot_be_started(tmp_path):
    async def scenario(client, made):
        configure(made, {"systemRestartCommand": "reboot && true"}, [
            {"action": "divider"}, {"action": "shell", "command": "echo $HOME"},
            {"action": "bad", "command": "sh -c 'echo oops; exit 3'"},
            {"action": "ign", "command": "false", "ignore": True},
            {"action": "gone", "command": "/no/such/program", "async": True},
        ])  # fmt: skip
        for path, status, said in (
            ("custom/divider", 400, "divider"), ("custom/shell", 400, "system.actions[1].command"),
            ("core/reboot", 400, "server.commands.systemRestartCommand"), ("custom/bad", 500, "ended with 3: oops"),
            ("custom/gone", 500, "cannot be run"), ("custom/none", 404, "not configured"),
            ("core/shutdown", 404, "not configured"),
            ("other/x", 404, "sources are"), ("plugin/x", 404, "not configured"),
        ):  # fmt: skip
            answer = await client.post(f"{URL}/{path}")
            assert (answer.status_code, said in answer.json()["error"]) == (status, True), answer.text
        assert (await client.post(f"{URL}/custom/ign")).status_code == 204
        assert (await client.post("/api/system", json={})).status_code == 400
        assert (await client.post("/api/system", json={"action": 1})).status_code == 400
        assert (await client.post("/api/system", json=[1])).status_code == 400
        json = {"content-type": "application/json"}
        assert (await client.post("/api/system", content=b"{", headers=json)).status_code == 400

    run(tmp_path, scenario, user="boss")


@pytest.mark.parametrize("state", [MachineState.PRINTING, MachineState.PAUSED])
def test_a_job_is_not_ended_unawares(tmp_path, state):
    mark = tmp_path / "mark"

    async def scenario(client, made):
        core = {name: writing(mark) for name in ("systemShutdownCommand", "systemRestartCommand")}
        configure(made, {**core, "serverRestartCommand": "true"})
        file = JobFile(name="part.gcode", path="part.gcode", display="part.gcode", source="/x/part.gcode", size=10)
        await made.tell(state=state, job=Job(id="1", file=file))
        for action in ("shutdown", "reboot"):
            refused = await client.post(f"{URL}/core/{action}")
            assert (refused.status_code, "part.gcode" in refused.json()["error"]) == (409, True), refused.text
        assert (await client.post(f"{URL}/core/restart")).status_code == 204
        assert not mark.exists()
        assert (await client.post(f"{URL}/core/shutdown", json={"force": True})).status_code == 204
        assert (await client.post(f"{URL}/core/reboot", params={"force": "true"})).status_code == 204
        await until(lambda: mark.exists() and mark.read_text() == "xx")

    run(tmp_path, scenario, snapshot=READY, user="boss")


def test_a_session_whose_password_was_typed_long_ago(tmp_path, monkeypatch):
    async def scenario(_, made):
        configure(made, {"systemShutdownCommand": "true", "serverRestartCommand": "true"})
        made.key("boss")
        async with made.client() as client:
            assert (await client.post("/api/login", json={"user": "boss", "pass": "secret"})).status_code == 200
            pair = {"X-CSRF-Token": client.cookies["csrf_token_P80"]}
            assert (await client.post(f"{URL}/core/shutdown", headers=pair)).status_code == 204
            monkeypatch.setattr(made.services.accounts, "has_just_typed_password", lambda _: False)
            stale = await client.post(f"{URL}/core/shutdown", headers=pair)
            assert (stale.status_code, "password" in stale.json()["error"]) == (403, True)
            assert (await client.post(f"{URL}/core/restart", headers=pair)).status_code == 204
            probe = {"command": "resolution", "name": "localhost"}
            assert (await client.post("/api/util/test", json=probe, headers=pair)).status_code == 403
        with_key = made.client(made.key("boss"))
        assert (await with_key.post(f"{URL}/core/shutdown")).status_code == 204
        await with_key.aclose()

    run(tmp_path, scenario, user="boss")


def test_facts_and_folders(tmp_path):
    async def scenario(client, _):
        facts = (await client.get("/api/system/info", headers={"User-Agent": "me"})).json()["systeminfo"]
        assert facts["octoprint.version"] == "1.11.8"
        assert (facts["browser.user_agent"], facts["octoprint.safe_mode"]) == ("me", False)
        assert facts["env.hardware.ram"] > 2**20
        assert all(not isinstance(value, dict | list) for value in facts.values())
        usage = (await client.get("/api/system/usage")).json()["usage"]
        assert {"uploads", "logs", "timelapse", "data"} < set(usage)
        assert all(0 < space["free"] <= space["total"] for space in usage.values())
        assert (await client.get("/api/system/startup")).json() == {"startup": {}}
        (tmp_path / "logs").mkdir()
        for log in (b"", b"hello\n"):
            (tmp_path / "logs" / "mrdraw.log").write_bytes(log)
            bundle = await client.get("/downloads/systeminfo.zip")
            with zipfile.ZipFile(io.BytesIO(bundle.content)) as archive:
                assert "octoprint.version: 1.11.8\n" in archive.read("systeminfo.txt").decode()
                assert archive.read("mrdraw.log") == log

    run(tmp_path, scenario, user="boss")
