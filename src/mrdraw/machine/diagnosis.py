"""Measuring a wire while a job runs: who kept whom waiting.

Invariants: what is done for each line is counting into arrays that are there, nothing is kept and nothing is called
that waits; what is rare (a delay that somebody notices) may cost more. A moment in which there was nothing to
send is no delay of ours. While this process itself stood still nobody measured, so the lateness of a timer that was
due meanwhile is the measure: at least that long we were late, and what is late because of us is not the firmware's.
"""

from __future__ import annotations

import contextlib
import os
from array import array
from collections import deque
from time import monotonic

from mrdraw.firmware.tally import Tally
from mrdraw.link.diagnosis import WireDiagnosis, WireFigures
from mrdraw.machine.verdict import judge

_BUCKETS = 40
"""2^39 µs are six days."""
_TIMED = 64
"""Lines in flight that are timed: more than any firmware has room for."""

LATE_HOST = 15
"""2^14 µs = 16 ms: from this entry on the wire was kept waiting noticeably."""
LATE_OK = 18
"""2^17 µs = 131 ms: from this entry on an acknowledge has to be explained."""
_STALL = 0.016
"""s that a timer may be late."""
_FULL = 1
"""Free blocks that a planner has which was full until just now."""

_WINDOW = 1.0
"""s over which the rate is looked at."""
_SATURATED = 0.7
_BITS_A_BYTE = 10
_NEVER = float("inf")


class ProcessorWait:
    """How long the thread of the loop was ready to run and did not (Linux, `/proc/<pid>/schedstat`)."""

    def __init__(self) -> None:
        self._descriptor: int | None = None
        with contextlib.suppress(OSError):
            self._descriptor = os.open("/proc/self/schedstat", os.O_RDONLY | os.O_CLOEXEC)

    def close(self) -> None:
        """Read no more."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def seconds(self) -> float | None:
        """The time so far, or `None` where the system does not tell."""
        if self._descriptor is None:
            return None
        try:
            return int(os.pread(self._descriptor, 64, 0).split()[1]) / 1e9
        except (OSError, ValueError, IndexError):
            return None


class WireRecorder:
    """Counts on one wire during one job."""

    def __init__(
        self, tally: Tally, baudrate: int | None, *, transmitted: int, transmitted_bytes: int, in_flight: int
    ) -> None:
        """So many lines and bytes were written before, `in_flight` of the lines were not answered yet."""
        self._tally = tally
        self._limit = baudrate / _BITS_A_BYTE if baudrate else None
        self._host = array("Q", bytes(8 * _BUCKETS))
        self._ok = array("Q", bytes(8 * _BUCKETS))
        self._written_at = deque([monotonic()] * in_flight, maxlen=_TIMED)
        self._answerable = in_flight
        self._transmitted = self._transmitted_before = transmitted
        self._in_flight = self._most_in_flight = in_flight
        self._answered_at = 0.0
        """When an answer came for which nothing was written yet; 0: none did."""
        self._due = _NEVER
        """When the loop counts as stalled if it was not seen."""
        self._bytes_out = self._bytes_before = transmitted_bytes
        self._bytes_in = self._longest_ok_micros = 0
        self._longest_host = 0.0
        self._late_host = self._late_ok = 0
        self._late_host_seconds = self._late_ok_seconds = self._damage_seconds = 0.0
        self._damages = self._explained = 0
        self._window_since: float | None = None
        self._window_bytes = (0, 0)
        self._seconds = self._saturated = self._peak_out = self._peak_in = 0.0
        self._wait = ProcessorWait()
        self._waited: float | None = None if self._wait.seconds() is None else 0.0
        self._waited_before: float | None = None

    # --- for each line -----------------------------------------------------------------------------------------------

    def turn(
        self,
        now: float,
        heard: int,
        transmitted: int,
        transmitted_bytes: int,
        in_flight: int,
        *,
        late: bool = False,
    ) -> None:
        """`heard` bytes came at `now`, and what could be written was written: in all so many lines and bytes.

        What is written without an answer at `now` was not awaited, unless it is `late`.
        """
        written = transmitted - self._transmitted
        answered = self._in_flight + written - in_flight
        self._in_flight = in_flight
        self._bytes_in += heard
        if now > self._due:
            self.seen(now)
        if answered > 0:
            self._answered_at = now
            timed, ok = self._written_at, self._ok
            while answered and timed:
                answered -= 1
                micros = int((now - timed.popleft()) * 1e6)
                entry = micros.bit_length()
                if entry < LATE_OK or self._is_firmware_slow(micros / 1e6):
                    ok[entry] += 1
                    self._longest_ok_micros = max(self._longest_ok_micros, micros)
        if written > 0:
            self._transmitted, self._bytes_out = transmitted, transmitted_bytes
            self._written(written, self._answered_at if late or self._answered_at == now else 0.0)

    def _written(self, count: int, awaited_since: float) -> None:
        after = monotonic()
        self._answered_at = 0.0
        if awaited_since:
            entry = int((after - awaited_since) * 1e6).bit_length()
            self._host[entry] += 1
            if entry >= LATE_HOST:
                self._note_late(after - awaited_since)
        self._written_at.append(after)
        if count > 1:
            self._written_at.extend([after] * (count - 1))
        self._most_in_flight = max(self._most_in_flight, self._in_flight)

    # --- what is rare ------------------------------------------------------------------------------------------------

    def expect(self, when: float) -> None:
        """The loop will be seen at this time at the latest (`seen`), if it is not kept from running."""
        self._due = when + _STALL

    def seen(self, now: float) -> None:
        """The loop runs; if it should have run before, it was kept from it."""
        late = now - self._due
        if late <= 0:
            return
        late += _STALL
        self._due = _NEVER
        self._host[int(late * 1e6).bit_length()] += 1
        self._note_late(late)
        for place, written_at in enumerate(self._written_at):
            self._written_at[place] = min(now, written_at + late)

    def _note_late(self, seconds: float) -> None:
        self._late_host += 1
        self._late_host_seconds += seconds
        self._longest_host = max(self._longest_host, seconds)

    def _is_firmware_slow(self, seconds: float) -> bool:
        """Whether a long wait was one for the firmware, and not for a lost line; its unexplained part is counted."""
        tally = self._tally
        damages = tally.resends + tally.lost_acknowledges + tally.timeouts
        if damages != self._damages:
            self._damages = damages
            self._damage_seconds += seconds
            return False
        explained, self._explained = self._explained != tally.explained_waits, tally.explained_waits
        full = tally.planner_free is not None and tally.planner_free <= _FULL
        seconds -= self._seconds_on_the_wire()
        if not explained and not full and int(seconds * 1e6).bit_length() >= LATE_OK:
            self._late_ok += 1
            self._late_ok_seconds += seconds
        return True

    def _seconds_on_the_wire(self) -> float:
        """How long the lines in flight take at this baud rate."""
        lines = self._transmitted - self._transmitted_before
        if self._limit is None or not lines:
            return 0.0
        return self._most_in_flight * (self._bytes_out - self._bytes_before) / lines / self._limit

    # --- now and then ------------------------------------------------------------------------------------------------

    def beat(self, now: float) -> bool:
        """The job runs; called several times a second. Whether a second has gone by."""
        if self._window_since is None:
            self.pause(now)
        elif now - self._window_since >= _WINDOW:
            self._close_window(now - self._window_since)
            self.pause(now)
            return True
        return False

    def pause(self, now: float | None = None) -> None:
        """Lines that flow from here on are another matter than those before; `None`: the job does not run."""
        self._window_since = now
        self._window_bytes = (self._bytes_out, self._bytes_in)
        self._waited_before = self._wait.seconds()

    def _close_window(self, seconds: float) -> None:
        rate_out = (self._bytes_out - self._window_bytes[0]) / seconds
        rate_in = (self._bytes_in - self._window_bytes[1]) / seconds
        self._seconds += seconds
        self._peak_out, self._peak_in = max(self._peak_out, rate_out), max(self._peak_in, rate_in)
        # One line in flight waits for its answer: both directions share the time.
        used = max(rate_out, rate_in) if self._most_in_flight > 1 else rate_out + rate_in
        if self._limit is not None and used >= _SATURATED * self._limit:
            self._saturated += seconds
        waited = self._wait.seconds()
        if self._waited is not None and waited is not None and self._waited_before is not None:
            self._waited += waited - self._waited_before

    def diagnosis(self) -> WireDiagnosis:
        """What is known by now."""
        tally = self._tally
        return judge(
            WireFigures(
                seconds=self._seconds,
                lines=self._answerable + self._transmitted - self._transmitted_before - self._in_flight,
                host_to_wire=_entries(self._host),
                wire_to_ok=_entries(self._ok),
                longest_host=self._longest_host,
                longest_ok=self._longest_ok_micros / 1e6,
                late_host=self._late_host,
                late_host_seconds=self._late_host_seconds,
                processor_wait=self._waited,
                late_ok=self._late_ok,
                late_ok_seconds=self._late_ok_seconds,
                planner_known=tally.planner_free is not None,
                least_planner_free=tally.least_planner_free,
                least_queue_free=tally.least_queue_free,
                most_in_flight=self._most_in_flight,
                bytes_out=self._bytes_out - self._bytes_before,
                bytes_in=self._bytes_in,
                peak_out=self._peak_out,
                peak_in=self._peak_in,
                limit=self._limit,
                saturated_seconds=self._saturated,
                resends=tally.resends,
                timeouts=tally.timeouts,
                lost_acknowledges=tally.lost_acknowledges,
                accepted_by_luck=tally.accepted_by_luck,
                damage_seconds=self._damage_seconds,
            )
        )

    def close(self) -> WireDiagnosis:
        """The job is over: what is known of its wire."""
        diagnosis = self.diagnosis()
        self._wait.close()
        return diagnosis


def _entries(counts: array[int]) -> tuple[int, ...]:
    """The counts up to the last that is not 0."""
    length = next((place + 1 for place in reversed(range(len(counts))) if counts[place]), 0)
    return tuple(counts[:length])
