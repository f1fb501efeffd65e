"""`/api/v1/machines`: the finer state, names and profiles."""

import msgspec
import pytest

from helpers_hub import READY, run
from mrdraw.accounts import Grants, Scopes
from mrdraw.events import PrinterProfileModified, SettingsUpdated
from mrdraw.link.messages import (
    ConnectionPhase,
    ConnectionStatus,
    DeviceIdentity,
    Interrupted,
    Job,
    JobFile,
    Notice,
    Progress,
    Resends,
)
from mrdraw.settings.document import parse, read_text

ALL = "/api/v1/machines"
ONE = f"{ALL}/default"
FILE = JobFile(name="a.gcode", path="a.gcode", display="a.gcode", source="/x", size=200)
PROFILE = {
    "id": "_default", "name": "Default", "width": 200, "depth": 200, "height": 200, "originCenter": False,
    "extruders": 1, "heatedBed": True, "heatedChamber": False, "maxToolTemperature": 300, "maxBedTemperature": 120,
    "maxChamberTemperature": 80, "maxExtrusion": 500, "speedX": 6000, "speedY": 6000, "speedZ": 200, "speedE": 300,
    "kinematics": "", "model": "Generic RepRap Printer", "color": "default", "formFactor": "rectangular",
    "customBox": None, "extruderOffsets": [], "nozzleDiameter": 0.4, "sharedNozzle": False, "defaultExtrusionLength": 5,
    "invertedX": False, "invertedY": False, "invertedZ": False, "invertedE": False,
}  # fmt: skip


def test_how_it_stands_with_the_connection(tmp_path):
    async def scenario(client, world):
        assert (await client.get(ONE)).json()["connection"] == {
            "phase": "link-lost", "since": 1.5, "reason": "unplugged",
            "device": {"byId": "usb-A_1-if00", "byPath": "", "serialNumber": "1", "uuid": "u", "shared": False},
        }  # fmt: skip
        await world.tell(connection=ConnectionStatus())
        found = (await client.get(ONE)).json()["connection"]
        assert (found["phase"], found["since"]) == ("closed", None)

    device = DeviceIdentity(by_id="usb-A_1-if00", serial_number="1", uuid="u")
    lost = ConnectionStatus(ConnectionPhase.LINK_LOST, 1.5, "unplugged", device)
    run(tmp_path, scenario, msgspec.structs.replace(READY, connection=lost))


def test_the_finer_state(tmp_path):
    async def scenario(client, world):
        found = (await client.get(ONE)).json()
        assert (found["id"], found["name"]) == ("default", "default")
        assert found["reachable"] is True
        assert found["state"]["id"] == "OPERATIONAL"
        assert found["state"]["flags"]["ready"] is True
        assert found["temperatures"]["tool0"] == {"actual": 20.5, "target": 0.0, "offset": 2.0}
        assert found["progress"]["linesTotal"] == 90
        assert found["resends"] == {"count": 5, "transmitted": 50, "ratio": 10}
        assert found["interrupted"] == {
            "id": "1", "file": {"name": "a.gcode", "path": "a.gcode", "origin": "local", "size": 200}, "line": 42,
            "sent": 41, "acknowledged": 40, "executed": None, "filepos": 99, "printTime": 12, "at": 1.5,
            "reason": "the host died",
        }  # fmt: skip
        assert found["profile"] == PROFILE
        assert found["notices"] == [{"key": "unattended", "text": "Heaters go off soon.", "until": 9.5}]
        assert (await client.get(ALL)).json() == {"machines": [found], "default": "default"}
        await world.tell()
        assert (await client.get(ONE)).json()["interrupted"] is None

    interrupted = Interrupted(
        job=Job(id="1", file=FILE), line=42, sent=41, acknowledged=40, file_position=99, print_time=12.5,
        interrupted_at=1.5, reason="the host died",
    )  # fmt: skip
    snapshot = msgspec.structs.replace(
        READY, interrupted=interrupted, notices=(Notice(key="unattended", text="Heaters go off soon.", until=9.5),),
        resends=Resends(count=5, transmitted=50), progress=Progress(lines_total=90),
    )  # fmt: skip
    run(tmp_path, scenario, snapshot, user="rita")


def test_the_name_and_the_profile(tmp_path):
    async def scenario(client, world):
        heard, changes = [], []
        world.hub.bus.subscribe(lambda _, event: heard.append(type(event)))
        world.machine.view.subscribe(lambda: changes.append(1))
        answer = await client.patch(ONE, json={"name": " Mill ", "profile": {"width": 500, "heatedBed": False}})
        assert answer.status_code == 200
        found = answer.json()
        assert (found["name"], found["id"]) == ("Mill", "default")
        assert found["profile"] == {**PROFILE, "width": 500, "heatedBed": False}
        assert (await client.get(ONE)).json() == found
        assert heard == [SettingsUpdated, PrinterProfileModified]
        assert changes
        written = parse(read_text(tmp_path / "config.yaml"))
        assert written == {"machines": {"default": {"name": "Mill", "profile": {"width": 500, "heatedBed": False}}}}
        back = await client.patch(ONE, json={"name": "", "profile": found["profile"]})
        assert (back.json()["name"], back.json()["profile"]) == ("default", found["profile"])

    run(tmp_path, scenario, user="boss")


def test_nothing_to_change(tmp_path):
    async def scenario(client, _):
        for body in ({}, {"profile": {}}, {"profile": {"id": "_default"}}):
            answer = await client.patch(ONE, json=body)
            assert (answer.status_code, answer.json()["profile"]) == (200, PROFILE)
        assert not (tmp_path / "config.yaml").exists()

    run(tmp_path, scenario, user="boss")


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"name": 5}, "name must be a string"),
        ({"name": None}, "name must be a string"),
        ({"name": "x" * 129}, "at most 128"),
        ({"name": "a\nb"}, "cannot be seen"),
        ({"profile": []}, "profile must be an object"),
        ({"profile": {"width": 0}}, "profile.width: 0 is not accepted"),
        ({"profile": {"width": "wide"}}, "profile.width"),
        ({"profile": {"width": None}}, "profile.width is null"),
        ({"profile": {"extruders": 1.5}}, "profile.extruders"),
        ({"profile": {"maxToolTemperature": 5000}}, "profile.maxToolTemperature"),
        ({"profile": {"colour": "red"}}, "profile.colour is unknown"),
        ({"profile": {"id": "other"}}, "profile.id"),
        ({"serial": {}}, "serial is unknown; members are: name, profile"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_written(tmp_path, body, named):
    async def scenario(client, _):
        answer = await client.patch(ONE, json=body)
        assert (answer.status_code, named in answer.json()["error"]) == (400, True), answer.text
        assert not (tmp_path / "config.yaml").exists()

    run(tmp_path, scenario, user="boss")


def test_an_unknown_machine(tmp_path):
    async def scenario(client, _):
        assert (await client.get(f"{ALL}/other")).status_code == 404
        assert (await client.patch(f"{ALL}/other", json={"name": "x"})).status_code == 404

    run(tmp_path, scenario, user="boss")


def test_how_far_the_axes_go(tmp_path):
    async def scenario(client, _):
        assert (await client.get(ONE)).json()["travel"] == {"x": [-5.0, 220.0]}

    run(tmp_path, scenario, msgspec.structs.replace(READY, travel={"x": (-5.0, 220.0)}))


@pytest.mark.parametrize(("machine", "seen"), [("default", ["default"]), ("another", [])])
def test_somebody_of_some_machines_sees_those(tmp_path, machine, seen):
    async def scenario(_, world):
        accounts = world.services.accounts
        accounts.add_user("far", "secret", Grants(("users",), scopes=Scopes(groups={"users": (machine,)})))
        async with world.client(accounts.new_user_key("far")) as client:
            found = (await client.get(ALL)).json()
        assert [one["id"] for one in found["machines"]] == seen
        assert found["default"] == (seen[0] if seen else None)

    run(tmp_path, scenario)
