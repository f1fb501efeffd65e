"""Whose service is meant, and whether it may be touched."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from mrdraw.cli.systemctl import Scope
from mrdraw.cli.unit import is_ours
from mrdraw.errors import MrDrawError, NotPermitted


def program() -> tuple[str, ...]:
    """This command with its absolute path; a virtual environment is kept."""
    python = Path(sys.executable).absolute()
    script = python.with_name("mrdraw")
    return (str(script),) if os.access(script, os.X_OK) else (str(python), "-m", "mrdraw")


def named_scope(arguments: argparse.Namespace) -> Scope | None:
    """Whose service was named, if one was."""
    if arguments.user:
        return Scope.USER
    return Scope.SYSTEM if arguments.system else None


def installed_scope(arguments: argparse.Namespace) -> Scope:
    """Whose service is there: the one named, or the one that is found. Raises `MrDrawError`."""
    named = named_scope(arguments)
    usual = (Scope.SYSTEM, Scope.USER) if os.geteuid() == 0 else (Scope.USER, Scope.SYSTEM)
    scopes = (named,) if named else usual
    for scope in scopes:
        if scope.unit.exists():
            return scope
    looked = " and no ".join(str(scope.unit) for scope in scopes)
    raise MrDrawError(f"There is no service: no {looked}. `mrdraw service install` makes one.")


def check_allowed(scope: Scope, word: str) -> None:
    """Raises `NotPermitted` when only root may."""
    if scope is Scope.SYSTEM and os.geteuid() != 0:
        raise NotPermitted(f"A service of the system is for root: sudo {' '.join(program())} service {word} --system")


def check_ours(unit: Path, action: str, *, force: bool) -> None:
    """Raises `MrDrawError` when somebody else wrote the unit."""
    if not force and unit.exists() and not is_ours(text_of(unit)):
        raise MrDrawError(f"{unit} was not written by `mrdraw service install`. {action} it with --force.")


def text_of(unit: Path) -> str:
    """What the unit says."""
    return unit.read_text(encoding="utf-8", errors="replace")


def journal(scope: Scope) -> str:
    """How a person reads the service's log."""
    return f"journalctl {'--user-unit' if scope is Scope.USER else '--unit'} mrdraw"
