"""The stored files of this server.

Invariants: the uploads folder is the truth, the database only adds to it, so that files put there by hand are
there at once; nothing outside the folder is read or changed, whatever the path or a symbolic link says; a change is
whole and lasting, or did not happen.
"""

from __future__ import annotations

import asyncio
import secrets
import shutil
import sqlite3
import stat as modes
from collections.abc import Sequence
from pathlib import Path

from mrdraw.errors import FileExists, NoSuchFile, WrongState
from mrdraw.library import records
from mrdraw.library.disk import make_folders, make_folders_inside, sync_folder, told_as_not_stored
from mrdraw.library.entries import Entry, FileEntry, FolderEntry, revision_of
from mrdraw.library.names import clean_path, is_printable, parts_of
from mrdraw.library.scan import file_entry, folder_entry
from mrdraw.library.upload import Upload
from mrdraw.store import Database

_TEMPORARY = ".uploads"
"""The hidden folder for what is on its way in or out; inside the uploads folder, as a rename needs one file system."""


class Library:
    """The uploads folder and what the database knows of its files."""

    def __init__(self, uploads: Path, database: Database) -> None:
        """Make the folder if it is missing. Raises `NotStored` when that fails."""
        with told_as_not_stored("The uploads folder"):
            uploads.mkdir(parents=True, exist_ok=True)
        self._root = uploads.resolve()
        self._temporary = self._root / _TEMPORARY
        self._database = database

    @property
    def folder(self) -> Path:
        """The uploads folder."""
        return self._root

    def sweep(self) -> None:
        """Remove what uploads and deletions left over when the server was last ended."""
        if self._temporary.is_symlink():
            self._temporary.unlink()
        shutil.rmtree(self._temporary, ignore_errors=True)

    # --- reading ---------------------------------------------------------------------------------------------------

    def tree(self, recursive: bool = True) -> Sequence[Entry]:
        """All entries of the uploads folder, with those of its folders if `recursive`."""
        return self.root(recursive).children

    def root(self, recursive: bool = True) -> FolderEntry:
        """The uploads folder itself: its `date` is another one when a name in it comes or goes."""
        return folder_entry(self._root, "", records.all_records(self._database), None if recursive else 1)

    def entry(self, path: str, recursive: bool = False) -> Entry:
        """The file, or the folder with its children. Raises `NoSuchFile`."""
        absolute = self.absolute(path)
        try:
            stat = absolute.stat()
            if modes.S_ISDIR(stat.st_mode):
                return folder_entry(absolute, path, records.all_records(self._database), None if recursive else 1)
            return file_entry(path, stat, records.record_of(self._database, path))
        except FileNotFoundError:
            raise _nothing(path) from None

    def file(self, path: str) -> FileEntry:
        """The file. Raises `NoSuchFile`, also for a folder."""
        found = self.entry(path)
        if isinstance(found, FolderEntry):
            raise NoSuchFile(f"{path} is a folder, not a file.")
        return found

    def exists(self, path: str) -> bool:
        """Whether a listed file or folder has this path."""
        try:
            self.absolute(path)
        except NoSuchFile:
            return False
        return True

    def absolute(self, path: str) -> Path:
        """Where a listed file or folder lies. Raises `NoSuchFile`."""
        candidate = self._root.joinpath(*parts_of(path))
        try:
            if candidate.resolve(strict=True) != candidate:
                raise _nothing(path)
            mode = candidate.stat().st_mode
        except (OSError, RuntimeError):
            raise _nothing(path) from None
        if modes.S_ISDIR(mode) or (modes.S_ISREG(mode) and is_printable(candidate.name)):
            return candidate
        raise _nothing(path)

    def revision(self) -> str:
        """A text that is another one when anything that is listed has changed."""
        return revision_of([self.root()])

    def free_space(self) -> tuple[int, int]:
        """Bytes that are free, and bytes there are, where the files lie."""
        usage = shutil.disk_usage(self._root)
        return usage.free, usage.total

    # --- changing --------------------------------------------------------------------------------------------------

    def begin_upload(self) -> Upload:
        """A file on its way in."""
        return Upload(self._root, self._temporary, self._database, self.file)

    async def make_folder(self, path: str) -> FolderEntry:
        """Make a folder and those above it; one that exists is fine.

        Raises `InvalidValue` for a path that cannot be used, `FileExists` where a file is in the way, `WrongState`
        for a name that looks like a file to print, `NotStored`.
        """
        path = clean_path(path)
        if is_printable(path.rpartition("/")[2]):
            raise WrongState(f"{path} looks like a file to print; call the folder otherwise.")
        target = self._root / path
        with told_as_not_stored(path):
            await self._database.write(lambda _connection: make_folders_inside(self._root, target))
        found = await asyncio.to_thread(self.entry, path)
        if not isinstance(found, FolderEntry):
            raise FileExists(f"{path} is a file.")
        return found

    async def delete(self, path: str) -> Entry:
        """Delete the file, or the folder with all that is in it; the answer is what it was.

        Raises `NoSuchFile`, `NotStored`.
        """
        gone = await asyncio.to_thread(self.entry, path)
        trash = self._temporary / f".deleted-{secrets.token_hex(8)}"

        def take(connection: sqlite3.Connection) -> None:
            absolute = self.absolute(path)
            make_folders(self._temporary)
            records.forget(connection, path)
            absolute.rename(trash)
            sync_folder(absolute.parent)

        with told_as_not_stored(f"The removal of {path}"):
            await self._database.write(take)
            await asyncio.to_thread(_remove, trash)
        return gone


def _nothing(path: str) -> NoSuchFile:
    return NoSuchFile(f"There is no file or folder {path!r}.")


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
