"""The server as process 1, as in a container: somebody has to do what an init does.

Invariants: every orphan that ends is reaped; a server that was killed, or died after it had served, is started again
while the machine hosts drive on; a signal ends the server first and then, in order, the machine hosts; nothing here
runs in a process that is not number 1.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress

FIRST = 1
"""The number of the process that inherits orphans and whose end is the end of all others."""

_ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)
_AWAITED = frozenset({*_ENDING, signal.SIGCHLD})

LONG_LIFE = 10.0
"""s after which a server that died counts as having served; one that dies sooner was refused something."""
_PAUSE = 0.5
LAST_WORDS = 6.0
"""s that machine hosts get to finish the line, switch heaters off and close the port; containers give 10 s in all."""


def attend() -> int | None:
    """Be the init of a server that runs below: `None` in the process that is to serve, else the exit code at the end.

    Raises `RuntimeError` when this is not process 1.
    """
    if os.getpid() != FIRST:
        raise RuntimeError(f"process {os.getpid()} is no init")
    signal.pthread_sigmask(signal.SIG_BLOCK, _AWAITED)
    while True:
        since = time.monotonic()
        server = os.fork()
        if server == 0:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _AWAITED)
            return None
        status, told_to_end = _wait_for(server)
        if told_to_end or not _starts_again(status, time.monotonic() - since):
            _end_all_others()
            return status if status >= 0 else 128 - status
        time.sleep(_PAUSE)


def _starts_again(status: int, lived: float) -> bool:
    """Whether a server that nobody told to end is started again. The status is negative after a signal."""
    return status < 0 or (status > 0 and lived > LONG_LIFE)


def _wait_for(server: int) -> tuple[int, bool]:
    """How the server ended, and whether it was told to; every orphan that ends meanwhile is reaped."""
    told = False
    while True:
        number = signal.sigwait(_AWAITED)
        if number != signal.SIGCHLD:
            told = True
            with suppress(ProcessLookupError):
                os.kill(server, signal.SIGTERM)
        elif (status := _reap().get(server)) is not None:
            return status, told


def _reap() -> dict[int, int]:
    """The processes that have ended, each with how."""
    ended = {}
    with suppress(ChildProcessError):
        while (found := os.waitpid(-1, os.WNOHANG))[0] != 0:
            ended[found[0]] = os.waitstatus_to_exitcode(found[1])
    return ended


def _end_all_others() -> None:
    """Have all other processes end; those that do not in time end with this one."""
    with suppress(ProcessLookupError):
        os.kill(-1, signal.SIGTERM)  # spares the sender
    until = time.monotonic() + LAST_WORDS
    while (left := until - time.monotonic()) > 0 and _has_children():
        signal.sigtimedwait(_AWAITED, left)


def _has_children() -> bool:
    """Whether any process is left; those that have ended are reaped."""
    _reap()
    try:
        return os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
    except ChildProcessError:
        return False
