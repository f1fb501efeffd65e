"""A real machine host, a real simulator on a pseudo-terminal, and a link between them and a test."""

import asyncio
import contextlib
import hashlib
import os
import signal
import subprocess
import sys
import time
import uuid

from mrdraw.errors import LinkError
from mrdraw.events import MachineEvent
from mrdraw.link import messages as link
from mrdraw.link import unix
from mrdraw.link.messages import LINK_VERSION, MachineState

PATIENCE = 60.0
"""s that a condition may take before a test gives up."""


class Simulator:
    """The simulator as its own process, with a record of what it executed."""

    def __init__(self, folder, *options):
        self.port = folder / "tty"
        self.record = folder / "executed.txt"
        command = [sys.executable, "-m", "mrdraw.simulator", "marlin", "--port", str(self.port)]
        with (folder / "simulator.log").open("ab") as log:
            self._process = subprocess.Popen([*command, "--record", str(self.record), *options], stderr=log)
        wait_until(self.port.exists)

    def executed(self):
        return self.record.read_text(encoding="utf-8").splitlines() if self.record.exists() else []

    def signal(self, number):
        self._process.send_signal(number)

    def stop(self):
        self._process.send_signal(signal.SIGCONT)
        self._process.terminate()
        self._process.wait(10)


class Host:
    """A machine host as its own process."""

    def __init__(self, folder):
        self.folder = folder
        self._start()

    def _start(self):
        folder = self.folder
        command = [sys.executable, "-m", "mrdraw.machine", "--folder", str(folder)]
        with (folder.parent / "host.log").open("ab") as log:
            self._process = subprocess.Popen(command, stderr=log, start_new_session=True)
        wait_until(lambda: unix.lives(folder) and (folder / unix.SOCKET_NAME).exists())

    def restart(self):
        self.terminate()
        self._start()

    @property
    def pid(self):
        return self._process.pid

    def kill(self):
        self._process.kill()
        self._process.wait(10)

    def terminate(self):
        self._process.terminate()
        return self._process.wait(10)

    def stop(self):
        if self._process.poll() is None:
            self.terminate()

    def wait(self):
        return self._process.wait(PATIENCE)


class Watcher:
    """A test's end of the link: sends commands and keeps what the host says."""

    def __init__(self, client):
        self._client = client
        self.hello = None
        self.snapshot = link.Snapshot(sequence=0)
        self.offer = None
        self.states = []
        self.events = []
        self.log = []
        self.wires = []
        self.ended = []
        self._replies = {}
        self._news = asyncio.Condition()
        self._task = asyncio.create_task(self._receive())

    async def _receive(self):
        async for message in self._client:
            async with self._news:
                self._take(message)
                self._news.notify_all()

    def _take(self, message):
        match message:
            case link.Hello():
                self.hello = message
            case link.Snapshot():
                self.snapshot = message
            case link.ResumeOffer():
                self.offer = message
            case link.Happened():
                self.events.append(message.event)
                if isinstance(message.event, MachineEvent) and hasattr(message.event, "state_id"):
                    self.states.append(message.event.state_id)
            case link.LogLines():
                self.log += message.lines
            case link.WireReport():
                self.wires.append(message)
            case link.JobEnded():
                self.ended.append(message)
            case link.Reply():
                self._replies[message.id] = message

    def names(self):
        return [type(event).__name__ for event in self.events]

    async def until(self, condition, patience=PATIENCE):
        async with self._news, asyncio.timeout(patience):
            await self._news.wait_for(lambda: condition(self))

    async def state(self, state, patience=PATIENCE):
        await self.until(lambda _: self.snapshot.state is state, patience)

    async def ask(self, kind, **fields):
        """Send a command; the reply."""
        identifier = fields.pop("id", uuid.uuid4().hex)
        await self._client.send(kind(id=identifier, **fields))
        await self.until(lambda _: identifier in self._replies)
        return self._replies[identifier]

    async def do(self, kind, **fields):
        """Send a command that has to be accepted."""
        reply = await self.ask(kind, **fields)
        assert reply.code is None, reply

    async def close(self):
        await self._client.close()
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task


async def _connect(folder):
    """A link, or nothing as long as the host is starting."""
    try:
        return await unix.connect(folder)
    except LinkError:
        return None


@contextlib.asynccontextmanager
async def attached(folder):
    """A watcher on the host of this folder."""
    async with asyncio.timeout(PATIENCE):
        while (client := await _connect(folder)) is None:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.02)
    await client.send(link.Hello(link_version=LINK_VERSION, build="test"))
    watcher = Watcher(client)
    try:
        await watcher.until(lambda _: watcher.snapshot.sequence > 0)
        yield watcher
    finally:
        await watcher.close()


@contextlib.asynccontextmanager
async def running(tmp_path, *options, settings=None, connect=True):
    """A simulator, a host that is connected to it, and a watcher: `simulator, host, watcher`."""
    simulator = Simulator(tmp_path, *options)
    folder = tmp_path / "machine"
    unix.make_private(folder)
    host = None
    try:
        host = Host(folder)
        async with attached(folder) as watcher:
            await watcher.do(link.Configure, settings=settings or link.MachineSettings())
            if connect:
                await watcher.do(link.Connect, port=str(simulator.port), baudrate=115200)
                await watcher.state(MachineState.OPERATIONAL)
            yield simulator, host, watcher
    finally:
        if host is not None:
            host.stop()
        simulator.stop()


def job_of(path, **scripts):
    """The job that prints this file."""
    content = path.read_bytes()
    return link.Job(
        id=uuid.uuid4().hex,
        file=link.JobFile(
            name=path.name,
            path=path.name,
            display=path.name,
            source=str(path),
            size=len(content),
            sha1=hashlib.sha1(content, usedforsecurity=False).hexdigest(),
        ),
        scripts=link.Scripts(**scripts),
    )


def gcode(path, lines, *, dwell=None):
    """Write a file of short moves, some with comments, and say which lines are sent."""
    sent = []
    with path.open("w", encoding="utf-8") as file:
        file.write("; a header with ünïcode\n\n")
        for number in range(lines):
            speed = "" if number else " F6000"
            line = f"G1 X{number % 200}.{number % 7} Y{number // 200 % 200} E{number / 100:.2f}{speed}"
            line = f"G4 P{dwell}" if dwell and number % 10 == 9 else line
            file.write(f"{line} ; {number}\n" if number % 5 == 0 else f"{line}\n")
            sent.append(line)
    return sent


def wait_until(condition, patience=PATIENCE):
    """Wait for a condition outside of a loop."""
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"after {patience} s still not: {condition}")
        time.sleep(0.01)


def job_lines(executed, sent):
    """Of the executed lines those that belong to the job."""
    wanted = set(sent)
    return [line for line in executed if line in wanted]


def is_alive(pid):
    """Whether a process of ours lives."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False
