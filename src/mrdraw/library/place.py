"""Where the stored files lie.

Invariants: nothing outside the uploads folder is ever named, whatever a path or a symbolic link says.
"""

from __future__ import annotations

import os
import stat as modes
from pathlib import Path

from mrdraw.errors import NoSuchFile
from mrdraw.library.names import is_printable, parts_of

_TEMPORARY = ".uploads"
"""The hidden folder for what is on its way in or out; inside the uploads folder, as a rename needs one file system."""


class Place:
    """The uploads folder `root`, and the hidden folder `temporary` in it."""

    def __init__(self, root: Path) -> None:
        """`root` without symbolic links in it."""
        self.root = root
        self.temporary = root / _TEMPORARY

    def absolute(self, path: str) -> Path:
        """Where a listed file or folder lies. Raises `NoSuchFile`."""
        parts, mode = parts_of(path), modes.S_IFDIR
        candidate = str(self.root)
        for part in parts:
            candidate = f"{candidate}/{part}"
            if not modes.S_ISDIR(mode):
                raise nothing_at(path)
            try:
                mode = os.lstat(candidate).st_mode
            except OSError:
                raise nothing_at(path) from None
        if modes.S_ISDIR(mode) or (modes.S_ISREG(mode) and is_printable(parts[-1])):
            return Path(candidate)
        raise nothing_at(path)

    def exists(self, path: str) -> bool:
        """Whether a listed file or folder has this path."""
        try:
            self.absolute(path)
        except NoSuchFile:
            return False
        return True

    def is_folder(self, path: str) -> bool:
        """Whether a folder has this path; the uploads folder's own is ""."""
        return path == "" or (self.exists(path) and self.absolute(path).is_dir())


def nothing_at(path: str) -> NoSuchFile:
    """The error for a path that nothing is stored under."""
    return NoSuchFile(f"There is no file or folder {path!r}.")
