"""`/api/printerprofiles`: several profiles for each machine, one of them in force (contract, 4.8, 5.8 and 15.6)."""

import pytest

from helpers_fleet import until
from helpers_hub import READY, run
from mrdraw.events import PrinterProfileAdded, PrinterProfileDeleted, PrinterProfileModified
from mrdraw.link import messages as link
from mrdraw.link.messages import MachineState
from mrdraw.settings.document import parse, read_text

ALL = "/api/printerprofiles"
DEFAULT = {
    "id": "_default", "name": "Default", "model": "Generic RepRap Printer", "color": "default",
    "volume": {
        "width": 200, "depth": 200, "height": 200, "formFactor": "rectangular", "origin": "lowerleft",
        "custom_box": False,
    },
    "heatedBed": True, "heatedChamber": False,
    "extruder": {
        "count": 1, "offsets": [[0, 0]], "nozzleDiameter": 0.4, "sharedNozzle": False, "defaultExtrusionLength": 5,
    },
    "axes": {
        "x": {"speed": 6000, "inverted": False}, "y": {"speed": 6000, "inverted": False},
        "z": {"speed": 200, "inverted": False}, "e": {"speed": 300, "inverted": False},
    },
    "kinematics": "", "maxExtrusion": 500, "ceilings": {"tool": 300, "bed": 120, "chamber": 80},
    "default": True, "current": True, "resource": f"http://mrdraw{ALL}/_default",
}  # fmt: skip
MINI = {"id": "mini", "name": "Mini", "volume": {"width": 100}, "ceilings": {"tool": 250}, "wings": 2}
CLOSED = link.Snapshot(sequence=1, ports=READY.ports)


def written(folder):
    return parse(read_text(folder / "config.yaml"))["machines"]["default"]


def test_the_profile_that_every_machine_has(tmp_path):
    async def scenario(client, _):
        assert (await client.get(ALL)).json() == {"profiles": {"_default": DEFAULT}}
        assert (await client.get(f"{ALL}/_default")).json() == DEFAULT
        assert (await client.get(f"/machines/default{ALL}/_default")).json()["resource"] == (
            f"http://mrdraw/machines/default{ALL}/_default"
        )
        assert (await client.get(f"{ALL}/mini")).status_code == 404

    run(tmp_path, scenario, user="rita")


def test_a_profile_is_added_changed_and_deleted(tmp_path):
    async def scenario(client, world):
        heard = []
        world.hub.bus.subscribe(lambda _, event: heard.append(event))
        answer = await client.post(ALL, json={"profile": MINI})
        assert answer.status_code == 200
        expected = {
            **DEFAULT, "id": "mini", "name": "Mini", "volume": {**DEFAULT["volume"], "width": 100},
            "ceilings": {**DEFAULT["ceilings"], "tool": 250}, "default": False, "current": False,
            "resource": f"http://mrdraw{ALL}/mini",
        }  # fmt: skip
        assert answer.json() == {"profile": expected}
        assert written(tmp_path) == {"profiles": {"mini": {"name": "Mini", "width": 100, "maxToolTemperature": 250}}}

        sent = {"volume": {"formFactor": "circular"}, "extruder": {"count": 2, "offsets": [[0, 0], [20, 1.5]]}}
        changed = (await client.patch(f"{ALL}/mini", json={"profile": sent})).json()["profile"]
        assert changed["volume"] == {
            **expected["volume"], "depth": 100, "formFactor": "circular", "origin": "center",
        }  # fmt: skip
        assert changed["extruder"]["offsets"] == [[0, 0], [20, 1.5]]
        assert list((await client.get(ALL)).json()["profiles"]) == ["_default", "mini"]

        gone = await client.delete(f"{ALL}/mini")
        assert (gone.status_code, gone.content) == (204, b"")
        assert (await client.get(ALL)).json() == {"profiles": {"_default": DEFAULT}}
        told = [event for event in heard if hasattr(event, "identifier")]
        assert told == [
            PrinterProfileAdded(identifier="mini"), PrinterProfileModified(identifier="mini"),
            PrinterProfileDeleted(identifier="mini"),
        ]  # fmt: skip

    run(tmp_path, scenario, user="boss")


def test_what_is_not_sent_comes_from_the_profile_that_it_is_based_on(tmp_path):
    async def scenario(client, _):
        await client.post(ALL, json={"profile": MINI})
        copy = await client.post(ALL, json={"profile": {"id": "two", "name": "Two"}, "basedOn": "mini"})
        assert copy.json()["profile"]["volume"]["width"] == 100
        assert copy.json()["profile"]["ceilings"]["tool"] == 250
        wrong = await client.post(ALL, json={"profile": {"id": "x", "name": "X"}, "basedOn": "nothing"})
        assert (wrong.status_code, "Profiles are: _default, mini, two" in wrong.text) == (400, True)

    run(tmp_path, scenario, user="boss")


def test_the_travel_beyond_the_volume(tmp_path):
    async def scenario(client, world):
        await client.patch(f"{ALL}/_default", json={"profile": {"volume": {"custom_box": {"x_min": -20, "x_max": 10}}}})
        box = (await client.get(f"{ALL}/_default")).json()["volume"]["custom_box"]
        assert box == {"x_min": -20, "x_max": 200, "y_min": 0, "y_max": 200, "z_min": 0, "z_max": 200}
        await until(lambda: world.asked(link.Configure)[-1].settings.profile.custom_box is not None)
        told = world.asked(link.Configure)[-1].settings.profile.custom_box
        assert (told.x_min, told.x_max, told.y_max) == (-20, 200, 200)
        await client.patch(f"{ALL}/_default", json={"profile": {"volume": {"custom_box": False}}})
        assert (await client.get(f"{ALL}/_default")).json() == DEFAULT

    run(tmp_path, scenario, user="boss")


WRONG = [
    ({}, 400, "profile"),
    ({"profile": 5}, 400, "profile must be an object"),
    ({"profile": {"name": "X"}}, 400, "profile.id"),
    ({"profile": {"id": "x"}}, 400, "profile.name"),
    ({"profile": {"id": 5, "name": "X"}}, 400, "profile.id must be a string"),
    ({"profile": {"id": "../x", "name": "X"}}, 400, "letters, digits"),
    ({"profile": {"id": "_default", "name": "X"}}, 409, "PATCH changes it"),
    ({"profile": {"id": "x", "name": 5}}, 400, "profile.name: 5 is not accepted; right is text"),
    ({"profile": {"id": "x", "name": "X", "volume": {"width": 0}}}, 400, "profile.volume.width: 0 is not accepted"),
    ({"profile": {"id": "x", "name": "X", "volume": 5}}, 400, "profile.volume: 5"),
    ({"profile": {"id": "x", "name": "X", "volume": {"formFactor": "round"}}}, 400, "one of rectangular, circular"),
    ({"profile": {"id": "x", "name": "X", "volume": {"origin": 5}}}, 400, "one of lowerleft, center"),
    ({"profile": {"id": "x", "name": "X", "volume": {"custom_box": {"x_min": "a"}}}}, 400, "custom_box.x_min"),
    ({"profile": {"id": "x", "name": "X", "volume": {"custom_box": 5}}}, 400, "custom_box: 5"),
    ({"profile": {"id": "x", "name": "X", "extruder": {"count": 100}}}, 400, "profile.extruder.count"),
    ({"profile": {"id": "x", "name": "X", "extruder": {"offsets": [[1]]}}}, 400, "profile.extruder.offsets"),
    ({"profile": {"id": "x", "name": "X", "heatedBed": None}}, 400, "profile.heatedBed"),
    ({"profile": {"id": "x", "name": "X", "axes": {"x": {"speed": True}}}}, 400, "profile.axes.x.speed"),
]  # fmt: skip


def test_what_is_wrong_is_named_and_nothing_is_written(tmp_path):
    async def scenario(client, _):
        for body, status, named in WRONG:
            answer = await client.post(ALL, json=body)
            assert (answer.status_code, named in answer.json()["error"]) == (status, True), (body, answer.text)
        assert not (tmp_path / "config.yaml").exists()

    run(tmp_path, scenario, user="boss")


def test_a_profile_that_does_not_exist_is_neither_changed_nor_deleted(tmp_path):
    async def scenario(client, _):
        assert (await client.patch(f"{ALL}/none", json={"profile": {"name": "X"}})).status_code == 404
        assert (await client.delete(f"{ALL}/none")).status_code == 404
        assert (await client.patch(f"{ALL}/_default", json={"profile": {"id": "x"}})).status_code == 400
        assert not (tmp_path / "config.yaml").exists()

    run(tmp_path, scenario, user="boss")


def test_only_a_true_default_makes_it_the_default_one(tmp_path):
    async def scenario(client, world):
        await client.post(ALL, json={"profile": {**MINI, "default": False}})
        assert not (await client.get(f"{ALL}/mini")).json()["default"]
        changed = await client.patch(f"{ALL}/mini", json={"profile": {"default": True}})
        assert changed.json()["profile"]["default"] is True
        assert changed.json()["profile"]["current"] is False, "the machine is connected as the other one"
        assert world.machine.settings.profile.id == "_default"
        assert (await client.delete(f"{ALL}/mini")).status_code == 409
        back = await client.patch(f"{ALL}/_default", json={"profile": {"default": True}})
        assert back.json()["profile"]["default"] is True
        assert (await client.delete(f"{ALL}/mini")).status_code == 204
        assert (await client.delete(f"{ALL}/_default")).status_code == 409

    run(tmp_path, scenario, user="boss")


def test_the_newest_is_not_sent_twice(tmp_path):
    async def scenario(client, _):
        for path in (ALL, f"{ALL}/_default"):
            first = await client.get(path)
            known = {"If-None-Match": first.headers["etag"], "If-Modified-Since": first.headers["last-modified"]}
            assert (await client.get(path, headers=known)).status_code == 304
            assert (await client.get(f"{path}?force=true", headers=known)).status_code == 200
        await client.post(ALL, json={"profile": MINI})
        assert (await client.get(ALL, headers={"If-None-Match": first.headers["etag"]})).status_code == 200

    run(tmp_path, scenario, user="boss")


# --- which one is in force --------------------------------------------------------------------------------------------


def test_connecting_chooses_the_profile_that_the_host_is_told_first(tmp_path):
    async def scenario(client, world):
        await client.post(ALL, json={"profile": MINI})
        answer = await client.post("/api/connection", json={"command": "connect", "printerProfile": "mini"})
        assert answer.status_code == 204
        asked = [each for each in world.host.received if isinstance(each, link.Configure | link.Connect)]
        assert (asked[-2].settings.profile.id, asked[-2].settings.profile.max_tool_temperature) == ("mini", 250)
        assert isinstance(asked[-1], link.Connect)

        await world.tell()
        shown = (await client.get("/api/connection")).json()
        assert shown["current"]["printerProfile"] == "mini"
        assert shown["options"]["printerProfilePreference"] == "_default"
        assert shown["options"]["printerProfiles"] == [
            {"id": "_default", "name": "Default"}, {"id": "mini", "name": "Mini"},
        ]  # fmt: skip
        assert (await client.get(f"{ALL}/mini")).json()["current"] is True
        assert (await client.delete(f"{ALL}/mini")).status_code == 409
        other = await client.post("/api/connection", json={"command": "connect", "printerProfile": "_default"})
        assert (other.status_code, "connected as 'mini'" in other.text) == (409, True)
        same = await client.post("/api/connection", json={"command": "connect", "printerProfile": "mini"})
        assert same.status_code == 204

        await world.tell(state=MachineState.OFFLINE)
        await client.post("/api/connection", json={"command": "connect"})
        assert world.machine.settings.profile.id == "_default", "nothing named is the default one"

    run(tmp_path, scenario, CLOSED, user="boss")


def test_saving_makes_it_the_default_one(tmp_path):
    async def scenario(client, world):
        await client.post(ALL, json={"profile": MINI})
        body = {"command": "connect", "printerProfile": "mini", "save": True}
        assert (await client.post("/api/connection", json=body)).status_code == 204
        assert written(tmp_path)["defaultProfile"] == "mini"
        assert world.machine.settings.profile.id == "mini"
        wrong = await client.post("/api/connection", json={"command": "connect", "printerProfile": "none"})
        assert (wrong.status_code, "accepted are: _default, mini" in wrong.text) == (400, True)

    run(tmp_path, scenario, CLOSED, user="boss")


@pytest.mark.parametrize("place", ["own", "above"])
def test_what_stands_in_the_file_is_changed_where_it_stands(tmp_path, place):
    profiles = "profiles:\n  big:\n    name: Big  # the old one\n    width: 500\n"
    text = profiles if place == "above" else f"machines:\n  default:\n    {profiles.replace(chr(10), chr(10) + '    ')}"
    (tmp_path / "config.yaml").write_text(f"{text.rstrip()}\n")

    async def scenario(client, _):
        answer = await client.patch(f"{ALL}/big", json={"profile": {"volume": {"depth": 300}}})
        assert (answer.status_code, answer.json()["profile"]["volume"]["width"]) == (200, 500)
        assert answer.json()["profile"]["volume"]["depth"] == 300
        assert "# the old one" in read_text(tmp_path / "config.yaml")
        assert (await client.delete(f"{ALL}/big")).status_code == 204
        assert (await client.get(f"{ALL}/big")).status_code == 404

    run(tmp_path, scenario, user="boss")


def test_the_machines_own_page_changes_the_profile_in_force(tmp_path):
    async def scenario(client, world):
        await client.post(ALL, json={"profile": MINI})
        await client.post("/api/connection", json={"command": "connect", "printerProfile": "mini"})
        await client.patch("/api/v1/machines/default", json={"profile": {"height": 50}})
        assert (await client.get(f"{ALL}/mini")).json()["volume"]["height"] == 50
        assert (await client.get(f"{ALL}/_default")).json()["volume"]["height"] == 200
        assert world.machine.settings.profile.height == 50

    run(tmp_path, scenario, CLOSED, user="boss")
