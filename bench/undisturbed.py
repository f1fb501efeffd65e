"""What the server's death, its standing still and a slow disk do to a running job: the longest gap between lines.

Prints, for each run, whether the executed lines are those of the file and the gaps between lines; the calm run of the
same file stands first, for comparison.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from rig import Server, Simulator, gaps, wait_until, workshop, write_job


def calm(_: Server) -> str:
    """Nothing happens."""
    return ""


def killed(server: Server) -> str:
    """`kill -9` of the server at five random moments; each new one is asked for the job at once."""
    answers = []
    for _ in range(5):
        time.sleep(random.uniform(0.5, 3.0))
        server.kill()
        time.sleep(random.uniform(0.0, 1.0))
        server.start()
        job = server.first_answer("/api/job")
        answers.append(f"{job['state']} {dict(job['progress'])['completion']:.1f} %")
    return "first answers: " + ", ".join(answers)


def stopped(server: Server) -> str:
    """SIGSTOP of the server for 20 s."""
    time.sleep(1)
    server.signal(signal.SIGSTOP)
    time.sleep(20)
    server.signal(signal.SIGCONT)
    return ""


def measure(name: str, lines: int, disturb: Callable[[Server], str], *, latency: float) -> bool:
    """Print one file over a pseudo-terminal while something happens to the server."""
    with workshop() as temporary:
        folder = Path(temporary)
        sent = write_job(folder / "job.gcode", lines)
        simulator = Simulator(folder, "--speed", "0", "--latency", str(latency))
        server = Server(folder, simulator.port)
        try:
            server.start()
            server.first_answer("/api/version")
            wait_until(lambda: server.state() == "Operational")
            server.upload(folder / "job.gcode")
            server.post("/api/files/local/job.gcode", command="select", print=True)
            wait_until(lambda: server.state() == "Printing")
            note = disturb(server)
            wait_until(lambda: server.state() == "Operational")
            executed = simulator.executed()
        finally:
            server.stop()
            simulator.stop()
    wanted = set(sent)
    done = [text for _, text in executed if text in wanted]
    report(name, gaps(executed, sent), same=done == sent, note=note)
    return done == sent


def host_killed() -> bool:
    """`kill -9` of the machine host in a job with a warm bed; nobody decides for 3 s."""
    with workshop() as temporary:
        folder = Path(temporary)
        write_job(folder / "job.gcode", 20_000)
        simulator = Simulator(folder, "--speed", "0", "--latency", "1")
        server = Server(folder, simulator.port, safety={"unattendedMinutes": 3 / 60})
        try:
            server.start()
            server.first_answer("/api/version")
            wait_until(lambda: server.state() == "Operational")
            server.post("/api/printer/bed", command="target", target=50)
            server.upload(folder / "job.gcode")
            server.post("/api/files/local/job.gcode", command="select", print=True)
            time.sleep(5)
            before, killed_at = server.host_pid(), time.monotonic()
            os.kill(before, signal.SIGKILL)
            wait_until(lambda: server.interrupted() is not None and server.state() == "Operational", 30)
            back = time.monotonic() - killed_at
            found = server.interrupted()
            wait_until(lambda: [text for _, text in simulator.executed()][-1] in {"M140 S0", "M105"}, 30)
            wait_until(lambda: "M140 S0" in [text for _, text in simulator.executed()][-20:], 30)
            after = [text for at, text in simulator.executed() if at > killed_at + 0.1]
        finally:
            server.stop()
            simulator.stop()
    moved = [text for text in after if text.startswith(("G", "M109", "M190", "M140 S5", "M104 S2"))]
    print(f"machine host killed          back and operational after {back:.2f} s; {found and found['reason']}")
    print(
        f"                             sent {found and found['sent']}, acknowledged {found and found['acknowledged']};"
    )
    print(f"                             moved or heated afterwards: {moved}; then heaters off, nobody having decided")
    return found is not None and not moved


def slow_disk(lines: int) -> bool:
    """The machine host with each read and each sync of its disk made 1 s slow."""
    command = [sys.executable, str(Path(__file__).with_name("slow_disk.py")), str(lines)]
    return subprocess.run(command, check=False).returncode == 0


def report(name: str, waits: list[float], *, same: bool, note: str) -> None:
    """One row."""
    p999 = statistics.quantiles(waits, n=1000)[-1]
    median, longest = statistics.median(waits), max(waits)
    figures = f"median {1000 * median:6.2f} ms  p99.9 {1000 * p999:6.2f} ms  longest {1000 * longest:6.1f} ms"
    print(f"{name:28} executed {'= file' if same else '≠ FILE'}  {figures}  {note}", flush=True)


def main() -> int:
    """Run all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=20_000)
    lines = parser.parse_args().lines
    results = [
        measure("calm", lines, calm, latency=1),
        measure("server killed five times", lines, killed, latency=1),
        measure("server stopped for 20 s", lines, stopped, latency=1),
        slow_disk(lines),
        host_killed(),
    ]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
