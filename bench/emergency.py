"""How long an emergency stop takes from the HTTP request to the bytes on the wire, under load.

100 connections ask without a pause and 200 MB are being uploaded; the time runs from before the request's connection
is opened until M112 was read at the pseudo-terminal. The firmware here only acknowledges and takes the time.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import pty
import re
import select
import socket
import statistics
import sys
import threading
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rig import Server, wait_until, workshop

CONNECTIONS = 100
UPLOAD = 200_000_000
PATHS = ("/api/job", "/api/printer", "/api/files?recursive=true", "/api/v1/machines/default")
_PIECE = b"G1 X1.5 Y2.5 E0.01\n" * 3450
_NICE = 10
"""Clients are other computers: what they spend must not be missing here."""

_LONGEST = 150.0
"""s that the load may live."""


class Firmware:
    """A pseudo-terminal that acknowledges every line and notes when M112 arrived."""

    def __init__(self, folder: Path) -> None:
        self.port = folder / "tty"
        self.stopped_at = 0.0
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        self.port.symlink_to(os.ttyname(self._slave))
        self._rest = b""
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._answer)
        self._thread.start()

    def stop(self) -> None:
        """End it."""
        self._over.set()
        self._thread.join()

    def _answer(self) -> None:
        while not self._over.is_set():
            if not select.select([self._master], [], [], 0.1)[0]:
                continue
            data, now = os.read(self._master, 65536), time.monotonic()
            if b"M112" in data and not self.stopped_at:
                self.stopped_at = now
                self._rest = b""
                os.write(self._master, b"Error:Printer halted. kill() called!\n")
                continue
            *lines, self._rest = (self._rest + data).split(b"\n")
            os.write(self._master, b"".join(_reply(line) for line in lines))


def _reply(line: bytes) -> bytes:
    if re.search(rb"M115", line):
        return b"FIRMWARE_NAME:Marlin bench\nCap:EMERGENCY_PARSER:1\nok\n"
    return b"ok T:21.0 /0.0 B:21.0 /0.0\n" if b"M105" in line else b"ok\n"


# --- the load -------------------------------------------------------------------------------------------------------


async def _ask_on(port: int, request: bytes, counted: list[int]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while True:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        await reader.readexactly(int(length[1]) if length else 0)
        counted[0] += 1


async def _ask_all(port: int, key: str, asked: multiprocessing.sharedctypes.Synchronized[int]) -> None:
    counted = [0]
    tasks = []
    for number in range(CONNECTIONS):
        path = PATHS[number % len(PATHS)]
        request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-Api-Key: {key}\r\n\r\n".encode()
        tasks.append(asyncio.create_task(_ask_on(port, request, counted)))
    deadline = time.monotonic() + _LONGEST
    while time.monotonic() < deadline:
        await asyncio.sleep(0.1)
        asked.value = counted[0]


def _crowd(port: int, key: str, asked: multiprocessing.sharedctypes.Synchronized[int]) -> None:
    os.nice(_NICE)
    asyncio.run(_ask_all(port, key, asked))


def upload_again(port: int, key: str) -> None:
    """Upload 200 MB again and again, as fast as they are taken."""
    os.nice(_NICE)
    head = b'--boundary-of-big\r\nContent-Disposition: form-data; name="file"; filename="big.gcode"\r\n\r\n'
    tail = b"\r\n--boundary-of-big--\r\n"
    length = len(head) + UPLOAD + len(tail)
    request = (
        f"POST /api/files/local HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-Api-Key: {key}\r\nConnection: close\r\n"
        f"Content-Type: multipart/form-data; boundary=boundary-of-big\r\nContent-Length: {length}\r\n\r\n"
    ).encode()
    deadline = time.monotonic() + _LONGEST
    while time.monotonic() < deadline:
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(request + head)
            left = UPLOAD
            while left:
                left -= connection.send(_PIECE[:left])
            connection.sendall(tail)
            connection.recv(65536)


@contextmanager
def load(port: int, key: str) -> Iterator[multiprocessing.sharedctypes.Synchronized[int]]:
    """The crowd and the upload; the answer counts what was answered."""
    context = multiprocessing.get_context("spawn")
    asked = context.Value("l", 0)
    processes = [
        context.Process(target=_crowd, args=(port, key, asked)),
        context.Process(target=upload_again, args=(port, key)),
    ]
    for process in processes:
        process.start()
    try:
        wait_until(lambda: asked.value > CONNECTIONS, 60)
        yield asked
    finally:
        for process in processes:
            process.terminate()
            process.join()


# --- the measurement ------------------------------------------------------------------------------------------------


def one_try(server: Server, firmware: Firmware, path: str, body: bytes) -> float:
    """Connect, then stop; s from the request to the bytes."""
    server.post("/api/connection", command="connect", port=str(firmware.port), baudrate=115200)
    wait_until(lambda: server.state() == "Operational", 30)
    time.sleep(0.2)
    firmware.stopped_at = 0.0
    request = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.http_port}\r\nX-Api-Key: {server.key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    ).encode()
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", server.http_port)) as connection:
        connection.sendall(request + body)
        wait_until(lambda: firmware.stopped_at, 30)
        with suppress(OSError):
            connection.recv(65536)
    wait_until(lambda: server.state() == "Offline after error", 30)
    return firmware.stopped_at - began


def show(name: str, times: list[float]) -> None:
    """A row of the table in README.md."""
    worst, median = max(times) * 1000, statistics.median(times) * 1000
    print(f"| {name} | {len(times)} | {median:.1f} ms | {worst:.1f} ms |", flush=True)


def main() -> int:
    """Measure idle, then under load."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tries", type=int, default=20)
    tries = parser.parse_args().tries
    stop = ("/api/v1/machines/default/emergency-stop", b"")
    typed = ("/api/printer/command", b'{"command": "M112"}')
    with workshop() as name:
        firmware = Firmware(Path(name))
        server = Server(Path(name), firmware.port)
        try:
            server.start()
            server.first_answer("/api/version")
            print("| emergency stop | tries | median | worst |\n|---|---|---|---|")
            show("nothing else to do", [one_try(server, firmware, *stop) for _ in range(tries)])
            with load(server.http_port, server.key) as asked:
                began, before = time.monotonic(), asked.value
                show("100 requests, an upload", [one_try(server, firmware, *stop) for _ in range(tries)])
                show("the same, M112 typed", [one_try(server, firmware, *typed) for _ in range(tries)])
                rate = (asked.value - before) / (time.monotonic() - began)
            print(f"requests answered meanwhile: {rate:.0f} a second")
        finally:
            server.stop()
            firmware.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
