"""What is known of a machine beside its snapshot."""

from hypothesis import given
from hypothesis import strategies as st

from mrdraw import events
from mrdraw.hub.view import KEPT_LINES, Stream, View
from mrdraw.link.messages import TemperaturePoint


@given(st.lists(st.lists(st.integers(), max_size=12), max_size=12), st.integers(1, 10))
def test_a_reader_gets_exactly_what_came_later(batches, kept):
    stream, everything, read = Stream(kept), [], 0
    for batch in batches:
        before = stream.count
        stream.extend(batch)
        everything += batch
        assert stream.since(before) == batch[-kept:]
        read += len(batch)
    assert stream.count == read
    assert stream.since(0) == everything[-kept:]
    assert stream.since(stream.count) == []


def test_messages_are_what_the_firmware_said():
    view = View()
    view.take_log(["Send: M105", "Recv: ok T:20", 'Changing monitoring state from "A" to "B"', "Recv: echo:Recv: x"])
    assert list(view.messages.items) == ["ok T:20", "echo:Recv: x"]
    assert view.logs.count == 4
    view.take_log(str(number) for number in range(KEPT_LINES))
    assert view.logs.since(0)[0] == "0"


def test_old_temperatures_go_and_readers_miss_nothing():
    view = View()
    view.take_temperatures((TemperaturePoint(time=time, heaters={}) for time in (0, 50, 100)), 60.0)
    assert [point.time for point in view.temperatures.items] == [50, 100]
    before = view.temperatures.count
    view.take_temperatures([TemperaturePoint(time=130, heaters={})], 60.0)
    assert [point.time for point in view.temperatures.since(before)] == [130]
    assert [point.time for point in view.temperatures.since(0)] == [100, 130]


def test_the_last_error_holds_until_a_connection_or_a_job():
    view = View()
    for healing in (events.Connecting(), events.PrintStarted(name="a", path="a", origin="local", size=1)):
        view.take_event(events.Error(error="broken", reason="firmware"))
        view.take_event(events.Home())
        assert view.error.error == "broken"
        view.take_event(healing)
        assert view.error is None


def test_changes_are_counted_and_told_and_drop_encoded_answers():
    view, told = View(), []
    leave = view.subscribe(lambda: told.append(view.revision))
    view.answers["job"] = (None, b"{}")
    view.changed()
    leave()
    view.changed()
    assert told == [1]
    assert view.revision == 2
    assert not view.answers
