"""What a machine host tells its servers: snapshots, terminal lines, temperatures, events.

Invariants: nothing here waits for a server. The newest snapshot replaces an unsent one; terminal lines that a slow
server does not take are dropped and counted; events that no server heard are kept for the next one (`KEPT_EVENTS`);
how the last jobs ended (`KEPT_JOBS`) is told to each server anew, for it may have died before it wrote that down.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import time

from mrdraw.events import MachineEvent
from mrdraw.firmware.dialect import Received
from mrdraw.link.messages import (
    Happened,
    JobEnded,
    LogLines,
    ResumeOffer,
    Snapshot,
    StartAsked,
    TemperatureLog,
    TemperaturePoint,
    ToServer,
    WireReport,
)
from mrdraw.link.unix import HostLink

KEPT_LOG_LINES = 300
KEPT_EVENTS = 256
KEPT_JOBS = 16
HISTORY = 30 * 60
"""s of temperatures."""

_MAX_BACKLOG = 256 * 1024
"""bytes that a server may be behind before snapshots wait and terminal lines are dropped."""

_MAX_PENDING_LINES = 2000

TerminalLine = str | bytes | Received
"""A line of the terminal: a text, bytes that were sent, or a line that was received."""


def shown(line: TerminalLine) -> str:
    """A line of the terminal as people read it. Most are never asked for, so this is done when one is."""
    if isinstance(line, bytes):
        return f"Send: {line.decode('latin-1').rstrip()}"
    return line if isinstance(line, str) else f"Recv: {line.text}"


@dataclass(slots=True, eq=False)
class _Server:
    """One attached server."""

    link: HostLink
    stale: bool = True
    """Whether it has yet to get the newest snapshot."""
    dropped: int = 0

    @property
    def slow(self) -> bool:
        return self.link.backlog > _MAX_BACKLOG


class Outlet:
    """Everything that goes from a machine host to its servers."""

    def __init__(self, snapshot: Callable[[int], Snapshot]) -> None:
        """`snapshot` makes the newest snapshot under a sequence number."""
        self._make_snapshot = snapshot
        self._sequence = 0
        self._servers: dict[HostLink, _Server] = {}
        self._log: deque[TerminalLine] = deque(maxlen=KEPT_LOG_LINES)
        self._pending: deque[TerminalLine] = deque(maxlen=_MAX_PENDING_LINES)
        self._logged = 0
        """Lines since the last flush; the oldest of them may not be pending any more."""
        self._temperatures: deque[TemperaturePoint] = deque()
        self._events_seen = 0
        self.dropped = 0
        """Lines of the terminal that some server did not take in time."""
        self._offer: ResumeOffer | None = None
        self._unheard: deque[Happened] = deque(maxlen=KEPT_EVENTS)
        self._ended: deque[JobEnded] = deque(maxlen=KEPT_JOBS)
        self._wire: WireReport | None = None
        self.on_job_ended: Callable[[], None] = _nothing
        """Called when a job ended, so that this is remembered across the end of this process."""

    @property
    def attached(self) -> bool:
        """Whether a server listens."""
        return bool(self._servers)

    def attach(self, link: HostLink) -> None:
        """A server said hello: it gets everything that is known."""
        self._servers[link] = _Server(link)
        self._send_snapshots()
        link.send(LogLines(lines=tuple(map(shown, self._log)), history=True))
        link.send(TemperatureLog(points=tuple(self._temperatures), history=True))
        if self._offer is not None:
            link.send(self._offer)
        while self._unheard:
            link.send(self._unheard.popleft())
        for ended in self._ended:
            link.send(ended)
        if self._wire is not None:
            link.send(self._wire)

    def detach(self, link: HostLink) -> None:
        """A server went away."""
        self._servers.pop(link, None)

    def log(self, line: TerminalLine) -> None:
        """A line of the terminal."""
        self._log.append(line)
        if self._servers:
            self._pending.append(line)
            self._logged += 1

    def temperatures(self, point: TemperaturePoint) -> None:
        """A new temperature point."""
        points = self._temperatures
        points.append(point)
        while points[0].time < point.time - HISTORY:
            points.popleft()
        self._broadcast(TemperatureLog(points=(point,)))

    def offer(self, offer: ResumeOffer | None) -> None:
        """From where the interrupted job can go on; `None` when there is no such job any more."""
        self._offer = offer
        if offer is not None:
            self._broadcast(offer)

    def happened(self, event: MachineEvent) -> None:
        """Something happened."""
        self._events_seen += 1
        message = Happened(sequence=self._events_seen, at=time(), event=event)
        if self._servers:
            self._broadcast(message)
        else:
            self._unheard.append(message)

    @property
    def ended_jobs(self) -> tuple[JobEnded, ...]:
        """How the last jobs ended, oldest first."""
        return tuple(self._ended)

    def recall_jobs(self, ended: Iterable[JobEnded]) -> None:
        """Take up how jobs ended under the machine host before this one."""
        self._ended.extend(ended)

    def job_ended(self, message: JobEnded) -> None:
        """A job ended."""
        self._ended.append(message)
        self._broadcast(message)
        self.on_job_ended()

    def start_asked(self) -> None:
        """Somebody at the machine wants the selected file started; without a server nobody knows it."""
        self._broadcast(StartAsked())

    def measured(self, report: WireReport) -> None:
        """More is known of the wire."""
        self._wire = report
        for server in self._servers.values():
            if not server.slow or not report.running:
                server.link.send(report)

    def changed(self) -> None:
        """The snapshot is another one than before; it goes out with the next `flush`."""
        for server in self._servers.values():
            server.stale = True

    def flush(self) -> None:
        """Send what waits; called a few times a second, and when a state was entered."""
        self._send_log()
        self._send_snapshots()

    def _send_log(self) -> None:
        if not self._pending:
            return
        lines = tuple(map(shown, self._pending))
        too_many = self._logged - len(lines)
        self._pending.clear()
        self._logged = 0
        for server in self._servers.values():
            if server.slow:
                server.dropped += too_many + len(lines)
                self.dropped += too_many + len(lines)
            else:
                server.link.send(LogLines(lines=lines, dropped=server.dropped + too_many))
                server.dropped = 0

    def _send_snapshots(self) -> None:
        waiting = [server for server in self._servers.values() if server.stale and not server.slow]
        if not waiting:
            return
        self._sequence += 1
        snapshot = self._make_snapshot(self._sequence)
        for server in waiting:
            server.stale = False
            server.link.send(snapshot)

    def _broadcast(self, message: ToServer) -> None:
        for link in self._servers:
            link.send(message)


def _nothing() -> None:
    """Remember nothing."""
