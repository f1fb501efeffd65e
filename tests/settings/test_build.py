"""From the members of the file to a tree, or to the reason why not."""

import math

import msgspec
import pytest

from mrdraw.errors import InvalidValue
from mrdraw.settings.build import build, unknown_keys
from mrdraw.settings.tree import MachineTree, SettingsTree


def default(data):
    return build(data).machines["default"]


def test_the_defaults_are_valid_settings():
    written = msgspec.json.decode(msgspec.json.encode(build({})))
    assert build(written) == build({})
    assert unknown_keys(written) == []


def test_every_machine_has_all_sections():
    tree = build({"machines": {"pen": {"name": "Pen plotter"}}})
    assert tree.machines == {"pen": MachineTree(name="Pen plotter"), "default": MachineTree()}


def test_empty_sections_are_as_none():
    data = {"serial": None, "api": None, "machines": {"default": None}, "scripts": {"gcode": None}, "plugins": None}
    assert build(data) == build({})
    assert build({"machines": None}) == build({})


@pytest.mark.parametrize(
    ("above", "own", "expected"),
    [
        ({"port": "/dev/a", "baudrate": 9600}, {"port": "/dev/b"}, ("/dev/b", 9600)),
        ({"port": "/dev/a"}, {}, ("/dev/a", None)),
        ({"port": "/dev/a"}, {"port": None}, (None, None)),
    ],
)
def test_a_machines_own_section_wins_over_the_top_level(above, own, expected):
    serial = default({"serial": above, "machines": {"default": {"serial": own}}}).serial
    assert (serial.port, serial.baudrate) == expected


def test_the_top_level_is_that_of_the_default_machine_only():
    tree = build({"defaultMachine": "pen", "serial": {"port": "/dev/a"}, "machines": {"default": {}}})
    assert {name: machine.serial.port for name, machine in tree.machines.items()} == {"default": None, "pen": "/dev/a"}


def test_scripts_of_both_places_come_together():
    data = {
        "scripts": {"gcode": {"afterPrintDone": "M300", "snippets": {"park": "G28 X"}}},
        "machines": {"default": {"scripts": {"afterPrintDone": "M117 done", "snippets/lift": "G1 Z5"}}},
    }
    assert default(data).scripts == {
        "afterPrintDone": "M117 done", "snippets/park": "G28 X", "snippets/lift": "G1 Z5",
    }  # fmt: skip


WRONG = [
    ({"server": {"port": 70000}}, "server.port: 70000 is not accepted; right is a whole number <= 65535."),
    ({"server": {"port": "5000"}}, "server.port: '5000' is not accepted; right is a whole number."),
    ({"server": {"host": ""}}, "server.host: '' is not accepted; right is text (in quotes) of length >= 1."),
    ({"server": 5}, "server: 5 is not accepted; right is named members."),
    ({"appearance": {"color": "pink"}}, "appearance.color: 'pink' is not accepted; right is one of default, red, "),
    ({"api": {"anonymousStatus": 404}}, "api.anonymousStatus: 404 is not accepted; right is one of 401, 403."),
    ({"serial": {"baudrate": "fast"}}, "serial.baudrate: 'fast' is not accepted; right is a whole number or nothing."),
    ({"serial": {"autoconnect": "yes"}}, "serial.autoconnect: 'yes' is not accepted; right is true or false."),
    ({"serial": {"additionalPorts": "/dev/x"}}, "serial.additionalPorts: '/dev/x' is not accepted; right is a list."),
    ({"serial": {"additionalPorts": ["/dev/x", 5]}}, "serial.additionalPorts[1]: 5 is not accepted; right is text"),
    ({"serial": [1]}, "serial: [1] is not accepted; right is named members."),
    ({"machines": {"pen": {"serial": {"port": 5}}}}, "machines.pen.serial.port: 5 is not accepted; right is text"),
    ({"machines": {"pen": {"name": 5}}}, "machines.pen.name: 5 is not accepted; right is text"),
    ({"machines": {"pen": 5}}, "machines.pen: 5 is not accepted; right is named members."),
    ({"machines": [5]}, "machines: [5] is not accepted; right is named members."),
    ({"machines": {"../up": {}}}, "machines: '../up' cannot be a machine's id; right are letters"),
    ({"machines": {"..": {}}}, "machines: '..' cannot be a machine's id"),
    ({"machines": {"a b": {}}}, "machines: 'a b' cannot be a machine's id"),
    ({"defaultMachine": "a/b"}, "defaultMachine: 'a/b' cannot be a machine's id"),
    ({"defaultMachine": 5}, "defaultMachine: 5 is not accepted"),
    ({"scripts": {"gcode": {"afterPrintDone": 5}}}, "scripts.gcode.afterPrintDone: 5 is not accepted; right is text"),
    ({"scripts": {"snippets": {"park": [1]}}}, "scripts.snippets.park: [1] is not accepted"),
    ({"scripts": {"gcode": "G28"}}, "scripts.gcode: 'G28' is not accepted; right is named members."),
    (
        {"temperature": {"profiles": [{"name": "PLA"}, {"bed": 60}]}},
        "temperature.profiles[1]: {'bed': 60} is not accepted; right is an entry with the member name.",
    ),
    ({"temperature": {"profiles": [{"name": "PLA", "bed": -1}]}}, "temperature.profiles[0].bed: -1 is not accepted"),
    ({"temperature": {"cutoff": math.nan}}, "temperature.cutoff: nan is not accepted"),
    ({"profile": {"maxToolTemperature": math.inf}}, "profile.maxToolTemperature: inf is not accepted; right is"),
    ({"safety": {"parkX": -math.inf}}, "safety.parkX: -inf is not accepted"),
    ({"plugins": [1]}, "plugins: [1] is not accepted; right is named members."),
    (
        {"server": {"reverseProxy": {"trustedProxies": ["10.0.0.1", "nginx"]}}},
        "server.reverseProxy.trustedProxies[1]: 'nginx' is not accepted; right is an address or a network, as",
    ),
    (
        {"server": {"reverseProxy": {"trustedDownstream": ["10.0.0.5/8"]}}},
        "server.reverseProxy.trustedDownstream[0]: '10.0.0.5/8' is not accepted; right is the whole network 10.0.0.0/8 "
        "or the address 10.0.0.5 alone.",
    ),
    (
        {"server": {"reverseProxy": {"trustedProxies": ["::/0"]}}},
        "server.reverseProxy.trustedProxies[0]: '::/0' is not accepted, for that is everybody; name the proxies.",
    ),
    (
        {"server": {"reverseProxy": {"trustedProxies": "10.0.0.1"}}},
        "server.reverseProxy.trustedProxies: '10.0.0.1' is not accepted; right is a list.",
    ),
    (
        {"server": {"reverseProxy": {"prefixFallback": "mrdraw"}}},
        "server.reverseProxy.prefixFallback: 'mrdraw' is not accepted; right is a path of letters",
    ),
    (
        {"server": {"reverseProxy": {"schemeFallback": "ftp"}}},
        "server.reverseProxy.schemeFallback: 'ftp' is not accepted; right is http or https.",
    ),
    (
        {"server": {"reverseProxy": {"hostFallback": "http://x"}}},
        "server.reverseProxy.hostFallback: 'http://x' is not accepted; right is a host with or without its port",
    ),
]


@pytest.mark.parametrize(("data", "said"), WRONG)
def test_what_is_wrong_is_told_with_its_place_its_value_and_what_is_right(data, said):
    with pytest.raises(InvalidValue) as caught:
        build(data)
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize("network", ["10.0.0.0/8", "192.168.1.5", "192.168.1.5/32", "2001:db8::/32", "::1"])
def test_what_a_trusted_proxy_may_be(network):
    assert build({"server": {"reverseProxy": {"trustedProxies": [network]}}})


def test_a_wrong_value_at_the_top_level_is_told_even_where_the_machine_has_its_own():
    with pytest.raises(InvalidValue, match=r"^serial\.port: 5 "):
        build({"serial": {"port": 5}, "machines": {"default": {"serial": {"port": "/dev/a"}}}})


def test_long_values_are_told_in_short():
    with pytest.raises(InvalidValue) as caught:
        build({"server": {"port": "5" * 5000}})
    assert len(str(caught.value)) < 200


def test_a_wrong_key_is_not_told():
    with pytest.raises(InvalidValue) as caught:
        build({"api": {"key": 123456789}})
    assert str(caught.value) == "api.key: its value is not accepted; right is text (in quotes) or nothing."
    with pytest.raises(InvalidValue) as caught:
        build({"api": {"key": "k" * 257}})
    assert "kkk" not in str(caught.value)


def test_unknown_members_are_named_with_their_place():
    data = {
        "madeUp": 1,
        "server": {"firstRun": False, "uploads": {"minSize": 1}},
        "serial": {"loud": True, "port": "/dev/x"},
        "plugins": {"discovery": {"any": "thing"}},
        "scripts": {"gcode": {"anyName": ""}},
        "machines": {"pen": {"serial": {"speed": 1}, "colour": "red"}, "empty": None},
    }
    assert unknown_keys(data) == [
        "madeUp", "server.firstRun", "server.uploads.minSize", "serial.loud", "machines.pen.serial.speed",
        "machines.pen.colour",
    ]  # fmt: skip
    assert isinstance(build(data), SettingsTree)


def test_the_profile_in_force():
    profiles = {"mini": {"width": 100}, "big": {"width": 500, "formFactor": "circular"}}
    found = default({"profile": {"width": 300}, "profiles": profiles})
    assert (found.profile.id, found.profile.width) == ("_default", 300)
    assert list(found.profiles) == ["_default", "mini", "big"]
    found = default({"profiles": profiles, "defaultProfile": "big"})
    assert (found.profile.id, found.profile.depth, found.profile.origin_center) == ("big", 500, True)
    found = default({"profiles": profiles, "defaultProfile": "big", "chosenProfile": "mini"})
    assert (found.profile.id, found.preferred_profile.id) == ("mini", "big")


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({"profiles": {"_default": {}}}, "this is the id of machines.default.profile"),
        ({"profiles": {"a b": {}}}, "machines.default.profiles: 'a b' cannot be a profile's id"),
        ({"profiles": {"a": {"width": -1}}}, "profiles.a.width: -1 is not accepted; right is a number > 0.0"),
        ({"defaultProfile": "b"}, "machines.default.defaultProfile: 'b' is not accepted; right is one of _default"),
        ({"chosenProfile": "b"}, "machines.default.chosenProfile: 'b'"),
    ],
)
def test_profiles_that_cannot_be(data, text):
    with pytest.raises(InvalidValue) as refused:
        build(data)
    assert text in str(refused.value)


def test_controls():
    fan = {
        "name": "Fan", "layout": "horizontal",
        "children": [
            {"name": "On", "command": "M106 S%(speed)s", "input": [
                {"name": "Speed", "parameter": "speed", "default": 255, "slider": {"min": 0, "max": 255}},
            ]},
            {"name": "Off", "commands": ["M107", "M117 100%%"], "confirm": "Sure?"},
            {"regex": "T:([0-9.]+)", "template": "Temperature: {0}"},
        ],
    }  # fmt: skip
    found = default({"controls": [fan]}).controls
    assert msgspec.json.decode(msgspec.json.encode(found[0].children[1])) == fan["children"][1]
    assert found[0].children[0].input[0].slider.max == 255


@pytest.mark.parametrize(
    ("control", "text"),
    [
        ({"name": 5}, "controls[0].name: 5 is not accepted"),
        ({"layout": "round"}, "controls[0].layout"),
        ({"command": "M1", "script": "a"}, "controls[0]: exactly one of command, commands, script, javascript"),
        ({"children": [{"command": "M106 S%(speed)s"}]}, "controls[0].children[0]: 'M106 S%(speed)s' needs an input"),
        ({"children": [], "command": "M1"}, "a container with children has no command"),
        ({"regex": "("}, "controls[0].regex: '(' is no regular expression"),
        ({"input": [{"parameter": "a b"}]}, "controls[0].input[0].parameter"),
    ],
)
def test_controls_that_could_not_work(control, text):
    with pytest.raises(InvalidValue) as refused:
        build({"controls": [control]})
    assert text in str(refused.value)
