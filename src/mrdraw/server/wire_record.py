"""What was measured on a wire, as MrDraw's own API and its page read it.

Invariants: made from what the hub knows; times in s, rates in bytes/s; all members are always there.
"""

from __future__ import annotations

from collections.abc import Sequence

from mrdraw.link.diagnosis import WireDiagnosis, WireFigures
from mrdraw.server.records import Record


def wire_record(job: str | None, diagnosis: WireDiagnosis | None, *, running: bool = False) -> Record:
    """The diagnosis of a job; all is `None` where nothing was measured."""
    return {
        "job": job,
        "running": running,
        "verdict": diagnosis.verdict.value if diagnosis else None,
        "why": diagnosis.why if diagnosis else None,
        "figures": _figures(diagnosis.figures) if diagnosis else None,
    }


def _figures(figures: WireFigures) -> Record:
    return {
        "seconds": figures.seconds,
        "lines": figures.lines,
        "mostInFlight": figures.most_in_flight,
        "host": {
            "late": figures.late_host,
            "lateSeconds": figures.late_host_seconds,
            "longest": figures.longest_host,
            "processorWait": figures.processor_wait,
            "delays": _histogram(figures.host_to_wire),
        },
        "machine": {
            "late": figures.late_ok,
            "lateSeconds": figures.late_ok_seconds,
            "longest": figures.longest_ok,
            "delays": _histogram(figures.wire_to_ok),
            "plannerKnown": figures.planner_known,
            "leastPlannerFree": figures.least_planner_free,
            "leastQueueFree": figures.least_queue_free,
        },
        "cable": {
            "resends": figures.resends,
            "timeouts": figures.timeouts,
            "lostAcknowledges": figures.lost_acknowledges,
            "acceptedByLuck": figures.accepted_by_luck,
            "lostSeconds": figures.damage_seconds,
        },
        "baudRate": {
            "limit": figures.limit,
            "bytesOut": figures.bytes_out,
            "bytesIn": figures.bytes_in,
            "peakOut": figures.peak_out,
            "peakIn": figures.peak_in,
            "fullSeconds": figures.saturated_seconds,
        },
    }


def _histogram(counts: Sequence[int]) -> list[Record]:
    """The entries that are not empty, each with the delay that all in it are below."""
    return [{"below": 2**entry / 1e6, "count": count} for entry, count in enumerate(counts) if count]
