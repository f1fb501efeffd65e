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


async def start_host(folder: Path) -> HostProcess:
    """Start a machine host for this folder. Raises `OSError`."""
    loop = asyncio.get_running_loop()
    started: asyncio.Future[HostProcess] = loop.create_future()
    thread = threading.Thread(target=_start_and_reap, args=(folder, loop, started), name="host-reaper", daemon=True)
    thread.start()
    return await started


def _start_and_reap(folder: Path, loop: asyncio.AbstractEventLoop, started: asyncio.Future[HostProcess]) -> None:
    """Start the process and wait for its end; runs in a thread of its own."""
    try:
        process = _start(folder)
    except OSError as error:
        _in_loop(loop, _fail, started, error)
        return
    host = HostProcess(process.pid)
    _in_loop(loop, _succeed, started, host)
    status = process.wait()
    _in_loop(loop, _end, host, status)


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


def _in_loop(loop: asyncio.AbstractEventLoop, function: object, *arguments: object) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is closed: nobody wants to know any more
        loop.call_soon_threadsafe(function, *arguments)  # type: ignore[arg-type]


def _succeed(started: asyncio.Future[HostProcess], host: HostProcess) -> None:
    if not started.done():
        started.set_result(host)


def _fail(started: asyncio.Future[HostProcess], error: OSError) -> None:
    if not started.done():
        started.set_exception(error)


def _end(host: HostProcess, status: int) -> None:
    host.status = status
    host.ended.set()
