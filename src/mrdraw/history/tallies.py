"""What is known of a file's jobs: how many ended well and how many did not, the last one, how long they took.

Invariants: jobs belong to the content (its SHA-1), wherever the file lies and whatever it is called; where the hash is
not known, to the path.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from mrdraw.store import Database

_WHAT = "coalesce(sha1, 'at ' || path)"
_ENDED = f"""
SELECT {_WHAT}, sum(outcome = 'done'), sum(outcome <> 'done'), max(ended_at), outcome = 'done', print_time
FROM jobs GROUP BY 1
"""  # noqa: S608  the other two of the row with the latest end: SQLite gives bare columns so
_DONE = f"""
SELECT {_WHAT}, max(ended_at), avg(print_time), print_time FROM jobs WHERE outcome = 'done' GROUP BY 1
"""  # noqa: S608


class Tally(msgspec.Struct, frozen=True):
    """The jobs of one content. Times in s, `ended_at` in unix s."""

    success: int
    failure: int
    ended_at: float
    """When the last one ended."""
    succeeded: bool
    """Whether the last one ended well."""
    print_time: float
    """How long the last one took."""
    mean_time: float | None = None
    """How long those took on the average that ended well."""
    last_time: float | None = None
    """How long the last one took that ended well."""


class Tallies:
    """The jobs of all files."""

    def __init__(self, tallies: Mapping[str, Tally]) -> None:
        self._tallies = tallies

    def of(self, sha1: str | None, path: str) -> Tally | None:
        """The jobs of a file, if it ever was in one."""
        return self._tallies.get(sha1 or f"at {path}")


def all_tallies(database: Database) -> Tallies:
    """What the database knows."""
    times = {what: (mean, last) for what, _, mean, last in database.read(_DONE)}
    tallies = {
        what: Tally(done, other, ended_at, bool(well), took, *times.get(what, (None, None)))
        for what, done, other, ended_at, well, took in database.read(_ENDED)
    }
    return Tallies(tallies)
