"""A wire that damages, loses, doubles and delays what it carries, on request and reproducibly.

Invariants: the same plan, seed and lines give the same faults, whatever the timing; each line is drawn for each fault
on its own; bytes keep their order; an empty plan changes nothing. A line that is written in parts counts as one if
its end follows within `HOLD_SECONDS`.
"""

from __future__ import annotations

import random
from collections import Counter, deque
from dataclasses import dataclass
from enum import Enum

from mrdraw.errors import InvalidValue

HOLD_SECONDS = 0.05
"""s that an unfinished line is held back at most, so that faults hit whole lines"""


class FaultKind(Enum):
    """What can happen to a line."""

    FLIPPED = "flipped"
    BYTE_DROPPED = "byte dropped"
    LINE_DROPPED = "line dropped"
    DUPLICATED = "duplicated"
    DELAYED = "delayed"
    OK_LOST = "ok lost"
    SILENCED = "silenced"


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultPlan:
    """How one direction of a wire misbehaves. Shares are of all lines, 0 to 1."""

    flip: float = 0.0
    """one bit of the line, its end included, is flipped"""
    drop_byte: float = 0.0
    """one byte of the line, its end included, is lost"""
    drop_line: float = 0.0
    duplicate: float = 0.0
    delay: float = 0.0
    delay_seconds: float = 0.0
    """how long a delayed line, and what follows it, waits; s"""

    lose_ok_every: int = 0
    """every n-th line that starts with ``ok`` is lost; 0: none"""
    lose_ok_at: tuple[int, ...] = ()
    """these lines that start with ``ok`` are lost, counted from 1"""

    silence_at: int = 0
    """from this line on (counted from 1) everything is lost; 0: never"""
    silence_seconds: float | None = None
    """how long the silence lasts, s; `None`: for ever"""

    def __post_init__(self) -> None:
        """Refuse what makes no sense. Raises `InvalidValue`."""
        for name in ("flip", "drop_byte", "drop_line", "duplicate", "delay"):
            if not 0 <= getattr(self, name) <= 1:
                raise InvalidValue(f"The share {name} is {getattr(self, name)}; a share lies between 0 and 1.")
        for name in ("delay_seconds", "lose_ok_every", "silence_at", "silence_seconds"):
            if (getattr(self, name) or 0) < 0:
                raise InvalidValue(f"{name} is {getattr(self, name)}; it cannot be negative.")


NO_FAULTS = FaultPlan()
"""A good wire."""


class FaultyChannel:
    """One direction of a wire with the faults of a plan."""

    def __init__(self, plan: FaultPlan, seed: int | str = 0) -> None:
        self._plan = plan
        self._random = random.Random(seed)  # noqa: S311 - reproducible faults, no secrets
        self._partial = b""
        self._partial_since = 0.0
        self._waiting: deque[tuple[float, bytes]] = deque()
        self._busy_until = 0.0
        self._silent_until: float | None = None
        self._lines = 0
        self._oks = 0
        self.counts: Counter[FaultKind] = Counter()
        """How often each fault happened"""

    def put(self, data: bytes, now: float) -> None:
        """Bytes go in."""
        if self._plan == NO_FAULTS:
            self._send(data, now)
            return
        *lines, last = (self._partial + data).split(b"\n")
        for line in lines:
            self._carry(line + b"\n", now)
        if last and (lines or not self._partial):
            self._partial_since = now
        self._partial = last

    def take(self, now: float) -> bytes:
        """The bytes that have come out until `now`."""
        if self._partial and now >= self._partial_since + HOLD_SECONDS:
            self._send(b"" if self._is_silent(now) else self._partial, now)
            self._partial = b""
        taken = []
        while self._waiting and self._waiting[0][0] <= now:
            taken.append(self._waiting.popleft()[1])
        return b"".join(taken)

    def next_deadline(self) -> float | None:
        """When something comes out next."""
        due = [self._waiting[0][0]] if self._waiting else []
        if self._partial:
            due.append(self._partial_since + HOLD_SECONDS)
        return min(due, default=None)

    def _carry(self, line: bytes, now: float) -> None:
        self._lines += 1
        if self._lines == self._plan.silence_at:
            seconds = self._plan.silence_seconds
            self._silent_until = float("inf") if seconds is None else now + seconds
        drawn = self._draw()
        if self._is_silent(now):
            self.counts[FaultKind.SILENCED] += 1
        elif self._loses_ok(line):
            self.counts[FaultKind.OK_LOST] += 1
        else:
            self._send_with(drawn, line, now)

    def _draw(self) -> set[FaultKind]:
        plan = self._plan
        shares = (
            (FaultKind.LINE_DROPPED, plan.drop_line),
            (FaultKind.FLIPPED, plan.flip),
            (FaultKind.BYTE_DROPPED, plan.drop_byte),
            (FaultKind.DUPLICATED, plan.duplicate),
            (FaultKind.DELAYED, plan.delay),
        )
        return {kind for kind, share in shares if share and self._random.random() < share}

    def _send_with(self, drawn: set[FaultKind], line: bytes, now: float) -> None:
        self.counts.update(drawn)
        if FaultKind.LINE_DROPPED in drawn:
            return
        if FaultKind.FLIPPED in drawn:
            line = self._flipped(line)
        if FaultKind.BYTE_DROPPED in drawn:
            place = self._random.randrange(len(line))
            line = line[:place] + line[place + 1 :]
        if FaultKind.DUPLICATED in drawn:
            line += line
        self._send(line, now + self._plan.delay_seconds if FaultKind.DELAYED in drawn else now)

    def _flipped(self, line: bytes) -> bytes:
        place = self._random.randrange(len(line))
        damaged = line[place] ^ (1 << self._random.randrange(8))
        return line[:place] + bytes([damaged]) + line[place + 1 :]

    def _loses_ok(self, line: bytes) -> bool:
        if not line.startswith(b"ok"):
            return False
        self._oks += 1
        every = self._plan.lose_ok_every
        return self._oks in self._plan.lose_ok_at or (every > 0 and self._oks % every == 0)

    def _is_silent(self, now: float) -> bool:
        return self._silent_until is not None and now < self._silent_until

    def _send(self, data: bytes, due: float) -> None:
        if data:
            self._busy_until = max(self._busy_until, due)
            self._waiting.append((self._busy_until, data))
