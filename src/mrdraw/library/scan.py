"""Reading the uploads folder.

Invariants: only reads; hidden names, other extensions, symbolic links and names that are no UTF-8 are not listed;
what disappears while it is read is left out.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from mrdraw.library.entries import Entry, FileEntry, FolderEntry
from mrdraw.library.names import DEEPEST, is_hidden, is_printable
from mrdraw.library.records import FileRecord

_DEEPEST = 2 * DEEPEST
"""Folders in each other beyond which nothing is listed; other hands may have put them there."""


def file_entry(path: str, stat: os.stat_result, record: FileRecord | None) -> FileEntry:
    """The entry of a file."""
    name = path.rpartition("/")[2]
    return FileEntry(
        name=name,
        display=(record.display if record else None) or name,
        path=path,
        size=stat.st_size,
        date=int(stat.st_mtime),
        sha1=record.hash_of(stat.st_size, stat.st_mtime_ns) if record else None,
        user=record.user if record else None,
        userdata=record.what_was_said() if record else None,
    )


def folder_entry(
    folder: Path, path: str, records: Mapping[str, FileRecord], depth: int | None, times: dict[Path, int] | None = None
) -> FolderEntry:
    """The entry of a folder with `depth` levels of children (`None`: all).

    `times` gets the time of change (ns) of each folder, as it was before the folder was read.
    """
    stat = folder.stat()
    if times is not None:
        times[folder] = stat.st_mtime_ns
    below = None if depth is None else depth - 1
    children = tuple(_children(folder, path, records, below, times))
    return FolderEntry(
        name=path.rpartition("/")[2],
        path=path,
        date=int(stat.st_mtime),
        size=sum(child.size for child in children),
        children=children if depth is None or depth > 0 else (),
    )


def _children(
    folder: Path, path: str, records: Mapping[str, FileRecord], depth: int | None, times: dict[Path, int] | None
) -> Iterator[Entry]:
    for found in _names(folder):
        inside = f"{path}/{found.name}" if path else found.name
        try:
            if found.is_dir(follow_symlinks=False):
                if inside.count("/") >= _DEEPEST:
                    continue
                yield folder_entry(Path(found.path), inside, records, depth, times)
            elif found.is_file(follow_symlinks=False) and is_printable(found.name):
                yield file_entry(inside, found.stat(follow_symlinks=False), records.get(inside))
        except FileNotFoundError:
            continue


def _names(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            names = [entry for entry in found if not is_hidden(entry.name) and _is_text(entry.name)]
    except PermissionError:
        return []
    return sorted(names, key=lambda entry: entry.name)


def _is_text(name: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in name)
