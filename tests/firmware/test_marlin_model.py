"""The dialect and the firmware model as one state machine, on a wire that damages lines both ways.

Faults that the checksum or the number of a line shows cost time only: executed is the job, or a beginning of it and
the job ends with a named error. Free faults may let the firmware take a damaged line; each difference is such a line.
"""

from __future__ import annotations

from collections import Counter
from typing import ClassVar

import pytest
from hypothesis import note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from helpers_firmware import FirmwareModel
from helpers_world import DETECTED, Damage, Fault, Noise, World, judge
from mrdraw.firmware.options import MarlinOptions

JOB = [
    b"G28 X%d" % index if index % 13 == 9 else b"G1 X%d.%d Y%d" % (index, index % 7, index * 7) for index in range(60)
]
STEPS = 30

QUICK_RUNS, THOROUGH_RUNS = 250, 5_000
"""of each of the two kinds of faults"""

shares = st.sampled_from([0.0, 0.02, 0.1])
seconds = st.sampled_from([0.01, 0.4, 3.0])


class _Wire(RuleBasedStateMachine):
    """What may happen on a wire."""

    free = False
    counts: ClassVar[Counter[str]] = Counter()

    @initialize(
        in_flight=st.integers(1, 32),
        advanced=st.booleans(),
        ample=st.booleans(),
        ok_after_resend=st.booleans(),
        keepalive=st.booleans(),
        silent=st.sampled_from([False, False, True]),
        command_seconds=st.sampled_from([0.0, 0.001, 0.2]),
        slow=st.sampled_from([{}, {"G28": 7.0}]),
        there=shares,
        back=shares,
        seed=st.integers(0, 2**32),
    )
    def begin(self, *, in_flight, advanced, ample, ok_after_resend, keepalive, silent, command_seconds, slow, **noise):
        rx_buffer = 4096 if ample else 128
        firmware = FirmwareModel(
            ok_after_resend=ok_after_resend,
            advanced_ok=advanced,
            keepalive=keepalive,
            silent_m105=silent,
            command_seconds=command_seconds,
            slow_commands=slow,
            slots=in_flight + 1 if advanced else 4,
            rx_buffer=rx_buffer,
        )
        options = MarlinOptions(lines_in_flight=0 if advanced else in_flight, rx_buffer=4096 if ample else 0)
        self.world = World(firmware, JOB, options, Noise(self.free, **noise))
        self.commands = 0

    @rule(turns=st.integers(1, 25))
    def go_on(self, turns):
        for _ in range(turns):
            if self.world.end is None:
                self.world.turn()

    @rule(seconds=st.sampled_from([0.3, 1.0, 5.0, 40.0]))
    def time_passes(self, seconds):
        self.world.run(seconds)

    @rule(
        to_firmware=st.booleans(),
        damage=st.sampled_from(Damage),
        place=st.floats(0, 0.999),
        bits=st.integers(1, 255),
        seconds=seconds,
        after=st.integers(0, 4),
    )
    def damage(self, *, to_firmware, damage, place, bits, seconds, after):
        if to_firmware and not self.free:
            damage = DETECTED[list(Damage).index(damage) % len(DETECTED)]
        fault = Fault(damage, place, bits, seconds if damage is Damage.DELAY else 0.0)
        (self.world.there if to_firmware else self.world.back).plan(fault, after)

    @rule()
    def somebody_types(self):
        self.commands += 1
        self.world.by_hand(f"M106 S{self.commands}")

    @rule(turns=st.integers(1, 20))
    def pause(self, turns):
        self.world.dialect.hold_job()
        self.go_on(turns)
        self.world.dialect.release_job()

    @precondition(lambda self: self.commands > 3)
    @rule()
    def the_board_resets(self):
        self.world.firmware.boot()

    def teardown(self):
        if hasattr(self, "world"):
            self.world.finish()
            note("\n".join(self.world.transcript))
            judge(self.world, self.counts, free=self.free)
            self.counts["lines in flight at most, in all"] += self.world.most_in_flight


class DetectedFaults(_Wire):
    counts: ClassVar[Counter[str]] = Counter()


class FreeFaults(_Wire):
    free = True
    counts: ClassVar[Counter[str]] = Counter()


def run(kind: type[_Wire], runs: int) -> None:
    """Run one of the two so often."""
    run_state_machine_as_test(kind, settings=settings(max_examples=runs, stateful_step_count=STEPS))


def told(counts: Counter[str]) -> str:
    """What was counted, one thing a line."""
    return "".join(f"\n  {count:9,} {what}" for what, count in sorted(counts.items()))


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kind", [DetectedFaults, FreeFaults])
@pytest.mark.parametrize("runs", [QUICK_RUNS, pytest.param(THOROUGH_RUNS, marks=pytest.mark.slow)])
def test_nothing_is_lost_skipped_or_executed_twice(kind, runs, capsys):
    kind.counts.clear()
    run(kind, runs)
    assert kind.counts["runs"] >= runs // 2
    with capsys.disabled():
        print(f"\n{kind.__name__}:{told(kind.counts)}")
