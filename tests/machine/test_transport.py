"""Opening a wire: TCP, and what a person reads when a port cannot be opened."""

import asyncio
from time import monotonic

import pytest

from helpers_machine import Host, attached, gcode, job_lines, job_of
from mrdraw.errors import WireError
from mrdraw.link import messages as link
from mrdraw.link import unix
from mrdraw.link.messages import MachineState, SerialSettings
from mrdraw.machine.transport import WireProtocol, open_wire
from mrdraw.simulator.marlin import MarlinSimulator
from mrdraw.simulator.options import MarlinOptions


async def _serve_firmware(simulator):
    """The simulated firmware behind TCP, as a network bridge offers it."""

    async def talk(reader, writer):
        while data := await reader.read(4096):
            simulator.receive(data, monotonic())
            writer.write(simulator.take_output())
            await writer.drain()
        writer.close()

    return await asyncio.start_server(talk, "127.0.0.1", 0)


def test_a_job_over_tcp(tmp_path):
    sent = gcode(tmp_path / "job.gcode", 500)

    async def main():
        simulator = MarlinSimulator(MarlinOptions(speed=0, autoreport_temperature=False), monotonic())
        server = await _serve_firmware(simulator)
        port = server.sockets[0].getsockname()[1]
        folder = tmp_path / "machine"
        unix.make_private(folder)
        host = await asyncio.to_thread(Host, folder)
        try:
            async with attached(folder) as watcher:
                await watcher.do(link.Connect, port=f"tcp://127.0.0.1:{port}")
                await watcher.state(MachineState.OPERATIONAL)
                await watcher.do(link.StartJob, job=job_of(tmp_path / "job.gcode"))
                await watcher.until(lambda w: "PrintDone" in w.names())
        finally:
            await asyncio.to_thread(host.stop)
            server.close()
        return simulator.executed

    assert job_lines(asyncio.run(main()), sent) == sent


@pytest.mark.parametrize(
    ("port", "said"),
    [
        ("/dev/tty-that-is-not-there", "no such port"),
        ("tcp://127.0.0.1:1", "nobody listens"),
        ("tcp://127.0.0.1", "not of the form"),
        ("tcp://127.0.0.1:99999", "not of the form"),
    ],
)
def test_a_port_that_cannot_be_opened_says_why(port, said):
    async def main():
        await open_wire(port, 115200, SerialSettings(), WireProtocol(lambda _: None, lambda _: None))

    with pytest.raises(WireError, match=said):
        asyncio.run(main())


def test_a_port_that_another_program_holds(tmp_path):
    async def main():
        from helpers_machine import Simulator

        simulator = await asyncio.to_thread(Simulator, tmp_path)
        protocol = WireProtocol(lambda _: None, lambda _: None)
        first = await open_wire(str(simulator.port), 115200, SerialSettings(), protocol)
        try:
            with pytest.raises(WireError, match="another program"):
                await open_wire(str(simulator.port), 115200, SerialSettings(), protocol)
        finally:
            first.close()
            await first.wait_closed()
            await asyncio.to_thread(simulator.stop)

    asyncio.run(main())
