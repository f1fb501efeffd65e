"""Bare hosts for the simulator: one on a clock of its own, one on a real pseudo-terminal."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

from hypothesis import settings

from mrdraw.simulator.marlin import MarlinSimulator
from mrdraw.simulator.options import MarlinOptions

BOUND = 30.0
"""s after which a test that waits for something gives up"""

untimed = settings(deadline=None)
"""For tests by hypothesis: a loaded computer may take its time."""


def numbered(number: int, text: str) -> bytes:
    """A line with number and checksum."""
    body = f"N{number} {text}".encode()
    value = 0
    for byte in body:
        value ^= byte
    return body + f"*{value}\n".encode()


class Bench:
    """A simulator on a virtual clock, with its banner already read."""

    def __init__(self, **options: object) -> None:
        self.now = 100.0
        self.simulator = MarlinSimulator(MarlinOptions(**options), self.now)  # type: ignore[arg-type]
        self.banner = self.read()

    def read(self) -> list[str]:
        """The lines that came since the last call."""
        return self.simulator.take_output().decode("utf-8", "surrogateescape").splitlines()

    def send(self, data: bytes | str) -> list[str]:
        """Send bytes, or a text as one plain line, and read what comes at once."""
        self.simulator.receive(data.encode() + b"\n" if isinstance(data, str) else data, self.now)
        return self.read()

    def send_numbered(self, first: int, *texts: str) -> list[str]:
        """Send lines with numbers and checksums in one piece."""
        return self.send(b"".join(numbered(first + index, text) for index, text in enumerate(texts)))

    def wait(self, seconds: float) -> list[str]:
        """Let time pass and read what comes."""
        self.now += seconds
        self.simulator.advance(self.now)
        return self.read()


class RunningSimulator:
    """A simulator as a process of its own, and a bare host on its port. Leave the context to end it."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.port = folder / "port"
        self.record = folder / "record"
        self.statistics = folder / "statistics.json"
        command = [sys.executable, "-m", "mrdraw.simulator", "marlin", "--port", str(self.port)]
        command += ["--record", str(self.record), "--statistics", str(self.statistics), *options]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        self._descriptor: int | None = None

    def __enter__(self) -> Self:
        until(self.port.exists)
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(BOUND)

    def open(self) -> int:
        """Open the port as a host does."""
        self.close()
        self._descriptor = os.open(self.port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        return self._descriptor

    def close(self) -> None:
        """Close the port."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def send(self, data: bytes) -> None:
        """Write to the port."""
        os.write(self._descriptor or self.open(), data)

    def read_until(self, end: bytes) -> bytes:
        """Read from the port until `end` has come."""
        descriptor, data, deadline = self._descriptor or self.open(), b"", time.monotonic() + BOUND
        while end not in data:
            ready, _, _ = select.select([descriptor], [], [], deadline - time.monotonic())
            assert ready, f"only {data!r} came"
            with contextlib.suppress(BlockingIOError):  # a port that is flushed meanwhile had been readable
                data += os.read(descriptor, 65536)
        return data

    def stop(self) -> int:
        """End it as an init system does and return the exit code."""
        self.process.terminate()
        return self.process.wait(BOUND)

    def recorded(self) -> list[str]:
        """What it executed."""
        return self.record.read_text(encoding="utf-8", errors="surrogateescape").split("\n")[:-1]


def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition, with a generous bound."""
    deadline = time.monotonic() + BOUND
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.01)
