"""Who may change which settings (contract, section 0 and 15.31).

Invariants: what runs on the computer or moves its folders is set by a session whose password was just typed, by the
file or by the command line, and never by a key; what opens the server to others is set by nobody who sat down at a
session; a section that its sender does not see is not the sender's to change.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path

from mrdraw.errors import InvalidValue, NotPermitted
from mrdraw.server.settings_record import FILE_ONLY, Reader
from mrdraw.server.settings_shape import Changes, Sent, places

_FILE_ONLY = "can be set in the file config.yaml only, not through the API; nothing was changed."
_BY_PERSON = (
    "is set by a session whose password was just typed (POST /api/login with user and pass) or in the file "
    "config.yaml, and never with an API key; nothing was changed."
)
_TYPED_LATELY = (
    "needs a password that was typed in the last minutes (POST /api/login with user and pass); nothing was changed."
)
_KEY = "api.key cannot be chosen: POST /api/settings/apikey makes a new one, DELETE switches it off."

PROTECTED = ("system.actions", "server.commands.*", "webcam.ffmpeg*", "folder.*")
"""Patterns of the places of what runs on the computer or moves its folders."""
DANGEROUS = ("api.*", "accessControl.*")
"""Patterns of the places of what opens the server to others: for keys, and sessions whose password was just typed."""
_FOLDERS = ("uploads", "timelapse", "watched")


def check_rights(sent: Sent, who: Reader, *, password_typed: bool) -> None:
    """Refuse what this sender may not set. Raises `NotPermitted`."""
    for place in (*places(sent.changes), *(place for place in sent.unknown if place in FILE_ONLY)):
        if place == "api.key":
            raise NotPermitted(_KEY)
        if any(place == only or place.startswith(f"{only}.") for only in FILE_ONLY):
            raise NotPermitted(f"{place} {_FILE_ONLY}")
        if not password_typed and any(fnmatchcase(place, pattern) for pattern in PROTECTED):
            raise NotPermitted(f"{place} {_BY_PERSON}")
        if not who.is_fresh and any(fnmatchcase(place, pattern) for pattern in DANGEROUS):
            raise NotPermitted(f"{place} {_TYPED_LATELY}")
    _check_sight(sent.changes, who)


def _check_sight(changes: Changes, who: Reader) -> None:
    seen = {
        "accessControl": (who.is_admin, "ADMIN"), "webcam": (who.sees_cameras, "WEBCAM"),
        "controls": (who.sees_controls, "CONTROL"),
    }  # fmt: skip
    for name, (sees, permission) in seen.items():
        if name in changes and not sees:
            raise NotPermitted(f"{name} needs the permission {permission}; nothing was changed.")


def check_folders(changes: Changes, shown: Mapping[str, str]) -> None:
    """Refuse folders that cannot be used, and two uses of one; looks at the disk. Raises `InvalidValue`."""
    wanted = changes.get("folder", {})
    for name, path in wanted.items():
        if path is not None:
            _check_folder(f"folder.{name}", path)
    after = {name: wanted.get(name) or shown[name] for name in _FOLDERS}
    if wanted:
        _check_apart(after)


def _check_folder(place: str, path: object) -> None:
    if not isinstance(path, str) or "\0" in path or not Path(path).is_absolute():
        raise InvalidValue(f"{place}: {path!r} is not accepted; right is the absolute path of a folder.")
    if not Path(path).is_dir() or not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        raise InvalidValue(f"{place}: {path!r} is not accepted; right is a folder that exists and can be written to.")


def _check_apart(folders: Mapping[str, str]) -> None:
    by_path: dict[Path, str] = {}
    for name, path in folders.items():
        other = by_path.setdefault(Path(path).resolve(), name)
        if other != name:
            raise InvalidValue(f"folder.{name}: {path!r} is folder.{other} already; right is a folder of its own.")


def shown_places(unknown: Iterable[str], most: int = 20) -> str:
    """Places as they are told in a header: at most so many, in ASCII."""
    from urllib.parse import quote  # noqa: PLC0415 - only when there is something to tell

    found = [quote(place[:200], safe=".[]/-_") for place in unknown]
    rest = [f"({len(found) - most} more)"] if len(found) > most else []
    return ", ".join([*found[:most], *rest])
