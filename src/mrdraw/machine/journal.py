"""The journal: how far a job is, on the disk, so that it survives the process and the computer's power.

Invariants: the loop hands over a record and never waits; a thread writes it and calls fdatasync at least every
`SYNC_EVERY` seconds while something changes, at once where it is asked to; the file is preallocated and written in a
ring of fixed-size records, so that it never grows; each record carries a checksum, a torn one is skipped and the
newest whole one counts, also when a job is taken up again and its journal goes on.
"""

from __future__ import annotations

import logging
import os
import struct
import threading
import zlib
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

LOGGER = logging.getLogger(__name__)

SYNC_EVERY = 1.0
"""s; twice as often as promised."""

_PACE_OVER = 0.5
"""s between two records from which a pace is taken."""

_FIELDS = struct.Struct("<Qqqqqqqqqddd?")
"""The sequence, then the fields of `Record` in their order."""
_CHECKSUM = struct.Struct("<I")
_RECORD = 128
_RECORDS = 1024
_NAME = "journal.bin"


@dataclass(frozen=True, slots=True)
class Record:
    """How far a job is. The counts are of lines of the job; `height` is NaN when unknown."""

    sent: int
    acknowledged: int
    file_position: int
    """bytes"""
    file_line: int
    supplied: int = 0
    """Lines that could have been sent."""
    first: int = 0
    """The line that was sent first when the job was begun or taken up again."""
    reached: int = 0
    """Lines that may have been executed before it was taken up again."""
    homed: int = 0
    """The homed axes: 1 for X, 2 for Y, 4 for Z."""
    print_time: float = 0.0
    height: float = 0.0
    written_at: float = 0.0
    final: bool = False
    """Whether the job ended with this record, so that nothing came after it."""


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
            self._write_records(descriptor)
        except OSError:
            LOGGER.exception("the journal %s cannot be written", self._path)
        finally:
            os.close(descriptor)

    def _write_records(self, descriptor: int) -> None:
        _preallocate(descriptor)
        sequence: int | None = None
        while True:
            record = self._newest
            if record is not None and record != self._written:
                if sequence is None:  # as late as possible: the journal of before may still be closing
                    sequence = _newest_in(os.pread(descriptor, _RECORDS * _RECORD, 0))[0]
                sequence += 1
                os.pwrite(descriptor, _pack(sequence, record), sequence % _RECORDS * _RECORD)
                os.fdatasync(descriptor)
                self._written = record
            if self._closed and self._newest == self._written:
                return
            self._wake.wait(SYNC_EVERY)
            self._wake.clear()


def read(folder: Path) -> Record | None:
    """The newest whole record of a job's journal, or `None`."""
    return _newest_in(_raw(folder))[1]


def pace(folder: Path) -> float:
    """The most lines per second that the records tell of, 0 when they tell nothing."""
    records = [record for _, record in sorted(_whole(_raw(folder)), key=_sequence_of)]
    pairs = [(one, two) for one, two in pairwise(records) if two.written_at - one.written_at >= _PACE_OVER]
    return max(((two.sent - one.sent) / (two.written_at - one.written_at) for one, two in pairs), default=0.0)


def _raw(folder: Path) -> bytes:
    try:
        return (folder / _NAME).read_bytes()
    except OSError:
        return b""


def _whole(raw: bytes) -> list[tuple[int, Record]]:
    return [entry for offset in range(0, len(raw), _RECORD) if (entry := _unpack(raw[offset : offset + _RECORD]))]


def _sequence_of(entry: tuple[int, Record]) -> int:
    return entry[0]


def _newest_in(raw: bytes) -> tuple[int, Record | None]:
    return max(_whole(raw), key=_sequence_of, default=(0, None))


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
        record.supplied,
        record.first,
        record.reached,
        record.homed,
        record.print_time,
        record.height,
        record.written_at,
        record.final,
    )
    return (_CHECKSUM.pack(zlib.crc32(body)) + body).ljust(_RECORD, b"\0")


def _unpack(raw: bytes) -> tuple[int, Record] | None:
    body = raw[_CHECKSUM.size : _CHECKSUM.size + _FIELDS.size]
    if len(body) < _FIELDS.size or _CHECKSUM.unpack_from(raw)[0] != zlib.crc32(body):
        return None
    sequence, *fields = _FIELDS.unpack(body)
    return (sequence, Record(*fields)) if sequence else None
