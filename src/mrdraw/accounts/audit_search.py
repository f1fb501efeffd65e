"""Reading the audit log: filters, and pages from the newest entry on.

Invariants: a page goes on from the number of the last entry before it, so that what is written meanwhile shifts
nothing. Searching runs on a connection of its own, in
the caller's thread, and holds nobody up.
"""

from __future__ import annotations

import msgspec

from mrdraw.accounts.audit_entry import Action, Entry, Outcome
from mrdraw.store import Database

_COLUMNS = "number, at, action, outcome, status, user, via, fingerprint, address, machine, subject, detail"
_TEXTS = ("action", "user", "via", "fingerprint", "address", "machine", "subject", "detail")
_ESCAPED = str.maketrans({"\\": "\\\\", "%": "\\%", "_": "\\_"})


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """What is looked for; times in unix s, `since` is in it and `until` is not."""

    user: str | None = None
    action: Action | None = None
    outcome: Outcome | None = None
    machine: str | None = None
    since: float | None = None
    until: float | None = None
    text: str | None = None
    """Part of any text of an entry; A and a are the same."""


class Numbered(msgspec.Struct, frozen=True):
    """An entry and its place in the log."""

    number: int
    entry: Entry


def page(database: Database, search: Search, *, before: int | None, limit: int) -> list[Numbered]:
    """The newest entries that are looked for, those before a number, at most so many; it blocks."""
    conditions, values = _conditions(search)
    if before is not None:
        conditions.append("number < ?")
        values.append(before)
    where = " AND ".join(conditions) or "1"
    sql = f"SELECT {_COLUMNS} FROM audit WHERE {where} ORDER BY number DESC LIMIT ?"  # noqa: S608  words of our own
    return [_numbered(row) for row in database.search(sql, (*values, limit))]


def _conditions(search: Search) -> tuple[list[str], list[object]]:
    """The conditions of a query and the values of their places."""
    conditions: list[str] = []
    values: list[object] = []
    for column in ("user", "action", "outcome", "machine"):
        if (value := getattr(search, column)) is not None:
            conditions.append(f"{column} = ?")
            values.append(value)
    for comparison, moment in (("at >= ?", search.since), ("at < ?", search.until)):
        if moment is not None:
            conditions.append(comparison)
            values.append(moment)
    if search.text:
        conditions.append("(" + " OR ".join(f"{column} LIKE ? ESCAPE '\\'" for column in _TEXTS) + ")")
        values += [f"%{search.text.translate(_ESCAPED)}%"] * len(_TEXTS)
    return conditions, values


def _numbered(row: tuple[object, ...]) -> Numbered:
    members = dict(zip(Entry.__struct_fields__, row[1:], strict=True))
    return Numbered(msgspec.convert(row[0], int), msgspec.convert(members, Entry))
