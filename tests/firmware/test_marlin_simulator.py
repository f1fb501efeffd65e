"""The dialect against the simulator that is delivered with it, on a wire that flips bits."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mrdraw.firmware import dialect as wire
from mrdraw.firmware.marlin import MarlinDialect
from mrdraw.simulator.faults import NO_FAULTS, FaultPlan, FaultyChannel
from mrdraw.simulator.marlin import MarlinSimulator
from mrdraw.simulator.options import MarlinOptions

OWN = ("M105", "M110", "M113", "M114", "M115", "M155")
STEP = 0.0005
"""s between two looks at the wire, where nothing is due earlier"""


class Coupled:
    """A dialect and a simulator on a faulty wire, on a virtual clock."""

    def __init__(self, options: MarlinOptions, there: FaultPlan, back: FaultPlan, seed: int) -> None:
        self.dialect = MarlinDialect()
        self.simulator = MarlinSimulator(options, 0.0)
        self._there = FaultyChannel(there, f"there {seed}")
        self._back = FaultyChannel(back, f"back {seed}")
        self.now = self.began = 0.0
        self.acknowledged: list[tuple[int, float]] = []

    def run(self, job: Sequence[bytes], limit: float) -> wire.Event | None:
        """Run a job; how it ended."""
        self.dialect.open(0.0)
        while self.now < limit:
            self._carry()
            for event in self.dialect.receive(self._back.take(self.now), self.now):
                if (end := self._handle(event, job)) is not None:
                    return end
            while (line := self.dialect.next_to_send(self.now)) is not None:
                self._there.put(line, self.now)
            parts = (self.dialect, self.simulator, self._there, self._back)
            due = [moment for part in parts if (moment := part.next_deadline()) is not None]
            self.now = max(self.now + STEP, min(due, default=0.0))
        return None

    def _carry(self) -> None:
        self.simulator.advance(self.now)
        self.simulator.receive(self._there.take(self.now), self.now)
        self._back.put(self.simulator.take_output(), self.now)

    def _handle(self, event: wire.Event, job: Sequence[bytes]) -> wire.Event | None:
        match event:
            case wire.Ready():
                self.began = self.now
                self.dialect.begin_job(len(job))
            case wire.LinesWanted():
                self.dialect.supply(event.first, job[event.first : event.first + event.count])
            case wire.JobLineAcknowledged():
                self.acknowledged.append((event.index, self.now))
            case wire.JobExhausted() | wire.Failed() | wire.Halted() | wire.Reset():
                return event
        return None

    def executed(self) -> list[bytes]:
        lines = self.simulator.executed
        return [line.encode("utf-8", "surrogateescape") for line in lines if not line.startswith(OWN)]


def test_4000_lines_with_one_flipped_bit_in_a_hundred_lines_both_ways():
    job = [b"G1 X%d.%d Y%d E%d.5" % (index % 200, index % 10, index * 7 % 200, index) for index in range(4000)]
    flips = FaultPlan(flip=0.01)
    coupled = Coupled(MarlinOptions(speed=0), flips, flips, seed=1)
    assert isinstance(coupled.run(job, limit=200.0), wire.JobExhausted)
    assert [line for line in coupled.executed() if line.startswith(b"G1 X")] == job
    assert coupled.now - coupled.began < 160.0, "s of the virtual clock: what the waits add up to"


def test_a_lost_acknowledge_costs_at_most_three_seconds_after_homing_too():
    job = [b"G28"] + [b"G1 X%d F6000" % (index % 100) for index in range(300)]
    coupled = Coupled(MarlinOptions(), NO_FAULTS, FaultPlan(lose_ok_at=(5, 40, 90)), seed=1)
    assert isinstance(coupled.run(job, limit=600.0), wire.JobExhausted)
    assert coupled.executed() == job
    good = Coupled(MarlinOptions(), NO_FAULTS, NO_FAULTS, seed=1)
    assert isinstance(good.run(job, limit=600.0), wire.JobExhausted)
    gaps = [after - before for (_, before), (_, after) in pairwise(coupled.acknowledged)]
    normal = [after - before for (_, before), (_, after) in pairwise(good.acknowledged)]
    assert max(gaps) <= max(normal) + 3.0
    homing = coupled.acknowledged[0][1] - coupled.began, good.acknowledged[0][1] - good.began
    assert homing[0] <= homing[1] + 3.0


def test_several_lines_in_flight_are_chosen_by_themselves():
    job = [b"G1 X%d F9000" % (index % 100) for index in range(500)]
    coupled = Coupled(MarlinOptions(speed=0, advanced_ok=True), NO_FAULTS, NO_FAULTS, seed=1)
    most, hear = 0, coupled.dialect.receive

    def receive(data: bytes, now: float) -> list[wire.Event]:
        nonlocal most
        most = max(most, coupled.dialect.in_flight)
        return hear(data, now)

    coupled.dialect.receive = receive
    assert isinstance(coupled.run(job, limit=200.0), wire.JobExhausted)
    assert coupled.executed() == job
    assert most == 3
    assert coupled.dialect.tally.resends == 0
    assert coupled.dialect.tally.least_queue_free is not None


@pytest.mark.parametrize("wait_seconds", [None, 1.0])
@pytest.mark.parametrize("advanced_ok", [False, True])
@pytest.mark.parametrize("ok_after_resend", [False, True])
def test_kinds_of_marlin(ok_after_resend, advanced_ok, wait_seconds):
    job = [b"G28", *[b"G1 X%d F9000" % (index % 100) for index in range(100)]]
    options = MarlinOptions(
        speed=10, ok_after_resend=ok_after_resend, advanced_ok=advanced_ok, wait_seconds=wait_seconds
    )
    coupled = Coupled(options, FaultPlan(flip=0.05), FaultPlan(flip=0.05), seed=3)
    assert isinstance(coupled.run(job, limit=1000.0), wire.JobExhausted)
    executed = [line for line in coupled.executed() if line in set(job)]
    assert executed == job


def test_a_reset_in_the_middle_is_reported():
    coupled = Coupled(MarlinOptions(speed=0, reset_at_lines=(50,)), NO_FAULTS, NO_FAULTS, seed=1)
    assert coupled.run([b"G1 X%d" % index for index in range(100)], limit=100.0) == wire.Reset()


plans = st.builds(
    FaultPlan,
    flip=st.sampled_from([0.0, 0.01, 0.05]),
    drop_byte=st.sampled_from([0.0, 0.01, 0.03]),
    drop_line=st.sampled_from([0.0, 0.01, 0.03]),
    duplicate=st.sampled_from([0.0, 0.02]),
    delay=st.sampled_from([0.0, 0.02]),
    delay_seconds=st.just(0.5),
)


@settings(max_examples=settings.default.max_examples // 4)
@given(plans, plans, st.booleans(), st.integers(0, 10_000))
def test_whatever_the_wire_does(there, back, ok_after_resend, seed):
    job = [b"G1 X%d Y%d" % (index, index % 7) for index in range(80)]
    coupled = Coupled(MarlinOptions(speed=0, ok_after_resend=ok_after_resend), there, back, seed)
    end = coupled.run(job, limit=2000.0)
    assert isinstance(end, wire.JobExhausted | wire.Failed), end
    known = set(job)
    executed = [line for line in coupled.executed() if line in known]
    expected = job if isinstance(end, wire.JobExhausted) else job[: len(executed)]
    damaged_but_taken = len(coupled.executed()) - len(executed)
    assert executed == expected or len(expected) - len(executed) <= damaged_but_taken
    assert executed == sorted(executed, key=job.index)
    assert len(executed) == len(set(executed))
