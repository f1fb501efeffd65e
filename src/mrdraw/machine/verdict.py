"""What the figures of a wire say: the rules, each for one thing that can hold a job up.

Invariants: pure; a rule speaks only when what it saw matters in the time that the job took, and says how much time
was lost; who lost most is named. A full wire counts half: that much a baud rate twice as high would have saved.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mrdraw.link.diagnosis import Verdict, WireDiagnosis, WireFigures

NOTICEABLE_LOSS = 0.25
"""s, at least, that have to be lost before anybody is blamed."""
NOTICEABLE_SHARE = 0.0005
"""of the job's time, likewise."""

_WAITING_SHARE = 0.02
"""of the time; less than this every computer makes its programs wait for the processor."""
_DAMAGED = 3
_DAMAGED_SHARE = 1 / 5000
"""of the lines; a damaged one now and then is sent again and harms nobody."""
_DAMAGE_COST = 0.1
"""s that a damaged line counts at least: what is not noticed makes wrong moves."""
_QUICK_OK = 15
"""2^15 µs = 33 ms: an acknowledge within that shows that there was room in the planner."""
_SATURATED_SHARE = 0.2
_TOO_QUICK_SHARE = 0.25
"""of the lines; if more are answered before they can have gone through, the port is one for which the baud rate means
nothing (USB without a UART, a pseudo-terminal)."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule found."""

    verdict: Verdict
    why: str
    lost: float
    """s."""


def judge(figures: WireFigures) -> WireDiagnosis:
    """What held the job up, if anything did."""
    found = [finding for rule in RULES if (finding := rule(figures)) is not None]
    worst = max(found, key=lambda finding: finding.lost, default=None)
    if worst is None:
        why = f"{figures.lines} lines were answered, and nothing kept them waiting that should not have."
        return WireDiagnosis(Verdict.NOTHING, why, figures)
    return WireDiagnosis(worst.verdict, worst.why, figures)


def _matters(lost: float, figures: WireFigures) -> bool:
    return lost >= max(NOTICEABLE_LOSS, NOTICEABLE_SHARE * figures.seconds)


def _cable(figures: WireFigures) -> Finding | None:
    damaged = figures.resends + figures.lost_acknowledges + figures.accepted_by_luck
    if damaged < max(_DAMAGED, _DAMAGED_SHARE * figures.lines) and not figures.accepted_by_luck:
        return None
    why = (
        f"Of {figures.lines} lines {figures.resends} had to be sent again and {figures.lost_acknowledges} acknowledges "
        "never came: bytes are lost or damaged on the way. Try another cable, a shorter one, or one away from motors "
        "and mains."
    )
    if figures.accepted_by_luck:
        why += f" The firmware took {figures.accepted_by_luck} damaged lines, so moves may have been wrong."
    return Finding(Verdict.CABLE, why, max(figures.damage_seconds, _DAMAGE_COST * damaged))


def _computer(figures: WireFigures) -> Finding | None:
    waited = figures.processor_wait or 0.0
    waited = waited if waited >= _WAITING_SHARE * figures.seconds else 0.0
    lost = figures.late_host_seconds + waited
    if not _matters(lost, figures):
        return None
    why = (
        f"{figures.late_host} times this computer kept the machine waiting, {_seconds(figures.longest_host)} the "
        f"longest, {_seconds(figures.late_host_seconds)} in all."
    )
    if waited:
        why += f" Other programs had the processor for {_seconds(waited)} when the next line was due."
    return Finding(Verdict.COMPUTER, f"{why} Give it less to do, more power or more cooling.", lost)


def _machine(figures: WireFigures) -> Finding | None:
    if not _matters(figures.late_ok_seconds, figures):
        return None
    quick = sum(figures.wire_to_ok[: _QUICK_OK + 1])
    if not figures.planner_known and 2 * quick < figures.lines:
        return None  # most acknowledges wait for moves, as they do in a planner that is full
    why = (
        f"The firmware acknowledged {figures.late_ok} of {figures.lines} lines late, the latest after "
        f"{_seconds(figures.longest_ok)}, with "
    )
    why += (
        "room in its planner: it has too much else to do, such as a display, a card or very short moves."
        if figures.planner_known
        else "most others at once. It does not say how full its planner is, so they may have been long moves."
    )
    return Finding(Verdict.MACHINE, why, figures.late_ok_seconds)


def _baud_rate(figures: WireFigures) -> Finding | None:
    limit = figures.limit
    if limit is None or _is_unlimited(figures, limit):
        return None
    if figures.saturated_seconds < max(1.0, _SATURATED_SHARE * figures.seconds):
        return None
    why = (
        f"The wire was full for {_seconds(figures.saturated_seconds)} of {_seconds(figures.seconds)}: up to "
        f"{figures.peak_out:.0f} bytes/s went out and {figures.peak_in:.0f} came in, and {limit:.0f} is what this baud "
        "rate lets through. Set a higher one in the firmware and here."
    )
    return Finding(Verdict.BAUD_RATE, why, figures.saturated_seconds / 2)


def _is_unlimited(figures: WireFigures, limit: float) -> bool:
    """Whether lines are answered more quickly than the baud rate allows."""
    line_micros = 1e6 * figures.bytes_out / max(1, figures.lines) / limit
    too_quick = sum(count for entry, count in enumerate(figures.wire_to_ok) if 2**entry <= line_micros)
    return too_quick > _TOO_QUICK_SHARE * figures.lines


def _seconds(value: float) -> str:
    """A time as people read it."""
    return f"{1000 * value:.0f} ms" if value < 1 else f"{value:.1f} s"


RULES: tuple[Callable[[WireFigures], Finding | None], ...] = (_cable, _computer, _machine, _baud_rate)
