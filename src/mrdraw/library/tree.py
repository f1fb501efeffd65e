"""What is in the uploads folder, kept for as long as nothing in it changes.

Invariants: what is answered is at most as old as the last look. Each request looks at the times of the folders, by
which names that come and go are seen at once, whoever made them; the files themselves (content that was changed in
place) are looked at again after `_SHARE` times what that takes; the library's own changes are seen at once. A folder
that was changed just before it was read is read again, as its time may not tell the next change.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock

import msgspec

from mrdraw.library.entries import FolderEntry
from mrdraw.library.records import FileRecord
from mrdraw.library.scan import folder_entry

_SHARE = 20
"""Looking at each file again takes at most one part in so many of the time."""
_GRAIN = 0.05
"""s within which a file system may give two changes the same time; those of Linux count in steps of up to 10 ms."""
_LONGEST_LOOK = 5.0
"""s after which another one looks, should the first have failed."""
_FEW = 100
"""Folders whose times are quick enough to look at for the loop."""


class Listing(msgspec.Struct, frozen=True):
    """All that is listed; `revision` is another number whenever anything in it is."""

    revision: int
    root: FolderEntry


class _Seen(msgspec.Struct, frozen=True):
    """What was read, and what tells whether it still holds."""

    listing: Listing
    change: int
    """The library's changes when it was read."""
    began: float
    """When reading began, monotonic s."""
    folders: Mapping[Path, int]
    """The time (ns) of each folder."""
    settled: bool
    """Whether these times tell the next change."""


class Tree:
    """The uploads folder as it was last read; may be asked from any thread."""

    def __init__(self, root: Path, all_records: Callable[[], Mapping[str, FileRecord]]) -> None:
        self._root = root
        self._all_records = all_records
        self._reading = Lock()
        self._changes = 0
        self._seen: _Seen | None = None
        self._look_again = 0.0

    def changed(self) -> None:
        """What was read holds no longer. Called once a change is done."""
        self._changes += 1

    def known(self) -> Listing | None:
        """What is known, if it still holds; quick enough for the loop. Otherwise it has to be read.

        When the files are due to be looked at again that falls to the first who asks, and nobody else waits for it.
        """
        seen = self._seen
        if seen is None or len(seen.folders) > _FEW or not self._holds(seen):
            return None
        now = time.monotonic()
        if now >= self._look_again:
            self._look_again = now + _LONGEST_LOOK
            return None
        return seen.listing

    def read(self) -> Listing:
        """What is there now. Of many who ask at once one reads."""
        asked = time.monotonic()
        with self._reading:
            seen = self._seen
            if seen is not None and seen.began >= asked and seen.change == self._changes:
                return seen.listing
            self._seen = seen = self._read(None if seen is None else seen.listing)
            self._look_again = time.monotonic() + _SHARE * (time.monotonic() - seen.began)
            return seen.listing

    def _read(self, known: Listing | None) -> _Seen:
        change, began, clock = self._changes, time.monotonic(), time.time()
        folders: dict[Path, int] = {}
        root = folder_entry(self._root, "", self._all_records(), None, folders)
        if known is None or root != known.root:
            known = Listing(0 if known is None else known.revision + 1, root)
        settled = all(modified < (clock - _GRAIN) * 1e9 for modified in folders.values())
        return _Seen(known, change, began, folders, settled)

    def _holds(self, seen: _Seen) -> bool:
        if not seen.settled or seen.change != self._changes:
            return False
        try:
            return all(folder.stat().st_mtime_ns == modified for folder, modified in seen.folders.items())
        except OSError:
            return False
