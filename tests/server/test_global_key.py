"""The global key: made anew, switched off and on again, wherever it came from (contract, section 0 and 5.9)."""

import asyncio

import pytest

from helpers_fleet import until
from helpers_hub import run
from helpers_push import run as run_with_sockets

KEY = "/api/settings/apikey"


async def status(made, key):
    async with made.client(key) as client:
        return (await client.get("/api/version")).status_code


async def chosen_by_hand(made, tmp_path):
    """A key that stands in the file; the one in the database is not one any more."""
    path = tmp_path / "config.yaml"
    path.write_text("# ours\napi:\n  key: chosen-by-hand\nappearance:\n  name: Workshop\n", encoding="utf-8")
    await until(lambda: made.services.settings.current().api.key == "chosen-by-hand")
    return path


@pytest.mark.parametrize("from_file", [False, True])
def test_anew_off_and_on_again(tmp_path, from_file):
    async def scenario(boss, made):
        first = made.services.accounts.global_key()
        if from_file:
            path = await chosen_by_hand(made, tmp_path)
            assert await status(made, first) == 401
            first = "chosen-by-hand"
        assert await status(made, first) == 200
        answer = await boss.post(KEY)
        second = answer.json()["apikey"]
        assert (answer.status_code, len(second)) == (200, 43)
        assert (await status(made, first), await status(made, second)) == (401, 200)
        assert (await boss.get("/api/settings")).json()["api"]["key"] == second
        if from_file:
            await chosen_by_hand(made, tmp_path)
            second = "chosen-by-hand"
        off = await boss.delete(KEY)
        assert (off.status_code, off.content) == (204, b"")
        assert await status(made, second) == 401
        assert (await boss.get("/api/settings")).json()["api"]["key"] is None
        made.services.accounts.ensure_global_key()  # as the next start does
        assert made.services.accounts.global_key() is None
        assert (await boss.delete(KEY)).status_code == 204
        third = (await boss.post(KEY)).json()["apikey"]
        assert await status(made, third) == 200
        if from_file:
            text = path.read_text(encoding="utf-8")
            assert ("chosen-by-hand" in text, "# ours" in text, "Workshop" in text) == (False, True, True)

    run(tmp_path, scenario, user="boss")


def test_the_global_key_may_renew_itself_and_is_gone_then(tmp_path):
    async def scenario(_, made):
        first = made.services.accounts.global_key()
        async with made.client(first) as client:
            second = (await client.post(KEY)).json()["apikey"]
            assert (await client.delete(KEY)).status_code == 401
        assert await status(made, second) == 200

    run(tmp_path, scenario, user="boss")


@pytest.mark.parametrize("from_file", [False, True])
def test_what_stood_on_it_ends_with_it(tmp_path, from_file):
    async def scenario(served):
        made = served.world
        if from_file:
            await chosen_by_hand(made, tmp_path)
        session = await served.session("_api")
        async with served.authed("_api") as socket, made.client() as page:
            page.cookies.set("session_P80", session)
            assert (await page.get("/api/version")).status_code == 200
            await asyncio.to_thread(made.services.accounts.revoke_global_key)
            assert (await page.get("/api/version")).status_code == 401
            assert await socket.until("reauthRequired") == {"reason": "stale"}

    run_with_sockets(tmp_path, scenario)
