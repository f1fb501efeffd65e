"""Having small new files on the disk, many at once, soon after they have their names.

Waiting for the disk takes longer than all the rest of receiving a small file. So it is written as a hidden mark, whose
name tells the content's SHA-1, and gets its name at once, as a second link; the mark goes when the content is on the
disk.

Invariants: a file system keeps the order in which names come and go, so after a power cut a file whose content may not
be whole still has its mark, and is removed when that is found: a half-written file is as if it had never been. A file
that took another's place is never marked, as the other one would be lost with it.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

from mrdraw.library.disk import sync_folder

LOGGER = logging.getLogger(__name__)

_MARK = re.compile(r"\.settling-([0-9a-f]{40})-([0-9]+)-[0-9a-f]+")
_GATHER = 0.25
"""s in which files are gathered, to be on the disk together."""
_TOGETHER = 128
"""Files that are open at once."""


def mark_of(sha1: str, modified_ns: int, token: str) -> str:
    """The name of a file's mark: the SHA-1 of its content, its time of change (unix ns), a hexadecimal token."""
    return f".settling-{sha1}-{modified_ns}-{token}"


class Settling:
    """Has files on the disk in a thread of its own, which lives while there are any."""

    def __init__(self, sync_rows: Callable[[], None]) -> None:
        """`sync_rows` has what the database knows of the files on the disk."""
        self._sync_rows = sync_rows
        self._condition = threading.Condition()
        self._pending: list[tuple[Path, Path]] = []
        self._thread: threading.Thread | None = None
        self._hurried = False

    def add(self, mark: Path, folder: Path) -> None:
        """Have the file of this mark on the disk soon, and its name in `folder`."""
        with self._condition:
            self._pending.append((mark, folder))
            if len(self._pending) >= _TOGETHER:
                self._condition.notify_all()
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="settling", daemon=True)
                self._thread.start()

    def wait(self) -> None:
        """Wait until everything is on the disk."""
        with self._condition:
            self._hurried = True
            self._condition.notify_all()
            self._condition.wait_for(lambda: self._thread is None)
            self._hurried = False

    def _work(self) -> None:
        while batch := self._next():
            try:
                self._settle(batch)
            except OSError:
                LOGGER.exception("the disk refuses what was uploaded last")

    def _next(self) -> list[tuple[Path, Path]]:
        with self._condition:
            self._condition.wait_for(lambda: self._hurried or len(self._pending) >= _TOGETHER, _GATHER)
            batch, self._pending = self._pending[:_TOGETHER], self._pending[_TOGETHER:]
            if not batch:
                self._thread = None
                self._condition.notify_all()
            return batch

    def _settle(self, batch: list[tuple[Path, Path]]) -> None:
        """Content first, then names and rows, then the marks go."""
        with ExitStack() as stack:
            files = [stack.enter_context(mark.open("rb", buffering=0)) for mark, _ in batch]
            for file in files:  # begin to write all, so that the first that is waited for takes the others along
                _begin_to_write(file.fileno())
            for file in files:
                os.fsync(file.fileno())
        for folder in {folder for _, folder in batch}:
            with suppress(FileNotFoundError):
                sync_folder(folder)
        self._sync_rows()
        for mark, _ in batch:
            mark.unlink(missing_ok=True)


def _begin_to_write(descriptor: int) -> None:
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)


def remove_torn(root: Path, temporary: Path) -> list[str]:
    """Remove the files whose content is not what their mark says; the answer is their paths.

    What was changed later than its mark says is somebody's work and stays.
    """
    torn = {mark.stat().st_ino for mark in temporary.glob(".settling-*") if _is_torn(mark)}
    gone = []
    for found in _files(root, temporary) if torn else ():
        if found.inode() in torn:
            Path(found.path).unlink()
            gone.append(os.path.relpath(found.path, root))
    return gone


def _files(root: Path, temporary: Path) -> Iterator[os.DirEntry[str]]:
    """All files below `root` but those in `temporary`."""
    folders = [str(root)]
    while folders:
        with suppress(OSError), os.scandir(folders.pop()) as found:
            for each in found:
                if not each.is_dir(follow_symlinks=False):
                    yield each
                elif each.path != str(temporary):
                    folders.append(each.path)


def _is_torn(mark: Path) -> bool:
    told = _MARK.fullmatch(mark.name)
    if told is None or mark.is_symlink() or mark.stat().st_mtime_ns > int(told[2]):
        return False
    return hashlib.sha1(mark.read_bytes(), usedforsecurity=False).hexdigest() != told[1]
