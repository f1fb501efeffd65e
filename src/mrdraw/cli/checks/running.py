"""What runs: the server, its TCP port, the machine hosts, the service.

Invariants: no port is listened on to find out; a port that our own server holds is well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mrdraw.cli.checks.finding import Finding, ok, problem, warning
from mrdraw.cli.processes import HostState, Program, holders, listening_sockets
from mrdraw.server.listening import USUAL_HOLDERS

LINGER = Path("/var/lib/systemd/linger")
_PRIVILEGED = 1024


@dataclass(frozen=True, slots=True)
class TcpFacts:
    """The TCP port that the server wants."""

    port: int
    taken: bool
    held_by: tuple[int, ...] = ()
    """The processes that listen, as far as they can be seen."""
    holder: str = ""
    may_be_used: bool = True
    """Whether this user may listen on it at all."""


def gather_tcp(port: int, running: Sequence[Program], unprivileged: int) -> TcpFacts:
    """Who listens on the port; `unprivileged` is the first port that everybody may listen on."""
    sockets = listening_sockets(port)
    found = [program for programs in holders(sockets, running).values() for program in programs]
    return TcpFacts(
        port,
        taken=bool(sockets),
        held_by=tuple(program.pid for program in found),
        holder=str(found[0]) if found else "",
        may_be_used=port >= unprivileged,
    )


def first_unprivileged_port() -> int:
    """The first port that everybody may listen on (ip(7))."""
    try:
        return int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return _PRIVILEGED


def check_tcp(tcp: TcpFacts, server: int | None, *, server_lives: bool) -> Finding:
    """The TCP port; `server` is the process of our server, where it is known."""
    ours = server_lives and (server in tcp.held_by or not tcp.held_by)
    if tcp.taken and ours:
        return ok("port", f"The server listens on TCP port {tcp.port}.")
    if tcp.taken:
        usual = USUAL_HOLDERS.get(tcp.port)
        who = tcp.holder or f"another program{f', usually {usual}' if usual else ''}"
        return problem(
            "port", f"TCP port {tcp.port} is held by {who}.", "Stop it, or choose another port (server.port)."
        )
    if not tcp.may_be_used:
        return problem("port", f"TCP port {tcp.port} is for root only.", "Choose one from 1024 on (server.port).")
    if server_lives:
        return warning(
            "port",
            f"The server does not listen on TCP port {tcp.port}.",
            "It was started with another port, or before the setting was changed: restart it.",
        )
    return ok("port", f"TCP port {tcp.port} is free.")


@dataclass(frozen=True, slots=True)
class ServiceFacts:
    """The service of systemd, if one is installed for this folder."""

    unit: Path | None = None
    active: str = "unknown"
    of_user: str | None = None
    """The user whose own manager runs it."""
    lingers: bool = True


def check_service(service: ServiceFacts) -> Iterator[Finding]:
    """The service; nothing is said where none is installed."""
    if service.unit is None:
        return
    if service.active in {"failed", "inactive"}:
        yield problem("service", f"The service is {service.active}.", "mrdraw service status; its log says why.")
    else:
        yield ok("service", f"The service is {service.active} ({service.unit}).")
    if service.of_user is not None and not service.lingers:
        yield warning(
            "service",
            f"The service, and with it a print, ends when {service.of_user} logs out.",
            f"loginctl enable-linger {service.of_user}",
        )


def check_server(pid: int | None, *, lives: bool, basedir: Path) -> Finding:
    """The server."""
    if lives:
        return ok("server", f"A server runs for {basedir}{f' (process {pid})' if pid else ''}.")
    return ok("server", f"No server runs for {basedir}.")


def check_hosts(hosts: Sequence[HostState], configured: Sequence[str], *, server_lives: bool) -> Iterator[Finding]:
    """The machine hosts; `configured` are the machines of the settings."""
    living = {host.id: host for host in hosts if host.lives}
    for name in configured:
        if server_lives and name not in living:
            yield problem(
                "machine", f"{name} has no machine host although the server runs.", "Look into logs/mrdraw.log."
            )
    for host in living.values():
        process = f" (process {host.pid})" if host.pid else ""
        if host.has_job and not server_lives:
            text = f"{host.id} has a job{process} and no server."
            yield warning("machine", text, "Start the server to see it: it finds the machine host again.")
        else:
            yield ok("machine", f"{host.id} has its machine host{process}{' and a job' * host.has_job}.")
