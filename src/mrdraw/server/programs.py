"""Running somebody else's program: for so long, with so much output, and none of our own secrets.

Invariants: no shell; the program has a session of its own and nothing of ours open; one that takes too long is ended
with all that it started; of its output no more than `MOST_OUTPUT` bytes are held. What runs in the background writes
to a file, so that the end of the server does not disturb it: it may be what restarts the server.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import BinaryIO

from mrdraw.errors import ProgramFailed

LOGGER = logging.getLogger(__name__)

PATIENCE = 60.0
"""s that a program may take while somebody waits."""
BACKGROUND_PATIENCE = 3600.0
MOST_OUTPUT = 64 * 1024
_TOO_MUCH = 16 * 1024 * 1024
"""bytes of output after which a program is ended."""
_LOOK_EVERY = 0.02
"""s between two looks at whether a program has ended."""
LOG_NAME = "commands.log"
_MAX_LOG = 4 * 1024 * 1024
_OURS = frozenset({"NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC", "JOURNAL_STREAM", "INVOCATION_ID", "LISTEN_FDS"})
"""What the service manager tells the server alone."""


async def run(arguments: Sequence[str], *, patience: float = PATIENCE) -> str:
    """Run a program to its end; its output. Raises `ProgramFailed`, with the output."""
    with tempfile.TemporaryFile() as output:
        process = await asyncio.to_thread(_start, arguments, output)
        try:
            status = await _status(process, output, patience)
        except BaseException:
            _end(process)
            raise
        finally:
            said = _said(output)
    if status is None:
        _end(process)
        raise ProgramFailed(f"{arguments[0]} was ended: it took more than {patience:g} s, or said too much. {said}")
    if status != 0:
        raise ProgramFailed(f"{arguments[0]} ended with {status}: {said or 'it said nothing'}")
    return said


def run_in_background(arguments: Sequence[str], logs: Path) -> None:
    """Start a program; it writes to a log in this folder. Blocks for the disk. Raises `ProgramFailed`."""
    with _log(logs) as log:
        process = _start(arguments, log)
    threading.Thread(target=_attend, args=(process, arguments[0]), name="program-reaper", daemon=True).start()


def _start(arguments: Sequence[str], output: BinaryIO) -> subprocess.Popen[bytes]:
    """Start a program that writes to this file. Raises `ProgramFailed`."""
    try:
        return subprocess.Popen(  # noqa: S603 - a list of arguments that a person put into the settings
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            env=_environment(os.environ),
        )
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise ProgramFailed(f"{arguments[0]} cannot be run: {reason}.") from error


async def _status(process: subprocess.Popen[bytes], output: BinaryIO, patience: float) -> int | None:
    """How a program ended; none if it does not within this time, or says too much."""
    deadline = monotonic() + patience
    while (status := process.poll()) is None:
        if monotonic() > deadline or os.fstat(output.fileno()).st_size > _TOO_MUCH:
            return None
        await asyncio.sleep(_LOOK_EVERY)
    return status


def _said(output: BinaryIO) -> str:
    """The beginning of what a program said; what it leaves running may still say something."""
    return os.pread(output.fileno(), MOST_OUTPUT, 0).decode("utf-8", "replace").strip()


def _attend(process: subprocess.Popen[bytes], name: str) -> None:
    """Wait for the end of a program in the background; runs in a thread of its own."""
    try:
        status = process.wait(BACKGROUND_PATIENCE)
    except subprocess.TimeoutExpired:
        _end(process)
        LOGGER.warning("%s was ended after %g s", name, BACKGROUND_PATIENCE)
    else:
        LOGGER.log(logging.WARNING if status else logging.INFO, "%s ended with %d; see %s", name, status, LOG_NAME)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a program and what it started."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _log(folder: Path) -> BinaryIO:
    """The log to write to; one that has grown long is put aside."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / LOG_NAME
    with suppress(FileNotFoundError):
        if path.stat().st_size > _MAX_LOG:
            path.replace(folder / f"{LOG_NAME}.1")
    return path.open("ab", buffering=0)


def _environment(ours: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in ours.items() if name not in _OURS}
