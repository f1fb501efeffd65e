"""The settings over HTTP (contract, 5.9 and section 0)."""

import asyncio

import pytest

from helpers_fleet import fake_host, until
from helpers_hub import run, world
from mrdraw.events import SettingsUpdated

PATH = "/api/settings"


def in_file(made):
    from mrdraw.settings.document import parse, read_text

    path = made.uploads.parent / "config.yaml"
    return parse(read_text(path)), path


# --- reading ----------------------------------------------------------------------------------------------------------


def test_the_tree(tmp_path):
    async def scenario(client, made):
        tree = (await client.get(PATH)).json()
        assert set(tree) == {
            "accessControl", "api", "appearance", "controls", "devel", "feature", "folder", "gcodeAnalysis", "plugins",
            "scripts", "serial", "server", "slicing", "system", "temperature", "terminalFilters", "webcam",
        }  # fmt: skip
        assert tree["api"] == {"key": made.services.accounts.global_key(), "allowCrossOrigin": False}
        assert tree["appearance"]["name"] == ""
        assert tree["appearance"]["showInternalFilename"] is True
        assert tree["feature"]["autoUppercaseBlacklist"] == ["M117", "M118", "M707", "M708"]
        assert tree["folder"] == {name: str(tmp_path / name) for name in ("uploads", "timelapse", "watched")}
        assert tree["serial"]["portOptions"] == ["/dev/ttyUSB9", "/dev/ttyUSB10"]
        assert 115200 in tree["serial"]["baudrateOptions"]
        assert (tree["serial"]["port"], tree["serial"]["autoconnect"]) == (None, False)
        assert tree["temperature"]["cutoff"] == 30
        assert tree["temperature"]["profiles"][1] == {"name": "PLA", "extruder": 180, "bed": 60}
        assert tree["terminalFilters"][3] == {"name": "Suppress wait responses", "regex": "Recv: wait"}
        assert (tree["scripts"], tree["controls"]) == ({"gcode": {}}, [])
        assert (tree["webcam"]["webcams"], tree["webcam"]["streamUrl"]) == ([], "")
        assert tree["accessControl"] == {"autologinLocal": False, "autologinHeadsupAcknowledged": False}
        assert tree["server"]["uploads"] == {"maxSize": 16 * 1024**3}
        assert tree["server"]["allowFraming"] is False
        assert "tls" not in tree["server"]
        assert tree["system"] == {"actions": [], "events": None}

    run(tmp_path, scenario, user="boss")


@pytest.mark.parametrize("user", ["ann", "rita"])
def test_the_key_is_for_admins(tmp_path, user):
    async def scenario(client, made):
        answer = await client.get(PATH)
        assert answer.json()["api"]["key"] is None
        assert made.services.accounts.global_key() not in answer.text

    run(tmp_path, scenario, user=user)


def test_the_unique_id_is_made_once_and_kept(tmp_path):
    found = []

    async def main():
        async with world(tmp_path) as made, made.client(made.key("rita")) as client:
            answers = await asyncio.gather(client.get(PATH), client.get(PATH))
            found.extend(answer.json()["plugins"]["discovery"]["upnpUuid"] for answer in answers)
            (made.uploads).rmdir()

    asyncio.run(main())
    (tmp_path / "config.yaml").write_text("plugins: {tracking: {enabled: false}}\n", encoding="utf-8")

    async def again():
        async with world(tmp_path) as made:
            key = made.services.accounts.user_key("rita")
            async with made.client(key) as client:
                plugins = (await client.get(PATH)).json()["plugins"]
                assert plugins == {"tracking": {}, "discovery": {"upnpUuid": found[0]}}  # what it keeps may be a secret
            async with made.client(made.key("boss")) as client:
                plugins = (await client.get(PATH)).json()["plugins"]
                assert (plugins["tracking"], plugins["discovery"]["upnpUuid"]) == ({"enabled": False}, found[0])

    asyncio.run(again())
    assert found[0] == found[1]
    assert len(found[0]) == 36


def test_an_id_that_was_brought_along_counts(tmp_path):
    async def scenario(client, made):
        made.services.settings.update({"plugins": {"discovery": {"upnpUuid": "brought", "pathPrefix": "/x"}}})
        assert (await client.get(PATH)).json()["plugins"]["discovery"] == {"upnpUuid": "brought"}

    run(tmp_path, scenario)


def test_whoever_has_the_newest_tree_is_told_so(tmp_path):
    async def scenario(client, made):
        first = await client.get(PATH)
        known = {"If-None-Match": first.headers["etag"]}
        again = await client.get(PATH, headers=known)
        assert (again.status_code, again.content) == (304, b"")
        assert (await client.get(PATH, headers=known, params={"force": "true"})).status_code == 200
        later = {"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}
        assert (await client.get(PATH, headers=later)).status_code == 200
        await client.post(PATH, json={"appearance": {"name": "x"}})
        changed = await client.get(PATH, headers=known)
        assert (changed.status_code, changed.json()["appearance"]["name"]) == (200, "x")
        async with made.client(made.key("ann")) as other:
            assert (await other.get(PATH, headers={"If-None-Match": changed.headers["etag"]})).status_code == 200

    run(tmp_path, scenario, user="boss")


# --- changing ---------------------------------------------------------------------------------------------------------


def test_a_part_of_the_tree(tmp_path):
    async def scenario(client, made):
        part = {
            "api": {"allowCrossOrigin": True},
            "appearance": {"name": "Mill", "color": "red"},
            "feature": {"autoUppercaseBlacklist": ["M117"]},
            "serial": {"port": "/dev/ttyUSB9", "baudrate": 250000, "autoconnect": True},
            "temperature": {"profiles": [{"name": "PETG", "extruder": 240, "bed": 80, "chamber": 40}]},
            "terminalFilters": [{"name": "temperatures", "regex": "T:"}],
            "scripts": {"gcode": {"afterPrintDone": "M84\nM104 S0", "snippets/park": "G28 X"}},
            "server": {"allowFraming": True, "uploads": {"maxSize": 1000}},
            "plugins": {"multicam": {"profiles": [1, 2]}},
        }
        answer = await client.post(PATH, json=part)
        assert answer.status_code == 200
        tree = answer.json()
        for section, members in part.items():
            if isinstance(members, dict):
                for name, value in members.items():
                    assert tree[section][name] == value, (section, name)
        assert tree["terminalFilters"] == part["terminalFilters"]
        assert tree == (await client.get(PATH)).json()
        written, _ = in_file(made)
        assert set(written) == {"api", "appearance", "feature", "server", "plugins", "machines"}
        assert written["machines"]["default"]["serial"]["baudrate"] == 250000
        assert made.machine.settings.scripts["afterPrintDone"] == "M84\nM104 S0"

    run(tmp_path, scenario, user="boss")


UNKNOWN = {
    "nothing": {"x": 1},
    "machines": {"default": {"name": "x"}},
    "defaultMachine": "other",
    "api": {"enabled": False, "keyHidden": True},
    "appearance": {"unknown": 1},
    "webcam": {"streamUrl": "/elsewhere"},
    "serial": {"portOptions": ["x"], "unheardOf": 3},
    "server": {"diskspace": {"much": 1}, "uploads": {"minSize": 3}},
    "temperature": {"profiles": [{"name": "PLA", "extruder": 200, "mood": "good"}]},
    "scripts": {"gcode": {"snippets": {"x": "G28"}}, "other": {}},
    "plugins": {"discovery": {"upnpUuid": "mine", "model": {"fur": "red"}}},
    "folder": {},
}
UNKNOWN_PLACES = {
    "nothing", "machines", "defaultMachine", "api.enabled", "api.keyHidden", "appearance.unknown", "webcam.streamUrl",
    "serial.portOptions", "serial.unheardOf", "server.diskspace.much", "server.uploads.minSize",
    "temperature.profiles[0].mood", "scripts.other", "scripts.gcode.snippets", "plugins.discovery.upnpUuid",
    "plugins.discovery.model.fur",
}  # fmt: skip


def test_what_is_not_known_is_named_and_not_written(tmp_path, caplog):
    async def scenario(client, made):
        answer = await client.post(PATH, json=UNKNOWN)
        assert answer.status_code == 200
        assert set(answer.headers["X-Ignored-Settings"].split(", ")) == UNKNOWN_PLACES
        assert "serial.unheardOf" in caplog.text
        written, _ = in_file(made)
        assert written == {
            "machines": {"default": {"temperature": {"profiles": [{"name": "PLA", "extruder": 200}]}}},
        }
        assert answer.json()["plugins"]["discovery"]["upnpUuid"] != "mine"
        assert "X-Ignored-Settings" not in (await client.post(PATH, json=answer.json())).headers

    run(tmp_path, scenario, user="boss")


def test_who_wants_to_know_is_refused_instead(tmp_path):
    async def scenario(client, made):
        strict = {"strict": "true"}
        answer = await client.post(PATH, params=strict, json={"appearance": {"name": "x"}, "serial": {"speed": 1}})
        assert (answer.status_code, "serial.speed" in answer.json()["error"]) == (400, True)
        assert not in_file(made)[1].exists()
        assert (await client.post(PATH, params=strict, json={"appearance": {"name": "x"}})).status_code == 200

    run(tmp_path, scenario, user="boss")


def test_names_that_no_header_can_hold_are_told_all_the_same(tmp_path):
    async def scenario(client, _):
        answer = await client.post(PATH, json={"ü\r\nX-Evil: 1": 1, **{f"a{index}": 1 for index in range(30)}})
        assert answer.status_code == 200
        assert answer.headers["X-Ignored-Settings"].startswith("%C3%BC%0D%0AX-Evil%3A%201, a0, ")
        assert answer.headers["X-Ignored-Settings"].endswith("(11 more)")

    run(tmp_path, scenario, user="boss")


def test_the_whole_tree_sent_back_changes_nothing(tmp_path):
    async def scenario(client, made):
        tree = (await client.get(PATH)).json()
        assert (await client.post(PATH, json=tree)).json() == tree
        async with made.client(made.key("boss")) as admin:
            assert (await admin.post(PATH, json={})).json() == tree
        assert not in_file(made)[1].exists()

    run(tmp_path, scenario, user="boss")


@pytest.mark.parametrize(
    ("part", "named"),
    [
        ({"appearance": {"color": "pink"}}, "appearance.color"),
        ({"appearance": []}, "appearance"),
        ({"appearance": None}, "appearance"),
        ({"feature": {"sdSupport": "yes"}}, "feature.sdSupport"),
        ({"serial": {"baudrate": -1}}, "serial.baudrate"),
        ({"serial": {"port": 5}}, "serial.port"),
        ({"temperature": {"cutoff": 0}}, "temperature.cutoff"),
        ({"temperature": {"profiles": [{"extruder": 1}]}}, "temperature.profiles"),
        ({"temperature": {"profiles": 1}}, "temperature.profiles"),
        ({"terminalFilters": {"name": "x"}}, "terminalFilters"),
        ({"terminalFilters": ["x"]}, "terminalFilters"),
        ({"scripts": {"gcode": []}}, "scripts.gcode"),
        ({"scripts": {"gcode": {"afterPrintDone": 5}}}, "scripts.gcode.afterPrintDone"),
        ({"scripts": {"gcode": {"afterPrintDone": None}}}, "scripts.gcode.afterPrintDone"),
        ({"controls": {"name": "x"}}, "controls"),
        ({"controls": ["x"]}, "controls[0]"),
        ({"webcam": {"bitrate": "fast"}}, "webcam.bitrate"),
        ({"webcam": {"webcams": [{"displayName": "x"}]}}, "webcam.webcams[0]"),
        ({"gcodeAnalysis": {"runAt": "sometimes"}}, "one of never, idle, always"),
        ({"serial": {"supportResendsWithoutOk": "perhaps"}}, "one of always, detect, never"),
        ({"server": {"onlineCheck": {"port": 0}}}, "server.onlineCheck.port"),
        ({"plugins": {"discovery": {"httpPassword": 5}}}, "plugins.discovery.httpPassword"),
        ({"accessControl": {"autologinLocal": 1}}, "accessControl.autologinLocal"),
        ({"server": {"uploads": 1}}, "server.uploads"),
        ({"server": {"port": 70000}}, "server.port"),
        ({"plugins": {"x": 1}}, "plugins.x"),
        ({"plugins": []}, "plugins"),
        ({"api": {"allowCrossOrigin": 1}}, "api.allowCrossOrigin"),
        ({"folder": "x"}, "folder"),
        ({"server": {"commands": "x"}}, "server.commands"),
    ],
)
def test_a_value_that_is_refused_is_named_and_nothing_is_written(tmp_path, part, named):
    async def scenario(client, made):
        whole = {"appearance": {"name": "x"}, **part} if "appearance" not in part else part
        answer = await client.post(PATH, json=whole)
        assert answer.status_code == 400
        assert named in answer.json()["error"]
        assert not in_file(made)[1].exists()

    run(tmp_path, scenario, user="boss")


@pytest.mark.parametrize(
    "part",
    [
        {"folder": {"uploads": "/tmp"}},
        {"folder": {"timelapse": "/tmp"}},
        {"folder": {"uploads": None}},
        {"webcam": {"ffmpegPath": "/bin/sh"}},
        {"webcam": {"ffmpegThreads": 2}},
        {"api": {"anonymousStatus": 403}},
        {"accessControl": {"defaultReauthenticationTimeout": 0}},
        {"accessControl": {"auditDays": 1}},
        {"api": {"key": "mine"}},
        {"api": {"key": None}},
        {"system": {"actions": [{"command": "reboot"}]}},
        {"system": {"events": {"enabled": True}}},
        {"server": {"commands": {"systemShutdownCommand": "x"}}},
        {"server": {"tls": {"cert": "x"}}},
    ],
)
def test_what_no_request_can_set(tmp_path, part):
    async def scenario(client, made):
        answer = await client.post(PATH, json={"appearance": {"name": "x"}, **part})
        assert answer.status_code == 403
        ((section, members),) = part.items()
        assert f"{section}.{next(iter(members))}" in answer.json()["error"]
        assert not in_file(made)[1].exists()

    run(tmp_path, scenario, user="boss")


def test_commands_that_are_empty_are_as_they_are(tmp_path):
    async def scenario(client, _):
        for commands in ({}, None, {"systemShutdownCommand": None, "serverRestartCommand": ""}):
            assert (await client.post(PATH, json={"server": {"commands": commands}})).status_code == 200

    run(tmp_path, scenario, user="boss")


@pytest.mark.parametrize("content", [b"[]", b"1", b"null", b"{", b""])
def test_what_is_no_object(tmp_path, content):
    async def scenario(client, _):
        answer = await client.post(PATH, content=content, headers={"Content-Type": "application/json"})
        assert answer.status_code == 400

    run(tmp_path, scenario, user="boss")


def test_null_takes_a_member_out_wherever_it_stands(tmp_path):
    async def scenario(client, made):
        text = "serial:\n  port: /dev/old\n  baudrate: 9600\nappearance:\n  name: old\n"
        in_file(made)[1].write_text(text, encoding="utf-8")
        await until(lambda: made.machine.settings.serial.port == "/dev/old")
        await client.post(PATH, json={"serial": {"port": "/dev/new"}})
        answer = await client.post(PATH, json={"serial": {"port": None}, "appearance": {"name": None}})
        assert (answer.json()["serial"]["port"], answer.json()["serial"]["baudrate"]) == (None, 9600)
        assert answer.json()["appearance"]["name"] == ""

    run(tmp_path, scenario, user="boss")


def test_a_script_replaces_the_one_that_was_brought_along(tmp_path):
    async def scenario(client, made):
        brought = {"gcode": {"afterPrintDone": "M84", "snippets": {"park": "G28"}}}
        made.services.settings.update({"machines": {"default": {"scripts": brought}}})
        answer = await client.post(PATH, json={"scripts": {"gcode": {"afterPrintDone": "M107"}}})
        assert answer.json()["scripts"]["gcode"] == {"afterPrintDone": "M107", "snippets/park": "G28"}

    run(tmp_path, scenario, user="boss")


def test_the_base_path_names_the_machine(tmp_path):
    async def main():
        async with (
            fake_host(tmp_path / "machines" / "mill"),
            world(tmp_path) as made,
            made.client(made.key("boss")) as client,
        ):
            made.services.settings.update({"machines": {"mill": {"name": "Mill"}}})
            await until(lambda: "mill" in made.hub.machines)
            answer = await client.post("/machines/mill/api/settings", json={"serial": {"port": "/dev/mill"}})
            assert answer.json()["serial"]["port"] == "/dev/mill"
            default = (await client.get(PATH)).json()
            assert default["serial"]["port"] is None
            assert default["plugins"]["discovery"] != answer.json()["plugins"]["discovery"]
            assert in_file(made)[0]["machines"]["mill"] == {"name": "Mill", "serial": {"port": "/dev/mill"}}

    asyncio.run(main())


def test_everybody_hears_of_a_change(tmp_path):
    async def scenario(client, made):
        heard = []
        made.hub.bus.subscribe(lambda _, event: heard.append(event))
        await client.post(PATH, json={"appearance": {"name": "x"}})
        await client.post(PATH, json={"serial": {"port": "/dev/x"}})
        first, second = [event for event in heard if isinstance(event, SettingsUpdated)]
        assert first.config_hash == second.config_hash
        assert first.effective_hash != second.effective_hash

    run(tmp_path, scenario, user="boss")


def test_a_file_that_has_to_be_mended_first(tmp_path):
    async def scenario(client, made):
        in_file(made)[1].write_text("server: {port: x}\n", encoding="utf-8")
        answer = await client.post(PATH, json={"appearance": {"name": "x"}})
        assert (answer.status_code, "Mend the file first" in answer.json()["error"]) == (409, True)

    run(tmp_path, scenario, user="boss")


def test_a_disk_that_fills_up_is_told_where_people_look(tmp_path):
    async def scenario(client, made):
        async def notices(**limits):
            """What is told with these limits, which the real disk is above or below."""
            before = made.machine.view.server_notices
            await client.post(PATH, json={"server": {"diskspace": limits}})
            await until(lambda: made.machine.view.server_notices != before)
            return (await client.get("/api/v1/machines/default")).json()["notices"]

        (notice,) = await notices(warning=2**50)
        assert (notice["key"], notice["until"]) == ("disk", None)
        assert "less than 1125899907 MB are free" in notice["text"]
        assert "fills up" in notice["text"]
        (notice,) = await notices(critical=2**49)
        assert "almost full" in notice["text"]
        answer = await client.post("/api/files/local", files={"file": ("still.gcode", b"G28\n")})
        assert answer.status_code == 201
        assert await notices(warning=0, critical=0) == []

    run(tmp_path, scenario, user="boss")


def test_a_torn_file_is_told_where_people_look(tmp_path):
    async def scenario(client, made):
        await client.post(PATH, json={"appearance": {"name": "x"}})
        file = in_file(made)[1]
        whole = file.read_text(encoding="utf-8")

        async def notices():
            return (await client.get("/api/v1/machines/default")).json()["notices"]

        file.write_text("appearance: {name: [\n", encoding="utf-8")
        await until(lambda: made.machine.view.server_notices)
        (notice,) = await notices()
        assert (notice["key"], "config.yaml" in notice["text"], "line" in notice["text"]) == ("settings", True, True)
        assert (await client.get(PATH)).json()["appearance"]["name"] == "x"
        file.write_text(whole, encoding="utf-8")
        await until(lambda: not made.machine.view.server_notices)
        assert await notices() == []

    run(tmp_path, scenario, user="boss")


def test_the_claim_code_reads_and_changes_settings_but_shows_no_key(tmp_path):
    async def main():
        async with world(tmp_path) as made, made.client() as client:
            claim = {"X-Claim-Code": await asyncio.to_thread(made.services.accounts.claim.code)}
            tree = (await client.get(PATH, headers=claim)).json()
            assert tree["api"]["key"] is None
            answer = await client.post(PATH, headers=claim, json={**tree, "appearance": {"name": "x"}})
            assert (answer.status_code, answer.json()["appearance"]["name"]) == (200, "x")
            assert (await client.post(PATH, headers=claim, json={"api": {"key": "x"}})).status_code == 403

    asyncio.run(main())


# --- the global key ---------------------------------------------------------------------------------------------------


def test_the_global_key_is_renewed_and_switched_off(tmp_path):
    async def scenario(client, made):
        before = made.services.accounts.global_key()
        answer = await client.post(f"{PATH}/apikey")
        key = answer.json()["apikey"]
        assert (answer.status_code, key != before) == (200, True)
        assert (await client.get(PATH)).json()["api"]["key"] == key
        for used, status in ((before, 401), (key, 200)):
            async with made.client(used) as other:
                assert (await other.get("/api/version")).status_code == status
        revoked = await client.delete(f"{PATH}/apikey")
        assert (revoked.status_code, revoked.content) == (204, b"")
        assert (await client.get(PATH)).json()["api"]["key"] is None
        async with made.client(key) as other:
            assert (await other.get("/api/version")).status_code == 401

    run(tmp_path, scenario, user="boss")


# --- who may set and see what -----------------------------------------------------------------------------------------


async def session(made, name, clock=None):
    """A client with the cookies of a log-in."""
    client = made.client()
    answer = await client.post("/api/login", json={"user": name, "pass": "secret"})
    assert answer.status_code == 200
    client.headers["X-CSRF-Token"] = next(value for name, value in client.cookies.items() if "csrf" in name)
    return client


def later(made, minutes):
    """Let this time pass for the accounts."""
    accounts = made.services.accounts
    before = accounts._clock
    accounts._clock = accounts.sessions._clock = lambda: before() + minutes * 60


RUNS = {
    "system": {"actions": [{"action": "reboot", "name": "Reboot", "command": "systemctl reboot"}]},
    "server": {"commands": {"systemShutdownCommand": "sudo poweroff"}},
    "webcam": {"ffmpegPath": "/usr/bin/ffmpeg"},
}


@pytest.mark.parametrize("section", RUNS)
def test_what_runs_on_the_computer_is_set_by_who_just_typed_the_password(tmp_path, section):
    async def scenario(by_key, made):
        part = {section: RUNS[section]}
        refused = await by_key.post(PATH, json=part)
        assert (refused.status_code, "API key" in refused.json()["error"]) == (403, True)
        client = await session(made, "boss")
        answer = await client.post(PATH, json=part)
        assert answer.status_code == 200
        shown = (await by_key.get(PATH)).json()[section]
        assert (await by_key.post(PATH, json={section: shown})).status_code == 200  # it is so already
        later(made, 6)
        refused = await client.post(PATH, json={section: dict.fromkeys(RUNS[section])})
        assert (refused.status_code, "password" in refused.json()["error"]) == (403, True)
        assert (await by_key.get(PATH)).json()[section] == shown

    run(tmp_path, scenario, user="boss")


def test_how_long_a_password_counts_is_a_setting(tmp_path):
    async def scenario(_, made):
        client = await session(made, "boss")
        later(made, 60)
        part = {"server": RUNS["server"]}
        for minutes, status in ((59, 403), (0, 200)):
            made.services.settings.update({"accessControl": {"defaultReauthenticationTimeout": minutes}})
            assert (await client.post(PATH, json=part)).status_code == status

    run(tmp_path, scenario, user="boss")


def test_a_session_that_a_key_opened_knows_of_no_password(tmp_path):
    async def scenario(by_key, made):
        token = (await by_key.post("/api/login", json={"passive": True})).json()["session"]
        assert not made.services.accounts.has_just_typed_password(made.services.accounts.identify_session(token))

    run(tmp_path, scenario, user="boss")


def test_a_folder_has_to_be_there_and_of_its_own(tmp_path):
    (tmp_path / "other").mkdir()

    async def scenario(_, made):
        client = await session(made, "boss")
        for path in ("relative", str(tmp_path / "missing"), "a\0b", 5, str(tmp_path / "uploads")):
            answer = await client.post(PATH, json={"folder": {"watched": path}})
            assert (answer.status_code, "folder.watched" in answer.json()["error"]) == (400, True)
        assert not in_file(made)[1].exists()
        answer = await client.post(PATH, json={"folder": {"watched": str(tmp_path / "other")}})
        assert answer.json()["folder"]["watched"] == str(tmp_path / "other")

    run(tmp_path, scenario, user="boss")


def test_the_global_key_is_for_those_who_just_typed_the_password(tmp_path):
    async def scenario(_, made):
        client = await session(made, "boss")
        key = made.services.accounts.global_key()
        assert (await client.get(PATH)).json()["api"]["key"] == key
        later(made, 6)
        assert (await client.get(PATH)).json()["api"] == {"key": None, "keyHidden": True, "allowCrossOrigin": False}
        for act in (client.post, client.delete):
            answer = await act(f"{PATH}/apikey")
            assert (answer.status_code, "reauthenticate" in answer.json()["error"]) == (403, True)
        assert made.services.accounts.global_key() == key
        cookie = client.cookies["session_P80"]
        assert (await client.post("/api/login", json={"user": "boss", "pass": "secret"})).status_code == 200
        assert client.cookies["session_P80"] == cookie  # the same session, of somebody who has just proven to be boss
        client.headers["X-CSRF-Token"] = client.cookies["csrf_token_P80"]
        assert (await client.post(f"{PATH}/apikey")).status_code == 200

    run(tmp_path, scenario, user="boss")


def test_what_is_not_shown_without_permission(tmp_path):
    async def scenario(client, made):
        camera = {"name": "above", "compat": {"stream": "/webcam/?action=stream", "snapshot": "http://127.0.0.1/s"}}
        controls = [{"name": "Fan", "children": []}]
        made.services.settings.update(
            {
                "machines": {"default": {"webcam": {"webcams": [camera]}, "controls": controls}},
                "plugins": {"tracking": {"unique_id": "x", "enabled": False}},
            }
        )
        tree = (await client.get(PATH)).json()
        assert (tree["controls"], tree["webcam"]["streamUrl"]) == ([], "/webcam/?action=stream")  # she may only look
        assert "accessControl" not in tree
        assert tree["plugins"]["tracking"] == {}
        async with made.client(made.key("boss")) as admin:
            tree = (await admin.get(PATH)).json()
            assert [each["name"] for each in tree["controls"]] == ["Fan"]
            assert tree["plugins"]["tracking"] == {"unique_id": "x", "enabled": False}

    run(tmp_path, scenario, user="rita")


def test_the_cameras_as_older_apps_read_them(tmp_path):
    async def scenario(client, made):
        cameras = [
            {"name": "above", "compat": {"stream": "/a", "snapshot": "http://127.0.0.1/a"}, "flipH": True},
            {"name": "beside", "compat": {"stream": "/b", "streamRatio": "4:3"}},
            {"name": "inside"},
        ]
        shown = (await client.post(PATH, json={"webcam": {"webcams": cameras}})).json()["webcam"]
        assert (shown["streamUrl"], shown["snapshotUrl"], shown["flipH"]) == ("/a", "http://127.0.0.1/a", True)
        shown = (await client.post(PATH, json={"webcam": {"defaultWebcam": "beside"}})).json()["webcam"]
        assert (shown["streamUrl"], shown["streamRatio"], shown["flipH"]) == ("/b", "4:3", False)
        shown = (await client.post(PATH, json={"webcam": {"defaultWebcam": "inside"}})).json()["webcam"]
        assert (shown["streamUrl"], shown["streamTimeout"], shown["rotate90"]) == ("", 5, False)

    run(tmp_path, scenario, user="boss")


def test_a_name_and_a_password_for_the_network_are_never_shown(tmp_path):
    async def scenario(client, made):
        discovery = {"httpUsername": "me", "httpPassword": "hunter2", "publicPort": 80, "model": {"name": "Mk"}}
        answer = await client.post(PATH, json={"plugins": {"discovery": discovery}})
        assert "hunter2" not in answer.text
        shown = answer.json()["plugins"]["discovery"]
        assert (shown["httpUsername"], shown["httpPassword"], shown["publicPort"]) == (None, None, 80)
        assert (shown["model"]["name"], shown["model"]["url"], shown["enabled"]) == ("Mk", None, True)
        await client.post(PATH, json=answer.json())  # what is not shown is not wiped by sending it back
        assert made.services.settings.current().discovery.http_password == "hunter2"
        await client.post(PATH, json={"plugins": {"discovery": {"httpPassword": ""}}})
        assert made.services.settings.current().discovery.http_password == ""

    run(tmp_path, scenario, user="boss")


def test_the_parts_of_the_page(tmp_path):
    async def scenario(client, _):
        order = (await client.get(f"{PATH}/templates")).json()["order"]
        assert {"navbar", "sidebar", "tab", "settings", "usersettings", "wizard", "about", "generic"} == set(order)
        assert {"id": "api", "name": "API"} in order["settings"]

    run(tmp_path, scenario, user="boss")


def test_nobody_hears_of_what_is_no_change(tmp_path):
    async def scenario(client, made):
        await client.post(PATH, json={"appearance": {"name": "x"}})
        heard = []
        made.hub.bus.subscribe(lambda _, event: heard.append(event))
        for part in ({}, {"appearance": {"name": "x"}}, {"unknown": 1}, {"serial": {"port": None}}):
            assert (await client.post(PATH, json=part)).status_code == 200
        assert not [event for event in heard if isinstance(event, SettingsUpdated)]

    run(tmp_path, scenario, user="boss")
