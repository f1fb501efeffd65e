"""What the members of `serial` change in a machine host, each seen on a simulated machine."""

import asyncio
import re

import pytest

from helpers_machine import job_of, running
from mrdraw import events
from mrdraw.link import messages as link
from mrdraw.link.messages import MachineSettings, MachineState, SerialSettings


def with_serial(**members):
    return MachineSettings(serial=SerialSettings(**members))


def sent(watcher, text):
    """How often a line with this text was sent."""
    return sum(line.startswith("Send: ") and text in line for line in watcher.log)


@pytest.mark.parametrize("wanted", [True, False])
def test_whether_a_cancel_ends_a_wait_for_a_temperature(tmp_path, wanted):
    (tmp_path / "job.gcode").write_text("M109 S200\nG1 X1\n", encoding="utf-8")

    async def main():
        settings = with_serial(abort_heatup_on_cancel=wanted)
        options = ("--emergency-parser", "--heater-speed", "20")
        async with running(tmp_path, *options, settings=settings) as (_, _, watcher):
            await watcher.do(link.StartJob, job=job_of(tmp_path / "job.gcode"))
            await watcher.until(lambda w: w.snapshot.heaters.get("tool0", link.Heater()).target == 200)
            await watcher.do(link.CancelJob)
            await watcher.state(MachineState.OPERATIONAL)
            return sent(watcher, "M108"), watcher.snapshot.heaters["tool0"].actual

    aborts, reached = asyncio.run(main())
    assert (aborts, reached < 150) == (int(wanted), wanted)


@pytest.mark.parametrize(
    ("heating", "idle", "target"),
    [pytest.param(600.0, 0.1, 0.0, marks=pytest.mark.slow), (0.1, 600.0, 200.0)],
)
def test_how_often_temperatures_are_asked_for(tmp_path, heating, idle, target):
    """Only that one of the two which counts is short."""

    async def main():
        settings = with_serial(
            cap_autoreport_temp=False, timeout_temperature=idle, timeout_temperature_target_set=heating
        )
        async with running(tmp_path, settings=settings) as (_, _, watcher):
            if target:
                await watcher.do(link.SendLines, lines=(f"M104 S{target:g}", "M105"))
                await watcher.until(lambda w: w.snapshot.heaters.get("tool0", link.Heater()).target == target)
            before = sent(watcher, "M105")
            await watcher.until(lambda w: sent(w, "M105") >= before + 3)
            assert not sent(watcher, "M155")

    asyncio.run(main())


@pytest.mark.slow
def test_temperatures_are_not_asked_for_before_their_time(tmp_path):
    async def main():
        settings = with_serial(
            cap_autoreport_temp=False, timeout_temperature=600.0, timeout_temperature_target_set=600.0
        )
        async with running(tmp_path, settings=settings) as (_, _, watcher):
            await asyncio.sleep(0.5)
            before = sent(watcher, "M105")
            await asyncio.sleep(1.0)
            return sent(watcher, "M105") - before

    assert asyncio.run(main()) == 0


def test_the_firmware_is_told_how_often_to_report(tmp_path):
    async def main():
        async with running(tmp_path, settings=with_serial(timeout_temperature_autoreport=3.0)) as (_, _, watcher):
            await watcher.until(lambda w: sent(w, "M155"))
            return [line for line in watcher.log if "M155" in line]

    (line,) = asyncio.run(main())
    assert "M155 S3" in line


@pytest.mark.parametrize(
    ("told", "named"),
    [
        ("warn", ["M0"]),
        pytest.param("info", ["M0", "M300 S1"], marks=pytest.mark.slow),
        pytest.param("never", [], marks=pytest.mark.slow),
    ],
)
def test_which_commands_that_are_not_sent_are_told(tmp_path, told, named):
    async def main():
        settings = with_serial(blocked_commands=("M0",), ignored_commands=("M300",), notify_suppressed_commands=told)
        async with running(tmp_path, settings=settings) as (_, _, watcher):
            await watcher.do(link.SendLines, lines=("M0", "M300 S1", "M117 behind"))
            await watcher.until(lambda w: sent(w, "M117 behind"))
            await watcher.until(lambda w: w.names().count("CommandSuppressed") >= len(named))
            await watcher.do(link.Disconnect)
            await watcher.until(lambda w: "Disconnected" in w.names())
            assert not sent(watcher, "M300")
            return [each for each in watcher.events if isinstance(each, events.CommandSuppressed)]

    suppressed = asyncio.run(main())
    assert [each.command for each in suppressed] == named
    assert [each.severity for each in suppressed] == ["warn", "info"][: len(named)]


@pytest.mark.parametrize(
    ("emergencies", "overtakes"), [(("M300",), True), pytest.param((), False, marks=pytest.mark.slow)]
)
def test_commands_that_go_past_the_queues(tmp_path, emergencies, overtakes):
    async def main():
        settings = with_serial(emergency_commands=emergencies)
        async with running(tmp_path, "--emergency-parser", settings=settings) as (_, _, watcher):
            await watcher.do(link.SendLines, lines=("M109 S200", "M117 first"))
            await watcher.until(lambda w: w.snapshot.heaters.get("tool0", link.Heater()).target == 200)
            await watcher.do(link.SendLines, lines=("M300 S1",))
            await watcher.do(link.SendLines, lines=("M108",))
            await watcher.until(lambda w: sent(w, "M300") and sent(w, "M117 first"))
            lines = "\n".join(line for line in watcher.log if line.startswith("Send: "))
            return re.findall("M300|M117|M108", lines)

    order = asyncio.run(main())
    assert order == (["M300", "M108", "M117"] if overtakes else ["M108", "M117", "M300"])


def test_baud_rates_that_are_not_tried(tmp_path):
    async def main():
        settings = with_serial(blacklisted_baudrates=(250000, 115200), additional_baudrates=(74880,))
        async with running(tmp_path, settings=settings, connect=False) as (simulator, _, watcher):
            await watcher.do(link.Connect, port=str(simulator.port))
            await watcher.state(MachineState.OPERATIONAL)
            return watcher.snapshot.baudrate, [line for line in watcher.log if "Connecting to port" in line]

    rate, tried = asyncio.run(main())
    assert rate not in {250000, 115200}
    assert not [line for line in tried if "250000" in line or "115200" in line]
