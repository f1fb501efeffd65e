"""The watches: over the heaters, and over unattended time (safety rules 2, 3 and 5)."""

from mrdraw.link.messages import Heater, Profile, SafetySettings
from mrdraw.machine.limits import Limits
from mrdraw.machine.watch import HeaterWatch, UnattendedTimer


def _watch():
    return HeaterWatch(Limits(Profile()), SafetySettings())


def _keys(alarms):
    return [key for key, _ in alarms]


def test_silence_while_heating_is_an_alarm_once():
    watch = _watch()
    watch.report({"tool0": Heater(180.0, 200.0)}, now=0.0)
    assert watch.tick(14.9) == []
    assert _keys(watch.tick(15.1)) == ["temperature-silence"]
    assert watch.tick(16.0) == []
    watch.report({"tool0": Heater(180.0, 200.0)}, now=20.0)
    assert _keys(watch.tick(36.0)) == ["temperature-silence"]


def test_silence_counts_from_the_command_when_nothing_was_ever_reported():
    watch = _watch()
    watch.told("tool0", 200.0, now=100.0)
    assert _keys(watch.tick(115.1)) == ["temperature-silence"]


def test_silence_of_a_cold_machine_is_none():
    watch = _watch()
    watch.report({"tool0": Heater(20.0, 0.0)}, now=0.0)
    assert watch.tick(1000.0) == []


def test_fifteen_degrees_above_the_ceiling():
    watch = _watch()
    assert watch.report({"bed": Heater(135.0, 100.0)}, now=0.0) == []
    assert watch.report({"bed": Heater(135.1, 100.0)}, now=1.0) == []
    assert _keys(watch.report({"bed": Heater(135.1, 100.0)}, now=2.0)) == ["over-temperature-bed"]


def test_one_damaged_report_is_no_alarm():
    watch = _watch()
    for actual in (60.0, 600.0, 60.0, 900.0, 60.0):
        assert watch.report({"bed": Heater(actual, 60.0)}, now=0.0) == []


def test_one_damaged_low_report_is_no_rise():
    watch = _watch()
    for actual in (70.0, 7.0, 70.0, 70.0, 70.0):
        assert watch.report({"tool0": Heater(actual, 0.0)}, now=0.0) == []


def test_rising_without_a_target():
    watch = _watch()
    assert watch.report({"tool0": Heater(60.0, 0.0)}, now=0.0) == []
    assert watch.report({"tool0": Heater(75.0, 0.0)}, now=1.0) == []
    assert watch.report({"tool0": Heater(75.1, 0.0)}, now=2.0) == []
    assert _keys(watch.report({"tool0": Heater(75.2, 0.0)}, now=3.0)) == ["runaway-tool0"]


def test_cooling_down_is_not_rising():
    watch = _watch()
    watch.report({"tool0": Heater(200.0, 200.0)}, now=0.0)
    for actual in (205.0, 150.0, 100.0, 60.0, 70.0):
        assert watch.report({"tool0": Heater(actual, 0.0)}, now=1.0) == []


def test_a_cold_room_that_warms_is_not_rising():
    watch = _watch()
    watch.report({"bed": Heater(5.0, 0.0)}, now=0.0)
    assert watch.report({"bed": Heater(35.0, 0.0)}, now=1.0) == []


def test_the_unattended_timer():
    timer = UnattendedTimer(minutes=10)
    assert timer.remaining(0.0) is None
    timer.run(needed=True, now=0.0)
    assert timer.remaining(60.0) == 540.0
    timer.attend(60.0)
    assert timer.remaining(60.0) == 600.0
    timer.run(needed=True, now=100.0)
    assert timer.remaining(660.0) == 0.0
    timer.run(needed=False, now=661.0)
    assert timer.remaining(661.0) is None
