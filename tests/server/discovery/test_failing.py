"""A network that cannot be told: written down once, tried again, and no harm to the server."""

import asyncio
import logging
import socket

import pytest

from helpers_fleet import until
from helpers_hub import world
from helpers_serve import free_port
from mrdraw.server.discovery import announcer as announcing
from mrdraw.server.discovery.addresses import Reachable
from mrdraw.server.discovery.announcer import Announcer

ELSEWHERE = Reachable("192.0.2.77", "192.0.2.0/24", "eth9")


@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")  # zeroconf leaves its own to the collector
def test_what_fails_is_tried_again_and_told_once(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(announcing, "LOOK_EVERY", 0.02)
    caplog.set_level(logging.INFO)
    asked = []

    def reach():
        asked.append(True)
        if len(asked) < 5:
            raise OSError("no interfaces")
        return frozenset({ELSEWHERE})  # an address that went meanwhile

    async def scenario():
        async with world(tmp_path) as made:
            announcer = Announcer(made.services.settings, made.hub, reach, port=1, scheme="http", ssdp_port=free_port())
            running = asyncio.create_task(announcer.run())
            await until(lambda: len(asked) > 10)
            running.cancel()
            await asyncio.wait([running])
            assert running.cancelled()

    asyncio.run(scenario())
    told = [record.getMessage() for record in caplog.records if "tried again" in record.getMessage()]
    assert sum("no interfaces" in line for line in told) == 1
    assert sum(line.startswith("SSDP") for line in told) == 1
    assert sum(line.startswith("mDNS") for line in told) == 1


def test_a_group_that_nobody_may_join_leaves_no_socket_open(tmp_path):
    from mrdraw.server.discovery.announcement import Announcement
    from mrdraw.server.discovery.ssdp_sockets import SsdpSockets

    async def scenario():
        port = free_port()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as holder:
            holder.bind(("239.255.255.250", port))  # without sharing
            carrier = SsdpSockets("x", port)
            wanted = Announcement(at=frozenset({Reachable("127.0.0.1", "127.0.0.0/8", "lo")}))
            try:
                await carrier.tell(wanted)
            except OSError:
                await carrier.close()
            else:
                raise AssertionError("the port is somebody else's")
        await carrier.tell(wanted)
        await carrier.close()

    asyncio.run(scenario())
