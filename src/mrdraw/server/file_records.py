"""Stored files and folders as clients read them (contract, sections 4.5 and 4.10).

Invariants: every address is absolute and begins as the client's own; members that are not known are left out.
"""

from __future__ import annotations

from urllib.parse import quote

import msgspec
from starlette.requests import Request

from mrdraw.history import Tallies
from mrdraw.library import Entry, FileEntry, FolderEntry
from mrdraw.server.context import absolute_url
from mrdraw.server.file_prints import last_end, prints_record, statistics_record, tallies_in

ORIGIN = "local"
FOLDER_TYPE = ("folder",)

Record = dict[str, object]


def base_of(request: Request) -> str:
    """What the addresses begin with that the client of this request uses."""
    return absolute_url(request, "")


class Addresses:
    """The addresses of files, as one client reaches them."""

    def __init__(self, base: str) -> None:
        """`base` is what all addresses begin with, see `base_of`."""
        self._base = base

    def resource(self, path: str) -> str:
        """Where the file or folder is described."""
        return f"{self._base}/api/files/{ORIGIN}/{quote(path)}"

    def download(self, path: str) -> str:
        """Where the file's content is."""
        return f"{self._base}/downloads/files/{ORIGIN}/{quote(path)}"


def type_path(entry: Entry) -> tuple[str, ...]:
    """What kind of entry it is, from the general to the special."""
    return FOLDER_TYPE if isinstance(entry, FolderEntry) else entry.type_path


def entry_record(entry: Entry, addresses: Addresses, tallies: Tallies, kind: str | None = None) -> Record:
    """The whole record; of a folder's files only those of this kind, if one is named."""
    found = tallies_in(entry, tallies)
    if isinstance(entry, FolderEntry):
        return {
            **_common(entry.name, entry.name, entry, addresses),
            "prints": prints_record(found),
            "children": entry_records(entry.children, addresses, tallies, kind),
        }
    record = _common(entry.name, entry.display, entry, addresses)
    known = {"hash": entry.sha1, "user": entry.user, "userdata": entry.userdata}
    record |= {name: value for name, value in known.items() if value is not None}
    return record | ({"prints": prints_record(found), "statistics": statistics_record(found[0])} if found else {})


def without_grandchildren(root: FolderEntry) -> FolderEntry:
    """The folder as lists show it that go no deeper."""
    flat = (
        msgspec.structs.replace(child, children=()) if isinstance(child, FolderEntry) else child
        for child in root.children
    )
    return msgspec.structs.replace(root, children=tuple(flat))


def entry_records(
    entries: tuple[Entry, ...], addresses: Addresses, tallies: Tallies, kind: str | None = None
) -> list[Record]:
    """The records of entries; folders stay whatever kind is named."""
    return [
        entry_record(entry, addresses, tallies, kind)
        for entry in entries
        if kind is None or isinstance(entry, FolderEntry) or kind in entry.type_path
    ]


def _common(name: str, display: str, entry: Entry, addresses: Addresses) -> Record:
    kinds = type_path(entry)
    return {
        "name": name,
        "display": display,
        "path": entry.path,
        "type": kinds[0],
        "typePath": kinds,
        "origin": ORIGIN,
        "size": entry.size,
        "date": entry.date,
        "refs": _references(entry, addresses),
    }


def abridged_record(entry: Entry, addresses: Addresses) -> Record:
    """The short record that an upload is answered with."""
    return {"name": entry.name, "path": entry.path, "origin": ORIGIN, "refs": _references(entry, addresses)}


def _references(entry: Entry, addresses: Addresses) -> Record:
    references: Record = {"resource": addresses.resource(entry.path)}
    if isinstance(entry, FileEntry):
        references["download"] = addresses.download(entry.path)
    return references


def newest(entry: Entry, tallies: Tallies) -> int:
    """When the entry or anything in it changed last, or a job of it ended, unix s."""
    return max(_changed(entry), last_end(tallies_in(entry, tallies)))


def _changed(entry: Entry) -> int:
    if isinstance(entry, FolderEntry):
        return max((entry.date, *map(_changed, entry.children)))
    return entry.date
