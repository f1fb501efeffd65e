"""A serial port, read and written without detours."""

import asyncio
import os
import tty

from mrdraw.link.messages import SerialSettings
from mrdraw.machine.transport import WireProtocol, open_wire


def _on_a_port(scenario):
    """Run `scenario(wire, master, heard)` on one end of a pseudo-terminal; what was lost at the end."""
    lost = []

    async def main():
        master, slave = os.openpty()
        tty.setraw(master)
        heard = bytearray()
        path = os.ttyname(slave)
        wire = await open_wire(path, 115200, SerialSettings(), WireProtocol(heard.extend, lost.append))
        os.close(slave)
        try:
            await scenario(wire, master, heard)
        finally:
            wire.close()

    asyncio.run(main())
    return lost


async def _until(condition):
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - it is the port that is looked at
            await asyncio.sleep(0.005)


def test_bytes_go_both_ways():
    async def scenario(wire, master, heard):
        wire.write(b"N1 G28*18\n")
        assert os.read(master, 100) == b"N1 G28*18\n"
        os.write(master, b"ok\nok\n")
        await _until(lambda: heard == b"ok\nok\n")

    _on_a_port(scenario)


def test_what_a_full_port_does_not_take_follows_in_order():
    sent = b"".join(b"N%d G1 X1\n" % number for number in range(20_000))

    async def scenario(wire, master, heard):
        for start in range(0, len(sent), 1000):
            wire.write(sent[start : start + 1000])
        os.set_blocking(master, False)
        got = bytearray()
        asyncio.get_running_loop().add_reader(master, lambda: got.extend(os.read(master, 65536)))
        await _until(lambda: len(got) == len(sent))
        asyncio.get_running_loop().remove_reader(master)
        assert got == sent

    _on_a_port(scenario)


def test_an_unplugged_port_is_lost_once():
    async def scenario(wire, master, heard):
        os.write(master, b"ok\n")
        await _until(lambda: heard == b"ok\n")
        os.close(master)
        await asyncio.sleep(0.2)
        wire.write(b"M105\n")
        await asyncio.sleep(0.1)

    lost = _on_a_port(scenario)
    assert isinstance(lost[0], OSError), lost
    assert len(lost) == 1


def test_nothing_is_written_to_a_port_that_is_closing():
    async def scenario(wire, master, heard):
        wire.close()
        wire.write(b"M105\n")
        os.set_blocking(master, False)
        await asyncio.sleep(0.1)
        try:
            said = os.read(master, 100)
        except OSError:
            said = b""  # closed by now
        assert said == b""

    _on_a_port(scenario)
