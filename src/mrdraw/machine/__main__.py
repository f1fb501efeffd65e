"""The process of a machine host: `python -m mrdraw.machine --folder FOLDER`.

Invariants: one process for a folder; SIGTERM and SIGINT end it in order; what it logs goes to standard error, which
its starter directs to a file.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from mrdraw.errors import LinkError
from mrdraw.link.loop import loop_factory
from mrdraw.link.unix import HostLock
from mrdraw.machine.host import MachineHost

SWITCH_INTERVAL = 0.0005
"""s; how long a thread of ours (reading ahead, journal) may keep the loop waiting for the interpreter."""


async def _live(folder: Path) -> None:
    host = MachineHost(folder)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, host.end)
    host.garbage.take_over()
    await host.run()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a machine host; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m mrdraw.machine", description="The process that owns one machine.")
    parser.add_argument("--folder", type=Path, required=True, help="the machine's folder")
    folder: Path = parser.parse_args(arguments).folder
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    sys.setswitchinterval(SWITCH_INTERVAL)
    try:
        lock = HostLock(folder)
    except (LinkError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    try:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(_live(folder))
    finally:
        lock.release()
    return 0


if __name__ == "__main__":
    sys.exit(main())
