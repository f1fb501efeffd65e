from __future__ import annotations

import asyncio
import errno
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers_library import Shelf
from mrdraw.errors import DiskFull, FileExists, NoSuchFile, UnknownFileType, WrongState
from mrdraw.library import FileEntry

CONTENT = b"G28\n"
SHA1 = hashlib.sha1(CONTENT).hexdigest()


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    shelf = Shelf(tmp_path)
    asyncio.run(shelf.store("a.gcode", CONTENT, display="Ä.gcode", user="ada", userdata={"for": 1}))
    asyncio.run(shelf.store("f/g/b.gcode", CONTENT, user="ada"))
    shelf.put("f/c.gcode", b"by hand")
    shelf.put("f/notes.txt")
    yield shelf
    shelf.library.settle()
    shelf.database.close()


def rows(shelf: Shelf) -> set[str]:
    return {path for (path,) in shelf.database.read("SELECT path FROM files")}


@pytest.mark.parametrize(
    ("destination", "path", "display"),
    [
        ("f", "f/a.gcode", "Ä.gcode"),
        ("/f/", "f/a.gcode", "Ä.gcode"),
        ("f/g", "f/g/a.gcode", "Ä.gcode"),
        ("new?.gcode", "new.gcode", "new?.gcode"),
        ("f/new.GCO", "f/new.GCO", "new.GCO"),
    ],
)
@pytest.mark.parametrize("act", ["move", "copy"])
def test_a_file(shelf: Shelf, act: str, destination: str, path: str, display: str) -> None:
    date = (shelf.uploads / "a.gcode").stat().st_mtime_ns
    before, after = asyncio.run(getattr(shelf.library, act)("a.gcode", destination))
    assert before.path == "a.gcode"
    assert isinstance(after, FileEntry)
    assert (after.path, after.display, after.sha1, after.user) == (path, display, SHA1, "ada")
    assert after.userdata == {"for": 1}
    assert ((shelf.uploads / path).read_bytes(), (shelf.uploads / path).stat().st_mtime_ns) == (CONTENT, date)
    assert shelf.library.exists("a.gcode") is (act == "copy")
    assert ("a.gcode" in rows(shelf)) is (act == "copy")


@pytest.mark.parametrize("act", ["move", "copy"])
def test_a_folder(shelf: Shelf, act: str) -> None:
    shelf.put("f/.hidden")
    (shelf.uploads / "f/link.gcode").symlink_to("/etc/passwd")
    asyncio.run(getattr(shelf.library, act)("f", "h"))
    there = {"a.gcode", "h", "h/g", "h/g/b.gcode", "h/c.gcode", "h/notes.txt"}
    gone = {each.replace("h", "f", 1) for each in there - {"a.gcode"}}
    assert there <= shelf.everything()
    assert (gone <= shelf.everything()) is (act == "copy")
    moved = shelf.library.file("h/g/b.gcode")
    assert (moved.sha1, moved.user) == (SHA1, "ada")
    assert rows(shelf) == {"a.gcode", "h/g/b.gcode"} | ({"f/g/b.gcode"} if act == "copy" else set())
    assert os.path.lexists(shelf.uploads / "h/link.gcode") is (act == "move")


def test_a_folder_into_another(shelf: Shelf) -> None:
    shelf.put("other/a.gcode")
    _, after = asyncio.run(shelf.library.move("f/g", "other"))
    assert (after.path, [child.path for child in after.children]) == ("other/g", ["other/g/b.gcode"])  # type: ignore[union-attr]


def test_a_file_gets_another_name_to_be_shown_by(shelf: Shelf) -> None:
    _, after = asyncio.run(shelf.library.move("f/c.gcode", "f/c?.gcode"))
    assert isinstance(after, FileEntry)
    assert (after.path, after.display, after.size) == ("f/c.gcode", "c?.gcode", 7)
    _, after = asyncio.run(shelf.library.move("a.gcode", "a.gcode"))
    assert isinstance(after, FileEntry)
    assert (after.display, after.sha1, after.userdata) == ("a.gcode", SHA1, {"for": 1})


@pytest.mark.parametrize(
    ("source", "destination", "error"),
    [
        ("none.gcode", "x.gcode", NoSuchFile),
        (".uploads", "x", NoSuchFile),
        ("a.gcode", "none/x.gcode", NoSuchFile),
        ("a.gcode", "f/c.gcode/x.gcode", NoSuchFile),
        ("a.gcode", "../x.gcode", WrongState),
        ("a.gcode", "f/c.gcode", FileExists),
        ("a.gcode", "", FileExists),
        ("a.gcode", "x.stl", UnknownFileType),
        ("f", "x.gcode", WrongState),
        ("f", "f", WrongState),
        ("f", "f/g/x", WrongState),
        ("f", "f/g", WrongState),
        ("f/g", "f", FileExists),
        ("f/c.gcode", "f", FileExists),
        ("f", "f/notes.txt", WrongState),
        ("f/g", "f/notes.txt", FileExists),
    ],
)
@pytest.mark.parametrize("act", ["move", "copy"])
def test_what_is_refused_changes_nothing(
    shelf: Shelf, act: str, source: str, destination: str, error: type[Exception]
) -> None:
    before, known = shelf.everything(), rows(shelf)
    with pytest.raises(error):
        asyncio.run(getattr(shelf.library, act)(source, destination))
    assert (shelf.everything(), rows(shelf)) == (before, known)


def test_a_link_is_no_folder_to_go_to(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (shelf.uploads / "link").symlink_to(tmp_path / "out")
    for destination, error in (("link", UnknownFileType), ("link/x.gcode", NoSuchFile)):
        with pytest.raises(error):
            asyncio.run(shelf.library.copy("a.gcode", destination))
    assert list((tmp_path / "out").iterdir()) == []


def test_a_copy_of_itself_is_refused(shelf: Shelf) -> None:
    with pytest.raises(FileExists):
        asyncio.run(shelf.library.copy("a.gcode", "a?.gcode"))


@pytest.mark.parametrize("source", ["a.gcode", "f"])
def test_a_disk_that_is_full_leaves_no_half_copy(shelf: Shelf, monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    shelf.library.settle()
    before = shelf.everything()

    def full(*_arguments: object, **_options: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("mrdraw.library.moving.os.utime", full)
    with pytest.raises(DiskFull):
        asyncio.run(shelf.library.copy(source, "x.gcode" if source == "a.gcode" else "x"))
    assert shelf.everything() == before


@pytest.mark.parametrize(
    ("name", "free"), [("a.gcode", "a_1.gcode"), ("new.gcode", "new.gcode"), ("f", "f_1"), ("a?.gcode", "a?_1.gcode")]
)
def test_a_name_that_is_free(shelf: Shelf, name: str, free: str) -> None:
    assert shelf.library.free_name("", name) == free


def test_a_long_name_that_is_free(shelf: Shelf) -> None:
    name = f"{'ä' * 124}.gcode"
    shelf.put(name)
    assert shelf.library.free_name("", name) == f"{'ä' * 50}_1.gcode"
