"""What servers are told: the newest snapshot, the terminal as far as they keep up, events until somebody heard them."""

from mrdraw import events
from mrdraw.firmware.dialect import Received
from mrdraw.link import messages as link
from mrdraw.link.messages import Heater, Snapshot, TemperaturePoint
from mrdraw.machine.outlet import Outlet

BEHIND = 10_000_000


class Link:
    """A server's link that can be slow."""

    def __init__(self):
        self.backlog = 0
        self.got = []

    def send(self, message):
        self.got.append(message)

    def of(self, kind):
        return [message for message in self.got if isinstance(message, kind)]


def _outlet():
    return Outlet(lambda sequence: Snapshot(sequence=sequence))


def test_a_new_server_gets_everything_that_is_known():
    outlet, link_ = _outlet(), Link()
    outlet.log("Recv: start")
    outlet.temperatures(TemperaturePoint(time=1, heaters={"bed": Heater(20.0)}))
    outlet.happened(events.Connecting())
    outlet.attach(link_)
    snapshot, log, temperatures, happened = link_.got
    assert snapshot == Snapshot(sequence=1)
    assert (log.lines, log.history) == (("Recv: start",), True)
    assert (len(temperatures.points), temperatures.history) == (1, True)
    assert happened.event == events.Connecting()


def test_what_was_sent_and_received_becomes_text_when_a_server_reads_it():
    outlet, link_ = _outlet(), Link()
    outlet.log(b"N4 M117 Gr\xfc\xdfe*77\n")
    outlet.attach(link_)
    outlet.log(Received("ok"))
    outlet.log("Changing monitoring state")
    outlet.flush()
    history, news = link_.of(link.LogLines)
    assert history.lines == ("Send: N4 M117 Gr\u00fc\u00dfe*77",)
    assert news.lines == ("Recv: ok", "Changing monitoring state")


def test_an_event_is_told_once():
    outlet = _outlet()
    outlet.happened(events.Connecting())
    first, second = Link(), Link()
    outlet.attach(first)
    outlet.attach(second)
    assert len(first.of(link.Happened)) == 1
    assert second.of(link.Happened) == []
    outlet.detach(first)
    outlet.detach(second)
    outlet.happened(events.Disconnected())
    later = Link()
    outlet.attach(later)
    assert [message.event for message in later.of(link.Happened)] == [events.Disconnected()]


def test_a_slow_server_misses_lines_and_is_told_how_many():
    outlet, slow, quick = _outlet(), Link(), Link()
    outlet.attach(slow)
    outlet.attach(quick)
    slow.backlog = BEHIND
    outlet.log("a")
    outlet.log("b")
    outlet.flush()
    assert slow.of(link.LogLines)[1:] == []
    assert quick.of(link.LogLines)[-1].lines == ("a", "b")
    slow.backlog = 0
    outlet.log("c")
    outlet.flush()
    assert slow.of(link.LogLines)[-1] == link.LogLines(lines=("c",), dropped=2)
    assert outlet.dropped == 2


def test_the_newest_snapshot_replaces_an_unsent_one():
    outlet, slow = _outlet(), Link()
    outlet.attach(slow)
    slow.backlog = BEHIND
    for _ in range(5):
        outlet.changed()
        outlet.flush()
    assert len(slow.of(Snapshot)) == 1
    slow.backlog = 0
    outlet.flush()
    assert len(slow.of(Snapshot)) == 2
    outlet.flush()
    assert len(slow.of(Snapshot)) == 2


def test_the_history_has_an_end():
    outlet, server = _outlet(), Link()
    for number in range(1000):
        outlet.log(str(number))
        outlet.temperatures(TemperaturePoint(time=number * 10, heaters={}))
    outlet.attach(server)
    assert server.of(link.LogLines)[0].lines[0] == "700"
    times = [point.time for point in server.of(link.TemperatureLog)[0].points]
    assert times[0] == 9990 - 1800
