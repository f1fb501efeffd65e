"""Making way: the server goes behind its machine hosts, as an ordinary user can.

Invariants: nothing is raised, for that needs a privilege; the threads that start machine hosts are left alone, for a
process gets the priority of the thread that starts it; sessions of other programs are not touched.

Sources: man 7 sched, "The nice value" (of a thread, on Linux) and "The autogroup feature": processes of different
sessions share the processor by session, so among them the nice value of the session counts. A machine host has a
session of its own.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

NICE = 5
"""Levels that the server is nicer than whoever started it."""

_PROCESS = Path("/proc/self")
_NICEST = 19


def make_way(spared: Collection[int]) -> None:
    """Lower the priority of all threads but the spared ones (their native ids), and of those that they start."""
    wanted = min(_NICEST, os.getpriority(os.PRIO_PROCESS, 0) + NICE)
    for thread in _threads():
        if thread not in spared:
            with suppress(OSError):  # it has ended
                os.setpriority(os.PRIO_PROCESS, thread, wanted)
    if os.getsid(0) == os.getpid():
        with suppress(OSError):  # the kernel has no autogroups
            (_PROCESS / "autogroup").write_text(str(NICE), encoding="ascii")


def _threads() -> list[int]:
    """The native ids of this process's threads; at least that of the caller."""
    try:
        return [int(entry.name) for entry in (_PROCESS / "task").iterdir()]
    except OSError:
        return [0]
