"""Measuring a wire, on a clock of the test's own."""

from time import monotonic

import pytest

from mrdraw.firmware.tally import Tally
from mrdraw.link.diagnosis import Verdict
from mrdraw.machine import diagnosis
from mrdraw.machine.diagnosis import WireRecorder

LINE = 30
"""bytes"""


class Wire:
    """A recorder, and the driver that tells it what happens."""

    def __init__(self, monkeypatch, *, baudrate=115200, in_flight=0):
        self.now = 1000.0
        monkeypatch.setattr(diagnosis, "monotonic", lambda: self.now)
        self.tally = Tally()
        self.transmitted = 7
        self.in_flight = in_flight
        self.recorder = WireRecorder(self.tally, baudrate, transmitted=7, transmitted_bytes=210, in_flight=in_flight)

    def turn(self, *, answered=0, written=0, own_delay=0.0, heard=3, late=False):
        """Answers come now, lines are written after a delay of ours."""
        arrived = self.now
        self.now += own_delay
        self.transmitted += written
        self.in_flight += written - answered
        self.recorder.turn(
            arrived, heard * answered, self.transmitted, LINE * self.transmitted, self.in_flight, late=late
        )

    def ping_pong(self, count, *, wait=0.001, own_delay=0.0001):
        for _ in range(count):
            self.now += wait
            self.turn(answered=1, written=1, own_delay=own_delay)

    @property
    def figures(self):
        return self.recorder.diagnosis().figures


@pytest.fixture
def wire(monkeypatch):
    return Wire(monkeypatch)


def entry(seconds):
    """The entry in which a delay is counted."""
    return int(seconds * 1e6 + 0.5).bit_length()


def test_both_delays_of_each_line_are_counted(wire):
    wire.turn(written=1)
    wire.ping_pong(200, wait=0.0009, own_delay=0.00007)
    figures = wire.figures
    assert figures.lines == 200
    assert sum(figures.host_to_wire) == figures.host_to_wire[entry(0.00007)] == 200
    assert sum(figures.wire_to_ok) == figures.wire_to_ok[entry(0.0009)] == 200
    assert figures.bytes_out == 201 * LINE
    assert figures.bytes_in == 600


def test_lines_in_flight_are_timed_each(wire):
    wire.turn(written=1)
    wire.now += 0.002
    wire.turn(written=1)
    wire.now += 0.002
    wire.turn(answered=1)
    wire.now += 0.03
    wire.turn(answered=1)
    figures = wire.figures
    assert figures.wire_to_ok[entry(0.004)] == 1
    assert figures.wire_to_ok[entry(0.032)] == 1
    assert figures.most_in_flight == 2


def test_more_lines_in_flight_than_are_timed_do_no_harm(wire):
    wire.turn(written=200)
    wire.now += 0.001
    wire.turn(answered=200, written=1)
    assert wire.figures.lines == 200
    assert sum(wire.figures.wire_to_ok) == 64


def test_a_moment_without_anything_to_send_is_no_delay_of_ours(wire):
    wire.turn(written=1)
    wire.turn(answered=1)
    wire.now += 5
    wire.turn(written=1)
    assert sum(wire.figures.host_to_wire) == 0


def test_lines_that_were_not_read_in_time_are_a_delay_of_ours(wire):
    wire.turn(written=1)
    wire.turn(answered=1)
    wire.now += 0.5
    wire.turn(written=1, late=True)
    figures = wire.figures
    assert figures.host_to_wire[entry(0.5)] == 1
    assert figures.late_host == 1
    assert figures.late_host_seconds == pytest.approx(0.5)


def test_a_stall_is_ours_and_not_the_firmwares(wire):
    wire.turn(written=1)
    for _ in range(5):
        wire.recorder.expect(wire.now + 0.1)
        wire.ping_pong(20)
        wire.recorder.expect(wire.now)
        wire.now += 0.3
        wire.turn(answered=1, written=1)
    figures = wire.figures
    assert figures.late_host == 5
    assert figures.late_host_seconds == pytest.approx(1.5)
    assert figures.longest_host == pytest.approx(0.3)
    assert figures.longest_ok < 0.01
    assert wire.recorder.diagnosis().verdict is Verdict.COMPUTER


def test_a_stall_is_seen_by_the_timer_as_well_and_counted_once(wire):
    wire.turn(written=1)
    wire.recorder.expect(wire.now)
    wire.now += 0.3
    wire.recorder.seen(wire.now)
    wire.turn(answered=1, written=1)
    assert wire.figures.late_host == 1


def test_a_timer_that_is_a_little_late_is_no_stall(wire):
    wire.recorder.expect(wire.now)
    wire.recorder.seen(wire.now + 0.01)
    assert wire.figures.late_host == 0


def test_late_acknowledges_are_the_machines(wire):
    wire.tally.room(12, 3)
    wire.turn(written=1)
    wire.ping_pong(100)
    wire.ping_pong(4, wait=0.3)
    figures = wire.figures
    assert figures.late_ok == 4
    assert figures.late_ok_seconds == pytest.approx(1.2, rel=0.05)
    assert figures.planner_known
    assert figures.least_planner_free == 12
    assert wire.recorder.diagnosis().verdict is Verdict.MACHINE


@pytest.mark.parametrize(
    "explain",
    [
        pytest.param(lambda tally: tally.room(0, 3), id="the planner is full"),
        pytest.param(lambda tally: setattr(tally, "explained_waits", tally.explained_waits + 1), id="a slow command"),
        pytest.param(lambda tally: setattr(tally, "timeouts", tally.timeouts + 1), id="a lost acknowledge"),
    ],
)
def test_a_wait_that_is_explained_is_not_the_machines(wire, explain):
    wire.turn(written=1)
    for _ in range(20):
        wire.ping_pong(10)
        explain(wire.tally)
        wire.ping_pong(1, wait=0.4)
    assert wire.figures.late_ok == 0


def test_time_that_passes_before_a_loss_is_noticed_is_the_cables(wire):
    wire.turn(written=1)
    wire.ping_pong(50)
    for _ in range(4):
        wire.tally.lost_acknowledges += 1
        wire.ping_pong(1, wait=0.6)
    assert wire.figures.damage_seconds == pytest.approx(2.4)
    assert wire.recorder.diagnosis().verdict is Verdict.CABLE


def test_the_time_that_lines_take_at_their_baud_rate_is_not_the_machines(monkeypatch):
    wire = Wire(monkeypatch, baudrate=9600)
    wire.turn(written=8)
    wire.ping_pong(100, wait=0.03)  # 8 lines in flight, 30 ms each
    assert wire.figures.longest_ok > 0.2
    assert wire.figures.late_ok == 0


@pytest.mark.parametrize(("baudrate", "verdict"), [(57600, Verdict.BAUD_RATE), (250000, Verdict.NOTHING)])
def test_a_full_wire_is_the_baud_rates(monkeypatch, baudrate, verdict):
    wire = Wire(monkeypatch, baudrate=baudrate)
    wire.turn(written=1)
    for _ in range(100):
        wire.recorder.beat(wire.now)
        wire.ping_pong(10, wait=33 * 10 / 57600)
    figures = wire.figures
    assert wire.recorder.diagnosis().verdict is verdict
    assert figures.peak_out == pytest.approx(57600 / 10 * 30 / 33, rel=0.05)
    assert figures.limit == baudrate / 10


def test_pauses_are_left_out_of_the_time(wire):
    for pause in (False, True, False):
        for _ in range(12):
            wire.now += 0.2
            _ = wire.recorder.pause() if pause else wire.recorder.beat(wire.now)
    assert 3.9 < wire.figures.seconds < 4.5


def test_lines_that_were_in_flight_before_are_answered_too(monkeypatch):
    wire = Wire(monkeypatch, in_flight=2)
    wire.turn(answered=2, written=1)
    assert wire.figures.lines == 2


def test_how_long_the_processor_was_awaited_is_read_from_the_system():
    waits = diagnosis.ProcessorWait()
    first = waits.seconds()
    until = monotonic() + 0.05
    while monotonic() < until:
        pass
    later = waits.seconds()
    waits.close()
    assert waits.seconds() is None
    assert (first is None and later is None) or 0 <= first <= later < 3600
