"""Copying and moving stored files and folders (contract, section 5.5).

Invariants: what is there is never replaced; a copy appears as a whole, on the disk and with what is known of it, or
not at all; symbolic links and hidden names are not copied.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from mrdraw.errors import FileExists, InvalidValue, NoSuchFile, WrongState
from mrdraw.library import records
from mrdraw.library.disk import make_folders, remove, sync_folder, told_as_not_stored
from mrdraw.library.entries import Entry, FileEntry, FolderEntry
from mrdraw.library.names import DEEPEST, LONGEST_PATH, clean_file_path, clean_path, is_hidden, is_printable
from mrdraw.library.place import Place
from mrdraw.library.records import FileRecord
from mrdraw.store import Database


@dataclass(frozen=True)
class Target:
    """Where something goes, and the name that it is shown by there."""

    path: str
    display: str


class Moving:
    """Gives stored files and folders another place, or a second one."""

    def __init__(self, place: Place, database: Database, changed: Callable[[], None]) -> None:
        """`changed` hears that something was moved or copied."""
        self._place = place
        self._database = database
        self._changed = changed

    def target_of(self, source: Entry, destination: str) -> Target:
        """Where a destination leads: into a folder that is there, else it is the whole new path.

        `source` comes with all that is in it; a file that only gets another name to be shown by may stay where it is.
        Raises `WrongState` for a name that cannot be used and for a place that is too deep, `UnknownFileType`,
        `NoSuchFile` without its folder, `FileExists`.
        """
        target = self._named(source, destination)
        parent = target.path.rpartition("/")[0]
        if not self._place.is_folder(parent):
            raise NoSuchFile(f"There is no folder {parent!r} that {target.path} could be put into.")
        if isinstance(source, FolderEntry) and target.path.startswith(f"{source.path}/"):
            raise WrongState(f"The folder {source.path} cannot be put into itself.")
        _refuse_too_deep(source, target)
        renamed = isinstance(source, FileEntry) and target.path == source.path and target.display != source.display
        if not renamed and os.path.lexists(self._place.root / target.path):
            raise FileExists(f"{target.path} exists already.")
        return target

    def _named(self, source: Entry, destination: str) -> Target:
        try:
            path = clean_path(destination)
        except InvalidValue as error:
            raise WrongState(f"The destination cannot be used. {error}") from error
        if self._place.is_folder(path):
            display = source.name if isinstance(source, FolderEntry) else source.display
            return Target(f"{path}/{source.name}" if path else source.name, display)
        name = path.rpartition("/")[2]
        if isinstance(source, FolderEntry):
            if is_printable(name):
                raise WrongState(f"{path} looks like a file to print; call the folder otherwise.")
        else:
            path = clean_file_path(path)
        return Target(path, destination.rstrip("/").rpartition("/")[2])

    async def move(self, source: Entry, target: Target) -> None:
        """Move a file or folder. Raises `NoSuchFile`, `FileExists`, `NotStored`."""

        def take(connection: sqlite3.Connection) -> None:
            there = self._place.absolute(source.path)
            if target.path != source.path:
                records.move(connection, source.path, target.path)
                self._put(there, target)
                sync_folder(there.parent)
            self._show_as(connection, source, target)

        with told_as_not_stored(f"The move to {target.path}"):
            await self._database.write(take, then=self._changed)

    async def copy(self, source: Entry, target: Target) -> None:
        """Copy a file, or a folder with all that is in it. Raises `NoSuchFile`, `FileExists`, `NotStored`."""
        if target.path == source.path:
            raise FileExists(f"{target.path} exists already.")
        made = self._place.temporary / f".copy-{secrets.token_hex(8)}"

        def take(connection: sqlite3.Connection) -> None:
            records.copy(connection, source.path, target.path)
            self._put(made, target)
            self._show_as(connection, source, target)

        with told_as_not_stored(f"The copy {target.path}"):
            try:
                await asyncio.to_thread(_copy, self._place.absolute(source.path), made)
                await self._database.write(take, then=self._changed)
            finally:
                await asyncio.to_thread(remove, made)

    def _put(self, there: Path, target: Target) -> None:
        new = self._place.root / target.path
        if os.path.lexists(new):
            raise FileExists(f"{target.path} exists already.")
        there.rename(new)
        sync_folder(new.parent)

    def _show_as(self, connection: sqlite3.Connection, source: Entry, target: Target) -> None:
        """Have a file shown by its new name; what else is known of it stays."""
        if isinstance(source, FolderEntry):
            return
        known = records.row_of(connection, target.path)
        if known is None:
            stat = (self._place.root / target.path).stat()
            known = FileRecord(target.path, stat.st_size, stat.st_mtime_ns)
        records.put(connection, msgspec.structs.replace(known, display=target.display))


def _refuse_too_deep(source: Entry, target: Target) -> None:
    """Raises `WrongState` when something in the folder would get a path that no upload may have."""
    for inside in _paths(source):
        path = target.path + inside.removeprefix(source.path)
        if path.count("/") >= DEEPEST or len(path.encode()) > LONGEST_PATH:
            raise WrongState(
                f"{inside[:100]} would get a path of more than {DEEPEST} parts or {LONGEST_PATH} bytes there. "
                "Choose a place that is less deep."
            )


def _paths(entry: Entry) -> Iterator[str]:
    yield entry.path
    if isinstance(entry, FolderEntry):
        for child in entry.children:
            yield from _paths(child)


def _copy(source: Path, target: Path) -> None:
    """Copy with times of change, as hashes count for these only, and have it on the disk."""
    make_folders(target.parent)
    if not source.is_dir():
        _copy_file(source, target)
        return
    target.mkdir()
    with os.scandir(source) as found:
        inside = [each for each in found if not is_hidden(each.name)]
    for each in inside:
        if each.is_dir(follow_symlinks=False):
            _copy(Path(each.path), target / each.name)
        elif each.is_file(follow_symlinks=False):
            _copy_file(Path(each.path), target / each.name)
    sync_folder(target)


def _copy_file(source: Path, target: Path) -> None:
    shutil.copyfile(source, target, follow_symlinks=False)
    stat = source.stat()
    with target.open("rb") as file:
        os.utime(file.fileno(), ns=(stat.st_atime_ns, stat.st_mtime_ns))
        os.fsync(file.fileno())
