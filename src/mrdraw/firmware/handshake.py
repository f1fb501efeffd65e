"""The hello that starts the numbering, and what a firmware is asked after it.

Invariants: only state is asked for and how it is reported, nothing heats or moves; a hello can be repeated without
harm; acknowledges of repeated hellos are waited for, so that they are not taken for those of other lines.

Sources: marlinfw.org/docs/gcode M110, M113, M115, M155; a board that resets when its port is opened loses what it is
sent meanwhile, so the hello is said again.
"""

from __future__ import annotations

from mrdraw.firmware.hearing import Hearing
from mrdraw.firmware.options import MarlinOptions

STRAY_OKS_WITHIN = 0.3
"""s in which acknowledges of repeated hellos are waited for"""


class Hello:
    """One hello: said, repeated, acknowledged."""

    def __init__(self, line: bytes, since: float, interval: float) -> None:
        self.due = True
        self.since = since
        self._line = line
        self._interval = interval
        self._said = 0
        self._said_at = since
        self._answered_at: float | None = None
        self._refused = False

    def say(self, now: float) -> bytes:
        """The line to send now."""
        self.due = self._refused = False
        self._said += 1
        self._said_at = now
        return self._line

    def answered(self, now: float) -> bool:
        """An acknowledge came; the result says whether it was the only one to expect."""
        if self._refused:
            self._refused, self.due = False, True  # the acknowledge belongs to the refusal
        if self.due or self._answered_at is not None:
            return False
        self._answered_at = now
        return self._said == 1

    def refused(self) -> None:
        """The firmware refused a line: the acknowledge that follows is for that; the hello is said (again) after it."""
        self._refused, self.due = True, False

    def settled(self, now: float) -> bool:
        """Whether it was answered and no other acknowledge followed for long enough."""
        return self._answered_at is not None and now >= self._answered_at + STRAY_OKS_WITHIN

    def deadline(self) -> float:
        """When something happens by itself."""
        if self._answered_at is not None:
            return self._answered_at + STRAY_OKS_WITHIN
        return self._said_at if self.due else self._said_at + self._interval


class SetUp:
    """What is asked of a firmware once it counts lines: who it is, and to report by itself."""

    def __init__(self, options: MarlinOptions) -> None:
        self._options = options
        self._asked: set[str] = set()

    def forget(self) -> None:
        """The firmware starts anew."""
        self._asked.clear()

    def lines(self, hearing: Hearing) -> list[bytes]:
        """What can be asked now that this is known, and was not asked yet."""
        options, lines = self._options, []
        if hearing.capabilities.get("AUTOREPORT_TEMP") and self._first("M155"):
            lines.append(b"M155 S%d" % options.autoreport_interval)
        speaks_busy = "marlin" in hearing.firmware.lower() or hearing.capabilities.get("BUSY_PROTOCOL")
        if speaks_busy and "BUSY_PROTOCOL" not in options.unused_capabilities and self._first("M113"):
            lines.append(b"M113 S%d" % options.keepalive_interval)
        return lines

    def _first(self, command: str) -> bool:
        first = command not in self._asked
        self._asked.add(command)
        return first
