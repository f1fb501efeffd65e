"""The dialect and the firmware model on damaged wires, a million times: in shards that can be stopped and gone on with.

`soak.py --runs 1000000` runs shards of 10,000 on two processes, adds each shard's counts to `build/soak.json` and skips
the shards that stand there. A failing run is shown smallest, with its transcript, and the soak ends.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
RESULTS = REPOSITORY / "build" / "soak.json"
SHARD = 10_000
KINDS = ("DetectedFaults", "FreeFaults")


def run_shard(number: int, runs: int) -> tuple[int, dict[str, dict[str, int]]]:
    """Half of the runs with each kind of faults; what was counted."""
    sys.path[:0] = [str(REPOSITORY / "tests"), str(REPOSITORY / "tests" / "firmware")]
    os.environ["HYPOTHESIS_PROFILE"] = "soak"
    import test_marlin_model  # noqa: PLC0415
    from hypothesis import seed  # noqa: PLC0415

    import conftest  # noqa: F401, PLC0415 - the profiles of hypothesis

    counts = {}
    for name in KINDS:
        kind = getattr(test_marlin_model, name)
        kind.counts.clear()
        test_marlin_model.run(seed(number)(kind), runs // len(KINDS))
        counts[name] = dict(kind.counts)
    return number, counts


def load() -> dict[str, dict[str, dict[str, int]]]:
    """The shards that were run before."""
    return json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}


def store(shards: dict[str, dict[str, dict[str, int]]]) -> None:
    """Keep the shards so far."""
    RESULTS.parent.mkdir(exist_ok=True)
    part = RESULTS.with_suffix(".part")
    part.write_text(json.dumps(shards, indent=1), encoding="utf-8")
    part.replace(RESULTS)


def table(shards: dict[str, dict[str, dict[str, int]]]) -> str:
    """What was counted in all shards, as a table."""
    totals = {name: Counter[str]() for name in KINDS}
    for shard in shards.values():
        for name in KINDS:
            totals[name].update(shard[name])
    detected, free = totals.values()
    head = ["| counted | faults that are detected | free faults |", "|---|---|---|"]
    rows = [f"| {what} | {detected[what]:,} | {free[what]:,} |" for what in sorted(detected | free)]
    return "\n".join([*head, *rows])


def main() -> int:
    """Run what is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--shard", type=int, default=SHARD, help="runs of one shard")
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    shards = load()
    missing = [number for number in range(-(-asked.runs // asked.shard)) if str(number) not in shards]
    began = time.monotonic()
    with ProcessPoolExecutor(asked.processes, max_tasks_per_child=1) as pool:
        waiting = [pool.submit(run_shard, number, asked.shard) for number in missing]
        try:
            for done, future in enumerate(as_completed(waiting), start=1):
                number, counts = future.result()
                shards[str(number)] = counts
                store(shards)
                print(f"shard {number}: {done} of {len(missing)}, {time.monotonic() - began:,.0f} s", flush=True)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    print(table(shards))
    return 0


if __name__ == "__main__":
    sys.exit(main())
