"""The requests that both servers are asked: in each state of the machine, in this order (contract, sections 5, 9, 10).

Account routes are not among them.
"""

from __future__ import annotations

from collections.abc import Iterator

from helpers_compare import Ask, Part

GCODE = "G1 X10 F3000\nG1 X20\n"
LONG = "G1 X1 F3000\nG4 P100\n" * 5000
NOT_JSON = b'{"command": '

Step = Ask | str
"""A request, or the state that both have to reach before the next one."""


def get(path: str, note: str = "", **headers: str) -> Ask:
    return Ask("GET", path, note=note, headers={name.replace("_", "-"): value for name, value in headers.items()})


def post(path: str, body: object) -> Ask:
    return Ask("POST", path, body)


def command(path: str, name: str, /, **members: object) -> Ask:
    return Ask("POST", path, {"command": name, **members})


def upload(name: str, content: str = GCODE, /, *, to: str = "/api/files/local", **fields: str) -> Ask:
    fields_ = tuple(Part(key, value) for key, value in fields.items())
    note = ", ".join([f"upload of {name!r}", *(f"{key}={value}" for key, value in fields.items())])
    own = f"{content}; {name}\n" if content else ""
    return Ask("POST", to, form=(Part("file", own, name), *fields_), note=note)


def form(note: str, *parts: Part, to: str = "/api/files/local") -> Ask:
    return Ask("POST", to, form=parts, note=note)


def anonymous(method: str, path: str, body: object = None, key: str | None = None) -> Ask:
    return Ask(method, path, body, key=key, note="a wrong key" if key else "no key")


def malformed(path: str) -> Iterator[Ask]:
    """Bodies that are no command."""
    yield Ask("POST", path, {})
    yield Ask("POST", path, {"command": "nonsense"})
    yield Ask("POST", path, [])
    yield Ask("POST", path, raw=NOT_JSON, kind="application/json", note="cut JSON")
    yield Ask("POST", path, raw=b'{"command": "x"}', kind="text/plain", note="text/plain")
    yield Ask("POST", path, raw=b'{"command": "x"}', note="no content type")
    yield Ask("POST", path, raw=b"null", kind="application/json", note="null")
    yield Ask("PUT", path, {})


READS = (
    "/api/version", "/api/server", "/api/connection", "/api/job", "/api/printer", "/api/printer?exclude=temperature",
    "/api/printer?exclude=sd,state", "/api/printer?history=true", "/api/printer?history=true&limit=2",
    "/api/printer/tool", "/api/printer/tool?history=true&limit=1", "/api/printer/bed", "/api/printer/bed?history=1",
    "/api/printer/chamber", "/api/printer/sd", "/api/printer/error", "/api/printer/command/custom",
    "/api/printerprofiles",
    "/api/printerprofiles/_default", "/api/printerprofiles/nonsense", "/api/files", "/api/files/local",
    "/api/files/sdcard", "/api/files?recursive=true", "/api/files/nowhere", "/api/nonsense",
)  # fmt: skip
"""What is read in each state of the machine."""


def reads() -> Iterator[Ask]:
    return (get(path) for path in READS)


def at_rest() -> Iterator[Step]:
    """What does not depend on the machine."""
    yield from versions()
    yield from strangers()
    yield from files_written()
    yield from files_read()
    yield from files_commanded()
    yield from files_removed()
    yield from profiles()
    yield from configuration()
    yield from system()
    yield from tests_of_others()
    yield from timelapse()
    yield from plugins()
    yield from downloads()


def versions() -> Iterator[Step]:
    yield get("/api/version", Content_Type="application/json")
    yield get("/api/version", "as 2.0.0", X_OctoPrint_Api_Version="2.0.0")
    yield Ask("GET", "/api/version?apikey={key}", key=None)
    yield Ask("GET", "/api/version", key=None, headers={"Authorization": "Bearer {key}"}, note="Bearer")
    yield Ask("HEAD", "/api/version")
    yield Ask("OPTIONS", "/api/version")
    yield Ask("POST", "/api/version", {})
    yield get("//api/version")
    yield get("/api//version")
    yield get("/api%2Fversion")
    yield get("/api/version/")
    yield get("/api/server?x=y")
    yield Ask("GET", "/api/currentuser")
    yield Ask(
        "GET", "/api/version", headers={"X-Forwarded-Proto": "https", "X-Forwarded-Host": "x.example"}, note="proxied"
    )
    yield Ask("GET", "/api/files/local", headers={"X-Script-Name": "/octo"}, note="prefixed by X-Script-Name")
    yield Ask("GET", "/api/files/local", headers={"X-Forwarded-Prefix": "/octo"}, note="prefixed by X-Forwarded-Prefix")
    yield get("/api/version", "with an Origin", Origin="http://other.example")


def strangers() -> Iterator[Step]:
    """Without a key, or with one that nobody owns."""
    for path in (
        "/api/version",
        "/api/job",
        "/api/printer",
        "/api/files",
        "/api/settings",
        "/api/system/info",
        "/api/nonsense",
    ):
        yield anonymous("GET", path)
    yield anonymous("GET", "/api/version", key="nobody-owns-this")
    yield anonymous("POST", "/api/job", {"command": "cancel"})
    yield anonymous("POST", "/api/job", {"command": "cancel"}, key="nobody-owns-this")
    yield anonymous("DELETE", "/api/files/local/a.gcode")
    yield anonymous("GET", "/downloads/files/local/a.gcode")
    yield anonymous("GET", "/online.txt")
    yield anonymous("GET", "/robots.txt")
    yield anonymous("GET", "/sockjs/info")


def files_written() -> Iterator[Step]:
    yield upload("a.gcode")
    yield upload("a.gcode", GCODE + "G1 X30\n")
    yield upload("a.gcode", noOverwrite="true")
    yield upload("b.gco", select="true")
    yield upload("c.g", print="true")
    yield upload("c.g", select="false", print="false")
    yield upload("d.gcode", path="folder")
    yield upload("deep.gcode", path="folder/sub/")
    yield upload("folder/in_name.gcode")
    yield upload("e.gcode", userdata='{"a": [1, null]}')
    yield upload("f.gcode", userdata="{no json")
    yield upload("name with spaces (1).gcode")
    yield upload("grün ✓.gcode")
    yield upload(".hidden.gcode")
    yield upload("x.txt")
    yield upload("x.stl")
    yield upload("noextension")
    yield upload("A.GCODE")
    yield upload("empty.gcode", "")
    yield upload("g.gcode", filename="renamed.gcode")
    yield upload("a.gcode", to="/api/files/sdcard")
    yield upload("a.gcode", to="/api/files/nowhere")
    yield upload("a.gcode", unknown="field")
    yield upload("../up.gcode")
    yield upload("up.gcode", path="../..")
    yield upload("a:b.gcode")
    yield form("a folder", Part("foldername", "new"))
    yield form("the folder again", Part("foldername", "new"))
    yield form("a folder below", Part("foldername", "sub"), Part("path", "new"))
    yield form("a folder in none", Part("foldername", "sub"), Part("path", "none"))
    yield form("a folder without name", Part("foldername", ""))
    yield form("a folder that looks like a file", Part("foldername", "x.gcode"))
    yield form("a folder named as a file", Part("foldername", "a.gcode"))
    yield form("a folder on the card", Part("foldername", "x"), to="/api/files/sdcard")
    yield form("a folder's name as a file's", Part("file", GCODE, "new"))
    yield form("neither", Part("other", "x"))
    yield form("a field that is not ours", Part("file.path", "/etc/passwd"), Part("file", GCODE, "z.gcode"))
    yield Ask("POST", "/api/files/local", {"a": 1})
    yield Ask("POST", "/api/files/local", raw=b"x", kind="multipart/form-data", note="no boundary")
    yield Ask("POST", "/api/files/local", raw=b"--b\r\nContent-Dis", kind="multipart/form-data; boundary=b", note="cut")
    yield Ask("POST", "/api/files", {})
    yield Ask("PUT", "/api/files/local", {})


def files_read() -> Iterator[Step]:
    for path in (
        "", "?recursive=true", "?filter=machinecode", "?force=true", "/local", "/local?recursive=true",
        "/local/a.gcode",
        "/local/A.GCODE", "/local/folder", "/local/folder?recursive=true", "/local/folder/sub", "/local/folder/d.gcode",
        "/local/folder/sub/deep.gcode", "/local/none.gcode", "/local/folder/none.gcode", "/sdcard", "/sdcard/a.gco",
        "/nowhere/a.gcode", "/local/name%20with%20spaces%20(1).gcode", "/local/gr%C3%BCn%20%E2%9C%93.gcode",
        "/local/.hidden.gcode", "/local/..%2F..%2Fconfig.yaml", "/local/empty.gcode", "/local/e.gcode",
        "%2Flocal%2Fa.gcode",
        "/local/folder%2Fd.gcode", "/local/a.gcode/", "/local/",
    ):  # fmt: skip
        yield get(f"/api/files{path}")
    yield Ask("HEAD", "/api/files/local/a.gcode")
    yield get("/api/files/local/a.gcode", "an old tag", If_None_Match='"0123"')
    yield get("/api/files/local", "an old time", If_Modified_Since="Mon, 01 Jan 2001 00:00:00 GMT")
    yield get("/api/files/local", "a time to come", If_Modified_Since="Fri, 01 Jan 2100 00:00:00 GMT")


def files_commanded() -> Iterator[Step]:
    one = "/api/files/local/a.gcode"
    yield from malformed(one)
    yield command(one, "select", print=True)
    yield command("/api/files/local/none.gcode", "select")
    yield command("/api/files/local/folder", "select")
    yield command("/api/files/sdcard/a.gco", "select")
    yield command("/api/files/nowhere/a.gco", "select")
    yield command(one, "unselect")
    yield command("/api/files/local/current", "unselect")
    yield command(one, "copy", destination="copied.gcode")
    yield command(one, "copy", destination="copied.gcode")
    yield command(one, "copy", destination="folder")
    yield command(one, "copy", destination="none/here.gcode")
    yield command(one, "copy", destination="other.txt")
    yield command(one, "copy")
    yield command(one, "copy", destination="")
    yield command(one, "copy", destination=5)
    yield command(one, "copy", destination="../up.gcode")
    yield command("/api/files/local/none.gcode", "copy", destination="x.gcode")
    yield command("/api/files/local/folder", "copy", destination="folder2")
    yield command("/api/files/sdcard/a.gco", "copy", destination="x.gcode")
    yield command("/api/files/local/copied.gcode", "move", destination="moved.gcode")
    yield command("/api/files/local/moved.gcode", "move", destination="folder")
    yield command("/api/files/local/folder2", "move", destination="folder3")
    yield command("/api/files/local/none.gcode", "move", destination="x.gcode")
    yield command("/api/files/local/folder3", "move", destination="none/x")
    yield command(one, "move")
    yield command(one, "slice", slicer="cura")
    yield command(one, "slice")
    yield command("/api/files/local/none.gcode", "analyse")
    yield command("/api/files/local/folder", "analyse")
    yield command(one, "uploadSd")
    for asked in (
        {"command": "sanitize", "storage": "local", "path": "folder", "filename": "grün? ✓.gcode"},
        {"command": "sanitize", "storage": "local", "filename": "a:b.gcode"},
        {"command": "exists", "storage": "local", "path": "", "filename": "a.gcode"},
        {"command": "exists", "storage": "local", "path": "", "filename": "none.gcode"},
        {"command": "exists", "storage": "nowhere", "path": "", "filename": "a.gcode"},
        {"command": "exists"},
        {"command": "nonsense", "storage": "local", "path": "", "filename": "a.gcode"},
    ):
        yield post("/api/files/test", asked)


def files_removed() -> Iterator[Step]:
    for path in (
        "/local/none.gcode", "/local/folder3", "/nowhere/a.gcode", "/sdcard/a.gco", "/local/..%2Fx",
        "/local/b.gco", "/local",
    ):  # fmt: skip
        yield Ask("DELETE", f"/api/files{path}")


def profiles() -> Iterator[Step]:
    where = "/api/printerprofiles"
    one = {
        "id": "second",
        "name": "Second",
        "model": "M",
        "color": "red",
        "volume": {"width": 100, "depth": 90, "height": 80},
    }
    yield get(where)
    yield get(f"{where}/_default")
    yield get(f"{where}/none")
    yield post(where, {"profile": one})
    yield post(where, {"profile": one})
    yield post(where, {"profile": {"id": "third", "name": "Third"}, "basedOn": "second"})
    yield post(where, {"profile": {"id": "fourth", "name": "Fourth"}, "basedOn": "none"})
    yield post(where, {"profile": {"name": "No id"}})
    yield post(where, {"profile": {"id": "noname"}})
    yield post(where, {})
    yield post(where, {"profile": 5})
    yield post(where, {"profile": {"id": "bad", "name": "Bad", "volume": {"width": "wide"}}})
    yield post(where, {"profile": {"id": "bad", "name": "Bad", "extruder": {"count": 0}}})
    yield post(where, {"profile": {"id": "round", "name": "Round", "volume": {"formFactor": "circular", "width": 120}}})
    yield post(where, {"profile": {"id": "boxed", "name": "B", "volume": {"custom_box": {"x_min": -5}}}})
    yield Ask("POST", where, raw=NOT_JSON, kind="application/json", note="cut JSON")
    yield Ask("POST", where, raw=b"{}", kind="text/plain", note="text/plain")
    yield get(f"{where}/second")
    yield Ask("PATCH", f"{where}/second", {"profile": {"name": "Renamed"}})
    yield Ask("PATCH", f"{where}/second", {"profile": {"axes": {"x": {"speed": 1000, "inverted": True}}}})
    yield Ask("PATCH", f"{where}/second", {"profile": {"axes": {"x": {"speed": "fast"}}}})
    yield Ask("PATCH", f"{where}/second", {"profile": {"unknown": 1}})
    yield Ask("PATCH", f"{where}/second", {})
    yield Ask("PATCH", f"{where}/none", {"profile": {"name": "None"}})
    yield Ask("PATCH", f"{where}/second", {"profile": {"default": True}})
    yield get(where)
    yield Ask("DELETE", f"{where}/second")
    yield Ask("PATCH", f"{where}/_default", {"profile": {"default": True, "name": "Default"}})
    for name in ("second", "third", "fourth", "round", "boxed", "none", "_default"):
        yield Ask("DELETE", f"{where}/{name}")
    yield get(where)


def configuration() -> Iterator[Step]:
    yield get("/api/settings")
    for tree in (
        {}, {"appearance": {"name": "Mill", "color": "red"}}, {"feature": {"temperatureGraph": False}},
        {"temperature": {"profiles": [{"name": "X", "extruder": 200, "bed": 50}]}},
        {"temperature": {"cutoff": 20, "sendAutomatically": True, "sendAutomaticallyAfter": 10}},
        {"terminalFilters": [{"name": "All", "regex": ".*"}]}, {"scripts": {"gcode": {"afterPrintDone": "M84"}}},
        {"webcam": {"streamUrl": "/webcam/?action=stream"}}, {"webcam": {"bitrate": "fast"}},
        {"serial": {"timeoutConnection": 8.5, "helloCommand": "M110 N1"}}, {"serial": {"ackMax": "many"}},
        {"unknown": {"x": 1}}, {"api": {"allowCrossOrigin": False}}, {"gcodeAnalysis": {"runAt": "never", "bedZ": 0.2}},
        {"server": {"diskspace": {"warning": 1000000, "critical": 500000}}}, {"plugins": {"nonsense": {"a": 1}}},
        {"controls": []}, {"folder": {"uploads": "/none/of/these"}}, {"webcam": {"ffmpegCommandline": "rm"}},
    ):  # fmt: skip
        yield post("/api/settings", tree)
    yield post("/api/settings", [])
    yield Ask("POST", "/api/settings", raw=NOT_JSON, kind="application/json", note="cut JSON")
    yield Ask("POST", "/api/settings", raw=b"{}", kind="text/plain", note="text/plain")
    yield get("/api/settings")
    yield get("/api/settings", "an old tag", If_None_Match='"0123"')
    yield get("/api/settings/nonsense")
    yield get("/api/settings/templates")
    yield get("/api/languages")
    yield form("no zip", Part("file", "no zip", "x.zip"), to="/api/languages")
    yield form("nothing", Part("other", "x"), to="/api/languages")
    yield Ask("DELETE", "/api/languages/de/_core")
    yield Ask("DELETE", "/api/languages/xx/none")


def system() -> Iterator[Step]:
    for path in (
        "commands", "commands/core", "commands/custom", "commands/plugin", "commands/nonsense", "info", "usage",
        "startup",
        "nonsense",
    ):  # fmt: skip
        yield get(f"/api/system/{path}")
    yield post("/api/system/commands/custom/none", {})
    yield post("/api/system/commands/core/nonsense", {})
    yield post("/api/system/commands/nonsense/restart", {})
    yield Ask("POST", "/api/system/commands/core/shutdown", note="no body")
    yield post("/api/system", {"action": "none"})
    yield post("/api/system", {})
    yield get("/api/logs")
    yield Ask("DELETE", "/api/logs/none.log")
    yield get("/api/setup/wizard")
    yield post("/api/setup/wizard", {"handled": []})
    yield post("/api/setup/wizard", {})
    yield get("/api/slicing")
    yield get("/api/slicing/cura/profiles")
    yield get("/api/slicing/cura/profiles/x")
    yield Ask("PUT", "/api/slicing/cura/profiles/x", {"data": {}})
    yield Ask("DELETE", "/api/slicing/cura/profiles/x")


def tests_of_others() -> Iterator[Step]:
    where = "/api/util/test"
    yield from malformed(where)
    yield command(where, "path", path="{base}", check_type="dir", check_access="r")
    yield command(where, "path", path="{base}/none", check_type="dir")
    yield command(where, "path", path="{base}/config.yaml", check_type="dir")
    yield command(where, "path", path="{base}/config.yaml", check_type="file", check_access=["r", "w"])
    yield command(where, "path")
    yield command(where, "url", url="http://127.0.0.1:1/")
    yield command(where, "url", url="no address")
    yield command(where, "server", host="127.0.0.1", port=1)
    yield command(where, "server", host="127.0.0.1", port="x")
    yield command(where, "server", host="127.0.0.1")
    yield command(where, "resolution", name="localhost")
    yield command(where, "resolution", name="none.invalid")
    yield command(where, "address", address="192.168.1.1")
    yield command(where, "address", address="8.8.8.8")
    yield command(where, "address")


def timelapse() -> Iterator[Step]:
    yield get("/api/timelapse")
    yield get("/api/timelapse?unrendered=true")
    yield post("/api/timelapse", {"type": "off"})
    yield post("/api/timelapse", {"type": "timed", "interval": 10, "postRoll": 0, "fps": 25})
    yield post("/api/timelapse", {"type": "timed", "interval": "x"})
    yield post("/api/timelapse", {"type": "nonsense"})
    yield post("/api/timelapse", {})
    yield Ask("POST", "/api/timelapse", raw=b"type=off", kind="application/x-www-form-urlencoded", note="a form")
    yield Ask("DELETE", "/api/timelapse/none.mp4")
    yield Ask("DELETE", "/api/timelapse/unrendered/none")
    yield get("/api/timelapse/none.mp4")
    yield command("/api/timelapse/unrendered/none", "render")
    yield command("/api/timelapse/unrendered/none", "nonsense")


def plugins() -> Iterator[Step]:
    for path in (
        "/plugin/logging/", "/plugin/logging/logs", "/plugin/logging/setup", "/plugin/logging/setup/levels",
        "/plugin/logging/logs/none.log", "/plugin/pluginmanager/plugins", "/plugin/pluginmanager/plugins/versions",
        "/plugin/pluginmanager/plugins/none", "/api/plugin/pluginmanager", "/api/plugin/none", "/plugin/none/x",
        "/api/plugin/action_command_prompt", "/api/plugin/action_command_notification",
        "/plugin/gcodeviewer/skipuntilcheck/local/a.gcode", "/plugin/gcodeviewer/skipuntilcheck/local/none.gcode",
        "/api/plugin/health_check", "/plugin/corewizard/acl",
    ):  # fmt: skip
        yield get(path)
    yield Ask("PUT", "/plugin/logging/setup/levels", {})
    yield Ask("PUT", "/plugin/logging/setup/levels", {"none": "LOUD"})
    yield Ask("DELETE", "/plugin/logging/logs/none.log")
    yield command("/api/plugin/pluginmanager", "install", url="http://127.0.0.1:1/x.zip")
    yield command("/api/plugin/pluginmanager", "uninstall", plugin="none")
    yield command("/api/plugin/pluginmanager", "enable", plugin="none")
    yield command("/api/plugin/pluginmanager", "nonsense")
    yield command("/api/plugin/none", "x")
    yield command("/api/plugin/action_command_prompt", "select", choice=0)
    yield command("/api/plugin/action_command_prompt", "select")
    yield command("/api/plugin/action_command_notification", "clear")
    yield command("/api/plugin/action_command_notification", "nonsense")
    yield post("/plugin/corewizard/acl", {"user": "x", "pass1": "y", "pass2": "y"})


def downloads() -> Iterator[Step]:
    one = "/downloads/files/local/a.gcode"
    yield get(one)
    yield Ask("HEAD", one)
    yield get(one, "the first bytes", Range="bytes=0-3")
    yield get(one, "the last bytes", Range="bytes=-4")
    yield get(one, "bytes that are not there", Range="bytes=100000-")
    yield get(one, "an old tag", If_None_Match='"0123"')
    for path in (
        "local/folder/d.gcode", "local/gr%C3%BCn%20%E2%9C%93.gcode", "local/name%20with%20spaces%20(1).gcode",
        "local/none.gcode", "local/folder", "local/.hidden.gcode", "local/..%2F..%2Fconfig.yaml",
        "local/.metadata.json",
        "sdcard/a.gco", "local?files=a.gcode&files=c.g", "local", "local?files=none.gcode",
        "local?files=../config.yaml",
    ):  # fmt: skip
        yield get(f"/downloads/files/{path}")
    for path in (
        "/downloads/timelapse/none.mp4", "/downloads/timelapses", "/downloads/logs/none.log", "/downloads/logs",
        "/downloads/camera/current", "/online.txt", "/online.gif", "/robots.txt", "/sockjs/info", "/sockjs",
        "/favicon.ico", "/static/nonsense.js", "/nonsense",
    ):  # fmt: skip
        yield get(path)


def connecting() -> Iterator[Step]:
    """Without a machine."""
    where = "/api/connection"
    yield from malformed(where)
    yield command(where, "connect", port="/dev/none")
    yield command(where, "connect", port=5)
    yield command(where, "connect", baudrate=12345)
    yield command(where, "connect", baudrate="fast")
    yield command(where, "connect", printerProfile="none")
    yield command(where, "disconnect")
    yield command(where, "fake_ack")


def refused() -> Iterator[Step]:
    """Commands to the machine, none of which can be carried out in the state that it is in."""
    yield command("/api/job", "start")
    yield command("/api/job", "pause")
    yield command("/api/job", "cancel")
    yield command("/api/job", "restart")
    yield command("/api/job", "nonsense")
    yield command("/api/files/local/a.gcode", "select")
    yield command("/api/files/local/current", "unselect")
    yield command("/api/printer/printhead", "jog", x=1)
    yield command("/api/printer/printhead", "home", axes=["x"])
    yield command("/api/printer/tool", "target", targets={"tool0": 20})
    yield command("/api/printer/tool", "extrude", amount=1)
    yield command("/api/printer/bed", "target", target=20)
    yield command("/api/printer/chamber", "target", target=20)
    yield command("/api/printer/sd", "init")
    yield command("/api/printer/printhead", "nonsense")
    yield post("/api/printer/command", {"command": "M105"})
    yield post("/api/printer/command", {})
    yield upload("while.gcode", select="true", print="true")


def moving() -> Iterator[Step]:
    """What the machine is told by hand, good and bad."""
    head, tool, bed = "/api/printer/printhead", "/api/printer/tool", "/api/printer/bed"
    for path in (head, tool, bed, "/api/printer/chamber", "/api/printer/sd", "/api/printer/command"):
        yield from malformed(path)
    yield command(head, "jog", x=10, y=-2.5, z=0.02)
    yield command(head, "jog", x=10, absolute=True, speed=1000)
    yield command(head, "jog", x=1, speed=False)
    yield command(head, "jog")
    yield command(head, "jog", x="far")
    yield command(head, "jog", x=1, speed="fast")
    yield command(head, "home", axes=["x", "y", "z"])
    yield command(head, "home", axes=["q"])
    yield command(head, "home", axes="x")
    yield command(head, "home")
    yield command(head, "feedrate", factor=105)
    yield command(head, "feedrate", factor=1.05)
    yield command(head, "feedrate", factor=0)
    yield command(head, "feedrate", factor="x")
    yield command(tool, "target", targets={"tool0": 220, "tool1": 200})
    yield command(tool, "target", targets={"tool0": 25.5})
    yield command(tool, "target", targets={"tool1x": 20})
    yield command(tool, "target", targets={"tool0": "hot"})
    yield command(tool, "target", targets={"tool0": -5})
    yield command(tool, "target", targets={})
    yield command(tool, "target", targets=[1])
    yield command(tool, "target")
    yield command(tool, "offset", offsets={"tool0": 10})
    yield command(tool, "offset", offsets={"tool0": 90})
    yield command(tool, "offset", offsets={"bed": 1})
    yield get("/api/printer/tool")
    yield command(tool, "offset", offsets={"tool0": 0})
    yield command(tool, "select", tool="tool0")
    yield command(tool, "select", tool="bed")
    yield command(tool, "select")
    yield command(tool, "extrude", amount=5)
    yield command(tool, "extrude", amount=-5, speed=300)
    yield command(tool, "extrude", amount="x")
    yield command(tool, "extrude")
    yield command(tool, "flowrate", factor=95)
    yield command(tool, "flowrate", factor=0)
    yield command(bed, "target", target=60)
    yield command(bed, "target", target=-1)
    yield command(bed, "target", target="x")
    yield command(bed, "target")
    yield command(bed, "offset", offset=5)
    yield command(bed, "offset", offset=51)
    yield command(bed, "offset", offset=0)
    yield command(bed, "target", target=0)
    yield command(tool, "target", targets={"tool0": 0})
    yield command("/api/printer/chamber", "target", target=20)
    yield command("/api/printer/sd", "init")
    yield command("/api/printer/sd", "refresh")
    yield command("/api/printer/sd", "release")
    where = "/api/printer/command"
    yield post(where, {"command": "M105"})
    yield post(where, {"commands": ["M105", "M114"]})
    yield post(where, {"commands": []})
    yield post(where, {"commands": "M105"})
    yield post(where, {"commands": [5]})
    yield post(where, {"command": 5})
    yield post(where, {"command": "M105", "commands": ["M105"]})
    yield post(where, {"script": "none"})
    yield post(where, {"command": "M117 %(text)s", "parameters": {"text": "hello"}})
    yield post(where, {"command": "M117 %(text)s", "parameters": {}})
    yield post("/api/printer/heater", {"command": "temp", "temps": {"hotend": 0}})
    yield post("/api/printer/feeder", {"command": "extrude", "amount": 1})


def operational() -> Iterator[Step]:
    """With a machine that has nothing to do."""
    yield "warm"
    yield from reads()
    yield command("/api/connection", "connect")
    yield command("/api/connection", "connect", port="/dev/none")
    yield command("/api/connection", "fake_ack")
    yield from moving()
    yield "Operational"
    yield from malformed("/api/job")
    yield command("/api/job", "start")
    yield command("/api/job", "pause")
    yield command("/api/job", "pause", action="nonsense")
    yield command("/api/job", "cancel")
    yield command("/api/job", "restart")
    yield command("/api/files/local/current", "unselect")
    yield command("/api/files/local/a.gcode", "select")
    yield get("/api/job")
    yield command("/api/files/local/c.g", "unselect")
    yield upload("a.gcode", select="true")
    yield command("/api/files/local/a.gcode", "move", destination="a2.gcode")
    yield get("/api/job")
    yield command("/api/files/local/a2.gcode", "move", destination="a.gcode")
    yield command("/api/files/local/folder", "select")
    yield command("/api/files/local/c.g", "select", print=False)
    yield Ask("DELETE", "/api/files/local/c.g")
    yield get("/api/job")
    yield upload("c.g")


def printing() -> Iterator[Step]:
    """A job runs."""
    yield upload("long.gcode", LONG, select="true", print="true")
    yield "Printing"
    yield from reads()
    yield from refused_while_busy()
    yield command("/api/job", "start")
    yield command("/api/job", "restart")
    yield command("/api/job", "pause", action="resume")
    yield command("/api/printer/printhead", "jog", x=1)
    yield command("/api/printer/printhead", "home", axes=["x"])
    yield command("/api/printer/printhead", "feedrate", factor=100)
    yield command("/api/printer/tool", "extrude", amount=1)
    yield command("/api/printer/tool", "target", targets={"tool0": 0})
    yield command("/api/printer/tool", "select", tool="tool0")
    yield command("/api/printer/tool", "flowrate", factor=100)
    yield command("/api/printer/bed", "target", target=0)
    yield command("/api/printer/sd", "init")
    yield post("/api/printer/command", {"command": "M105"})
    yield command("/api/job", "pause", action="pause")
    yield "Paused"


def refused_while_busy() -> Iterator[Step]:
    """What is not done to files while a job lives."""
    yield command("/api/files/local/a.gcode", "select")
    yield command("/api/files/local/a.gcode", "select", print=True)
    yield command("/api/files/local/current", "unselect")
    yield Ask("DELETE", "/api/files/local/long.gcode")
    yield upload("long.gcode")
    yield upload("other.gcode", select="true", print="true")
    yield command("/api/files/local/long.gcode", "move", destination="away.gcode")
    yield command("/api/files/local/long.gcode", "copy", destination="second.gcode")
    yield Ask("DELETE", "/api/files/local/second.gcode")
    yield command("/api/connection", "connect")
    yield get("/api/files/local/long.gcode")


def paused() -> Iterator[Step]:
    """A job waits."""
    yield from reads()
    yield from refused_while_busy()
    yield command("/api/job", "start")
    yield command("/api/job", "pause", action="pause")
    yield command("/api/printer/printhead", "jog", x=1)
    yield command("/api/printer/printhead", "home", axes=["x"])
    yield command("/api/printer/tool", "extrude", amount=1)
    yield command("/api/printer/tool", "select", tool="tool0")
    yield post("/api/printer/command", {"command": "M105"})
    yield command("/api/printer/sd", "init")
    yield command("/api/job", "pause")
    yield "Printing"
    yield command("/api/job", "pause")
    yield "Paused"
    yield command("/api/job", "pause", action="resume")
    yield "Printing"
    yield command("/api/job", "cancel")
    yield "Operational"


def done() -> Iterator[Step]:
    """After a cancelled job and a finished one."""
    yield get("/api/job")
    yield get("/api/files/local/long.gcode")
    yield upload("short.gcode", select="true")
    yield command("/api/job", "start")
    yield "done"
    yield get("/api/job")
    yield get("/api/files/local/short.gcode")
    yield get("/api/files")
    yield command("/api/files/local/current", "unselect")
    yield get("/api/job")
    yield command("/api/connection", "disconnect")
    yield "Offline"
    yield from reads()


def offline() -> Iterator[Step]:
    yield from reads()
    yield from connecting()
    yield from refused()


def connect() -> Iterator[Step]:
    yield command("/api/connection", "connect", port="{port}", baudrate=115200, printerProfile="_default", save=True)
    yield "Operational"


SCENES = {
    "at rest": at_rest,
    "offline": offline,
    "connecting": connect,
    "operational": operational,
    "printing": printing,
    "paused": paused,
    "done": done,
}
