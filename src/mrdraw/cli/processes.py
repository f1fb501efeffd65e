"""Which processes live: the server and the machine hosts of a base folder, and who else holds what they need.

Invariants: the lock files say who lives, not what is running under which name; looking makes no file and takes no lock
that others would wait for.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

SERVER_LOCK = "server.lock"
HOST_LOCK = "host.lock"
MACHINES = "machines"
_JOB = "jobs/*/job.msgpack"
_LOCKS = Path("/proc/locks")
_LISTENING = "0A"


@dataclass(frozen=True, slots=True)
class HostState:
    """A machine host."""

    id: str
    lives: bool
    pid: int | None
    """The process, where it can be told."""
    has_job: bool
    """Whether a job is not settled: it runs, is paused, or was interrupted and waits for a decision."""


def held(path: Path) -> bool:
    """Whether a process holds this lock. Raises `OSError` when that cannot be told."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)


def holder(path: Path) -> int | None:
    """The process that holds this lock, where the kernel tells."""
    with suppress(OSError):
        return holder_in(_LOCKS.read_text(encoding="ascii"), path.stat().st_ino)
    return None


def holder_in(locks: str, inode: int) -> int | None:
    """The holder of the lock on this inode, by the text of ``/proc/locks`` (proc_locks(5)).

    The device is not compared: some file systems show another one there than to programs.
    """
    for line in locks.splitlines():
        fields = line.split()
        if len(fields) == 8 and fields[1] == "FLOCK" and fields[5].rpartition(":")[2] == str(inode):
            pid = int(fields[4])
            return pid if pid > 0 else None
    return None


def machine_hosts(basedir: Path) -> list[HostState]:
    """The machines that have a folder, and their hosts. Raises `OSError`."""
    folder = basedir / MACHINES
    if not folder.is_dir():
        return []
    return [_state_of(machine) for machine in sorted(folder.iterdir()) if machine.is_dir()]


def _state_of(folder: Path) -> HostState:
    lives = held(folder / HOST_LOCK)
    return HostState(
        id=folder.name,
        lives=lives,
        pid=holder(folder / HOST_LOCK) if lives else None,
        has_job=any(folder.glob(_JOB)),
    )


# --- other programs --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Program:
    """A running process."""

    pid: int
    name: str
    is_host: bool = False
    """Whether it is a machine host."""

    def __str__(self) -> str:
        return f"{self.name} (process {self.pid})"


def programs(proc: Path = Path("/proc")) -> list[Program]:
    """All processes that can be seen."""
    found = []
    for entry in proc.glob("[0-9]*"):
        with suppress(OSError):
            name = (entry / "comm").read_text(encoding="utf-8", errors="replace").strip()
            words = (entry / "cmdline").read_bytes().split(b"\0")
            found.append(Program(int(entry.name), name, is_host=b"mrdraw.machine" in words))
    return found


def holders(
    wanted: Collection[str], running: Iterable[Program], proc: Path = Path("/proc")
) -> dict[str, list[Program]]:
    """Which of these processes has which of the wanted files open; those of other users are seen by root only.

    A socket is named as ``socket:[INODE]``.
    """
    found: dict[str, list[Program]] = {}
    for program in running:
        with suppress(OSError):
            targets = {_target(link) for link in (proc / str(program.pid) / "fd").iterdir()}
            for target in targets.intersection(wanted):
                found.setdefault(target, []).append(program)
    return found


def _target(descriptor: Path) -> str:
    try:
        return str(descriptor.readlink())
    except OSError:  # closed meanwhile
        return ""


def listening_sockets(port: int, proc: Path = Path("/proc")) -> set[str]:
    """The sockets that listen on a TCP port, as `holders` names them (proc_net_tcp)."""
    found = set()
    for table in ("tcp", "tcp6"):
        with suppress(OSError):
            for line in (proc / "net" / table).read_text(encoding="ascii").splitlines()[1:]:
                fields = line.split()
                if fields[3] == _LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                    found.add(f"socket:[{fields[9]}]")
    return found
