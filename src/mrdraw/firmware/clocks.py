"""The clocks of the Marlin dialect: silence, missing acknowledges, and the probes between them.

Invariants: the caller passes the time; reports that the firmware sends by itself keep the silence clock alive but not
the acknowledge clock; a firmware that says that it is busy, or waits for a person, is given time without end.
"""

from __future__ import annotations

from mrdraw.firmware.options import MarlinOptions

_UNANSWERED = 3
"""Probes without an answer after which silence means that nobody is there."""
_LONG_PATIENCE = 20
"""How many times the usual silence a long command may take without a word."""
_RECHECK = 0.25
"""s between two looks at a probe that is due and has no room."""
_WAITING_WORDS = ("paused for user", "paused for input")


class Clocks:
    """When something was last heard, sent and taken."""

    def __init__(self, options: MarlinOptions, now: float) -> None:
        self._options = options
        self.probe_due = False
        self.given_up = False
        self._opened_at = now
        self._hello_at: float | None = None
        self._heard_at = now
        self._since = now
        """When the oldest line in flight was sent, or the last one before it taken."""
        self._busy_at: float | None = None
        self._waits_for_person = False
        self._probes = 0
        self._swallow_since = now
        self._checked_at = now

    # --- greeting --------------------------------------------------------------------------------------------------

    def said_hello(self, now: float) -> None:
        """The hello went out."""
        self._hello_at = now

    def hello_again(self, now: float) -> bool:
        """Whether the hello has to be said (again)."""
        return self._hello_at is None or now - self._hello_at >= self._options.hello_every

    def greeting_failed(self, now: float) -> bool:
        """Whether nobody answers at all."""
        return now - self._opened_at >= 3 * self._options.timeout_connection

    def next_hello(self) -> float | None:
        """When the hello has to be said again."""
        return None if self._hello_at is None else self._hello_at + self._options.hello_every

    # --- what happens ----------------------------------------------------------------------------------------------

    def heard(self, now: float) -> None:
        """Bytes came."""
        self._heard_at = now

    def sent(self, now: float, *, alone: bool, probe: bool) -> None:
        """A line went out; `alone` when nothing else was in flight."""
        if alone:
            self._since = now
        if probe:
            self.probe_due = False
            self._probes += 1

    def answered(self, now: float) -> None:
        """A line was taken."""
        self._since = now
        self._probes = 0
        self.probe_due = False
        self._busy_at = None
        self._waits_for_person = False

    def busy(self, now: float, what: str) -> None:
        """The firmware says that it is busy."""
        self._busy_at = now
        self._probes = 0
        self.probe_due = False
        self._waits_for_person = any(words in what.lower() for words in _WAITING_WORDS)

    def asked_again(self, now: float) -> None:
        """The firmware asked for a line."""
        self._swallow_since = self._since = now
        self._probes = 0
        self.probe_due = False

    def released(self, now: float) -> None:
        """The acknowledge behind a request came."""
        self._since = now

    def suspect(self, now: float) -> None:
        """The firmware is idle although a line is in flight."""
        self._since = min(self._since, now - self._options.probe_after)

    # --- what is due -----------------------------------------------------------------------------------------------

    def resend_waited(self, now: float) -> bool:
        """Whether the acknowledge behind a request is overdue."""
        return now - self._swallow_since >= self._options.resend_acknowledge

    def check(self, now: float, *, waiting: bool, swallowing: bool, long_running: bool, may_probe: bool) -> None:
        """See whether a probe is due, or nobody is there any more."""
        self._checked_at = now
        if not waiting or swallowing or self._waits_for_person:
            self.probe_due = False
            return
        self.probe_due = may_probe and now >= self._probe_at(long_running=long_running)
        limit = self._options.timeout_communication * (_LONG_PATIENCE if long_running else 1)
        silent = now - self._heard_at >= limit and self._probes >= _UNANSWERED
        unanswered = now - (self._busy_at or self._since) >= 2 * limit and self._probes >= _UNANSWERED
        self.given_up = silent or unanswered

    def _probe_at(self, *, long_running: bool) -> float:
        options = self._options
        if self._busy_at is not None:
            return self._busy_at + options.timeout_busy * 2.0**self._probes
        if long_running:
            return self._since + options.timeout_busy * 2.0**self._probes
        return self._since + options.probe_after * 2.0**self._probes

    def next_deadline(self, *, waiting: bool, swallowing: bool, long_running: bool) -> float | None:
        """When time has to be let pass at the latest."""
        if swallowing:
            return self._swallow_since + self._options.resend_acknowledge
        if not waiting or self._waits_for_person:
            return None
        probe_at = self._probe_at(long_running=long_running)
        return probe_at if probe_at > self._checked_at else self._checked_at + _RECHECK
