"""The dialect and the firmware model on damaged wires, a million times: in shards that can be stopped and gone on with.

`soak.py --runs 1000000` runs shards of 5,000 on two processes, adds each shard's counts to `build/soak.json` and skips
the shards that stand there. A failing run is told by its number and shown smallest, with what went over the wire, and
the soak ends; `--replay FreeFaults 1234` shows it again.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(REPOSITORY / "src"), str(REPOSITORY / "tests")]

from helpers_wire import KINDS, Step, Wire, by_chance, play, smallest  # noqa: E402 - the path is set first

RESULTS = REPOSITORY / "build" / "soak.json"
SHARD = 5_000

Shards = dict[str, dict[str, dict[str, int]]]


class FailedRun(Exception):
    """One run went wrong; it is told by its kind and number."""


def run_shard(shard: int) -> tuple[int, dict[str, dict[str, int]]]:
    """Half of the runs with each kind of faults; what was counted. Raises `FailedRun`."""
    share = SHARD // len(KINDS)
    return shard, {kind: dict(run_all(kind, range(shard * share, (shard + 1) * share))) for kind in KINDS}


def run_all(kind: str, numbers: range) -> Counter[str]:
    """What was counted in these runs. Raises `FailedRun`."""
    counts = Counter[str]()
    for number in numbers:
        try:
            play(KINDS[kind](), by_chance(kind, number), counts)
        except Exception as error:  # whatever it is, its number has to be told
            raise FailedRun(kind, number) from error
    return counts


def show(kind: str, number: int) -> None:
    """Print the smallest part of a run that fails, or the whole run if it does not."""
    steps = smallest(by_chance(kind, number), lambda fewer: outcome(kind, fewer)[1] is not None)
    wire, error = outcome(kind, steps)
    print("\n".join(wire.world.told()))
    print("\n".join(f"{rule} {arguments}" for rule, arguments in steps))
    print(f"{kind} {number}: {error!r}")


def outcome(kind: str, steps: list[Step]) -> tuple[Wire, Exception | None]:
    """The wire after these steps, and what went wrong."""
    wire = KINDS[kind]()
    try:
        play(wire, steps, Counter())
    except Exception as error:  # noqa: BLE001 - shown to whoever asked
        return wire, error
    return wire, None


def load() -> Shards:
    """The shards that were run before."""
    return json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}


def store(shards: Shards) -> None:
    """Keep the shards so far."""
    RESULTS.parent.mkdir(exist_ok=True)
    part = RESULTS.with_suffix(".part")
    part.write_text(json.dumps(shards, indent=1), encoding="utf-8")
    part.replace(RESULTS)


def table(shards: Shards) -> str:
    """What was counted in all shards, as a table."""
    totals = {name: Counter[str]() for name in KINDS}
    for shard in shards.values():
        for name in KINDS:
            totals[name].update(shard[name])
    detected, free = totals.values()
    head = ["| counted | faults that are detected | free faults |", "|---|---|---|"]
    rows = [f"| {what} | {detected[what]:,} | {free[what]:,} |" for what in sorted(detected | free)]
    return "\n".join([*head, *rows])


def run_missing(runs: int, processes: int) -> Shards:
    """Run what is missing of so many runs; all that was counted by now."""
    shards = load()
    missing = [shard for shard in range(-(-runs // SHARD)) if str(shard) not in shards]
    began = time.monotonic()
    with ProcessPoolExecutor(processes) as pool:
        waiting = [pool.submit(run_shard, shard) for shard in missing]
        try:
            for done, future in enumerate(as_completed(waiting), start=1):
                shard, shards[str(shard)] = future.result()
                store(shards)
                print(f"shard {shard}: {done} of {len(missing)}, {time.monotonic() - began:,.0f} s", flush=True)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return shards


def main() -> int:
    """Run what is missing, or one run again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--replay", nargs=2, metavar=("KIND", "NUMBER"), help="one run, by its kind and number")
    asked = parser.parse_args()
    if asked.replay:
        show(asked.replay[0], int(asked.replay[1]))
        return 0
    try:
        print(table(run_missing(asked.runs, asked.processes)))
    except FailedRun as failed:
        show(*failed.args)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
