"""`mrdraw service status|remove`: how the service is doing, and its end.

Invariants: removing the service keeps all data and lets running jobs go on; a unit that somebody else wrote is not
removed without being asked to; looking writes nothing.
"""

from __future__ import annotations

import argparse
import getpass
from pathlib import Path

from mrdraw.cli.configuration import Configuration
from mrdraw.cli.processes import machine_hosts
from mrdraw.cli.service_scope import check_allowed, check_ours, installed_scope, journal, text_of
from mrdraw.cli.systemctl import Manager
from mrdraw.cli.unit import NAME, command_of, is_ours, option_of, value_of
from mrdraw.errors import MrDrawError
from mrdraw.server.greeting import network_address
from mrdraw.server.listening import resolve


def status(arguments: argparse.Namespace) -> int:
    """`mrdraw service status`."""
    scope = installed_scope(arguments)
    text = text_of(scope.unit)
    manager = Manager(scope)
    state = manager.state()
    basedir = _basedir_of(text)
    print(f"unit:      {scope.unit}{'' if is_ours(text) else ' (not written by mrdraw service install)'}")
    print(f"runs as:   {value_of(text, 'User') or getpass.getuser()}")
    detail, process = f" ({state.detail})" * bool(state.detail), f", process {state.pid}" if state.pid else ""
    print(f"state:     {state.active}{detail}, {state.enabled}{process}")
    if basedir is not None:
        print(f"folder:    {basedir}")
        print(f"address:   {_address(text, basedir)}")
        for host in machine_hosts(basedir):
            life = f"alive{f', process {host.pid}' if host.pid else ''}" if host.lives else "not running"
            print(f"machine:   {host.id}: {life}{', has a job' * host.has_job}")
    print(f"log:       {journal(scope)}")
    if trouble := manager.trouble():
        print(f"systemd:   {trouble}")
    return 0


def _address(text: str, basedir: Path) -> str:
    """Where the service is found, by its unit and the settings."""
    tree = Configuration(basedir).tree.server
    words = command_of(text)
    host = option_of(words, "--host") or tree.host
    port = int(option_of(words, "--port") or tree.port)
    try:
        address = resolve(host, port)
    except MrDrawError as error:
        return str(error)
    return network_address(address, "https" if tree.tls.cert else "http")


def remove(arguments: argparse.Namespace) -> int:
    """`mrdraw service remove`."""
    scope = installed_scope(arguments)
    check_allowed(scope, "remove")
    check_ours(scope.unit, "Remove", force=arguments.force)
    basedir = _basedir_of(text_of(scope.unit))
    busy = _check_jobs(basedir, sure=arguments.yes)
    manager = Manager(scope)
    trouble = manager.trouble()
    if trouble is None:
        manager.do("disable", "--now", NAME)
    for path in (*scope.folder.glob(f"*.wants/{NAME}"), scope.unit):
        path.unlink()
    if trouble is None:
        manager.do("daemon-reload")
    else:
        print(f"{trouble} So nothing was stopped.")
    print(f"Removed {scope.unit}. Everything in {basedir or 'the base folder'} stays.")
    if busy:
        print(f"The job of {', '.join(busy)} goes on; start a server for this folder to see it: mrdraw serve")
    return 0


def _check_jobs(basedir: Path | None, *, sure: bool) -> list[str]:
    """The machines that have a job. Raises `MrDrawError` when there are some and nobody said to go on."""
    busy = [host.id for host in machine_hosts(basedir) if host.lives and host.has_job] if basedir else []
    if busy and not sure:
        raise MrDrawError(
            f"A job of {', '.join(busy)} is not finished. It would go on, but nobody could see or stop it until a "
            "server runs again. Wait for its end, or say --yes."
        )
    return busy


def _basedir_of(text: str) -> Path | None:
    """The base folder that a unit serves."""
    named = option_of(command_of(text), "--basedir")
    return Path(named) if named else None
