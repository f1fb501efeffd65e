from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers_library import Shelf
from mrdraw.errors import DiskFull, FileExists, InvalidValue, NotStored, UnknownFileType, WrongState
from mrdraw.library.upload import PIECE


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    shelf = Shelf(tmp_path)
    yield shelf
    shelf.database.close()


def test_what_was_sent_is_stored(shelf: Shelf) -> None:
    content = os.urandom(3 * PIECE + 17)

    async def receive() -> str | None:
        upload = shelf.library.begin_upload()
        for start in range(0, len(content), 100_000):
            await upload.write(content[start : start + 100_000])
        assert upload.size == len(content)
        return (await upload.finish("deep/in/a.gcode", display="A.gcode", user="ada")).sha1

    assert asyncio.run(receive()) == hashlib.sha1(content).hexdigest()
    assert (shelf.uploads / "deep/in/a.gcode").read_bytes() == content
    assert shelf.everything() == {"deep", "deep/in", "deep/in/a.gcode"}


def test_an_empty_file_is_a_file(shelf: Shelf) -> None:
    assert asyncio.run(shelf.store("a.gcode", b"")).size == 0


def test_nothing_is_seen_before_the_end(shelf: Shelf) -> None:
    async def receive() -> None:
        upload = shelf.library.begin_upload()
        await upload.write(b"x" * PIECE)
        assert shelf.library.listing().root.children == ()
        assert len(shelf.everything()) == 1
        upload.abort()
        upload.abort()

    asyncio.run(receive())
    assert shelf.everything() == set()


def test_an_upload_that_is_over_takes_nothing(shelf: Shelf) -> None:
    async def receive() -> None:
        upload = shelf.library.begin_upload()
        upload.abort()
        with pytest.raises(WrongState):
            await upload.finish("a.gcode")

    asyncio.run(receive())
    assert shelf.everything() == set()


@pytest.mark.parametrize(
    ("path", "error"), [("a.stl", UnknownFileType), ("../a.gcode", InvalidValue), ("", InvalidValue)]
)
def test_paths_that_are_refused_leave_nothing(shelf: Shelf, path: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        asyncio.run(shelf.store(path, b"x" * PIECE))
    assert shelf.everything() == set()


def test_a_file_is_replaced_as_a_whole(shelf: Shelf) -> None:
    asyncio.run(shelf.store("a.gcode", b"old", user="ada"))
    with (shelf.uploads / "a.gcode").open("rb") as reading:
        assert asyncio.run(shelf.store("a.gcode", b"new", user="bob")).user == "bob"
        assert reading.read() == b"old"
    assert (shelf.uploads / "a.gcode").read_bytes() == b"new"


def test_nothing_is_replaced_where_that_is_not_wanted(shelf: Shelf) -> None:
    asyncio.run(shelf.store("a.gcode", b"old"))
    with pytest.raises(FileExists):
        asyncio.run(shelf.store("a.gcode", b"new", overwrite=False))
    assert shelf.everything() == {"a.gcode"}
    assert (shelf.uploads / "a.gcode").read_bytes() == b"old"


def test_a_folder_is_never_replaced(shelf: Shelf) -> None:
    shelf.put("a.gcode/inner.gcode")
    with pytest.raises(FileExists):
        asyncio.run(shelf.store("a.gcode"))
    assert shelf.everything() == {"a.gcode", "a.gcode/inner.gcode"}


def test_a_file_is_no_folder(shelf: Shelf) -> None:
    shelf.put("a.gcode")
    with pytest.raises(FileExists):
        asyncio.run(shelf.store("a.gcode/b.gcode"))
    assert shelf.everything() == {"a.gcode"}


def test_user_data_stays_with_the_same_content(shelf: Shelf) -> None:
    asyncio.run(shelf.store("a.gcode", b"same", userdata={"a": 1}))
    assert asyncio.run(shelf.store("a.gcode", b"same", userdata={"b": 2})).userdata == {"a": 1}
    assert asyncio.run(shelf.store("a.gcode", b"other", userdata={"b": 2})).userdata == {"b": 2}
    assert asyncio.run(shelf.store("a.gcode", b"third")).userdata is None


@pytest.mark.parametrize(
    ("number", "error"), [(errno.ENOSPC, DiskFull), (errno.EDQUOT, DiskFull), (errno.EIO, NotStored)]
)
def test_a_disk_that_refuses_is_told_and_leaves_nothing(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, number: int, error: type[Exception]
) -> None:
    def refuse(_descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("mrdraw.library.upload.os.fsync", refuse)
    with pytest.raises(NotStored) as refused:
        asyncio.run(shelf.store("a.gcode", b"x" * (PIECE + 1)))
    assert type(refused.value) is error
    assert shelf.everything() == set()
    assert shelf.database.read("SELECT * FROM files", ()) == []


def test_a_full_device_is_told(shelf: Shelf) -> None:
    async def receive() -> None:
        upload = shelf.library.begin_upload()
        await upload.write(b"x" * PIECE)
        assert upload._file is not None
        upload._file.close()
        upload._file = Path("/dev/full").open("wb", buffering=0)  # noqa: ASYNC230, SIM115
        try:
            with pytest.raises(DiskFull):
                await upload.write(b"x" * PIECE)
        finally:
            upload.abort()

    asyncio.run(receive())
    assert shelf.everything() == set()


def test_a_database_that_refuses_leaves_no_file(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr("mrdraw.library.upload.records.save", refuse)
    with pytest.raises(NotStored, match="I/O"):
        asyncio.run(shelf.store("a.gcode"))
    assert shelf.everything() == set()


def test_what_is_written_beside_is_kept_with_the_file_or_not_at_all(shelf: Shelf) -> None:
    def beside(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO meta VALUES ('beside', '1')")

    def refuse(connection: sqlite3.Connection) -> None:
        beside(connection)
        raise sqlite3.OperationalError("disk I/O error")

    kept = "SELECT key FROM meta WHERE key = 'beside'"
    shelf.put("there.gcode")
    with pytest.raises(FileExists):
        asyncio.run(shelf.store("there.gcode", overwrite=False, beside=beside))
    with pytest.raises(NotStored, match="I/O"):
        asyncio.run(shelf.store("a.gcode", beside=refuse))
    assert (shelf.everything(), shelf.database.read(kept)) == ({"there.gcode"}, [])
    asyncio.run(shelf.store("a.gcode", beside=beside))
    assert (shelf.everything(), shelf.database.read(kept)) == ({"there.gcode", "a.gcode"}, [("beside",)])


def test_two_uploads_of_one_name_are_both_whole(shelf: Shelf) -> None:
    async def both() -> None:
        await asyncio.gather(shelf.store("a.gcode", b"1" * PIECE), shelf.store("a.gcode", b"2" * PIECE))

    asyncio.run(both())
    content = (shelf.uploads / "a.gcode").read_bytes()
    assert content in {b"1" * PIECE, b"2" * PIECE}
    assert shelf.library.file("a.gcode").sha1 == hashlib.sha1(content).hexdigest()
    assert shelf.everything() == {"a.gcode"}


def test_a_cancelled_upload_leaves_nothing(shelf: Shelf) -> None:
    async def receive() -> None:
        async def endless() -> None:
            upload = shelf.library.begin_upload()
            try:
                while True:
                    await upload.write(b"x" * PIECE)
                    started.set()
            finally:
                upload.abort()

        started = asyncio.Event()
        task = asyncio.create_task(endless())
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(receive())
    assert shelf.everything() == set()
