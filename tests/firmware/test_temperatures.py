"""Temperature and position reports, as firmwares write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mrdraw.firmware.temperatures import parse_position, parse_temperatures


@pytest.mark.parametrize(
    ("text", "heaters", "tool"),
    [
        (
            "T:201.1 /210.0 B:60.0 /60.0 @:127 B@:0",
            {"tool0": (201.1, 210.0), "bed": (60.0, 60.0)}, 0,
        ),
        (
            "T:20.0 /0.0 B:21.0 /0.0 T0:20.0 /0.0 T1:19.5 /0.0 @:0 B@:0 @0:0 @1:0",
            {"bed": (21.0, 0.0), "tool0": (20.0, 0.0), "tool1": (19.5, 0.0)}, None,
        ),
        ("T:20.0 /0.0 T1:25.0 /30.0", {"tool0": (20.0, 0.0), "tool1": (25.0, 30.0)}, 0),
        ("T0:20.0 /0.0 T1:25.0 /30.0", {"tool0": (20.0, 0.0), "tool1": (25.0, 30.0)}, None),
        ("T:201 /210 C:40.0 /45.0", {"tool0": (201.0, 210.0), "chamber": (40.0, 45.0)}, 0),
        ("T:201/210 B:60/60", {"tool0": (201.0, 210.0), "bed": (60.0, 60.0)}, 0),
        ("T : 201.5 / 210 B :60", {"tool0": (201.5, 210.0), "bed": (60.0, None)}, 0),
        ("T:201.5 E:0 W:?", {"tool0": (201.5, None)}, 0),
        ("T:201.5 E:0 W:12", {"tool0": (201.5, None)}, 0),
        ("B:60.1 /60.0", {"bed": (60.1, 60.0)}, None),
        ("T:-14.5 /0.0", {"tool0": (-14.5, 0.0)}, 0),
        (
            "T:21.0 /0.0 B:22.0 /0.0 T0:21.0 /0.0 @:0 B@:0 P:25.0 A:30.1",
            {"bed": (22.0, 0.0), "tool0": (21.0, 0.0), "P": (25.0, None), "A": (30.1, None)}, None,
        ),
        ("T:20.0 /0.0 PINDA:25.5", {"tool0": (20.0, 0.0), "PINDA": (25.5, None)}, 0),
        ("T:201 T:50 B:60", {"tool0": (201.0, None), "bed": (60.0, None)}, 0),
    ],
)  # fmt: skip
def test_reports(text, heaters, tool):
    assert parse_temperatures(text) == (heaters, tool)


def test_a_lonely_t_is_the_active_tool():
    assert parse_temperatures("T:200.0 /200.0 B:60 /60", active_tool=2) == (
        {"tool2": (200.0, 200.0), "bed": (60.0, 60.0)},
        2,
    )


@pytest.mark.parametrize(
    "text",
    [
        "X:0.00 Y:127.00 Z:145.00 E:0.00 Count X:0 Y:10160 Z:116000",
        "A:1.0 B:2.0",
        "echo:Settings Stored",
        "FIRMWARE_NAME:Marlin",
        "@:0 B@:0",
        "T:inf",
        "",
    ],
)
def test_no_reports(text):
    assert parse_temperatures(text) is None


@pytest.mark.parametrize(
    ("text", "axes"),
    [
        (
            "X:0.00 Y:127.00 Z:145.00 E:-2.50 Count X:0 Y:10160 Z:116000",
            {"x": 0.0, "y": 127.0, "z": 145.0, "e": -2.5},
        ),
        ("X:1 Y:2 Z:3 E0:4 E1:5", {"x": 1.0, "y": 2.0, "z": 3.0, "e0": 4.0, "e1": 5.0}),
        ("X: 1.5 Y: 2.5", {"x": 1.5, "y": 2.5}),
    ],
)
def test_positions(text, axes):
    assert parse_position(text) == axes


@pytest.mark.parametrize("text", ["X:1", "Count X:0 Y:0", "echo:X:1 Y:2", "T:1 /2", ""])
def test_no_positions(text):
    assert parse_position(text) is None


@given(st.text())
def test_no_text_makes_reading_fail(text):
    parse_temperatures(text)
    parse_position(text)
