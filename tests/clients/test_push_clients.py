"""Clients of the push channel that nobody here wrote: npm's SockJS client and OctoPrint's own JavaScript library."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from helpers_clients import node
from helpers_push import PATIENCE, run
from mrdraw import events

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
MODULES = ROOT / "ui" / "package.json"
"""What the scripts are allowed to load is what the page is built and tested with."""
OCTOPRINT = "octoprint==1.11.8"


async def driven(served, script, *arguments):
    """Run a client until it ends, and have something happen as soon as it knows the state; what it printed."""
    process = await asyncio.create_subprocess_exec(
        node(),
        str(HERE / script),
        str(MODULES),
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said = []
    try:
        async with asyncio.timeout(PATIENCE):
            while line := await process.stdout.readline():
                said.append(json.loads(line))
                if "history" in said[-1]:
                    served.world.hub.bus.publish("default", events.Home())
            error = (await process.stderr.read()).decode()
            assert await process.wait() == 0, error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return said


def kinds(said):
    return [next(iter(message)) for message in said]


@pytest.mark.parametrize("transport", ["websocket", "xhr-streaming", "eventsource", "xhr-polling"])
def test_the_sockjs_client_of_npm(tmp_path, transport):
    async def scenario(served):
        url = f"http://127.0.0.1:{served.port}/sockjs"
        auth = f"ann:{await served.session('ann')}"
        said = await driven(served, "sockjs_client.mjs", url, transport, auth)
        assert said[0] == {"opened": transport}
        assert kinds(said)[1] == "connected"
        assert kinds(said).index("history") < kinds(said).index("timelapse")
        assert said[-1] == {"event": {"type": "Home", "payload": None}}

    run(tmp_path, scenario)


@pytest.fixture(scope="session")
def octoprint_static():
    """OctoPrint's static files, from its package; they are not part of this repository."""
    target = ROOT / "build" / "clients" / "octoprint"
    if not (target / "octoprint").exists():
        install = ["pip", "install", "--quiet", "--no-deps", "--target", target, OCTOPRINT]
        subprocess.run([Path(sys.executable).with_name("uv"), *install], check=True)
    return target / "octoprint" / "static"


@pytest.mark.slow
def test_the_client_library_of_octoprint(tmp_path, octoprint_static):
    async def scenario(served):
        url = f"http://127.0.0.1:{served.port}/"
        said = await driven(served, "octoprint_client.mjs", str(octoprint_static), url, served.world.key("ann"))
        assert kinds(said)[0] == "connected"
        assert {"login": "ann", "job": "Operational"} in said
        assert "history" in kinds(said)
        assert said[-1] == {"event": {"type": "Home", "payload": None}}

    run(tmp_path, scenario)
