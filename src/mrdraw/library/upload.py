"""A file that is being received.

Invariants: memory is constant whatever the size; the loop never waits for the disk; the file appears under its name
as a whole, on the disk and with its row, or not at all; nothing is left over after `finish` or `abort`.
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
from pathlib import Path
from typing import BinaryIO

import msgspec

from mrdraw.errors import FileExists, WrongState
from mrdraw.library import records
from mrdraw.library.disk import make_folders, make_folders_inside, sync_folder, told_as_not_stored
from mrdraw.library.entries import FileEntry
from mrdraw.library.names import clean_file_path
from mrdraw.library.records import FileRecord
from mrdraw.store import Database

PIECE = 1024 * 1024
"""Bytes that are handed to the disk at once."""


class Upload:
    """One file on its way into the library."""

    def __init__(self, folder: Path, temporary: Path, database: Database, entry: Callable[[str], FileEntry]) -> None:
        """`folder` is the uploads folder, `temporary` the hidden one inside it."""
        self.size = 0
        self._folder = folder
        self._temporary = temporary / f".upload-{secrets.token_hex(8)}"
        self._database = database
        self._entry = entry
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
            size, modified_ns = await asyncio.to_thread(self._seal)
            said = None if userdata is None else msgspec.json.encode(userdata).decode()
            digest = self._hash.hexdigest()
            record = FileRecord(path, size, modified_ns, digest, display, user, said, time.time())
            with told_as_not_stored(path):
                await self._database.write(lambda connection: self._place(connection, record, overwrite))
        finally:
            self.abort()
        return await asyncio.to_thread(self._entry, path)

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
        """Have all bytes on the disk. The answer: size in bytes, time of change in unix ns."""
        with self._lock, told_as_not_stored("The file"):
            file = self._write_pending()
            os.fsync(file.fileno())
            stat = os.fstat(file.fileno())
            return stat.st_size, stat.st_mtime_ns

    def _place(self, connection: sqlite3.Connection, record: FileRecord, overwrite: bool) -> None:
        """Inside the transaction: row and name come together."""
        target = self._folder.joinpath(*record.path.split("/"))
        if target.is_dir():
            raise FileExists(f"{record.path} is a folder.")
        if not overwrite and os.path.lexists(target):
            raise FileExists(f"{record.path} exists already.")
        make_folders_inside(self._folder, target.parent)
        records.save(connection, record)
        self._temporary.replace(target)
        sync_folder(target.parent)
