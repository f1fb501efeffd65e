"""A machine host on a disk whose every read and every sync takes 1 s: the longest gap between lines."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

BENCH = Path(__file__).parent
sys.path.append(str(BENCH.parent / "tests"))

from helpers_machine import attached, job_of  # noqa: E402
from mrdraw.link import messages as link  # noqa: E402
from mrdraw.link.messages import MachineState  # noqa: E402
from mrdraw.machine import journal, pinned, readahead  # noqa: E402
from mrdraw.machine.__main__ import main as machine_host  # noqa: E402
from rig import Simulator, gaps, workshop, write_job  # noqa: E402
from undisturbed import report  # noqa: E402

DELAY = 1.0


def slow_host(folder: str) -> int:
    """Run a machine host in which the disk is slow."""
    read, sync = pinned.read_blocks, journal.os.fdatasync

    def slow_read(*arguments):
        time.sleep(DELAY)
        return read(*arguments)

    def slow_sync(descriptor: int) -> None:
        time.sleep(DELAY)
        sync(descriptor)

    readahead.read_blocks = slow_read
    journal.os.fdatasync = slow_sync
    return machine_host(["--folder", folder])


async def print_it(folder: Path, port: Path) -> None:
    """Print the file on the slow host."""
    host = await asyncio.create_subprocess_exec(sys.executable, __file__, "--host", str(folder / "machine"))
    try:
        async with attached(folder / "machine") as watcher:
            await watcher.do(link.Configure, settings=link.MachineSettings())
            await watcher.do(link.Connect, port=str(port), baudrate=115200)
            await watcher.state(MachineState.OPERATIONAL)
            await watcher.do(link.StartJob, job=job_of(folder / "job.gcode"))
            await watcher.until(lambda w: "PrintDone" in w.names(), 600)
    finally:
        host.terminate()
        await host.wait()


def main() -> int:
    """Measure, or be the slow host."""
    if sys.argv[1] == "--host":
        return slow_host(sys.argv[2])
    with workshop() as temporary:
        folder = Path(temporary)
        sent = write_job(folder / "job.gcode", int(sys.argv[1]))
        simulator = Simulator(folder, "--speed", "0", "--latency", "1")
        try:
            asyncio.run(print_it(folder, simulator.port))
            executed = simulator.executed()
        finally:
            simulator.stop()
    wanted = set(sent)
    done = [text for _, text in executed if text in wanted]
    report("each read and sync 1 s", gaps(executed, sent), same=done == sent, note="")
    return 0 if done == sent else 1


if __name__ == "__main__":
    sys.exit(main())
