"""The journal: how far a job is, on the disk, so that it survives the process.

Invariants: the loop hands over a record and never waits; a thread writes it and calls fdatasync at least every
`SYNC_EVERY` seconds while something changes; the file is preallocated and written in a ring of fixed-size records, so
that it never grows; each record carries a checksum, a torn one is skipped and the newest whole one counts.
"""

from __future__ import annotations

import os
import struct
import threading
import zlib
from dataclasses import dataclass
from pathlib import Path

SYNC_EVERY = 1.0
"""s; twice as often as promised."""

_FIELDS = struct.Struct("<Qqqqqddd")
"""sequence, sent, acknowledged, file position, file line, print time (s), height (mm), written at (unix s)."""
_CHECKSUM = struct.Struct("<I")
_RECORD = 128
_RECORDS = 1024
_NAME = "journal.bin"


@dataclass(frozen=True, slots=True)
class Record:
    """How far a job is. `sent` and `acknowledged` count lines of the job; `height` is NaN when unknown."""

    sent: int
    acknowledged: int
    file_position: int
    file_line: int
    print_time: float
    height: float
    written_at: float


class Journal:
    """The journal of one job, open for writing."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / _NAME
        self._newest: Record | None = None
        self._written: Record | None = None
        self._wake = threading.Event()
        self._closed = False
        self._thread = threading.Thread(target=self._write, name="journal", daemon=True)
        self._thread.start()

    def note(self, record: Record, *, now: bool = False) -> None:
        """Take the newest record; with `now` it is written at once and not within `SYNC_EVERY`."""
        self._newest = record
        if now:
            self._wake.set()

    def close(self) -> None:
        """Write what is left and end the thread, without waiting for it."""
        self._closed = True
        self._wake.set()

    def join(self, timeout: float) -> None:
        """Wait for the last write, at most `timeout` s."""
        self._thread.join(timeout)

    def _write(self) -> None:
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            return  # the job's folder is gone: it was settled already
        try:
            _preallocate(descriptor)
            sequence = 0
            while True:
                record = self._newest
                if record is not None and record != self._written:
                    sequence += 1
                    os.pwrite(descriptor, _pack(sequence, record), sequence % _RECORDS * _RECORD)
                    os.fdatasync(descriptor)
                    self._written = record
                if self._closed and self._newest == self._written:
                    return
                self._wake.wait(SYNC_EVERY)
                self._wake.clear()
        finally:
            os.close(descriptor)


def read(folder: Path) -> Record | None:
    """The newest whole record of a job's journal, or `None`."""
    try:
        raw = (folder / _NAME).read_bytes()
    except FileNotFoundError:
        return None
    found = [entry for offset in range(0, len(raw), _RECORD) if (entry := _unpack(raw[offset : offset + _RECORD]))]
    return max(found, key=lambda entry: entry[0])[1] if found else None


def _preallocate(descriptor: int) -> None:
    try:
        os.posix_fallocate(descriptor, 0, _RECORDS * _RECORD)
    except OSError:
        os.ftruncate(descriptor, _RECORDS * _RECORD)


def _pack(sequence: int, record: Record) -> bytes:
    body = _FIELDS.pack(
        sequence,
        record.sent,
        record.acknowledged,
        record.file_position,
        record.file_line,
        record.print_time,
        record.height,
        record.written_at,
    )
    return (_CHECKSUM.pack(zlib.crc32(body)) + body).ljust(_RECORD, b"\0")


def _unpack(raw: bytes) -> tuple[int, Record] | None:
    body = raw[_CHECKSUM.size : _CHECKSUM.size + _FIELDS.size]
    if len(body) < _FIELDS.size or _CHECKSUM.unpack_from(raw)[0] != zlib.crc32(body):
        return None
    sequence, *fields = _FIELDS.unpack(body)
    return (sequence, Record(*fields)) if sequence else None
