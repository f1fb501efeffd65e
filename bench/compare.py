"""MrDraw beside OctoPrint, in one run: wire, server under load, start, memory. Prints one table.

`--quick` takes shorter measurements, `--only wire|server|start` a part of them. Targets are shown, never asserted.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from peers import OCTOPRINT, MrDraw, OctoPrint, Peer
from probes import (
    Firmware,
    Hammering,
    MissingTool,
    Wire,
    bare_loop,
    hammer,
    median,
    processor_seconds,
    proportional_memory,
)
from rig import workshop

RUNS = 3
PARTS = ("start", "wire", "server")
BARE = "bare loop"
FILES = 1000
SETTLE = 2
"""How long what a load generator left behind may take to be worked off, s."""
PRINTER, LIST = "/api/printer", "/api/files?recursive=true"
LOADS = {"/api/printer": PRINTER, f"the list of {FILES:,} files": LIST}


@dataclass(frozen=True)
class Figure:
    """One row: what it is, and what MrDraw is to reach."""

    title: str
    unit: str
    target: str = ""
    most: float | None = None
    least: float | None = None
    against: str = "OctoPrint"
    """Whose figure MrDraw's is divided by for the ratio."""

    def reached(self, value: float) -> str:
        """Whether a value is good enough, in a word."""
        if self.most is None and self.least is None:
            return ""
        good = (self.most is None or value <= self.most) and (self.least is None or value >= self.least)
        return "yes" if good else "no"


FIGURES: dict[str, Figure] = {
    "wait 0": Figure("host wait, p50, latency 0", "ms", "≤ 0.15", most=0.15),
    "rate 0": Figure("lines/s, latency 0", "/s"),
    "cpu 0": Figure("CPU for 1,000 lines, latency 0", "s", "≤ 0.05", most=0.05),
    "wait 1": Figure("host wait, p50, latency 1 ms", "ms"),
    "rate 1": Figure("lines/s, latency 1 ms", "/s"),
    "cpu 1": Figure("CPU for 1,000 lines, latency 1 ms", "s", "≤ 0.08", most=0.08),
    "gap 1": Figure("longest gap, latency 1 ms", "ms"),
    **{
        f"{key} {path}": figure
        for name, path in LOADS.items()
        for key, figure in {
            "rate": Figure(f"lines/s under {name}", "/s"),
            "share": Figure("… as a share of the idle rate", "%", "≥ 95", least=95),
            "gap": Figure("… longest gap", "ms"),
            "p99.9": Figure("… host wait, p99.9", "ms", "≤ 2 × bare loop"),
        }.items()
    },
    "requests": Figure("/api/printer, requests/s, 16 connections", "/s", "≥ 10,000", least=10_000),
    "p99": Figure("… p99", "ms", "≤ 5", most=5),
    "list": Figure(f"the list of {FILES:,} files, requests/s", "/s"),
    "spawn": Figure("spawn to first answer", "s", "≤ 0.4", most=0.4),
    "memory": Figure("PSS, one machine connected", "MB", "≤ 60", most=60),
    "memory after": Figure("… after the jobs and the load", "MB"),
}


@dataclass
class Results:
    """The values of each figure, for each program."""

    values: dict[str, dict[str, list[float]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))

    def add(self, figure: str, who: str, value: float) -> None:
        """One more run's value."""
        self.values[figure][who].append(value)
        print(f"  {who:10} {figure:40} {value:12,.3f}", file=sys.stderr, flush=True)

    def median(self, figure: str, who: str) -> float | None:
        """The median, where it was measured."""
        found = self.values.get(figure, {}).get(who)
        return median(found) if found else None


@dataclass(frozen=True)
class Lengths:
    """How long the measurements take."""

    seconds: float
    runs: int = RUNS


def job(lines: int) -> bytes:
    """A file of short moves."""
    moves = (f"G1 X{n % 200}.{n % 7} Y{n // 200 % 200} E{n / 100:.2f}\n" for n in range(1, lines + 1))
    return "".join(moves).encode()


def measure_start(peer: Peer, results: Results, lengths: Lengths) -> None:
    """Time from spawn to first answer; the last one stays. The first start fills caches and does not count."""
    peer.start()
    peer.stop()
    for _ in range(lengths.runs):
        results.add("spawn", peer.name, peer.start())
        peer.stop()


def watched(peer: Peer, firmware: Firmware, seconds: float) -> tuple[Wire, float]:
    """A stretch of a running job, and the processor time of whoever sends it, s."""
    pid = peer.wire_pid()
    used, since = processor_seconds(pid), time.monotonic()
    time.sleep(seconds)
    until = time.monotonic()
    return firmware.seen(since, until), processor_seconds(pid) - used


def measure_wire(peer: Peer, results: Results, lengths: Lengths, firmware: dict[int, Firmware]) -> None:
    """A job at latency 0 and at 1 ms, alone and with the server under load."""
    peer.connect(firmware[0].port)
    time.sleep(3)
    for _ in range(lengths.runs):
        results.add("memory", peer.name, proportional_memory(peer))
        time.sleep(1)
    peer.print_file("fast.gcode", job(600_000 if lengths.seconds > 2 else 200_000))
    time.sleep(1)
    for _ in range(lengths.runs):
        wire, used = watched(peer, firmware[0], lengths.seconds)
        results.add("wait 0", peer.name, wire.wait(0.5))
        results.add("rate 0", peer.name, wire.rate)
        results.add("cpu 0", peer.name, 1000 * used / wire.lines)
    peer.cancel()
    peer.disconnect()

    peer.connect(firmware[1].port)
    peer.print_file("slow.gcode", job(120_000))
    time.sleep(1)
    for _ in range(lengths.runs):
        idle, used = watched(peer, firmware[1], lengths.seconds)
        results.add("wait 1", peer.name, idle.wait(0.5))
        results.add("rate 1", peer.name, idle.rate)
        results.add("gap 1", peer.name, idle.longest_gap)
        results.add("cpu 1", peer.name, 1000 * used / idle.lines)
        for path in LOADS.values():
            with Hammering(peer, path, lengths.seconds):
                time.sleep(0.5)
                loaded, _ = watched(peer, firmware[1], lengths.seconds)
            results.add(f"rate {path}", peer.name, loaded.rate)
            results.add(f"share {path}", peer.name, 100 * loaded.rate / idle.rate)
            results.add(f"gap {path}", peer.name, loaded.longest_gap)
            results.add(f"p99.9 {path}", peer.name, loaded.wait(0.999))
    results.add("memory after", peer.name, proportional_memory(peer))
    peer.cancel()
    peer.disconnect()


def measure_bare(peer: Peer, results: Results, lengths: Lengths, firmware: dict[int, Firmware]) -> None:
    """The bare loop on the same pseudo-terminals, alone and beside the loaded server."""
    idle: list[Wire] = []
    for _ in range(lengths.runs):
        for latency, one in firmware.items():
            wire = _looped(one, lengths.seconds)
            results.add(f"wait {latency}", BARE, wire.wait(0.5))
            results.add(f"rate {latency}", BARE, wire.rate)
        idle.append(wire)
        results.add("gap 1", BARE, wire.longest_gap)
    peer.connect(firmware[0].port)  # so that the load is answered as it was
    for alone in idle:
        for path in LOADS.values():
            with Hammering(peer, path, lengths.seconds):
                time.sleep(0.5)
                loaded = _looped(firmware[1], lengths.seconds)
            results.add(f"rate {path}", BARE, loaded.rate)
            results.add(f"share {path}", BARE, 100 * loaded.rate / alone.rate)
            results.add(f"gap {path}", BARE, loaded.longest_gap)
            results.add(f"p99.9 {path}", BARE, loaded.wait(0.999))
    peer.disconnect()


def _looped(firmware: Firmware, seconds: float) -> Wire:
    since = time.monotonic()
    bare_loop(firmware, seconds)
    return firmware.seen(since, time.monotonic())


def measure_server(peer: Peer, results: Results, lengths: Lengths, firmware: dict[int, Firmware]) -> None:
    """Requests per second, a machine connected and idle."""
    peer.connect(firmware[0].port)
    hammer(peer, PRINTER, 1)
    for _ in range(lengths.runs):
        answers = hammer(peer, PRINTER, lengths.seconds)
        results.add("requests", peer.name, answers.rate)
        results.add("p99", peer.name, answers.p99)
        results.add("list", peer.name, hammer(peer, LIST, lengths.seconds).rate)
        time.sleep(SETTLE)
    peer.disconnect()


def fill(peer: Peer) -> None:
    """The files of the list."""
    for number in range(FILES):
        peer.upload(f"part_{number:04}.gcode", b"G28\nG1 X10 Y10 F3000\nM84\n")


def run(parts: list[str], lengths: Lengths) -> Results:
    """All measurements, one program after the other."""
    results = Results()
    with workshop() as temporary:
        folder = Path(temporary)
        firmware = {latency: Firmware(folder, latency) for latency in (0, 1)}
        try:
            for kind in (OctoPrint, MrDraw):
                peer = kind(folder, [one.port for one in firmware.values()])
                if "start" in parts:
                    measure_start(peer, results, lengths)
                if {"wire", "server"} & set(parts):
                    peer.start()
                    try:
                        fill(peer)
                        if "wire" in parts:
                            measure_wire(peer, results, lengths, firmware)
                        if "wire" in parts and kind is MrDraw:
                            measure_bare(peer, results, lengths, firmware)
                        if "server" in parts:
                            measure_server(peer, results, lengths, firmware)
                    finally:
                        peer.stop()
        finally:
            for one in firmware.values():
                one.stop()
    return results


def shown(value: float) -> str:
    """A figure with three digits that count."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def cell(values: list[float] | None) -> str:
    """Median and spread."""
    if not values:
        return ""
    if len(values) == 1:
        return shown(values[0])
    return f"{shown(median(values))} ({shown(min(values))} to {shown(max(values))})"


def table(results: Results, figures: dict[str, Figure]) -> str:
    """The one table, in Markdown."""
    names = ("OctoPrint", "MrDraw", BARE)
    rows = [
        f"| | OctoPrint {OCTOPRINT} | MrDraw | MrDraw / OctoPrint | bare loop | MrDraw / bare | to reach | reached |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for key, figure in figures.items():
        found = results.values.get(key)
        if not found:
            continue
        theirs, ours, bare = (results.median(key, name) for name in names)
        cells = {name: cell(found.get(name)) for name in names}
        ratio = f"{ours / theirs:.2g}" if ours and theirs else ""
        to_bare = f"{ours / bare:.2g}" if ours and bare else ""
        reached = _reached(key, figure, ours, bare)
        title = f"{figure.title}, {figure.unit}"
        row = (title, cells["OctoPrint"], cells["MrDraw"], ratio, cells[BARE], to_bare, figure.target, reached)
        rows.append(f"| {' | '.join(row)} |")
    return "\n".join(rows)


def _reached(key: str, figure: Figure, ours: float | None, bare: float | None) -> str:
    if ours is None:
        return ""
    if key.startswith("p99.9"):
        return "" if bare is None else ("yes" if ours <= 2 * bare else "no")
    return figure.reached(ours)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="shorter stretches")
    parser.add_argument("--only", choices=PARTS, action="append", help="a part of the figures")
    asked = parser.parse_args()
    try:
        results = run(asked.only or list(PARTS), Lengths(2 if asked.quick else 5))
    except MissingTool as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    processors = len(os.sched_getaffinity(0))
    print(f"{platform.system()} {platform.release()}, {processors} processors, Python {platform.python_version()},")
    print(f"medians of {RUNS} runs (lowest to highest), {time.strftime('%Y-%m-%d')}\n")
    print(table(results, FIGURES))
    return 0


if __name__ == "__main__":
    sys.exit(main())
