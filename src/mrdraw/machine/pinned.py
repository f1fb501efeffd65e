"""The pinned job: the machine host's own copy of the file, checked line by line before the first one is sent.

Invariants: a pinned job is complete or it is not there (it is built under another name and renamed); what is pinned
has the size and hash that were promised; every line of the job can be reached by its index through the offset index;
all functions here touch the disk and are called from threads, never from the host's loop.

A *line of the job* is a line of the file that has something left once comments are gone; `index` counts them from 0.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from mrdraw.errors import JobFailed
from mrdraw.gcode.words import strip
from mrdraw.link.messages import Job
from mrdraw.machine import tally

LINES_PER_BLOCK = 256
"""One entry of the offset index stands for this many lines of the job."""

_CHUNK = 1024 * 1024
_FICLONE = 0x40049409
"""The ioctl that shares a file's blocks, from linux/fs.h."""

_JOB_FILE = "job.msgpack"
_LINES_FILE = "job.gcode"
_INDEX_FILE = "index.bin"
_PARTIAL = ".partial"


@dataclass(frozen=True, slots=True)
class PinnedJob:
    """A pinned job: where it lies, how many lines it has, and where each block of them begins."""

    job: Job
    folder: Path
    total: int
    offsets: array[int]
    """Byte offset in the file of each block's first line; one more entry holds the end of the file."""
    file_lines: array[int]
    """Line number in the file, from 1, of each block's first line."""

    @property
    def path(self) -> Path:
        """The pinned copy of the file."""
        return self.folder / _LINES_FILE

    @property
    def size(self) -> int:
        """bytes of the file."""
        return self.job.file.size

    @property
    def blocks(self) -> int:
        """How many blocks there are."""
        return len(self.file_lines)


@dataclass(frozen=True, slots=True)
class Block:
    """Lines of a job, read: the lines, and for each the byte offset behind it and its number in the file."""

    first: int
    lines: list[bytes]
    ends: list[int]
    file_lines: list[int]
    begin: int = 0
    """The byte offset of the first line."""


def pin(job: Job, jobs: Path, check: Callable[[bytes], str | None]) -> PinnedJob:
    """Copy the job's file into `jobs`, verify it, check each line and index it.

    `check` says why a line cannot be sent, or ``None``. Raises `JobFailed`, naming the line where there is one.
    """
    partial = jobs / f"{job.id}{_PARTIAL}"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True, mode=0o700)
    try:
        _copy(Path(job.file.source), partial / _LINES_FILE)
        _verify(partial / _LINES_FILE, job)
        offsets, file_lines, total = _index(partial / _LINES_FILE, check)
        _write_synced(partial / _JOB_FILE, msgspec.msgpack.encode(job))
        _write_synced(partial / _INDEX_FILE, _index_bytes(offsets, file_lines, total))
        partial.rename(jobs / job.id)
        _sync_folder(jobs)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise JobFailed(f"The file {job.file.path} could not be copied for the job: {error.strerror}.") from error
    except JobFailed:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return PinnedJob(job=job, folder=jobs / job.id, total=total, offsets=offsets, file_lines=file_lines)


def load(folder: Path) -> PinnedJob:
    """A job that was pinned before. Raises `JobFailed` when it is incomplete."""
    try:
        job = msgspec.msgpack.decode((folder / _JOB_FILE).read_bytes(), type=Job)
        raw = array("q", (folder / _INDEX_FILE).read_bytes())
    except (OSError, ValueError, msgspec.MsgspecError) as error:
        raise JobFailed(f"The pinned job in {folder.name} cannot be read: {error}") from error
    total, blocks = raw[0], raw[1]
    return PinnedJob(
        job=job, folder=folder, total=total, offsets=raw[2 : 3 + blocks], file_lines=raw[3 + blocks : 3 + 2 * blocks]
    )


def verify(pinned: PinnedJob) -> None:
    """See that the copy is still what was pinned. Raises `JobFailed` or `OSError`."""
    _verify(pinned.path, pinned.job)


def unpin(folder: Path) -> None:
    """Remove a settled job."""
    tally.forget(folder)
    shutil.rmtree(folder, ignore_errors=True)


def leftovers(jobs: Path) -> list[Path]:
    """The folders of jobs that were not settled, oldest first; half-made ones are removed."""
    if not jobs.is_dir():
        return []
    for partial in jobs.glob(f"*{_PARTIAL}"):
        shutil.rmtree(partial, ignore_errors=True)
    folders = [folder for folder in jobs.iterdir() if (folder / _JOB_FILE).is_file()]
    return sorted(folders, key=lambda folder: folder.stat().st_mtime)


def read_blocks(pinned: PinnedJob, first_block: int, count: int) -> list[Block]:
    """Read and strip `count` blocks in one access to the disk. Raises `OSError`."""
    last = min(first_block + count, pinned.blocks)
    start = pinned.offsets[first_block]
    with pinned.path.open("rb", buffering=0) as file:
        raw = os.pread(file.fileno(), pinned.offsets[last] - start, start)
    blocks = []
    for number in range(first_block, last):
        begin, end = pinned.offsets[number], pinned.offsets[number + 1]
        lines = raw[begin - start : end - start]
        blocks.append(_split(lines, number * LINES_PER_BLOCK, begin, pinned.file_lines[number]))
    return blocks


def _split(raw: bytes, first: int, offset: int, file_line: int) -> Block:
    block = Block(first=first, lines=[], ends=[], file_lines=[], begin=offset)
    for number, line in enumerate(raw.split(b"\n"), start=file_line):
        offset += len(line) + 1
        if text := strip(line):
            block.lines.append(text)
            block.ends.append(offset)
            block.file_lines.append(number)
    return block


def _copy(source: Path, target: Path) -> None:
    with source.open("rb") as reading, target.open("xb") as writing:
        try:
            fcntl.ioctl(writing.fileno(), _FICLONE, reading.fileno())
        except OSError:
            shutil.copyfileobj(reading, writing, _CHUNK)
        writing.flush()
        os.fsync(writing.fileno())


def _verify(path: Path, job: Job) -> None:
    size = path.stat().st_size
    if size != job.file.size:
        raise JobFailed(f"The file {job.file.path} has {size} bytes, but {job.file.size} were stored. Upload it again.")
    if job.file.sha1 is None:
        return
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, lambda: hashlib.sha1(usedforsecurity=False)).hexdigest()
    if digest != job.file.sha1:
        raise JobFailed(f"The file {job.file.path} changed on the disk since it was stored. Upload it again.")


def _index(path: Path, check: Callable[[bytes], str | None]) -> tuple[array[int], array[int], int]:
    offsets, file_lines = array("q"), array("q")
    total = offset = 0
    with path.open("rb") as file:
        for number, raw in enumerate(file, start=1):
            line = strip(raw)
            if line:
                if (reason := check(line)) is not None:
                    raise JobFailed(f"Line {number} of the file cannot be sent: {reason}")
                if total % LINES_PER_BLOCK == 0:
                    offsets.append(offset)
                    file_lines.append(number)
                total += 1
            offset += len(raw)
    offsets.append(offset)
    if not total:
        raise JobFailed("The file holds no G-code: there is nothing to send.")
    return offsets, file_lines, total


def _index_bytes(offsets: array[int], file_lines: array[int], total: int) -> bytes:
    return array("q", [total, len(file_lines)]).tobytes() + offsets.tobytes() + file_lines.tobytes()


def _write_synced(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with contextlib.suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
