"""How often an address may do something that costs others attention.

Invariants: over several windows, as with failed log-ins; kept in memory, for nothing is guessed here; never more
addresses than `MOST_ADDRESSES`.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from mrdraw.accounts.attempts import LIMITS
from mrdraw.errors import TooManyAttempts

MOST_ADDRESSES = 1000
_LONGEST = LIMITS[-1][0]


class Rates:
    """When each address did it; `clock` gives the monotonic time."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._times: dict[str, list[float]] = {}

    def take(self, address: str) -> None:
        """Once more. Raises `TooManyAttempts` when this address, or the server, has had enough."""
        now = self._clock()
        self._forget(now - _LONGEST)
        times = self._times.get(address, [])
        for seconds, most in LIMITS:
            if sum(at > now - seconds for at in times) >= most:
                raise TooManyAttempts(f"Too many requests from this address. Try again in {seconds // 60} min.")
        if address not in self._times and len(self._times) >= MOST_ADDRESSES:
            raise TooManyAttempts("Too many requests from everywhere. Try again later.")
        self._times.setdefault(address, []).append(now)

    def _forget(self, until: float) -> None:
        """Those who did it too long ago to count."""
        for address in [one for one, times in self._times.items() if times[-1] <= until]:
            del self._times[address]
