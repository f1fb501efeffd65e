"""Writes the audit log: of each request whose route names an action, how it went.

Invariants: a route says beside its permission what it does (`routing.Route.audit`), so that none can be forgotten; an
endpoint says more where the body decides (`note`) or that nothing was done (`nothing_done`). An entry is given to the
database before the answer begins; the answer waits for it `PATIENCE` at most, that to an emergency stop never. What is
done in the database may take its entry with it (`written_with`), and is answered without another wait.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import msgspec
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mrdraw.accounts import Identity
from mrdraw.accounts.audit import FINGERPRINT
from mrdraw.accounts.audit_entry import OF_MACHINE, Action, Entry, Outcome
from mrdraw.server.context import CLAIM, IDENTITY, MACHINE_ID, ROUTE, Services, client_address, services
from mrdraw.store import Write

PATIENCE = 0.05
"""s that an answer waits for its entry: past the end of this process it is kept then."""
_NOTE = "mrdraw.audit"
_TOO_MANY = 429
_MACHINE_PARAMETER = "machine_id"


@dataclass(slots=True)
class _Note:
    """What an endpoint says of its request beside what the route does."""

    action: Action | None = None
    user: str | None = None
    via: str | None = None
    subject: str | None = None
    detail: str = ""
    outcome: Outcome | None = None
    silent: bool = False
    written: Entry | None = None
    """What was written already, with what was done."""


_NOTHING = _Note()


def note(
    connection: HTTPConnection,
    action: Action | None = None,
    *,
    user: str | None = None,
    via: str | None = None,
    subject: str | None = None,
    detail: str | None = None,
    outcome: Outcome | None = None,
) -> None:
    """Say what this request does, who sent it where it is about just that, and how it went where the status does not
    tell; `None` leaves what was said before.
    """
    said = _note_of(connection.scope)
    said.action, said.user, said.via = action or said.action, user or said.user, via or said.via
    said.subject = said.subject if subject is None else subject
    said.detail = said.detail if detail is None else detail
    said.outcome = outcome or said.outcome


def nothing_done(connection: HTTPConnection) -> None:
    """This request does nothing that is worth an entry, whatever its route says."""
    _note_of(connection.scope).silent = True


@contextmanager
def written_with(connection: HTTPConnection, status: int) -> Iterator[Write[None]]:
    """Have the transaction of what is done in this block write the entry of this request too, by what the block gets.

    Both are kept or neither; if what is said of the request or its status is another in the end, that is written too.
    """
    known, scope = services(connection), connection.scope
    entry = _entry(known, scope, status)
    if entry is None:
        yield _write_nothing
        return
    with known.accounts.audit.adding(entry) as write:
        yield write
    _note_of(scope).written = entry


def _write_nothing(_connection: sqlite3.Connection) -> None:
    """There is no entry."""


def _note_of(scope: Scope) -> _Note:
    found: _Note = scope.setdefault(_NOTE, _Note())
    return found


class Auditing:
    """Stands before the authentication."""

    def __init__(self, app: ASGIApp, services: Services) -> None:
        self._app = app
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and write down what was done when the answer begins."""
        await self._app(scope, receive, self._recording(scope, send) if scope["type"] == "http" else send)

    def _recording(self, scope: Scope, send: Send) -> Send:
        async def record_and_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                await self._record(scope, message["status"])
            await send(message)

        return record_and_send

    async def _record(self, scope: Scope, status: int) -> None:
        entry = _entry(self._services, scope, status)
        if entry is None or _is_written(scope, entry):
            return
        written = self._services.accounts.audit.add(entry)
        if entry.action is not Action.EMERGENCY_STOP:
            await asyncio.wait([written], timeout=PATIENCE)


def _entry(known: Services, scope: Scope, status: int) -> Entry | None:
    """What is written down of a request that is answered with this status."""
    route, said = scope.get(ROUTE), scope.get(_NOTE) or _NOTHING
    action = said.action or (route.audit if route is not None else None)
    if action is None or said.silent or status == _TOO_MANY:
        return None
    user, via, fingerprint = _sender(scope)
    return Entry(
        at=known.accounts.audit.clock(),
        action=action,
        outcome=said.outcome or _outcome(status),
        status=status,
        user=said.user or user,
        via=said.via or via,
        fingerprint=None if said.via else fingerprint,
        address=client_address(HTTPConnection(scope)),
        machine=_machine(known, scope) if action in OF_MACHINE else None,
        subject=_subject(scope) if said.subject is None else said.subject,
        detail=said.detail,
    )


def _is_written(scope: Scope, entry: Entry) -> bool:
    """Whether just this was written with what was done."""
    written = (scope.get(_NOTE) or _NOTHING).written
    return written is not None and msgspec.structs.replace(written, at=entry.at) == entry


def _machine(known: Services, scope: Scope) -> str:
    """The machine that the request names, or the default one."""
    named: str | None = scope.get("path_params", {}).get(_MACHINE_PARAMETER) or scope.get(MACHINE_ID)
    return named or known.settings.current().default_machine


def _sender(scope: Scope) -> tuple[str | None, str | None, str | None]:
    """Who sent a request, with what, and the fingerprint of that."""
    who: Identity | None = scope.get(IDENTITY)
    if who is not None:
        return who.name, who.via, who.fingerprint[:FINGERPRINT]
    return None, "claim" if CLAIM in scope else None, None


def _subject(scope: Scope) -> str:
    """What the path names, beside the machine."""
    named: dict[str, str] = scope.get("path_params", {})
    return "/".join(value for name, value in named.items() if name != _MACHINE_PARAMETER)


def _outcome(status: int) -> Outcome:
    if status < 400:
        return Outcome.DONE
    return Outcome.REFUSED if status < 500 else Outcome.FAILED
