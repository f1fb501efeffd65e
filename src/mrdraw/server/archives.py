"""A ZIP archive of stored files, made while it is sent.

Invariants: memory is constant, whatever the size; nothing is written to the disk; an archive is bounded in entries and
bytes before its first byte is sent; no symbolic link is followed. A file that goes while it is packed ends the archive
without its directory, so that nobody takes it for whole.
"""

from __future__ import annotations

import logging
import os
import time
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mrdraw.errors import NoSuchFile, TooLarge
from mrdraw.library import Entry, FileEntry, Library

LOGGER = logging.getLogger(__name__)

MOST_ENTRIES = 10_000
MOST_BYTES = 64 * 1024**3
_PIECE = 256 * 1024
_LEVEL = 1
"""Of compression: most of what can be won on G-code, at the least cost."""
_EARLIEST = 315_532_800
"""The year 1980 in unix s: ZIP knows no earlier time."""


@dataclass(frozen=True)
class Member:
    """A file that is packed, and the name that it gets in the archive; `date` in unix s."""

    source: Path
    name: str
    size: int
    date: int


def members_of(library: Library, paths: Sequence[str]) -> list[Member]:
    """The files under these paths, those in folders as well, each once. Raises `NoSuchFile`, `TooLarge`."""
    found: dict[str, Member] = {}
    for path in dict.fromkeys(paths):
        for entry in _files(library.entry(path, recursive=True)):
            found[entry.path] = Member(library.absolute(entry.path), entry.path, entry.size, entry.date)
            if len(found) > MOST_ENTRIES:
                raise TooLarge(f"These are more than the {MOST_ENTRIES} files that one archive takes.")
    size = sum(member.size for member in found.values())
    if size > MOST_BYTES:
        raise TooLarge(f"These are {size} bytes; one archive takes {MOST_BYTES}.")
    if not found:
        raise NoSuchFile("There is no file in what was asked for.")
    return list(found.values())


def _files(entry: Entry) -> Iterator[FileEntry]:
    if isinstance(entry, FileEntry):
        yield entry
    else:
        for child in entry.children:
            yield from _files(child)


class _Outgoing:
    """Where the archive is written to: what was not taken yet."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        """Take the next bytes of the archive."""
        self._pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing waits."""

    def taken(self) -> bytes:
        """What was written since the last time."""
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


def packed(members: Sequence[Member]) -> Iterator[bytes]:
    """The archive, piece by piece."""
    outgoing = _Outgoing()
    archive = zipfile.ZipFile(outgoing, "w")  # type: ignore[call-overload] # what cannot be sought in is enough
    try:
        for member in members:
            for _ in _pack(archive, member):
                yield outgoing.taken()
    except OSError as error:
        LOGGER.warning("an archive was not finished: %s", error)
    else:
        archive.close()
        yield outgoing.taken()


def _pack(archive: zipfile.ZipFile, member: Member) -> Iterator[None]:
    """Add a file; comes up for air after each piece of it."""
    info = zipfile.ZipInfo(member.name, time.localtime(max(member.date, _EARLIEST))[:6])
    info.compress_type, info.file_size = zipfile.ZIP_DEFLATED, member.size
    info._compresslevel = _LEVEL  # type: ignore[attr-defined]
    info.external_attr = 0o644 << 16
    descriptor = os.open(member.source, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file, archive.open(info, "w") as packing:
        left = member.size
        while left and (piece := file.read(min(_PIECE, left))):
            left -= len(piece)
            packing.write(piece)
            yield
