"""The audit log as clients get it: JSON, JSON by lines, CSV.

Invariants: times of files are ISO 8601 in UTC, those of JSON unix s; no cell of the CSV is a formula to a spreadsheet,
whatever somebody called a user or a file.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec

from mrdraw.accounts.audit_entry import Entry
from mrdraw.accounts.audit_search import Numbered

JSON, CSV, LINES = "json", "csv", "jsonl"
FORMATS = (JSON, CSV, LINES)
CONTENT_TYPES = {CSV: "text/csv", LINES: "application/jsonl"}
_ASKED_AS = {"text/csv": CSV, "application/jsonl": LINES, "application/x-ndjson": LINES}
"""What an `Accept` asks for."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""How a cell begins that spreadsheets calculate (OWASP, CSV injection)."""


def asked_format(accept: str) -> str:
    """The format that the header `Accept` asks for: the first that is known here, else JSON."""
    kinds = (kind.partition(";")[0].strip().lower() for kind in accept.split(","))
    return next((_ASKED_AS[kind] for kind in kinds if kind in _ASKED_AS), JSON)


def record_of(one: Numbered) -> dict[str, Any]:
    """An entry in JSON."""
    return {"id": one.number, **msgspec.to_builtins(one.entry)}


def lines_of(found: Iterable[Numbered]) -> bytes:
    """Entries as JSON, one a line."""
    return b"".join(msgspec.json.encode(_with_date(one)) + b"\n" for one in found)


def csv_of(found: Iterable[Numbered]) -> bytes:
    """Entries as rows of a table."""
    return _rows([_cell(value) for value in _with_date(one).values()] for one in found)


HEADING: dict[str, Callable[[], bytes]] = {
    CSV: lambda: _rows([["id", *Entry.__struct_fields__]]),
    LINES: lambda: b"",
}
"""What a file begins with."""
ENCODED: dict[str, Callable[[Iterable[Numbered]], bytes]] = {CSV: csv_of, LINES: lines_of}
"""Entries as they stand in a file."""


def _with_date(one: Numbered) -> dict[str, Any]:
    return record_of(one) | {"at": datetime.fromtimestamp(one.entry.at, UTC).isoformat(timespec="milliseconds")}


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _rows(rows: Iterable[list[str]]) -> bytes:
    table = io.StringIO()
    csv.writer(table, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(rows)
    return table.getvalue().encode()
