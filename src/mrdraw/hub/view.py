"""What the server knows of a machine beyond its snapshot: the terminal's messages, chart marks, the last error.

Invariants: everything is bounded; every change raises `revision`, so that whoever encoded an answer knows whether it
still holds; counters only grow, so that a reader that remembers one gets exactly what came later.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Generic, TypeVar

from mrdraw.events import ChartMarked, Connecting, Error, Event, PrintStarted
from mrdraw.link.messages import TemperaturePoint

KEPT_LINES = 300
_KEPT_POINTS = 4000
"""More than 30 minutes at two points a second."""

_RECEIVED = "Recv: "

Item = TypeVar("Item")


class Stream(Generic[Item]):
    """The last items of something endless, and how many there ever were."""

    def __init__(self, kept: int) -> None:
        self.items: deque[Item] = deque(maxlen=kept)
        self.count = 0

    def extend(self, items: Iterable[Item]) -> None:
        """Append items."""
        before = list(items)
        self.items.extend(before)
        self.count += len(before)

    def since(self, count: int) -> list[Item]:
        """The items that came after there were `count`, as far as they are kept."""
        wanted = min(self.count - count, len(self.items))
        return list(islice(self.items, len(self.items) - wanted, None))


@dataclass(slots=True)
class View:
    """What is known of a machine beside its snapshot."""

    logs: Stream[str] = field(default_factory=lambda: Stream(KEPT_LINES))
    messages: Stream[str] = field(default_factory=lambda: Stream(KEPT_LINES))
    """The lines of the firmware without prefix."""
    temperatures: Stream[TemperaturePoint] = field(default_factory=lambda: Stream(_KEPT_POINTS))
    markings: Stream[ChartMarked] = field(default_factory=lambda: Stream(KEPT_LINES))
    error: Error | None = None
    """The last error since a connection was asked for or a job started."""
    server_notices: dict[str, str] = field(default_factory=dict)
    """What the server has people look after, by its key."""
    revision: int = 0
    answers: dict[Hashable, tuple[object, bytes]] = field(default_factory=dict)
    """Answers encoded since the last change, each with the settings that it was made with."""
    _listeners: list[Callable[[], None]] = field(default_factory=list)

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Have `listener` called at every change; the answer ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def tell_server_notices(self, notices: Mapping[str, str]) -> None:
        """These are all that the server has people look after now."""
        if notices != self.server_notices:
            self.server_notices = dict(notices)
            self.changed()

    def changed(self) -> None:
        """Something is another than before."""
        self.revision += 1
        self.answers.clear()
        for listener in list(self._listeners):
            listener()

    def take_log(self, lines: Iterable[str]) -> None:
        """New lines of the terminal."""
        new = list(lines)
        self.logs.extend(new)
        self.messages.extend(received(new))

    def take_temperatures(self, points: Iterable[TemperaturePoint], window: float) -> None:
        """New temperature points; those that are older than `window` s before the newest go."""
        self.temperatures.extend(points)
        items = self.temperatures.items
        while items and items[0].time < items[-1].time - window:
            items.popleft()

    def take_event(self, event: Event) -> None:
        """Something happened to the machine."""
        if isinstance(event, ChartMarked):
            self.markings.extend([event])
        elif isinstance(event, Error):
            self.error = event
        elif isinstance(event, Connecting | PrintStarted):
            self.error = None


def received(lines: Iterable[str]) -> list[str]:
    """What the firmware said, of these lines of the terminal; without prefix."""
    return [line.removeprefix(_RECEIVED) for line in lines if line.startswith(_RECEIVED)]
