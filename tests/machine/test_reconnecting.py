"""A connection for life: unplugged and plugged in again under another name, idle and in a job."""

import asyncio
import contextlib
import re

from helpers_machine import Host, Simulator, attached, gcode, job_of
from mrdraw.link import messages as link
from mrdraw.link import unix
from mrdraw.link.messages import ConnectionPhase, MachineSettings, MachineState, SafetySettings, SerialSettings

HEATS_OR_MOVES = re.compile(r"(?:G0|G1|G2|G3|G28|G29|M104 S[1-9]|M109|M140 S[1-9]|M190|M106|M303)\b")
BOARD = "usb-Maker_Board_1234-if00"
CHEAP = "usb-1a86_USB_Serial-if00-port0"
A_HAND = 1.2
"""s that a hand needs to plug it in elsewhere."""
LEFT, RIGHT = "pci-0000:00:14.0-usb-0:1:1.0-port0", "pci-0000:00:14.0-usb-0:2:1.0-port0"


class Sockets:
    """A folder that plays /dev/serial, and simulators that are plugged in and pulled out."""

    def __init__(self, folder):
        self.folder = folder
        self._plugs = 0
        self._plugged = []
        for name in ("by-id", "by-path"):
            (folder / "serial" / name).mkdir(parents=True)

    def settings(self, **serial):
        return SerialSettings(device_folder=str(self.folder / "serial"), baudrate=115200, **serial)

    def path(self, kind, name):
        return self.folder / "serial" / kind / name

    def plug(self, socket, by_id=None):
        """Plug a board in; each time its terminal has another name."""
        self._plugs += 1
        place = self.folder / f"board-{self._plugs}"
        place.mkdir()
        board = Simulator(place, "--heater-speed", "100")
        self._plugged.append(board)
        self.link("by-path", socket, board)
        if by_id is not None:
            self.link("by-id", by_id, board)
        return board

    def link(self, kind, name, board):
        self.path(kind, name).unlink(missing_ok=True)
        self.path(kind, name).symlink_to(board.port.resolve())

    def pull(self, board, *names):
        self._plugged.remove(board)
        board.stop()
        for name in names:
            for kind in ("by-id", "by-path"):
                self.path(kind, name).unlink(missing_ok=True)

    def clear(self):
        for board in self._plugged:
            board.stop()


@contextlib.asynccontextmanager
async def workshop(tmp_path, *, safety=None, **serial):
    """Sockets without a board, a machine host that knows them, and a watcher."""
    sockets, folder = Sockets(tmp_path), tmp_path / "machine"
    unix.make_private(folder)
    host = Host(folder)
    try:
        async with attached(folder) as watcher:
            settings = MachineSettings(serial=sockets.settings(**serial), safety=safety or SafetySettings())
            await watcher.do(link.Configure, settings=settings)
            yield sockets, host, watcher
    finally:
        host.stop()
        sockets.clear()


async def connected(watcher, port):
    await watcher.do(link.Connect, port=str(port))
    await watcher.state(MachineState.OPERATIONAL)


async def phase(watcher, wanted):
    await watcher.until(lambda w: w.snapshot.connection.phase is wanted)


def notices(watcher):
    return {notice.key for notice in watcher.snapshot.notices}


def test_idle_it_comes_back_under_another_name(tmp_path):
    async def main():
        async with workshop(tmp_path) as (sockets, _, watcher):
            first = sockets.plug(LEFT, BOARD)
            await connected(watcher, sockets.path("by-id", BOARD))
            device = watcher.snapshot.connection.device
            assert (device.by_id, device.by_path, device.shared) == (BOARD, LEFT, False)
            assert device.uuid
            sockets.pull(first, BOARD, LEFT)
            await phase(watcher, ConnectionPhase.LINK_LOST)
            assert watcher.snapshot.state is MachineState.CLOSED_WITH_ERROR
            assert "connection" in watcher.snapshot.error
            assert watcher.snapshot.connection.since > 0
            assert watcher.snapshot.connection.device == device
            await asyncio.sleep(A_HAND)
            second = sockets.plug(RIGHT, BOARD)
            await watcher.state(MachineState.OPERATIONAL)
            assert watcher.snapshot.connection.phase is ConnectionPhase.CONNECTED
            assert watcher.snapshot.connection.device.by_path == RIGHT
            return second.executed()

    executed = asyncio.run(main())
    assert {line.split()[0] for line in executed} <= {"M110", "M115", "M113", "M155", "M105"}


def test_in_a_job_it_comes_back_and_the_offer_to_resume_stays(tmp_path):
    gcode(tmp_path / "job.gcode", 5000, dwell=50)

    async def main():
        async with workshop(tmp_path, safety=SafetySettings(unattended_minutes=2 / 60)) as (sockets, _, watcher):
            first = sockets.plug(LEFT, BOARD)
            await connected(watcher, sockets.path("by-id", BOARD))
            await watcher.do(link.SetTargets, targets={"bed": 40.0})
            await watcher.do(link.StartJob, job=job_of(tmp_path / "job.gcode"))
            await watcher.until(lambda w: w.snapshot.progress.lines_acknowledged > 20)
            sockets.pull(first, BOARD, LEFT)
            await phase(watcher, ConnectionPhase.LINK_LOST)
            lost = watcher.snapshot
            second = sockets.plug(LEFT, BOARD)
            await watcher.until(lambda w: {"machine-back", "unattended"} <= notices(w))
            back = watcher.snapshot
            await watcher.until(lambda w: "M140 S0" in second.executed())
            return lost, back, watcher.names(), second.executed()

    lost, back, names, executed = asyncio.run(main())
    assert lost.state is MachineState.CLOSED_WITH_ERROR
    assert "The connection to the machine was lost" in lost.error
    assert lost.connection.reason == lost.error
    assert back.state is MachineState.OPERATIONAL
    assert back.interrupted == lost.interrupted
    assert back.interrupted.acknowledged > 20
    assert names.count("PrintFailed") == 1
    assert [line for line in executed if HEATS_OR_MOVES.match(line)] == []
    assert "M104 S0" in executed


def test_of_two_boards_with_one_name_the_socket_decides(tmp_path):
    async def main():
        async with workshop(tmp_path) as (sockets, _, watcher):
            mine, other = sockets.plug(LEFT, CHEAP), sockets.plug(RIGHT)
            await connected(watcher, sockets.path("by-path", LEFT))
            assert watcher.snapshot.connection.device.shared
            sockets.pull(mine, LEFT)
            sockets.link("by-id", CHEAP, other)  # as udev gives the name to the one that is left
            await phase(watcher, ConnectionPhase.LINK_LOST)
            mine = sockets.plug(LEFT)
            await watcher.state(MachineState.OPERATIONAL)
            assert watcher.snapshot.port == str(sockets.path("by-path", LEFT))
            return mine.executed(), other.executed()

    mine, other = asyncio.run(main())
    assert "M115" in mine
    assert other == []


def test_a_guess_is_not_made(tmp_path):
    async def main():
        async with workshop(tmp_path) as (sockets, _, watcher):
            mine, other = sockets.plug(LEFT, CHEAP), sockets.plug(RIGHT)
            await connected(watcher, sockets.path("by-id", CHEAP))
            sockets.pull(mine, LEFT)
            sockets.link("by-id", CHEAP, other)
            await phase(watcher, ConnectionPhase.AMBIGUOUS)
            assert "device-ambiguous" in notices(watcher)
            await asyncio.sleep(1.5)
            assert other.executed() == []
            await connected(watcher, sockets.path("by-path", RIGHT))  # a person chose it
            assert "device-ambiguous" not in notices(watcher)

    asyncio.run(main())


def test_what_a_person_disconnected_stays_so(tmp_path):
    async def main():
        async with workshop(tmp_path) as (sockets, _, watcher):
            board = sockets.plug(LEFT, BOARD)
            await connected(watcher, sockets.path("by-id", BOARD))
            sockets.pull(board, BOARD, LEFT)
            await phase(watcher, ConnectionPhase.LINK_LOST)
            await watcher.do(link.Disconnect)
            await watcher.state(MachineState.OFFLINE)
            assert watcher.snapshot.connection.phase is ConnectionPhase.CLOSED
            board = sockets.plug(LEFT, BOARD)
            await asyncio.sleep(1.5)
            assert watcher.snapshot.state is MachineState.OFFLINE
            return board.executed()

    assert asyncio.run(main()) == []


def test_a_port_that_was_named_otherwise_is_waited_for_under_that_name(tmp_path):
    async def main():
        port = tmp_path / "mine"
        async with workshop(tmp_path, additional_ports=(str(port),)) as (sockets, _, watcher):
            board = sockets.plug(LEFT, BOARD)
            port.symlink_to(board.port.resolve())
            await connected(watcher, port)
            assert watcher.snapshot.connection.device.by_id == ""
            sockets.pull(board, BOARD, LEFT)
            port.unlink()
            await phase(watcher, ConnectionPhase.LINK_LOST)
            board = sockets.plug(LEFT, BOARD)
            await asyncio.sleep(1.5)
            assert watcher.snapshot.connection.phase is ConnectionPhase.LINK_LOST
            port.symlink_to(board.port.resolve())
            await watcher.state(MachineState.OPERATIONAL)

    asyncio.run(main())


def test_a_machine_that_is_to_be_connected_at_the_start_may_come_later(tmp_path):
    async def main():
        async with workshop(tmp_path) as (sockets, _, watcher):
            await watcher.do(link.Connect, port=str(sockets.path("by-id", BOARD)), wait=True)
            await phase(watcher, ConnectionPhase.WAITING)
            assert (watcher.snapshot.state, watcher.snapshot.error) == (MachineState.OFFLINE, "")
            sockets.plug(LEFT, BOARD)
            await watcher.state(MachineState.OPERATIONAL)

    asyncio.run(main())


def test_a_host_that_died_meanwhile_finds_it_too(tmp_path):
    async def main():
        async with workshop(tmp_path) as (sockets, host, watcher):
            board = sockets.plug(LEFT, BOARD)
            await connected(watcher, sockets.path("by-id", BOARD))
            await asyncio.sleep(0.3)
            host.kill()
            sockets.pull(board, BOARD, LEFT)
            again = Host(host.folder)
            try:
                async with attached(host.folder) as second:
                    await phase(second, ConnectionPhase.LINK_LOST)
                    sockets.plug(RIGHT, BOARD)
                    await second.state(MachineState.OPERATIONAL)
                    assert second.snapshot.connection.device.by_path == RIGHT
            finally:
                again.stop()

    asyncio.run(main())
