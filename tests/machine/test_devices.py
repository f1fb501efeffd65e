"""Which device is on a port, and where a known one is now."""

import pytest

from mrdraw.link.messages import DeviceIdentity, SerialSettings
from mrdraw.machine.devices import Sighting, find, identify, serial_number
from mrdraw.machine.ports import list_ports

LEFT, RIGHT = "pci-0-usb-0:1:1.0-port0", "pci-0-usb-0:2:1.0-port0"
NAME = "usb-1a86_USB_Serial-if00-port0"


@pytest.fixture
def plug(tmp_path):
    """Make devices and links: `plug("tty0", by_id, by_path)`."""
    for name in ("by-id", "by-path"):
        (tmp_path / name).mkdir()

    def one(device, by_id=None, by_path=None):
        (tmp_path / device).touch()
        for kind, name in (("by-id", by_id), ("by-path", by_path)):
            if name is not None:
                (tmp_path / kind / name).symlink_to(tmp_path / device)
        return str(tmp_path / device)

    one.settings = SerialSettings(device_folder=str(tmp_path))
    one.path = lambda kind, name: str(tmp_path / kind / name)
    return one


def test_a_device_is_named_by_what_it_is(plug):
    device = plug("tty0", NAME, LEFT)
    for port in (device, plug.path("by-id", NAME)):
        assert identify(port, plug.settings) == DeviceIdentity(by_id=NAME, by_path=LEFT)
    assert identify(plug.path("by-path", LEFT), plug.settings).by_id == ""


def test_a_port_that_was_named_otherwise_is_only_itself(plug):
    device = plug("tty0", NAME, LEFT)
    settings = SerialSettings(device_folder=plug.settings.device_folder, additional_ports=(device[:-1] + "*",))
    assert identify(device, settings) == DeviceIdentity()
    assert identify("tcp://1.2.3.4:8080", settings) == DeviceIdentity()


def test_a_name_that_two_could_bear_is_no_identity(plug):
    device = plug("tty0", NAME, LEFT)
    plug("tty1", None, RIGHT)
    assert identify(device, plug.settings).shared
    assert {port.path for port in list_ports(device_folder=plug.settings.device_folder)} >= {
        plug.path("by-path", LEFT),
        plug.path("by-path", RIGHT),
    }


@pytest.mark.parametrize(
    ("plugged", "shared", "was_gone", "found"),
    [
        ([], False, True, None),
        ([("tty1", NAME, LEFT)], False, False, ("by-id", NAME)),
        ([("tty1", NAME, RIGHT)], False, True, ("by-id", NAME)),
        ([("tty1", NAME, RIGHT)], False, False, "ambiguous"),
        ([("tty1", NAME, RIGHT)], True, True, "ambiguous"),
        ([("tty1", NAME, LEFT), ("tty2", None, RIGHT)], False, True, ("by-path", LEFT)),
        ([("tty1", NAME, RIGHT), ("tty2", None, LEFT)], True, False, ("by-path", LEFT)),
        ([("tty1", "usb-Other_7-if00", LEFT)], False, True, None),
        ([("tty1", "usb-Other_7-if00", LEFT), ("tty2", NAME, RIGHT)], False, True, ("by-id", NAME)),
    ],
)
def test_where_it_is_now(plug, plugged, shared, was_gone, found):
    for each in plugged:
        plug(*each)
    device = DeviceIdentity(by_id=NAME, by_path=LEFT, shared=shared)
    sighting = find("/dev/ttyUSB0", device, plug.settings, was_gone=was_gone)
    if found == "ambiguous":
        assert sighting.port is None
        assert NAME in sighting.ambiguous
    else:
        assert sighting == Sighting(plug.path(*found) if found else None)


def test_the_serial_number_is_that_of_the_usb_device(tmp_path):
    usb = tmp_path / "devices" / "usb1" / "1-2"
    (usb / "1-2:1.0" / "ttyUSB0").mkdir(parents=True)
    (usb / "idVendor").write_text("1a86\n")
    (tmp_path / "tty" / "ttyUSB0").mkdir(parents=True)
    (tmp_path / "tty" / "ttyUSB0" / "device").symlink_to(usb / "1-2:1.0" / "ttyUSB0")
    assert serial_number("/dev/ttyUSB0", tmp_path / "tty") == ""
    (usb / "serial").write_text("A50285BI\n")
    assert serial_number("/dev/ttyUSB0", tmp_path / "tty") == "A50285BI"
    assert serial_number("/dev/ttyS0", tmp_path / "tty") == ""


def test_ports_that_are_not_to_be_listed(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).touch()
    found = {port.path for port in list_ports((f"{tmp_path}/*",), hidden=(f"{tmp_path}/t*",))}
    assert (f"{tmp_path}/one" in found, f"{tmp_path}/two" in found) == (True, False)
