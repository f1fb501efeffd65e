"""Requests that are made of the OpenAPI document: what is answered is what the document says.

Every operation is asked, with what it accepts and with what it does not; those that stop the machine or end the
connection as well, after which the machine is made ready again. The commands that stop the computer are harmless ones.
The identity is an admin's, so that whatever is described is reached.
"""

import contextlib
import logging

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from urllib3.exceptions import ReadTimeoutError

from helpers_hostile import GCODE, served

CHECKS = [status_code_conformance, content_type_conformance, response_schema_conformance]
KNOWN = {
    "path": ("a.gcode", "f", "f/b.gcode", "a.gcode/b"),
    "machine_id": ("default",),
    "source": ("core",),
    "action": ("shutdown", "reboot", "restart"),
    "name": ("eve", "mrdraw.log"),
    "profile_id": ("_default", "other"),
    "locale": ("de",),
    "pack": ("core",),
    "key": ("users", "admins"),
    "size": ("192",),
}
"""Parameters of the path that mean something."""
ENDLESS = ("xhr", "xhr_streaming", "eventsource")
"""How the paths of answers end that go on until the client goes."""
AT_ONCE, MOST_READ = 1.0, 64 * 1024
"""s and bytes of an answer without end."""

logging.getLogger("urllib3").setLevel(logging.ERROR)


class Asking:
    """Sends what was generated, and judges what comes back."""

    def __init__(self, made):
        self.count = 0
        self._made = made
        self._session = requests.Session()

    def prepare(self):
        """What the parameters name is there, and the machine is ready."""
        client = self._made.client
        self._made.connect()
        for path, name in (("", "a.gcode"), ("f", "b.gcode")):
            client.post("/api/files/local", data={"path": path}, files={"file": (name, GCODE)})
        if client.get("/api/access/users/eve").status_code == 404:
            client.post("/api/access/users", json={"name": "eve", "password": "secret-secret", "active": True})

    def ask(self, case, *, known):
        """Send a request; `known` says whether its key and the parameters of its path are to mean something."""
        if known:
            for name, values in KNOWN.items():
                if name in case.path_parameters:
                    case.path_parameters[name] = values[self.count % len(values)]
        arguments = case.as_transport_kwargs(base_url=self._made.url)
        headers = {name: value for name, value in arguments.pop("headers").items() if _can_be_sent(name, value)}
        if known:
            headers = {
                name: value for name, value in headers.items() if name.lower() not in {"authorization", "cookie"}
            }
            headers["X-Api-Key"] = self._made.key
        endless = case.operation.path.endswith(ENDLESS)
        arguments |= {"headers": headers, "timeout": AT_ONCE if endless else 30, "allow_redirects": False}
        with self._session.request(**arguments, stream=True) as answer:
            self.count += 1
            _read(answer, endless=endless)
            self._judge(case, answer)

    @staticmethod
    def _judge(case, answer):
        assert answer.status_code < 500, (case.as_curl_command(), answer.status_code, answer.text)
        case.validate_response(answer, checks=CHECKS)
        if answer.status_code >= 400 and case.method != "HEAD":
            assert len(answer.json()["error"].split()) >= 3, (case.as_curl_command(), answer.text)


def _can_be_sent(name, value):
    """Headers that the library refuses to send are the business of `test_hostile.py`."""
    return name.lower() not in {"content-length", "transfer-encoding", "host", "connection", "expect"} and all(
        text.strip() == text and text.isascii() and text.isprintable() for text in (name, str(value))
    )


def _read(answer, *, endless):
    """Read an answer; of one without end what comes at once."""
    if endless and answer.ok:
        answer._content, answer._content_consumed = b"", True
        with contextlib.suppress(ReadTimeoutError):  # somebody listens to this session already
            answer._content = next(answer.raw.stream(MOST_READ), b"")
    else:
        _ = answer.content


def _ask_all(made, examples):
    """Ask every operation that often in both ways; the number of requests."""
    document = _without_tuples(made.client.get("/api/v1/openapi.json").json())
    asking, failures = Asking(made), []
    for found in schemathesis.openapi.from_dict(document).get_all_operations():
        operation = found.ok()
        asking.prepare()
        for mode in GenerationMode if operation.body or operation.query else (GenerationMode.POSITIVE,):
            try:
                _ask_one(asking, operation, mode, examples)
            except Unsatisfiable:
                assert mode is GenerationMode.NEGATIVE  # there is nothing that could be wrong with it
            except (AssertionError, requests.RequestException, FailureGroup) as error:
                failures.append(f"{operation.label} ({mode.value}): {error}")
    assert not failures, "\n\n".join(failures)
    return asking.count


def _without_tuples(value):
    """The document with lists in the place of tuples of one kind: schemathesis turns `prefixItems` into no schema."""
    if isinstance(value, list):
        return [_without_tuples(each) for each in value]
    if not isinstance(value, dict):
        return value
    plain = {name: _without_tuples(each) for name, each in value.items() if name != "prefixItems"}
    return {**plain, "items": value["prefixItems"][0]} if "prefixItems" in value else plain


def _ask_one(asking, operation, mode, examples):
    @seed(20)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    @given(case=operation.as_strategy(generation_mode=mode), known=st.sampled_from((True, True, True, True, False)))
    def ask(case, known):
        asking.ask(case, known=known)

    ask()


def test_some_hundred_requests(tmp_path):
    with served(tmp_path / "base") as made:
        assert _ask_all(made, 1) > 150


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_ten_thousand_requests(tmp_path):
    with served(tmp_path / "base") as made:
        assert _ask_all(made, 50) >= 10_000
