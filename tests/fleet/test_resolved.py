"""What a machine host is told of the settings."""

import msgspec

from mrdraw.fleet.resolved import resolve
from mrdraw.link.messages import MachineSettings, Profile, SafetySettings, SerialSettings
from mrdraw.settings import MachineTree


def test_the_defaults_are_those_of_the_host():
    assert resolve("default", MachineTree(), virtual=False) == MachineSettings()


def test_every_member_of_the_settings_reaches_the_host():
    tree = {
        "serial": {"port": "/dev/x", "baudrate": 250000, "additionalPorts": ["/tmp/*"], "maxLineLength": 200},
        "profile": {"extruders": 3, "maxBedTemperature": 90.5, "heatedChamber": True},
        "safety": {"unattendedMinutes": 5, "parkX": None, "stopOnAlarm": True},
    }
    found = resolve("big", msgspec.convert(tree, MachineTree), virtual=True)
    assert found == MachineSettings(
        machine_id="big",
        serial=SerialSettings(port="/dev/x", baudrate=250000, additional_ports=("/tmp/*",), max_line_length=200),
        profile=Profile(extruders=3, max_bed_temperature=90.5, heated_chamber=True),
        safety=SafetySettings(unattended_minutes=5.0, park_x=None, stop_on_alarm=True),
        virtual=True,
    )


def test_the_host_knows_no_member_that_the_settings_do_not_have():
    tree = MachineTree()
    for struct, section in ((SerialSettings, tree.serial), (Profile, tree.profile), (SafetySettings, tree.safety)):
        assert set(struct.__struct_fields__) <= set(section.__struct_fields__)
