"""The audit log over HTTP: that no route is forgotten, what stands in it, who reads it, and the files.

The exceptions are typed here, never taken from the code.
"""

import asyncio
import csv
import io
import json
import re
import sqlite3
from pathlib import Path
from urllib.parse import quote

import pytest

from helpers_fleet import until
from helpers_hub import run
from mrdraw.accounts.audit_entry import Action
from mrdraw.link.messages import Job, JobFile, MachineState
from mrdraw.server import auditing

PATH = "/api/v1/audit"

BY_HAND = "the terminal's log has it"
NOTHING = "it changes nothing"
OWN = "it concerns nobody but the user"
DECIDED = "the body decides; the endpoint says what is done"
MOVED = "the request is made again where it leads to"
REFUSES = "this server has no such thing, it always refuses"
EXCEPTIONS = {
    ("POST", "/api/files/test"): NOTHING,
    ("POST", "/api/files/local/{path:path}"): DECIDED,
    ("POST", "/api/files/sdcard"): REFUSES,
    ("POST", "/api/files/sdcard/{path:path}"): REFUSES,
    ("DELETE", "/api/files/sdcard/{path:path}"): REFUSES,
    ("POST", "/api/printer/sd"): REFUSES,
    ("POST", "/api/printer/printhead"): BY_HAND,
    ("POST", "/api/printer/tool"): BY_HAND,
    ("POST", "/api/printer/bed"): BY_HAND,
    ("POST", "/api/printer/chamber"): BY_HAND,
    ("POST", "/api/printer/command"): DECIDED,  # an M112 is an emergency stop, the rest stands in the terminal's log
    ("POST", "/api/v1/machines/{machine_id}/attend"): BY_HAND,
    ("POST", "/downloads/files/local"): NOTHING,
    ("POST", "/downloads/logs"): NOTHING,
    ("POST", "/downloads/timelapses"): REFUSES,
    ("PATCH", "/api/access/users/{name}/settings"): OWN,
    ("POST", "/api/users"): MOVED,
    ("POST", "/api/users/{path:path}"): MOVED,
    ("PUT", "/api/users/{path:path}"): MOVED,
    ("PATCH", "/api/users/{path:path}"): MOVED,
    ("DELETE", "/api/users/{path:path}"): MOVED,
    ("POST", "/api/setup/wizard"): NOTHING,
    ("PUT", "/api/slicing/{slicer}/profiles/{key}"): REFUSES,
    ("PATCH", "/api/slicing/{slicer}/profiles/{key}"): REFUSES,
    ("DELETE", "/api/slicing/{slicer}/profiles/{key}"): REFUSES,
    ("POST", "/api/util/test"): NOTHING,
    ("POST", "/api/v1/account/second-factor"): NOTHING,  # before it is confirmed
    ("POST", "/api/v1/account/passkeys/challenge"): NOTHING,
    ("PATCH", "/api/v1/account/passkeys/{passkey}"): OWN,
    ("POST", "/api/v1/account/sign-in/challenge"): NOTHING,
    ("POST", "/plugin/appkeys/request"): NOTHING,  # before somebody decides
    ("POST", "/api/timelapse"): REFUSES,
    ("DELETE", "/api/timelapse/{name}"): REFUSES,
    ("DELETE", "/api/timelapse/unrendered/{name}"): REFUSES,
    ("POST", "/api/timelapse/unrendered/{name}"): REFUSES,
    ("POST", "/plugin/pluginmanager/upload_file"): REFUSES,
    ("POST", "/api/plugin/pluginmanager"): REFUSES,
    ("POST", "/plugin/softwareupdate/update"): REFUSES,
    ("POST", "/plugin/softwareupdate/update/queued"): REFUSES,
    ("POST", "/plugin/softwareupdate/configure"): REFUSES,
    ("POST", "/plugin/announcements/channels/{name}"): NOTHING,
    ("POST", "/api/plugin/tracking"): NOTHING,
    ("POST", "/api/plugin/action_command_prompt"): BY_HAND,
    ("POST", "/api/plugin/action_command_notification"): NOTHING,
    ("POST", "/sockjs/{server}/{session}/xhr"): NOTHING,
    ("POST", "/sockjs/{server}/{session}/xhr_streaming"): NOTHING,
    ("POST", "/sockjs/{server}/{session}/xhr_send"): NOTHING,
}


def test_every_route_that_changes_anything_has_an_action_or_is_an_exception():
    from mrdraw.server.app import all_routes

    changing = [route for route in all_routes() if route.method not in {"GET", "HEAD"}]
    without = {(route.method, route.path) for route in changing if route.audit is None}
    assert without == set(EXCEPTIONS)


def entries(made, **search):
    from mrdraw.accounts.audit_search import Search

    found = made.services.accounts.audit.page(Search(**search), before=None, limit=100)
    return [one.entry for one in reversed(found)]


def told(made):
    """What stands in the log: who, what, to whom, how it went."""
    return [(one.user, str(one.action), one.subject, str(one.outcome)) for one in entries(made)]


def last(made):
    return entries(made)[-1]


LOG_IN = {"user": "ann", "pass": "secret"}


def test_logging_in_and_out(tmp_path):
    async def scenario(_, made):
        async with made.client() as client:
            assert (await client.post("/api/login", json={"passive": True})).status_code == 200
            assert (await client.post("/api/login", json={**LOG_IN, "pass": "wrong"})).status_code == 403
            assert (await client.post("/api/login", json={"user": "hunter2", "pass": "ann"})).status_code == 403
            assert (await client.post("/api/login", json=LOG_IN)).status_code == 200
            csrf = client.cookies["csrf_token_P80"]
            assert (await client.post("/api/login", json={"passive": True})).status_code == 200
            assert (await client.post("/api/logout", headers={"X-CSRF-Token": csrf})).status_code == 200
            assert (await client.post("/api/logout")).status_code == 200
        assert told(made) == [
            (None, "log-in", "ann", "refused"),
            (None, "log-in", "", "refused"),  # a name that nobody has may be a password in the wrong field
            ("ann", "log-in", "ann", "done"),
            ("ann", "log-out", "", "done"),
        ]
        assert [one.via for one in entries(made)] == [None, None, "password", "session"]
        assert {one.address for one in entries(made)} == {"127.0.0.1"}
        assert "hunter2" not in str(entries(made))

    run(tmp_path, scenario)


def test_tries_beyond_the_limit_write_nothing(tmp_path):
    async def scenario(_, made):
        async with made.client() as client:
            statuses = [(await client.post("/api/login", json={**LOG_IN, "pass": "x"})).status_code for _ in range(8)]
        assert statuses[-1] == 429
        assert len(entries(made)) == statuses.count(403) < 8

    run(tmp_path, scenario)


def test_users_and_keys(tmp_path):
    async def scenario(client, made):
        new = {"name": "eve", "password": "secret", "active": True, "groups": ["readonly"]}
        assert (await client.post("/api/access/users", json=new)).status_code == 200
        changes = {"groups": ["users"], "active": False}
        assert (await client.put("/api/access/users/eve", json=changes)).status_code == 200
        key = (await client.post("/api/access/users/eve/apikey")).json()["apikey"]
        assert (await client.delete("/api/access/users/eve/apikey")).status_code == 200
        assert (await client.put("/api/access/users/eve/password", json={"password": "another"})).status_code == 200
        assert (await client.delete("/api/access/users/eve")).status_code == 200
        regenerated = (await client.post("/api/settings/apikey")).json()["apikey"]
        assert (await client.delete("/api/settings/apikey")).status_code == 204
        assert told(made) == [
            ("boss", "user-added", "eve", "done"),
            ("boss", "user-changed", "eve", "done"),
            ("boss", "key-made", "eve", "done"),
            ("boss", "key-revoked", "eve", "done"),
            ("boss", "password", "eve", "done"),
            ("boss", "user-removed", "eve", "done"),
            ("boss", "key-made", "global key", "done"),
            ("boss", "key-revoked", "global key", "done"),
        ]
        assert [one.detail for one in entries(made)][:2] == ["groups: readonly; active", "groups: users; not active"]
        assert {(one.via, one.status) for one in entries(made)} == {("apikey", 200), ("apikey", 204)}
        everything = str(entries(made))
        for secret in (key, regenerated, made.key("boss"), "another", "secret"):
            assert secret not in everything
        (fingerprint,) = {one.fingerprint for one in entries(made)}
        assert len(fingerprint) == 12

    run(tmp_path, scenario, user="boss")


def test_what_is_refused_stands_there_too(tmp_path):
    async def scenario(client, made):
        assert (await client.delete("/api/access/users/boss")).status_code == 403
        assert (await client.post("/api/job", json={"command": "cancel"})).status_code == 403
        assert told(made) == [
            ("rita", "user-removed", "boss", "refused"),
            ("rita", "job", "", "refused"),
        ]
        assert {one.status for one in entries(made)} == {403}

    run(tmp_path, scenario, user="rita")


def test_settings_by_their_places_and_never_their_values(tmp_path):
    async def scenario(client, made):
        wanted = {"appearance": {"name": "a secret name"}, "api": {"allowCrossOrigin": True}}
        assert (await client.post("/api/settings", json=wanted)).status_code == 200
        assert (await client.post("/api/settings", json=wanted)).status_code == 200  # nothing is another than before
        assert (await client.post("/api/settings", json={"api": {"key": "chosen-key"}})).status_code == 403
        assert (await client.patch("/api/v1/machines/default", json={"name": "Bench"})).status_code == 200
        assert [(one.detail, str(one.outcome)) for one in entries(made)] == [
            ("appearance.name, api.allowCrossOrigin", "done"),
            ("api.key", "refused"),
            ("name", "done"),
        ]
        assert "a secret name" not in str(entries(made))
        assert "chosen-key" not in str(entries(made))

    run(tmp_path, scenario, user="boss")


def test_emergency_stops_by_either_way_and_nothing_else_that_is_typed(tmp_path):
    async def scenario(client, made):
        assert (await client.post("/api/v1/machines/default/emergency-stop")).status_code == 204
        assert (await client.post("/api/printer/command", json={"command": "M112"})).status_code == 204
        assert (await client.post("/api/printer/command", json={"command": "G28"})).status_code == 204
        assert (await client.post("/api/printer/printhead", json={"command": "home", "axes": ["x"]})).status_code == 204
        await until(lambda: len(entries(made)) == 2)
        assert [(one.user, str(one.action), one.machine) for one in entries(made)] == [
            ("ann", "emergency-stop", "default")
        ] * 2

    run(tmp_path, scenario)


def test_an_emergency_stop_waits_for_no_disk_and_nobody_else_for_long(tmp_path, monkeypatch):
    """The database's thread is held up: the stop is answered without asking it, the rest when patience ends."""
    monkeypatch.setattr(auditing, "PATIENCE", 0.01)

    async def scenario(client, made):
        import threading

        held, go_on = threading.Event(), threading.Event()
        made.services.accounts._database.write_soon(lambda _: (held.set(), go_on.wait(30)))
        await asyncio.to_thread(held.wait, 30)
        try:
            monkeypatch.setattr(auditing, "PATIENCE", 3600.0)  # whoever waits for the disk waits for ever
            async with asyncio.timeout(20):
                assert (await client.post("/api/v1/machines/default/emergency-stop")).status_code == 204
            monkeypatch.setattr(auditing, "PATIENCE", 0.01)
            async with asyncio.timeout(20):
                assert (await client.post("/api/connection", json={"command": "disconnect"})).status_code == 204
            assert entries(made) == []
        finally:
            go_on.set()
        assert (await client.post("/api/connection", json={"command": "disconnect"})).status_code == 204
        assert [str(one.action) for one in entries(made)] == ["emergency-stop", "disconnected", "disconnected"]

    run(tmp_path, scenario)


def test_jobs_connections_and_files(tmp_path):
    async def scenario(client, made):
        file = {"file": ("a.gcode", b"G28\n")}
        assert (await client.post("/api/files/local", files=file)).status_code == 201
        copy = {"command": "copy", "destination": "b.gcode"}
        assert (await client.post("/api/files/local/a.gcode", json=copy)).status_code == 201
        select = {"command": "select", "print": False}
        assert (await client.post("/api/files/local/a.gcode", json=select)).status_code == 204
        assert (await client.delete("/api/files/local/b.gcode")).status_code == 204
        assert (await client.delete("/api/files/local/none.gcode")).status_code == 404
        assert (await client.post("/api/job", json={"command": "start"})).status_code == 204
        assert (await client.post("/api/job", json={"command": "restart"})).status_code == 409
        connect = {"command": "connect", "port": "/dev/ttyUSB9"}
        await client.post("/api/connection", json=connect)
        assert (await client.post("/api/connection", json={"command": "disconnect"})).status_code == 204
        assert (await client.post("/api/connection", json={"command": "fake_ack"})).status_code == 204
        assert [(str(one.action), one.subject, str(one.outcome)) for one in entries(made)] == [
            ("file-uploaded", "a.gcode", "done"),
            ("file-copied", "a.gcode", "done"),
            ("file-deleted", "b.gcode", "done"),
            ("file-deleted", "none.gcode", "refused"),
            ("job-started", "a.gcode", "done"),
            ("job-restarted", "a.gcode", "refused"),
            ("connected", "/dev/ttyUSB9", "done"),
            ("disconnected", "", "done"),
        ]
        assert {one.user for one in entries(made)} == {"ann"}

    run(tmp_path, scenario)


def test_an_upload_and_its_entry_are_kept_together(tmp_path, monkeypatch):
    file = {"file": ("a.gcode", b"G28\n")}

    def refuse(*_, **__):
        raise sqlite3.OperationalError("disk I/O error")

    async def scenario(client, made):
        with monkeypatch.context() as patch:
            patch.setattr("mrdraw.accounts.audit._add_all", refuse)
            assert (await client.post("/api/files/local", files=file)).status_code == 500
            assert (await client.get("/api/files")).json()["files"] == []
        assert entries(made) == []
        with monkeypatch.context() as patch:
            patch.setattr("mrdraw.accounts.audit.AuditLog.add", lambda *_: pytest.fail("another transaction"))
            assert (await client.post("/api/files/local", files=file)).status_code == 201
        assert told(made) == [("ann", "file-uploaded", "a.gcode", "done")]

    run(tmp_path, scenario)


def test_an_upload_that_fails_once_it_is_stored_is_told_as_both(tmp_path, monkeypatch):
    def fail(*_):
        raise RuntimeError

    async def scenario(client, made):
        monkeypatch.setattr("mrdraw.server.api.uploads.tell_added", fail)
        assert (await client.post("/api/files/local", files={"file": ("a.gcode", b"G28\n")})).status_code == 500
        assert [(one.status, str(one.outcome)) for one in entries(made)] == [(201, "done"), (500, "failed")]

    run(tmp_path, scenario)


DONE_WITH_JOBS = [
    (MachineState.PRINTING, {"command": "pause"}, "job-paused"),
    (MachineState.PAUSED, {"command": "pause"}, "job-resumed"),
    (MachineState.PAUSED, {"command": "pause", "action": "resume"}, "job-resumed"),
    (MachineState.PAUSED, {"command": "pause", "action": "pause"}, "job-paused"),
    (MachineState.PAUSED, {"command": "restart"}, "job-restarted"),
    (MachineState.PRINTING, {"command": "cancel"}, "job-cancelled"),
]


def test_what_is_done_with_a_job(tmp_path):
    file = JobFile(name="a.gcode", path="f/a.gcode", display="A.gcode", source="/x", size=200, date=5, user="rita")

    async def scenario(client, made):
        for state, body, action in DONE_WITH_JOBS:
            await made.tell(state=state, job=Job(id="1", file=file))
            assert (await client.post("/api/job", json=body)).status_code == 204
            assert told(made)[-1] == ("ann", action, "f/a.gcode", "done")

    run(tmp_path, scenario)


def test_the_claim_code_and_the_first_admin(tmp_path):
    async def scenario(_, made):
        accounts = made.services.accounts
        code = await asyncio.to_thread(accounts.claim.code)
        admin = {"ac": True, "user": "root", "pass1": "long enough", "pass2": "long enough"}
        async with made.client() as client:
            wrong = {"X-Claim-Code": "AAAA-AAAA-AAAA"}
            assert (await client.get("/api/setup/wizard", headers=wrong)).status_code == 401
            assert (await client.get("/api/setup/wizard")).status_code == 401
            right = {"X-Claim-Code": code}
            assert (await client.get("/api/setup/wizard", headers=right)).status_code == 200
            assert (await client.post("/plugin/corewizard/acl", json=admin, headers=right)).status_code == 204
        assert told(made) == [(None, "claim", "", "refused"), (None, "first-admin", "root", "done")]
        assert last(made).via == "claim"
        assert code not in str(entries(made))

    run(tmp_path, scenario)


# --- reading it -------------------------------------------------------------------------------------------------------


async def filled(client, made):
    for name in ("a.gcode", "b.gcode", "c.gcode"):
        assert (await client.delete(f"/api/files/local/{name}")).status_code == 404
    assert (await client.post("/api/v1/machines/default/emergency-stop")).status_code == 204
    await until(lambda: len(entries(made)) == 4)  # the stop waited for nobody


def test_an_admin_reads_it_page_by_page(tmp_path):
    async def scenario(client, made):
        await filled(client, made)
        first = (await client.get(PATH, params={"limit": 3})).json()
        assert [one["action"] for one in first["entries"]] == ["emergency-stop", "file-deleted", "file-deleted"]
        assert first["days"] == 90
        second = (await client.get(PATH, params={"limit": 3, "before": first["next"]})).json()
        assert [one["subject"] for one in second["entries"]] == ["a.gcode"]
        assert second["next"] is None
        only = await client.get(PATH, params={"action": "file-deleted", "text": "b.g", "user": "boss"})
        assert [one["subject"] for one in only.json()["entries"]] == ["b.gcode"]
        (stop,) = (await client.get(PATH, params={"machine": "default", "from": "2020-01-01"})).json()["entries"]
        assert stop["action"] == "emergency-stop"
        assert (await client.get(PATH, params={"to": stop["at"] - 3600})).json()["entries"] == []

    run(tmp_path, scenario, user="boss")


NONSENSE = [
    ("action", "dancing", "log-in"),
    ("outcome", "maybe", "refused"),
    ("from", "yesterday", "2026-01-31"),
    ("to", "-5", "unix s"),
    ("from", "1e300", "no time"),
    ("limit", "0", "between 1 and"),
    ("limit", "1001", "between 1 and"),
    ("before", "x", "whole number"),
    ("format", "xls", "csv"),
]


def test_what_makes_no_sense_is_refused_with_what_would(tmp_path):
    async def scenario(client, _):
        for name, value, hint in NONSENSE:
            answer = await client.get(PATH, params={name: value})
            assert answer.status_code == 400, (name, value, answer.text)
            assert hint in answer.json()["error"], (name, value)

    run(tmp_path, scenario, user="boss")


def test_files_of_all_of_it(tmp_path, monkeypatch):
    monkeypatch.setattr("mrdraw.server.api.audit._PER_PAGE", 2)

    async def scenario(client, made):
        await filled(client, made)
        answer = await client.get(PATH, params={"format": "csv"})
        assert answer.headers["content-type"].startswith("text/csv")
        assert answer.headers["content-disposition"].startswith('attachment; filename="audit-')
        rows = list(csv.DictReader(io.StringIO(answer.text)))
        assert [row["subject"] for row in rows] == ["", "c.gcode", "b.gcode", "a.gcode"]
        assert rows[0]["at"].endswith("+00:00")
        for accept in ("application/jsonl", "application/x-ndjson;q=1, */*"):
            lines = (await client.get(PATH, headers={"Accept": accept})).text.splitlines()
            assert [json.loads(line)["action"] for line in lines] == ["emergency-stop", *["file-deleted"] * 3]

    run(tmp_path, scenario, user="boss")


FORMULAS = ['=HYPERLINK("evil")', "+1", "-1", "@SUM(A1)", "\tx", '"; "=1']


def test_no_cell_is_a_formula(tmp_path):
    async def scenario(client, _):
        for name in FORMULAS:
            await client.delete(f"/api/files/local/{quote(name, safe='')}")
        text = (await client.get(PATH, params={"format": "csv"})).text
        found = [row["subject"] for row in csv.DictReader(io.StringIO(text))]
        assert [subject.lstrip("'") for subject in reversed(found)] == FORMULAS
        assert not [subject for subject in found if subject.startswith(("=", "+", "-", "@", "\t"))]

    run(tmp_path, scenario, user="boss")


def test_groups_and_what_they_may(tmp_path):
    async def scenario(client, made):
        new = {"key": "crew", "name": "Crew", "permissions": ["STATUS"], "subgroups": []}
        assert (await client.post("/api/access/groups", json=new)).status_code == 200
        assert (await client.put("/api/access/groups/crew", json={"permissions": ["PRINT"]})).status_code == 200
        assert (await client.delete("/api/access/groups/crew")).status_code == 200
        assert [(str(one.action), one.subject, one.detail) for one in entries(made)] == [
            ("group-added", "crew", "permissions: STATUS; subgroups: none"),
            ("group-changed", "crew", "permissions: PRINT"),
            ("group-removed", "crew", ""),
        ]

    run(tmp_path, scenario, user="boss")


def test_the_page_has_words_for_every_action():
    words = (Path(__file__).parents[2] / "ui" / "src" / "locales" / "en.ts").read_text(encoding="utf-8")
    (actions,) = re.findall(r"  audit: \{.*?    actions: \{(.*?)\n    \},", words, re.DOTALL)
    assert set(re.findall(r"^ +'?([a-z-]+)'?: '", actions, re.MULTILINE)) == set(map(str, Action))
