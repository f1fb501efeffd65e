"""The wire with several lines in flight, MrDraw beside OctoPrint and the bare loop in one run.

Three parts, each with the firmware of `firmware.c` that drops what overruns 128 bytes and 4 commands: a firmware that
answers each line 1 or 2 ms after it came; real baud rates, with ADVANCED_OK (several lines in flight) and without
(one); and a planner of 16 blocks that must not run empty (0.2 mm at 60 mm/s, 250,000 baud) while two hogs, page loads,
an upload of 200 MB and 16 connections on the list of files have the same two processors. There the firmware comes
first, as a board has a processor of its own. Printed, never asserted.
"""

from __future__ import annotations

import argparse
import http.client
import multiprocessing
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from compare import BARE, LIST, Figure, Results, fill, table
from emergency import upload_again
from peers import MrDraw, OctoPrint, Peer
from probes import Firmware, Hammering, MissingTool, Wire, bare_loop, processor_seconds
from rig import workshop

PARTS = ("latency", "baud", "planner")
RUNS = 3
LATENCIES = (1, 2)
BAUDRATES = (250_000, 115_200)
BLOCK = 3333
"""µs that 0.2 mm take at 60 mm/s."""
PAGES = 20
_MINUTE = 60
"""s"""
_FOUR_DIGITS = 7
"""s until the numbers of lines have as many digits as those of the bare loop, at any of the baud rates."""
_GAP = 0.01
"""s between two rounds of page loads."""

FIGURES: dict[str, Figure] = {
    "rate 1": Figure("lines/s, answered 1 ms after it came", "/s", "≥ 2,200", least=2200),
    "cpu 1": Figure("… CPU for 1,000 lines", "s", "≤ 0.03", most=0.03),
    "rate 2": Figure("lines/s, answered 2 ms after it came", "/s", "≥ 1,200", least=1200),
    "lost": Figure("… bytes that overran", ""),
    **{
        f"{key} {rate}": figure
        for rate in BAUDRATES
        for key, figure in {
            "baud": Figure(f"lines/s at {rate:,} baud, ADVANCED_OK", "/s"),
            "share": Figure("… of what the baud rate lets through", "%", "≥ 97", least=97),
            "one": Figure(f"lines/s at {rate:,} baud, plain ok", "/s"),
            "of loop": Figure("… of the bare loop's", "%", "≥ 97", least=97),
        }.items()
    },
    "starved": Figure("planner ran empty, all loads together", "times", "0", most=0),
    "gap": Figure("… longest gap", "ms"),
    "p99.9": Figure("… host wait, p99.9", "ms", "≤ 2 × bare loop"),
}


def line(number: int) -> str:
    """A move whose length never changes."""
    return (
        f"G1 X{100 + number % 90}.{number % 1000:03} Y{100 + number // 90 % 90}.456 E{10 + number % 80}.{number:05.0f}"[
            :30
        ]
    )


def job(lines: int) -> bytes:
    """A file of such moves."""
    return "".join(f"{line(number)}\n" for number in range(lines)).encode()


def limit(wire: Wire, baudrate: int) -> float:
    """Lines per second that the baud rate lets through: 10 bits a byte, the fuller direction decides."""
    numbered = [f"N{number} {line(number)}" for number in (wire.first, wire.last)]
    checksum = 2.56  # digits of a number below 256, on average
    out = sum(len(text) + 1 + checksum + 1 for text in numbered) / 2
    return baudrate / 10 / out


def stretch(firmware: Firmware, seconds: float) -> Wire:
    """What the firmware sees in the next so many seconds."""
    since = time.monotonic()
    time.sleep(seconds)
    return firmware.seen(since, time.monotonic())


@contextmanager
def printing(peer: Peer, firmware: Firmware, lines: int, settled: float = 2) -> Iterator[None]:
    """A job runs on this wire, since so many seconds."""
    peer.connect(firmware.port)
    peer.print_file("job.gcode", job(lines))
    time.sleep(settled)
    try:
        yield
    finally:
        peer.cancel()
        peer.disconnect()


def measure_latency(peer: Peer, results: Results, folder: Path, seconds: float) -> None:
    """A firmware that answers a while after a line came."""
    for latency in LATENCIES:
        with started(folder, latency, overlap=1, advanced_ok=1) as firmware:
            with printing(peer, firmware, 200_000):
                for _ in range(RUNS):
                    used = processor_seconds(peer.wire_pid())
                    wire = stretch(firmware, seconds)
                    results.add(f"rate {latency}", peer.name, wire.rate)
                    if latency == 1:
                        results.add("cpu 1", peer.name, 1000 * (processor_seconds(peer.wire_pid()) - used) / wire.lines)
            results.add("lost", peer.name, firmware.lost()[0])
            if peer.name == MrDraw.name:
                results.add(f"rate {latency}", BARE, looped(firmware, seconds).rate)


def measure_baud(peer: Peer, results: Results, folder: Path, seconds: float) -> None:
    """Bytes that take their time."""
    for baudrate in BAUDRATES:
        for advanced, name in ((1, "baud"), (0, "one")):
            with started(folder, 0, baud=baudrate, advanced_ok=advanced) as firmware:
                with printing(peer, firmware, 100_000, _FOUR_DIGITS):
                    for _ in range(RUNS):
                        wire = stretch(firmware, seconds)
                        results.add(f"{name} {baudrate}", peer.name, wire.rate)
                        if advanced:
                            share = 100 * wire.rate / limit(wire, baudrate)
                            results.add(f"share {baudrate}", peer.name, share)
                if peer.name == MrDraw.name:
                    results.add(f"{name} {baudrate}", BARE, looped(firmware, seconds).rate)


def measure_planner(peer: Peer, results: Results, folder: Path, segments: int) -> None:
    """All loads together, and a planner that must not run empty; of others than MrDraw a minute says enough."""
    whole = segments * BLOCK / 1e6
    seconds = whole if peer.name == MrDraw.name else min(whole, _MINUTE)
    options = {"baud": 250_000, "advanced_ok": 1, "block_us": BLOCK, "planner": 16}
    with started(folder, 0, **options) as firmware:
        firmware.come_first()
        with printing(peer, firmware, segments + 10_000):
            before = stretch(firmware, 1).lines and firmware.starved()
            with all_loads(peer, seconds):
                wire = stretch(firmware, seconds)
            note(results, peer.name, wire, firmware.starved() - before)
        if peer.name == MrDraw.name:
            peer.connect(firmware.port)  # so that the load is answered as it was
            with started(folder, 0, **options) as bare:
                bare.come_first()
                with all_loads(peer, min(seconds, _MINUTE)):
                    wire = looped(bare, min(seconds, _MINUTE))
                note(results, BARE, wire, bare.starved())
            peer.disconnect()


def note(results: Results, who: str, wire: Wire, starved: int) -> None:
    """The figures of one stretch with a planner."""
    results.add("starved", who, starved)
    results.add("gap", who, wire.longest_gap)
    results.add("p99.9", who, wire.wait(0.999))


def looped(firmware: Firmware, seconds: float) -> Wire:
    """What the bare loop reaches."""
    since = time.monotonic()
    bare_loop(firmware, seconds, "long")
    return firmware.seen(since, time.monotonic())


@contextmanager
def started(folder: Path, latency: float, **options: object) -> Iterator[Firmware]:
    """A firmware for as long as the block lasts; OctoPrint and MrDraw were told of its port beforehand."""
    firmware = Firmware(folder, latency, **options)
    link = folder / "wire"
    link.unlink(missing_ok=True)
    link.symlink_to(firmware.port)
    firmware.port = str(link)
    try:
        yield firmware
    finally:
        firmware.stop()


# --- the loads --------------------------------------------------------------------------------------------------------


@contextmanager
def all_loads(peer: Peer, seconds: float) -> Iterator[None]:
    """Two hogs, page loads, an upload and the list of files, for so long."""
    with ExitStack() as loads:
        for _ in range(2):
            loads.enter_context(hog(seconds + 5))
        uploading = multiprocessing.Process(target=upload_again, args=(peer.port, peer.key), daemon=True)
        uploading.start()
        loads.callback(uploading.terminate)
        over = threading.Event()
        loads.callback(over.set)
        for _ in range(PAGES):
            threading.Thread(target=load_pages, args=(peer, over), daemon=True).start()
        loads.enter_context(Hammering(peer, LIST, seconds))
        time.sleep(0.5)
        yield


@contextmanager
def hog(seconds: float) -> Iterator[None]:
    """A process that computes without a pause, for so long at most."""
    code = f"import time\nend = time.monotonic() + {seconds}\nwhile time.monotonic() < end: pass"
    process = subprocess.Popen([sys.executable, "-c", code])
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def load_pages(peer: Peer, over: threading.Event) -> None:
    """Load the page and all that it names, again and again."""
    while not over.wait(_GAP):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", peer.port, timeout=30)
            page = fetched(connection, "/")
            for asset in set(re.findall(rb'(?:src|href)="\.?/?((?:assets|static)/[^"]+)"', page)):
                fetched(connection, f"/{asset.decode()}")
            connection.close()
        except (OSError, http.client.HTTPException):
            continue


def fetched(connection: http.client.HTTPConnection, path: str) -> bytes:
    """The body at a path."""
    connection.request("GET", path)
    return connection.getresponse().read()


def run(parts: list[str], seconds: float, segments: int, kinds: list[type[Peer]]) -> Results:
    """All measurements, one program after the other."""
    results = Results()
    with workshop() as temporary:
        folder = Path(temporary)
        for kind in kinds:
            peer = kind(folder, [str(folder / "wire")])
            peer.start()
            try:
                if "planner" in parts:
                    fill(peer)
                if "latency" in parts:
                    measure_latency(peer, results, folder, seconds)
                if "baud" in parts:
                    measure_baud(peer, results, folder, seconds)
                if "planner" in parts:
                    measure_planner(peer, results, folder, segments)
            finally:
                peer.stop()
    if "baud" in parts:
        hold_against_loop(results, [kind.name for kind in kinds])
    return results


def hold_against_loop(results: Results, names: list[str]) -> None:
    """What share of the bare loop's lines the programs reach with one line in flight."""
    for baudrate in BAUDRATES:
        loop = results.median(f"one {baudrate}", BARE)
        for name in names:
            for rate in results.values[f"one {baudrate}"][name]:
                results.add(f"of loop {baudrate}", name, 100 * rate / loop)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5, help="of each stretch (5)")
    parser.add_argument("--segments", type=int, default=100_000, help="of the job for the planner (100,000)")
    parser.add_argument("--only", choices=PARTS, action="append", help="a part of the figures")
    parser.add_argument("--alone", action="store_true", help="without OctoPrint")
    asked = parser.parse_args()
    kinds: list[type[Peer]] = [MrDraw] if asked.alone else [OctoPrint, MrDraw]
    try:
        results = run(asked.only or list(PARTS), asked.seconds, asked.segments, kinds)
    except MissingTool as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    print(f"{len(os.sched_getaffinity(0))} processors, {time.strftime('%Y-%m-%d')}\n\n{table(results, FIGURES)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
