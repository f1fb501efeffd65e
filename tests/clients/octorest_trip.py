"""octorest, from PyPI, on its whole way; run by its own interpreter with the server's address and a key."""

import json
import sys
import time
from pathlib import Path

from octorest import OctoRest, WebSocketEventHandler, XHRStreamingEventHandler

ADDRESS, KEY, QUICK, LASTING = sys.argv[1:]
client = OctoRest(url=ADDRESS, apikey=KEY)


def until(condition):
    for _ in range(600):
        if condition():
            return
        time.sleep(0.05)
    raise TimeoutError


def reach(state):
    until(lambda: client.state() == state)


def refused(call, *arguments, **named):
    try:
        call(*arguments, **named)
    except RuntimeError as error:
        return str(error)
    raise AssertionError(call)


def connection():
    assert client.version["text"].startswith("OctoPrint")
    client.disconnect()
    until(lambda: client.connection_info()["current"]["state"] == "Closed")
    assert "409" in refused(client.printer)
    client.connect(port="VIRTUAL", baudrate=115200, printer_profile="_default", save=True)
    reach("Operational")
    until(lambda: "tool0" in client.printer()["temperature"])


def files():
    client.upload(QUICK)
    with Path(LASTING).open("rb") as file:
        client.upload(("folder/lasting.gcode", file))
    client.upload(QUICK, userdata='{"a": 1}')
    names = {entry["path"] for entry in client.files()["files"]}
    assert {"quick.gcode", "folder"} <= names, names
    assert client.files("local/folder/lasting.gcode")["name"] == "lasting.gcode"
    assert client.files_info("local", "folder", recursive=True)["children"][0]["path"] == "folder/lasting.gcode"
    client.copy("quick.gcode", "copied.gcode")
    client.move("copied.gcode", "folder")
    client.delete("folder/copied.gcode")
    assert "404" in refused(client.files, "local/folder/copied.gcode")
    client.select("folder/lasting.gcode")
    assert client.job_info()["job"]["file"]["path"] == "folder/lasting.gcode"


def job():
    client.start()
    reach("Printing")
    client.pause()
    reach("Paused")
    client.resume()
    reach("Printing")
    client.toggle()
    reach("Paused")
    client.cancel()
    reach("Operational")
    client.select("quick.gcode", print=True)
    until(lambda: client.job_info()["progress"]["completion"] == 100)
    reach("Operational")


def machine():
    assert set(client.printer(history=True, limit=1)) == {"temperature", "state"}
    client.jog(x=1, y=2, z=0.5)
    client.home(["x", "y"])
    client.feedrate(105)
    client.tool_target(30)
    until(lambda: client.tool()["tool0"]["target"] == 30)
    client.tool_target({"tool0": 0})
    client.tool_offset(2)
    until(lambda: client.tool()["tool0"]["offset"] == 2)
    client.tool_offset(0)
    client.tool_select(0)
    client.extrude(1)
    client.retract(1)
    client.flowrate(95)
    client.bed_target(30)
    until(lambda: client.bed(history=True, limit=1)["bed"]["target"] == 30)
    client.bed_target(0)
    assert "409" in refused(client.chamber_target, 20)
    assert "404" in refused(client.sd)
    client.gcode("M105")
    client.gcode(["M105", "M114"])
    assert isinstance(client.custom_control_request()["controls"], list)


def records():
    assert client.printer_profile()["id"] == "_default"
    made = client.add_printer_profile({"profile": {"id": "second", "name": "Second"}})
    assert made["profile"]["resource"].endswith("/api/printerprofiles/second")
    client.update_printer_profile("second", {"profile": {"name": "Renamed"}})
    assert client.printer_profiles()["profiles"]["second"]["name"] == "Renamed"
    client.delete_printer_profile("second")
    assert client.settings({"appearance": {"name": "octorest"}})["appearance"]["name"] == "octorest"
    assert client.settings()["feature"]["sdSupport"] is False
    assert client.slicers() == {}
    assert client.languages()["language_packs"]["_core"]["languages"] == []
    assert isinstance(client.logs()["files"], list)
    assert set(client.system_commands()) == {"core", "plugin", "custom"}
    assert client.timelapses()["config"]["type"] == "off"
    assert "ann" in {user["name"] for user in client.users()["users"]}
    assert client.user("ann")["active"] is True
    assert client.util_test_path("/", "dir", "r")["exists"] is True


def sockets():
    for handler in (WebSocketEventHandler, XHRStreamingEventHandler):
        heard = []
        socket = handler(ADDRESS, on_message=lambda _, message, heard=heard: heard.append(message))
        socket.run()
        until(lambda heard=heard: any("connected" in message for message in heard))


for part in (connection, files, job, machine, records, sockets):
    part()
    print(json.dumps(part.__name__), flush=True)
