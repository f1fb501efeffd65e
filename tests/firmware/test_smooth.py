"""The shortest way of an acknowledge, held against the way that all others go."""

from __future__ import annotations

from unittest import mock

from hypothesis import given
from hypothesis import strategies as st

from helpers_firmware import FirmwareModel
from helpers_world import Noise, World
from mrdraw.firmware.options import MarlinOptions
from mrdraw.firmware.smooth import SmoothFlow

JOB = [b"G28 X%d" % index if index % 9 == 5 else b"G1 X%d Y%d" % (index, index * 7) for index in range(40)]

shares = st.sampled_from([0.0, 0.0, 0.03, 0.15])
firmwares = st.fixed_dictionaries({
    "ok_after_resend": st.booleans(),
    "advanced_ok": st.booleans(),
    "keepalive": st.booleans(),
    "silent_m105": st.booleans(),
    "slow_commands": st.sampled_from([{}, {"G28": 7.0}]),
})  # fmt: skip


def _played(firmware, in_flight, noise, commands):
    """A whole job on one wire, with a command by hand after so many turns."""
    options = MarlinOptions(lines_in_flight=0 if firmware["advanced_ok"] else in_flight)
    world = World(FirmwareModel(**firmware, slots=in_flight + 1), JOB, options, noise)
    heard, receive = [], world.dialect.receive

    def listened(data, now):
        events = receive(data, now)
        heard.extend(map(str, events))
        return events

    world.dialect.receive = listened
    for command, turns in enumerate(commands):
        for _ in range(turns):
            world.turn()
        world.by_hand(f"M106 S{command}")
    world.finish()
    tally = world.dialect.tally
    counts = {name: getattr(tally, name) for name in tally.__slots__}
    return world.told(), heard, counts


@given(
    firmwares,
    st.integers(1, 8),
    st.builds(Noise, st.booleans(), there=shares, back=shares, seed=st.integers(0, 2**32)),
    st.lists(st.integers(1, 40), max_size=4),
)
def test_it_leads_to_the_same_bytes_events_and_counts(firmware, in_flight, noise, commands):
    shortly = _played(firmware, in_flight, noise, commands)
    with mock.patch.object(SmoothFlow, "_plain_line", return_value=None):
        at_length = _played(firmware, in_flight, noise, commands)
    assert shortly == at_length


def test_it_is_the_way_of_a_job_that_runs_well():
    taken = []

    def noted(self, way=SmoothFlow._plain_line):
        taken.append(way(self))
        return taken[-1]

    with mock.patch.object(SmoothFlow, "_plain_line", noted):
        _played({"advanced_ok": True}, 3, Noise(free=False), [])
    assert sum(sent is not None for sent in taken) > 0.7 * len(JOB)
