"""The jobs of a file as clients read them (contract, sections 4.5 and 4.7).

Invariants: a file that never was in a job has none of these members; a folder counts the jobs of what it holds.
"""

from __future__ import annotations

from mrdraw.history import Tallies, Tally
from mrdraw.library import Entry, FileEntry

_PROFILE = "_default"
"""All machines have one profile each, of this name."""

Record = dict[str, object]


def tallies_in(entry: Entry, tallies: Tallies) -> list[Tally]:
    """The tallies of a file, or of all files in a folder."""
    if isinstance(entry, FileEntry):
        found = tallies.of(entry.sha1, entry.path)
        return [] if found is None else [found]
    return [tally for child in entry.children for tally in tallies_in(child, tallies)]


def prints_record(tallies: list[Tally]) -> Record:
    """The member `prints`: counts, and the last job of all."""
    record: Record = {
        "success": sum(tally.success for tally in tallies),
        "failure": sum(tally.failure for tally in tallies),
    }
    if tallies:
        record["last"] = _last_record(max(tallies, key=lambda tally: tally.ended_at))
    return record


def _last_record(tally: Tally) -> Record:
    record: Record = {"date": tally.ended_at, "success": tally.succeeded}
    return record | ({"printTime": tally.print_time} if tally.succeeded else {})


def statistics_record(tally: Tally) -> Record:
    """The member `statistics`: how long the jobs took that ended well."""
    known = {"averagePrintTime": tally.mean_time, "lastPrintTime": tally.last_time}
    return {name: {} if value is None else {_PROFILE: value} for name, value in known.items()}


def last_end(tallies: list[Tally]) -> int:
    """When the last job of all ended, unix s; 0 for none."""
    return int(max((tally.ended_at for tally in tallies), default=0))
