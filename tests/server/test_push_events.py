"""The events that push clients hear: their payloads and their order (contract, section 7)."""

import asyncio
import json

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers_push import run
from mrdraw import events
from mrdraw.link import messages as link
from mrdraw.link.messages import MachineState, PortInfo
from mrdraw.server.push import audience as push_audience
from mrdraw.server.push import client as push_client
from mrdraw.server.push.messages import EventTexts, Sight
from mrdraw.server.push.outbox import LARGEST, MOST, Outbox

ALL = Sight(status=True, terminal=True, admin=True)
SOME = Sight(status=True)
JOB = {"name": "a.gcode", "path": "x/a.gcode", "origin": "local", "size": 20}
WHO = {"owner": "ann", "user": "boss"}
WHERE = {"position": {"x": 1.0, "z": 2.0}, "fileposition": 10, "progress": 50}


@pytest.fixture(autouse=True)
def _quicker(monkeypatch):
    """The same behaviour at a quicker pace."""
    monkeypatch.setattr(push_client, "PERIOD", 0.05)
    monkeypatch.setattr(push_audience, "LOOK_EVERY", 0.05)


def pushed(event, sight=ALL):
    return json.loads(EventTexts().text(event, sight))["event"]


@pytest.mark.parametrize(
    ("event", "name", "payload"),
    [
        # typed from section 7 of the contract
        (events.Connecting(), "Connecting", None),
        (events.Connected(port="/dev/tty1", baudrate=250000), "Connected", {"port": "/dev/tty1", "baudrate": 250000}),
        (events.Disconnected(), "Disconnected", None),
        (events.ConnectionsAutorefreshed(ports=["/dev/tty1"]), "ConnectionsAutorefreshed", {"ports": ["/dev/tty1"]}),
        (
            events.PrinterStateChanged(state_id="PRINTING", state_string="Printing"),
            "PrinterStateChanged",
            {"state_id": "PRINTING", "state_string": "Printing"},
        ),
        (events.PrinterReset(idle=True), "PrinterReset", {"idle": True}),
        (events.FirmwareData(name="Marlin", data={"A": "b"}), "FirmwareData", {"name": "Marlin", "data": {"A": "b"}}),
        (events.PrintStarted(**JOB), "PrintStarted", JOB),
        (events.PrintStarted(**JOB, **WHO), "PrintStarted", {**JOB, **WHO}),
        (events.PrintResumed(**JOB), "PrintResumed", JOB),
        (events.PrintPaused(**JOB, **WHERE), "PrintPaused", {**JOB, **WHERE}),
        (events.PrintDone(**JOB, time=7.5), "PrintDone", {**JOB, "time": 7.5}),
        (events.PrintCancelling(**JOB), "PrintCancelling", JOB),
        (events.PrintCancelling(**JOB, firmwareError="x"), "PrintCancelling", {**JOB, "firmwareError": "x"}),
        (events.PrintCancelled(**JOB, time=7.5, **WHERE), "PrintCancelled", {**JOB, "time": 7.5, **WHERE}),
        (
            events.PrintFailed(**JOB, time=7.5, reason="error", error="x", **WHERE),
            "PrintFailed",
            {**JOB, "time": 7.5, "reason": "error", "error": "x", **WHERE},
        ),
        (events.ChartMarked(type="print", label="Start"), "ChartMarked", {"type": "print", "label": "Start"}),
        (events.Error(error="x", reason="timeout"), "Error", {"error": "x", "reason": "timeout"}),
        (events.ZChange(new=1.5, old=None), "ZChange", {"new": 1.5, "old": None}),
        (events.ToolChange(old=0, new=1), "ToolChange", {"old": 0, "new": 1}),
        (events.Dwelling(), "Dwelling", None),
        (events.UpdatedFiles(type="printables"), "UpdatedFiles", {"type": "printables"}),
        (events.FileDeselected(), "FileDeselected", None),
        (events.PrinterProfileModified(identifier="_default"), "PrinterProfileModified", {"identifier": "_default"}),
        (
            events.SettingsUpdated(config_hash="a", effective_hash="b"),
            "SettingsUpdated",
            {"config_hash": "a", "effective_hash": "b"},
        ),
        (events.ClientOpened(remoteAddress="10.0.0.1"), "ClientOpened", {"remoteAddress": "10.0.0.1"}),
        (events.UserLoggedIn(username="ann"), "UserLoggedIn", {"username": "ann"}),
        (events.Shutdown(), "Shutdown", None),
    ],
)  # fmt: skip
def test_names_and_payloads(event, name, payload):
    assert pushed(event) == {"type": name, "payload": payload}


def test_what_others_may_not_see():
    failed = events.Error(error="x", reason="firmware", logs=["Recv: secret"])
    assert pushed(failed, SOME)["payload"] == {"error": "x", "reason": "firmware"}
    assert pushed(failed)["payload"]["logs"] == ["Recv: secret"]
    for event in (events.ClientOpened(remoteAddress="a"), events.ClientAuthed(username="ann", remoteAddress="a")):
        assert pushed(event, SOME)["payload"] == {}
    for event in (events.UserLoggedIn(username="ann"), events.UserLoggedOut(username="ann")):
        assert not SOME.covers(event)
        assert ALL.covers(event)
    assert not Sight().covers(events.Home())


def test_an_event_is_encoded_once_for_all_who_see_the_same():
    texts, event = EventTexts(), events.PrintStarted(**JOB)
    first, other = texts.text(event, SOME), texts.text(event, ALL)
    assert texts.text(event, SOME) is first
    assert texts.text(event, ALL) is other
    texts.text(events.Home(), SOME)
    again = texts.text(event, SOME)
    assert again == first
    assert again is not first


@given(st.lists(st.integers(1, LARGEST), max_size=20), st.integers(0, MOST + 5))
def test_what_waits_is_bounded_and_keeps_its_order(sizes, small):
    outbox, kept, size = Outbox(), [], 0
    for number, length in enumerate([*sizes, *[1] * small]):
        text = chr(97 + number % 26) * min(length, 2000) + "x" * max(0, length - 2000)
        assert outbox.put(text) is (len(kept) < MOST and size < LARGEST)
        if len(kept) < MOST and size < LARGEST:
            kept.append(text)
            size += len(text)
    assert [outbox.take() for _ in kept] == kept
    assert outbox.take() is None


# --- over sockets ---------------------------------------------------------------------------------------------------


def test_ports_that_come_and_go_while_nothing_is_connected(tmp_path):
    async def scenario(served):
        async with served.authed("ann") as socket:
            one, two = PortInfo(path="/dev/ttyUSB9"), PortInfo(path="/dev/ttyUSB10")
            await served.world.tell(ports=(one,))
            await served.world.tell(state=MachineState.OFFLINE, ports=(one,))
            await served.world.tell(state=MachineState.OFFLINE, ports=(one, two))
            served.world.host.tell(link.Happened(sequence=1, at=1.0, event=events.Waiting()))
            seen = []
            while "Waiting" not in [event["type"] for event in seen]:
                seen.append(await socket.until("event"))
            ports = [event["payload"] for event in seen if event["type"] == "ConnectionsAutorefreshed"]
            assert ports == [{"ports": ["/dev/ttyUSB9", "/dev/ttyUSB10"]}]

    run(tmp_path, scenario)


def test_a_changed_profile(tmp_path):
    async def scenario(served):
        url = f"http://127.0.0.1:{served.port}/api/v1/machines/default"
        async with (
            served.authed("ann") as socket,
            httpx.AsyncClient(headers={"X-Api-Key": served.world.key("boss")}) as client,
        ):
            await client.patch(url, json={"name": "Mill"})
            assert (await client.patch(url, json={"profile": {"width": 50}})).status_code == 200
            assert await socket.event("PrinterProfileModified") == {"identifier": "_default"}

    run(tmp_path, scenario)


def test_who_comes_and_goes(tmp_path):
    async def scenario(served):
        async with served.authed("boss") as boss:
            async with served.authed("ann"):
                assert await boss.event("ClientOpened") == {"remoteAddress": "127.0.0.1"}
                assert await boss.event("ClientAuthed") == {"username": "ann", "remoteAddress": "127.0.0.1"}
            assert await boss.event("ClientClosed") == {"remoteAddress": "127.0.0.1"}

    run(tmp_path, scenario)


def test_the_server_says_goodbye_and_then_lets_go(tmp_path):
    async def scenario(served):
        async with served.authed("ann") as socket, served.socket() as nobody:
            await nobody.until("connected")
            polling = httpx.AsyncClient(base_url=f"http://127.0.0.1:{served.port}", timeout=30)
            async with polling:
                await polling.post("/sockjs/0/s/xhr")
                await polling.post("/sockjs/0/s/xhr")
                poll = asyncio.create_task(polling.post("/sockjs/0/s/xhr"))
                await asyncio.sleep(0.2)
                served.world.hub.say_goodbye()
                assert (await socket.event("Shutdown")) is None
                assert (await poll).text == 'c[3000,"Go away!"]\n'
                await socket.closed()
                await nobody.closed()

    run(tmp_path, scenario)


def test_who_cannot_follow_gets_the_newest_state_instead(tmp_path):
    async def scenario(served):
        bus = served.world.hub.bus
        async with served.authed("ann") as socket:
            for number in range(2 * MOST + 10):  # all at once: nothing can be sent meanwhile
                bus.publish("default", events.CommandSuppressed(command=f"{number}", message="", severity="info"))
            kind = ""
            while kind != "history":
                kind, _ = await socket.next()
            seen = []
            while not seen or seen[-1] != f"{2 * MOST + 9}":
                seen.append((await socket.event("CommandSuppressed"))["command"])
            assert seen == [str(number) for number in range(int(seen[0]), 2 * MOST + 10)]
            assert len(seen) <= MOST

    run(tmp_path, scenario)
