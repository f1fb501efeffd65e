"""What firmwares say of themselves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mrdraw.firmware.identity import is_banner, is_start, parse_area, parse_capability, parse_firmware

MARLIN = (
    "FIRMWARE_NAME:Marlin 2.1.3 (Aug  1 2024 12:00:00) SOURCE_CODE_URL:https://github.com/MarlinFirmware/Marlin "
    "PROTOCOL_VERSION:1.0 MACHINE_TYPE:3D Printer KINEMATICS:Cartesian EXTRUDER_COUNT:1 UUID:cede2a2f-41a2-4748"
)


def test_values_keep_blanks_and_colons():
    name, data = parse_firmware(MARLIN)
    assert name == "Marlin 2.1.3 (Aug  1 2024 12:00:00)"
    assert data["SOURCE_CODE_URL"] == "https://github.com/MarlinFirmware/Marlin"
    assert data["MACHINE_TYPE"] == "3D Printer"
    assert data["EXTRUDER_COUNT"] == "1"
    assert data["UUID"] == "cede2a2f-41a2-4748"


def test_the_name_need_not_come_first():
    name, data = parse_firmware("PROTOCOL_VERSION:0.1 FIRMWARE_NAME:FiveD FIRMWARE_URL:http%3A//reprap.org")
    assert name == "FiveD"
    assert data["PROTOCOL_VERSION"] == "0.1"


@pytest.mark.parametrize("before", ["ok", "ok T:21.0", "xFIRMWARE_NAM", "echo:Unknown"])
@pytest.mark.parametrize("behind", ["", " Cap:AUTOREPORT_TEMP:0", " PROTOCOL_VERSION:1.0"])
def test_a_line_that_is_glued_to_another(before, behind):
    name, data = parse_firmware(f"{before}FIRMWARE_NAME:Marlin{behind}")
    assert name.startswith("Marlin")
    assert data["FIRMWARE_NAME"] == name


@given(st.text("FIRMWARE_NAME: Malyan\n\t.0", max_size=30), st.text("AZ_:9 ", max_size=20))
def test_no_damaged_line_is_more_than_it_can_read(before, behind):
    found = parse_firmware(f"{before}FIRMWARE_NAME:{behind}")
    assert found is not None
    assert found[1]


@pytest.mark.parametrize("text", ["NAME: Malyan VER: 2.9 MODEL: M200", "NAME. Malyan\tVER: 3.8\tMODEL: M200"])
def test_malyan(text):
    name, data = parse_firmware(text)
    assert name == "Malyan"
    assert data["MODEL"] == "M200"


def test_what_is_no_identity():
    assert parse_firmware("NAME: something else") is None
    assert parse_firmware("ok") is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Cap:EEPROM:1", ("EEPROM", True)),
        ("Cap:AUTOREPORT_TEMP:0", ("AUTOREPORT_TEMP", False)),
        ("echo:Cap:EMERGENCY_PARSER:1", ("EMERGENCY_PARSER", True)),
        ("Cap:", None),
        ("Captain:1:1", None),
    ],
)
def test_capabilities(text, found):
    assert parse_capability(text) == found


def test_starts():
    assert is_start("start")
    assert not is_start("start of print")
    assert is_banner("Marlin 2.1.3")
    assert is_banner("Marlin bugfix-2.1.x")
    assert is_banner("echo: Last Updated: 2024-08-01 | Author: (none)")
    assert not is_banner("FIRMWARE_NAME:Marlin 2.1.3")
    assert not is_banner("echo:Marlin is the name of a fish")


# marlinfw.org/docs/gcode/M115.html
AREA = (
    "area:{full:{min:{x:%s,y:0.0000,z:0.0000},max:{x:220.0000,y:220.0000,z:250.0000}},"
    "work:{min:{x:0,y:0,z:0},max:{x:1,y:1,z:1}}}"
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (AREA % "-5.5000", {"x": (-5.5, 220.0), "y": (0.0, 220.0), "z": (0.0, 250.0)}),
        ("echo:area:{full:{min:{x:0,y:0},max:{x:200,y:100}}}", {"x": (0.0, 200.0), "y": (0.0, 100.0)}),
        (AREA % "220.0000", None),
        (AREA % "nan", {"y": (0.0, 220.0), "z": (0.0, 250.0)}),
        ("area:{full:{min:{},max:{}}}", None),
        ("area:{full:{min:{x:0", None),
        ("the area:{full:{min:{x:0},max:{x:1}}}", None),
    ],
)
def test_how_far_the_axes_go(text, found):
    assert parse_area(text) == found
