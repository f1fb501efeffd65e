from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers_library import Shelf
from mrdraw.library import Listing, tree


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    shelf = Shelf(tmp_path)
    yield shelf
    shelf.library.settle()
    shelf.database.close()


def paths_of(listing: Listing) -> list[str]:
    return [child.path for child in listing.root.children]


def long_ago(shelf: Shelf) -> None:
    """Have all folders look as if nothing had happened in them for a while."""
    for folder in (shelf.uploads, *(path for path in shelf.uploads.rglob("*") if path.is_dir())):
        os.utime(folder, (1e9, 1e9))


def known(shelf: Shelf) -> Listing:
    found = shelf.library.known_listing()
    assert found is not None
    return found


def test_what_was_read_holds_until_something_changes(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "_SHARE", 1e6)
    shelf.put("folder/a.gcode")
    long_ago(shelf)
    assert shelf.library.known_listing() is None
    listing = shelf.library.listing()
    assert known(shelf) is listing
    shelf.put("folder/b.gcode")
    assert shelf.library.known_listing() is None
    assert shelf.library.listing().revision != listing.revision


@pytest.mark.parametrize("change", ["put", "remove", "rename", "remove the folder", "make a folder"])
def test_what_other_hands_do_to_names_is_seen_at_once(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    monkeypatch.setattr(tree, "_SHARE", 1e6)
    file = shelf.put("folder/deep/a.gcode")
    long_ago(shelf)
    before = shelf.library.listing()
    {
        "put": lambda: shelf.put("folder/deep/b.gcode"),
        "remove": file.unlink,
        "rename": lambda: file.rename(file.with_name("c.gcode")),
        "remove the folder": lambda: (file.unlink(), file.parent.rmdir()),
        "make a folder": (shelf.uploads / "folder/new").mkdir,
    }[change]()
    assert shelf.library.known_listing() is None
    assert shelf.library.listing().root != before.root


def test_a_folder_that_was_changed_just_now_is_read_again(shelf: Shelf) -> None:
    shelf.put("a.gcode")
    listing = shelf.library.listing()
    stat = shelf.uploads.stat()
    shelf.put("b.gcode")
    os.utime(shelf.uploads, ns=(stat.st_atime_ns, stat.st_mtime_ns))  # as where time goes in steps
    assert shelf.library.known_listing() is None
    assert paths_of(shelf.library.listing()) == ["a.gcode", "b.gcode"]
    assert paths_of(listing) == ["a.gcode"]


def test_content_that_other_hands_change_is_seen_at_the_next_look(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tree, "_SHARE", 1e6)
    file = shelf.put("a.gcode", b"1")
    long_ago(shelf)
    before = shelf.library.listing()
    file.write_bytes(b"12")
    assert known(shelf) is before
    monkeypatch.setattr(tree, "_SHARE", 0)
    after = shelf.library.listing()
    assert (after.root.size, after.revision != before.revision) == (2, True)
    assert shelf.library.known_listing() is None  # it is this one's turn to look, the others go on with what is known
    assert known(shelf) is after
    assert shelf.library.listing() is after


@pytest.mark.parametrize("act", ["store", "replace", "delete", "move", "copy", "rename"])
def test_its_own_changes_are_seen_at_once(shelf: Shelf, monkeypatch: pytest.MonkeyPatch, act: str) -> None:
    monkeypatch.setattr(tree, "_SHARE", 1e6)
    asyncio.run(shelf.store("a.gcode", b"1"))
    long_ago(shelf)
    before = shelf.library.listing()
    asyncio.run(
        {
            "store": lambda: shelf.store("b.gcode"),
            "replace": lambda: shelf.store("a.gcode", b"1", display="A"),
            "delete": lambda: shelf.library.delete("a.gcode"),
            "move": lambda: shelf.library.move("a.gcode", "b.gcode"),
            "copy": lambda: shelf.library.copy("a.gcode", "b.gcode"),
            "rename": lambda: shelf.library.move("a.gcode", "a?.gcode"),
        }[act]()
    )
    long_ago(shelf)
    assert shelf.library.known_listing() is None
    assert shelf.library.listing().root.children != before.root.children


def test_of_many_who_ask_at_once_few_read(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf.put("a.gcode")
    reads = []
    begin = threading.Barrier(8)
    read = tree.folder_entry

    def slow(*arguments: object) -> object:
        reads.append(arguments)
        time.sleep(0.2)
        return read(*arguments)  # type: ignore[arg-type]

    def ask() -> None:
        begin.wait()
        shelf.library.listing()

    monkeypatch.setattr(tree, "folder_entry", slow)
    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(reads) <= 3


def test_a_tree_of_many_folders_is_not_looked_at_on_the_loop(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "_FEW", 2)
    for name in ("a", "b"):
        shelf.put(f"{name}/a.gcode")
    long_ago(shelf)
    listing = shelf.library.listing()
    assert shelf.library.known_listing() is None
    assert shelf.library.listing().revision == listing.revision
