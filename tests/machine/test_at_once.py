"""What the firmware's emergency parser takes at once never waits in a queue of ours."""

import asyncio

import pytest

from helpers_machine import gcode, job_of, running
from mrdraw.link import messages as link
from mrdraw.machine.commands import TAKEN_AT_ONCE


def sent(watcher, text):
    return any(line.startswith("Send: ") and text in line for line in watcher.log)


@pytest.mark.parametrize("command", sorted(TAKEN_AT_ONCE))
def test_it_is_written_while_lines_wait_and_a_job_runs(tmp_path, command):
    gcode(tmp_path / "job.gcode", 5000, dwell=50)

    async def main():
        async with running(tmp_path, "--emergency-parser") as (_, _, watcher):
            await watcher.do(link.StartJob, job=job_of(tmp_path / "job.gcode"))
            await watcher.until(lambda w: w.snapshot.progress.lines_acknowledged > 20)
            await watcher.do(link.SendLines, lines=("M109 S200", "M117 later", "M117 last"))
            await watcher.until(lambda w: sent(w, "M109 S200"))
            await watcher.do(link.SendLines, lines=("M117 behind", f"{command} S1"))
            await watcher.until(lambda w: sent(w, f"{command} S1"))
            before = [line for line in watcher.log if line.startswith("Send: ")]
            return before[-1], sent(watcher, "M117")

    last, others = asyncio.run(main())
    assert f"{command} S1" in last
    assert not others


def test_a_wait_for_a_temperature_ends(tmp_path):
    async def main():
        async with running(tmp_path, "--emergency-parser") as (_, _, watcher):
            await watcher.do(link.SendLines, lines=("M109 S200", "M117 behind"))
            await watcher.until(lambda w: w.snapshot.heaters.get("tool0", link.Heater()).target == 200)
            assert not sent(watcher, "M117")
            await watcher.do(link.SendLines, lines=("M108",))
            await watcher.until(lambda w: sent(w, "M117 behind"))
            assert watcher.snapshot.heaters["tool0"].actual < 150

    asyncio.run(main())
