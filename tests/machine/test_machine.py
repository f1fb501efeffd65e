"""What the dialect's events mean for the machine, without a wire."""

from __future__ import annotations

import asyncio

import pytest

from mrdraw.firmware import dialect as wire
from mrdraw.firmware.marlin import MarlinDialect
from mrdraw.link.messages import MachineSettings, MachineState
from mrdraw.machine.driver import Driver
from mrdraw.machine.machine import NOTICE_INTERRUPTED, Machine
from mrdraw.machine.runner import JobRunner


def _on_a_machine(tmp_path, test):
    """Run a test with a machine whose firmware answered."""

    async def main():
        machine = Machine(MachineSettings(), make_runner=lambda machine: JobRunner(machine, tmp_path))
        machine.driver = Driver(MarlinDialect(), handle=machine.handle, lost=machine.wire_lost, log=machine.log)
        machine.enter(MachineState.OPERATIONAL)
        test(machine)

    asyncio.run(main())


@pytest.mark.parametrize("reason", ["crash", "power_panic", "regress"])
def test_a_machine_that_interrupts_its_job_pauses_it_and_asks_for_a_person(tmp_path, reason):
    def test(machine):
        machine.enter(MachineState.PRINTING)
        machine.handle(wire.Interrupted(reason, "The head ran into something."))
        assert machine.state is MachineState.PAUSED
        assert machine.notices[NOTICE_INTERRUPTED].text.startswith("The head ran into something.")
        machine.attend()
        assert NOTICE_INTERRUPTED not in machine.notices

    _on_a_machine(tmp_path, test)


def test_an_interruption_without_a_job_is_told(tmp_path):
    def test(machine):
        machine.handle(wire.Interrupted("crash", "The head ran into something."))
        assert machine.state is MachineState.OPERATIONAL
        assert NOTICE_INTERRUPTED in machine.notices

    _on_a_machine(tmp_path, test)


def _took(line):
    return wire.CommandAcknowledged(wire.Queued(line))


def test_a_tool_that_is_refused_leaves_the_one_before(tmp_path):
    def test(machine):
        machine.handle(_took("T1"))
        machine.handle(wire.ToolRefused(2))
        machine.handle(_took("T2"))
        assert machine.modal.tool == 1
        machine.handle(_took("T3"))
        machine.handle(wire.ToolRefused(3))
        assert machine.modal.tool == 1, "the answer came late"

    _on_a_machine(tmp_path, test)


def test_a_target_that_comes_alone_keeps_the_temperature(tmp_path):
    def test(machine):
        machine.handle(wire.Temperatures({"tool0": (25.0, 0.0)}, 0))
        machine.handle(wire.Temperatures({"tool0": (None, 210.0)}))
        assert (machine.heaters["tool0"].actual, machine.heaters["tool0"].target) == (25.0, 210.0)

    _on_a_machine(tmp_path, test)


def test_how_far_the_axes_go_is_told_until_the_wire_is_closed(tmp_path):
    def test(machine):
        machine.handle(wire.TravelKnown({"x": (-5.0, 220.0)}))
        assert machine.snapshot(1).travel == {"x": (-5.0, 220.0)}
        assert machine.limits.range_of("x") == (0.0, 200.0), "what the profile says is what holds"
        machine.close()
        assert machine.snapshot(2).travel == {}

    _on_a_machine(tmp_path, test)
