"""The list of ports of a machine host: the newest settings decide, however long an earlier look takes."""

import asyncio
import threading
import time

from mrdraw.link.messages import Configure, MachineSettings, PortInfo
from mrdraw.machine import host
from mrdraw.machine.host import MachineHost


class Link:
    """A link that takes what it is sent."""

    def send(self, message):
        self.sent = message


def test_a_slow_look_at_the_ports_does_not_undo_a_later_one(tmp_path, monkeypatch):
    looked = threading.Event()

    def listed(_, *, hidden, virtual, device_folder):
        looked.set()
        if not virtual:
            time.sleep(0.2)
        return (PortInfo(path="VIRTUAL"),) if virtual else ()

    async def main():
        machine_host = MachineHost(tmp_path)
        for virtual in (False, True):
            machine_host.link_message(Link(), Configure(id=str(virtual), settings=MachineSettings(virtual=virtual)))
            await asyncio.to_thread(looked.wait, 10)
        await asyncio.gather(*machine_host._tasks)
        return [port.path for port in machine_host.machine.ports]

    monkeypatch.setattr(host, "list_ports", listed)
    assert asyncio.run(main()) == ["VIRTUAL"]
