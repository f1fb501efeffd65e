"""What was measured on a wire, as MrDraw's own API and its page read it.

Invariants: made from what the hub knows; times in s, rates in bytes/s; all members are always there.
"""

from __future__ import annotations

from collections.abc import Sequence

from mrdraw.link.diagnosis import Verdict, WireDiagnosis, WireFigures
from mrdraw.server.describing import COUNT, FLAG, NUMBER, TEXT, WHOLE, many, maybe, object_of, said
from mrdraw.server.records import Record

_HISTOGRAM = many(object_of({"below": said(NUMBER, "s"), "count": COUNT}))
_HOST = {"late": COUNT, "lateSeconds": NUMBER, "longest": NUMBER, "processorWait": maybe(NUMBER), "delays": _HISTOGRAM}
_MACHINE = {
    "late": COUNT,
    "lateSeconds": NUMBER,
    "longest": NUMBER,
    "delays": _HISTOGRAM,
    "plannerKnown": FLAG,
    "leastPlannerFree": maybe(WHOLE),
    "leastQueueFree": maybe(WHOLE),
}
_CABLE = dict.fromkeys(("resends", "timeouts", "lostAcknowledges", "acceptedByLuck"), COUNT)
_BAUD_RATE = {
    "limit": maybe(NUMBER),
    **dict.fromkeys(("bytesOut", "bytesIn"), COUNT),
    **dict.fromkeys(("peakOut", "peakIn", "fullSeconds"), NUMBER),
}
_FIGURES = object_of(
    {
        "seconds": NUMBER,
        "lines": COUNT,
        "mostInFlight": COUNT,
        "host": object_of(_HOST),
        "machine": object_of(_MACHINE),
        "cable": object_of({**_CABLE, "lostSeconds": NUMBER}),
        "baudRate": object_of(_BAUD_RATE),
    }
)
WIRE = object_of(
    {
        "job": maybe(TEXT),
        "running": FLAG,
        "verdict": maybe(Verdict),
        "why": maybe(TEXT),
        "figures": maybe(said(_FIGURES, "times in s, rates in bytes/s")),
    }
)
"""The shape of `wire_record`."""


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
