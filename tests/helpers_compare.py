"""What two servers answer to the same request, and in what the answers differ.

Numbers, and strings that no client compares, count by their type; a list counts by what its entries look like; what
stands under the names of `COMPARED`, and every truth value, counts as it is.
"""

from __future__ import annotations

import http.client
import json
import re
from dataclasses import dataclass, field
from typing import Any

BOUNDARY = "-" * 24 + "5f1c0b7f2a9e4d38"
PATIENCE = 60.0

HEADERS = (
    "x-content-type-options", "x-frame-options", "x-robots-tag", "access-control-allow-origin",
    "accept-ranges", "content-range", "content-encoding",
)  # fmt: skip
PRESENT = ("www-authenticate", "set-cookie")
"""The headers of which it only matters that they are there."""
INVENTORIES = (
    ("/api/settings$", r"body\.plugins\.|body\.webcam\.(webcams\[|defaultW|snapshotW)|body\.scripts\.gcode\."),
    ("/api/settings/templates", r"body\.order\."),
    ("/(api/)?plugin/pluginmanager", r"body\.(plugins\[|online|pip|safe_mode|supported_extensions)"),
    ("/plugin/pluginmanager/plugins/versions", r"body\."),
    ("/api/plugin/health_check", r"body\.health\."),
    ("/api/system/(usage|info)", r"body\.(usage|systeminfo)\."),
    ("/api/setup/wizard", r"body\."),
)
"""Addresses, and what in their answers depends on which plugins, cameras, scripts and folders there are."""
FREE = ("kept", "header etag")
"""What may be told where OctoPrint tells nothing."""
LOG = re.compile(r"[\w.-]+\.log\b")
REFUSED = ("www-authenticate", "location")
"""The headers of a refusal that clients act on."""

COMPARED = frozenset((
    "name", "path", "display", "origin", "type", "typePath", "hash", "text", "state", "resource", "download", "storage",
    "id", "key", "api", "server", "identifier", "sanitized", "suggestion", "renderAfterPrint", "choices", "message",
    "model", "color", "formFactor", "command", "userdata", "count", "size", "url", "result", "status",
))  # fmt: skip
"""The members whose strings are compared as they are."""


@dataclass(frozen=True)
class Part:
    """One part of a form: a field, or a file when it is named as one."""

    name: str
    value: str
    filename: str | None = None


@dataclass(frozen=True)
class Ask:
    """A request. `{port}` in it is the serial port, `{key}` the global key."""

    method: str
    path: str
    body: object = None
    """JSON when it is a list, a dict or a `Raw`; a form when it is a list of parts."""
    form: tuple[Part, ...] = ()
    raw: bytes | None = None
    kind: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    key: str | None = "{key}"
    note: str = ""

    @property
    def label(self) -> str:
        """How the request is named in the table of differences."""
        said = self.note or (json.dumps(self.body) if self.body is not None else "")
        return f"{self.method} {self.path}{' ' if said else ''}{said}"

    def content(self, names: dict[str, str]) -> tuple[bytes | None, dict[str, str]]:
        """The body as it is sent, and the headers."""
        headers = {name: filled(value, names) for name, value in self.headers.items()}
        if self.key is not None:
            headers["X-Api-Key"] = filled(self.key, names)
        if self.form:
            return form_data(self.form), headers | {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
        if self.raw is not None:
            return self.raw, headers | ({"Content-Type": self.kind} if self.kind else {})
        if self.body is not None:
            said = filled(json.dumps(self.body), names).encode()
            return said, headers | {"Content-Type": self.kind or "application/json"}
        return None, headers


def filled(text: str, names: dict[str, str]) -> str:
    """The text with what differs from server to server."""
    for name, value in names.items():
        text = text.replace("{" + name + "}", value)
    return text


def form_data(parts: tuple[Part, ...]) -> bytes:
    """Parts as multipart/form-data."""
    written = []
    for part in parts:
        named = f'; filename="{part.filename}"' if part.filename is not None else ""
        kind = "Content-Type: application/octet-stream\r\n" if part.filename is not None else ""
        written.append(
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{part.name}"{named}\r\n{kind}\r\n{part.value}\r\n'
        )
    return ("".join(written) + f"--{BOUNDARY}--\r\n").encode()


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def kind(self) -> str:
        """The media type, without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip()

    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)


def ask(port: int, one: Ask, names: dict[str, str]) -> Answer:
    """Send a request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    body, headers = one.content(names)
    try:
        connection.request(one.method, filled(one.path, names), body, headers)
        answer = connection.getresponse()
        met = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, met, answer.read())
    finally:
        connection.close()


@dataclass(frozen=True)
class Difference:
    """In one thing the answers are not alike."""

    state: str
    request: str
    what: str
    theirs: str
    ours: str

    def __str__(self) -> str:
        return f"[{self.state}] {self.request}: {self.what}: theirs {self.theirs}, ours {self.ours}"


def aspects(one: Ask, answer: Answer, own: dict[str, str]) -> dict[str, str]:
    """What of an answer is compared."""
    said = {"status": str(answer.status)}
    if answer.status in {302, 304, 308}:  # they have no content
        return said | _location(answer, own)
    if answer.status >= 400:
        return said | {"header content-type": answer.kind} | _headers(answer, REFUSED, own) | _body(one, answer, own)
    said |= _headers(answer, HEADERS, own) | _location(answer, own)
    said |= {f"header {name}": "given" if name in answer.headers else "-" for name in PRESENT}
    validators = {"etag", "last-modified"} & answer.headers.keys()
    said["header etag"] = "given" if validators and not one.path.startswith("/plugin") else "-"
    if not one.path.startswith(("/api", "/downloads", "/plugin")):
        return {what: looks for what, looks in said.items() if what not in FREE} | _body(one, answer, own)
    said["header content-type"] = answer.kind
    if one.path.startswith("/downloads"):
        said |= _headers(answer, ("content-disposition",), own)
    if one.method == "OPTIONS":
        said["header content-type"] = ""
        said["header allow"] = ", ".join(sorted(answer.headers.get("allow", "").replace(" ", "").split(",")))
    elif one.method != "HEAD":
        said["kept"] = _kept(answer.headers.get("cache-control", ""))
    return said | _body(one, answer, own)


def _headers(answer: Answer, names: tuple[str, ...], own: dict[str, str]) -> dict[str, str]:
    return {f"header {name}": shared(answer.headers.get(name, "-"), own) for name in names}


def _location(answer: Answer, own: dict[str, str]) -> dict[str, str]:
    return _headers(answer, ("location",), own)


def _kept(control: str) -> str:
    """How long a client may keep it."""
    if "no-store" in control:
        return "not at all"
    return "if it is asked for again each time" if "max-age=0" in control or "no-cache" in control else control or "-"


def _body(one: Ask, answer: Answer, own: dict[str, str]) -> dict[str, str]:
    if answer.kind == "application/json" and answer.body:
        looks = shape(answer.json(), "body", own)
        return {place: look for place, look in looks.items() if not _is_inventory(one.path, place)}
    if answer.kind == "text/html":
        return {"body": "a page" if answer.body else "nothing"}
    return {"body": shared(answer.body.decode("utf-8", "replace")[:200], own) or "nothing"}


def _is_inventory(path: str, place: str) -> bool:
    """Whether it says what is installed, not what an answer looks like."""
    return any(re.match(where, path) and re.match(what, place) for where, what in INVENTORIES)


def shared(text: str, own: dict[str, str]) -> str:
    """The text with what both have under a name of their own called alike; logs are called alike as well."""
    for value, name in own.items():
        text = text.replace(value, name)
    return LOG.sub("some.log", text)


def shape(value: Any, where: str, own: dict[str, str], name: str = "") -> dict[str, str]:
    """Each place of a JSON value with what it looks like."""
    if isinstance(value, dict):
        found = {where: "object"}
        for member, inner in value.items():
            found |= shape(inner, f"{where}.{member}", own, member)
        return found
    if isinstance(value, list):
        return {where: "list"} | _entries(value, where, own, name)
    return {where: _scalar(value, own, name)}


def _entries(values: list[Any], where: str, own: dict[str, str], name: str) -> dict[str, str]:
    """What the entries look like: by their names where they have one, else all in one."""
    found: dict[str, set[str]] = {}
    for value in values:
        known = isinstance(value, dict) and next((value[key] for key in ("path", "id", "name") if key in value), None)
        place = f"{where}[{LOG.sub('some.log', known)}]" if isinstance(known, str) else f"{where}[]"
        for inner, looks in shape(value, place, own, name).items():
            found.setdefault(inner, set()).add(looks)
    return {place: " or ".join(sorted(looks)) for place, looks in found.items()}


def _scalar(value: Any, own: dict[str, str], name: str) -> str:
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, str):
        return json.dumps(shared(value, own)) if name in COMPARED else "string"
    return "number"


def differences(state: str, one: Ask, theirs: dict[str, str], ours: dict[str, str]) -> list[Difference]:
    """In what two answers are not alike; the inside of what only one of them has is not named again.

    Of a refusal on one side only, nothing but that is told.
    """
    found: list[Difference] = []
    if theirs["status"] != ours["status"] and max(theirs["status"], ours["status"]) >= "300":
        return [Difference(state, one.label, "status", theirs["status"], ours["status"])]
    for what in dict.fromkeys([*theirs, *ours]):
        left, right = theirs.get(what, "absent"), ours.get(what, "absent")
        if left != right and not _told(what, found) and not (what in FREE and left == "-"):
            found.append(Difference(state, one.label, what, left, right))
    return found


def _told(what: str, found: list[Difference]) -> bool:
    """Whether that which this is part of has been named."""
    return any(what.startswith((f"{one.what}.", f"{one.what}[")) for one in found)
