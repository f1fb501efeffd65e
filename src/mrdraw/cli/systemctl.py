"""The service manager, as far as a service needs it.

Invariants: whose manager (the system's or the user's) is said in every call; what it refuses is told in its own words,
in one line; it is never asked interactively.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from mrdraw.cli.unit import NAME
from mrdraw.errors import MrDrawError

_PATIENCE = 360
"""s for one call; a start waits until the server answers."""


class Scope(Enum):
    """Whose service manager."""

    USER = "user"
    SYSTEM = "system"

    @property
    def folder(self) -> Path:
        """Where its units are."""
        if self is Scope.SYSTEM:
            return Path("/etc/systemd/system")
        return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "systemd" / "user"

    @property
    def unit(self) -> Path:
        """Where our unit is."""
        return self.folder / NAME

    @property
    def command(self) -> str:
        """How a person calls its manager."""
        return "systemctl --user" if self is Scope.USER else "sudo systemctl"


class ManagerRefused(MrDrawError):
    """The service manager did not do what it was asked for."""


@dataclass(frozen=True, slots=True)
class State:
    """What the manager says of the service."""

    active: str = "unknown"
    detail: str = ""
    enabled: str = "unknown"
    pid: int | None = None


class Manager:
    """The service manager of one scope."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self._program = shutil.which("systemctl")

    def trouble(self) -> str | None:
        """Why the manager cannot be asked for anything, if it cannot."""
        if self._program is None:
            return "There is no systemctl here."
        done = self._run("show", "--property=Version")
        return f"systemd does not answer: {_first_line(done.stderr)}" if done.returncode else None

    def do(self, *words: str) -> None:
        """Have something done. Raises `ManagerRefused`."""
        done = self._run(*words)
        if done.returncode != 0:
            called = f"{self.scope.command.removeprefix('sudo ')} {' '.join(words)}"
            raise ManagerRefused(f"{called}: {_first_line(done.stderr) or f'exit code {done.returncode}'}")

    def state(self) -> State:
        """What is known of the service."""
        if self._program is None:
            return State()
        done = self._run("show", NAME, "--property=ActiveState,SubState,UnitFileState,MainPID")
        if done.returncode != 0:
            return State()
        values = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
        pid = values.get("MainPID", "0")
        return State(
            active=values.get("ActiveState", "unknown"),
            detail=values.get("SubState", ""),
            enabled=values.get("UnitFileState") or "disabled",
            pid=int(pid) if pid.isdigit() and int(pid) else None,
        )

    def _run(self, *words: str) -> subprocess.CompletedProcess[str]:
        if self._program is None:
            raise ManagerRefused("There is no systemctl here.")
        scope = ["--user"] if self.scope is Scope.USER else []
        command = [self._program, *scope, "--no-ask-password", "--no-pager", *words]
        try:
            return subprocess.run(  # noqa: S603 - a list of arguments
                command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_PATIENCE, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise ManagerRefused(f"systemctl {' '.join(words)} did not end within {_PATIENCE} s.") from error


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")
