"""A stored file as the file of a job.

Invariants: only files that are there become files of a job, each with what is known of it now.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mrdraw.link.messages import JobFile

if TYPE_CHECKING:
    from mrdraw.library import Library


def job_file(library: Library, path: str) -> JobFile:
    """The file stored under `path`, as a job needs it. Raises `NoSuchFile`."""
    entry = library.file(path)
    return JobFile(
        name=entry.name,
        path=entry.path,
        display=entry.display,
        source=str(library.absolute(path)),
        size=entry.size,
        date=entry.date,
        sha1=entry.sha1,
        owner=entry.user,
    )
