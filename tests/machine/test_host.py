"""The machine host as a process: jobs over a real pseudo-terminal, from a real link."""

import asyncio
import re

import pytest

from helpers_machine import attached, gcode, job_lines, job_of, running
from mrdraw.link import messages as link
from mrdraw.link.messages import MachineState


def test_a_job_is_executed_line_by_line(tmp_path):
    sent = gcode(tmp_path / "job.gcode", 20_000)

    async def main():
        async with running(tmp_path, "--speed", "0") as (simulator, _, watcher):
            await watcher.do(link.StartJob, job=job_of(tmp_path / "job.gcode"))
            await watcher.until(lambda w: "PrintDone" in w.names())
            await watcher.state(MachineState.OPERATIONAL)
            assert watcher.snapshot.progress.finished
            assert watcher.snapshot.progress.file_position == (tmp_path / "job.gcode").stat().st_size
            assert watcher.snapshot.resends.transmitted > 20_000
            assert watcher.states[-4:] == ["STARTING", "PRINTING", "FINISHING", "OPERATIONAL"]
            return simulator.executed()

    assert job_lines(asyncio.run(main()), sent) == sent


def test_the_order_of_a_job(tmp_path):
    gcode(tmp_path / "job.gcode", 10)
    scripts = {"before_print_started": ("M117 before",), "after_print_done": ("M117 after",)}

    async def main():
        async with running(tmp_path, "--speed", "0") as (simulator, _, watcher):
            await watcher.do(link.StartJob, job=job_of(tmp_path / "job.gcode", **scripts))
            await watcher.until(lambda w: "PrintDone" in w.names())
            return simulator.executed(), watcher.names()

    executed, names = asyncio.run(main())
    assert executed.index("M117 before") < executed.index("G1 X0.0 Y0 E0.00 F6000")
    assert executed.index("M117 after") > executed.index("G1 X8.1 Y0 E0.08")
    told = [name for name in names if name in {"PrintStarted", "ChartMarked", "PrintDone"}]
    assert told == ["PrintStarted", "ChartMarked", "ChartMarked", "PrintDone"]


def test_pause_resume_and_the_rest_of_the_file(tmp_path):
    sent = gcode(tmp_path / "job.gcode", 120, dwell=20)

    async def main():
        async with running(tmp_path) as (simulator, _, watcher):
            await watcher.do(link.HomeAxes, axes="xyz")
            await watcher.do(link.StartJob, job=job_of(tmp_path / "job.gcode"))
            await watcher.until(lambda w: w.snapshot.progress.lines_acknowledged > 20)
            await watcher.do(link.PauseJob)
            await watcher.state(MachineState.PAUSED)
            parked = simulator.executed()
            await watcher.do(link.PauseJob)
            await watcher.do(link.ResumeJob)
            await watcher.until(lambda w: "PrintDone" in w.names())
            return parked, simulator.executed(), watcher

    parked, executed, watcher = asyncio.run(main())
    assert parked[-1].startswith("G0 X0")
    assert "G0 Z5 F200" in parked
    assert job_lines(executed, sent) == sent
    back = executed[len(parked) :]
    assert back[0] == "G90"
    assert back[1].startswith("G0 X")
    assert back[2].startswith("G0 Z")
    assert {"PrintPaused", "PrintResumed"} <= set(watcher.names())


def test_cancel_ends_with_heaters_off_and_motors_released(tmp_path):
    gcode(tmp_path / "job.gcode", 5000, dwell=50)

    async def main():
        async with running(tmp_path) as (simulator, _, watcher):
            await watcher.do(link.SetTargets, targets={"tool0": 100.0, "bed": 40.0})
            await watcher.do(link.StartJob, job=job_of(tmp_path / "job.gcode", after_print_cancelled=("M117 bye",)))
            await watcher.until(lambda w: w.snapshot.progress.lines_acknowledged > 20)
            await watcher.do(link.CancelJob)
            await watcher.until(lambda w: "PrintFailed" in w.names())
            await watcher.state(MachineState.OPERATIONAL)
            return simulator.executed(), watcher.names()

    executed, names = asyncio.run(main())
    assert executed[-5:] == ["M117 bye", "M104 S0", "M140 S0", "M107", "M84"]
    told = [name for name in names if name.startswith("Print") and "Changed" not in name]
    assert told[-3:] == ["PrintCancelling", "PrintCancelled", "PrintFailed"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("G28\nM104 S301\n", "Line 2 of the file cannot be sent.*301.*ceiling of 300"),
        ("G28\n; fine\nM117 " + "x" * 100 + "\n", "Line 3 of the file cannot be sent"),
        ("; nothing but a comment\n", "no G-code"),
    ],
)
def test_a_file_that_cannot_be_printed_is_refused_before_its_first_line(tmp_path, text, complaint):
    (tmp_path / "job.gcode").write_text(text, encoding="utf-8")

    async def main():
        async with running(tmp_path) as (simulator, _, watcher):
            before = len(simulator.executed())
            await watcher.do(link.StartJob, job=job_of(tmp_path / "job.gcode"))
            await watcher.until(lambda w: "PrintFailed" in w.names())
            await watcher.state(MachineState.OPERATIONAL)
            failed = next(event for event in watcher.events if type(event).__name__ == "PrintFailed")
            return failed.error, simulator.executed()[before:]

    error, executed = asyncio.run(main())
    assert error is not None
    assert re.search(complaint, error), error
    assert "G28" not in executed


def test_a_command_twice_is_done_once(tmp_path):
    async def main():
        async with running(tmp_path) as (simulator, _, watcher):
            for _ in range(2):
                await watcher.do(link.SendLines, lines=("M117 once",), id="the-same")
            await watcher.do(link.SendLines, lines=("M118 last",))
            await watcher.until(lambda _: "M118 last" in simulator.executed())
            return simulator.executed()

    assert asyncio.run(main()).count("M117 once") == 1


def test_what_is_refused_names_the_limit(tmp_path):
    async def main():
        async with running(tmp_path) as (_, _, watcher):
            asked = [
                (link.SetTargets, {"targets": {"tool0": 301.0}}, "LimitExceeded", "300"),
                (link.SetTargets, {"targets": {"tool1": 10.0}}, "InvalidValue", "tool0"),
                (link.Jog, {"axes": {"x": 10.5}}, "LimitExceeded", "not homed"),
                (link.Jog, {"axes": {"x": 500.0}, "absolute": True}, "LimitExceeded", "0 … 200"),
                (link.Extrude, {"amount": 501.0}, "LimitExceeded", "500"),
                (link.SendLines, {"lines": ("M109 S999",)}, "LimitExceeded", "300"),
                (link.SelectTool, {"tool": 1}, "InvalidValue", "has 1"),
                (link.SendLines, {"lines": ("M117 " + "x" * 200,)}, "InvalidValue", "room for"),
                (link.SendLines, {"lines": ("M117 a\nM104 S200",)}, "InvalidValue", "one line"),
                (link.CancelJob, {}, "WrongState", "no job"),
            ]
            for kind, fields, code, text in asked:
                reply = await watcher.ask(kind, **fields)
                assert (reply.code, text in reply.text) == (code, True), reply

    asyncio.run(main())


def test_a_move_typed_during_a_job_needs_force(tmp_path):
    gcode(tmp_path / "job.gcode", 3000, dwell=50)

    async def main():
        async with running(tmp_path) as (simulator, _, watcher):
            await watcher.do(link.StartJob, job=job_of(tmp_path / "job.gcode"))
            await watcher.state(MachineState.PRINTING)
            assert (await watcher.ask(link.SendLines, lines=("G28 X0",))).code == "ForceNeeded"
            assert (await watcher.ask(link.Jog, axes={"x": 1.0})).code == "WrongState"
            await watcher.do(link.SendLines, lines=("M117 fine",))
            await watcher.do(link.SendLines, lines=("G0 X3.21",), force=True)
            await watcher.until(lambda _: "G0 X3.21" in simulator.executed())
            await watcher.do(link.CancelJob)
            await watcher.state(MachineState.OPERATIONAL)

    asyncio.run(main())


def test_connecting_again_never_touches_the_machine(tmp_path):
    gcode(tmp_path / "job.gcode", 3000, dwell=50)

    async def main():
        async with running(tmp_path) as (simulator, _, watcher):
            await watcher.do(link.StartJob, job=job_of(tmp_path / "job.gcode"))
            await watcher.state(MachineState.PRINTING)
            await watcher.do(link.Connect)
            await watcher.do(link.Connect, port=str(simulator.port))
            assert (await watcher.ask(link.Connect, port="/dev/null-of-another-name")).code == "WrongState"
            assert watcher.snapshot.state is MachineState.PRINTING
            await watcher.do(link.CancelJob)

    asyncio.run(main())


def test_a_second_server_sees_the_same(tmp_path):
    async def main():
        async with running(tmp_path) as (_, host, first), attached(host.folder) as second:
            assert second.snapshot.state is MachineState.OPERATIONAL
            assert second.hello.pid == host.pid
            await first.do(link.SendLines, lines=("M117 seen by both",))
            await second.until(lambda w: any("seen by both" in line for line in w.log))

    asyncio.run(main())
