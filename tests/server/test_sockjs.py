"""SockJS over real sockets: with WebSockets and without (contract, 6.1)."""

import asyncio
import contextlib
import json

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from helpers_fleet import until
from helpers_push import PATIENCE, run
from mrdraw import events
from mrdraw.link import messages as link
from mrdraw.link.messages import MachineState
from mrdraw.server.push import audience as push_audience
from mrdraw.server.push import client as push_client
from mrdraw.server.push import polling
from mrdraw.server.push.sockjs import session as sockjs_session

GONE = 'c[3000,"Go away!"]'


@pytest.fixture(autouse=True)
def _quicker(monkeypatch):
    """The same behaviour at a quicker pace."""
    monkeypatch.setattr(push_client, "PERIOD", 0.05)
    monkeypatch.setattr(push_audience, "LOOK_EVERY", 0.05)


@contextlib.asynccontextmanager
async def browser(served, **options):
    base = f"http://127.0.0.1:{served.port}/sockjs"
    async with httpx.AsyncClient(base_url=base, timeout=PATIENCE, **options) as client:
        yield client


async def auth(client, served, user="ann", session="s"):
    text = json.dumps([json.dumps({"auth": f"{user}:{await served.session(user)}"})])
    answer = await client.post(f"/000/{session}/xhr_send", content=text, headers={"Content-Type": "text/plain"})
    assert (answer.status_code, answer.content) == (204, b"")


async def polled(client, wanted, session="s", condition=lambda payload: True):
    """Poll until a message of this type comes for which the condition holds."""
    while True:
        answer = await client.post(f"/000/{session}/xhr")
        assert answer.status_code == 200
        assert answer.text.endswith("\n")
        for message in json.loads(answer.text[1:]) if answer.text[0] == "a" else []:
            if wanted in message and condition(message[wanted]):
                return message[wanted]


# --- the WebSocket --------------------------------------------------------------------------------------------------


def test_frames_on_the_websocket(tmp_path):
    async def scenario(served):
        async with connect(f"ws://127.0.0.1:{served.port}/sockjs/000/abcd/websocket") as socket:
            assert await socket.recv() == "o"
            kind, connected = (frame := await socket.recv())[0], json.loads(frame[1:])
            assert kind == "a"
            assert connected[0]["connected"]["safe_mode"] is None
            ann = json.dumps({"auth": f"ann:{await served.session('ann')}"})
            await socket.send("")
            await socket.send(b"binary")
            await socket.send(json.dumps([json.dumps({"subscribe": {"events": True}}), ann, 5]))
            await socket.send(json.dumps(ann))  # a bare string
            authed = 0
            while authed < 2:
                authed += "ClientAuthed" in await socket.recv()
            await socket.send("{")
            while await socket.recv() != GONE:
                pass
            with pytest.raises(ConnectionClosed):
                await socket.recv()

    run(tmp_path, scenario)


def test_heartbeats_also_to_who_is_nobody(tmp_path, monkeypatch):
    monkeypatch.setattr(sockjs_session, "HEARTBEAT_EVERY", 0.1)

    async def scenario(served):
        async with connect(f"ws://127.0.0.1:{served.port}/sockjs/000/abcd/websocket") as socket:
            frames = [await socket.recv() for _ in range(4)]
            assert [frame[0] for frame in frames] == ["o", "a", "h", "h"]
        async with browser(served) as client:
            polls = [(await client.post("/000/s/xhr")).text for _ in range(4)]
            assert [poll[0] for poll in polls] == ["o", "a", "h", "h"]

    run(tmp_path, scenario)


@pytest.mark.parametrize(
    "path", ["/sockjs/000/websocket", "/sockjs/a.b/c/websocket", "/sockjs/0/a.b/websocket", "/api/job"]
)
def test_where_no_websocket_is(tmp_path, path):
    async def scenario(served):
        with pytest.raises(InvalidStatus):
            async with connect(f"ws://127.0.0.1:{served.port}{path}"):
                pass

    run(tmp_path, scenario)


# --- polling --------------------------------------------------------------------------------------------------------


def test_polling_from_open_to_state(tmp_path):
    async def scenario(served):
        async with browser(served) as client:
            first = await client.post("/000/s/xhr")
            assert (first.status_code, first.text) == (200, "o\n")
            assert first.headers["content-type"] == "application/javascript; charset=UTF-8"
            assert "no-store" in first.headers["cache-control"]
            assert (await polled(client, "connected"))["online"] is True
            await auth(client, served)
            assert (await polled(client, "history"))["state"]["text"] == "Operational"
            served.world.host.tell(link.LogLines(lines=("Recv: wait",)))
            await served.world.tell(state=MachineState.PAUSED)
            seen = []
            current = await polled(client, "current", condition=lambda state: seen.extend(state["messages"]) or seen)
            assert (current["state"]["text"], seen) == ("Paused", ["wait"])

    run(tmp_path, scenario)


def test_a_slow_poller_gets_the_newest_state(tmp_path, monkeypatch):
    monkeypatch.setattr(sockjs_session, "ROOM", 1)

    async def scenario(served):
        async with browser(served) as client:
            await client.post("/000/s/xhr")
            await auth(client, served)
            await polled(client, "timelapse")
            for number in range(60):
                served.world.host.tell(link.LogLines(lines=(f"Recv: {number}",)))
                await asyncio.sleep(0.02)
            got, polls = [], 0
            while len(got) < 60:
                got += (await polled(client, "current"))["messages"]
                polls += 1
            assert got == [str(number) for number in range(60)]
            assert polls < 10

    run(tmp_path, scenario)


@pytest.mark.parametrize("transport", ["xhr", "xhr_streaming", "eventsource"])
def test_a_second_receiver_is_refused(tmp_path, transport):
    method = "GET" if transport == "eventsource" else "POST"

    async def scenario(served):
        async with browser(served) as client:
            await client.post("/000/s/xhr")
            await client.post("/000/s/xhr")
            waiting = asyncio.create_task(client.post("/000/s/xhr"))
            await asyncio.sleep(0.3)
            second = await client.request(method, f"/000/s/{transport}")
            assert second.text.endswith(
                'c[2010,"Another connection still open"]' + {"eventsource": "\r\n\r\n"}.get(transport, "\n")
            )
            served.world.hub.bus.publish("default", events.Home())
            await auth(client, served)
            assert (await waiting).text[0] == "a"

    run(tmp_path, scenario)


def test_streaming_until_the_answer_is_full(tmp_path):
    async def scenario(served):
        bus = served.world.hub.bus
        async with browser(served) as client:
            async with client.stream("POST", "/000/s/xhr_streaming") as answer:
                lines = answer.aiter_lines()
                assert await anext(lines) == "h" * 2048
                assert await anext(lines) == "o"
                assert (await anext(lines)).startswith('a[{"connected":')
                await auth(client, served)
                while '"history"' not in await anext(lines):
                    pass
                for number in range(3):
                    bus.publish(
                        "default", events.CommandSuppressed(command=f"{number}", message="x" * 60_000, severity="info")
                    )
                rest = [line async for line in lines]
            commands = [
                message["event"]["payload"]["command"] for message in _messages(rest) if "x" * 9 in str(message)
            ]
            while len(commands) < 3:
                event = await polled(client, "event", condition=lambda event: event["type"] == "CommandSuppressed")
                commands.append(event["payload"]["command"])
            assert commands == ["0", "1", "2"]

    run(tmp_path, scenario)


def _messages(frames):
    return [message for frame in frames if frame[0] == "a" for message in json.loads(frame[1:])]


def test_an_event_source(tmp_path):
    async def scenario(served):
        async with browser(served) as client, client.stream("GET", "/000/s/eventsource") as answer:
            assert answer.headers["content-type"] == "text/event-stream; charset=UTF-8"
            chunks = answer.aiter_text()
            text = await anext(chunks)
            while "connected" not in text:
                text += await anext(chunks)
            assert text.startswith('\r\ndata: o\r\n\r\ndata: a[{"connected":')
            assert text.endswith("]\r\n\r\n")
            await auth(client, served)
            while '"history"' not in text:
                text += await anext(chunks)

    run(tmp_path, scenario)


def test_a_receiver_that_went_frees_its_place_and_a_session_without_one_is_dropped(tmp_path, monkeypatch):
    monkeypatch.setattr(sockjs_session, "LINGER", 0.5)

    async def scenario(served):
        async with browser(served) as client:
            async with client.stream("POST", "/000/s/xhr_streaming") as answer:
                lines = answer.aiter_lines()
                while not (await anext(lines)).startswith("a"):
                    pass
            await auth(client, served)
            assert await polled(client, "history")
            seen = []
            served.world.hub.bus.subscribe(lambda _, event: seen.append(type(event)))
            await until(lambda: events.ClientClosed in seen)
            gone = await client.post("/000/s/xhr_send", content='["{}"]')
            assert gone.status_code == 404
            assert "push session" in gone.json()["error"]
            assert (await client.post("/000/s/xhr")).text == "o\n"

    run(tmp_path, scenario)


def test_a_session_of_somebody_who_was_removed_ends(tmp_path):
    async def scenario(served):
        async with browser(served) as client:
            await client.post("/000/s/xhr")
            await auth(client, served, "rita")
            await polled(client, "history")
            await served.world.remove_user("rita")
            assert await polled(client, "reauthRequired") == {"reason": "removed"}
            for _ in range(2):
                assert (await client.post("/000/s/xhr")).text == f"{GONE}\n"

    run(tmp_path, scenario)


def test_sessions_belong_to_the_address_that_opened_them(tmp_path):
    async def scenario(served):
        mine, other = ({"X-Forwarded-For": address} for address in ("10.0.0.1", "10.0.0.2, 127.0.0.1"))
        opened = []
        served.world.hub.bus.subscribe(lambda _, event: opened.append(event))
        async with browser(served) as client:
            assert (await client.post("/000/s/xhr", headers=mine)).text == "o\n"
            assert opened == [events.ClientOpened(remoteAddress="10.0.0.1")]
            assert (await client.post("/000/s/xhr", headers=other)).status_code == 404
            send = {"content": '["{}"]', "headers": other}
            assert (await client.post("/000/s/xhr_send", **send)).status_code == 404
            assert (await client.post("/000/s/xhr", headers=mine)).text.startswith("a")

    run(tmp_path, scenario)


def test_what_is_sent_wrongly(tmp_path):
    async def scenario(served):
        async with browser(served) as client:
            assert (await client.post("/000/s/xhr_send", content="[]")).status_code == 404
            await client.post("/000/s/xhr")
            for content, status in ((b"", 400), (b"[", 400), (b"x" * 200_000, 413), (b"{}", 204), (b'"{}"', 204)):
                answer = await client.post("/000/s/xhr_send", content=content)
                assert answer.status_code == status, content[:9]
                assert status == 204 or answer.json()["error"]
            for path in (
                "/000/a.b/xhr",
                "/0.0/s/xhr",
                "/000/s/xhr/",
                "/000/s/jsonp",
                "/000/s/htmlfile",
                "/iframe.html",
            ):
                assert (await client.post(path)).status_code == 404, path
            assert (await client.get("/000/s/xhr")).status_code == 405

    run(tmp_path, scenario)


def test_a_browser_that_is_logged_in_needs_no_csrf_pair_here(tmp_path):
    async def scenario(served):
        session = await served.session("ann")
        async with browser(served, cookies={f"session_P{served.port}": session}) as client:
            assert (await client.post("/000/s/xhr")).text == "o\n"
            await auth(client, served)
            await polled(client, "history")

    run(tmp_path, scenario)


def test_pages_of_other_origins_are_refused_unless_they_may(tmp_path):
    foreign = {"Origin": "http://evil.example"}

    async def scenario(served):
        async with browser(served) as client:
            assert (await client.post("/000/s/xhr", headers=foreign)).status_code == 403
            assert (await client.get("/000/s/eventsource", headers=foreign)).status_code == 403
            assert (await client.post("/000/s/xhr", headers={"Origin": "http://["})).status_code == 403
            own = {"Origin": f"http://127.0.0.1:{served.port}"}
            assert (await client.post("/000/s/xhr", headers=own)).text == "o\n"
            assert (await client.post("/000/s/xhr_send", headers=foreign, content='["{}"]')).status_code == 403
            served.world.services.settings.update({"api": {"allowCrossOrigin": True}})
            assert (await client.post("/000/t/xhr", headers=foreign)).text == "o\n"

    run(tmp_path, scenario)


def test_sessions_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(polling, "MOST", 2)
    monkeypatch.setattr(sockjs_session, "LINGER", 1.0)

    async def scenario(served):
        async with browser(served) as client:
            for name in "ab":
                assert (await client.post(f"/000/{name}/xhr")).text == "o\n"
            full = await client.post("/000/c/xhr")
            assert (full.status_code, full.headers["retry-after"]) == (503, "5")
            await asyncio.sleep(1.5)
            assert (await client.post("/000/c/xhr")).text == "o\n"

    run(tmp_path, scenario)


def test_what_is_there_beside_the_transports(tmp_path):
    async def scenario(served):
        async with browser(served) as client:
            for path in ("", "/"):
                assert (await client.get(path)).text == "Welcome to SockJS!\n"
            assert "no-store" in (await client.get("/info")).headers["cache-control"]
            assert (await client.head("/000/s/eventsource")).status_code == 200
            base = f"http://127.0.0.1:{served.port}/machines/default/sockjs"
            assert (await client.post(f"{base}/000/s/xhr")).text == "o\n"

    run(tmp_path, scenario)
