"""The port VIRTUAL: the simulator as a child of the machine host.

Invariants: the simulator is another process that knows nothing of ours; it ends with the machine host.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from pathlib import Path

from mrdraw.errors import WireError

_START_TIMEOUT = 10.0
_NAME = "virtual"


class SimulatedMachine:
    """A running simulator."""

    def __init__(self, process: asyncio.subprocess.Process, port: Path) -> None:
        self._process = process
        self.port = port

    @property
    def lives(self) -> bool:
        """Whether its port can be opened."""
        return self._process.returncode is None and self.port.exists()

    async def stop(self) -> None:
        """End the simulator."""
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        await self._process.wait()


async def start_simulator(folder: Path, firmware: str = "marlin") -> SimulatedMachine:
    """Start a simulator whose port lies in the machine's folder. Raises `WireError`."""
    await asyncio.to_thread(_remove_leftovers, folder)
    port = folder / f"{_NAME}-{os.getpid()}"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "mrdraw.simulator", firmware, "--port", str(port), "--end-with", str(os.getpid())),
        stdin=asyncio.subprocess.DEVNULL,
    )
    deadline = asyncio.get_running_loop().time() + _START_TIMEOUT
    while not port.exists():
        if process.returncode is not None or asyncio.get_running_loop().time() > deadline:
            raise WireError("The simulated machine could not be started; the host's log says why.")
        await asyncio.sleep(0.02)
    return SimulatedMachine(process, port)


def _remove_leftovers(folder: Path) -> None:
    """Remove the ports of machine hosts that died; their simulators are about to end."""
    for left in folder.glob(f"{_NAME}-*"):
        left.unlink(missing_ok=True)
