"""Starting a machine host so that it outlives the server.

Invariants: the process has a session of its own and keeps nothing of ours open; it is reaped when it dies while we
live; we never end it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mrdraw.link.unix import make_private

LOG_NAME = "host.log"
_MAX_LOG = 4 * 1024 * 1024
"""bytes after which the log of a machine host is put aside when the next one starts."""


class HostProcess:
    """A machine host that we started."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.ended = asyncio.Event()
        self.status: int | None = None
        """How it ended: the exit code, or the negative number of the signal that killed it."""


class HostStarter:
    """Starts machine hosts at the priority that the server has when this is made, whatever it lowers itself to."""

    def __init__(self) -> None:
        # A priority belongs to a thread, and a new process gets that of the thread which starts it.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="host-starter")
        self.thread_id = self._thread.submit(threading.get_native_id).result()
        """The native id of the thread whose priority machine hosts get."""

    def close(self) -> None:
        """End the thread; the machine hosts live on."""
        self._thread.shutdown(wait=False)

    async def start(self, folder: Path) -> HostProcess:
        """Start a machine host for this folder. Raises `OSError`."""
        loop = asyncio.get_running_loop()
        process = await loop.run_in_executor(self._thread, _start, folder)
        host = HostProcess(process.pid)
        threading.Thread(target=_reap, args=(process, host, loop), name="host-reaper", daemon=True).start()
        return host


def _reap(process: subprocess.Popen[bytes], host: HostProcess, loop: asyncio.AbstractEventLoop) -> None:
    """Wait for the end of a machine host; runs in a thread of its own."""
    status = process.wait()
    with contextlib.suppress(RuntimeError):  # the loop is closed: nobody wants to know any more
        loop.call_soon_threadsafe(_end, host, status)


def _end(host: HostProcess, status: int) -> None:
    host.status = status
    host.ended.set()


def _start(folder: Path) -> subprocess.Popen[bytes]:
    make_private(folder)
    path = folder / LOG_NAME
    with contextlib.suppress(FileNotFoundError):
        if path.stat().st_size > _MAX_LOG:
            path.replace(folder / f"{LOG_NAME}.1")
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        return subprocess.Popen(  # noqa: S603 - our own interpreter, a list of arguments
            [sys.executable, "-m", "mrdraw.machine", "--folder", str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            start_new_session=True,
            close_fds=True,
        )
    finally:
        os.close(descriptor)
