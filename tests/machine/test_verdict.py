"""What the figures of a wire say."""

import msgspec
import pytest

from mrdraw.link.diagnosis import Verdict, WireFigures
from mrdraw.machine.verdict import judge

QUICK_OKS = (0,) * 13 + (5000,)
SLOW_OKS = (0,) * 19 + (5000,)

GOOD = WireFigures(
    seconds=60.0,
    lines=5000,
    host_to_wire=(0, 0, 0, 0, 0, 0, 5000),
    wire_to_ok=QUICK_OKS,
    longest_host=0.004,
    longest_ok=0.09,
    processor_wait=0.3,
    bytes_out=200_000,
    bytes_in=20_000,
    peak_out=4000.0,
    peak_in=400.0,
    limit=11520.0,
    most_in_flight=1,
)

STALLS = {"late_host": 5, "late_host_seconds": 1.4, "longest_host": 0.3}
LATE_OKS = {"late_ok": 8, "late_ok_seconds": 2.4, "longest_ok": 0.31}
FULL = {"saturated_seconds": 50.0, "peak_out": 11000.0}

TABLE = [
    ("a good wire", {}, Verdict.NOTHING),
    ("no job yet", {"seconds": 0.0, "lines": 0, "wire_to_ok": (), "processor_wait": 0.0}, Verdict.NOTHING),
    ("stalls of this computer", STALLS, Verdict.COMPUTER),
    ("one stall that nobody notices", {"late_host": 1, "late_host_seconds": 0.02}, Verdict.NOTHING),
    ("stalls in a day that are nothing", {**STALLS, "seconds": 86400.0}, Verdict.NOTHING),
    ("other programs have the processor", {"processor_wait": 3.0}, Verdict.COMPUTER),
    ("a system that does not tell", {"processor_wait": None}, Verdict.NOTHING),
    ("late acknowledges with room in the planner", {**LATE_OKS, "planner_known": True}, Verdict.MACHINE),
    ("late acknowledges among quick ones", LATE_OKS, Verdict.MACHINE),
    ("a full planner of a firmware that does not tell", {**LATE_OKS, "wire_to_ok": SLOW_OKS}, Verdict.NOTHING),
    ("lines sent again", {"resends": 12}, Verdict.CABLE),
    ("lost acknowledges", {"lost_acknowledges": 4, "damage_seconds": 2.0}, Verdict.CABLE),
    ("a line damaged now and then", {"resends": 2, "lost_acknowledges": 1, "lines": 100_000}, Verdict.NOTHING),
    ("a damaged line that was taken", {"accepted_by_luck": 1}, Verdict.CABLE),
    ("a full wire", FULL, Verdict.BAUD_RATE),
    ("a port without a baud rate", {**FULL, "limit": None}, Verdict.NOTHING),
    ("some answers between the lines", {**FULL, "wire_to_ok": (0,) * 10 + (400, 0, 0, 4600)}, Verdict.BAUD_RATE),
    (
        "a port for which the baud rate means nothing",
        {**FULL, "wire_to_ok": (0,) * 10 + (2000, 0, 0, 3000)},
        Verdict.NOTHING,
    ),
    ("a wire that is full for a moment", {"saturated_seconds": 2.0}, Verdict.NOTHING),
    ("a full wire, and stalls that count less", {**FULL, **STALLS}, Verdict.BAUD_RATE),
    ("a full wire, and stalls that count more", {**FULL, **STALLS, "late_host_seconds": 30.0}, Verdict.COMPUTER),
    ("stalls, and a machine that is worse", {**STALLS, **LATE_OKS}, Verdict.MACHINE),
    ("a machine, and stalls that are worse", {**STALLS, **LATE_OKS, "late_host_seconds": 9.0}, Verdict.COMPUTER),
    ("damage, and stalls that are less", {**STALLS, "resends": 40}, Verdict.CABLE),
]


@pytest.mark.parametrize(("changes", "verdict"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_who_is_blamed(changes, verdict):
    found = judge(msgspec.structs.replace(GOOD, **changes))
    assert found.verdict is verdict
    assert found.figures == msgspec.structs.replace(GOOD, **changes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (STALLS, ["5 times", "300 ms", "1.4 s"]),
        ({"processor_wait": 3.0}, ["Other programs", "3.0 s"]),
        (LATE_OKS, ["8 of 5000", "310 ms", "may have been long moves"]),
        ({**LATE_OKS, "planner_known": True}, ["room in its planner"]),
        ({"resends": 12, "accepted_by_luck": 2}, ["12 had to be sent again", "2 damaged lines"]),
        (FULL, ["50.0 s of 60.0 s", "11000", "11520"]),
        ({}, ["5000 lines"]),
    ],
)
def test_the_reason_names_the_figures(changes, words):
    why = judge(msgspec.structs.replace(GOOD, **changes)).why
    assert [word for word in words if word not in why] == [], why
