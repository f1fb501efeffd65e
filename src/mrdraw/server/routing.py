"""Routes: declared with their permission where they are served, found by a table.

Invariants: a route states its permission, or that any known identity may use it, or that it is open; an exact path is
found by one look-up; HEAD is answered wherever GET is.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import compile_path

from mrdraw.accounts import Permission
from mrdraw.accounts.audit_entry import Action
from mrdraw.server.describing import About

Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class Route:
    """One method of one path, relative to a machine's base (`/api/job`)."""

    method: str
    path: str
    endpoint: Endpoint
    permission: Permission | None
    open: bool = False
    instead: tuple[Permission, ...] = ()
    """Each of these lets through as well; the endpoint asks for what its command needs."""
    on_any: bool = False
    """Whether the permission on any machine will do; the endpoint sees to what is shown of which."""
    about: About | None = None
    """What it takes and gives, for the OpenAPI document."""
    audit: Action | None = None
    """What it does, for the audit log."""


@dataclass(frozen=True)
class Found:
    """The routes of a path by method, and what its parameters are."""

    methods: dict[str, Route]
    parameters: dict[str, str]


class RouteTable:
    """All routes."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._exact: dict[str, dict[str, Route]] = {}
        self._patterns: list[tuple[re.Pattern[str], dict[str, Route]]] = []
        by_path: dict[str, dict[str, Route]] = {}
        for route in routes:
            by_path.setdefault(route.path, {})[route.method] = route
        for path, methods in by_path.items():
            if "GET" in methods:
                methods.setdefault("HEAD", methods["GET"])
            if "{" in path:
                self._patterns.append((compile_path(path)[0], methods))
            else:
                self._exact[path] = methods

    def find(self, path: str) -> Found | None:
        """The routes of this path, or `None`."""
        methods = self._exact.get(path)
        if methods is not None:
            return Found(methods, {})
        for pattern, methods in self._patterns:
            if match := pattern.match(path):
                return Found(methods, match.groupdict())
        return None
