"""The base folder and what is kept there: rights, the key file, settings, database, certificate.

Invariants: looking writes nothing; the database is opened read-only.
"""

from __future__ import annotations

import os
import pwd
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mrdraw.accounts.secrets import KEY_FILE
from mrdraw.cli import certificate
from mrdraw.cli.checks.finding import Finding, ok, problem, warning
from mrdraw.cli.configuration import Configuration
from mrdraw.errors import MrDrawError
from mrdraw.server.tls import context_of, files_of
from mrdraw.settings.computer import TlsTree
from mrdraw.store import FILE_NAME

_SOON = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class FolderFacts:
    """A folder or a file, and this user."""

    path: Path
    exists: bool = False
    is_folder: bool = False
    writable: bool = False
    owner: str = ""
    mode: int = 0


def gather(path: Path) -> FolderFacts:
    """What is there. Raises nothing: what cannot be seen is not there."""
    try:
        status = path.stat()
    except OSError:
        return FolderFacts(path)
    return FolderFacts(
        path, True, path.is_dir(), os.access(path, os.W_OK), _name_of(status.st_uid), status.st_mode & 0o777
    )


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def check_folder(check: str, folder: FolderFacts, parent: FolderFacts, user: str) -> Finding:
    """A folder that the server keeps things in; `parent` is the nearest folder above it that exists."""
    path = folder.path
    if not folder.exists:
        if parent.writable:
            return ok(check, f"{path} is made by the first start.")
        return problem(
            check, f"{path} does not exist, and {user} may not make it.", f"sudo mkdir -p {path}; {_own(path, user)}"
        )
    if not folder.is_folder:
        return problem(check, f"{path} is no folder.", "Move that file away, or choose another folder.")
    if not folder.writable:
        advice = _own(path, user) if folder.owner != user else f"chmod u+rwx {path}; is the disk mounted read-only?"
        return problem(check, f"{path} belongs to {folder.owner}; {user} may not write there.", advice)
    if folder.owner != user:
        return warning(check, f"{path} belongs to {folder.owner}, not to {user}.", _own(path, user))
    return ok(check, f"{path} can be written to.")


def _own(path: Path, user: str) -> str:
    return f"sudo chown -R {user}: {path}"


def check_key(key: FolderFacts, user: str) -> Finding:
    """The file that all keys are encrypted with."""
    if not key.exists:
        return ok(KEY_FILE, "The key file is made by the first start.")
    if key.owner != user:
        return problem(KEY_FILE, f"{key.path} belongs to {key.owner}, not to {user}.", _own(key.path, user))
    if key.mode & 0o077:
        return warning(KEY_FILE, f"{key.path} can be read by others (mode {key.mode:o}).", f"chmod 600 {key.path}")
    return ok(KEY_FILE, "The key file is its owner's only.")


def check_settings(configuration: Configuration) -> Finding:
    """`config.yaml`."""
    if configuration.problem is not None:
        return problem("settings", f"config.yaml is not in force: {configuration.problem}", "Mend that line.")
    if configuration.unknown:
        names = ", ".join(configuration.unknown)
        return warning("settings", f"config.yaml has members that mean nothing here: {names}.", "Are they misspelt?")
    return ok("settings", "config.yaml can be read.")


# --- the database ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """What SQLite says."""

    exists: bool = False
    version: int = 0
    trouble: str | None = None
    """Why it cannot be read, or the first thing that is wrong inside."""


def gather_database(basedir: Path) -> DatabaseFacts:
    """Look into the database, read-only."""
    path = basedir / FILE_NAME
    if not gather(path).exists:
        return DatabaseFacts()
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5)) as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        return DatabaseFacts(exists=True, trouble=str(error))
    return DatabaseFacts(exists=True, version=int(version), trouble=None if verdict == "ok" else str(verdict))


def check_database(database: DatabaseFacts, basedir: Path, newest: int) -> Finding:
    """The database; `newest` is the version that this release knows."""
    if not database.exists:
        return ok("database", "The database is made by the first start.")
    if database.trouble is not None:
        return problem(
            "database",
            f"{basedir / FILE_NAME} is damaged or cannot be read: {database.trouble}.",
            "Stop the server and restore a backup in its place, or move it away and begin anew.",
        )
    if database.version > newest:
        return problem(
            "database",
            f"The database was written by a newer release (version {database.version}; this one knows {newest}).",
            f"Install that release again, or restore {FILE_NAME}.before-{database.version}.",
        )
    return ok("database", "The database is sound.")


# --- TLS -------------------------------------------------------------------------------------------------------------


def check_tls(tls: TlsTree, basedir: Path, now: datetime | None = None) -> Iterator[Finding]:
    """The certificate; nothing is said when TLS is off."""
    try:
        files = files_of(tls, basedir)
        if files is None:
            return
        context_of(tls, basedir)
        until = certificate.read(files[0]).not_after
    except (MrDrawError, OSError) as error:
        yield problem("tls", str(error), "Until then the server does not start.")
        return
    left = until - (now or datetime.now(UTC))
    renew = "mrdraw tls self-signed --force, or get another one; then restart the server."
    if left < timedelta():
        yield problem("tls", f"The certificate {files[0]} ended on {until:%Y-%m-%d}.", renew)
    elif left < _SOON:
        yield warning("tls", f"The certificate {files[0]} ends on {until:%Y-%m-%d}.", renew)
    else:
        yield ok("tls", f"The certificate holds until {until:%Y-%m-%d}.")


def check_tls_rights(tls: TlsTree, basedir: Path, user: str) -> list[Finding]:
    """The files of the certificate and its key that this user may not read."""
    named = [basedir / Path(name).expanduser() for name in (tls.cert, tls.key) if name is not None]
    closed = [path for path in named if gather(path).exists and not os.access(path, os.R_OK)]
    return [problem("tls", f"{path} may not be read by {user}.", _own(path, user)) for path in closed]
