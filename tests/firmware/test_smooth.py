"""The shortest way of an acknowledge, held against the way that all others go."""

from __future__ import annotations

from unittest import mock

from hypothesis import given
from hypothesis import strategies as st

from helpers_firmware import FirmwareModel
from helpers_world import Noise, World
from mrdraw.firmware.dialect import Priority, Queued
from mrdraw.firmware.marlin import MarlinDialect
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


def test_the_next_line_is_certain_before_the_acknowledge_of_the_only_one_in_flight():
    world = World(FirmwareModel(), JOB, MarlinOptions(), Noise(free=False))
    world.finish()
    assert world.in_advance > 0.5 * len(JOB)


def test_whatever_is_told_meanwhile_makes_the_next_line_uncertain():
    for tell in (
        lambda dialect: dialect.enqueue(Queued("M106"), Priority.HAND),
        lambda dialect: dialect.enqueue(Queued("M112"), Priority.EMERGENCY),
        MarlinDialect.hold_job,
        MarlinDialect.end_job,
        lambda dialect: dialect.begin_job(3),
        lambda dialect: dialect.acknowledge_by_hand(1000.0),
    ):
        dialect = _certain()
        tell(dialect)
        assert dialect.line_in_advance(b"ok\n") is None


def test_only_a_plain_ok_makes_it_certain():
    for said in (
        b"",
        b"o",
        b"ok",
        b"ok T:20.0\n",
        b"ok N4 P15 B3\n",
        b"ok\nok\n",
        b"echo:busy: processing\n",
        b"Resend: 4\n",
    ):
        assert _certain().line_in_advance(said) is None


def _certain():
    """A dialect in the middle of a job that knows what it sends next."""
    world = World(FirmwareModel(command_seconds=1.0), JOB, MarlinOptions(), Noise(free=False))
    while len(world.acknowledged) < 8:
        world.turn()
    assert world.dialect.line_in_advance(b"ok\n") == world.dialect.line_in_advance(b"ok\r\n") is not None
    return world.dialect


def test_it_is_the_way_of_a_job_that_runs_well():
    taken = []

    def noted(self, way=SmoothFlow._plain_line):
        taken.append(way(self))
        return taken[-1]

    with mock.patch.object(SmoothFlow, "_plain_line", noted):
        _played({"advanced_ok": True}, 3, Noise(free=False), [])
    assert sum(sent is not None for sent in taken) > 0.7 * len(JOB)
