"""The tally: how many lines of the job were supplied, sent and acknowledged, in memory that outlives the process.

Invariants: no disk is touched (a file of the memory's own file system is mapped), so that the loop may write after
each line; what is read is believed only when it belongs to the job and fits together; where there is no such file
system nothing is kept and the journal alone counts.
"""

from __future__ import annotations

import contextlib
import hashlib
import mmap
import os
import stat
import zlib
from dataclasses import dataclass
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108 - the file is opened for its owner alone, and never through a link
"""Linux's file system in memory: it survives a process, not the computer's power."""

_WORDS = 6
_SUPPLIED, _SENT, _ACKNOWLEDGED, _FIRST, _REACHED, _MARK = range(_WORDS)
_SIZE = _WORDS * 8


@dataclass(frozen=True, slots=True)
class Counts:
    """Lines of the job from its beginning."""

    supplied: int
    sent: int
    acknowledged: int
    first: int = 0
    """The line that was sent first when the job was begun or taken up again."""
    reached: int = 0
    """Lines that may have been executed before it was taken up again."""


class Tally:
    """The tally of one job, open for writing."""

    def __init__(self, folder: Path, memory: Path = MEMORY) -> None:
        self._words = memoryview(bytearray(_SIZE)).cast("q")
        self._map: mmap.mmap | None = None
        descriptor = _open(_path(folder, memory), os.O_RDWR | os.O_CREAT)
        if descriptor is None:
            return
        try:
            os.ftruncate(descriptor, _SIZE)
            self._map = mmap.mmap(descriptor, _SIZE)
            with memoryview(self._map) as mapped:
                self._words = mapped.cast("q")
        except OSError:
            return  # the journal alone counts
        finally:
            os.close(descriptor)

    def begin(self, folder: Path, first: int, reached: int = 0) -> None:
        """The job is sent from line `first` on; up to `reached` lines may have been executed before."""
        self._words[_MARK] = 0
        self._words[_FIRST], self._words[_REACHED] = first, reached
        self._words[_SUPPLIED] = self._words[_SENT] = self._words[_ACKNOWLEDGED] = first
        self._words[_MARK] = _mark(folder)

    def supplied(self, count: int) -> None:
        """So many lines could be sent now; told before they are."""
        self._words[_SUPPLIED] = count

    def sent(self, count: int) -> None:
        """So many lines were sent."""
        self._words[_SENT] = count

    def acknowledged(self, count: int) -> None:
        """So many lines were acknowledged."""
        self._words[_ACKNOWLEDGED] = count

    def close(self) -> None:
        """Let go of the memory; what was written stays."""
        words, self._words = self._words, memoryview(bytearray(_SIZE)).cast("q")
        words.release()
        if self._map is not None:
            self._map.close()
            self._map = None


def read(folder: Path, total: int, memory: Path = MEMORY) -> Counts | None:
    """What was kept of the job of this folder, which has `total` lines, or `None`."""
    descriptor = _open(_path(folder, memory), os.O_RDONLY)
    if descriptor is None:
        return None
    with os.fdopen(descriptor, "rb") as file:
        raw = file.read(_SIZE)
    if len(raw) < _SIZE:
        return None
    words = memoryview(raw).cast("q")
    sent = max(words[_SENT], words[_ACKNOWLEDGED])
    counts = Counts(words[_SUPPLIED], sent, words[_ACKNOWLEDGED], words[_FIRST], words[_REACHED])
    fits = 0 <= counts.first <= counts.acknowledged <= counts.sent <= counts.supplied <= total
    return counts if fits and words[_MARK] == _mark(folder) and 0 <= counts.reached <= total else None


def forget(folder: Path, memory: Path = MEMORY) -> None:
    """Remove what was kept of the job of this folder."""
    with contextlib.suppress(OSError):
        _path(folder, memory).unlink()


def _path(folder: Path, memory: Path) -> Path:
    name = hashlib.sha256(os.fsencode(folder.absolute())).hexdigest()[:24]
    return memory / f"mrdraw-{os.getuid()}-{name}"


def _mark(folder: Path) -> int:
    return zlib.crc32(folder.name.encode()) + 1


def _open(path: Path, flags: int) -> int | None:
    """Open a file that is ours alone; `None` when that cannot be."""
    try:
        descriptor = os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError:
        return None
    found = os.fstat(descriptor)
    if stat.S_ISREG(found.st_mode) and found.st_uid == os.getuid():
        return descriptor
    os.close(descriptor)
    return None
