"""The emergency stop gets through a server that has everything else to do, and past a running job, to the wire."""

import asyncio
import contextlib
import json

import httpx

from helpers_machine import Simulator
from helpers_serve import free_port, mrdraw, serving

REQUESTS = 100
PATHS = ("/api/job", "/api/printer", "/api/files?recursive=true", "/api/v1/machines")
JOB = "\n".join(["G90", *(f"G1 X{number % 50} F6000\nG4 P50" for number in range(2000))]) + "\n"


async def _until(condition):
    async with asyncio.timeout(60):
        while not await condition():  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.05)


async def _ask_on(client, path, answers):
    """Ask the same again and again, until cancelled."""
    while True:
        answers.append((await client.get(path)).status_code)


async def _endless():
    """An upload that goes on until it is cancelled."""
    yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="big.gcode"\r\n\r\n'
    while True:
        yield b"G1 X1 Y1\n" * 20_000
        await asyncio.sleep(0.001)


async def _stop_under_load(url, key, simulator):
    limits, headers = httpx.Limits(max_connections=None), {"X-Api-Key": key}
    async with httpx.AsyncClient(base_url=url, headers=headers, limits=limits, timeout=60) as client:

        async def state():
            return (await client.get("/api/job")).json()["state"]

        async def is_ready():
            return await state() == "Operational"

        async def goes_on():
            return "G4 P50" in simulator.executed()

        async def is_stopped():
            found = (await client.get("/api/v1/machines/default")).json()
            texts = [notice["text"] for notice in found["notices"] if notice["key"] == "emergency-stop"]
            return found["state"]["id"] == "CLOSED_WITH_ERROR" and "the firmware stopped" in "".join(texts)

        await _until(is_ready)
        form = {"file": ("job.gcode", JOB)}
        assert (await client.post("/api/files/local", files=form, data={"print": "true"})).status_code == 201
        await _until(goes_on)
        answers = []
        kind = {"Content-Type": "multipart/form-data; boundary=b"}
        upload = client.post("/api/files/local", content=_endless(), headers=kind)
        asking = (_ask_on(client, PATHS[number % len(PATHS)], answers) for number in range(REQUESTS))
        load = [asyncio.create_task(work) for work in (upload, *asking)]
        try:
            while len(answers) < REQUESTS:  # noqa: ASYNC110 - all of them are under way
                await asyncio.sleep(0.01)
            assert (await client.post("/api/v1/machines/default/emergency-stop")).status_code == 204
            assert not load[0].done()
            await _until(is_stopped)
        finally:
            for task in load:
                task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.gather(*load, return_exceptions=True)
        assert set(answers) <= {200, 409}


def test_it_gets_through(tmp_path):
    simulator = Simulator(tmp_path, "--emergency-parser")
    base, port = tmp_path / "base", free_port()
    base.mkdir()
    serial = {"port": str(simulator.port), "baudrate": 115200, "autoconnect": True}
    (base / "config.yaml").write_text(json.dumps({"serial": serial}), encoding="utf-8")
    key = mrdraw(base, "key", "--new").stdout.split()[-1]
    try:
        with serving(base, port):
            asyncio.run(_stop_under_load(f"http://127.0.0.1:{port}", key, simulator))
    finally:
        simulator.stop()
