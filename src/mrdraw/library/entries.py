"""What is told of a stored file or folder.

Invariants: entries are values; a path has no leading slash; `sha1` is that of the content as it is, or `None`.
"""

from __future__ import annotations

import msgspec

MACHINE_CODE = ("machinecode", "gcode")


class FileEntry(msgspec.Struct, frozen=True, kw_only=True, tag="file"):
    """A stored file: `size` in bytes, `date` (of the last change) in unix seconds."""

    name: str
    display: str
    path: str
    size: int
    date: int
    sha1: str | None = None
    user: str | None = None
    userdata: object = None
    type_path: tuple[str, ...] = MACHINE_CODE


class FolderEntry(msgspec.Struct, frozen=True, kw_only=True, tag="folder"):
    """A folder: `size` in bytes of all files in and below it, `date` in unix seconds."""

    name: str
    path: str
    date: int
    size: int
    children: tuple[FileEntry | FolderEntry, ...] = ()


Entry = FileEntry | FolderEntry
