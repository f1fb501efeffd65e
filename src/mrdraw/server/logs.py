"""Where the server's log goes: a file that does not grow without end, and standard error or the journal.

Invariants: the file has everything; a person at a terminal sees only what is wrong; the journal of systemd has
everything too, each line with its priority (sd-daemon(3)). The programs that the server starts do not write there.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from logging.handlers import RotatingFileHandler
from pathlib import Path

FILE_NAME = "mrdraw.log"
_SIZE = 4 * 1024 * 1024
_FILES = 3

_PRIORITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
"""From which level on which priority of syslog(3) is meant."""
_DEBUG = 7


class JournalFormatter(logging.Formatter):
    """A record as the journal takes it: every line has the priority in front; the journal knows the time."""

    def __init__(self) -> None:
        super().__init__("%(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """The lines of a record."""
        mark = f"<{priority(record.levelno)}>"
        return "\n".join(mark + line for line in super().format(record).split("\n"))


def priority(level: int) -> int:
    """The priority of syslog(3) of a level of `logging`."""
    return next((number for lowest, number in _PRIORITIES if level >= lowest), _DEBUG)


def is_journal(environment: Mapping[str, str], descriptor: int) -> bool:
    """Whether what is written there goes to the journal: systemd names its socket in ``JOURNAL_STREAM``."""
    try:
        status = os.fstat(descriptor)
    except OSError:
        return False
    return environment.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"


def log_to(folder: Path) -> None:
    """Log to a file in this folder, and what a reader needs to standard error."""
    folder.mkdir(parents=True, exist_ok=True)
    written = RotatingFileHandler(folder / FILE_NAME, maxBytes=_SIZE, backupCount=_FILES, encoding="utf-8")
    written.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    shown = logging.StreamHandler(sys.stderr)
    if is_journal(os.environ, 2):
        shown.setFormatter(JournalFormatter())
    else:
        shown.setLevel(logging.WARNING)
        shown.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[written, shown], force=True)
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
