"""The stored files of this server.

Invariants: the uploads folder is the truth, the database only adds to it, so that files put there by hand are
there at once; nothing outside the folder is read or changed, whatever the path or a symbolic link says; a change is
whole and lasting, or did not happen.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import shutil
import sqlite3
import stat as modes
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from mrdraw.errors import FileExists, NoSuchFile, WrongState
from mrdraw.library import records
from mrdraw.library.disk import make_folders, make_folders_inside, remove, sync_folder, told_as_not_stored
from mrdraw.library.entries import Entry, FileEntry, FolderEntry
from mrdraw.library.moving import Moving, Target
from mrdraw.library.names import LONGEST_NAME, clean_name, clean_path, is_printable
from mrdraw.library.place import Place, nothing_at
from mrdraw.library.scan import file_entry, folder_entry
from mrdraw.library.settling import Settling, remove_torn
from mrdraw.library.tree import Listing, Tree
from mrdraw.library.upload import Upload
from mrdraw.store import Database

LOGGER = logging.getLogger(__name__)
_MOST_TRIES = 1000
"""Names that are tried before one is drawn."""
_ROOM, _SHORT = 10, 50
"""Bytes that a number takes in a name; characters that are kept of a name without that room."""


class Library:
    """The uploads folder and what the database knows of its files."""

    def __init__(self, uploads: Path, database: Database) -> None:
        """Make the folder if it is missing. Raises `NotStored` when that fails."""
        with told_as_not_stored("The uploads folder"):
            uploads.mkdir(parents=True, exist_ok=True)
        self._place = Place(uploads.resolve())
        self._root, self._temporary = self._place.root, self._place.temporary
        self._database = database
        self._tree = Tree(self._root, partial(records.all_records, database))
        self._settling = Settling(database.sync)
        self._moving = Moving(self._place, database, self._tree.changed)

    @property
    def folder(self) -> Path:
        """The uploads folder."""
        return self._root

    def sweep(self) -> None:
        """Remove what uploads and deletions left over when the server was last ended."""
        if self._temporary.is_symlink():
            self._temporary.unlink()
        for path in remove_torn(self._root, self._temporary):
            LOGGER.warning("%s was uploaded just before the computer went off and is not whole: removed", path)
            self._database.write_now(partial(_forget, path))
        for left in list(self._temporary.iterdir()) if self._temporary.is_dir() else ():
            remove(left)

    # --- reading ---------------------------------------------------------------------------------------------------

    def listing(self) -> Listing:
        """All entries of the uploads folder as they are now."""
        return self._tree.read()

    def known_listing(self) -> Listing | None:
        """All entries, if what was read last still holds; quick enough for the loop."""
        return self._tree.known()

    def entry(self, path: str, recursive: bool = False) -> Entry:
        """The file, or the folder with its children. Raises `NoSuchFile`."""
        absolute = self.absolute(path)
        try:
            stat = absolute.stat()
            if modes.S_ISDIR(stat.st_mode):
                return folder_entry(absolute, path, records.all_records(self._database), None if recursive else 1)
            return file_entry(path, stat, records.record_of(self._database, path))
        except FileNotFoundError:
            raise nothing_at(path) from None

    def file(self, path: str) -> FileEntry:
        """The file. Raises `NoSuchFile`, also for a folder."""
        found = self.entry(path)
        if isinstance(found, FolderEntry):
            raise NoSuchFile(f"{path} is a folder, not a file.")
        return found

    def exists(self, path: str) -> bool:
        """Whether a listed file or folder has this path."""
        return self._place.exists(path)

    def absolute(self, path: str) -> Path:
        """Where a listed file or folder lies. Raises `NoSuchFile`."""
        return self._place.absolute(path)

    def free_name(self, folder: str, name: str) -> str:
        """A name like this one that nothing in the folder has. Raises `InvalidValue`."""
        stem, dot, extension = name.rpartition(".") if is_printable(name) else (name, "", "")
        extension = dot + extension
        if len(name.encode("utf-8", "replace")) > LONGEST_NAME - _ROOM:
            stem = stem[:_SHORT]
        for number in range(_MOST_TRIES):
            tried = f"{stem}_{number}{extension}" if number else name
            cleaned = clean_name(tried)
            if not os.path.lexists(self._root / folder / cleaned):
                return tried
        return f"{stem}_{secrets.token_hex(4)}{extension}"

    def free_space(self) -> tuple[int, int]:
        """Bytes that are free, and bytes there are, where the files lie; quick enough for the loop."""
        usage = shutil.disk_usage(self._root)
        return usage.free, usage.total

    # --- changing --------------------------------------------------------------------------------------------------

    def begin_upload(self) -> Upload:
        """A file on its way in."""
        return Upload(self._root, self._temporary, self._database, self._settling, self._tree.changed)

    def settle(self) -> None:
        """Wait until what was uploaded is on the disk."""
        self._settling.wait()

    async def make_folder(self, path: str) -> FolderEntry:
        """Make a folder and those above it; one that exists is fine.

        Raises `InvalidValue` for a path that cannot be used, `FileExists` where a file is in the way, `WrongState`
        for a name that looks like a file to print, `NotStored`.
        """
        path = clean_path(path)
        if is_printable(path.rpartition("/")[2]):
            raise WrongState(f"{path} looks like a file to print; call the folder otherwise.")
        with told_as_not_stored(path):
            await self._database.write(lambda _connection: make_folders_inside(self._root, path))
        found = await asyncio.to_thread(self.entry, path)
        if not isinstance(found, FolderEntry):
            raise FileExists(f"{path} is a file.")
        return found

    async def move(self, path: str, destination: str) -> tuple[Entry, Entry]:
        """Move a file or folder, or have a file shown by another name; what it was, and what it is now.

        A destination that is a folder is moved into, any other is the new path; see `Moving.target_of` for what it
        raises.
        """
        return await self._transfer(path, destination, self._moving.move)

    async def copy(self, path: str, destination: str) -> tuple[Entry, Entry]:
        """Copy a file, or a folder with all that is in it; the destination is one as of `move`."""
        return await self._transfer(path, destination, self._moving.copy)

    async def _transfer(
        self, path: str, destination: str, act: Callable[[Entry, Target], Awaitable[None]]
    ) -> tuple[Entry, Entry]:
        source = await asyncio.to_thread(partial(self.entry, path, recursive=True))
        target = await asyncio.to_thread(self._moving.target_of, source, destination)
        await act(source, target)
        return source, await asyncio.to_thread(self.entry, target.path)

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
            await self._database.write(take, then=self._tree.changed)
            await asyncio.to_thread(remove, trash)
        return gone


def _forget(path: str, connection: sqlite3.Connection) -> None:
    records.forget(connection, path)
