"""What lies between two ends of a wire: stages that take bytes and give them on later.

Invariants: a stage has no clock; bytes keep their order; `now` is monotonic seconds; what was put in comes out by
`take` at the latest at the time that `next_deadline` names.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Protocol


class Stage(Protocol):
    """One direction of a wire, or a part of it."""

    def put(self, data: bytes, now: float) -> None:
        """Bytes go in."""

    def take(self, now: float) -> bytes:
        """The bytes that have come out until `now`."""

    def next_deadline(self) -> float | None:
        """When `take` will have something next, or `None`."""


class DelayLine:
    """Gives everything on after the same time."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._waiting: deque[tuple[float, bytes]] = deque()

    def put(self, data: bytes, now: float) -> None:
        """Bytes go in."""
        if data:
            self._waiting.append((now + self._seconds, data))

    def take(self, now: float) -> bytes:
        """The bytes that have waited long enough."""
        taken = []
        while self._waiting and self._waiting[0][0] <= now:
            taken.append(self._waiting.popleft()[1])
        return b"".join(taken)

    def next_deadline(self) -> float | None:
        """When the oldest bytes have waited long enough."""
        return self._waiting[0][0] if self._waiting else None


class BaudLine:
    """Carries bytes one after the other, 10 bits each."""

    def __init__(self, baud_rate: int) -> None:
        self._seconds_per_byte = 10 / baud_rate
        self._waiting = bytearray()
        self._free_at = 0.0
        """when the first waiting byte starts to be carried"""

    def put(self, data: bytes, now: float) -> None:
        """Bytes go in; they wait for those before them."""
        if data and not self._waiting:
            self._free_at = max(self._free_at, now)
        self._waiting += data

    def take(self, now: float) -> bytes:
        """The bytes that were carried completely."""
        count = self._carried(now)
        taken = bytes(self._waiting[:count])
        del self._waiting[:count]
        self._free_at += count * self._seconds_per_byte
        return taken

    def next_deadline(self) -> float | None:
        """When the next line end has been carried, or the last byte if there is no line end."""
        if not self._waiting:
            return None
        count = self._waiting.find(b"\n") + 1 or len(self._waiting)
        due = self._free_at + count * self._seconds_per_byte
        while self._carried(due) < count:  # rounding
            due += self._seconds_per_byte / 100
        return due

    def _carried(self, now: float) -> int:
        return min(max(int((now - self._free_at) / self._seconds_per_byte + 1e-6), 0), len(self._waiting))


class Chain:
    """Stages one behind the other; without any, bytes pass at once."""

    def __init__(self, stages: Sequence[Stage]) -> None:
        self._stages = stages
        self._entered = bytearray()

    def put(self, data: bytes, now: float) -> None:
        """Bytes go in."""
        if self._stages:
            self._stages[0].put(data, now)
        else:
            self._entered += data

    def take(self, now: float) -> bytes:
        """The bytes that have come out of the last stage."""
        data = bytes(self._entered)
        self._entered.clear()
        for number, stage in enumerate(self._stages):
            if number and data:
                stage.put(data, now)
            data = stage.take(now)
        return data

    def next_deadline(self) -> float | None:
        """When something moves next."""
        return earliest(*(stage.next_deadline() for stage in self._stages))


def earliest(*times: float | None) -> float | None:
    """The first of several times, `None` if there is none."""
    return min((time for time in times if time is not None), default=None)
