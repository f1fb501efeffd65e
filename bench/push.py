"""What 200 push sockets cost while a job runs, OctoPrint beside MrDraw in one run. Prints one table.

A job at 115,200 baud with the firmware of `firmware.c`; 200 raw WebSockets with one state a second each. For each
program a stretch without sockets, one with them, and one without again; `--seconds` is the length of each. What is
shown for "without" is the mean of the two. The sockets' coming, of which each of them is told, is not measured.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from peers import OCTOPRINT, MrDraw, OctoPrint, Peer
from probes import Firmware, MissingTool, processor_seconds
from rig import workshop

BAUDRATE = 115_200
SOCKETS = 200
SHARE = 1 / 5
"""What MrDraw's part of OctoPrint's processor time may be at most."""
CALM = 1.5
"""Messages per second and socket when only states come."""
MOST_LOST = 0.01
"""The part of the lines per second that the print may lose and still not have noticed."""


@dataclass(frozen=True)
class Stretch:
    """What was seen while a job ran."""

    processor: float
    """% of one processor, all processes of the program."""
    lines: float
    """Lines per second, as the firmware saw them."""
    longest: float
    """The longest gap between two lines, ms."""
    updates: float = 0.0
    """Messages per second and socket."""
    kilobytes: float = 0.0
    """Sent to all sockets, kB/s."""


class Audience:
    """The sockets, in a process of their own."""

    def __init__(self, peer: Peer, *, deflate: bool) -> None:
        who = self._log_in(peer)
        words = [sys.executable, str(Path(__file__).with_name("listeners.py")), str(peer.port), who]
        words += ["--count", str(SOCKETS)] + ([] if deflate else ["--no-deflate"])
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        if self._process.stdout.readline().strip() != "ready":
            raise RuntimeError(f"{peer.name}: the sockets did not get their first states")

    @staticmethod
    def _log_in(peer: Peer) -> str:
        """What a socket says to be somebody."""
        status, said = peer.request("POST", "/api/login", b'{"passive": true}', "application/json")
        if status != 200:
            raise RuntimeError(f"{peer.name}: the log-in was refused: {status} {said[:200]!r}")
        record = json.loads(said)
        return f"{record['name']}:{record['session']}"

    def counted(self) -> dict[str, int]:
        """Messages and bytes so far."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return dict(json.loads(self._process.stdout.readline()))

    def settle(self, patience: float) -> None:
        """Wait until nothing but the states comes any more."""
        deadline, before = time.monotonic() + patience, self.counted()["messages"]
        while True:
            time.sleep(2)
            now = self.counted()["messages"]
            if now - before < CALM * 2 * SOCKETS:
                return
            if time.monotonic() > deadline:
                raise TimeoutError(f"after {patience:g} s still {(now - before) / 2 / SOCKETS:.1f} messages a second")
            before = now

    def leave(self) -> None:
        """Close all sockets."""
        self._process.kill()
        self._process.wait(10)


def job() -> bytes:
    """A file of short moves, longer than the measurement."""
    moves = (f"G1 X{n % 200}.{n % 7} Y{n // 200 % 200} E{n / 100:.2f}\n" for n in range(1, 80_001))
    return "".join(moves).encode()


def watched(peer: Peer, firmware: Firmware, seconds: float, audience: Audience | None) -> Stretch:
    """A stretch of the job, with those who listen to it."""
    before = audience.counted() if audience else {}
    used, since = processor_seconds(*peer.pids()), time.monotonic()
    time.sleep(seconds)
    until = time.monotonic()
    spent = processor_seconds(*peer.pids()) - used
    after = audience.counted() if audience else {}
    wire, length = firmware.seen(since, until), until - since
    if after.get("lost"):
        raise RuntimeError(f"{peer.name} closed {after['lost']} sockets")
    messages, sent = (after.get(name, 0) - before.get(name, 0) for name in ("messages", "bytes"))
    return Stretch(
        processor=100 * spent / length,
        lines=wire.rate,
        longest=wire.longest_gap,
        updates=messages / length / SOCKETS,
        kilobytes=sent / length / 1000,
    )


def measure(peer: Peer, firmware: Firmware, seconds: float, *, deflate: bool) -> tuple[Stretch, Stretch]:
    """Without sockets, and with them."""
    peer.connect(firmware.port)
    peer.print_file("push.gcode", job())
    time.sleep(5)  # what begins with a job is over
    before = watched(peer, firmware, seconds, None)
    audience = Audience(peer, deflate=deflate)
    try:
        audience.settle(60)
        heard = watched(peer, firmware, seconds, audience)
    finally:
        audience.leave()
    time.sleep(5)
    after = watched(peer, firmware, seconds, None)
    peer.cancel()
    peer.disconnect()
    print(f"{peer.name}: {before}, {heard}, {after}", file=sys.stderr, flush=True)
    return mean(before, after), heard


def mean(one: Stretch, other: Stretch) -> Stretch:
    """Both stretches in one; of the gaps the longer."""
    return Stretch(
        processor=(one.processor + other.processor) / 2,
        lines=(one.lines + other.lines) / 2,
        longest=max(one.longest, other.longest),
    )


def run(seconds: float, *, deflate: bool) -> dict[str, tuple[Stretch, Stretch]]:
    """Both programs, one after the other."""
    results = {}
    with workshop() as temporary:
        folder = Path(temporary)
        firmware = Firmware(folder, 0, baud=BAUDRATE)
        try:
            for kind in (OctoPrint, MrDraw):
                peer = kind(folder, [firmware.port])
                peer.start()
                try:
                    results[peer.name] = measure(peer, firmware, seconds, deflate=deflate)
                finally:
                    peer.stop()
        finally:
            firmware.stop()
    return results


def table(results: dict[str, tuple[Stretch, Stretch]]) -> str:
    """The table, in Markdown."""
    (_, theirs), (alone, ours) = results["OctoPrint"], results["MrDraw"]
    columns = [stretch for pair in (results["OctoPrint"], results["MrDraw"]) for stretch in pair]
    share, kept = ours.processor / theirs.processor, ours.lines / alone.lines
    rows = (
        ("CPU, % of a processor", "processor", f"{share:.2f}, to reach ≤ {SHARE:g}: {_word(share <= SHARE)}"),
        ("lines/s", "lines", f"{100 * kept:.1f} % kept, to reach ≥ {100 * (1 - MOST_LOST):g}: "
                             f"{_word(kept >= 1 - MOST_LOST)}"),
        ("longest gap, ms", "longest", ""),
        ("updates/s and socket", "updates", ""),
        ("sent, kB/s", "kilobytes", ""),
    )  # fmt: skip
    head = [
        f"| | OctoPrint {OCTOPRINT} | and {SOCKETS} sockets | MrDraw | and {SOCKETS} sockets | MrDraw / OctoPrint |",
        "|---|---|---|---|---|---|",
    ]
    figures = [f"| {title} | {' | '.join(f'{getattr(each, name):.1f}' for each in columns)} | {note} |"
               for title, name, note in rows]  # fmt: skip
    return "\n".join(head + figures)


def _word(good: bool) -> str:
    return "yes" if good else "no"


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=12.0)
    parser.add_argument("--no-deflate", action="store_true", help="the sockets offer no compression")
    asked = parser.parse_args()
    try:
        results = run(asked.seconds, deflate=not asked.no_deflate)
    except MissingTool as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    print(table(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
