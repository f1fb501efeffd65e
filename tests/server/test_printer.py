"""`/api/printer` and what stands below it (contract, 5.7)."""

import json

import msgspec
import pytest

from helpers_hub import READY, run
from mrdraw import events
from mrdraw.link import messages as link
from mrdraw.link.messages import Heater, Job, JobFile, MachineState, Profile, TemperaturePoint

URL = "/api/printer"
OFFLINE = link.Snapshot(sequence=1)
FILE = JobFile(name="a.gcode", path="a.gcode", display="a.gcode", source="/x", size=200)
PRINTING = msgspec.structs.replace(READY, state=MachineState.PRINTING, job=Job(id="1", file=FILE))
PAUSED = msgspec.structs.replace(PRINTING, state=MachineState.PAUSED)
TOOL = {"actual": 20.5, "target": 0.0, "offset": 2.0}
BED = {"actual": 21.0, "target": 60.0, "offset": 0.0}
FLAGS = (
    "operational", "printing", "cancelling", "pausing", "resuming", "finishing", "closedOrError", "error", "paused",
    "ready", "sdReady",
)  # fmt: skip


def refused(path, *bodies, status=400, snapshot=READY):
    """Cases that are answered with `status`."""
    return [pytest.param(path, body, status, snapshot, id=f"{path} {body}"[:60]) for body in bodies]


# --- reading --------------------------------------------------------------------------------------------------------


def test_all_of_it(tmp_path):
    async def scenario(client, world):
        answer = await client.get(URL)
        assert answer.headers["content-type"] == "application/json"
        found = answer.json()
        assert found["temperature"] == {"tool0": TOOL, "bed": BED}
        assert found["state"]["text"] == "Operational"
        assert found["state"]["error"] == ""
        assert found["state"]["flags"] == {**dict.fromkeys(FLAGS, False), "operational": True, "ready": True}
        assert "sd" not in found
        assert (await client.get(URL)).json() == found

    run(tmp_path, scenario)


@pytest.mark.parametrize(
    ("state", "flags"),
    [
        ("STARTING", ["printing"]), ("PRINTING", ["printing"]), ("PAUSED", ["paused"]),
        ("PAUSING", ["printing", "pausing"]), ("RESUMING", ["printing", "resuming"]),
        ("CANCELLING", ["printing", "cancelling"]), ("FINISHING", ["printing", "finishing"]),
    ],
)  # fmt: skip
def test_flags(tmp_path, state, flags):
    async def scenario(client, world):
        found = (await client.get(URL)).json()["state"]["flags"]
        assert {name for name, value in found.items() if value} == {"operational", *flags}

    run(tmp_path, scenario, msgspec.structs.replace(PRINTING, state=MachineState(state)))


@pytest.mark.parametrize(
    "state", ["OFFLINE", "OPEN_SERIAL", "DETECT_SERIAL", "CONNECTING", "ERROR", "CLOSED_WITH_ERROR"]
)
def test_a_machine_that_is_not_operational_is_a_conflict(tmp_path, state):
    async def scenario(client, world):
        for path in ("", "/tool", "/bed", "/chamber", "?exclude=state"):
            answer = await client.get(URL + path)
            assert answer.status_code == 409
            assert answer.json()["error"]

    run(tmp_path, scenario, msgspec.structs.replace(READY, state=MachineState(state)))


def test_parts_and_history(tmp_path):
    async def scenario(client, world):
        points = tuple(
            TemperaturePoint(time=time, heaters={"tool0": Heater(actual=time * 1.0, target=0.0), "bed": Heater()})
            for time in range(1, 401)
        )
        world.host.tell(link.TemperatureLog(points=points))
        await world.tell()

        async def get(query):
            return (await client.get(URL + query)).json()

        assert (await get("?exclude=temperature,sd")).keys() == {"state"}
        assert (await get("?exclude=state")).keys() == {"temperature"}
        assert "history" not in (await get("?history=false"))["temperature"]
        whole = (await get("?history=true"))["temperature"]["history"]
        assert [point["time"] for point in whole] == list(range(101, 401))
        assert whole[-1] == {
            "time": 400, "tool0": {"actual": 400.0, "target": 0.0}, "bed": {"actual": None, "target": None},
        }  # fmt: skip
        assert len((await get("?history=1&limit=2"))["temperature"]["history"]) == 2
        assert (await get("?history=yes&limit=0"))["temperature"]["history"] == []
        assert len((await get("?history=y&limit=1000"))["temperature"]["history"]) == 400
        tool = await get("/tool?history=true&limit=1")
        assert tool == {"tool0": TOOL, "history": [{"time": 400, "tool0": {"actual": 400.0, "target": 0.0}}]}
        bed = await get("/bed?history=true&limit=1")
        assert bed == {"bed": BED, "history": [{"time": 400, "bed": {"actual": None, "target": None}}]}
        for limit in ("-1", "many", "1.5", ""):
            assert (await client.get(f"{URL}?history=true&limit={limit}")).status_code == 400

    run(tmp_path, scenario)


def test_before_the_first_report(tmp_path):
    async def scenario(client, world):
        assert (await client.get(URL)).json()["temperature"] == {}
        assert (await client.get(f"{URL}/bed")).json() == {}

    run(tmp_path, scenario, msgspec.structs.replace(READY, heaters={}))


def test_a_heater_that_the_profile_does_not_have(tmp_path):
    async def scenario(client, world):
        assert (await client.get(f"{URL}/chamber")).status_code == 409
        answer = await client.post(f"{URL}/chamber", json={"command": "target", "target": 40})
        assert answer.status_code == 409
        assert "chamber" in answer.json()["error"]
        assert "chamber" not in (await client.get(URL)).json()["temperature"]

    snapshot = msgspec.structs.replace(READY, heaters={**READY.heaters, "chamber": Heater(actual=30.0)})
    run(tmp_path, scenario, snapshot)


def test_the_last_error(tmp_path):
    async def scenario(client, world):
        path = f"{URL}/error"
        assert (await client.get(path)).json() == {"error": "", "reason": ""}
        error = events.Error(error="Thermal runaway", reason="firmware", consequence="disconnect", logs=["Recv: x"])
        world.host.tell(link.Happened(sequence=1, at=1.0, event=error))
        await world.tell(state=MachineState.CLOSED_WITH_ERROR)
        assert (await client.get(path)).json() == {
            "error": "Thermal runaway", "reason": "firmware", "consequence": "disconnect", "faq": None,
            "logs": ["Recv: x"],
        }  # fmt: skip

    run(tmp_path, scenario)


def test_memory_cards_are_not_supported(tmp_path):
    async def scenario(client, world):
        assert (await client.get(f"{URL}/sd")).status_code == 404
        assert (await client.post(f"{URL}/sd", json={"command": "init"})).status_code == 404

    run(tmp_path, scenario)


# --- acting ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "body", "command"),
    [
        ("printhead", {"command": "jog", "x": 10, "z": -0.5}, link.Jog(id="", axes={"x": 10.0, "z": -0.5})),
        (
            "printhead",
            {"command": "jog", "y": 1, "absolute": "true", "speed": 900},
            link.Jog(id="", axes={"y": 1.0}, absolute=True, speed=900.0),
        ),
        ("printhead", {"command": "jog", "y": 1, "speed": False}, link.Jog(id="", axes={"y": 1.0}, no_speed=True)),
        ("printhead", {"command": "home", "axes": ["x", "y", "x"]}, link.HomeAxes(id="", axes="xy")),
        ("printhead", {"command": "feedrate", "factor": 110}, link.SetFactor(id="", kind="feedrate", percent=110)),
        ("tool", {"command": "select", "tool": "tool0"}, link.SelectTool(id="", tool=0)),
        ("tool", {"command": "target", "targets": {"tool0": 200, "tool": 5}},
         link.SetTargets(id="", targets={"tool0": 200.0, "tool": 5.0})),
        ("tool", {"command": "offset", "offsets": {"tool0": -50}}, link.SetOffsets(id="", offsets={"tool0": -50.0})),
        ("tool", {"command": "extrude", "amount": -5}, link.Extrude(id="", amount=-5.0)),
        ("tool", {"command": "extrude", "amount": 5, "speed": 60}, link.Extrude(id="", amount=5.0, speed=60.0)),
        ("tool", {"command": "flowrate", "factor": 0.95}, link.SetFactor(id="", kind="flowrate", percent=95)),
        ("bed", {"command": "target", "target": 60.5}, link.SetTargets(id="", targets={"bed": 60.5})),
        ("bed", {"command": "offset", "offset": 3}, link.SetOffsets(id="", offsets={"bed": 3.0})),
        ("command", {"command": "G28"}, link.SendLines(id="", lines=("G28",))),
        ("command", {"commands": ["G28", "M105"], "force": True},
         link.SendLines(id="", lines=("G28", "M105"), force=True)),
        ("command", {"command": "M104 S%(target)d ; %(name)s %%", "parameters": {"target": 200.7, "name": "a"}},
         link.SendLines(id="", lines=("M104 S200 ; a %",))),
        ("command", {"commands": ["G1 X%(x).2f"], "parameters": {"x": 1}}, link.SendLines(id="", lines=("G1 X1.00",))),
        ("command", {"command": "M117 100%"}, link.SendLines(id="", lines=("M117 100%",))),
    ],
)  # fmt: skip
def test_what_is_asked_reaches_the_host(tmp_path, path, body, command):
    async def scenario(client, world):
        answer = await client.post(f"{URL}/{path}", json=body)
        assert (answer.status_code, answer.content) == (204, b"")
        (found,) = world.asked(type(command))
        assert msgspec.structs.replace(found, id="") == command

    run(tmp_path, scenario)


@pytest.mark.parametrize(
    ("path", "body", "status", "snapshot"),
    [
        *refused(
            "printhead", {}, {"command": "fly"}, {"command": "jog"}, {"command": "jog", "x": "1"},
            {"command": "jog", "x": True}, {"command": "jog", "x": None}, {"command": "jog", "x": [1]},
            {"command": "jog", "x": 1, "speed": "fast"}, {"command": "jog", "x": 1, "speed": 0},
            {"command": "jog", "x": 1, "speed": True}, {"command": "home"}, {"command": "home", "axes": []},
            {"command": "home", "axes": "xyz"}, {"command": "home", "axes": ["e"]}, {"command": "home", "axes": ["X"]},
            {"command": "feedrate"}, {"command": "feedrate", "factor": 0}, {"command": "feedrate", "factor": "100"},
        ),
        *refused(
            "tool", {}, {"command": "select"}, {"command": "select", "tool": "tool1"},
            {"command": "select", "tool": "tool1x"}, {"command": "select", "tool": 0},
            {"command": "target", "targets": 200}, {"command": "target", "targets": {"tool0": -1}},
            {"command": "target", "targets": {"tool0": "200"}}, {"command": "target", "targets": {"bed": 50}},
            {"command": "target", "targets": {"tool9": 50}}, {"command": "offset", "offsets": {"tool0": 51}},
            {"command": "offset", "offsets": {"tool": 5}}, {"command": "extrude"},
            {"command": "extrude", "amount": "5"}, {"command": "extrude", "amount": 5, "speed": -1},
            {"command": "flowrate", "factor": None},
        ),
        *refused(
            "bed", {}, {"command": "target"}, {"command": "target", "target": "60"},
            {"command": "target", "target": -1}, {"command": "offset", "offset": -51},
        ),
        *refused(
            "command", {}, {"command": "G28", "commands": ["G28"]}, {"command": 5}, {"commands": "G28"},
            {"commands": ["G28", 5]}, {"command": "G1 X%(x)d", "parameters": {}},
            {"command": "G1 X%(x)d", "parameters": {"x": "a"}}, {"command": "G28", "parameters": []},
            {"script": 5},
        ),
        *refused("command", {"script": "missing"}, status=404),
        *refused("printhead", {"command": "jog", "x": 1}, {"command": "home", "axes": ["x"]}, status=409,
                 snapshot=PRINTING),
        *refused("tool", {"command": "extrude", "amount": 5}, status=409, snapshot=PRINTING),
        *refused("printhead", {"command": "jog", "x": 1}, {"command": "feedrate", "factor": 100}, status=409,
                 snapshot=OFFLINE),
        *refused("printhead", {"command": "fly"}, snapshot=OFFLINE),
        *refused("tool", {"command": "fly"}, {"command": "target", "targets": {"tool0": 5}}, status=409,
                 snapshot=OFFLINE),
        *refused("bed", {"command": "target", "target": 5}, status=409, snapshot=OFFLINE),
        *refused("command", {"command": "G28"}, {}, {"command": 5}, status=409, snapshot=OFFLINE),
    ],
)  # fmt: skip
def test_what_is_refused(tmp_path, path, body, status, snapshot):
    async def scenario(client, world):
        answer = await client.post(f"{URL}/{path}", json=body)
        assert answer.status_code == status, answer.text
        assert answer.json()["error"]
        assert len(world.host.received) == len(world.asked(link.Hello | link.Configure))

    run(tmp_path, scenario, snapshot)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_are_finite(tmp_path, number):
    async def scenario(client, world):
        for path, body in (
            ("printhead", f'{{"command":"jog","x":{number}}}'),
            ("bed", f'{{"command":"target","target":{number}}}'),
            ("tool", f'{{"command":"extrude","amount":{number}}}'),
            ("printhead", f'{{"command":"feedrate","factor":{number}}}'),
        ):
            headers = {"Content-Type": "application/json"}
            answer = await client.post(f"{URL}/{path}", content=body, headers=headers)
            assert answer.status_code == 400
        assert len(world.host.received) == len(world.asked(link.Hello | link.Configure))

    run(tmp_path, scenario)


@pytest.mark.parametrize("snapshot", [PRINTING, PAUSED])
def test_what_is_allowed_during_a_job(tmp_path, snapshot):
    async def scenario(client, world):
        for path, body in (
            ("printhead", {"command": "feedrate", "factor": 100}),
            ("tool", {"command": "select", "tool": "tool0"}),
            ("tool", {"command": "target", "targets": {"tool0": 200}}),
            ("tool", {"command": "flowrate", "factor": 100}),
            ("bed", {"command": "target", "target": 60}),
            ("command", {"command": "M105"}),
        ):
            assert (await client.post(f"{URL}/{path}", json=body)).status_code == 204

    run(tmp_path, scenario, snapshot)


def test_what_is_allowed_in_a_pause(tmp_path):
    async def scenario(client, world):
        for path, body in (
            ("printhead", {"command": "jog", "x": 1}),
            ("printhead", {"command": "home", "axes": ["z"]}),
            ("tool", {"command": "extrude", "amount": 5}),
        ):
            assert (await client.post(f"{URL}/{path}", json=body)).status_code == 204

    run(tmp_path, scenario, PAUSED)


@pytest.mark.parametrize(("code", "status"), [("LimitExceeded", 400), ("ForceNeeded", 409), ("NotOperational", 409)])
def test_what_the_host_refuses(tmp_path, code, status):
    async def scenario(client, world):
        world.host.refusals[link.SendLines] = (code, "The limit is 300 °C.")
        answer = await client.post(f"{URL}/command", json={"command": "M104 S999"})
        assert answer.status_code == status
        assert answer.json()["error"] == "The limit is 300 °C."

    run(tmp_path, scenario)


def test_profiles_name_the_tools(tmp_path):
    async def scenario(client, world):
        assert (await client.post(f"{URL}/tool", json={"command": "select", "tool": "tool1"})).status_code == 400
        world.set_profile(extruders=2, heatedChamber=True)
        assert (await client.post(f"{URL}/tool", json={"command": "select", "tool": "tool1"})).status_code == 204
        assert (await client.post(f"{URL}/chamber", json={"command": "target", "target": 5})).status_code == 204

    assert Profile().extruders == 1
    run(tmp_path, scenario)


def test_scripts_are_rendered(tmp_path):
    async def scenario(client, world):
        world.set_scripts({"warm": "M104 S{{ parameters.target }} ; {{ who }}\n\nM117 {{ context.who }}\n"})
        body = {"script": "warm", "parameters": {"target": 200}, "context": {"who": "me"}}
        assert (await client.post(f"{URL}/command", json=body)).status_code == 204
        assert world.asked(link.SendLines)[0].lines == ("M104 S200", "M117 me")
        assert (await client.post(f"{URL}/command", json={"script": "warm"})).status_code in {400, 409}

    run(tmp_path, scenario)


# --- the emergency stop ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        {"command": "M112"}, {"command": " m112 ; stop"}, {"command": "N5 M112*20"}, {"commands": ["G28", "M112"]},
        {"commands": "M112", "command": "M112"}, {"commands": [5, "G28\nM112"]},
    ],
)  # fmt: skip
@pytest.mark.parametrize("snapshot", [PRINTING, OFFLINE])
def test_m112_is_an_emergency_stop(tmp_path, body, snapshot):
    async def scenario(client, world):
        assert (await client.post(f"{URL}/command", json=body)).status_code == 204
        assert len(world.asked(link.EmergencyStop)) == 1
        assert not world.asked(link.SendLines)

    run(tmp_path, scenario, snapshot)


def test_an_emergency_stop_that_nobody_confirmed_names_what_to_do(tmp_path):
    async def scenario(client, world):
        world.host.silent = True
        answer = await client.post(f"{URL}/command", json={"command": "M112"})
        assert answer.status_code == 503
        assert "Switch the machine off" in answer.json()["error"]

    run(tmp_path, scenario)


@pytest.mark.parametrize("line", ["M1120", "M112.5", "M117 M112", "; M112", "G1 X112"])
def test_what_is_no_emergency(tmp_path, line):
    async def scenario(client, world):
        assert (await client.post(f"{URL}/command", json={"command": line})).status_code == 204
        assert not world.asked(link.EmergencyStop)

    run(tmp_path, scenario)


# --- who may --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["printhead", "tool", "bed", "chamber", "command", "sd"])
@pytest.mark.parametrize("snapshot", [READY, OFFLINE])
def test_acting_needs_control(tmp_path, path, snapshot):
    async def scenario(client, world):
        for body in ({"command": "M112"}, {"command": "target", "target": 5}, {}):
            answer = await client.post(f"{URL}/{path}", content=json.dumps(body))
            assert answer.status_code == 403

    run(tmp_path, scenario, snapshot, user="rita")


def test_without_a_key_nothing_is_said(tmp_path):
    async def scenario(_client, world):
        async with world.client() as nobody:
            for path in ("", "/tool", "/bed", "/chamber", "/error", "/sd"):
                assert (await nobody.get(URL + path)).status_code == 401
            for path in ("printhead", "tool", "bed", "chamber", "command", "sd"):
                assert (await nobody.post(f"{URL}/{path}", json={})).status_code == 401

    run(tmp_path, scenario)
