"""Stored files and folders as clients read them (contract, sections 4.5 and 4.10).

Invariants: every address is absolute and begins as the client's own; members that are not known are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from starlette.requests import Request

from mrdraw.history import Tallies
from mrdraw.library import Entry, FileEntry, FolderEntry
from mrdraw.server.context import absolute_url
from mrdraw.server.describing import ANY, COUNT, NUMBER, TEXT, WHOLE, by_name, many, maybe, object_of, said, words
from mrdraw.server.file_prints import last_end, prints_record, statistics_record, tallies_in

ORIGIN = "local"
FOLDER_TYPE = ("folder",)

_PLAIN = "/!$&'()*+,:;=@"
"""What stands in the path of an address as it is (RFC 3986, 3.3)."""

Record = dict[str, object]

_REFERENCES = object_of({"resource": TEXT, "download?": TEXT})
ENTRY = object_of(
    {
        "name": TEXT,
        "display": TEXT,
        "path": TEXT,
        "type": words("machinecode", "folder"),
        "typePath": many(TEXT),
        "origin": TEXT,
        "size": maybe(said(COUNT, "bytes")),
        "date": maybe(said(WHOLE, "unix s")),
        "refs": _REFERENCES,
        "hash?": said(TEXT, "SHA-1"),
        "user?": TEXT,
        "userdata?": ANY,
        "children?": said(many(by_name(ANY)), "of a folder: records like this one"),
        "prints?": object_of({"success": COUNT, "failure": COUNT, "last?": by_name(ANY)}),
        "statistics?": by_name(said(by_name(NUMBER), "s by profile")),
    }
)
ABRIDGED = object_of({"name": TEXT, "path": TEXT, "origin": TEXT, "refs": _REFERENCES})
"""The shapes of the records below."""


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
        return f"{self._base}/api/files/{ORIGIN}/{quote(path, safe=_PLAIN)}"

    def download(self, path: str) -> str:
        """Where the file's content is."""
        return f"{self._base}/downloads/files/{ORIGIN}/{quote(path)}"


def type_path(entry: Entry) -> tuple[str, ...]:
    """What kind of entry it is, from the general to the special."""
    return FOLDER_TYPE if isinstance(entry, FolderEntry) else entry.type_path


@dataclass(frozen=True)
class View:
    """How entries are shown: with these addresses and jobs, files of one kind only if one is named."""

    addresses: Addresses
    tallies: Tallies
    kind: str | None = None


def entry_record(entry: Entry, view: View, levels: int | None) -> Record:
    """The whole record, of a folder with `levels` levels of children (`None`: all)."""
    found = tallies_in(entry, view.tallies)
    if isinstance(entry, FolderEntry):
        below = None if levels is None else levels - 1
        return {
            **_common(entry.name, entry.name, entry, view.addresses),
            "prints": prints_record(found),
            "children": entry_records(entry.children, view, below) if levels is None or levels > 0 else [],
        }
    record = _common(entry.name, entry.display, entry, view.addresses)
    known = {"hash": entry.sha1, "user": entry.user, "userdata": entry.userdata}
    record |= {name: value for name, value in known.items() if value is not None}
    return record | ({"prints": prints_record(found), "statistics": statistics_record(found[0])} if found else {})


def entry_records(entries: tuple[Entry, ...], view: View, levels: int | None) -> list[Record]:
    """The records of entries; folders stay whatever kind is named."""
    return [
        entry_record(entry, view, levels)
        for entry in entries
        if view.kind is None or isinstance(entry, FolderEntry) or view.kind in entry.type_path
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
