"""`mrdraw service install`: the unit written, the service started.

Invariants: a unit that somebody else wrote is not overwritten without being asked to; root does not run the server
unless told so by name; where there is no systemd, what to do is said instead.
"""

from __future__ import annotations

import argparse
import getpass
import grp
import os
import pwd
import shlex
from pathlib import Path

from mrdraw.cli.processes import SERVER_LOCK, held, holder
from mrdraw.cli.service_scope import check_allowed, check_ours, journal, named_scope, program
from mrdraw.cli.systemctl import Manager, Scope
from mrdraw.cli.unit import Service, unit_text
from mrdraw.errors import InvalidValue, MrDrawError, NotPermitted

PORT_GROUPS = ("dialout", "uucp")
"""The groups that may use serial ports: Debian's and its relatives', Arch's."""


def install(basedir: Path, arguments: argparse.Namespace) -> int:
    """`mrdraw service install`."""
    scope = named_scope(arguments) or (Scope.SYSTEM if os.geteuid() == 0 else Scope.USER)
    service = _service(basedir, arguments, scope)
    text = unit_text(service)
    if arguments.only_print:
        print(text, end="")
        return 0
    check_allowed(scope, "install")
    check_ours(scope.unit, "Overwrite", force=arguments.force)
    if service.user is not None:
        _check_rights(service, pwd.getpwnam(service.user))
    _make_basedir(service)
    _write(scope.unit, text)
    print(f"Wrote {scope.unit}")
    _activate(Manager(scope), service, start=not arguments.no_start)
    return 0


def _service(basedir: Path, arguments: argparse.Namespace, scope: Scope) -> Service:
    """What the unit starts. Raises `InvalidValue`."""
    if scope is Scope.USER:
        if arguments.run_as is not None:
            raise InvalidValue("--run-as is for a service of the system (--system); a user's runs as that user.")
        return Service(program(), basedir, arguments.host, arguments.port)
    named = "basedir" in arguments or "MRDRAW_BASEDIR" in os.environ
    user = _user(arguments.run_as, basedir if named else None)
    folder = basedir if named else _data_folder(user)
    return Service(program(), folder, arguments.host, arguments.port, user.pw_name, _port_groups())


def _user(run_as: str | None, basedir: Path | None) -> pwd.struct_passwd:
    """Who runs the service: the one named, the owner of the base folder, whoever called sudo. Raises `InvalidValue`."""
    if run_as is not None:
        return _user_named(run_as)
    if basedir is not None and basedir.exists() and (owner := basedir.stat().st_uid) != 0:
        return _user_named(pwd.getpwuid(owner).pw_name)
    if caller := os.environ.get("SUDO_USER"):
        return _user_named(caller)
    raise InvalidValue("Say who is to run the service: --run-as NAME. It needs no rights of root.")


def _user_named(name: str) -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        raise InvalidValue(f"There is no user {name} on this computer.") from None


def _data_folder(user: pwd.struct_passwd) -> Path:
    """Where `mrdraw` keeps everything when this user calls it without naming a folder."""
    return Path(user.pw_dir) / ".local" / "share" / "mrdraw"


def _port_groups() -> tuple[str, ...]:
    """The group that may use serial ports here; systemd refuses groups that do not exist."""
    known = {group.gr_name for group in grp.getgrall()}
    return tuple(name for name in PORT_GROUPS if name in known)[:1]


def _check_rights(service: Service, user: pwd.struct_passwd) -> None:
    """Whether the user may start the program and write to the base folder. Raises `NotPermitted`."""
    if user.pw_uid == 0:
        return
    groups = set(os.getgrouplist(user.pw_name, user.pw_gid))
    program_file = Path(service.command[0])
    for place in (*reversed(program_file.parents), program_file):
        if not may(place.stat(), user.pw_uid, groups, 0o1):
            raise NotPermitted(
                f"{user.pw_name} may not start {program_file}: {place} is closed to that user. Install MrDraw where it "
                "is not, for example in /opt/mrdraw."
            )
    held_by_others = [path for path in _top_of(service.basedir) if path.lstat().st_uid != user.pw_uid]
    if held_by_others:
        raise NotPermitted(
            f"{held_by_others[0]} does not belong to {user.pw_name}. Give it over: "
            f"sudo chown -R {user.pw_name}: {shlex.quote(str(service.basedir))}"
        )


def may(status: os.stat_result, uid: int, groups: set[int], bit: int) -> bool:
    """Whether a user may do with a file or folder what the bit (4 read, 2 write, 1 execute) stands for."""
    if status.st_uid == uid:
        return bool(status.st_mode & bit << 6)
    return bool(status.st_mode & (bit << 3 if status.st_gid in groups else bit))


def _top_of(folder: Path) -> list[Path]:
    """A folder and what lies in it, if it is there."""
    return [folder, *sorted(folder.iterdir())] if folder.is_dir() else []


def _make_basedir(service: Service) -> None:
    """Make the base folder, owned by whoever runs the service."""
    missing = [folder for folder in (service.basedir, *service.basedir.parents) if not folder.exists()]
    service.basedir.mkdir(parents=True, exist_ok=True)
    if service.user is not None:
        user = pwd.getpwnam(service.user)
        for folder in missing:
            os.chown(folder, user.pw_uid, user.pw_gid)


def _write(path: Path, text: str) -> None:
    """Write the unit, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(text, encoding="utf-8")
    partial.chmod(0o644)
    partial.replace(path)


def _activate(manager: Manager, service: Service, *, start: bool) -> None:
    """Have the manager read the unit, and start it unless told otherwise. Raises `MrDrawError`."""
    command = manager.scope.command
    if trouble := manager.trouble():
        print(f"{trouble} Where systemd runs: {command} daemon-reload, then {command} enable --now mrdraw")
        return
    manager.do("daemon-reload")
    if not start:
        print(f"Start it with: {command} enable --now mrdraw")
        return
    _check_free(manager, service)
    manager.do("enable", "mrdraw.service")
    manager.do("restart", "mrdraw.service")  # one that runs already becomes what is written now
    print(f"The service runs. How it is doing: mrdraw service status; its log: {journal(manager.scope)}")
    _advise(manager.scope, service)


def _check_free(manager: Manager, service: Service) -> None:
    """Raises `MrDrawError` when somebody started a server by hand."""
    lock = service.basedir / SERVER_LOCK
    if held(lock) and manager.state().active not in {"active", "activating", "reloading"}:
        pid = holder(lock)
        raise MrDrawError(
            f"A server runs for {service.basedir} already{f' (process {pid})' if pid else ''}. Stop it, then: "
            f"{manager.scope.command} enable --now mrdraw"
        )


def _advise(scope: Scope, service: Service) -> None:
    if scope is Scope.USER:
        print(
            "So that it runs when you are not logged in, and goes on when you log out: "
            f"loginctl enable-linger {getpass.getuser()}"
        )
    print(
        "Until there is an admin only this computer is let in. Claim it there or through an SSH tunnel "
        f"(the code: {_words(service, 'claim')}), or: {_words(service, 'user add NAME --group admins')}"
    )


def _words(service: Service, words: str) -> str:
    sudo = f"sudo -u {service.user} " if service.user else ""
    return f"{sudo}{' '.join(service.command)} {words} --basedir {service.basedir}"
