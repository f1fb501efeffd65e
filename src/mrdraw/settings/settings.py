"""The settings of a base folder: served from memory, watched, and changed.

Invariants: what is served is always a valid tree; a file that cannot be read leaves the last good tree in force and
says so (`notice`); a change is validated as a whole before a byte is written. `current` never waits for a disk that is
busy with a change.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from time import monotonic, time
from typing import Any, Final

from mrdraw.errors import InvalidValue, NotStored, SettingsUnreadable
from mrdraw.settings import document
from mrdraw.settings.access_control import in_force
from mrdraw.settings.build import build, unknown_keys
from mrdraw.settings.tree import SettingsTree

LOGGER = logging.getLogger(__name__)

FILE_NAME = "config.yaml"
LAST_GOOD = "config.yaml.last-good"
LOOK_EVERY = 0.2
"""s between two looks at whether the file changed."""
EMPTY_AFTER = 2.0
"""s for which a file has to be gone or empty before that is believed: some editors empty it before they write."""

_Stamp = tuple[int, int, int]
_UNKNOWN: Final = (-1, -1, -1)


@dataclass(frozen=True, slots=True)
class _Loaded:
    tree: SettingsTree
    data: Mapping[str, Any]


class Settings:
    """The settings of one base folder."""

    def __init__(self, basedir: Path, *, open_page: bool = False) -> None:
        """Read the settings; a file that cannot be read is told in `notice`.

        With `open_page` access control is off, whatever the file says.
        """
        self._open_page = open_page
        self.notice: str | None = None
        """Why the file in the folder is not in force, if it is not."""
        self.basedir: Final = basedir
        self._path = basedir / FILE_NAME
        self._lock = Lock()
        self._loaded = self._taken({})
        self._empty_since: float | None = None
        self.changed_at = time()
        """When the settings in force came to be, unix s."""
        self._looked_at = monotonic()
        self._stamp: _Stamp | None = _stamp_of(self._path)
        if not self._load():
            self._load_last_good()

    def current(self) -> SettingsTree:
        """The settings of now."""
        now = monotonic()
        if now - self._looked_at >= LOOK_EVERY and self._lock.acquire(blocking=False):
            try:
                self._looked_at = now
                self._look(now)
            finally:
                self._lock.release()
        return self._loaded.tree

    def unknown_keys(self) -> list[str]:
        """The dotted names in the file that mean nothing here; they are kept."""
        return unknown_keys(self._loaded.data)

    def update(self, changes: Mapping[str, Any]) -> SettingsTree:
        """Change some members; `None` takes one out. It blocks for the disk.

        Raises `InvalidValue`, `NotStored`, or `SettingsUnreadable` when the file has to be mended first; then nothing
        was changed.
        """
        with self._lock, document.locked(self._path.parent):
            before = self._readable_text()
            text = document.changed(before, changes)
            data = document.parse(text)
            loaded = self._taken(data)
            if data != document.parse(before):
                document.write_whole(self._path, text)
            self._loaded, self.notice, self.changed_at = loaded, None, time()
            self._stamp = _UNKNOWN  # what lies there now is looked at again, whoever wrote it
            return loaded.tree

    def _taken(self, data: Mapping[str, Any]) -> _Loaded:
        """What these members put in force. Raises `InvalidValue`."""
        return _Loaded(in_force(build(data), open_page=self._open_page), data)

    def _readable_text(self) -> str:
        """The file's text. Raises `SettingsUnreadable` when a change would build on what is not in force."""
        try:
            text = document.read_text(self._path)
            build(document.parse(text))
        except (SettingsUnreadable, InvalidValue) as error:
            raise SettingsUnreadable(f"{FILE_NAME}: {error} Mend the file first; nothing was changed.") from error
        if not text.strip() and self._loaded.data and self._path.exists():
            raise SettingsUnreadable(f"{FILE_NAME} is empty: somebody may be writing it. Try again in a moment.")
        return text

    # --- reading ---------------------------------------------------------------------------------------------------

    def _look(self, now: float) -> None:
        """Read the file again when it changed."""
        stamp = _stamp_of(self._path)
        if stamp == self._stamp:
            self._empty_since = None
            return
        if (stamp is None or stamp[1] == 0) and self._loaded.data:
            self._empty_since = now if self._empty_since is None else self._empty_since
            if now - self._empty_since < EMPTY_AFTER:
                return
        self._empty_since = None
        self._stamp = stamp
        self._load()

    def _load(self) -> bool:
        """Take over what the file says, if that is possible."""
        try:
            text = document.read_text(self._path)
            data = document.parse(text)
            self._loaded, self.notice, self.changed_at = self._taken(data), None, time()
        except (SettingsUnreadable, InvalidValue) as error:
            self.notice = f"{FILE_NAME} is not in force, the settings before are: {error}"
            LOGGER.error("%s", self.notice)  # noqa: TRY400 - the text says it all
            return False
        if unknown := self.unknown_keys():
            LOGGER.info("%s has members that mean nothing here and are kept: %s", FILE_NAME, ", ".join(unknown))
        if data:
            self._keep_last_good(text)
        return True

    def _load_last_good(self) -> None:
        try:
            data = document.parse(document.read_text(self._path.with_name(LAST_GOOD)))
            self._loaded = self._taken(data)
        except (SettingsUnreadable, InvalidValue):
            LOGGER.error("the last good copy cannot be read either: the defaults are in force")  # noqa: TRY400

    def _keep_last_good(self, text: str) -> None:
        copy = self._path.with_name(LAST_GOOD)
        try:
            if document.read_text(copy) != text:
                document.write_whole(copy, text)
        except (SettingsUnreadable, NotStored) as error:
            LOGGER.warning("the last good copy of %s could not be kept: %s", FILE_NAME, error)


def _stamp_of(path: Path) -> _Stamp | None:
    """What changes with the file; the time of change tells of a new mode as well."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ctime_ns, status.st_size, status.st_ino
