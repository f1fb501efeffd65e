"""What two programs that want all of the processor do to a job, with the machine host as it is and lowered.

Lowered is what a machine host would be that was started like any child: at the server's priority, in its session. The
simulator is kept out of the measurement as far as we may: run as root, it has a higher priority, while the server and
its machine host are started without the privilege to raise theirs, as an ordinary user's are.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from mrdraw.server.priority import NICE
from rig import Server, Simulator, gaps, wait_until, workshop, write_job

HOGS = 2
UNPRIVILEGED = ("setpriv", "--bounding-set=-sys_nice", "--inh-caps=-sys_nice")
SETTLE = 0.5
"""s."""


def as_it_is(_: int) -> None:
    """The machine host keeps what it has."""


def lowered(pid: int) -> None:
    """The machine host goes behind as the server does."""
    for thread in Path(f"/proc/{pid}/task").iterdir():
        os.setpriority(os.PRIO_PROCESS, int(thread.name), NICE)
    with contextlib.suppress(OSError):
        Path(f"/proc/{pid}/autogroup").write_text(str(NICE), encoding="ascii")


@contextlib.contextmanager
def hogs(count: int) -> Iterator[None]:
    """Programs that want all of the processor, each in a session of its own."""
    command = [sys.executable, "-c", "while True: pass"]
    running = [subprocess.Popen(command, start_new_session=True) for _ in range(count)]
    try:
        time.sleep(SETTLE)
        yield
    finally:
        for one in running:
            one.kill()
            one.wait(10)


def measure(name: str, lines: int, count: int, place: Callable[[int], None]) -> bool:
    """Print one file while `count` programs hog the processor."""
    with workshop() as temporary:
        folder = Path(temporary)
        sent = write_job(folder / "job.gcode", lines)
        simulator = Simulator(folder, "--speed", "0", "--latency", "1")
        with contextlib.suppress(PermissionError):
            os.setpriority(os.PRIO_PROCESS, simulator.process.pid, -15)
        server = Server(folder, simulator.port, prefix=UNPRIVILEGED if os.geteuid() == 0 else ())
        try:
            server.start()
            server.first_answer("/api/version")
            wait_until(lambda: server.state() == "Operational")
            server.upload(folder / "job.gcode")
            place(server.host_pid())
            with hogs(count):
                server.post("/api/files/local/job.gcode", command="select", print=True)
                jobs = "/api/v1/machines/default/jobs"
                while not server.get(jobs)["jobs"]:
                    time.sleep(0.5)
            wire = server.get("/api/v1/machines/default/wire")
            executed = simulator.executed()
        finally:
            server.stop()
            simulator.stop()
    wanted = set(sent)
    same = [text for _, text in executed if text in wanted] == sent
    report(name, gaps(executed, sent), same=same, verdict=str(wire["verdict"]))
    return same


def report(name: str, waits: list[float], *, same: bool, verdict: str) -> None:
    """One row."""
    p999 = statistics.quantiles(waits, n=1000)[-1]
    figures = f"median {1000 * statistics.median(waits):6.2f} ms  p99.9 {1000 * p999:6.2f} ms"
    longest = f"longest {1000 * max(waits):6.1f} ms"
    print(f"{name:32} executed {'= file' if same else '≠ FILE'}  {figures}  {longest}  blamed: {verdict}", flush=True)


def main() -> int:
    """Run all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=12_000)
    lines = parser.parse_args().lines
    results = [
        measure("nothing else runs", lines, 0, as_it_is),
        measure("two hogs, machine host lowered", lines, HOGS, lowered),
        measure("two hogs, machine host as it is", lines, HOGS, as_it_is),
    ]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
