from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers_library import Shelf
from mrdraw.errors import FileExists, InvalidValue, NoSuchFile, WrongState
from mrdraw.library import FileEntry, FolderEntry


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    shelf = Shelf(tmp_path)
    yield shelf
    shelf.database.close()


def test_files_put_there_by_hand_are_listed(shelf: Shelf) -> None:
    shelf.put("b.gcode", b"12345")
    shelf.put("folder/deep/a.GCO", b"123")
    shelf.put("folder/notes.txt")
    shelf.put(".hidden.gcode")
    shelf.put(".hidden/a.gcode")
    listed, folder = shelf.library.listing().root.children
    assert isinstance(listed, FileEntry)
    assert (listed.name, listed.path, listed.size, listed.sha1) == ("b.gcode", "b.gcode", 5, None)
    assert listed.date == int((shelf.uploads / "b.gcode").stat().st_mtime)
    assert isinstance(folder, FolderEntry)
    assert (folder.name, folder.path, folder.size) == ("folder", "folder", 3)
    (deep,) = folder.children
    assert isinstance(deep, FolderEntry)
    assert [child.path for child in deep.children] == ["folder/deep/a.GCO"]


def test_a_flat_list_shows_folders_with_their_size_and_without_children(shelf: Shelf) -> None:
    shelf.put("folder/deep/a.gcode", b"123")
    (folder,) = shelf.library.listing().root.children
    assert isinstance(folder, FolderEntry)
    assert folder.size == 3
    fetched = shelf.library.entry("folder")
    assert isinstance(fetched, FolderEntry)
    assert [child.path for child in fetched.children] == ["folder/deep"]
    assert fetched.children[0].children == ()


def test_folders_too_deep_in_each_other_are_not_listed(shelf: Shelf) -> None:
    shelf.put("top.gcode")
    folder = os.open(shelf.uploads, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("d", dir_fd=folder)
        inner = os.open("d", os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = inner
    os.close(folder)
    listed = shelf.library.listing().root
    assert [child.path for child in listed.children] == ["d", "top.gcode"]
    with pytest.raises(WrongState, match="less deep"):
        asyncio.run(shelf.library.copy("d", "e"))
    asyncio.run(shelf.library.delete("d"))
    assert shelf.everything() == {"top.gcode"}


def test_names_that_are_no_text_are_not_listed(shelf: Shelf) -> None:
    (Path(os.fsdecode(os.fsencode(shelf.uploads) + b"/\xff.gcode"))).write_bytes(b"G28")
    assert shelf.library.listing().root.children == ()


@pytest.mark.parametrize(
    "path", ["", ".", "..", "../mrdraw.db", "none.gcode", "a.gcode/b", "a.txt", ".uploads", "x" * 300]
)
def test_what_is_not_listed_cannot_be_had(shelf: Shelf, path: str) -> None:
    shelf.put("a.gcode")
    shelf.put("a.txt")
    with pytest.raises(NoSuchFile):
        shelf.library.entry(path)
    assert not shelf.library.exists(path)


def test_symbolic_links_lead_nowhere(shelf: Shelf, tmp_path: Path) -> None:
    outside = tmp_path / "uploads2"
    outside.mkdir()
    (outside / "secret.gcode").write_bytes(b"secret")
    (shelf.uploads / "link").symlink_to(outside)
    (shelf.uploads / "link.gcode").symlink_to(outside / "secret.gcode")
    (shelf.uploads / "loop").symlink_to(shelf.uploads)
    assert shelf.library.listing().root.children == ()
    for path in ("link", "link/secret.gcode", "link.gcode", "loop"):
        with pytest.raises(NoSuchFile):
            shelf.library.absolute(path)
        with pytest.raises(NoSuchFile):
            asyncio.run(shelf.library.delete(path))
    with pytest.raises(FileExists):
        asyncio.run(shelf.store("link/new.gcode"))
    with pytest.raises(FileExists):
        asyncio.run(shelf.library.make_folder("link/new"))
    assert [path.name for path in outside.iterdir()] == ["secret.gcode"]


def test_a_file_is_told_from_a_folder(shelf: Shelf) -> None:
    shelf.put("folder/a.gcode")
    assert shelf.library.file("folder/a.gcode").name == "a.gcode"
    with pytest.raises(NoSuchFile, match="folder"):
        shelf.library.file("folder")


def test_a_hash_counts_only_for_the_content_it_was_made_of(shelf: Shelf) -> None:
    stored = asyncio.run(shelf.store("a.gcode", b"G28\n", display="Ä.gcode", user="ada", userdata={"for": [1]}))
    assert stored.sha1 == hashlib.sha1(b"G28\n").hexdigest()
    assert shelf.library.entry("a.gcode") == stored
    shelf.put("a.gcode", b"other")
    changed = shelf.library.file("a.gcode")
    assert (changed.sha1, changed.display, changed.user, changed.userdata) == (None, "Ä.gcode", "ada", {"for": [1]})


def test_the_revision_follows_what_is_listed(shelf: Shelf) -> None:
    seen = [shelf.library.listing().revision]
    assert shelf.library.listing().revision == seen[0]
    shelf.put("folder/a.gcode", b"1")
    seen.append(shelf.library.listing().revision)
    shelf.put("folder/a.gcode", b"12")
    seen.append(shelf.library.listing().revision)
    asyncio.run(shelf.store("folder/a.gcode", b"12", display="A"))
    seen.append(shelf.library.listing().revision)
    asyncio.run(shelf.library.delete("folder/a.gcode"))
    seen.append(shelf.library.listing().revision)
    assert len(set(seen)) == len(seen)


def test_folders_are_made_with_those_above(shelf: Shelf) -> None:
    made = asyncio.run(shelf.library.make_folder("a/b?/c"))
    assert (made.path, made.children, made.size) == ("a/b/c", (), 0)
    assert asyncio.run(shelf.library.make_folder("a/b/c")) == made


def test_folders_that_cannot_be_made(shelf: Shelf) -> None:
    shelf.put("plain.txt")
    with pytest.raises(FileExists):
        asyncio.run(shelf.library.make_folder("plain.txt/inner"))
    with pytest.raises(WrongState):
        asyncio.run(shelf.library.make_folder("looks.gcode"))
    with pytest.raises(InvalidValue):
        asyncio.run(shelf.library.make_folder("../outside"))


def test_deleting_takes_file_and_row(shelf: Shelf) -> None:
    asyncio.run(shelf.store("a.gcode", user="ada"))
    gone = asyncio.run(shelf.library.delete("a.gcode"))
    assert gone.path == "a.gcode"
    assert shelf.everything() == set()
    assert shelf.database.read("SELECT * FROM files", ()) == []
    with pytest.raises(NoSuchFile):
        asyncio.run(shelf.library.delete("a.gcode"))


def test_a_folder_is_deleted_with_all_that_is_in_it_and_nothing_else(shelf: Shelf) -> None:
    for path in ("a/b/c.gcode", "a/d.gcode", "ab.gcode"):
        asyncio.run(shelf.store(path))
    shelf.put("a/.hidden")
    asyncio.run(shelf.library.delete("a"))
    assert shelf.everything() == {"ab.gcode"}
    assert shelf.database.read("SELECT path FROM files", ()) == [("ab.gcode",)]


def test_the_folder_for_everything_cannot_be_deleted(shelf: Shelf) -> None:
    shelf.put("a.gcode")
    with pytest.raises(NoSuchFile):
        asyncio.run(shelf.library.delete(""))
    assert shelf.library.exists("a.gcode")


def test_sweeping_removes_leftovers_only(shelf: Shelf) -> None:
    shelf.put(".uploads/.upload-0123", b"half a file")
    shelf.put(".uploads/.deleted-0123/a.gcode")
    shelf.put("a.gcode")
    shelf.library.sweep()
    assert shelf.everything() == {"a.gcode"}


def test_free_space(shelf: Shelf) -> None:
    free, total = shelf.library.free_space()
    assert 0 < free <= total
