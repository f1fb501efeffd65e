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
from mrdraw.store import Database

PIECE = 1024 * 1024
"""Bytes that are handed to the disk at once; a file of no more is small."""


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
    ) -> FileEntry:
        """Store what was received under `path`; missing folders are made.

        Raises `InvalidValue` and `UnknownFileType` for a path that cannot be used, `FileExists` when something is
        stored there (with `overwrite` only for a folder), `DiskFull`, `NotStored`.
        """
        try:
            path = clean_file_path(path)
            said = None if userdata is None else msgspec.json.encode(userdata).decode()
            small = self.size <= PIECE
            if not small:
                await asyncio.to_thread(self._on_disk)

            def place(connection: sqlite3.Connection) -> FileEntry:
                size, modified_ns = self._seal()
                digest = self._hash.hexdigest()
                record = FileRecord(path, size, modified_ns, digest, display, user, said, time.time())
                return self._place(connection, record, overwrite=overwrite, small=small)

            with told_as_not_stored(path):
                return await self._database.write(place, lasting=not small, then=self._changed)
        finally:
            self.abort()

    def abort(self) -> None:
        """Drop what was received; nothing happens after `finish`."""
        with self._lock:
            self._over = True
            self._pending.clear()
            if self._file is not None:
                self._file.close()
                self._file = None
                self._temporary.unlink(missing_ok=True)

    def _flush(self) -> None:
        with self._lock, told_as_not_stored("The file"):
            self._write_pending()

    def _write_pending(self) -> BinaryIO:
        if self._over:
            raise WrongState("The upload is over.")
        if self._file is None:
            make_folders(self._temporary.parent)
            self._file = self._temporary.open("xb", buffering=0)
        rest = memoryview(bytes(self._pending))
        self._pending.clear()
        self._hash.update(rest)
        while rest:
            rest = rest[self._file.write(rest) :]
        return self._file

    def _seal(self) -> tuple[int, int]:
        """Hand all bytes to the disk. The answer: size in bytes, time of change in unix ns."""
        with self._lock, told_as_not_stored("The file"):
            stat = os.fstat(self._write_pending().fileno())
            return stat.st_size, stat.st_mtime_ns

    def _on_disk(self) -> None:
        """Have all bytes on the disk."""
        with self._lock, told_as_not_stored("The file"):
            os.fsync(self._write_pending().fileno())

    def _place(self, connection: sqlite3.Connection, record: FileRecord, *, overwrite: bool, small: bool) -> FileEntry:
        """Inside the transaction: row and name come together."""
        target = self._folder / record.path
        new = not os.path.lexists(target)
        if not new and target.is_dir():
            raise FileExists(f"{record.path} is a folder.")
        if not new and not overwrite:
            raise FileExists(f"{record.path} exists already.")
        self.folders = make_folders_inside(self._folder, record.path.rpartition("/")[0])
        record = records.save(connection, record)
        if not (small and new and self._place_marked(record, target)):
            if small:
                self._on_disk()
            self._temporary.replace(target)
            sync_folder(target.parent)
        return file_entry(record.path, target.stat(), record)

    def _place_marked(self, record: FileRecord, target: Path) -> bool:
        """Give the file its name before it is on the disk; not where a file cannot have two names."""
        mark = self._temporary.with_name(mark_of(record.sha1 or "", record.modified_ns, self._token))
        with suppress(OSError):
            mark.hardlink_to(self._temporary)
            try:
                target.hardlink_to(mark)
            except OSError:
                mark.unlink()
                raise
            self._settling.add(mark, target.parent)
            return True
        return False
