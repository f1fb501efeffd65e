"""The record of what a simulator executed, in a file that is always up to date.

Invariants: one command per line, in the order of execution; a command is in the file before its acknowledge leaves.
"""

from __future__ import annotations

import os
from pathlib import Path

from mrdraw.errors import NotStored


class Recorder:
    """Writes commands to a file, with the time at which each line had arrived if wanted."""

    def __init__(self, path: Path, *, times: bool = False) -> None:
        """Start an empty record. Raises `NotStored`."""
        try:
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise NotStored(f"The record {path} cannot be written: {error.strerror}") from error
        self._times = times
        self._lines: list[str] = []

    def note(self, text: str, arrived: float) -> None:
        """A command starts; its line arrived at `arrived` (monotonic s)."""
        self._lines.append(f"{arrived:.6f} {text}\n" if self._times else f"{text}\n")

    def flush(self) -> None:
        """Write what was noted."""
        if not self._lines:
            return
        data = memoryview("".join(self._lines).encode("utf-8", "surrogateescape"))
        self._lines.clear()
        while data:
            data = data[os.write(self._file, data) :]

    def close(self) -> None:
        """Write the rest and close the file."""
        try:
            self.flush()
        finally:
            os.close(self._file)
