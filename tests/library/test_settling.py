"""Small files on their way to the disk: what a power cut leaves is whole or gone."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers_library import Shelf
from mrdraw.library import settling, upload
from mrdraw.library.settling import mark_of

CONTENT = b"G28\nG1 X10\n"


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    shelf = Shelf(tmp_path)
    yield shelf
    shelf.library.settle()
    shelf.database.close()


@pytest.fixture
def never(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing gets onto the disk."""
    monkeypatch.setattr(settling.Settling, "add", lambda *_: None)


def marks(shelf: Shelf) -> list[Path]:
    return list((shelf.uploads / ".uploads").glob(".settling-*"))


def test_a_small_new_file_is_named_first_and_on_the_disk_soon(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[tuple[int, int]] = []
    sync = os.fsync

    def watch(descriptor: int) -> None:
        stat = os.fstat(descriptor)
        synced.append((stat.st_dev, stat.st_ino))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", watch)
    monkeypatch.setattr(settling, "_GATHER", 3600)
    asyncio.run(shelf.store("a.gcode", CONTENT))
    (mark,) = marks(shelf)
    assert mark.samefile(shelf.uploads / "a.gcode")
    stat, folder = mark.stat(), shelf.uploads.stat()
    assert (stat.st_dev, stat.st_ino) not in synced
    monkeypatch.setattr(settling, "_GATHER", 0)
    shelf.library.settle()
    assert {(stat.st_dev, stat.st_ino), (folder.st_dev, folder.st_ino)} <= set(synced)
    assert marks(shelf) == []
    assert (shelf.uploads / "a.gcode").read_bytes() == CONTENT


def test_many_are_settled_in_several_turns(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling, "_TOGETHER", 3)

    async def store() -> None:
        for number in range(10):
            await shelf.store(f"f/{number}.gcode", CONTENT)

    asyncio.run(store())
    shelf.library.settle()
    assert marks(shelf) == []
    assert len(list((shelf.uploads / "f").iterdir())) == 10


@pytest.mark.usefixtures("never")
@pytest.mark.parametrize("torn", [b"", CONTENT[:5], bytes(len(CONTENT))])
def test_a_file_that_is_not_whole_after_a_power_cut_is_gone(shelf: Shelf, torn: bytes) -> None:
    asyncio.run(shelf.store("f/a.gcode", CONTENT, display="A", user="ada"))
    asyncio.run(shelf.store("b.gcode", CONTENT))
    file = shelf.uploads / "f/a.gcode"
    before = file.stat().st_mtime_ns
    file.write_bytes(torn)
    os.utime(file, ns=(before, before))
    shelf.library.sweep()
    assert shelf.everything() == {"f", "b.gcode"}
    assert shelf.database.read("SELECT path FROM files") == [("b.gcode",)]


@pytest.mark.usefixtures("never")
def test_what_somebody_changed_since_then_stays(shelf: Shelf) -> None:
    asyncio.run(shelf.store("a.gcode", CONTENT))
    file = shelf.uploads / "a.gcode"
    later = file.stat().st_mtime_ns + 1
    file.write_bytes(b"other")
    os.utime(file, ns=(later, later))
    shelf.library.sweep()
    assert file.read_bytes() == b"other"
    assert marks(shelf) == []


@pytest.mark.usefixtures("never")
def test_a_mark_that_names_a_link_or_nothing_removes_nothing(shelf: Shelf, tmp_path: Path) -> None:
    outside = tmp_path / "outside.gcode"
    outside.write_bytes(b"precious")
    digest = hashlib.sha1(b"").hexdigest()
    folder = shelf.uploads / ".uploads"
    folder.mkdir()
    (folder / mark_of(digest, 1 << 62, "00")).symlink_to(outside)
    (folder / ".settling-nonsense").write_bytes(b"")
    shelf.put("a.gcode")
    shelf.library.sweep()
    assert (outside.read_bytes(), shelf.everything()) == (b"precious", {"a.gcode"})


@pytest.mark.parametrize("how", ["large", "in another's place", "without second names", "with coarse times"])
def test_what_cannot_be_undone_is_on_the_disk_first(shelf: Shelf, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    if how == "in another's place":
        shelf.put("a.gcode", b"old")
    if how == "without second names":

        def refuse(*_arguments: object) -> None:
            raise OSError(errno.EPERM, os.strerror(errno.EPERM))

        monkeypatch.setattr(os, "link", refuse)
    if how == "with coarse times":
        keep = os.utime
        monkeypatch.setattr(os, "utime", lambda file, ns: keep(file, ns=(ns[0] // 10**10 * 10**10,) * 2))
    content = b"x" * (upload.PIECE + 1) if how == "large" else CONTENT
    seen = []
    sync = os.fsync

    def watch(descriptor: int) -> None:
        seen.append((Path(f"/proc/self/fd/{descriptor}").readlink().name, (shelf.uploads / "a.gcode").exists()))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", watch)
    monkeypatch.setattr(settling.Settling, "add", lambda *_: pytest.fail("it has a mark"))
    asyncio.run(shelf.store("a.gcode", content))
    name, there = next((name, there) for name, there in seen if name.startswith((".upload-", ".settling-")))
    assert there is (how == "in another's place")
    assert (shelf.uploads / "a.gcode").read_bytes() == content
    assert marks(shelf) == []
    assert name


def test_what_is_moved_or_deleted_before_it_is_on_the_disk(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling, "_GATHER", 3600)
    asyncio.run(shelf.store("f/a.gcode", CONTENT))
    asyncio.run(shelf.store("f/b.gcode", CONTENT))
    asyncio.run(shelf.library.move("f/a.gcode", "c.gcode"))
    asyncio.run(shelf.library.delete("f"))
    assert shelf.everything() == {"c.gcode"}
