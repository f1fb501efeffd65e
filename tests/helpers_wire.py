"""What may happen on a wire, as rules with the choices of each: hypothesis plays them, and plain chance does, often.

Invariants: a run by chance follows from its kind of faults and its number alone; whoever plays, the rules, their
choices and what is judged are the same.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from hypothesis import strategies as st

from helpers_firmware import FirmwareModel
from helpers_world import DETECTED, Damage, Fault, Noise, World, judge
from mrdraw.firmware.options import MarlinOptions

JOB = [
    b"G28 X%d" % index if index % 13 == 9 else b"G1 X%d.%d Y%d" % (index, index % 7, index * 7) for index in range(60)
]
STEPS = 30
"""at most, of one run"""

_LEFT_OUT = 0.25
"""Chance of a rule to be left out of a whole run: some accidents come only where others do not."""


class Choice(Protocol):
    """One argument of a rule."""

    def strategy(self) -> st.SearchStrategy[object]:
        """As hypothesis chooses it."""

    def draw(self, chance: random.Random) -> object:
        """As plain chance does."""


@dataclass(frozen=True)
class Whole:
    """A number from `first` to `last`."""

    first: int
    last: int

    def strategy(self) -> st.SearchStrategy[int]:
        return st.integers(self.first, self.last)

    def draw(self, chance: random.Random) -> int:
        return chance.randint(self.first, self.last)


@dataclass(frozen=True)
class Among:
    """One of some values."""

    values: tuple[object, ...]

    def strategy(self) -> st.SearchStrategy[object]:
        return st.sampled_from(self.values)

    def draw(self, chance: random.Random) -> object:
        return chance.choice(self.values)


@dataclass(frozen=True)
class Below:
    """A number from 0 up to `most`."""

    most: float

    def strategy(self) -> st.SearchStrategy[float]:
        return st.floats(0, self.most)

    def draw(self, chance: random.Random) -> float:
        return chance.random() * self.most


Choices = Mapping[str, Choice]
Step = tuple[str, dict[str, object]]
"""A rule and its arguments."""

_EITHER = Among((False, True))
_SHARES = Among((0.0, 0.02, 0.1))

BEGINNING: Choices = {
    "in_flight": Whole(1, 32),
    "advanced": _EITHER,
    "ample": _EITHER,
    "ok_after_resend": _EITHER,
    "keepalive": _EITHER,
    "silent": Among((False, False, True)),
    "command_seconds": Among((0.0, 0.001, 0.2)),
    "slow": Among(((), (("G28", 7.0),))),
    "there": _SHARES,
    "back": _SHARES,
    "seed": Whole(0, 2**32),
}

RULES: Mapping[str, Choices] = {
    "go_on": {"turns": Whole(1, 25)},
    "time_passes": {"seconds": Among((0.3, 1.0, 5.0, 40.0))},
    "damage": {
        "to_firmware": _EITHER,
        "damage": Among(tuple(Damage)),
        "place": Below(0.999),
        "bits": Whole(1, 255),
        "seconds": Among((0.01, 0.4, 3.0)),
        "after": Whole(0, 4),
    },
    "somebody_types": {},
    "pause": {"turns": Whole(1, 20)},
    "the_board_resets": {},
}


class Wire:
    """One job on one wire, and what may happen to it."""

    free = False
    """any damage; else only what the firmware can see"""

    def begin(self, *, in_flight, advanced, ample, ok_after_resend, keepalive, silent, command_seconds, slow, **noise):
        rx_buffer = 4096 if ample else 128
        firmware = FirmwareModel(
            ok_after_resend=ok_after_resend,
            advanced_ok=advanced,
            keepalive=keepalive,
            silent_m105=silent,
            command_seconds=command_seconds,
            slow_commands=dict(slow),
            slots=in_flight + 1 if advanced else 4,
            rx_buffer=rx_buffer,
        )
        options = MarlinOptions(lines_in_flight=0 if advanced else in_flight, rx_buffer=4096 if ample else 0)
        self.world = World(firmware, JOB, options, Noise(self.free, **noise))
        self.commands = 0

    def go_on(self, turns):
        for _ in range(turns):
            if self.world.end is None:
                self.world.turn()

    def time_passes(self, seconds):
        self.world.run(seconds)

    def damage(self, *, to_firmware, damage, place, bits, seconds, after):
        if to_firmware and not self.free:
            damage = DETECTED[list(Damage).index(damage) % len(DETECTED)]
        fault = Fault(damage, place, bits, seconds if damage is Damage.DELAY else 0.0)
        (self.world.there if to_firmware else self.world.back).plan(fault, after)

    def somebody_types(self):
        self.commands += 1
        self.world.by_hand(f"M106 S{self.commands}")

    def pause(self, turns):
        self.world.dialect.hold_job()
        self.go_on(turns)
        self.world.dialect.release_job()

    def may_reset(self):
        return self.commands > 3

    def the_board_resets(self):
        self.world.firmware.boot()

    def judge(self, counts: Counter[str]) -> None:
        """The wire is good from now on; then what was executed is judged."""
        self.world.finish()
        judge(self.world, counts, free=self.free)
        counts["lines in flight at most, in all"] += self.world.most_in_flight


class DetectedWire(Wire):
    """Nothing happens on the way to the firmware but what it can see."""


class FreeWire(Wire):
    """Anything happens."""

    free = True


KINDS: Mapping[str, type[Wire]] = {"DetectedFaults": DetectedWire, "FreeFaults": FreeWire}


def strategies(choices: Choices) -> dict[str, st.SearchStrategy[object]]:
    """The arguments of a rule for hypothesis."""
    return {name: choice.strategy() for name, choice in choices.items()}


# --- by chance --------------------------------------------------------------------------------------------------------


def by_chance(kind: str, number: int) -> list[Step]:
    """The steps of one run; the first one is its beginning."""
    chance = random.Random(f"{kind} {number}")
    rules = [rule for rule in RULES if chance.random() >= _LEFT_OUT] or list(RULES)
    return [
        _step("begin", BEGINNING, chance),
        *(_step(rule, RULES[rule], chance) for rule in chance.choices(rules, k=chance.randint(1, STEPS))),
    ]


def _step(rule: str, choices: Choices, chance: random.Random) -> Step:
    return rule, {name: choice.draw(chance) for name, choice in choices.items()}


def play(wire: Wire, steps: Iterable[Step], counts: Counter[str]) -> None:
    """Do the steps and judge; raises `AssertionError` where something was lost, skipped or executed twice."""
    for rule, arguments in steps:
        if rule != "the_board_resets" or wire.may_reset():
            getattr(wire, rule)(**arguments)
    wire.judge(counts)


def smallest(steps: list[Step], fails: Callable[[list[Step]], bool]) -> list[Step]:
    """The steps without those that the failure does not need."""
    kept = list(steps)
    for place in reversed(range(1, len(steps))):
        without = kept[:place] + kept[place + 1 :]
        if fails(without):
            kept = without
    return kept
