"""A file that is being received.

Invariants: memory is constant whatever the size; the loop never waits for the disk; the file appears under its name
as a whole and with its row, or not at all; a file that is large or takes another's place is on the disk before it has
its name, a small new one soon after (`settling`); nothing is left over after `finish` or `abort`.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO

import msgspec

from mrdraw.errors import FileExists, WrongState
from mrdraw.library import records
from mrdraw.library.disk import make_folders, make_folders_inside, sync_folder, told_as_not_stored
from mrdraw.library.entries import FileEntry
from mrdraw.library.names import clean_file_path
from mrdraw.library.records import FileRecord
from mrdraw.library.scan import file_entry
from mrdraw.library.settling import Settling, mark_of
from mrdraw.store import Database, Write

PIECE = 1024 * 1024
"""Bytes that are handed to the disk at once; a file of less is small."""


class _Wanted(msgspec.Struct, frozen=True):
    """What is to be stored of a file beside its content; `userdata` as JSON."""

    path: str
    display: str | None
    user: str | None
    userdata: str | None
    overwrite: bool
    beside: Write[None] | None
    """What else is written in the same transaction."""

    def record(self, stat: os.stat_result, sha1: str) -> FileRecord:
        """The row of the file."""
        seen = stat.st_size, stat.st_mtime_ns
        return FileRecord(self.path, *seen, sha1, self.display, self.user, self.userdata, time.time())


class Upload:
    """One file on its way into the library."""

    def __init__(
        self, folder: Path, temporary: Path, database: Database, settling: Settling, changed: Callable[[], None]
    ) -> None:
        """`folder` is the uploads folder, `temporary` the hidden one inside it; `changed` hears that it is stored."""
        self.size = 0
        self.folders: list[str] = []
        """The folders that were made for the file, outermost first."""
        self._folder = folder
        self._token = secrets.token_hex(8)
        self._temporary = temporary / f".upload-{self._token}"
        self._database = database
        self._settling = settling
        self._changed = changed
        self._pending = bytearray()
        self._hash = hashlib.sha1(usedforsecurity=False)
        self._file: BinaryIO | None = None
        self._over = False
        self._lock = threading.Lock()
        """Held while the file is touched: `abort` may come while a write is under way in its thread."""

    async def write(self, chunk: bytes) -> None:
        """Take the next bytes. Raises `DiskFull`, `NotStored`."""
        self.size += len(chunk)
        self._pending += chunk
        if len(self._pending) >= PIECE:
            await asyncio.to_thread(self._flush)

    async def finish(
        self,
        path: str,
        *,
        display: str | None = None,
        user: str | None = None,
        userdata: object = None,
        overwrite: bool = True,
        beside: Write[None] | None = None,
    ) -> FileEntry:
        """Store what was received under `path`; missing folders are made. `beside` is written with its row.

        Raises `InvalidValue` and `UnknownFileType` for a path that cannot be used, `FileExists` when something is
        stored there (with `overwrite` only for a folder), `DiskFull`, `NotStored`.
        """
        try:
            path = clean_file_path(path)
            said = None if userdata is None else msgspec.json.encode(userdata).decode()
            wanted = _Wanted(path, display, user, said, overwrite, beside)
            small = self._file is None
            if not small:
                await asyncio.to_thread(self._on_disk)
            with told_as_not_stored(path):
                place = partial(self._place, wanted, small)
                return await self._database.write(place, lasting=not small, then=self._changed)
        finally:
            self.abort()

    def abort(self) -> None:
        """Drop what was received; nothing happens after `finish`."""
        with self._lock:
            self._over = True
            self._pending.clear()
            if self._file is not None:
                self._let_go()
                self._temporary.unlink(missing_ok=True)

    # --- in threads ------------------------------------------------------------------------------------------------

    def _flush(self) -> None:
        with self._lock, told_as_not_stored("The file"):
            self._write(self._take())

    def _on_disk(self) -> None:
        """Have all bytes on the disk."""
        with self._lock, told_as_not_stored("The file"):
            os.fsync(self._write(self._take()).fileno())

    def _take(self) -> bytes:
        """What waits to be written."""
        if self._over:
            raise WrongState("The upload is over.")
        taken = bytes(self._pending)
        self._pending.clear()
        self._hash.update(taken)
        return taken

    def _write(self, data: bytes) -> BinaryIO:
        if self._file is None:
            self._file = self._open()
        rest = memoryview(data)
        while rest:
            rest = rest[self._file.write(rest) :]
        return self._file

    def _open(self) -> BinaryIO:
        with suppress(FileNotFoundError):
            return self._temporary.open("xb", buffering=0)
        make_folders(self._temporary.parent)
        return self._temporary.open("xb", buffering=0)

    def _let_go(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    # --- inside the transaction: row and name come together --------------------------------------------------------

    def _place(self, wanted: _Wanted, small: bool, connection: sqlite3.Connection) -> FileEntry:
        target = self._folder / wanted.path
        new = _is_free(target, wanted)
        self.folders = make_folders_inside(self._folder, wanted.path.rpartition("/")[0])
        stat, marked = self._seal_marked() if small and new else (self._seal(), False)
        record = records.save(connection, wanted.record(stat, self._hash.hexdigest()))
        if wanted.beside is not None:
            wanted.beside(connection)
        if not (marked and self._name_marked(target)):
            self._name_lasting(target, is_on_disk=not small)
        return file_entry(record.path, stat, record)

    def _seal(self) -> os.stat_result:
        """Hand all bytes to the disk."""
        with self._lock, told_as_not_stored("The file"):
            return os.fstat(self._write(self._take()).fileno())

    def _seal_marked(self) -> tuple[os.stat_result, bool]:
        """Hand all bytes to the disk, under the name of the file's mark; whether the file is as its mark says."""
        with self._lock, told_as_not_stored("The file"):
            content, changed = self._take(), time.time_ns()
            self._temporary = self._temporary.with_name(mark_of(self._hash.hexdigest(), changed, self._token))
            descriptor = self._write(content).fileno()
            os.utime(descriptor, ns=(changed, changed))
            stat = os.fstat(descriptor)
            return stat, stat.st_mtime_ns == changed

    def _name_marked(self, target: Path) -> bool:
        """Give the file its name before it is on the disk; not where a file cannot have two names."""
        with self._lock:
            try:
                os.link(self._temporary, target)
            except OSError:
                return False
            self._let_go()
            self._settling.add(self._temporary, target.parent)
            return True

    def _name_lasting(self, target: Path, *, is_on_disk: bool) -> None:
        """Give the file its name once it is on the disk."""
        if not is_on_disk:
            self._on_disk()
        with self._lock:
            self._temporary.replace(target)
            self._let_go()
        sync_folder(target.parent)


def _is_free(target: Path, wanted: _Wanted) -> bool:
    """Whether nothing has the name. Raises `FileExists` where what has it is to stay."""
    if not os.path.lexists(target):
        return True
    if target.is_dir():
        raise FileExists(f"{wanted.path} is a folder.")
    if not wanted.overwrite:
        raise FileExists(f"{wanted.path} exists already.")
    return False
