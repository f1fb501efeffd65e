"""The safety rules of the architecture, each seen on a real machine host and a simulated machine."""

import asyncio
import re
import signal

import pytest

from helpers_machine import Host, attached, gcode, job_of, running
from mrdraw.link import messages as link
from mrdraw.link.messages import MachineSettings, MachineState, SafetySettings, SerialSettings

HEATS_OR_MOVES = re.compile(r"(?:G0|G1|G2|G3|G28|G29|M104 S[1-9]|M109|M140 S[1-9]|M190|M106|M303)\b")
SOON = SafetySettings(unattended_minutes=2 / 60)
"""Two seconds, so that a test need not wait ten minutes."""


def _heats_or_moves(lines):
    return [line for line in lines if HEATS_OR_MOVES.match(line)]


# --- 1: never heats or moves on its own -----------------------------------------------------------------------------


def test_1_connecting_neither_heats_nor_moves(tmp_path):
    async def main():
        async with running(tmp_path) as (simulator, _, watcher):
            await watcher.do(link.Disconnect)
            await watcher.state(MachineState.OFFLINE)
            await watcher.do(link.Connect, port=str(simulator.port), baudrate=115200)
            await watcher.state(MachineState.OPERATIONAL)
            return simulator.executed()

    executed = asyncio.run(main())
    assert {line.split()[0] for line in executed} <= {"M110", "M115", "M113", "M155", "M105"}


def test_1_a_restarted_host_neither_heats_nor_moves(tmp_path):
    gcode(tmp_path / "job.gcode", 5000, dwell=50)

    async def main():
        async with running(tmp_path) as (simulator, host, watcher):
            await watcher.do(link.SetTargets, targets={"bed": 40.0})
            await watcher.do(link.StartJob, job=job_of(tmp_path / "job.gcode"))
            await watcher.until(lambda w: w.snapshot.progress.lines_acknowledged > 300)
            host.kill()
            before = len(simulator.executed())
            again = Host(host.folder)
            try:
                async with attached(host.folder) as second:
                    await second.state(MachineState.OPERATIONAL)
                    await second.until(lambda w: w.snapshot.heaters.get("bed", link.Heater()).target == 40.0)
                    await second.until(lambda w: any(notice.key == "unattended" for notice in w.snapshot.notices))
                    return second.snapshot, second.names(), simulator.executed()[before + 8 :]
            finally:
                again.stop()

    snapshot, names, executed = asyncio.run(main())
    assert _heats_or_moves(executed) == []
    assert snapshot.interrupted is not None
    assert snapshot.interrupted.acknowledged > 0
    assert f"at line {snapshot.interrupted.line} of the file" in snapshot.interrupted.reason
    assert "PrintFailed" in names
    assert all(notice.until for notice in snapshot.notices if notice.key == "unattended")


# --- 2: a dead host, and nobody who decides -------------------------------------------------------------------------


def _heated_and_killed(tmp_path, decide):
    """Kill the host of a heated machine, start another, let somebody decide or not; the heaters' targets then."""

    async def main():
        settings = MachineSettings(safety=SOON)
        async with running(tmp_path, "--heater-speed", "100", settings=settings) as (_, host, watcher):
            await watcher.do(link.SetTargets, targets={"tool0": 150.0, "bed": 50.0})
            await watcher.until(lambda w: w.snapshot.heaters.get("tool0", link.Heater()).target == 150.0)
            host.kill()
            again = Host(host.folder)
            try:
                async with attached(host.folder) as second:
                    await second.state(MachineState.OPERATIONAL)
                    await decide(second)
                    return {name: heater.target for name, heater in second.snapshot.heaters.items()}
            finally:
                again.stop()

    return asyncio.run(main())


def test_2_nobody_decides(tmp_path):
    async def nobody(watcher):
        await watcher.until(lambda w: w.snapshot.heaters.get("bed", link.Heater()).target == 0.0)

    assert _heated_and_killed(tmp_path, nobody) == {"tool0": 0.0, "bed": 0.0}


def test_2_somebody_decides(tmp_path):
    async def somebody(watcher):
        for _ in range(8):
            await watcher.do(link.Attend)
            await asyncio.sleep(0.5)

    assert _heated_and_killed(tmp_path, somebody) == {"tool0": 150.0, "bed": 50.0}


def test_2_heaters_left_on_with_nothing_to_do(tmp_path):
    async def main():
        async with running(tmp_path, settings=MachineSettings(safety=SOON)) as (_, _, watcher):
            await watcher.do(link.SetTargets, targets={"tool0": 150.0})
            await watcher.until(lambda w: any(notice.key == "unattended" for notice in w.snapshot.notices))
            await watcher.until(lambda w: w.snapshot.heaters["tool0"].target == 0.0)

    asyncio.run(main())


# --- 3: how a job ends, and pauses ----------------------------------------------------------------------------------


def test_3_a_cancelled_job_lifts_and_switches_off(tmp_path):
    gcode(tmp_path / "job.gcode", 5000, dwell=50)

    async def main():
        async with running(tmp_path, "--speed", "50") as (simulator, _, watcher):
            await watcher.do(link.HomeAxes, axes="xyz")
            await watcher.do(link.SetTargets, targets={"tool0": 100.0, "bed": 40.0})
            await watcher.do(link.StartJob, job=job_of(tmp_path / "job.gcode"))
            await watcher.until(lambda w: w.snapshot.progress.lines_acknowledged > 20)
            await watcher.do(link.CancelJob)
            await watcher.state(MachineState.OPERATIONAL)
            return simulator.executed()

    assert asyncio.run(main())[-7:] == ["G91", "G0 Z5 F200", "G90", "M104 S0", "M140 S0", "M107", "M84"]


def test_3_a_failed_job_switches_off(tmp_path):
    gcode(tmp_path / "job.gcode", 5000, dwell=50)

    async def main():
        async with running(tmp_path, "--reset-at", "60") as (simulator, _, watcher):
            await watcher.do(link.StartJob, job=job_of(tmp_path / "job.gcode"))
            await watcher.until(lambda w: "PrintFailed" in w.names())
            await watcher.until(lambda _: simulator.executed()[-1] == "M84")
            return simulator.executed(), watcher.names()

    executed, names = asyncio.run(main())
    assert executed[-4:] == ["M104 S0", "M140 S0", "M107", "M84"]
    assert "PrinterReset" in names


def test_3_in_a_long_pause_the_hot_end_cools_and_the_bed_stays(tmp_path):
    gcode(tmp_path / "job.gcode", 5000, dwell=50)

    async def main():
        settings = MachineSettings(safety=SOON)
        async with running(tmp_path, "--heater-speed", "0", settings=settings) as (simulator, _, watcher):
            await watcher.do(link.SetTargets, targets={"tool0": 150.0, "bed": 50.0})
            await watcher.until(lambda w: w.snapshot.heaters.get("tool0", link.Heater()).target == 150.0)
            await watcher.do(link.StartJob, job=job_of(tmp_path / "job.gcode"))
            await watcher.until(lambda w: w.snapshot.progress.lines_acknowledged > 20)
            await watcher.do(link.PauseJob)
            await watcher.state(MachineState.PAUSED)
            await watcher.until(lambda w: w.snapshot.heaters["tool0"].target == 0.0)
            bed = watcher.snapshot.heaters["bed"].target
            await watcher.do(link.ResumeJob)
            await watcher.state(MachineState.PRINTING)
            await watcher.do(link.CancelJob)
            return bed, simulator.executed()

    bed, executed = asyncio.run(main())
    assert bed == 50.0
    assert "M109 S150" in executed


# --- 4: ceilings and the volume: tests/machine/test_host.py and test_manual.py ---------------------------------------


# --- 5: temperatures that are not as they should be ------------------------------------------------------------------


def test_5_silence_while_heating_is_an_alarm(tmp_path):
    safety = SafetySettings(temperature_silence=1.5)
    options = ("--no-autoreport", "--keepalive", "0")

    async def main():
        settings = MachineSettings(safety=safety)
        async with running(tmp_path, *options, settings=settings) as (_, _, watcher):
            await watcher.do(link.SetTargets, targets={"tool0": 150.0})
            await watcher.do(link.SendLines, lines=("G4 S30",))
            await watcher.until(lambda w: any(notice.key == "temperature-silence" for notice in w.snapshot.notices))
            assert "Error" in watcher.names()

    asyncio.run(main())


def test_5_an_alarm_stops_the_machine_where_that_is_configured(tmp_path):
    settings = MachineSettings(
        profile=link.Profile(max_bed_temperature=30.0),
        safety=SafetySettings(temperature_overshoot=5.0, stop_on_alarm=True),
    )

    async def main():
        async with running(tmp_path, "--heater-speed", "200", settings=settings) as (simulator, _, watcher):
            await watcher.do(link.Configure, settings=MachineSettings())
            await watcher.do(link.SetTargets, targets={"bed": 80.0})
            await watcher.do(link.Configure, settings=settings)
            await watcher.state(MachineState.CLOSED_WITH_ERROR)
            return simulator.executed(), watcher.log

    _, log = asyncio.run(main())
    assert any(line.startswith("Send: M112") for line in log)


# --- 6: the emergency stop ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [(), ("--emergency-parser",)])
def test_6_the_emergency_stop_goes_before_everything(tmp_path, options):
    gcode(tmp_path / "job.gcode", 5000, dwell=50)

    async def main():
        async with running(tmp_path, *options) as (_, _, watcher):
            await watcher.do(link.StartJob, job=job_of(tmp_path / "job.gcode"))
            await watcher.state(MachineState.PRINTING)
            for number in range(20):
                await watcher.do(link.SendLines, lines=(f"M117 {number}",))
            await watcher.do(link.EmergencyStop)
            await watcher.state(MachineState.CLOSED_WITH_ERROR)
            return watcher.log, watcher.names(), watcher.snapshot

    log, names, snapshot = asyncio.run(main())
    sent = [line for line in log if line.startswith("Send: ")]
    stop = sent.index("Send: M112")
    assert re.match(r"Send: N\d+ M112\*\d+", sent[stop + 1])
    assert "PrintFailed" in names
    assert any(notice.key == "emergency-stop" for notice in snapshot.notices)


def test_6_no_reaction_is_said_plainly(tmp_path):
    async def main():
        async with running(tmp_path) as (simulator, _, watcher):
            simulator.signal(signal.SIGSTOP)
            await watcher.do(link.EmergencyStop)
            await watcher.state(MachineState.CLOSED_WITH_ERROR)
            simulator.signal(signal.SIGCONT)
            return watcher.snapshot

    snapshot = asyncio.run(main())
    notice = next(notice for notice in snapshot.notices if notice.key == "emergency-stop")
    assert "did not react within 1 s" in notice.text
    assert "Switch the machine off" in notice.text


# --- 7: a dead computer ---------------------------------------------------------------------------------------------


def test_7_the_page_is_told_that_heaters_outlive_the_computer(tmp_path):
    async def main():
        async with running(tmp_path) as (_, _, watcher):
            return watcher.snapshot

    notice = next(notice for notice in asyncio.run(main()).notices if notice.key == "no-watchdog")
    assert "heaters stay on" in notice.text


# --- the life of the process ----------------------------------------------------------------------------------------


def test_a_terminated_host_switches_heaters_off(tmp_path):
    async def main():
        async with running(tmp_path) as (simulator, host, watcher):
            await watcher.do(link.SetTargets, targets={"tool0": 150.0})
            await watcher.until(lambda w: w.snapshot.heaters["tool0"].target == 150.0)
            assert host.terminate() == 0
            await asyncio.sleep(0.5)
            return simulator.executed()

    assert {"M104 S0", "M140 S0"} <= set(asyncio.run(main())[-4:])


def test_the_wire_is_lost_in_a_job(tmp_path):
    gcode(tmp_path / "job.gcode", 5000, dwell=50)

    async def main():
        async with running(tmp_path) as (simulator, _, watcher):
            await watcher.do(link.StartJob, job=job_of(tmp_path / "job.gcode"))
            await watcher.until(lambda w: w.snapshot.progress.lines_acknowledged > 20)
            simulator.stop()
            await watcher.state(MachineState.CLOSED_WITH_ERROR)
            return watcher.snapshot, watcher.names()

    snapshot, names = asyncio.run(main())
    assert "connection" in snapshot.error
    assert "PrintFailed" in names
    assert snapshot.interrupted is not None


def test_a_baud_rate_is_found(tmp_path):
    async def main():
        async with running(tmp_path, "--baudrate", "250000", connect=False) as (simulator, _, watcher):
            settings = MachineSettings(serial=SerialSettings(additional_ports=(str(simulator.port),)))
            await watcher.do(link.Configure, settings=settings)
            await watcher.until(lambda w: w.snapshot.ports)
            await watcher.do(link.Connect, port=str(simulator.port))
            operational = MachineState.OPERATIONAL
            await watcher.until(lambda w: w.snapshot.state is operational, 120)  # it may have to go round twice
            return watcher.snapshot

    assert asyncio.run(main()).baudrate == 250000
