"""What everybody hears of the stored files (contract, section 7).

Invariants: `UpdatedFiles`, at which clients load their lists anew, comes after what was changed.
"""

from __future__ import annotations

from collections.abc import Iterable

from mrdraw.events import (
    Event,
    FileAdded,
    FileMoved,
    FileRemoved,
    FolderAdded,
    FolderMoved,
    FolderRemoved,
    UpdatedFiles,
)
from mrdraw.hub.bus import EventBus
from mrdraw.library import Entry, FileEntry
from mrdraw.server.file_records import ORIGIN

PRINTABLES = "printables"
"""What changed when the list of files did."""


def tell_updated(bus: EventBus, *events: Event) -> None:
    """Tell of changes, and that lists are to be loaded anew."""
    for event in (*events, UpdatedFiles(type=PRINTABLES)):
        bus.publish(None, event)


def tell_folders(bus: EventBus, paths: Iterable[str]) -> None:
    """Tell of folders that were made."""
    for path in paths:
        bus.publish(None, FolderAdded(storage=ORIGIN, path=path, name=path.rpartition("/")[2]))


def tell_added(bus: EventBus, entry: Entry, operation: str) -> None:
    """Tell of a file or folder that appeared by this operation."""
    tell_updated(bus, _added(entry, operation))


def tell_removed(bus: EventBus, entry: Entry, operation: str) -> None:
    """Tell of a file or folder that went by this operation."""
    tell_updated(bus, _removed(entry, operation))


def tell_moved(bus: EventBus, gone: Entry, made: Entry) -> None:
    """Tell of a file or folder that lies elsewhere now; of one that is only shown by another name no move is told."""
    moved = () if gone.path == made.path else (_removed(gone, "move"), _added(made, "move"), _moved(gone, made))
    tell_updated(bus, *moved)


def _added(entry: Entry, operation: str) -> Event:
    if isinstance(entry, FileEntry):
        kinds = list(entry.type_path)
        return FileAdded(storage=ORIGIN, path=entry.path, name=entry.name, type=kinds, operation=operation)
    return FolderAdded(storage=ORIGIN, path=entry.path, name=entry.name)


def _removed(entry: Entry, operation: str) -> Event:
    if isinstance(entry, FileEntry):
        kinds = list(entry.type_path)
        return FileRemoved(storage=ORIGIN, path=entry.path, name=entry.name, type=kinds, operation=operation)
    return FolderRemoved(storage=ORIGIN, path=entry.path, name=entry.name)


def _moved(gone: Entry, made: Entry) -> Event:
    if isinstance(gone, FileEntry) and isinstance(made, FileEntry):
        return FileMoved(
            storage=ORIGIN,
            source_path=gone.path,
            source_name=gone.name,
            source_type=list(gone.type_path),
            destination_path=made.path,
            destination_name=made.name,
            destination_type=list(made.type_path),
        )
    return FolderMoved(
        storage=ORIGIN,
        source_path=gone.path,
        source_name=gone.name,
        destination_path=made.path,
        destination_name=made.name,
    )
