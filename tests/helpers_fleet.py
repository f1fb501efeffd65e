"""A machine host that is not there: it holds the lock, listens in the folder and answers as a test wants."""

import asyncio
import contextlib
import os
import signal
import time
from pathlib import Path

from mrdraw import __version__
from mrdraw.link import messages as link
from mrdraw.link import unix

PATIENCE = 30.0
"""s that a condition may take before a test gives up."""


class FakeHost:
    """A machine host in the test's own loop."""

    def __init__(self, folder, *, build=__version__, silent=False):
        self.folder = folder
        self.build = build
        self.silent = silent
        self.received = []
        self.refusals = {}
        self.links = []
        self.snapshot = link.Snapshot(sequence=1)
        self.history = [link.LogLines(lines=(), history=True), link.TemperatureLog(points=(), history=True)]
        self._lock = unix.HostLock(folder)
        self._server = None

    async def start(self):
        self._server = await unix.listen(self.folder, lambda: unix.HostLink(self))

    async def stop(self):
        self._server.close()
        for one in list(self.links):
            one.close()
        await asyncio.sleep(0)
        (self.folder / unix.SOCKET_NAME).unlink(missing_ok=True)
        self._lock.release()

    def link_opened(self, opened):
        self.links.append(opened)
        opened.send(link.Hello(link_version=link.LINK_VERSION, build=self.build, machine_id="default", pid=os.getpid()))

    def link_closed(self, closed):
        self.links.remove(closed)

    def link_message(self, origin, message):
        self.received.append(message)
        if isinstance(message, link.Hello):
            for part in (self.snapshot, *self.history):
                origin.send(part)
        elif not self.silent:
            code, text = self.refusals.get(type(message), (None, ""))
            origin.send(link.Reply(id=message.id, code=code, text=text))
            self.carried_out(message)

    def carried_out(self, message):
        """What else a command does."""

    def commands(self, kind):
        return [message for message in self.received if isinstance(message, kind)]

    def tell(self, *messages):
        for message in messages:
            if isinstance(message, link.Snapshot):
                self.snapshot = message
            for one in self.links:
                one.send(message)

    def break_links(self):
        for one in list(self.links):
            one.close()


@contextlib.asynccontextmanager
async def fake_host(folder, **options):
    host = FakeHost(folder, **options)
    await host.start()
    try:
        yield host
    finally:
        await host.stop()


async def until(condition, patience=PATIENCE):
    """Wait for a condition."""
    async with asyncio.timeout(patience):
        while not condition():  # noqa: ASYNC110 - of any kind
            await asyncio.sleep(0.01)


def host_pid(folder):
    """The process that holds the lock of a machine's folder, as far as the machine tells."""
    wanted = str(folder)
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (entry / "cmdline").read_bytes().split(b"\0")
            if b"mrdraw.machine" in words and wanted.encode() in words:
                return int(entry.name)
    return None


def end_host(folder):
    """End the machine host of a folder, whoever started it."""
    pid = host_pid(folder)
    if pid is not None:
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + PATIENCE
        while unix.lives(folder) and time.monotonic() < deadline:
            time.sleep(0.01)
