"""The systemd unit of the server, as text, and what such a text says.

Invariants: `KillMode=process`, so that stopping or restarting the service ends the server only and the machine hosts
drive on; nothing in the unit keeps the serial ports away; every path is written so that systemd reads it back as it was
(systemd.service(5) "COMMAND LINES", systemd.unit(5) "SPECIFIERS"); a unit of ours is known by its first line.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from mrdraw.errors import InvalidValue

NAME = "mrdraw.service"
MARKER = "# Written by `mrdraw service install`. Changes belong into a drop-in: systemctl edit mrdraw"

STOP_TIME = 30
"""s that the server gets to stop; it needs less than 5."""

_NOT_IN_PROGRAM = frozenset("\"'\\")
_PLAIN = re.compile(r"[A-Za-z0-9_@%+=:,./-]+")
_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')

_GENERAL = """\
{marker}
[Unit]
Description=MrDraw, the host for machines that move by G-code
After=network.target
# The machine hosts of the server before are still there and are found again: systemd may warn of left-over processes.
StartLimitIntervalSec=0

[Service]
Type=notify
ExecStart=:{command}
{identity}# Only the server is stopped. A machine host ends by itself when it has nothing to do, and a job goes on.
KillMode=process
TimeoutStartSec=300
TimeoutStopSec={stop_time}
Restart=on-failure
RestartSec=5
OOMPolicy=continue
StandardOutput=journal
StandardError=journal
Environment=PYTHONSAFEPATH=1
NoNewPrivileges=yes
{hardening}
[Install]
WantedBy={target}
"""

_HARDENING = """\
ProtectSystem=full
ProtectControlGroups=yes
ProtectKernelModules=yes
RestrictSUIDSGID=yes
LockPersonality=yes
"""
"""For a unit of the system only: a user's manager needs a user namespace for these, in which groups such as dialout are
lost. `PrivateDevices` would hide the serial ports, `PrivateTmp` would take a folder from hosts that live on."""


@dataclass(frozen=True, slots=True)
class Service:
    """What the unit starts, and as whom."""

    command: tuple[str, ...]
    """The program with its absolute path, and its words."""
    basedir: Path
    host: str
    port: int | None = None
    user: str | None = None
    """Who runs it; `None` in a unit of the user's own manager."""
    groups: tuple[str, ...] = ()
    """Further groups, such as the one that may use serial ports."""

    @property
    def words(self) -> list[str]:
        """The whole command."""
        port = [] if self.port is None else ["--port", str(self.port)]
        return [*self.command, "--basedir", str(self.basedir), "serve", "--host", self.host, *port]


def unit_text(service: Service) -> str:
    """The unit. Raises `InvalidValue` when a path cannot stand in one."""
    program = service.command[0]
    if set(program) & _NOT_IN_PROGRAM:
        raise InvalidValue(f"systemd starts no program whose path holds quotes or backslashes, as {program!r} does.")
    system = service.user is not None
    return _GENERAL.format(
        marker=MARKER,
        command=" ".join(map(quoted, service.words)),
        identity=_identity(service),
        stop_time=STOP_TIME,
        hardening=_HARDENING if system else "",
        target="multi-user.target" if system else "default.target",
    )


def _identity(service: Service) -> str:
    if service.user is None:
        return ""
    groups = f"SupplementaryGroups={' '.join(service.groups)}\n" if service.groups else ""
    return f"User={service.user.replace('%', '%%')}\n{groups}"


def quoted(word: str) -> str:
    """A word of a command as systemd takes it, after the prefix ``:`` that leaves ``$`` alone.

    Raises `InvalidValue` for what no unit can hold.
    """
    if not word.isprintable():
        raise InvalidValue(f"{word!r} cannot stand in a unit of systemd: it holds characters that cannot be printed.")
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return escaped if _PLAIN.fullmatch(escaped) else f'"{escaped}"'


def words_of(command: str) -> list[str]:
    """The words of a command that `quoted` wrote."""
    found = []
    for match in _WORD.finditer(command.removeprefix(":")):
        word = match[2] if match[1] is None else re.sub(r"\\(.)", r"\1", match[1])
        found.append(word.replace("%%", "%"))
    return found


def is_ours(text: str) -> bool:
    """Whether `mrdraw service install` wrote this unit."""
    return text.startswith(MARKER.partition(".")[0])


def value_of(text: str, name: str) -> str | None:
    """The last value of a setting in a unit."""
    values = re.findall(rf"^{re.escape(name)}=(.*)$", text, re.MULTILINE)
    return str(values[-1]) if values else None


def command_of(text: str) -> list[str]:
    """The words that the unit starts."""
    return words_of(value_of(text, "ExecStart") or "")


def option_of(words: Sequence[str], name: str) -> str | None:
    """The value of an option of a command."""
    return next((value for option, value in pairwise(words) if option == name), None)
