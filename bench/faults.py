"""A job over a wire that flips one bit in 1 % of the lines, both ways: what is executed, and how long it takes.

A line that the firmware took although it was damaged (its 8-bit checksum matched by chance, or it lost its number and
was taken as a plain command) is counted and printed; everything else has to be executed exactly once and in order.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent / "tests"))

from helpers_machine import gcode, job_of, running
from mrdraw.link import messages as link
from rig import workshop


async def measure(folder: Path, lines: int, options: list[str]) -> bool:
    """Print one file over the bad wire."""
    sent = gcode(folder / "job.gcode", lines)
    statistics = folder / "statistics.json"
    async with running(folder, "--speed", "0", "--statistics", str(statistics), *options) as (simulator, _, watcher):
        begun = time.monotonic()
        await watcher.do(link.StartJob, job=job_of(folder / "job.gcode"))
        await watcher.until(lambda w: {"PrintDone", "PrintFailed"} & set(w.names()), 600)
        seconds = time.monotonic() - begun
        executed = simulator.executed()
        resends, ended = watcher.snapshot.resends.count, watcher.names()
    faults = json.loads(statistics.read_text(encoding="utf-8"))["faults"]
    wanted = set(sent)
    done = [line for line in executed if line in wanted]
    odd = [
        line
        for line in executed
        if line not in wanted and line[:4] not in {"M105", "M110", "M113", "M114", "M115", "M155"}
    ]
    print(f"{lines} lines in {seconds:.1f} s, {resends} resends, {'done' if 'PrintDone' in ended else 'FAILED'}")
    print(f"faults: {faults}")
    print(f"executed {'= file' if done == sent else '≠ file'}; taken although damaged: {len(odd)} {odd}")
    return done == sent or bool(odd)


def main() -> int:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--share", type=float, default=0.01)
    arguments = parser.parse_args()
    options = ["--fault", f"both:flip={arguments.share}", "--seed", str(arguments.seed)]
    with workshop() as folder:
        return 0 if asyncio.run(measure(Path(folder), arguments.lines, options)) else 1


if __name__ == "__main__":
    sys.exit(main())
