"""Which row of the table fits which firmware."""

from __future__ import annotations

import pytest

from mrdraw.firmware import dwell, quirks


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("Repetier_1.0.4", "repetier"),
        ("ANET_A8_20160926", "anet_a8"),
        ("Malyan", "malyan"),
        ("RepRapFirmware for Duet 2 WiFi/Ethernet", "reprapfirmware"),
        ("Teacup", "teacup"),
        ("Klipper", "klipper"),
        ("Marlin Ultimaker2; Sprinter/grbl mashup for gen6", "ultimaker2"),
        ("Prusa-Firmware 3.13.2 based on Marlin", "prusa-firmware"),
        ("Smoothieware", "smoothie"),
        ("Sprinter", "sprinter"),
        ("Marlin V1; Sprinter/grbl mashup for gen6", "marlin v1"),
    ],
)
def test_each_row_is_found_by_name(name, word):
    assert word in quirks.by_name(name).names


@pytest.mark.parametrize("name", ["Marlin 2.1.3 (Aug  1 2024 12:00:00)", "Some Board", ""])
def test_others_are_stock(name):
    assert quirks.by_name(name) is quirks.STOCK


def test_a_banner_tells_before_anybody_asks():
    assert quirks.by_banner("Smoothie") is quirks.by_name("Smoothieware")
    assert quirks.by_banner("Marlin 2.1.3") is None


@pytest.mark.parametrize(
    ("line", "seconds"),
    [("G4 P2500", 2.5), ("G4 S3", 3.0), ("G4 P10 S3", 3.0), ("G4", 0.0), ("N7 G4 P500*33", 0.5), ("G04 S-1", 0.0)],
)
def test_how_long_a_dwell_is(line, seconds):
    assert dwell.seconds(line) == seconds
