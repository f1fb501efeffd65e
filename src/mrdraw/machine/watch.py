"""The watches that keep a machine safe when nobody looks: over the heaters, and over unattended time.

Invariants: no clock of their own, the caller passes monotonic seconds; a watch only says what is the matter, the
machine decides what is done; an alarm is raised once until its cause is gone.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from mrdraw.link.messages import Heater, SafetySettings
from mrdraw.machine.limits import Limits

WARM = 50.0
"""°C; below this a heater with target 0 is not called hot."""

_KEY_SILENCE = "temperature-silence"


@dataclass(slots=True)
class _Heat:
    """What is remembered of one heater."""

    before: float | None = None
    """The report before the last one: of two, one may have been damaged on the wire."""
    actual: float | None = None
    target: float | None = None
    lowest_since_off: float | None = None


@dataclass(slots=True)
class HeaterWatch:
    """Finds heaters that nobody reports, that are too hot, or that heat without being told to (safety rule 5)."""

    limits: Limits
    settings: SafetySettings
    _heaters: dict[str, _Heat] = field(default_factory=dict)
    _last_report: float | None = None
    _raised: set[str] = field(default_factory=set)
    _suspected: set[str] = field(default_factory=set)

    def forget(self) -> None:
        """The wire was closed: nothing is known any more."""
        self._heaters.clear()
        self._raised.clear()
        self._suspected.clear()
        self._last_report = None

    @property
    def heating(self) -> bool:
        """Whether a heater has a target."""
        return any((heater.target or 0) > 0 for heater in self._heaters.values())

    def report(self, heaters: dict[str, Heater], now: float) -> list[tuple[str, str]]:
        """Take a report; the new alarms as pairs of key and text."""
        self._last_report = now
        self._raised.discard(_KEY_SILENCE)
        alarms = []
        for name, reading in heaters.items():
            heat = self._heaters.setdefault(name, _Heat())
            heat.before, heat.actual, heat.target = heat.actual, reading.actual, reading.target
            alarms += self._check(name, heat)
        return alarms

    def told(self, heater: str, target: float, now: float) -> None:
        """A heater was just given a target, °C: from here on reports are expected."""
        self._heaters.setdefault(heater, _Heat()).target = target
        if self._last_report is None:
            self._last_report = now

    def tick(self, now: float) -> list[tuple[str, str]]:
        """Time passed; the new alarms."""
        silence = self.settings.temperature_silence
        if not self.heating or self._last_report is None or now - self._last_report < silence:
            return []
        text = f"No temperature was reported for {silence:g} s while a heater is on. Look at the machine now."
        return self._raise(_KEY_SILENCE, text, wrong=True)

    def _check(self, name: str, heat: _Heat) -> list[tuple[str, str]]:
        actual = heat.actual
        if actual is None:
            return []
        ceiling, margin = self.limits.ceiling(name), self.settings.temperature_overshoot
        if heat.target:
            heat.lowest_since_off = None
        else:
            credible = actual if heat.before is None else max(actual, heat.before)
            heat.lowest_since_off = min(credible, heat.lowest_since_off or credible)
        too_hot = f"{name} is at {actual:g} °C, above its ceiling of {ceiling:g} °C. Switch the machine off."
        runaway = f"{name} gets hotter ({actual:g} °C) although it is switched off. Switch the machine off."
        lowest = heat.lowest_since_off
        rising = lowest is not None and actual > max(WARM, lowest + margin)
        return [
            *self._raise(
                f"over-temperature-{name}", too_hot, wrong=self._twice(f"over-{name}", actual > ceiling + margin)
            ),
            *self._raise(f"runaway-{name}", runaway, wrong=self._twice(f"rising-{name}", rising)),
        ]

    def _twice(self, key: str, wrong: bool) -> bool:
        """Whether it was wrong in the report before as well: a digit may have been damaged on the wire."""
        before = key in self._suspected
        (self._suspected.add if wrong else self._suspected.discard)(key)
        return wrong and before

    def _raise(self, key: str, text: str, *, wrong: bool) -> list[tuple[str, str]]:
        if not wrong:
            self._raised.discard(key)
            return []
        if key in self._raised:
            return []
        self._raised.add(key)
        return [(key, text)]


@dataclass(slots=True)
class UnattendedTimer:
    """Counts the time in which nobody decides (safety rules 2 and 3)."""

    minutes: float
    _since: float | None = None

    def attend(self, now: float) -> None:
        """A person decided something: the time starts anew if it runs."""
        if self._since is not None:
            self._since = now

    def run(self, *, needed: bool, now: float) -> None:
        """Start the timer when a decision is needed, stop it when none is."""
        if not needed:
            self._since = None
        elif self._since is None:
            self._since = now

    def remaining(self, now: float) -> float | None:
        """s until the heaters go off, or `None` when the timer does not run."""
        return None if self._since is None else max(0.0, self._since + self.minutes * 60 - now)
