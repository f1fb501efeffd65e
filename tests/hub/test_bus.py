"""Whoever wants to hear of something does, and nobody is harmed by others."""

from mrdraw.events import FileDeselected, Home, PrinterStateChanged
from mrdraw.hub import EventBus


def test_events_reach_all_subscribers_in_order():
    bus, heard = EventBus(), []
    bus.subscribe(lambda machine, event: heard.append((1, machine, event)))
    bus.subscribe(lambda machine, event: heard.append((2, machine, event)))
    bus.publish("default", Home())
    bus.publish(None, FileDeselected())
    assert heard == [
        (1, "default", Home()), (2, "default", Home()), (1, None, FileDeselected()), (2, None, FileDeselected()),
    ]  # fmt: skip


def test_a_subscriber_that_left_hears_nothing():
    bus, heard = EventBus(), []
    leave = bus.subscribe(lambda _, event: heard.append(event))
    leave()
    leave()
    bus.publish(None, Home())
    assert heard == []


def test_a_subscriber_that_fails_harms_nobody(caplog):
    bus, heard = EventBus(), []

    def fail(_machine, _event):
        raise RuntimeError("oh")

    bus.subscribe(fail)
    bus.subscribe(lambda _, event: heard.append(event))
    bus.publish(None, PrinterStateChanged(state_id="PRINTING", state_string="Printing"))
    assert len(heard) == 1
    assert "PrinterStateChanged" in caplog.text
