"""Custom controls, and the parameters of their commands (contract, 5.7 and 5.13)."""

import pytest

from helpers_hub import run, until
from mrdraw.events import RegisteredMessageReceived
from mrdraw.link import messages as link

COMMAND = "/api/printer/command"
FAN = {
    "name": "Fan", "layout": "horizontal",
    "children": [
        {"name": "On", "command": "M106 S%(speed)d", "input": [
            {"name": "Speed", "parameter": "speed", "default": 255, "slider": {"min": 0, "max": 255, "step": 5}},
        ]},
        {"name": "Off", "command": "M107", "enabled": "true", "additionalClasses": "btn"},
    ],
}  # fmt: skip


def test_the_controls_of_the_machine(tmp_path):
    async def scenario(client, world):
        assert (await client.get(f"{COMMAND}/custom")).json() == {"controls": []}
        world.services.settings.update({"machines": {"default": {"controls": [FAN]}}})
        found = (await client.get(f"{COMMAND}/custom")).json()["controls"]
        slider = found[0]["children"][0]["input"][0].pop("slider")
        assert slider == {"min": 0, "max": 255, "step": 5}
        expected = {**FAN, "children": [{**FAN["children"][0], "input": [
            {"name": "Speed", "parameter": "speed", "default": 255},
        ]}, FAN["children"][1]]}  # fmt: skip
        assert found == [expected]

    run(tmp_path, scenario)


def test_what_the_firmware_says_is_told_to_the_control_that_asks(tmp_path):
    async def scenario(client, world):
        asking = {"name": "Fan", "command": "M123", "regex": "E0:([0-9]+)", "template": "{0} rpm"}
        world.services.settings.update({"machines": {"default": {"controls": [asking]}}})
        (found,) = (await client.get(f"{COMMAND}/custom")).json()["controls"]
        assert found.items() > asking.items()
        heard = []
        world.services.hub.bus.subscribe(lambda machine, event: heard.append((machine, event)))
        world.host.tell(link.LogLines(lines=("Send: E0:1", "Recv: E0:980 RPM")))
        await until(lambda: heard)
        told = RegisteredMessageReceived(key=found["key"], matched="E0:980", outputs={found["template_key"]: "980 rpm"})
        assert heard == [("default", told)]

    run(tmp_path, scenario)


@pytest.mark.parametrize(
    ("command", "parameters", "line"),
    [
        ("M106 S%(speed)d", {"speed": 128}, "M106 S128"),
        ("M106 S%(speed)s", {"speed": 128}, "M106 S128"),
        ("M106 S%(speed)s", {"speed": "128"}, "M106 S128"),
        ("G1 X%(x).2f", {"x": 1.239}, "G1 X1.24"),
        ("M117 %(text)s 100%%", {"text": "done ü"}, "M117 done ü 100%"),
    ],
)
def test_parameters_are_filled_in(tmp_path, command, parameters, line):
    async def scenario(client, world):
        answer = await client.post(COMMAND, json={"command": command, "parameters": parameters})
        assert answer.status_code == 204
        assert world.asked(link.SendLines)[-1].lines == (line,)

    run(tmp_path, scenario)


@pytest.mark.parametrize(
    ("command", "parameters", "named"),
    [
        ("M106 S%(speed)s", {}, "needs the parameter 'speed'"),
        ("M106 S%(speed)9999999d", {"speed": 1}, "cannot be filled"),
        ("M106 S%(speed)", {"speed": 1}, "cannot be filled"),
        ("M106 S%(speed)s", {"speed": "1\nM112"}, "one line"),
        ("M106 S%(speed)s", {"speed": "1\u2028M112"}, "one line"),
        ("M106 S%(speed)s", {"speed": "9" * 300}, "at most 256"),
        ("M106 S%(speed)s", {"speed": [1]}, "the parameter speed must be a finite number"),
        ("M106 S%(speed)s", {"speed": None}, "the parameter speed"),
        ("M106 S%(speed)d", {"speed": "1"}, "the parameter speed"),
        ("M106 S%(speed)f", {"speed": True}, "the parameter speed"),
        ("M106 S%(speed)d", {"speed": 10**400}, "the parameter speed"),
    ],
)
def test_parameters_that_cannot_be_filled_in(tmp_path, command, parameters, named):
    async def scenario(client, world):
        answer = await client.post(COMMAND, json={"command": command, "parameters": parameters})
        assert (answer.status_code, named in answer.json()["error"]) == (400, True), answer.text
        assert not world.asked(link.SendLines)

    run(tmp_path, scenario)
