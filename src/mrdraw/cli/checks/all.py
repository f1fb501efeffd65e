"""All checks, in the order in which a person reads them.

Invariants: root gives its rights up before anything in a base folder is opened, so that nothing there becomes root's.
"""

from __future__ import annotations

import grp
import os
import pwd
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from mrdraw.accounts.secrets import KEY_FILE
from mrdraw.cli.checks import computer, folders, ports, running
from mrdraw.cli.checks.finding import Finding, problem
from mrdraw.cli.configuration import Configuration
from mrdraw.cli.processes import SERVER_LOCK, held, holder, machine_hosts, programs
from mrdraw.cli.systemctl import Manager, Scope
from mrdraw.cli.unit import command_of, option_of, value_of
from mrdraw.store.migrate import migrations


@dataclass(frozen=True, slots=True)
class _Unit:
    """An installed service."""

    scope: Scope
    text: str

    @property
    def port(self) -> int | None:
        """The TCP port that its command names."""
        named = option_of(command_of(self.text), "--port") or ""
        return int(named) if named.isdigit() else None


def examine(basedir: Path) -> tuple[str, list[Finding]]:
    """As whom was looked, and what was found."""
    unit = _unit_of(basedir)
    configuration = Configuration(basedir)
    tree = configuration.tree
    seen = programs()  # with the rights of root, as far as we have them, other users' programs are seen as well
    additional = tuple(glob for machine in tree.machines.values() for glob in machine.serial.additional_ports)
    paths = ports.find(additional)
    held_ports = ports.who_holds(paths, seen)
    port = (unit.port if unit else None) or tree.server.port
    tcp = running.gather_tcp(port, seen, running.first_unprivileged_port())
    newest = migrations()[-1].number
    certificate = list(folders.check_tls(tree.server.tls, basedir))
    user = _become_owner(basedir, unit)  # who may be unable to load any more of this program
    found = [
        *ports.check([*ports.gather(paths, held_ports)], user),
        *ports.check_grabbers(seen, any_ports=bool(paths)),
        *_of_folders(basedir, configuration, user, newest),
        *(folders.check_tls_rights(tree.server.tls, basedir, user) or certificate),
        *_of_computer(basedir, tree.folder.uploads),
        *_of_running(basedir, configuration, unit, tcp, user),
    ]
    return user, found


def basedir_of_service() -> Path | None:
    """The base folder that an installed service serves."""
    for text in filter(None, map(_text_of, Scope)):
        named = option_of(command_of(text), "--basedir")
        if named is not None:
            return Path(named)
    return None


def _of_folders(basedir: Path, configuration: Configuration, user: str, newest: int) -> Iterator[Finding]:
    uploads = configuration.tree.folder.uploads
    for check, path in (("folder", basedir), ("uploads", Path(uploads) if uploads else basedir / "uploads")):
        facts, above = folders.gather(path), folders.gather(computer.nearest(path.parent))
        yield folders.check_folder(check, facts, above, user)
    yield folders.check_key(folders.gather(basedir / KEY_FILE), user)
    yield folders.check_settings(configuration)
    yield folders.check_database(folders.gather_database(basedir), basedir, newest)


def _of_computer(basedir: Path, uploads: str | None) -> Iterator[Finding]:
    yield computer.check_clock(computer.now(), computer.is_synchronised())
    disks = [computer.gather_disk(path) for path in (basedir, Path(uploads) if uploads else basedir)]
    seen = {disk.device: disk for disk in reversed(disks) if disk is not None}
    for disk in reversed(seen.values()):
        yield computer.check_disk(disk)
    memory = computer.gather_memory()
    if memory is not None:
        yield computer.check_memory(memory)
    yield from computer.check_throttling(computer.gather_throttling())


def _of_running(
    basedir: Path, configuration: Configuration, unit: _Unit | None, tcp: running.TcpFacts, user: str
) -> Iterator[Finding]:
    lock = basedir / SERVER_LOCK
    try:
        lives, hosts = held(lock), machine_hosts(basedir)
    except OSError as error:
        yield problem(
            "server", f"{error.filename} cannot be read: {error.strerror}.", f"Call it as {user}, or as root."
        )
        return
    pid = holder(lock) if lives else None
    yield running.check_server(pid, lives=lives, basedir=basedir)
    yield running.check_tcp(tcp, pid, server_lives=lives)
    yield from running.check_service(_service_facts(unit))
    yield from running.check_hosts(hosts, sorted(configuration.tree.machines), server_lives=lives)


def _unit_of(basedir: Path) -> _Unit | None:
    """The service that serves this folder, if one is installed."""
    for scope in Scope:
        text = _text_of(scope)
        if text is not None and option_of(command_of(text), "--basedir") == str(basedir):
            return _Unit(scope, text)
    return None


def _text_of(scope: Scope) -> str | None:
    try:
        return scope.unit.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None


def _service_facts(unit: _Unit | None) -> running.ServiceFacts:
    if unit is None:
        return running.ServiceFacts()
    user = pwd.getpwuid(os.geteuid()).pw_name if unit.scope is Scope.USER else None
    lingers = user is None or (running.LINGER / user).exists()
    return running.ServiceFacts(unit.scope.unit, Manager(unit.scope).state().active, user, lingers)


def _become_owner(basedir: Path, unit: _Unit | None) -> str:
    """As root become whom the base folder belongs to; who we are now."""
    owner = pwd.getpwuid(os.geteuid())
    if owner.pw_uid != 0 or not basedir.exists():
        return owner.pw_name
    try:
        owner = pwd.getpwuid(basedir.stat().st_uid)
    except KeyError:
        return owner.pw_name
    if owner.pw_uid != 0:
        os.setgroups([*os.getgrouplist(owner.pw_name, owner.pw_gid), *_further_groups(unit)])
        os.setgid(owner.pw_gid)
        os.setuid(owner.pw_uid)
    return owner.pw_name


def _further_groups(unit: _Unit | None) -> Iterator[int]:
    """The groups that the service has beside those of its user."""
    for name in ((unit and value_of(unit.text, "SupplementaryGroups")) or "").split():
        with suppress(KeyError):
            yield grp.getgrnam(name).gr_gid
