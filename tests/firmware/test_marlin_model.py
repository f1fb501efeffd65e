"""The dialect and the firmware model as one state machine, on a wire that damages lines both ways.

Faults that the checksum or the number of a line shows cost time only: executed is the job, or a beginning of it and
the job ends with a named error. Free faults may let the firmware take a damaged line; each difference is such a line.
"""

from __future__ import annotations

from collections import Counter
from typing import ClassVar

import pytest
from hypothesis import note, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from helpers_wire import (
    BEGINNING,
    KINDS,
    RULES,
    STEPS,
    DetectedWire,
    FreeWire,
    Wire,
    by_chance,
    play,
    smallest,
    strategies,
)

QUICK_RUNS, THOROUGH_RUNS = 250, 5_000
"""of each of the two kinds of faults"""

RUNS_BY_CHANCE = 250
"""the first ones of the million of bench/soak.py, of each kind"""


class _Rules(RuleBasedStateMachine, Wire):
    """What may happen on a wire, as hypothesis plays it."""

    counts: ClassVar[Counter[str]] = Counter()

    begin = initialize(**strategies(BEGINNING))(Wire.begin)
    go_on = rule(**strategies(RULES["go_on"]))(Wire.go_on)
    time_passes = rule(**strategies(RULES["time_passes"]))(Wire.time_passes)
    damage = rule(**strategies(RULES["damage"]))(Wire.damage)
    somebody_types = rule(**strategies(RULES["somebody_types"]))(Wire.somebody_types)
    pause = rule(**strategies(RULES["pause"]))(Wire.pause)
    the_board_resets = precondition(Wire.may_reset)(rule()(Wire.the_board_resets))

    def teardown(self):
        if hasattr(self, "world"):
            try:
                self.judge(self.counts)
            finally:
                note("\n".join(self.world.told()))


class DetectedFaults(_Rules, DetectedWire):
    counts: ClassVar[Counter[str]] = Counter()


class FreeFaults(_Rules, FreeWire):
    counts: ClassVar[Counter[str]] = Counter()


def run(kind: type[_Rules], runs: int) -> None:
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


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_by_chance_is_the_same_each_time(kind):
    played = []
    for _ in range(2):
        wire = KINDS[kind]()
        play(wire, by_chance(kind, 7), Counter())
        played.append(wire.world.told())
    assert played[0] == played[1]


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_lost_in_runs_by_chance(kind):
    counts = Counter()
    for number in range(RUNS_BY_CHANCE):
        play(KINDS[kind](), by_chance(kind, number), counts)
    assert counts["runs"] == RUNS_BY_CHANCE
    assert counts["ended with JobExhausted"] > counts["ended with Reset"] > 0


def test_a_failing_run_is_shown_without_the_steps_that_it_does_not_need():
    steps = by_chance("FreeFaults", 7)
    needed = [steps[0], steps[2], steps[-1]]
    assert smallest(steps, lambda kept: all(step in kept for step in needed)) == needed
