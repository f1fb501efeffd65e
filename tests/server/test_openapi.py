"""The OpenAPI document: whole, valid, and asked for lightly."""

import subprocess
import sys

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from helpers_hub import run
from mrdraw.errors import InvalidValue, NotOperational
from mrdraw.server.app import all_routes
from mrdraw.server.describing import NUMBER, TEXT, About, Body, commands, object_of
from mrdraw.server.openapi import document
from mrdraw.server.routing import Route
from mrdraw.settings import ProfileTree

UNDESCRIBED: set[str] = set()
"""Routes that still lack their description: the list only ever gets shorter."""


async def _endpoint(_request):
    raise AssertionError


def _operation(about, method="POST", **members):
    route = Route(method, "/api/x/{name}", _endpoint, members.pop("permission", None), about=about, **members)
    return document([route])["paths"]["/api/x/{name}"][method.lower()]


def test_every_route_says_what_it_takes_and_gives():
    undescribed = {f"{route.method} {route.path}" for route in all_routes() if route.about is None}
    assert undescribed == UNDESCRIBED, "describe new routes (docs/api.md), strike out what is described now"


def test_the_document_is_valid():
    OpenAPIV31SpecValidator(document(all_routes())).validate()


def test_parameters_are_those_of_the_path():
    for route in all_routes():
        for name in route.about.path if route.about else ():
            assert f"{{{name}}}" in route.path or f"{{{name}:path}}" in route.path, (route.path, name)


def test_no_status_is_a_catch_all():
    for methods in document(all_routes())["paths"].values():
        for operation in methods.values():
            assert all(len(status) == 3 and status.isdigit() for status in operation["responses"])
            runs_programs = operation["tags"] == ["system"]  # and says with 500 how one failed (contract, 5.12)
            accepted = {"503", "507", *({"500"} if runs_programs else ())}
            assert all(int(status) < 500 or status in accepted for status in operation["responses"])


def test_refusals_have_the_statuses_of_the_table_of_errors():
    about = About("x", {204: None}, body=Body(object_of({"a": NUMBER})), raises=(NotOperational, InvalidValue))
    assert set(_operation(about)["responses"]) == {"204", "400", "401", "409", "413", "415"}


def test_an_open_route_asks_for_nothing():
    operation = _operation(About("x", {200: TEXT}), "GET", open=True)
    assert operation["security"] == []
    assert set(operation["responses"]) == {"200"}


def test_a_permission_and_those_instead_of_it_are_named():
    from mrdraw.accounts import Permission

    operation = _operation(About("x", {200: TEXT}), "GET", permission=Permission.STATUS, instead=(Permission.SETTINGS,))
    assert [permissions for each in operation["security"] for permissions in each.values()] == [
        ["STATUS"], ["STATUS"], ["SETTINGS"], ["SETTINGS"],
    ]  # fmt: skip
    assert set(operation["responses"]) == {"200", "401", "403"}


def test_types_become_components():
    made = document([Route("GET", "/api/x", _endpoint, None, about=About("x", {200: object_of({"a": ProfileTree})}))])
    schema = made["paths"]["/api/x"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert schema["properties"]["a"] == {"$ref": "#/components/schemas/ProfileTree"}
    assert "ProfileTree" in made["components"]["schemas"]


def test_commands_need_what_their_table_says():
    body = commands({"jog": ("x",), "stop": ()}, {"jog": {"x": NUMBER, "speed": NUMBER}})
    schema = _operation(About("x", {204: None}, body=body))["requestBody"]["content"]["application/json"]["schema"]
    assert [(each["properties"]["command"], each["required"]) for each in schema["oneOf"]] == [
        ({"const": "jog"}, ["command", "x"]),
        ({"const": "stop"}, ["command"]),
    ]
    with pytest.raises(ValueError, match="jog needs x"):
        commands({"jog": ("x",)})


def test_the_document_is_served_with_a_tag(tmp_path):
    async def scenario(client, made):
        answer = await client.get("/api/v1/openapi.json")
        assert answer.json() == document(all_routes())
        again = await client.get("/api/v1/openapi.json", headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        made.services.settings.update({"api": {"anonymousStatus": 403}})
        other = await client.get("/api/v1/openapi.json")
        assert "401" not in other.json()["paths"]["/api/version"]["get"]["responses"]

    run(tmp_path, scenario)


def test_nothing_is_made_before_it_is_asked_for():
    script = "import sys, mrdraw.server.app; print('mrdraw.server.openapi' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"
