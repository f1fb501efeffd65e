"""A real machine host on a real pseudo-terminal, and who is blamed for what was done to them."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from helpers_machine import Host, attached, gcode, job_of, running
from mrdraw.link import messages as link
from mrdraw.link.diagnosis import Verdict
from mrdraw.link.messages import JobOutcome, MachineState


async def nothing(_host):
    """Let the job run."""


async def stalls(host):
    """Keep the machine host from running, as a busy or swapping computer does."""
    for _ in range(6):
        await asyncio.sleep(0.2)
        os.kill(host.pid, signal.SIGSTOP)
        await asyncio.sleep(0.3)
        os.kill(host.pid, signal.SIGCONT)


async def printed(tmp_path, *options, lines, disturb=nothing, baudrate=115200):
    """Print a file; the report of its wire, and how the job ended."""
    path = tmp_path / "job.gcode"
    gcode(path, lines)
    async with running(tmp_path, "--speed", "0", *options, connect=False) as (simulator, host, watcher):
        await watcher.do(link.Connect, port=str(simulator.port), baudrate=baudrate)
        await watcher.state(MachineState.OPERATIONAL)
        await watcher.do(link.StartJob, job=job_of(path))
        await watcher.state(MachineState.PRINTING)
        await disturb(host)
        await watcher.until(lambda _: watcher.ended)
        await watcher.until(lambda _: watcher.wires and not watcher.wires[-1].running)
        return watcher.wires, watcher.ended[-1]


@dataclass(frozen=True)
class Case:
    """Something that is done to a job."""

    blamed: Verdict
    options: tuple[str, ...]
    lines: int
    disturb: Callable[[Host], Awaitable[None]] = nothing
    baudrate: int = 115200


DELAYS = ("--fault", "out:delay=0.02", "--fault", "out:delay-seconds=0.3")
CASES = {
    "stalls": Case(Verdict.COMPUTER, ("--latency", "1", "--advanced-ok"), 2500, stalls),
    "delayed acknowledges": Case(Verdict.MACHINE, (*DELAYS, "--advanced-ok"), 400),
    "delayed acknowledges that say no more than ok": Case(Verdict.MACHINE, DELAYS, 400),
    "flipped bits": Case(Verdict.CABLE, ("--fault", "both:flip=0.01"), 1200),
    "a slow baud rate": Case(Verdict.BAUD_RATE, ("--baudrate", "9600"), 120, baudrate=9600),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_right_one_is_blamed(tmp_path, case):
    reports, ended = asyncio.run(
        printed(tmp_path, *case.options, lines=case.lines, disturb=case.disturb, baudrate=case.baudrate)
    )
    assert ended.outcome is JobOutcome.DONE
    assert ended.wire is not None
    assert ended.wire.verdict is case.blamed, ended.wire
    assert any(report.running for report in reports)
    assert reports[-1].job == ended.id
    assert reports[-1].diagnosis == ended.wire


def test_neither_the_machine_nor_the_cable_is_blamed_for_a_good_wire(tmp_path):
    _, ended = asyncio.run(printed(tmp_path, "--latency", "1", "--advanced-ok", lines=600, baudrate=1_000_000))
    assert ended.wire.verdict in {Verdict.NOTHING, Verdict.COMPUTER}, ended.wire
    figures = ended.wire.figures
    assert figures.lines >= 600
    assert sum(figures.host_to_wire) >= 600 / figures.most_in_flight, "one for each moment in which lines were written"
    assert sum(figures.wire_to_ok[10:]) >= 500, "the firmware takes a millisecond, which is more than 2^9 µs"
    assert figures.bytes_out > 600 * 20
    assert figures.least_planner_free is not None


def test_how_a_job_ended_is_told_to_each_server_and_by_the_next_host_too(tmp_path):
    async def scenario():
        path = tmp_path / "job.gcode"
        gcode(path, 3000)
        async with running(tmp_path, "--latency", "2") as (_, host, watcher):
            await watcher.do(link.StartJob, job=job_of(path))
            await watcher.state(MachineState.PRINTING)
            await watcher.do(link.CancelJob)
            await watcher.until(lambda _: watcher.ended)
            (ended,) = watcher.ended
            async with attached(host.folder) as second:
                await second.until(lambda _: second.ended)
                assert second.ended == [ended]
            assert ended.outcome is JobOutcome.CANCELLED
            assert ended.started_at <= ended.ended_at
            host.restart()
            async with attached(host.folder) as third:
                await third.until(lambda _: third.ended)
                assert third.ended == [ended]

    asyncio.run(scenario())


def test_a_job_that_cannot_be_started_ended_too(tmp_path):
    async def scenario():
        path = tmp_path / "job.gcode"
        path.write_text("G1 X10\nG1 X1000000\n" + "G1 X" + "1" * 300 + "\n", encoding="utf-8")
        async with running(tmp_path) as (_, _, watcher):
            await watcher.do(link.StartJob, job=job_of(path))
            await watcher.until(lambda _: watcher.ended)
            (ended,) = watcher.ended
            assert (ended.outcome, ended.started_at, ended.wire) == (JobOutcome.FAILED, None, None)
            assert "line" in ended.reason

    asyncio.run(scenario())
