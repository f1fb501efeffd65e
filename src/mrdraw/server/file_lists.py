"""Lists of files, encoded once and sent as often as they are asked for.

Invariants: what is kept belongs to one revision of the library and the history; it is bounded in number and bytes,
whatever clients ask for; of many who ask for the same list at once one encodes it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from threading import Lock

_MOST = 32
_MOST_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True)
class EncodedList:
    """The entries of a list in JSON, and the headers that name this version; `modified` in unix s."""

    entries: bytes
    headers: dict[str, str]
    modified: int


class FileLists:
    """The lists of the library's newest revision; may be asked from any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._revision: Hashable = None
        self._lists: dict[Hashable, EncodedList] = {}

    def find(self, revision: Hashable, key: Hashable) -> EncodedList | None:
        """The list that was kept under this key."""
        return self._lists.get(key) if revision == self._revision else None

    def find_or_make(self, revision: Hashable, key: Hashable, make: Callable[[], EncodedList]) -> EncodedList:
        """The list under this key; `make` encodes it when it is not kept."""
        with self._lock:
            found = self.find(revision, key)
            if found is None:
                found = make()
                self._keep(revision, key, found)
            return found

    def _keep(self, revision: Hashable, key: Hashable, made: EncodedList) -> None:
        """Put it with the others of its revision, those that were made first give way."""
        kept = dict(self._lists) if revision == self._revision else {}
        kept[key] = made
        while len(kept) > 1 and (len(kept) > _MOST or sum(len(each.entries) for each in kept.values()) > _MOST_BYTES):
            del kept[next(iter(kept))]
        self._lists, self._revision = kept, revision
