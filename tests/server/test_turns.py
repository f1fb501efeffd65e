"""Requests are taken in turns; an emergency stop has none to wait for."""

import asyncio

import pytest

from mrdraw.server.turns import AT_ONCE, PER_ROUND, Turns


class App:
    """Notes when which request began, in rounds of the loop."""

    def __init__(self):
        self.begun = []
        self.round = 0

    async def __call__(self, scope, receive, send):
        self.begun.append((self.round, scope["path"]))
        if scope["path"] == "/long":
            await asyncio.sleep(3600)

    async def count(self):
        while True:
            await asyncio.sleep(0)
            self.round += 1


async def crowd(turns, paths):
    return [asyncio.create_task(turns({"type": "http", "path": path}, None, None)) for path in paths]


def test_a_crowd_begins_a_few_at_a_time_and_in_order():
    async def main():
        app = App()
        counting = asyncio.create_task(app.count())
        await asyncio.gather(*await crowd(Turns(app), [str(number) for number in range(50)]))
        counting.cancel()
        return app.begun

    begun = asyncio.run(main())
    assert [path for _, path in begun] == [str(number) for number in range(50)]
    rounds = [at for at, _ in begun]
    assert max(rounds.count(at) for at in rounds) <= PER_ROUND


@pytest.mark.parametrize("path", [f"/machines/two/api{AT_ONCE[0]}", AT_ONCE[1]])
def test_an_emergency_stop_passes_all_that_wait(path):
    async def main():
        app = App()
        await asyncio.gather(*await crowd(Turns(app), [*map(str, range(50)), path]))
        return [path for _, path in app.begun].index(path)

    assert asyncio.run(main()) <= PER_ROUND


def test_what_takes_long_or_went_away_stops_nobody():
    async def main():
        app = App()
        turns = Turns(app)
        tasks = await crowd(turns, ["/long"] * 20 + ["gone"] * 20)
        await asyncio.sleep(0)
        for task in tasks[20:]:
            task.cancel()
        await asyncio.gather(*await crowd(turns, ["after"] * 5))
        for task in tasks:
            task.cancel()
        return [path for _, path in app.begun]

    begun = asyncio.run(main())
    assert begun.count("/long") == 20
    assert begun.count("after") == 5
    assert "gone" not in begun
