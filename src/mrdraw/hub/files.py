"""A stored file as the file of a job.

Invariants: only files that are there and that a machine can run become files of a job.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mrdraw.link.messages import JobFile

if TYPE_CHECKING:
    from mrdraw.library import Library


def job_file(library: Library, path: str) -> JobFile:
    """The file stored under `path`, as a job needs it. Raises `NoSuchFile`."""
    raise NotImplementedError
