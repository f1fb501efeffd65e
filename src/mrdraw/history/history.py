"""The jobs that ended, one row each.

Invariants: what was counted is kept in memory, as new as the last job that was written down; a job stands here once,
whoever told of its end and how often; of two ends of the same job (it was resumed)
the later one holds, with the first one's beginning.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import msgspec

from mrdraw.errors import NoSuchJob
from mrdraw.history.tallies import Tallies, all_tallies
from mrdraw.store import Database

_COLUMNS = "id, machine, name, path, sha1, size, user, started_at, ended_at, outcome, reason, print_time, wire"
_SAVE = f"""
INSERT INTO jobs ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET
    started_at = coalesce(started_at, excluded.started_at), ended_at = excluded.ended_at, outcome = excluded.outcome,
    reason = excluded.reason, print_time = excluded.print_time, wire = coalesce(excluded.wire, wire)
WHERE excluded.ended_at > ended_at
"""  # noqa: S608  columns of our own
_LAST = f"SELECT {_COLUMNS} FROM jobs WHERE machine = ? ORDER BY ended_at DESC, id LIMIT ?"  # noqa: S608
_ONE = f"SELECT {_COLUMNS} FROM jobs WHERE machine = ? AND id = ?"  # noqa: S608


class JobRecord(msgspec.Struct, frozen=True, array_like=True):
    """A row: `size` in bytes, times in unix s, `print_time` in s without pauses, `wire` as JSON."""

    id: str
    machine: str
    name: str
    path: str
    sha1: str | None
    size: int
    user: str | None
    started_at: float | None
    ended_at: float
    outcome: str
    reason: str
    print_time: float
    wire: str | None


class History:
    """The jobs in the database."""

    def __init__(self, database: Database) -> None:
        self.revision = 0
        """Another number once another job ended."""
        self._database = database
        self._tallies: Tallies | None = None

    def save_soon(self, record: JobRecord, then: Callable[[], None] | None = None) -> None:
        """Write down how a job ended; nobody waits. `then` is called when that was news, in the writer's thread."""
        news: list[bool] = []

        def write(connection: sqlite3.Connection) -> None:
            news.append(connection.execute(_SAVE, msgspec.structs.astuple(record)).rowcount > 0)

        def written() -> None:
            if any(news):
                self._tallies = all_tallies(self._database)
                self.revision += 1
                if then is not None:
                    then()

        self._database.write_soon(write, then=written)

    def tallies(self) -> Tallies:
        """The jobs of all files, counted; read from the database once, then from memory."""
        if self._tallies is None:
            self._tallies = all_tallies(self._database)
        return self._tallies

    @property
    def counted(self) -> Tallies | None:
        """The same, if it is in memory."""
        return self._tallies

    def last(self, machine: str, count: int) -> list[JobRecord]:
        """The machine's last jobs, newest first, at most so many."""
        return [JobRecord(*row) for row in self._database.read(_LAST, (machine, count))]

    def job(self, machine: str, job: str) -> JobRecord:
        """One job of the machine. Raises `NoSuchJob`."""
        rows = self._database.read(_ONE, (machine, job))
        if not rows:
            raise NoSuchJob(f"No job {job!r} of the machine {machine!r} has ended.")
        return JobRecord(*rows[0])
