"""Whoever is deactivated or removed is out at once, by every way in: over real sockets."""

import asyncio
import contextlib

import httpx
import pytest

from helpers_push import run
from mrdraw.link.messages import MachineState


@contextlib.asynccontextmanager
async def polled(base, user, session):
    """A push session over requests that come and go, and what asks it for more."""
    async with httpx.AsyncClient(base_url=f"{base}/sockjs/000/abcdef", timeout=30) as client:
        for expected in ("o", "connected"):
            assert expected in (await client.post("/xhr")).text
        sent = await client.post("/xhr_send", content=f'["{{\\"auth\\": \\"{user}:{session}\\"}}"]')
        assert sent.status_code == 204
        assert "history" in (await client.post("/xhr")).text
        yield client


async def until_closed(client):
    """All that is told until the session is closed."""
    told = ""
    for _ in range(20):
        text = (await client.post("/xhr")).text
        told += text
        if text.startswith("c["):
            return told
    raise AssertionError(told)


@pytest.mark.parametrize("how", ["removed", "deactivated"])
def test_keys_sessions_and_sockets_end_at_once(tmp_path, how):
    async def scenario(served):
        made = served.world
        accounts, base = made.services.accounts, f"http://127.0.0.1:{served.port}"
        key = made.key("rita")
        typed = await accounts.open_session(await accounts.login("rita", "secret"), remember=True)
        of_key = await served.session("rita")
        ways = [
            {"headers": {"X-Api-Key": key}},
            {"headers": {"Authorization": f"Bearer {key}"}},
            {"params": {"apikey": key}},
            *({"cookies": {f"session_P{served.port}": token}} for token in (typed, of_key)),
        ]
        async with contextlib.AsyncExitStack() as stack:
            clients = [await stack.enter_async_context(httpx.AsyncClient(base_url=base, **way)) for way in ways]
            boss = await stack.enter_async_context(
                httpx.AsyncClient(base_url=base, headers={"X-Api-Key": made.key("boss")})
            )
            socket = await stack.enter_async_context(served.socket())
            await socket.send(auth=f"rita:{typed}")
            await socket.until("history")
            xhr = await stack.enter_async_context(polled(base, "rita", of_key))
            for client in clients:
                assert (await client.get("/api/printer")).status_code == 200
            path = "/api/access/users/rita"
            if how == "removed":
                answer = await boss.delete(path)
            else:
                answer = await boss.put(path, json={"active": False})
            assert answer.status_code == 200
            for client in clients:
                assert (await client.get("/api/printer")).status_code == 401
                assert (await client.post("/api/v1/machines/default/emergency-stop")).status_code == 401
            await made.tell(state=MachineState.PAUSED)
            assert "removed" in await until_closed(xhr)
            assert await socket.until("reauthRequired") == {"reason": "removed"}
            await socket.closed()
            for session in (typed, of_key):
                async with served.socket() as again:
                    await again.until("connected")
                    await again.send(auth=f"rita:{session}")
                    assert await again.next() == ("reauthRequired", {"reason": "stale"})

    run(tmp_path, scenario)


def test_an_account_that_is_let_in_again_has_its_key_and_no_old_session(tmp_path):
    async def scenario(served):
        accounts, base = served.world.services.accounts, f"http://127.0.0.1:{served.port}"
        key = served.world.key("rita")
        session = await accounts.open_session(await accounts.login("rita", "secret"))
        for active in (False, True):
            await asyncio.to_thread(accounts.change_user, "rita", active=active)
        async with httpx.AsyncClient(base_url=base, cookies={f"session_P{served.port}": session}) as page:
            assert (await page.get("/api/printer")).status_code == 401
        async with httpx.AsyncClient(base_url=base, headers={"X-Api-Key": key}) as client:
            assert (await client.get("/api/printer")).status_code == 200

    run(tmp_path, scenario)
