"""What others in the network hear: by zeroconf's own browser, and by plain sockets in the group of SSDP."""

import asyncio
import contextlib
import socket
import uuid

import pytest
from zeroconf import ServiceStateChange
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from helpers_fleet import fake_host, until
from helpers_hub import world
from helpers_serve import free_port
from mrdraw.server.discovery import announcer as announcing
from mrdraw.server.discovery.addresses import Reachable
from mrdraw.server.discovery.announcer import Announcer

LOOPBACK = frozenset({Reachable("127.0.0.1", "127.0.0.0/8", "lo")})
GROUP = "239.255.255.250"
PATIENCE = 30.0


class Neighbour:
    """Another computer in the network."""

    def __init__(self, port):
        self.services = {}
        self._zeroconf = AsyncZeroconf(interfaces=["127.0.0.1"])
        self._browser = None
        self._hearing = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._hearing.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._hearing.bind((GROUP, port))
        membership = socket.inet_aton(GROUP) + socket.inet_aton("127.0.0.1")
        self._hearing.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
        self._hearing.setblocking(False)
        self._asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._asking.bind(("127.0.0.1", 0))
        self._asking.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
        self._asking.setblocking(False)
        self._port = port

    async def browse(self):
        kinds = ["_octoprint._tcp.local.", "_http._tcp.local."]
        self._browser = AsyncServiceBrowser(self._zeroconf.zeroconf, kinds, handlers=[self._changed])

    async def close(self):
        await self._zeroconf.async_close()
        self._hearing.close()
        self._asking.close()

    def _changed(self, zeroconf, service_type, name, state_change):
        if state_change is ServiceStateChange.Removed:
            self.services.pop(name, None)
        else:
            self.services[name] = service_type

    async def details(self, name):
        info = AsyncServiceInfo(self.services[name], name)
        assert await info.async_request(self._zeroconf.zeroconf, 3000)
        return info

    async def hear(self):
        """The next notice in the group."""
        loop = asyncio.get_running_loop()
        while True:
            datagram = await asyncio.wait_for(loop.sock_recv(self._hearing, 2048), PATIENCE)
            if datagram.startswith(b"NOTIFY"):
                return datagram.decode()

    async def search(self, target, count):
        text = f'M-SEARCH * HTTP/1.1\r\nHOST: {GROUP}:1900\r\nMAN: "ssdp:discover"\r\nMX: 1\r\nST: {target}\r\n\r\n'
        self._asking.sendto(text.encode(), (GROUP, self._port))
        loop = asyncio.get_running_loop()
        return [(await asyncio.wait_for(loop.sock_recv(self._asking, 2048), PATIENCE)).decode() for _ in range(count)]


@contextlib.asynccontextmanager
async def network(made, reach=lambda: LOOPBACK, name=None, scheme="http"):
    """A neighbour, and the server that is announced."""
    port = free_port()
    name = name or uuid.uuid4().hex[:12]
    made.services.settings.update({"appearance": {"name": name}})
    neighbour = Neighbour(port)
    await neighbour.browse()
    settings, hub = made.services.settings, made.hub
    running = asyncio.create_task(Announcer(settings, hub, reach, port=5017, scheme=scheme, ssdp_port=port).run())
    try:
        yield neighbour, name, running
    finally:
        if not running.cancelling():
            running.cancel()
        await asyncio.wait([running])
        await neighbour.close()


def run(basedir, scenario):
    async def main():
        async with world(basedir) as made:
            await asyncio.wait_for(scenario(made), 3 * PATIENCE)

    asyncio.run(main())


def octoprint(name):
    return f'OctoPrint instance "{name}"._octoprint._tcp.local.'


def http(name):
    return f'OctoPrint instance "{name}"._http._tcp.local.'


def test_a_browser_finds_the_server_and_what_it_is(tmp_path):
    async def scenario(made):
        made.services.settings.update({"plugins": {"discovery": {"httpUsername": "ada", "httpPassword": "secret"}}})
        async with network(made) as (neighbour, name, running):
            await until(lambda: {octoprint(name), http(name)} <= set(neighbour.services))
            found = await neighbour.details(octoprint(name))
            unique = await made.hub.unique_id("default")
            assert found.decoded_properties == {"path": "/", "version": "1.11.8", "api": "0.1", "uuid": unique}
            assert found.port == 5017
            assert "127.0.0.1" in found.parsed_addresses()  # beside those of others on this computer
            assert found.server == f"{socket.gethostname().partition('.')[0]}.local."
            assert (await neighbour.details(http(name))).decoded_properties == {"path": "/"}
            running.cancel()
            await until(lambda: not {octoprint(name), http(name)} & set(neighbour.services))

    run(tmp_path, scenario)


def test_who_searches_by_ssdp_is_answered_and_told(tmp_path):
    async def scenario(made):
        async with network(made) as (neighbour, _, running):
            unique = await made.hub.unique_id("default")
            alive = [await neighbour.hear() for _ in range(3)]
            assert all("NTS: ssdp:alive\r\n" in notice for notice in alive)
            (answer,) = await neighbour.search("upnp:rootdevice", 1)
            assert "LOCATION: http://127.0.0.1:5017/plugin/discovery/discovery.xml\r\n" in answer
            assert f"USN: uuid:{unique}::upnp:rootdevice\r\n" in answer
            assert len(set(await neighbour.search("ssdp:all", 3))) == 3
            running.cancel()
            gone = [await neighbour.hear() for _ in range(3)]
            assert all("NTS: ssdp:byebye\r\n" in notice and unique in notice for notice in gone)

    run(tmp_path, scenario)


def test_each_machine_is_an_instance_of_its_own(tmp_path):
    async def scenario(made):
        async with fake_host(tmp_path / "machines" / "left"):
            name = uuid.uuid4().hex[:12]
            made.services.settings.update({"machines": {"left": {"name": name}}})
            await until(lambda: "left" in made.hub.machines)
            async with network(made) as (neighbour, default, _):
                await until(lambda: {octoprint(name), octoprint(default)} <= set(neighbour.services))
                found = (await neighbour.details(octoprint(name))).decoded_properties
                unique = await made.hub.unique_id("left")
                assert (found["path"], found["uuid"]) == ("/machines/left/", unique)
                assert unique != await made.hub.unique_id("default")
                answers = await neighbour.search("upnp:rootdevice", 2)
                place = "http://127.0.0.1:5017/machines/left/plugin/discovery/discovery.xml"
                assert sum(place in answer for answer in answers) == 1

    run(tmp_path, scenario)


@pytest.mark.slow  # mDNS takes its time
def test_changes_are_followed_and_one_setting_switches_all_off(tmp_path, monkeypatch):
    monkeypatch.setattr(announcing, "LOOK_EVERY", 0.05)
    reach = set()

    async def scenario(made):
        async with network(made, lambda: frozenset(reach)) as (neighbour, name, _):
            await asyncio.sleep(0.3)
            assert octoprint(name) not in neighbour.services
            reach.update(LOOPBACK)  # the network is opened
            await until(lambda: {octoprint(name), http(name)} <= set(neighbour.services))
            other = uuid.uuid4().hex[:12]
            made.services.settings.update({"appearance": {"name": other}})
            await until(lambda: octoprint(other) in neighbour.services and octoprint(name) not in neighbour.services)
            made.services.settings.update({"plugins": {"discovery": {"enabled": False}}})
            await until(lambda: octoprint(other) not in neighbour.services)
            while "ssdp:byebye" not in await neighbour.hear():
                pass
            made.services.settings.update({"plugins": {"discovery": {"enabled": True, "publicPort": 80}}})
            await until(lambda: octoprint(other) in neighbour.services)
            assert (await neighbour.details(octoprint(other))).port == 80
            reach.clear()  # the address is gone
            await until(lambda: octoprint(other) not in neighbour.services)

    run(tmp_path, scenario)


@pytest.mark.slow  # mDNS takes its time
def test_two_servers_of_one_name_are_told_apart(tmp_path):
    async def scenario(made):
        (tmp_path / "second").mkdir()
        async with world(tmp_path / "second") as other, network(made) as (neighbour, name, _):
            await until(lambda: octoprint(name) in neighbour.services)
            async with network(other, name=name):
                await until(lambda: len([one for one in neighbour.services if name in one]) == 4)

    run(tmp_path, scenario)
