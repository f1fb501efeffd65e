"""Serial ports: found, allowed to this user, free.

Invariants: a port that a machine host of ours holds is well; no port is opened to find out, as that resets some boards.
"""

from __future__ import annotations

import grp
import os
import pwd
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from mrdraw.cli.checks.finding import Finding, ok, problem, warning
from mrdraw.cli.processes import Program, holders
from mrdraw.machine.ports import list_ports

CHECK = "ports"
GRABBERS = {
    "ModemManager": "sudo systemctl disable --now ModemManager",
    "brltty": "sudo apt remove brltty",
}
"""Programs that open every USB serial port that appears, to see whether it is theirs, and how to be rid of them."""


@dataclass(frozen=True, slots=True)
class PortFacts:
    """A port and this user."""

    path: str
    allowed: bool
    group: str
    """The group that owns the device."""
    is_member: bool
    """Whether the group's list names this user, who may have to log in again."""
    held_by: tuple[Program, ...] = ()


def find(additional: tuple[str, ...]) -> list[str]:
    """The paths of this computer's ports; `additional` are globs of further ones."""
    return [port.path for port in list_ports(additional)]


def who_holds(paths: Sequence[str], running: Sequence[Program]) -> dict[str, tuple[Program, ...]]:
    """Which programs have which port open, as far as they can be seen."""
    devices = {path: str(Path(path).resolve()) for path in paths}
    held = holders(set(devices.values()), running)
    return {path: tuple(held.get(device, ())) for path, device in devices.items()}


def gather(paths: Sequence[str], held: Mapping[str, tuple[Program, ...]]) -> Iterator[PortFacts]:
    """The ports, and whether this process may use them."""
    for path in paths:
        with suppress(OSError):  # unplugged meanwhile
            yield _facts(path, held.get(path, ()))


def _facts(path: str, held_by: tuple[Program, ...]) -> PortFacts:
    number = Path(path).stat().st_gid
    try:
        group = grp.getgrgid(number)
        name, members = group.gr_name, group.gr_mem
    except KeyError:
        name, members = str(number), []
    user = pwd.getpwuid(os.geteuid()).pw_name
    return PortFacts(path, os.access(path, os.R_OK | os.W_OK), name, user in members, held_by)


def check(ports: Sequence[PortFacts], user: str) -> Iterator[Finding]:
    """What is to be said of the ports."""
    if not ports:
        yield warning(
            CHECK,
            "No serial port was found.",
            "Plug the machine in and switch it on; try another cable, as some only charge. Machines in the network "
            "and simulated ones need none.",
        )
    for port in ports:
        yield _check_port(port, user)


def _check_port(port: PortFacts, user: str) -> Finding:
    others = [program for program in port.held_by if not program.is_host]
    if not port.allowed:
        return problem(CHECK, f"{port.path} may not be read and written by {user}.", _how_to_be_allowed(port, user))
    if others:
        return problem(CHECK, f"{port.path} is held by {others[0]}.", "Stop that program, or use another port.")
    if port.held_by:
        return ok(CHECK, f"{port.path} is used by a machine host (process {port.held_by[0].pid}).")
    return ok(CHECK, f"{port.path} can be used.")


def _how_to_be_allowed(port: PortFacts, user: str) -> str:
    if port.is_member:
        return f"{user} is in the group {port.group} already: log out and in again, or restart the computer."
    if port.group == "root":
        return f"Give the device to a group with a rule for udev, or for now: sudo chmod 666 {port.path}"
    return f"sudo usermod -aG {port.group} {user}, then log out and in again."


def check_grabbers(running: Sequence[Program], *, any_ports: bool) -> Iterator[Finding]:
    """What is to be said of programs that grab ports."""
    found = [program for program in running if program.name in GRABBERS]
    for program in found:
        text = f"{program} opens serial ports to see whether they are its own, and may disturb a print."
        yield warning(CHECK, text, GRABBERS[program.name])
    if any_ports and not found:
        yield ok(CHECK, f"No program runs that grabs serial ports ({', '.join(GRABBERS)}).")
