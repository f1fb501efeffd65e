"""`/plugin/discovery/discovery.xml` (contract, section 11)."""

import socket
from xml.etree import ElementTree as ET

from helpers_fleet import fake_host, until
from helpers_hub import run

PATH = "/plugin/discovery/discovery.xml"


def members(answer):
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/xml")
    (device,) = ET.fromstring(answer.content).findall("{*}device")
    return {one.tag.rpartition("}")[2]: one.text for one in device}


def test_the_description_is_open_and_names_the_same_id_as_the_settings(tmp_path):
    async def scenario(client, made):
        async with made.client() as nobody:
            told = members(await nobody.get(PATH))
        settings = (await client.get("/api/settings")).json()
        assert told["UDN"] == f"uuid:{settings['plugins']['discovery']['upnpUuid']}"
        assert told["deviceType"] == "urn:schemas-upnp-org:device:Basic:1"
        assert told["friendlyName"] == f"OctoPrint instance on {socket.gethostname().partition('.')[0]}"[:63]
        assert told["manufacturer"] == "The OctoPrint Project"
        assert told["modelName"] == "MrDraw"
        assert told["presentationURL"] == "http://mrdraw/"

    run(tmp_path, scenario)


def test_what_the_settings_say_of_the_machine(tmp_path):
    async def scenario(client, made):
        model = {"name": "M <1>", "vendor": "Acme & Sons", "serial": "7"}
        plugins = {"discovery": {"model": model, "upnpUuid": "mine", "httpUsername": "ada", "httpPassword": "secret"}}
        made.services.settings.update({"appearance": {"name": 'The "big" <one>\x07'}, "plugins": plugins})
        answer = await client.get(PATH, headers={"X-Forwarded-Prefix": "/octo"})
        told = members(answer)
        assert told["friendlyName"] == 'OctoPrint instance "The "big" <one>"'
        assert (told["manufacturer"], told["modelName"], told["serialNumber"]) == ("Acme & Sons", "M <1>", "7")
        assert "manufacturerURL" not in told
        assert "modelNumber" not in told
        assert told["UDN"] == "uuid:mine"
        assert "ada" not in answer.text
        assert "secret" not in answer.text

    run(tmp_path, scenario)


def test_each_machine_describes_itself_and_an_unknown_one_tells_nobody_which_there_are(tmp_path):
    async def scenario(client, made):
        async with fake_host(tmp_path / "machines" / "left"), made.client() as nobody:
            made.services.settings.update({"machines": {"left": {}}})
            await until(lambda: "left" in made.hub.machines)
            told = members(await nobody.get(f"/machines/left{PATH}"))
            assert told["presentationURL"] == "http://mrdraw/machines/left/"
            assert told["friendlyName"] == 'OctoPrint instance "left"'
            assert told["UDN"] != members(await nobody.get(PATH))["UDN"]
            unknown = await nobody.get(f"/machines/right{PATH}")
            assert unknown.status_code == 404
            assert "left" not in unknown.text
            assert "left" in (await client.get(f"/machines/right{PATH}")).json()["error"]

    run(tmp_path, scenario)


def test_where_announcing_is_off_there_is_no_description(tmp_path):
    async def scenario(client, made):
        made.services.settings.update({"plugins": {"discovery": {"enabled": False}}})
        assert (await client.get(PATH)).status_code == 404

    run(tmp_path, scenario)
