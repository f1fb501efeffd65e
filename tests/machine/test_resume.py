"""Resuming an interrupted job: after a SIGKILL, a lost wire, a lost journal; never on its own, never with a gap."""

import asyncio
import os
import random

import pytest

from helpers_machine import Host, Simulator, attached, gcode, job_of, running
from mrdraw.link import messages as link
from mrdraw.link.messages import MachineState
from mrdraw.machine import journal, recovery, tally

SOAK = os.environ.get("HYPOTHESIS_PROFILE") == "soak"
KILLS = 20
"""in one job"""
JOBS = 50 if SOAK else 1
LINES = 2000 * KILLS
"""more than are executed between all kills, however fast the wire is"""
MARK = "M117 resumed "


async def offered(watcher):
    """Wait for the offer of the interrupted job."""
    await watcher.until(lambda w: w.snapshot.interrupted is not None and w.snapshot.interrupted.executed is not None)
    await watcher.until(lambda w: w.offer is not None and w.offer.job_id == w.snapshot.interrupted.job.id)
    return watcher.offer


def resume(watcher, offer, *lines, index=None, number=1):
    """Confirm that the job goes on; `number` marks the stretch that follows."""
    place = offer.interruption.index if index is None else index
    return watcher.ask(link.ResumeInterrupted, job_id=offer.job_id, index=place, lines=(f"{MARK}{number}", *lines))


def moves(path, lines):
    """Write a job of moves and short dwells, no line of which is like another."""
    sent = [f"G1 X{number % 200} Y{number // 200} E{number / 100:.2f} F6000" for number in range(lines)]
    sent[10::10] = [f"G4 P5.{number:05}" for number in range(len(sent[10::10]))]
    path.write_text("\n".join(sent) + "\n", encoding="utf-8")
    return sent


def stretches(executed, sent, count=1):
    """What was executed of the job before the first mark and after each of `count`: ranges without a gap."""
    index_of = {line: index for index, line in enumerate(sent)}
    found = [[] for _ in range(count + 1)]
    at = 0
    for line in executed:
        if line.startswith(MARK):
            at = int(line.removeprefix(MARK))
        elif (index := index_of.get(line)) is not None:
            found[at].append(index)
    ranges = [range(stretch[0], stretch[-1] + 1) if stretch else range(0) for stretch in found]
    assert found == [list(one) for one in ranges]
    return ranges


def check(parts, offers, total):
    """Nothing is skipped, and nothing but the stated overlap is repeated."""
    reached = parts[0].stop
    for part, offer in zip(parts[1:], offers, strict=True):
        assert offer.executed <= reached <= offer.possible, "what was certain and what was possible"
        assert offer.possible <= reached + 2 * recovery.UNTOLD, "the overlap is stated closely"
        if part:
            assert part.start == offer.interruption.index == offer.executed
        reached = max(reached, part.stop)
    assert reached == total


async def _resumed_and_killed(host, offers, *, last):
    """A new machine host, to which it is confirmed that the job goes on."""
    again = Host(host.folder)
    try:
        async with attached(host.folder) as watcher:
            await watcher.state(MachineState.OPERATIONAL)
            offers.append(await offered(watcher))
            assert (await resume(watcher, offers[-1], number=len(offers))).code is None
            if last:
                await watcher.until(lambda w: "PrintDone" in w.names(), 150)
            else:
                await asyncio.sleep(random.uniform(0, 0.15))
    finally:
        again.kill()
    return again


@pytest.mark.parametrize("job", range(JOBS))
def test_killed_at_random_moments(tmp_path, job):
    sent = gcode(tmp_path / "job.gcode", LINES)
    random.seed(job)
    several_in_flight = () if job % 2 else ("--advanced-ok",)

    async def main():
        offers = []
        async with running(tmp_path, "--speed", "0", *several_in_flight) as (simulator, host, watcher):
            await watcher.do(link.StartJob, job=job_of(tmp_path / "job.gcode"))
            await watcher.state(MachineState.PRINTING)
            await asyncio.sleep(random.uniform(0, 0.15))
            host.kill()
            for number in range(KILLS):
                await _resumed_and_killed(host, offers, last=number == KILLS - 1)
            return offers, simulator.executed()

    offers, executed = asyncio.run(main())
    assert len(offers) == KILLS
    assert all(offer.exact for offer in offers)
    check(stretches(executed, sent, len(offers)), offers, len(sent))


async def recorded(jobs):
    """Wait until the journal of the job in this folder says that lines were handed to the wire."""
    for _ in range(500):
        for folder in jobs.iterdir():
            if (record := journal.read(folder)) is not None and record.supplied:
                return
        await asyncio.sleep(0.01)
    raise AssertionError("no record was written within 5 s")


def interrupted(tmp_path, then, *options, lines=1500, content=None, lose_memory=False, in_journal=False):
    """Interrupt a job by SIGKILL, then `then(watcher, offer, simulator)` on the next machine host."""
    if content is None:
        sent = moves(tmp_path / "job.gcode", lines)
    else:
        sent = content
        (tmp_path / "job.gcode").write_text("\n".join(content) + "\n", encoding="utf-8")

    async def main():
        async with running(tmp_path, *options) as (simulator, host, watcher):
            await watcher.do(link.StartJob, job=job_of(tmp_path / "job.gcode"))
            await watcher.until(lambda w: w.snapshot.progress.lines_acknowledged > 100)
            if lose_memory:
                await asyncio.sleep(1.5)
            if in_journal:
                await recorded(host.folder / "jobs")
            host.kill()
            if lose_memory:
                (folder,) = (host.folder / "jobs").iterdir()
                tally.forget(folder)
            again = Host(host.folder)
            try:
                async with attached(host.folder) as second:
                    await second.state(MachineState.OPERATIONAL)
                    await then(second, await offered(second), simulator)
                return simulator.executed(), sent
            finally:
                again.stop()

    return asyncio.run(main())


def layered(layers, of=12):
    """A job of layers, each of the same lines but for the height and the extruder's position."""
    lines = ["M140 S60", "M104 S190", "G28", "G92 E0"]
    for layer in range(layers):
        lines += [f"G0 Z{0.2 * (layer + 1):.1f} F300", "G4 P4"]
        lines += [f"G1 X{10 + step} Y{layer % 100 + 1} E{layer * of + step + 1} F6000" for step in range(of)]
    return lines


async def done(watcher):
    await watcher.until(lambda w: "PrintDone" in w.names())
    await watcher.state(MachineState.OPERATIONAL)


def test_nothing_is_sent_before_it_is_confirmed_and_the_offer_goes_when_it_runs(tmp_path):
    async def then(watcher, offer, simulator):
        before = len(simulator.executed())
        await asyncio.sleep(0.5)
        assert not [line for line in simulator.executed()[before:] if line[:1] == "G" or line[:4] in {"M104", "M140"}]
        spent = watcher.snapshot.interrupted.print_time
        assert (await resume(watcher, offer)).code is None
        await watcher.state(MachineState.PRINTING)
        assert watcher.snapshot.progress.print_time >= spent
        assert watcher.snapshot.progress.lines_acknowledged >= offer.executed
        await done(watcher)
        assert watcher.snapshot.interrupted is None
        assert watcher.snapshot.progress.lines_acknowledged == 1500

    executed, sent = interrupted(tmp_path, then, "--speed", "0")
    first, second = stretches(executed, sent)
    assert second.start <= first.stop
    assert second.stop == 1500


def test_after_a_power_cut_the_figures_are_bounds(tmp_path):
    async def then(watcher, offer, _):
        assert not offer.exact
        assert (await resume(watcher, offer)).code is None
        await done(watcher)

    executed, sent = interrupted(tmp_path, then, "--speed", "0", lines=20_000, lose_memory=True)
    first, second = stretches(executed, sent)
    assert second.start <= first.stop
    assert second.stop == 20_000


def test_from_a_layer(tmp_path):
    places = []

    async def then(watcher, offer, _):
        places.append(offer.layers[1])
        assert offer.homed == "xyz"
        assert (await resume(watcher, offer, index=offer.layers[1].index)).code is None
        await done(watcher)

    content = layered(600)
    executed, _ = interrupted(tmp_path, then, "--speed", "0", content=content, in_journal=True)
    (place,) = places
    assert place.targets == {"bed": 60.0, "tool0": 190.0}
    assert content[place.index] == f"G0 Z{place.height:.1f} F300"
    assert place.position["z"] == pytest.approx(place.height - 0.2)
    assert f"G92 E{place.position['e']:g}" in place.modes
    after = [line for line in executed[executed.index(f"{MARK}1") + 1 :] if line not in {"M105", "M114"}]
    assert after[: len(content) - place.index] == content[place.index :]


def test_what_is_refused_sends_nothing(tmp_path):
    refusals = {}

    async def then(watcher, offer, simulator):
        before = len(simulator.executed())
        cases = {
            "place": resume(watcher, offer, index=offer.interruption.index + 1),
            "job": watcher.ask(link.ResumeInterrupted, job_id="other", index=offer.interruption.index),
            "heat": resume(watcher, offer, "M109 S900"),
            "volume": resume(watcher, offer, "G90", "G0 X500"),
            "extrusion": resume(watcher, offer, "M83", "G1 E5000"),
        }
        for name, asked in cases.items():
            refusals[name] = await asked
        assert f"{MARK}1" not in simulator.executed()[before:]
        await watcher.do(link.DismissInterrupted)
        refusals["dismissed"] = await resume(watcher, offer)

    interrupted(tmp_path, then, "--speed", "0")
    assert {name: reply.code for name, reply in refusals.items()} == {
        "place": "InvalidValue", "job": "WrongState", "heat": "LimitExceeded", "volume": "LimitExceeded",
        "extrusion": "LimitExceeded", "dismissed": "WrongState",
    }  # fmt: skip
    assert "ceiling of 300" in refusals["heat"].text
    assert "G0 X500" in refusals["volume"].text


def test_a_script_that_is_cancelled_loses_nothing(tmp_path):
    async def then(watcher, offer, _):
        assert (await resume(watcher, offer, "G4 P60000")).code is None
        await watcher.state(MachineState.STARTING)
        await watcher.do(link.CancelJob)
        await watcher.state(MachineState.OPERATIONAL)
        assert watcher.snapshot.interrupted.executed == offer.executed
        assert (await resume(watcher, offer, number=2)).code is None
        await done(watcher)

    executed, sent = interrupted(tmp_path, then, "--speed", "20")
    first, _, last = stretches(executed, sent, 2)
    assert last.start <= first.stop
    assert last.stop == 1500


def test_a_lost_wire(tmp_path):
    """The machine host lives on, the wire does not; the next machine is another one, with a place that was lost."""
    sent = moves(tmp_path / "job.gcode", 1500)

    async def main():
        async with running(tmp_path, "--speed", "0") as (simulator, _, watcher):
            await watcher.do(link.StartJob, job=job_of(tmp_path / "job.gcode"))
            await watcher.until(lambda w: w.snapshot.progress.lines_acknowledged > 100)
            simulator.stop()
            offer = await offered(watcher)
            first = simulator.executed()
            other = Simulator(tmp_path, "--speed", "0")
            try:
                await watcher.do(link.Connect, port=str(other.port), baudrate=115200)
                await watcher.state(MachineState.OPERATIONAL)
                assert (await resume(watcher, offer)).code is None
                await watcher.until(lambda w: "PrintDone" in w.names())
                return offer, first, other.executed()
            finally:
                other.stop()

    offer, before, after = asyncio.run(main())
    assert offer.exact
    check([*stretches(before, sent, 0), *stretches(after, sent)[1:]], [offer], len(sent))
