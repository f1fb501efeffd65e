"""What a route says of itself: what it takes, what it gives, how it refuses (how to: ``docs/api.md``).

Invariants: a description is plain data beside the route that it describes, made of the tables and structs that serve
the request; nothing is derived from it before somebody asks for the document (``openapi.py``). A shape is a type that
msgspec knows, or JSON Schema made of the words of this module.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from mrdraw.errors import (
    InvalidValue,
    LimitExceeded,
    MachineUnreachable,
    MrDrawError,
    NotOperational,
    TooLarge,
    WrongContentType,
    WrongState,
)

Schema = Mapping[str, Any]
Shape = type | Schema
"""A type that msgspec knows, or JSON Schema; a schema may hold types in its turn."""
Errors = tuple[type[MrDrawError], ...]

JSON = "application/json"
URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "number"}
WHOLE: Schema = {"type": "integer"}
COUNT: Schema = {"type": "integer", "minimum": 0}
FLAG: Schema = {"type": "boolean"}
ANY: Schema = {}
LOOSE_FLAG: Schema = {
    "type": ["boolean", "string", "integer"],
    "description": "True are true, 1 and the words true, yes, y and 1 in any case.",
}
BYTES: Schema = {"type": "string", "format": "binary"}

BODY_ERRORS: Errors = (InvalidValue, TooLarge, WrongContentType)
"""How `json_body` refuses."""
COMMAND_ERRORS: Errors = (NotOperational, WrongState, LimitExceeded, MachineUnreachable)
"""How a machine refuses a command that moves or heats it."""


class Body(msgspec.Struct, frozen=True):
    """The body that is taken; `errors` are those of reading it."""

    shape: Shape
    kinds: tuple[str, ...] = (JSON,)
    errors: Errors = BODY_ERRORS
    required: bool = True


class Content(msgspec.Struct, frozen=True):
    """An answer that is not JSON; one content type, or several to choose from."""

    kinds: tuple[str, ...]
    shape: Shape = {}
    also: tuple[str, ...] = ()
    """Content types that can be asked for, of which there is nothing more to say."""


class About(msgspec.Struct, frozen=True, eq=False):
    """What a route takes and gives.

    The refusals that come before the endpoint (no key, no permission, no CSRF pair) are known from the route itself
    and not said again.
    """

    summary: str
    gives: Mapping[int, Shape | Content | None]
    """What is answered with each status when all is well; `None` for an answer without body."""
    body: Body | None = None
    query: Mapping[str, Shape] = {}
    """Query parameters; none of them has to be there."""
    path: Mapping[str, Shape] = {}
    """The parameters of the path that are more than any text."""
    raises: Errors = ()
    """The errors with which the endpoint refuses, beside those of the body."""


NOTHING: Mapping[int, None] = {204: None}
"""Done, and nothing to say."""
CONDITIONAL: Mapping[int, None] = {304: None}
"""The client has this version already."""


def object_of(members: Mapping[str, Shape], *, closed: bool = False) -> Schema:
    """An object; the name of a member that may be missing ends in `?`, `closed` means that there are no others."""
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {name.removesuffix("?"): shape for name, shape in members.items()},
        "required": [name for name in members if not name.endswith("?")],
    }
    return {**schema, "additionalProperties": False} if closed else schema


def maybe(shape: Shape) -> Schema:
    """That, or null."""
    return {"anyOf": [shape, {"type": "null"}]}


def either(*shapes: Shape) -> Schema:
    """One of these."""
    return {"anyOf": list(shapes)}


def many(shape: Shape) -> Schema:
    """A list of these."""
    return {"type": "array", "items": shape}


def by_name(shape: Shape) -> Schema:
    """An object whose members all have this shape, under names that are not known beforehand."""
    return {"type": "object", "additionalProperties": shape}


def words(*accepted: str) -> Schema:
    """One of these words."""
    return {"type": "string", "enum": list(accepted)}


def said(shape: Schema, description: str) -> Schema:
    """That, with a sentence about it (units!)."""
    return {**shape, "description": description}


def commands(table: Mapping[str, Iterable[str]], members: Mapping[str, Mapping[str, Shape]] | None = None) -> Body:
    """The body that `command_body` reads by this table; `members` says the shapes of each command's members.

    Those that the table names have to be there, the others may be.
    """
    known = members or {}
    return Body({"oneOf": [_command(name, set(needed), known.get(name, {})) for name, needed in table.items()]})


def _command(name: str, needed: set[str], members: Mapping[str, Shape]) -> Schema:
    shapes = {member if member in needed else f"{member}?": shape for member, shape in members.items()}
    if missing := needed.difference(members):
        raise ValueError(f"the command {name} needs {', '.join(missing)}, of which nothing is said")
    return object_of({"command": {"const": name}, **shapes})
