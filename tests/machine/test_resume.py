"""Resuming an interrupted job: after a SIGKILL, a lost wire, a lost journal; never on its own, never with a gap."""

import asyncio
import os
import random
import shutil

import pytest

from helpers_machine import Host, attached, gcode, job_of, running
from mrdraw.link import messages as link
from mrdraw.link.messages import MachineState
from mrdraw.machine import recovery, tally

SOAK = os.environ.get("HYPOTHESIS_PROFILE") == "soak"
KILLS = 1000 if SOAK else 20
LINES = 3_000_000 if SOAK else 60_000
MARK = "M117 resumed"


async def offered(watcher):
    """Wait for the offer of the interrupted job."""
    await watcher.until(lambda w: w.snapshot.interrupted is not None and w.snapshot.interrupted.executed is not None)
    await watcher.until(lambda w: w.offer is not None and w.offer.job_id == w.snapshot.interrupted.job.id)
    return watcher.offer


def resume(watcher, offer, *lines, index=None):
    place = offer.interruption.index if index is None else index
    return watcher.ask(link.ResumeInterrupted, job_id=offer.job_id, index=place, lines=(MARK, *lines))


def stretches(executed, sent):
    """What was executed of the job, a stretch from each start on, as ranges of indexes; each without a gap."""
    index_of = {line: index for index, line in enumerate(sent)}
    found = [[]]
    for line in executed:
        if line == MARK:
            found.append([])
        elif (index := index_of.get(line)) is not None:
            found[-1].append(index)
    for stretch in found:
        assert stretch == list(range(stretch[0], stretch[0] + len(stretch))) if stretch else True
    return [range(stretch[0], stretch[-1] + 1) if stretch else range(0) for stretch in found]


def check(parts, offers, total):
    """Nothing is skipped, and nothing but the stated overlap is repeated."""
    reached = len(parts[0])
    for part, offer in zip(parts[1:], offers, strict=True):
        assert offer.executed <= reached <= offer.possible, "what was certain and what was possible"
        assert offer.possible <= offer.acknowledged + 2 * recovery.UNTOLD, "the overlap is stated closely"
        if part:
            assert part.start == offer.interruption.index == offer.executed
        reached = max(reached, part.stop)
    assert reached == total


@pytest.mark.timeout(7200 if SOAK else 180)
def test_killed_at_random_moments(tmp_path):
    sent = gcode(tmp_path / "job.gcode", LINES)
    random.seed(os.environ.get("SEED", "journal"))

    async def main():
        offers = []
        async with running(tmp_path, "--speed", "0") as (simulator, host, watcher):
            await watcher.do(link.StartJob, job=job_of(tmp_path / "job.gcode"))
            await watcher.state(MachineState.PRINTING)
            for _ in range(KILLS):
                await asyncio.sleep(random.uniform(0, 0.3))
                host.kill()
                host = Host(host.folder)
                try:
                    async with attached(host.folder) as again:
                        await again.state(MachineState.OPERATIONAL)
                        offers.append(await offered(again))
                        assert offers[-1].exact
                        assert (await resume(again, offers[-1])).code is None
                        if len(offers) == KILLS:
                            await again.until(lambda w: "PrintDone" in w.names())
                except BaseException:
                    host.stop()
                    raise
            host.stop()
            return offers, simulator.executed()

    offers, executed = asyncio.run(main())
    assert len(offers) == KILLS
    check(stretches(executed, sent), offers, len(sent))
