"""In what we answer otherwise than OctoPrint 1.11.8 on purpose, each with the paragraph of the API contract.

A row that nothing needs any more fails the test; so does a difference that no row names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from helpers_compare import Difference

MOST = 60


@dataclass(frozen=True)
class Row:
    """`request`, `what`, `theirs` and `ours` are regular expressions of the whole text; a state means only that one."""

    paragraph: str
    why: str
    request: str
    what: str
    theirs: str
    ours: str
    state: str = ".*"

    def names(self, one: Difference) -> bool:
        """Whether the difference is this one."""
        pairs = (
            (self.request, one.request), (self.what, one.what), (self.theirs, one.theirs), (self.ours, one.ours),
            (self.state, one.state),
        )  # fmt: skip
        return all(re.fullmatch(pattern, text, re.DOTALL) for pattern, text in pairs)


ROWS = (
    # --- keys and versions
    Row("0, no key", "401 at once", r".* (no key|a wrong key)", "status", "400|403|404", "401"),
    Row("0, version", "the text names MrDraw", "GET .*version.*", r"body\.text", '"OctoPrint 1.11.8"', ".*MrDraw.*"),
    Row("0, version", "the version is told", "GET .*version.*", r"body\.mrdraw", "absent", "string"),
    Row("0, version", "the shape of 2.0", "GET /api/version as 2.0.0", r"body\.api", '"0.1"', "absent"),
    # --- errors
    Row(
        "0, limits", "errors are JSON everywhere", ".*", "header content-type", "text/(html|plain)", "application/json"
    ),
    Row("0, limits", "errors are JSON everywhere", ".*", "body", "a page|nothing", "object"),
    Row("15.5", "null is no command", "POST .* null", "status", "500", "400"),
    # --- files
    Row("15.7", "missing folders are made", "POST .*(folder in none|none/here|none/x).*", "status", "500", "201"),
    Row("15.2", "the filter works", r"GET /api/files\?filter=.*", "status", "500", "200"),
    Row(
        "15.8",
        "a sub-folder has its whole path",
        "GET .*/folder/sub",
        r"body\.refs\.resource",
        ".*local/sub.*",
        ".*folder/sub.*",
    ),
    Row("15.7", "the answer has the new name", "POST .*(copy|move).*", r"body\.name", ".*", ".*"),
    Row("15.7", "what is not there is not found", "(GET .*a.gcode/|DELETE .*/nowhere/.*)", "status", "500", "404"),
    Row("15.7", "an unknown storage is refused", ".*exists.*nowhere.*", "status", "500", "400"),
    Row("15.5", "a destination is a string", '.*"destination": 5.*', "status", "409", "400"),
    Row("15.7", "after the move that theirs could not do", "DELETE /api/files/local/folder3", "status", "204", "404"),
    Row("15.1", "one code for a card that is not there", "POST /api/files/sdcard.*", "status", "400", "404"),
    Row("15.5", "what is downloaded together exists or not", "GET .*files=none.gcode", "status", "500", "404"),
    Row("15.5", "an archive of several files", r"GET .*\?files=a.gcode&files=c.g", "status", "500", "200"),
    Row("15.7", "the folder that was made", "GET /api/files.*", r"body\.files\[none\]", "absent", "object"),
    # --- the machine
    Row(
        "15.5",
        "a target of the wrong form",
        r"POST /api/printer/(tool|bed) .*(1x|-5|-1|\[1\]).*",
        "status",
        "500",
        "400",
    ),
    Row("15.5", "an empty jog", 'POST .*"jog"}', "status", "500", "400"),
    Row(
        "15.5",
        "a value of the wrong form",
        r'POST .*("fast"|"axes": "x"|\[?5\]?|"parameters": {})}',
        "status",
        "204",
        "400",
    ),
    Row("15.5", "a tool that there is not", 'POST .*"tool1": 200.*', "status", "204", "400"),
    Row("15.4", "nothing is selected", 'POST /api/job .*"start"}', "status", "204", "409", "operational"),
    Row("14, autoconnect", "it is told", "GET /api/connection", r"body\.options\.autoconnect", "absent", "true|false"),
    Row("14, job filament", "null while unknown", "GET /api/job", r"body\.job\.filament", "object", "null"),
    Row("14, job filament", "every member", "GET /api/job", r"body\.job\.(file\.display|average.*)", "absent", "null"),
    Row(
        "14, history", "every point has its time", "GET /api/printer/.*", r"body\.history\[\]\.time", "absent", "number"
    ),
    # --- profiles
    Row("15.6", "an id that exists", 'POST /api/printerprofiles .*"second".*', "status", "500", "409"),
    Row("15.6", "an unknown profile", "(PATCH|DELETE) /api/printerprofiles/.*", "status", "200|204", "404"),
    Row("15.6", "based on none", 'POST /api/printerprofiles .*"basedOn": "none".*', "status", "200", "400"),
    Row("15.6", "what came of that", "GET /api/printerprofiles", r"body\.profiles\.fourth", "object", "absent"),
    Row("15.6", "the default renamed", "GET /api/printerprofiles", r"body\..*\.name", '"None"', '"Default"'),
    Row("15.5", "a profile is an object", "POST /api/printerprofiles .*5}", "status", "500", "400"),
    Row("15.13", "limits", ".*printerprofiles.*", r"body\..*(kinematics|maxExtrusion|ceilings)", "absent", ".*"),
    # --- settings and system
    Row("0, keys", "what a key never sets", "POST /api/settings .*(folder|ffmpegC).*", "status", "200|400", "403"),
    Row("15.19", "a bad value is refused", "POST /api/settings .*many.*", "status", "200", "400"),
    Row("15.38", "the wire's own settings", ".*/api/settings.*", r"body\.serial\.\w+", "absent", ".*"),
    Row("15.38", "low latency by default", ".*/api/settings.*", r"body\.serial\.lowLatency", "false", "true"),
    Row("0, limits", "where, and how much", ".*/api/settings.*", r"body\.server\.\w+", "absent", ".*"),
    Row("15.22", "logs in place", "(GET|DELETE) /(api|plugin/logging)/logs.*", "status", "30[12]", "200|404"),
    Row("15.5", "a level that there is not", "PUT .*levels.*", "status", "500", "400"),
    Row("0, first run", "it asks for the claim code", "POST /plugin/corewizard/acl.*", "status", "404", "403"),
    # --- plugins and timelapse
    Row("14, prompt", "no question has no members", "GET .*command_prompt", "body", "null", "object"),
    Row("15.1", "what is not there is not found", "POST /api/plugin/none .*", "status", "400", "404"),
    Row("0, keys", "no key installs anything", "POST .*pluginmanager .*install.*", "status", "200", "409"),
    Row("15.18", "none can be taken", "(GET|POST|DELETE) /api/timelapse.*", r"body\.enabled", "true", "false"),
    Row("15.18", "what cannot be is refused", "POST /api/timelapse .*(timed|nonsense).*", "status", "200", "400|409"),
    Row("15.18", "what is not there", "(POST|DELETE) /api/timelapse/.*", "status", "200|204|400", "404"),
    Row("15.5", "there is no camera", "GET /downloads/camera/current", "status", "500", "404"),
)
