"""Names of files and folders: which are accepted, and as what they are stored (contract, section 4.5).

Invariants: a cleaned name is one segment of a path that every system can store; cleaning a cleaned name changes
nothing; a path that is looked up is taken as it is or refused, never repaired.
"""

from __future__ import annotations

import unicodedata

from mrdraw.errors import InvalidValue, NoSuchFile, UnknownFileType

EXTENSIONS = ("gcode", "gco", "g", "gc~")
"""The extensions of files that a machine can run, in lower case."""

LONGEST_NAME = 255
"""Bytes of a name in UTF-8."""
LONGEST_SENT = 4 * LONGEST_NAME
"""Bytes of a name as it is sent and shown, with characters that cannot be stored."""
LONGEST_PATH = 2000
"""Bytes of a path in UTF-8, half of what Linux takes: where the files lie comes before it."""
DEEPEST = 50
"""Folders and the file in a path that is stored."""

_ILLEGAL = str.maketrans("", "", '<>:"|?*')
"""Characters that some systems cannot store."""


def is_printable(name: str) -> bool:
    """Whether the name's extension is that of a file a machine can run."""
    stem, dot, extension = name.rpartition(".")
    return bool(stem and dot) and extension.lower() in EXTENSIONS


def is_hidden(name: str) -> bool:
    """Whether a name is never listed."""
    return name.startswith(".")


def clean_name(name: str) -> str:
    """The name as it is stored. Raises `InvalidValue` for a name that cannot be used."""
    if "/" in name or "\\" in name:
        raise InvalidValue(f"The name {name!r} holds a / or \\; a name is one part of a path.")
    if len(name) > LONGEST_SENT or len(name.encode("utf-8", "replace")) > LONGEST_SENT:
        raise InvalidValue(f"The name is longer than {LONGEST_SENT} bytes: {name[:40]}…")
    if not name.isprintable() and any(unicodedata.category(character) in {"Cc", "Cs"} for character in name):
        raise InvalidValue(f"The name {name!r} holds control characters.")
    if name.strip() == "..":
        raise InvalidValue("The name '..' cannot be used.")
    cleaned = name.translate(_ILLEGAL).lstrip(". \t").rstrip()
    if not cleaned:
        raise InvalidValue(f"The name {name!r} is empty once characters that cannot be stored are removed.")
    if len(cleaned.encode()) > LONGEST_NAME:
        raise InvalidValue(f"The name is longer than {LONGEST_NAME} bytes: {cleaned[:40]}…")
    return cleaned


def clean_path(path: str) -> str:
    """The folder path as it is stored, "" for the uploads folder itself. Raises `InvalidValue`."""
    parts = [part for part in path.split("/") if part]
    if len(parts) > DEEPEST:
        raise InvalidValue(f"The path has {len(parts)} parts; at most {DEEPEST} are accepted.")
    cleaned = "/".join(map(clean_name, parts))
    if len(cleaned.encode()) > LONGEST_PATH:
        raise InvalidValue(f"The path is longer than {LONGEST_PATH} bytes: {cleaned[:40]}…")
    return cleaned


def clean_file_path(path: str) -> str:
    """The path of a file to be stored. Raises `InvalidValue`, and `UnknownFileType` for another extension."""
    cleaned = clean_path(path)
    if not cleaned:
        raise InvalidValue("The file has no name.")
    if not is_printable(cleaned.rpartition("/")[2]):
        accepted = ", ".join(EXTENSIONS)
        raise UnknownFileType(f"{cleaned} has an extension that is not accepted. Accepted are: {accepted}.")
    return cleaned


def parts_of(path: str) -> tuple[str, ...]:
    """The segments of a path that is looked up. Raises `NoSuchFile` for one that nothing can be stored under."""
    parts = tuple(path.split("/"))
    if not all(_can_be_stored(part) for part in parts):
        raise NoSuchFile(f"There is no file or folder {path!r}.")
    return parts


def _can_be_stored(part: str) -> bool:
    if not part or is_hidden(part) or "\0" in part:
        return False
    return not any("\ud800" <= character <= "\udfff" for character in part)
