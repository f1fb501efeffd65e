"""The two clocks: how long nothing came, and how long nothing was acknowledged.

Invariants: no time passes here by itself, the dialect sets `now`; a busy message counts as progress,
a temperature report only breaks the silence; a firmware that waits for a person is never given up.

Sources: OctoPrint's documented defaults (30 s communication, 3 s while busy, 5 timeouts in a row while printing);
marlinfw.org/docs/gcode/M113.html (busy messages every 2 s by default).
"""

from __future__ import annotations

from mrdraw.firmware.options import MarlinOptions

QUICK = 0.5
"""s; patience after something doubtful happened"""

PROBES_BEFORE_GIVING_UP = 3
MOST_PROBES = 8
"""They all fit into the 128 bytes and 4 slots of the smallest Marlin, in case it only is slow."""

MOST_PROBES_IN_A_LONG_COMMAND = 3
"""The same for a firmware that does not say that it is busy."""

_WITHOUT_KEEPALIVE = 5
"""So many times longer may a firmware say nothing that never says when it is busy."""

_BUSY_MARGIN = 0.5
_WAITS_FOR_PERSON = "paused for"


class Clocks:
    """What the dialect knows of time."""

    def __init__(self, options: MarlinOptions) -> None:
        self._options = options
        self.now = 0.0
        """the newest time that the dialect was told, monotonic s"""
        self.keepalive = False
        """the firmware says when it is busy"""
        self.heard = 0.0
        """when something came last"""
        self.progress = 0.0
        """when something was acknowledged last, or was busy, or began to be in flight"""
        self.asked = 0.0
        """when the firmware was probed last, or `progress`"""
        self.probes = 0
        """probes without an answer"""
        self.was_busy = False
        """what is in flight said that it is busy"""
        self.waits_for_person = False
        self.quick = False

    def forget(self) -> None:
        """The firmware starts anew."""
        self.keepalive = False
        self.heard = self.now
        self.start()

    def start(self) -> None:
        """Something is in flight from now on, or was acknowledged."""
        self.progress = self.asked = self.now
        self.probes = 0
        self.quick = self.was_busy = self.waits_for_person = False

    def busy(self, what: str) -> None:
        """A busy message came."""
        self.start()
        self.keepalive = self.was_busy = True
        self.waits_for_person = what.startswith(_WAITS_FOR_PERSON)

    def hurry(self) -> None:
        """Something doubtful happened: find out soon."""
        self.quick = True
        self.asked = self.now

    def probed(self) -> None:
        """The firmware was asked for a sign."""
        self.probes += 1
        self.asked = self.now
        self.quick = False

    def probe_due(self, *, long_running: bool) -> float:
        """When the firmware has to be probed if nothing is acknowledged."""
        return self.asked + self._patience(long_running=long_running)

    def _patience(self, *, long_running: bool) -> float:
        options = self._options
        if self.quick:
            return QUICK
        if self.keepalive:
            patience = min(options.timeout_busy, options.keepalive_interval + _BUSY_MARGIN)
        elif long_running:
            patience = options.timeout_communication
        else:
            patience = options.probe_after
        return min(
            patience * (1 << max(0, self.probes - 1)), max(patience, self.silence_limit(long_running=long_running) / 5)
        )

    def may_probe(self, *, long_running: bool) -> bool:
        """Whether one more probe does no harm: each takes room in the firmware's buffer."""
        blind = long_running and not self.was_busy
        return self.probes < (MOST_PROBES_IN_A_LONG_COMMAND if blind else MOST_PROBES)

    def silence_limit(self, *, long_running: bool) -> float:
        """s that the firmware may say nothing."""
        talks = self.keepalive and (self.was_busy or not long_running)
        return self._options.timeout_communication * (1 if talks else _WITHOUT_KEEPALIVE)

    def give_up_at(self, *, long_running: bool) -> float | None:
        """When the firmware counts as dead, or `None` as long as it may only be slow."""
        if self.waits_for_person or self.probes < PROBES_BEFORE_GIVING_UP:
            return None
        since = self.heard if long_running else min(self.heard, self.progress)
        return since + self.silence_limit(long_running=long_running)
