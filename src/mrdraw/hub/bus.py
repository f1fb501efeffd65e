"""The event bus inside the server: whoever wants to hear of something says so here.

Invariants: subscribers are called at once and in order, on the loop; a subscriber that fails is logged and harms
nobody else; nobody waits here.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from mrdraw.events import Event, name_of

LOGGER = logging.getLogger(__name__)

Subscriber = Callable[[str | None, Event], None]
"""Called with the id of the machine that the event belongs to (`None` for the server itself) and the event."""


class EventBus:
    """Who hears of what happened."""

    def __init__(self) -> None:
        self._subscribers: list[Subscriber] = []

    def subscribe(self, callback: Subscriber) -> Callable[[], None]:
        """Have `callback` called with every event; the answer ends that."""
        self._subscribers.append(callback)

        def unsubscribe() -> None:
            if callback in self._subscribers:
                self._subscribers.remove(callback)

        return unsubscribe

    def publish(self, machine_id: str | None, event: Event) -> None:
        """Tell everybody of an event of this machine, or of the server (`None`)."""
        for callback in list(self._subscribers):
            try:
                callback(machine_id, event)
            except Exception:
                LOGGER.exception("a subscriber failed at %s", name_of(event))
