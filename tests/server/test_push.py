"""The push channel over a real socket (contract, section 6)."""

import asyncio
import contextlib
import json

import httpx
import msgspec
import pytest
from websockets.exceptions import InvalidStatus

from helpers_fleet import until
from helpers_push import PATIENCE, run
from mrdraw import events
from mrdraw.link import messages as link
from mrdraw.link.messages import Heater, Job, JobFile, MachineState, Progress, TemperaturePoint
from mrdraw.server.push import audience as push_audience
from mrdraw.server.push import client as push_client

FILE = JobFile(name="a.gcode", path="a.gcode", display="a.gcode", source="/x", size=200)


@pytest.fixture(autouse=True)
def _quicker(monkeypatch):
    """The same behaviour at a quicker pace."""
    monkeypatch.setattr(push_client, "PERIOD", 0.05)
    monkeypatch.setattr(push_audience, "LOOK_EVERY", 0.05)


# --- the beginning --------------------------------------------------------------------------------------------------


def test_info(tmp_path):
    async def scenario(served):
        async with httpx.AsyncClient() as client:
            answer = (await client.get(f"http://127.0.0.1:{served.port}/sockjs/info")).json()
        assert answer["websocket"] is True
        assert answer["cookie_needed"] is False
        assert answer["origins"] == ["*:*"]
        assert isinstance(answer["entropy"], int)

    run(tmp_path, scenario)


def test_connected_and_nothing_else_until_auth(tmp_path):
    async def scenario(served):
        async with served.socket() as socket:
            kind, payload = await socket.next()
            assert kind == "connected"
            assert {
                "version", "display_version", "branch", "python_version", "plugin_hash", "config_hash", "debug",
                "safe_mode", "online", "permissions",
            } <= payload.keys()  # fmt: skip
            assert all(part.isdigit() for part in payload["version"].split("."))
            served.world.host.tell(link.Happened(sequence=1, at=1.0, event=events.Home()))
            await served.world.tell(state=MachineState.PAUSED)
            assert await socket.silence() == []

    run(tmp_path, scenario)


@pytest.mark.parametrize(
    "auth", ["ann:wrong", "ann", "", ":", "a:b:c", "rita:{ann}", "_api:{ann}", "ann:{ann}:x", 5, None, {}, ["ann"]]
)
def test_a_wrong_auth_is_answered_and_the_socket_stays(tmp_path, auth):
    async def scenario(served):
        session = await served.session("ann")
        async with served.socket() as socket:
            await socket.until("connected")
            await socket.send(auth=auth.format(ann=session) if isinstance(auth, str) else auth)
            assert await socket.next() == ("reauthRequired", {"reason": "stale"})
            await socket.send(auth=f"ann:{session}")
            assert (await socket.next())[0] == "history"

    run(tmp_path, scenario)


@pytest.mark.parametrize("text", ["", "{", "null", "[]", "5", '"auth"', "{}", '{"other": 1}', "[" * 5000, '{"a":NaN}'])
def test_what_is_no_message_is_ignored(tmp_path, text):
    async def scenario(served):
        async with served.socket() as socket:
            await socket.until("connected")
            await socket.send_raw(text)
            await socket.send(auth=f"ann:{await served.session('ann')}")
            assert (await socket.next())[0] == "history"

    run(tmp_path, scenario)


@pytest.mark.parametrize("user", ["ann", "_api"])
def test_history_then_current(tmp_path, user):
    async def scenario(served):
        world = served.world
        world.host.tell(
            link.LogLines(lines=("Send: M105", "Recv: ok T:20")),
            link.TemperatureLog(points=(TemperaturePoint(time=7, heaters={"tool0": Heater(actual=20.0)}),)),
            link.Happened(sequence=1, at=1.0, event=events.ChartMarked(type="print", label="Start", time=6.0)),
        )
        await world.tell()
        async with served.socket() as socket:
            await socket.until("connected")
            await socket.send(auth=f"{user}:{await served.session(user)}")
            kind, history = await socket.next()
            assert kind == "history"
            assert history["state"]["text"] == "Operational"
            assert history["logs"] == ["Send: M105", "Recv: ok T:20"]
            assert history["messages"] == ["ok T:20"]
            nothing = {"actual": None, "target": None}
            assert history["temps"] == [
                {"time": 7, "tool0": {"actual": 20.0, "target": None}, "bed": nothing, "chamber": nothing}
            ]
            assert history["markings"] == [{"type": "print", "label": "Start", "time": 6.0}]
            assert history["serverTime"] > 0
            assert "busyFiles" not in history
            world.host.tell(link.LogLines(lines=("Recv: wait",)))
            await world.tell(
                state=MachineState.PRINTING, job=Job(id="1", file=FILE), progress=Progress(file_position=50),
                current_z=1.5,
            )  # fmt: skip
            current = await socket.until("current", lambda payload: payload["state"]["text"] == "Printing")
            assert current["logs"] == ["Recv: wait"]
            assert current["messages"] == ["wait"]
            assert current["temps"] == []
            assert current["markings"] == []
            assert current["currentZ"] == 1.5
            assert current["offsets"] == {"tool0": 2.0, "bed": 0.0}
            assert current["resends"] == {"count": 0, "transmitted": 0, "ratio": 0}
            assert current["busyFiles"] == [{"origin": "local", "path": "a.gcode"}]
            assert current["job"]["file"]["path"] == "a.gcode"
            assert current["progress"]["completion"] == 25.0

    run(tmp_path, scenario)


def test_nothing_is_lost_and_nothing_comes_twice(tmp_path):
    async def scenario(served):
        async with served.authed("ann") as socket:
            got = []
            for number in range(100):
                served.world.host.tell(link.LogLines(lines=(f"Recv: {number}",)))
                if number % 10 == 0:
                    await asyncio.sleep(0.1)
            while len(got) < 100:
                got += (await socket.until("current"))["messages"]
            assert got == [str(number) for number in range(100)]

    run(tmp_path, scenario)


def test_only_what_changed_is_sent_and_a_sign_of_life(tmp_path, monkeypatch):
    async def scenario(served):
        async with served.authed("ann") as socket:
            await socket.silence()
            assert await socket.silence() == []
            monkeypatch.setattr(push_client, "HEARTBEAT", 0.5)
            await served.world.tell()
            first, second = await socket.until("current"), await socket.until("current")
            assert second["serverTime"] > first["serverTime"]
            await socket.send(throttle=1000)
            served.world.host.tell(link.LogLines(lines=("Recv: wait",)))
            await socket.until("current", lambda payload: payload["messages"] == ["wait"])

    run(tmp_path, scenario)


def test_another_machine_has_its_own_socket(tmp_path):
    async def scenario(served):
        async with served.socket("/machines/default/sockjs/websocket") as socket:
            await socket.until("connected")
            await socket.send(auth=f"ann:{await served.session('ann')}")
            assert (await socket.until("history"))["state"]["text"] == "Operational"
        with pytest.raises(InvalidStatus):
            async with served.socket("/machines/other/sockjs/websocket"):
                pass

    run(tmp_path, scenario)


# --- rights ---------------------------------------------------------------------------------------------------------


def test_events_are_filtered_by_permission(tmp_path):
    async def scenario(served):
        bus = served.world.hub.bus
        async with served.authed("ann") as ann, served.authed("boss") as boss:
            await boss.event("ClientAuthed")
            bus.publish(None, events.UserLoggedIn(username="x"))
            bus.publish(None, events.ClientOpened(remoteAddress="1.2.3.4"))
            bus.publish("other", events.Home())
            bus.publish("default", events.PrinterStateChanged(state_id="PRINTING", state_string="Printing"))
            bus.publish("default", events.Waiting())
            assert (await boss.event("UserLoggedIn")) == {"username": "x"}
            assert (await boss.event("ClientOpened")) == {"remoteAddress": "1.2.3.4"}
            seen = []
            while not seen or seen[-1]["type"] != "Waiting":
                seen.append(await ann.until("event"))
            assert [event["type"] for event in seen][-3:] == ["ClientOpened", "PrinterStateChanged", "Waiting"]
            assert not {"UserLoggedIn", "Home"} & {event["type"] for event in seen}
            assert all(event["payload"] == {} for event in seen if event["type"].startswith("Client"))
            assert seen[-2]["payload"] == {"state_id": "PRINTING", "state_string": "Printing"}
            assert seen[-1]["payload"] is None

    run(tmp_path, scenario)


def test_the_terminal_needs_its_permission(tmp_path, monkeypatch):
    async def scenario(served):
        accounts = served.world.services.accounts
        genuine = accounts.identify_session

        def without_terminal(token):
            identity = genuine(token)
            rights = frozenset({"STATUS"})
            return msgspec.structs.replace(identity, permissions=rights) if identity is not None else None

        monkeypatch.setattr(accounts, "identify_session", without_terminal)
        world = served.world
        world.host.tell(link.LogLines(lines=("Recv: secret",)))
        await world.tell()
        async with served.socket() as socket:
            await socket.until("connected")
            await socket.send(auth=f"rita:{await served.session('rita')}")
            history = await socket.until("history")
            assert history["logs"] == history["messages"] == []
            world.host.tell(
                link.LogLines(lines=("Recv: secret",)),
                link.Happened(sequence=1, at=1.0, event=events.Error(error="x", reason="firmware", logs=["secret"])),
            )
            assert await socket.event("Error") == {"error": "x", "reason": "firmware"}
            current = await socket.until("current")
            assert "logs" not in current
            assert "messages" not in current

    run(tmp_path, scenario)


@pytest.mark.parametrize("how", ["removed", "deactivated"])
def test_whoever_may_not_come_in_any_more_is_let_go(tmp_path, how):
    async def scenario(served):
        accounts = served.world.services.accounts
        served.world.key("rita")
        session = await accounts.open_session(await accounts.login("rita", "secret"))
        async with served.socket() as socket, served.authed("ann") as other:
            await socket.send(auth=f"rita:{session}")
            await socket.until("history")
            if how == "removed":
                await served.world.remove_user("rita")
            else:
                await asyncio.to_thread(accounts.change_user, "rita", active=False)
            assert await socket.until("reauthRequired") == {"reason": "removed"}
            await socket.closed()
            await served.world.tell(state=MachineState.PAUSED)
            await other.until("current", lambda payload: payload["state"]["text"] == "Paused")

    run(tmp_path, scenario)


async def log_out(served, session):
    url = f"http://127.0.0.1:{served.port}"
    async with httpx.AsyncClient(base_url=url, cookies={f"session_P{served.port}": session}) as browser:
        token = served.world.services.accounts.new_csrf_token()
        browser.cookies.set(f"csrf_token_P{served.port}", token)
        assert (await browser.post("/api/logout", headers={"X-CSRF-Token": token})).status_code == 200


@pytest.mark.parametrize(("how", "reason"), [("another password", "stale"), ("a logout", "logout")])
def test_a_session_that_ended_hears_nothing_more_until_the_next_auth(tmp_path, how, reason):
    async def scenario(served):
        accounts = served.world.services.accounts
        served.world.key("rita")
        session = await accounts.open_session(await accounts.login("rita", "secret"))
        async with served.socket() as socket, served.authed("ann") as other:
            await socket.send(auth=f"rita:{session}")
            await socket.until("history")
            if how == "a logout":
                await log_out(served, session)
            else:
                await asyncio.to_thread(accounts.set_password, "rita", "secret")
            assert await socket.until("reauthRequired") == {"reason": reason}
            served.world.hub.bus.publish("default", events.Home())
            await served.world.tell(state=MachineState.PAUSED)
            await other.until("current", lambda payload: payload["state"]["text"] == "Paused")
            assert await socket.silence() == []
            await socket.send(auth=f"rita:{session}")
            assert await socket.next() == ("reauthRequired", {"reason": "stale"})
            session = await accounts.open_session(await accounts.login("rita", "secret"))
            await socket.send(auth=f"rita:{session}")
            assert (await socket.next())[0] == "history"

    run(tmp_path, scenario)


def test_other_rights_count_at_once(tmp_path):
    async def scenario(served):
        accounts, bus = served.world.services.accounts, served.world.hub.bus
        async with served.authed("ann") as socket, served.authed("boss") as boss:
            await asyncio.to_thread(accounts.change_user, "ann", groups=("users", "admins"))
            assert await socket.until("reauthRequired") == {"reason": "modified"}
            bus.publish(None, events.UserLoggedIn(username="x"))
            assert await socket.event("UserLoggedIn") == {"username": "x"}
            await asyncio.to_thread(accounts.change_user, "ann", groups=())
            assert await socket.until("reauthRequired") == {"reason": "modified"}
            bus.publish(None, events.UserLoggedIn(username="y"))
            await served.world.tell(state=MachineState.PAUSED)
            await boss.until("current", lambda payload: payload["state"]["text"] == "Paused")
            assert await socket.silence() == []

    run(tmp_path, scenario)


@pytest.mark.parametrize(
    ("origin", "accepted"),
    [("http://127.0.0.1:{port}", True), ("http://evil.example", False), ("null", False), ("http://127.0.0.1:1", False)],
)
def test_pages_of_other_origins(tmp_path, origin, accepted):
    async def scenario(served):
        opening = served.socket(additional_headers={"Origin": origin.format(port=served.port)})
        if accepted:
            async with opening as socket:
                await socket.until("connected")
            return
        with pytest.raises(InvalidStatus):
            await opening.__aenter__()

    run(tmp_path, scenario)


# --- subscriptions and pace -----------------------------------------------------------------------------------------


def test_subscriptions(tmp_path):
    async def scenario(served):
        bus = served.world.hub.bus
        authed = asyncio.Event()
        bus.subscribe(lambda _, event: authed.set() if isinstance(event, events.ClientAuthed) else None)
        async with served.socket() as socket:
            await socket.until("connected")
            await socket.send(subscribe={"events": ["Home"], "plugins": True})
            await socket.send(auth=f"ann:{await served.session('ann')}")
            await asyncio.wait_for(authed.wait(), PATIENCE)
            bus.publish("default", events.Waiting())
            bus.publish("default", events.Home())
            assert await socket.next() == ("event", {"type": "Home", "payload": None})
            await socket.send(subscribe={"state": {"logs": "^Recv: T"}})
            history = await socket.until("history")
            assert history["messages"] == []
            served.world.host.tell(link.LogLines(lines=("Recv: T:20", "Recv: wait", "Send: M105")))
            current = await socket.until("current", lambda payload: payload["logs"])
            assert current["logs"] == ["Recv: T:20"]
            assert current["messages"] == []

    run(tmp_path, scenario)


def test_the_machines_details(tmp_path):
    async def scenario(served):
        async with served.authed("rita") as socket, served.authed("rita") as other:
            await socket.send(subscribe={"state": {"logs": True, "messages": False, "machine": True}})
            details = (await socket.until("history"))["machine"]
            url = f"http://127.0.0.1:{served.port}/api/v1/machines/default"
            async with httpx.AsyncClient(headers={"X-Api-Key": served.world.key("boss")}) as client:
                record = (await client.get(url)).json()
                for name, value in details.items():
                    if name not in {"state", "progress"}:
                        assert record[name] == value, name
                assert set(record) - set(details) == {
                    "capabilities",
                    "temperatures",
                    "job",
                    "resends",
                    "droppedLogLines",
                }
                assert details["state"] == {"id": "OPERATIONAL"}
                assert details["progress"] == {"linesSent": 0, "linesAcknowledged": 0, "linesTotal": 0}
                await client.patch(url, json={"name": "Mill", "profile": {"width": 50}})
            current = await socket.until("current", lambda payload: payload["machine"]["name"] == "Mill")
            assert current["machine"]["profile"]["width"] == 50
            await served.world.tell(state=MachineState.PRINTING, progress=Progress(lines_sent=7, lines_total=9))
            current = await socket.until("current", lambda payload: payload["machine"]["state"]["id"] == "PRINTING")
            assert current["machine"]["progress"]["linesSent"] == 7
            plain = await other.until("current", lambda payload: payload["state"]["text"] == "Printing")
            assert "machine" not in plain

    run(tmp_path, scenario)


def test_throttled_clients_get_all_lines_in_fewer_messages(tmp_path):
    async def scenario(served):
        async with served.authed("ann") as socket:
            await socket.send(throttle=20)
            await socket.send(throttle=0)
            await socket.send(throttle="fast")
            got, messages = [], 0
            for number in range(40):
                served.world.host.tell(link.LogLines(lines=(f"Recv: {number}",)))
                await asyncio.sleep(0.05)
            while len(got) < 40:
                messages += 1
                got += (await socket.until("current"))["messages"]
            assert got == [str(number) for number in range(40)]
            assert messages < 15

    run(tmp_path, scenario)


def test_a_client_that_does_not_read_harms_nobody(tmp_path, monkeypatch):
    monkeypatch.setattr(push_client, "STUCK", 1.0)

    async def scenario(served):
        bus = served.world.hub.bus
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port, limit=1024)
        try:
            writer.write(
                b"GET /sockjs/websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
            )
            await reader.readuntil(b"\r\n\r\n")
            text = json.dumps({"auth": f"ann:{await served.session('ann')}"}).encode()
            writer.write(bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text)
            await until(lambda: served.world.host.links)
            payload = "x" * 100_000
            async with served.authed("ann") as other:
                for _ in range(400):
                    bus.publish("default", events.CommandSuppressed(command="G0", message=payload, severity="info"))
                    await asyncio.sleep(0)
                for _ in range(400):
                    await other.event("CommandSuppressed")
                await served.world.tell(state=MachineState.PAUSED)
                await other.until("current", lambda current: current["state"]["text"] == "Paused")
                await other.event("ClientClosed")
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    run(tmp_path, scenario)
