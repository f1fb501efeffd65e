"""Progress by the bytes of the file."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mrdraw.hub.estimates import Estimate, estimate
from mrdraw.link.messages import JOB_STATES, Job, JobFile, MachineState, Progress, Snapshot

SIZE = 1000


def snapshot(state, size=SIZE, **progress):
    file = JobFile(name="a.gcode", path="a.gcode", display="a.gcode", source="/a.gcode", size=size)
    return Snapshot(sequence=1, state=state, job=Job(id="1", file=file), progress=Progress(**progress))


def test_nothing_is_known_without_a_job():
    assert estimate(Snapshot(sequence=1)) == Estimate()


def test_a_running_job():
    found = estimate(snapshot(MachineState.PRINTING, file_position=250, print_time=60.9))
    assert found == Estimate(25.0, 250, 60, 182, "linear")


@pytest.mark.parametrize(("position", "time"), [(0, 500.0), (9, 500.0), (900, 9.9)])
def test_no_estimate_before_the_start_lost_its_weight(position, time):
    found = estimate(snapshot(MachineState.PRINTING, file_position=position, print_time=time))
    assert found.time_left is None
    assert found.origin == "linear"
    assert found.file_position == position


def test_a_job_that_is_done_stays_at_100():
    found = estimate(snapshot(MachineState.OPERATIONAL, file_position=990, print_time=77.0, finished=True))
    assert found == Estimate(100.0, SIZE, 77, 0)


@pytest.mark.parametrize("state", [MachineState.OPERATIONAL, MachineState.OFFLINE, MachineState.CLOSED_WITH_ERROR])
def test_nothing_is_told_of_a_cancelled_or_failed_job(state):
    assert estimate(snapshot(state, file_position=500, print_time=77.0)) == Estimate()


@given(
    st.sampled_from(sorted(JOB_STATES)), st.integers(0, 10**12), st.integers(0, 10**12),
    st.floats(0, 10**7), st.booleans(),
)  # fmt: skip
def test_figures_are_never_absurd(state, size, position, time, finished):
    found = estimate(snapshot(state, size, file_position=position, print_time=time, finished=finished))
    assert found.completion is not None
    assert 0 <= found.completion <= 100
    assert found.time_left is None or found.time_left >= 0
    assert (found.origin is None) == finished
