"""Reading ZIP archives that came from outside.

Invariants: nothing is written outside the target folder, which is new and empty; the names are checked before the first
byte is written, and are taken as they are (nothing in them is decoded a second time); what is unpacked is counted as it
comes out, whatever the archive says of itself; a link, a device, an encrypted member and an archive in the archive are
never opened. Afterwards everything is there, or nothing.
"""

from __future__ import annotations

import os
import shutil
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from mrdraw.errors import InvalidValue, TooLarge
from mrdraw.library.disk import told_as_not_stored

_PIECE = 64 * 1024
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_ENCRYPTED = 0x1
"""The flag of a member that needs a password (APPNOTE.TXT 4.4.4)."""
_BROKEN = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError, ValueError)
"""What the standard library raises for archives that make no sense."""
_LONGEST_PART = 200
_DEEPEST = 12
_HARMLESS_RATIO = 1024 * 1024
"""bytes up to which a member may be as well compressed as it likes."""


@dataclass(frozen=True)
class Caps:
    """What an archive may hold: files and folders in all, bytes in all, and how often a member may be larger than it
    is in the archive."""

    entries: int
    size: int
    ratio: int


@dataclass(frozen=True)
class _File:
    info: zipfile.ZipInfo
    parts: tuple[str, ...]


def unpack(archive: Path | IO[bytes], target: Path, caps: Caps) -> list[Path]:
    """Unpack an archive into a folder that is made for it; the files, relative to it.

    Raises `InvalidValue` for what is no archive or holds what is not accepted, `TooLarge` beyond the caps, `DiskFull`,
    `NotStored`.
    """
    with _readable(), zipfile.ZipFile(archive) as opened:
        files = _checked(opened.infolist(), caps)
        try:
            with told_as_not_stored("The archive"):
                target.mkdir(parents=True)
                _write_all(opened, files, target, caps)
        except BaseException:
            shutil.rmtree(target, ignore_errors=True)
            raise
    return [Path(*file.parts) for file in files]


@contextmanager
def _readable() -> Iterator[None]:
    """What is no archive, or a broken one, is refused as such."""
    try:
        yield
    except _BROKEN as error:
        raise InvalidValue(f"This is no ZIP archive that can be read: {error}.") from error


# --- the names ------------------------------------------------------------------------------------------------------


def _checked(infos: list[zipfile.ZipInfo], caps: Caps) -> list[_File]:
    """The files of the archive. Raises `InvalidValue`, `TooLarge`."""
    if len(infos) > caps.entries:
        raise TooLarge(f"The archive has {len(infos)} entries; {caps.entries} are accepted.")
    announced = sum(info.file_size for info in infos)
    if announced > caps.size:
        raise TooLarge(f"The archive is {announced} bytes when unpacked; {caps.size} are accepted.")
    files = []
    for info in infos:
        parts = _parts(info)
        _check_kind(info)
        if not info.is_dir():
            files.append(_File(info, parts))
    _check_places(files)
    return files


def _parts(info: zipfile.ZipInfo) -> tuple[str, ...]:
    """The name of a member, part by part. Raises `InvalidValue`."""
    name = info.orig_filename
    parts = tuple(name.removesuffix("/").split("/"))
    if len(parts) > _DEEPEST or not all(map(_is_good, parts)):
        raise InvalidValue(
            f"The archive has a member {name[:_LONGEST_PART]!r}, which is not unpacked: names are relative, without "
            f"'..', backslashes, colons and control characters, at most {_DEEPEST} folders deep."
        )
    return parts


def _is_good(part: str) -> bool:
    if part in {"", ".", ".."} or len(part.encode("utf-8", "replace")) > _LONGEST_PART:
        return False
    return not any(character in "\\:" or unicodedata.category(character)[0] == "C" for character in part)


def _check_kind(info: zipfile.ZipInfo) -> None:
    """Only files and folders, stored or deflated, without a password. Raises `InvalidValue`."""
    if info.header_offset < 0:
        raise InvalidValue(f"The archive's member {info.filename!r} lies before its beginning.")
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        raise InvalidValue(
            f"The archive's member {info.filename!r} is a link or a device; files and folders are right."
        )
    if info.flag_bits & _ENCRYPTED or info.compress_type not in _METHODS:
        raise InvalidValue(
            f"The archive's member {info.filename!r} is encrypted or compressed otherwise than by deflate."
        )


def _check_places(files: list[_File]) -> None:
    """No two files in one place, also where upper and lower case are the same. Raises `InvalidValue`."""
    taken = {_place(file.parts) for file in files}
    if len(taken) != len(files):
        raise InvalidValue("The archive has two members of the same name.")
    for file in files:
        for depth in range(1, len(file.parts)):
            if _place(file.parts[:depth]) in taken:
                raise InvalidValue(f"The archive's member {file.info.filename!r} lies in a file, not in a folder.")


def _place(parts: tuple[str, ...]) -> str:
    return unicodedata.normalize("NFC", "/".join(parts)).casefold()


# --- the content ----------------------------------------------------------------------------------------------------


def _write_all(archive: zipfile.ZipFile, files: list[_File], target: Path, caps: Caps) -> None:
    left = caps.size
    for file in files:
        path = target.joinpath(*file.parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        left -= _write(archive, file.info, path, left, caps)


def _write(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path, left: int, caps: Caps) -> int:
    """Unpack a member; its size. Raises `TooLarge`."""
    most = max(info.compress_size * caps.ratio, _HARMLESS_RATIO)
    size = 0
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    with os.fdopen(descriptor, "wb") as file, archive.open(info) as member:
        while piece := member.read(_PIECE):
            size += len(piece)
            if size > left:
                raise TooLarge(f"The archive is larger than the {caps.size} bytes that are accepted when unpacked.")
            if size > most:
                raise TooLarge(f"The archive's member {info.filename!r} is compressed more than {caps.ratio} times.")
            file.write(piece)
    return size
