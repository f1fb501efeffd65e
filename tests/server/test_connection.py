"""`/api/connection` (contract, 5.2)."""

import msgspec
import pytest

from helpers_hub import READY, run
from mrdraw.link import messages as link
from mrdraw.link.messages import MachineState

URL = "/api/connection"


def test_what_is_connected_and_what_could_be(tmp_path):
    async def scenario(client, world):
        answer = (await client.get(URL)).json()
        assert answer["current"] == {
            "state": "Operational", "port": "/dev/ttyUSB10", "baudrate": 115200, "printerProfile": "_default",
        }  # fmt: skip
        options = answer["options"]
        assert options["ports"] == ["/dev/ttyUSB9", "/dev/ttyUSB10"]
        assert options["baudrates"] == [250000, 230400, 115200, 57600, 38400, 19200, 9600]
        assert options["printerProfiles"] == [{"id": "_default", "name": "Default"}]
        assert options["autoconnect"] is False
        assert {"portPreference", "baudratePreference", "printerProfilePreference"} <= options.keys()

    run(tmp_path, scenario)


@pytest.mark.parametrize("state", [MachineState.OFFLINE, MachineState.CLOSED_WITH_ERROR])
def test_without_connection_it_is_closed(tmp_path, state):
    async def scenario(client, world):
        current = (await client.get(URL)).json()["current"]
        assert current == {"state": "Closed", "port": None, "baudrate": None, "printerProfile": "_default"}

    run(tmp_path, scenario, link.Snapshot(sequence=1, state=state, port="/dev/ttyUSB10", baudrate=115200))


@pytest.mark.parametrize(
    ("body", "port", "baudrate"),
    [
        ({}, None, None),
        ({"port": "AUTO", "baudrate": 0}, "AUTO", 0),
        ({"port": "/dev/ttyUSB9", "baudrate": 250000, "printerProfile": "_default"}, "/dev/ttyUSB9", 250000),
        ({"port": None, "baudrate": None, "something": "else"}, None, None),
    ],
)
def test_connect(tmp_path, body, port, baudrate):
    async def scenario(client, world):
        answer = await client.post(URL, json={"command": "connect", **body})
        assert (answer.status_code, answer.content) == (204, b"")
        (command,) = world.asked(link.Connect)
        assert (command.port, command.baudrate) == (port, baudrate)

    run(tmp_path, scenario)


@pytest.mark.parametrize(
    "body",
    [
        {"command": "connect", "port": "/dev/elsewhere"},
        {"command": "connect", "port": 5},
        {"command": "connect", "baudrate": 12345},
        {"command": "connect", "baudrate": "fast"},
        {"command": "connect", "baudrate": True},
        {"command": "connect", "printerProfile": "mine"},
        {"command": "Connect"},
        {"command": ["connect"]},
        {},
    ],
)
def test_what_is_refused(tmp_path, body):
    async def scenario(client, world):
        answer = await client.post(URL, json=body)
        assert answer.status_code == 400
        assert answer.json()["error"]
        assert not world.asked(link.Connect)

    run(tmp_path, scenario)


def test_what_the_host_refuses_is_a_conflict(tmp_path):
    async def scenario(client, world):
        world.host.refusals[link.Connect] = ("WrongState", "A job is running on /dev/ttyUSB10.")
        answer = await client.post(URL, json={"command": "connect", "port": "/dev/ttyUSB9"})
        assert answer.status_code == 409
        assert "A job is running" in answer.json()["error"]

    run(tmp_path, scenario)


def test_a_host_that_says_nothing(tmp_path):
    async def scenario(client, world):
        world.host.silent = True
        answer = await client.post(URL, json={"command": "connect"})
        assert answer.status_code == 503

    run(tmp_path, scenario)


def test_disconnect_and_fake_ack(tmp_path):
    async def scenario(client, world):
        assert (await client.post(URL, json={"command": "disconnect"})).status_code == 204
        assert (await client.post(URL, json={"command": "fake_ack"})).status_code == 204
        await world.tell(state=MachineState.OFFLINE)
        assert (await client.post(URL, json={"command": "disconnect"})).status_code == 204
        assert (await client.post(URL, json={"command": "fake_ack"})).status_code == 204
        assert len(world.asked(link.Disconnect)) == 2
        assert len(world.asked(link.AcknowledgeByHand)) == 1

    run(tmp_path, scenario)


def test_the_choice_is_saved_when_asked_for(tmp_path):
    async def scenario(client, world):
        body = {"command": "connect", "port": "/dev/ttyUSB9", "save": True, "autoconnect": True}
        assert (await client.post(URL, json=body)).status_code == 204
        options = (await client.get(URL)).json()["options"]
        assert options["portPreference"] == "/dev/ttyUSB9"
        assert options["autoconnect"] is True
        assert (await client.post(URL, json={"command": "connect", "save": True})).status_code == 204
        options = (await client.get(URL)).json()["options"]
        assert options["portPreference"] == "/dev/ttyUSB9"

    run(tmp_path, scenario)


@pytest.mark.parametrize("command", ["connect", "disconnect", "fake_ack", "nonsense"])
def test_who_may(tmp_path, command):
    async def scenario(client, world):
        assert (await client.get(URL)).status_code == 200
        assert (await client.post(URL, json={"command": command})).status_code == 403
        async with world.client() as nobody:
            assert (await nobody.get(URL)).status_code == 401
            assert (await nobody.post(URL, json={"command": command})).status_code == 401

    run(tmp_path, scenario, READY, user="rita")


def test_a_device_that_has_a_lasting_name_is_saved_by_it(tmp_path):
    async def scenario(client, world):
        body = {"command": "connect", "port": "/dev/ttyUSB3", "save": True}
        assert (await client.post(URL, json=body)).status_code == 204
        (command,) = world.asked(link.Connect)
        assert command.port == lasting
        assert (await client.get(URL)).json()["options"]["portPreference"] == lasting

    lasting = "/dev/serial/by-id/usb-A_1-if00"
    port = link.PortInfo(path=lasting, device="/dev/ttyUSB3")
    run(tmp_path, scenario, msgspec.structs.replace(READY, ports=(port,)), user="boss")
