"""Heaters with inertia: first order, in closed form.

Invariants: a temperature depends on the times at which targets were set and on `now` only, not on how often it was
asked for; a heater that reached its target holds it; with speed 0 a heater is at its target at once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

AMBIENT = 21.0
"""°C"""

FULL_POWER = 127
"""What Marlin prints after ``@:`` for a heater that is fully on (PWM of 8 bits, halved)."""


@dataclass(frozen=True, slots=True)
class HeaterKind:
    """How a heater behaves."""

    hottest: float
    """°C that full power would reach in the end"""
    time_constant: float
    """s after which 63 % of the way is done"""
    limit: float
    """°C; higher targets are cut to this"""


HOT_END = HeaterKind(hottest=400.0, time_constant=60.0, limit=285.0)
BED = HeaterKind(hottest=140.0, time_constant=150.0, limit=120.0)
CHAMBER = HeaterKind(hottest=90.0, time_constant=300.0, limit=70.0)


class Heater:
    """One heater with its sensor."""

    def __init__(self, kind: HeaterKind, speed: float, now: float) -> None:
        self._kind = kind
        self._speed = speed
        self._since = now
        self._from = AMBIENT
        self.target = 0.0
        """°C; 0: off"""

    def set_target(self, target: float, now: float) -> None:
        """Heat or cool to `target` °C; 0 or less switches off, targets above the limit are cut."""
        self._from = self.temperature(now)
        self._since = now
        self.target = min(max(target, 0.0), self._kind.limit)

    def temperature(self, now: float) -> float:
        """°C at `now`."""
        goal = max(self.target, AMBIENT)
        if self._speed == 0:
            return goal
        fade = math.exp(-max(now - self._since, 0.0) * self._speed / self._kind.time_constant)
        if goal > self._from:
            return min(goal, self._kind.hottest + (self._from - self._kind.hottest) * fade)
        return max(goal, AMBIENT + (self._from - AMBIENT) * fade)

    def power(self, now: float) -> int:
        """How strongly the heater is on, 0 to 127."""
        temperature = self.temperature(now)
        if self.target <= AMBIENT or temperature > self.target:
            return 0
        if temperature < self.target:
            return FULL_POWER
        return round(FULL_POWER * (self.target - AMBIENT) / (self._kind.hottest - AMBIENT))
