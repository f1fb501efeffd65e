"""The disk: errors in the domain's words, and what makes a change last.

Invariants: an `OSError` never leaves the library; a name counts as written once its folder is synced.
"""

from __future__ import annotations

import errno
import os
import secrets
import sqlite3
import stat as modes
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mrdraw.errors import DiskFull, FileExists, NotStored

_FULL = {errno.ENOSPC, errno.EDQUOT}


@contextmanager
def told_as_not_stored(what: str) -> Iterator[None]:
    """Raise failures of the disk as `DiskFull` or `NotStored`."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise DiskFull(f"{what} was not stored: there is no space left.") from error
        raise NotStored(f"{what} was not stored: {error.strerror or error}.") from error
    except RecursionError as error:
        raise NotStored(f"{what} was not stored: there are too many folders in each other.") from error
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
            raise DiskFull(f"{what} was not stored: there is no space left.") from error
        raise NotStored(f"{what} was not stored: the database refused it ({error}).") from error


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folders_inside(root: Path, path: str) -> list[str]:
    """Make the folder `path` below `root` and those above it; the answer: those that were missing, outermost first.

    Raises `FileExists` where a file or a symbolic link is in the way.
    """
    parts = path.split("/") if path else []
    missing = []
    for inside in ("/".join(parts[: count + 1]) for count in range(len(parts))):
        try:
            mode = os.lstat(root / inside).st_mode
        except FileNotFoundError:
            missing.append(inside)
            continue
        if not modes.S_ISDIR(mode):
            raise FileExists(f"{inside} is no folder.")
    if missing:
        make_folders(root / path)
    return missing


def make_folders(folder: Path) -> None:
    """Make a folder and those above it, and have their names on the disk."""
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for each in reversed(missing):
        each.mkdir(exist_ok=True)
        sync_folder(each.parent)


def remove(path: Path) -> None:
    """Remove a file, or a folder with all that is in it, as far as the disk lets; no harm when there is none.

    Folders in a folder are first put beside it, so that it does not matter how deep they are in each other.
    """
    pending = [path]
    while pending:
        each = pending.pop()
        with suppress(OSError):
            if each.is_symlink() or not each.is_dir():
                each.unlink(missing_ok=True)
                continue
            for inside in list(each.iterdir()):
                if inside.is_dir() and not inside.is_symlink():
                    pending.append(inside.rename(path.with_name(f".deleted-{secrets.token_hex(8)}")))
                else:
                    inside.unlink()
            each.rmdir()
