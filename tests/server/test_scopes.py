"""Whoever was granted something on some machines only (docs/architecture.md, "Who may what")."""

import asyncio
import contextlib

import httpx
import pytest

from helpers_fleet import fake_host, until
from helpers_hub import READY, world
from helpers_push import run as run_with_sockets
from helpers_users import USERS
from mrdraw import events
from mrdraw.accounts import Grants, Scopes
from mrdraw.link import messages as link
from mrdraw.link.messages import MachineState

MACHINES = "/api/v1/machines"


@contextlib.asynccontextmanager
async def plotter(made, basedir):
    """A second machine, and ann who may work with that one only."""
    async with fake_host(basedir / "machines" / "plotter") as host:
        host.snapshot = READY
        made.services.settings.update({"machines": {"plotter": {"name": "The plotter"}}})
        await until(lambda: "plotter" in made.hub.machines)
        await until(lambda: made.hub.machine("plotter").snapshot.sequence == READY.sequence)
        accounts = made.services.accounts
        accounts.add_user("ann", "secret", Grants(("users",), (), Scopes({"users": ("plotter",)})))
        made._keys["ann"] = accounts.new_user_key("ann")
        yield host


def run(basedir, scenario):
    async def main():
        async with (
            world(basedir) as made,
            plotter(made, basedir) as host,
            made.client(made.key("ann")) as ann,
            made.client(made.key("boss")) as boss,
        ):
            made.plotter = host
            await scenario(ann, boss, made)

    asyncio.run(main())


OF_A_MACHINE = [
    ("GET", "/api/printer", None),
    ("GET", "/api/job", None),
    ("GET", "/api/connection", None),
    ("POST", "/api/job", {"command": "cancel"}),
    ("POST", "/api/printer/command", {"command": "M114"}),
    ("POST", "/api/printer/printhead", {"command": "home", "axes": ["x"]}),
    ("POST", "/api/printer/tool", {"command": "target", "targets": {"tool0": 20}}),
    ("GET", "/api/printerprofiles", None),
    ("GET", "/api/settings", None),
    ("GET", "/api/plugin/action_command_prompt", None),
    ("GET", "/downloads/camera/current", None),
]


def test_requests_count_on_the_machine_that_the_base_path_names(tmp_path):
    async def scenario(ann, _boss, made):
        for method, path, body in OF_A_MACHINE:
            for base in ("", "/machines/default"):
                answer = await ann.request(method, f"{base}{path}", json=body)
                assert answer.status_code == 403, (method, base, path)
                assert "on this machine" in answer.json()["error"]
            answer = await ann.request(method, f"/machines/plotter{path}", json=body)
            assert answer.status_code not in {401, 403}, (method, path, answer.text)
        assert made.asked(link.SendLines) == []
        made.services.settings.update({"defaultMachine": "plotter"})
        assert (await ann.get("/api/printer")).status_code == 200
        assert (await ann.get("/machines/default/api/printer")).status_code == 403

    run(tmp_path, scenario)


def test_an_id_in_the_path_counts_more_than_the_base_path(tmp_path):
    async def scenario(ann, boss, made):
        for base in ("", "/machines/plotter"):
            assert (await ann.get(f"{base}{MACHINES}/default")).status_code == 403
            assert (await ann.get(f"{base}{MACHINES}/default/jobs")).status_code == 403
            assert (await ann.post(f"{base}{MACHINES}/default/emergency-stop")).status_code == 403
        assert made.asked(link.EmergencyStop) == []
        for base in ("", "/machines/plotter"):
            assert (await ann.get(f"{base}{MACHINES}/plotter")).json()["name"] == "The plotter"
            assert (await ann.post(f"{base}{MACHINES}/plotter/emergency-stop")).status_code == 204
        assert len(made.plotter.commands(link.EmergencyStop)) == 2
        assert (await boss.post(f"/machines/plotter{MACHINES}/default/emergency-stop")).status_code == 204

    run(tmp_path, scenario)


def test_lists_and_refusals_tell_of_no_other_machine(tmp_path):
    async def scenario(ann, boss, made):
        assert [one["id"] for one in (await ann.get(MACHINES)).json()["machines"]] == ["plotter"]
        assert [one["id"] for one in (await boss.get(MACHINES)).json()["machines"]] == ["default", "plotter"]
        missing = await ann.get("/machines/nowhere/api/printer")
        assert (missing.status_code, "default" in missing.text) == (404, False)
        assert (await ann.get(f"{MACHINES}/nowhere")).status_code == 403
        made.services.accounts.change_user("ann", groups=())
        assert (await ann.get(MACHINES)).status_code == 403

    run(tmp_path, scenario)


def test_what_machines_share_and_what_concerns_the_installation(tmp_path):
    async def scenario(ann, boss, made):
        made.store("a.gcode")
        assert (await ann.get("/api/files")).status_code == 200
        assert (await ann.get("/downloads/files/local/a.gcode")).status_code == 200
        upload = {"file": ("b.gcode", b"G28\n"), "print": (None, "true"), "select": (None, "true")}
        stored = await ann.post("/api/files/local", files=upload)
        assert (stored.status_code, stored.json()["effectivePrint"], stored.json()["effectiveSelect"]) == (
            201,
            False,
            False,
        )
        assert (await ann.post("/api/files/local/a.gcode", json={"command": "select"})).status_code == 403
        assert made.asked(link.StartJob) == []
        there = await ann.post("/machines/plotter/api/files/local/a.gcode", json={"command": "select"})
        assert there.status_code == 204
        limited = {"groups": ["admins"], "machines": {"groups": {"admins": ["plotter"]}}}
        assert (await boss.put(f"{USERS}/ann", json=limited)).status_code == 200
        for base in ("", "/machines/plotter"):
            for path in (USERS, "/api/system/commands", "/plugin/logging/logs", "/api/settings/templates"):
                assert (await ann.get(f"{base}{path}")).status_code == 403, (base, path)
            assert (await ann.patch(f"{base}{MACHINES}/plotter", json={"name": "x"})).status_code == 403
            assert (await ann.post(f"{base}/api/settings", json={})).status_code == 403

    run(tmp_path, scenario)


def test_granting(tmp_path):
    async def scenario(ann, boss, _made):
        record = (await boss.get(f"{USERS}/ann")).json()
        assert record["machines"] == {"groups": {"users": ["plotter"]}, "permissions": {}}
        old_client = {"groups": ["users", "readonly"], "permissions": ["WEBCAM"], "active": True}
        assert (await boss.put(f"{USERS}/ann", json=old_client)).status_code == 200
        record = (await boss.get(f"{USERS}/ann")).json()
        assert (record["groups"], record["permissions"]) == (["users", "readonly"], ["WEBCAM"])
        assert record["machines"] == {"groups": {"users": ["plotter"]}, "permissions": {}}
        assert (await ann.get("/api/printer")).status_code == 200
        assert (await ann.post("/api/printer/command", json={"command": "M114"})).status_code == 403
        there, here = [(await ann.get(f"{base}/api/currentuser")).json() for base in ("/machines/plotter", "")]
        assert ("CONTROL" in there["permissions"], "CONTROL" in here["permissions"]) == (True, False)
        there, here = [
            (await ann.post(f"{base}/api/login", json={"passive": True})).json() for base in ("/machines/plotter", "")
        ]
        assert ("control" in there["needs"]["role"], "control" in here["needs"]["role"]) == (True, False)
        assert (await boss.put(f"{USERS}/ann", json={"machines": {}})).status_code == 200
        assert (await ann.post("/api/printer/command", json={"command": "M114"})).status_code == 204

    run(tmp_path, scenario)


@pytest.mark.parametrize("kind", ["websocket", "xhr"])
def test_the_push_channel_tells_of_the_own_machine_only(tmp_path, kind):
    async def scenario(served):
        async with plotter(served.world, tmp_path) as host:
            session = await served.session("ann")
            if kind == "xhr":
                await _polled(served, session)
                return
            async with (
                served.socket("/machines/plotter/sockjs/websocket") as there,
                served.socket() as here,
                served.authed("boss") as boss,
            ):
                for socket in (there, here):
                    await socket.until("connected")
                    await socket.send(auth=f"ann:{session}")
                assert (await there.until("history"))["state"]["text"] == "Operational"
                served.world.hub.bus.publish("default", events.Home())
                await served.world.tell(state=MachineState.PAUSED)
                await boss.until("current", lambda payload: payload["state"]["text"] == "Paused")
                assert await here.silence() == []
                assert "Home" not in str(await there.silence())
                accounts = served.world.services.accounts
                await asyncio.to_thread(accounts.change_user, "ann", scopes=Scopes({"users": ("default",)}))
                assert (await here.until("history"))["state"]["text"] == "Paused"
                for socket in (there, here):
                    assert await socket.until("reauthRequired") == {"reason": "modified"}
                host.tell(link.Snapshot(sequence=2, state=MachineState.ERROR))
                await until(lambda: served.world.hub.machine("plotter").snapshot.sequence == 2)
                assert await there.silence() == []

    run_with_sockets(tmp_path, scenario)


async def _polled(served, session):
    """The same over requests that come and go."""
    url = f"http://127.0.0.1:{served.port}"
    async with httpx.AsyncClient(base_url=url, timeout=30) as client:
        for base, sees in (("/machines/plotter", True), ("", False)):
            path = f"{base}/sockjs/000/abc{len(base)}"
            for answer in ("o", "connected"):
                assert answer in (await client.post(f"{path}/xhr")).text
            sent = await client.post(f"{path}/xhr_send", content=f'["{{\\"auth\\": \\"ann:{session}\\"}}"]')
            assert sent.status_code == 204
            if sees:
                assert "history" in (await client.post(f"{path}/xhr")).text
            else:
                with pytest.raises(httpx.ReadTimeout):
                    await client.post(f"{path}/xhr", timeout=1)
