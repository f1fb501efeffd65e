"""The log files that people may read: the server's and those of the machine hosts.

Invariants: only what is listed is handed out or removed, by its name in the list and never by a path; links are not
followed; a log that is being written is emptied where another is deleted, so that what follows is not lost.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mrdraw.errors import NoSuchFile, NotStored
from mrdraw.server.logs import FILE_NAME

LOGS = "logs"
_MACHINES = "machines"
_HOST_LOG = "host.log"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*\.log(\.[0-9]+)?")


@dataclass(frozen=True, slots=True)
class LogFile:
    """A log; `modified` in unix s, `size` in bytes."""

    name: str
    path: Path
    status: os.stat_result
    is_written: bool
    """Whether a process has it open to write."""

    @property
    def modified(self) -> float:
        """When something was written last."""
        return self.status.st_mtime

    @property
    def size(self) -> int:
        """How long it is."""
        return self.status.st_size


class LogFiles:
    """The logs of a base folder. All methods block for the disk."""

    def __init__(self, basedir: Path) -> None:
        self._basedir = basedir

    def all(self) -> list[LogFile]:
        """The logs, by name."""
        return sorted(self._found(), key=lambda log: log.name)

    def find(self, name: str) -> LogFile:
        """The log of this name. Raises `NoSuchFile`."""
        for log in self._found():
            if log.name == name:
                return log
        raise NoSuchFile(f"There is no log {name!r}.")

    def remove(self, name: str) -> None:
        """Delete a log, or empty it if it is being written. Raises `NoSuchFile`, `NotStored`."""
        log = self.find(name)
        try:
            if log.is_written:
                os.truncate(log.path, 0)
            else:
                log.path.unlink()
        except FileNotFoundError:
            raise NoSuchFile(f"There is no log {name!r} any more.") from None
        except OSError as error:
            raise NotStored(f"{name} was not deleted: {error.strerror or error}.") from error

    def space(self) -> tuple[int, int]:
        """What is free where the logs are, and what there is in all; bytes."""
        usage = shutil.disk_usage(self._basedir)
        return usage.free, usage.total

    def _found(self) -> Iterator[LogFile]:
        for path in (self._basedir / LOGS).glob("*.log*"):
            yield from _log(path, path.name, is_written=path.name == FILE_NAME)
        for path in (self._basedir / _MACHINES).glob(f"*/{_HOST_LOG}*"):
            name = path.name.replace("host", f"machine-{path.parent.name}", 1)
            yield from _log(path, name, is_written=path.name == _HOST_LOG)


def _log(path: Path, name: str, *, is_written: bool) -> Iterator[LogFile]:
    """The log that this is, if it is one."""
    try:
        status = path.lstat()
    except OSError:
        return
    if stat.S_ISREG(status.st_mode) and _NAME.fullmatch(name):
        yield LogFile(name, path, status, is_written)
