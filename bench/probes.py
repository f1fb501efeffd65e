"""What is measured: processor time, memory, the wire as the firmware saw it, a server under load."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import statistics
import struct
import subprocess
import threading
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from peers import BUILD, REPOSITORY, Peer
from rig import wait_until

CONNECTIONS = 16
_COUNTS = struct.Struct("4d")
"""At the beginning of the facts: lines, bytes that overran, resends, empty planners."""


class MissingTool(Exception):
    """A program that measures is not there; the text says which and how to get it."""


def compiled(name: str) -> Path:
    """A program of this folder, compiled when its source is newer."""
    source, binary = REPOSITORY / "bench" / f"{name}.c", BUILD / name
    if binary.exists() and binary.stat().st_mtime > source.stat().st_mtime:
        return binary
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        raise MissingTool("A C compiler is needed. On Debian, as root: apt install gcc libc6-dev")
    BUILD.mkdir(parents=True, exist_ok=True)
    subprocess.run([compiler, "-O2", "-o", binary, source, "-lutil"], check=True)
    return binary


def processor_seconds(*pids: int) -> float:
    """User and system time of these processes so far, s."""
    ticks = os.sysconf("SC_CLK_TCK")
    total = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / ticks


def proportional_memory(peer: Peer) -> float:
    """The proportional set size of all its processes, MB."""
    total = 0
    for pid in peer.pids():
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8")
        total += int(re.search(r"^Pss:\s+(\d+)", rollup, re.MULTILINE)[1])
    return total / 1024


@dataclass
class Wire:
    """What the firmware saw in a stretch of time."""

    lines: int
    seconds: float
    waits: list[float]
    """From the `ok` of a line to the arrival of the next, s."""
    gaps: list[float]
    """From the arrival of a line to that of the next, s."""
    first: int = 0
    last: int = 0
    """The numbers of the first and the last line."""

    @property
    def rate(self) -> float:
        """Lines per second."""
        return self.lines / self.seconds

    def wait(self, share: float) -> float:
        """A quantile of the waits, ms."""
        ordered = sorted(self.waits)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    @property
    def longest_gap(self) -> float:
        """The longest gap, ms."""
        return 1000 * max(self.gaps)


class Firmware:
    """The firmware of `firmware.c` on a pseudo-terminal."""

    def __init__(self, folder: Path, latency: float, **options: object) -> None:
        """`latency` is the time a command takes, ms."""
        self.facts = folder / f"facts-{latency:g}-{len(list(folder.glob('facts-*')))}"
        words = [compiled("firmware"), "--latency-us", str(latency * 1000), "--facts", self.facts]
        for name, value in options.items():
            words += [f"--{name.replace('_', '-')}", str(value)]
        self._process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.port = self._process.stdout.readline().strip()

    def seen(self, since: float, until: float) -> Wire:
        """What it saw between two moments (monotonic s)."""
        self.facts.unlink(missing_ok=True)
        self._process.send_signal(signal.SIGUSR1)
        wait_until(self.facts.exists, 30)
        content = self.facts.read_bytes()
        rows = [row for row in struct.iter_unpack("3d", content[_COUNTS.size :]) if since <= row[0] < until]
        waits = [after[0] - before[1] for before, after in pairwise(rows)]
        gaps = [after[0] - before[0] for before, after in pairwise(rows)]
        return Wire(len(rows), until - since, waits, gaps, *(int(rows[place][2]) for place in (0, -1) if rows))

    def lost(self) -> tuple[int, int]:
        """The bytes that overran and the resends that were asked for, as of the last look."""
        _, overrun, resends, _ = _COUNTS.unpack_from(self.facts.read_bytes())
        return int(overrun), int(resends)

    def come_first(self) -> None:
        """Let nothing on this computer delay it, where that is allowed: a board has a processor of its own."""
        with contextlib.suppress(PermissionError):
            os.sched_setscheduler(self._process.pid, os.SCHED_FIFO, os.sched_param(1))

    def starved(self) -> int:
        """How often the planner had run empty between two moves, as of the last look."""
        return int(_COUNTS.unpack_from(self.facts.read_bytes())[3])

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(10)


@dataclass
class Answers:
    """What a load generator got."""

    rate: float
    """Answers per second."""
    median: float
    """ms"""
    p99: float
    """ms"""


def hammer(peer: Peer, path: str, seconds: float, *headers: str) -> Answers:
    """Keep 16 connections asking for one page, each again as soon as it has the answer."""
    wrk = shutil.which("wrk")
    if wrk is None:
        raise MissingTool("The load generator wrk is needed. On Debian, as root: apt install wrk")
    command = [wrk, "-t1", f"-c{CONNECTIONS}", f"-d{seconds:.0f}s", "--latency"]
    for header in (f"X-Api-Key: {peer.key}", *headers):
        command += ["-H", header]
    where = f"http://127.0.0.1:{peer.port}{path}"
    said = subprocess.run([*command, where], check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in said:
        raise RuntimeError(f"{peer.name}: {path} was refused:\n{said}")
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])
    return Answers(rate, _quantile(said, 50), _quantile(said, 99))


def _quantile(said: str, percent: int) -> float:
    value, unit = re.search(rf"^\s+{percent}%\s+([\d.]+)(us|ms|s)\s*$", said, re.MULTILINE).groups()
    return float(value) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


class Hammering:
    """A load for as long as the `with` block lasts, and 0.5 s longer before and after."""

    def __init__(self, peer: Peer, path: str, seconds: float) -> None:
        self._thread = threading.Thread(target=hammer, args=(peer, path, seconds + 2))

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._thread.join()


def bare_loop(firmware: Firmware, seconds: float, *kind: str) -> None:
    """The least a host can do, for so long; `kind` may be ``long``, for moves as in `flight.py`."""
    subprocess.run([compiled("bare_loop"), firmware.port, str(seconds), *kind], check=True, capture_output=True)


def median(values: list[float]) -> float:
    """The median."""
    return statistics.median(values)
