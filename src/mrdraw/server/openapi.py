"""The OpenAPI document, made of what the routes say of themselves.

Invariants: every status that an operation may answer with is named, and none is a catch-all; what all routes share (no
key, no permission, no CSRF pair) is derived from their permission; a refusal's status comes from the one table of
errors. Loaded when the document is asked for, not before.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeGuard, get_origin

import msgspec

from mrdraw import __version__
from mrdraw.errors import InvalidValue, MrDrawError, NotAuthenticated, NotPermitted
from mrdraw.server.describing import JSON, TEXT, Body, Content, Shape
from mrdraw.server.errors import status_of
from mrdraw.server.routing import Route

Json = dict[str, Any]

_REFERENCE = "#/components/schemas/{name}"
_REFUSAL = {"$ref": _REFERENCE.format(name="Refusal")}
_SAFE = frozenset({"GET", "HEAD"})
_PARAMETER = re.compile(r"\{(\w+)(?::(\w+))?\}")

_INTRODUCTION = """\
MrDraw speaks the HTTP API of OctoPrint; what that has no word for lives under `/api/v1`.

Every path is that of the default machine; with `/machines/<id>` before it, it is the same path of any machine, and a
machine that is not there is answered 404. `HEAD` is answered wherever `GET` is, a method that is not listed with 405,
a path with two slashes in a row with 308. Every refusal is JSON with the member `error`, which says what was wrong and
what is accepted.
"""
_REASONS = {
    304: "What the client has is the newest version.",
    401: "There is no identity: no key, one that nobody owns, or no session.",
    403: "The identity lacks the permission.",
}
_KEYS: Json = {
    "key": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
    "bearer": {"type": "http", "scheme": "bearer", "description": "The same key as a bearer token."},
}
"""Where a key may stand. A page's session cookie needs the header `X-CSRF-Token` beside it."""


def document(routes: Iterable[Route], *, anonymous_status: int = 401) -> Json:
    """The document of these routes; `anonymous_status` is what those without identity are answered."""
    described = [route for route in routes if route.about is not None]
    schemas = _Schemas(described)
    paths: dict[str, Json] = {}
    for route in described:
        path = _PARAMETER.sub(r"{\1}", route.path)
        paths.setdefault(path, {})[route.method.lower()] = _operation(route, schemas, anonymous_status)
    return {
        "openapi": "3.1.0",
        "info": {"title": "MrDraw", "version": __version__, "description": _INTRODUCTION},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {"schemas": schemas.components, "securitySchemes": _KEYS},
    }


class _Schemas:
    """The shapes of all routes as JSON Schema; those of types become components."""

    def __init__(self, routes: Iterable[Route]) -> None:
        types = list({kind: None for route in routes for shape in _shapes(route) for kind in _types(shape)})
        made = msgspec.json.schema_components(types, ref_template=_REFERENCE)
        schemas, components = msgspec.json.decode(msgspec.json.encode(made))  # defaults that are tuples become lists
        self._of = dict(zip(types, schemas, strict=True))
        refusal = {"type": "object", "properties": {"error": TEXT}, "required": ["error"]}
        self.components: Json = {"Refusal": refusal, **components}

    def of(self, shape: Shape) -> Json:
        """The schema of a shape."""
        resolved: Json = self._resolved(shape)
        return resolved

    def _resolved(self, value: object) -> Any:
        if isinstance(value, Mapping):
            return {name: self._resolved(each) for name, each in value.items()}
        if isinstance(value, list | tuple):
            return [self._resolved(each) for each in value]
        return self._of[value] if _is_type(value) else value


def _shapes(route: Route) -> Iterator[object]:
    about = route.about
    if about is None:
        return
    yield from about.query.values()
    yield from about.path.values()
    if about.body is not None:
        yield about.body.shape
    yield from (given.shape if isinstance(given, Content) else given for given in about.gives.values())


def _is_type(value: object) -> TypeGuard[type]:
    """Whether msgspec knows it: a class, or a type put together of several."""
    return isinstance(value, type) or get_origin(value) is not None


def _types(value: object) -> Iterator[type]:
    """The types in a shape."""
    if _is_type(value):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _types(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _types(each)


def _operation(route: Route, schemas: _Schemas, anonymous_status: int) -> Json:
    about = route.about
    assert about is not None
    operation: Json = {
        "operationId": _identifier(route),
        "summary": about.summary,
        "tags": [group_of(route.path)],
        "security": _security(route),
    }
    if parameters := [*_path_parameters(route, schemas), *_query_parameters(route, schemas)]:
        operation["parameters"] = parameters
    if about.body is not None:
        operation["requestBody"] = _body(about.body, schemas)
    given = {status: _given(status, shape, schemas) for status, shape in about.gives.items()}
    answers = {**_refusals(route, anonymous_status), **given}
    operation["responses"] = {str(status): answers[status] for status in sorted(answers)}
    return operation


def _identifier(route: Route) -> str:
    name = re.sub(r"[^A-Za-z0-9]+", "_", _PARAMETER.sub(r"\1", route.path)).strip("_")
    slash = "_" if len(route.path) > 1 and route.path.endswith("/") else ""
    return f"{route.method.lower()}_{name}{slash}"


def group_of(path: str) -> str:
    """The resource that a path belongs to."""
    parts = [part for part in path.split("/") if part and part != "v1"]
    if not parts or (len(parts) == 1 and "." in parts[0]) or parts[0] == "assets":
        return "page"
    return parts[1] if parts[0] in {"api", "plugin"} and len(parts) > 1 else parts[0]


def _security(route: Route) -> list[Json]:
    """Who may: any of these keys with this permission; nothing is asked of an open route."""
    if route.open:
        return []
    wanted = [[]] if route.permission is None else [[each.value] for each in (route.permission, *route.instead)]
    return [{scheme: permissions} for permissions in wanted for scheme in _KEYS]


def _path_parameters(route: Route, schemas: _Schemas) -> Iterator[Json]:
    for name, kind in _PARAMETER.findall(route.path):
        usual = {**TEXT, "description": "May hold slashes."} if kind == "path" else TEXT
        shape = route.about.path.get(name, usual) if route.about else usual
        yield {"name": name, "in": "path", "required": True, "schema": schemas.of(shape)}


def _query_parameters(route: Route, schemas: _Schemas) -> Iterator[Json]:
    for name, shape in (route.about.query if route.about else {}).items():
        yield {"name": name, "in": "query", "schema": schemas.of(shape)}


def _body(body: Body, schemas: _Schemas) -> Json:
    schema = schemas.of(body.shape)
    return {"required": body.required, "content": {kind: {"schema": schema} for kind in body.kinds}}


def _given(status: int, given: Shape | Content | None, schemas: _Schemas) -> Json:
    answer: Json = {"description": _REASONS.get(status, "Done.")}
    if isinstance(given, Content):
        answer["content"] = {kind: {"schema": schemas.of(given.shape)} for kind in given.kinds}
        answer["content"] |= {kind: {} for kind in given.also}
    elif given is not None:
        answer["content"] = {JSON: {"schema": schemas.of(given)}}
    return answer


def _refusals(route: Route, anonymous_status: int) -> dict[int, Json]:
    reasons: dict[int, list[str]] = {}
    for error in _errors(route):
        status = anonymous_status if error is NotAuthenticated else status_of(error)
        reasons.setdefault(status, []).append(_reason(error))
    content = {JSON: {"schema": _REFUSAL}}
    return {status: {"description": " ".join(each), "content": content} for status, each in reasons.items()}


def _errors(route: Route) -> Iterator[type[MrDrawError]]:
    """Whatever the route may refuse with, each once."""
    about = route.about
    assert about is not None
    errors: list[type[MrDrawError]] = [] if route.open else [NotAuthenticated]
    if route.permission is not None:
        errors.append(NotPermitted)
    if route.method not in _SAFE:
        errors.append(InvalidValue)  # a session without its CSRF pair
    yield from dict.fromkeys([*errors, *(about.body.errors if about.body else ()), *about.raises])


def _reason(error: type[MrDrawError]) -> str:
    return _REASONS.get(status_of(error)) or " ".join((error.__doc__ or "").split())
